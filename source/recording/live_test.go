package recording

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

func oxen() Resource {
	return Resource{Group: "farm.example", Version: "v1", Resource: "oxen", Kind: "Ox"}
}

func TestLive(t *testing.T) {
	const meta = `"metadata":{"name":"bill","namespace":"a","uid":"u-1","resourceVersion":"7"}`
	const ox = `{"kind":"Ox","apiVersion":"farm.example/v1",` + meta + `}`
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ref := record.ObjectRef{Cluster: "test", Group: "farm.example", Version: "v1", Kind: "Ox", Resource: "oxen", Namespace: "a", Name: "bill", UID: "u-1"}
	made := func(from record.Sources) record.Provenance {
		return record.Provenance{ReceivedAt: at, Sources: from}
	}
	for name, tt := range map[string]struct {
		line string
		want Told
		err  error
	}{
		"modified": {`{"type":"MODIFIED","object":` + ox + `}`, Told{Type: Modified, RV: 7, UID: "u-1", Namespace: "a",
			Record: &record.Record{Kind: record.KindRevision, Ref: ref, Provenance: made(record.FromWatch), Revision: &record.Revision{RV: 7, Body: []byte(ox)}}}, nil},
		"deleted": {`{"type":"DELETED","object":` + ox + `}`, Told{Type: Deleted, RV: 7, UID: "u-1", Namespace: "a",
			Record: &record.Record{Kind: record.KindEnd, Ref: ref, Provenance: made(record.FromWatch), End: &record.End{RV: 7, LastBody: []byte(ox), Sources: record.FromWatch}}}, nil},
		"bookmark":    {`{"type":"BOOKMARK","object":{"kind":"Ox","apiVersion":"farm.example/v1","metadata":{"resourceVersion":"9"}}}`, Told{Type: Bookmark, RV: 9}, nil},
		"end of list": {`{"type":"BOOKMARK","object":{"kind":"Ox","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`, Told{Type: Bookmark, RV: 9, InitialEnd: true}, nil},
		"expired":     {`{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410,"message":"secret"}}`, Told{Type: Error, Code: 410, Reason: "Expired"}, nil},
		"too large": {`{"type":"ERROR","object":{"kind":"Status","reason":"Timeout","code":504,"details":{"retryAfterSeconds":3,"causes":[{"reason":"ResourceVersionTooLarge"}]}}}`,
			Told{Type: Error, Code: 504, Reason: "Timeout", TooLarge: true, RetryAfter: 3 * time.Second}, nil},
		"another kind": {`{"type":"ADDED","object":{"kind":"Table","metadata":{"resourceVersion":"9"}}}`, Told{}, ErrKind},
		"no UID":       {`{"type":"ADDED","object":{"kind":"Ox","apiVersion":"farm.example/v1","metadata":{"resourceVersion":"9"}}}`, Told{}, ErrNotObject},
		"no bookmark":  {`{"type":"BOOKMARK","object":{"kind":"Ox"}}`, Told{}, ErrNotObject},
		"a type":       {`{"type":"RENAMED","object":{}}`, Told{}, ErrType},
		"nothing":      {``, Told{}, ErrNotWatch},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NewLive("test", oxen(), redact.Off(), 0).Event([]byte(tt.line), at)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	item, err := NewLive("test", oxen(), redact.Off(), 0).Item([]byte(`{ `+meta+` }`), at)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&record.Record{Kind: record.KindRevision, Ref: ref, Provenance: made(record.FromList), Revision: &record.Revision{RV: 7, Body: []byte(ox)}}, item.Record); diff != "" {
		t.Error(diff)
	}
}

// Secrets are redacted before a record leaves, also in lists, whose items do not tell their kind.
func TestLiveRedacts(t *testing.T) {
	key, err := redact.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLive("test", Resource{Version: "v1", Resource: "secrets", Kind: "Secret"}, redactor, 0)
	const body = `"metadata":{"name":"s","namespace":"a","uid":"u-1","resourceVersion":"7"},"data":{"password":"aHVudGVyMg=="}}`
	item, err := l.Item([]byte("{"+body), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	event, err := l.Event([]byte(`{"type":"DELETED","object":{"kind":"Secret","apiVersion":"v1",`+body+`}`), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{item.Record.Revision.Body, event.Record.End.LastBody} {
		if len(b) == 0 || strings.Contains(string(b), "aHVudGVyMg==") {
			t.Errorf("%s", b)
		}
	}
}

func TestErrorOf(t *testing.T) {
	for body, want := range map[string]Told{
		`{"kind":"Status","reason":"Forbidden","code":200}`: {Type: Error, Code: 403, Reason: "Forbidden"},
		`<html>`: {Type: Error, Code: 403},
		``:       {Type: Error, Code: 403},
	} {
		if diff := cmp.Diff(want, ErrorOf(403, []byte(body))); diff != "" {
			t.Error(body, diff)
		}
	}
}

func FuzzLive(f *testing.F) {
	f.Add([]byte(`{"type":"ADDED","object":` + pod + `}`))
	f.Add([]byte(`{"type":"ERROR","object":{"code":410,"details":{"causes":[{"reason":"x"}],"retryAfterSeconds":9}}}`))
	f.Add([]byte(`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := NewLive("test", Resource{Version: "v1", Resource: "pods", Kind: "Pod"}, redact.Off(), 0)
		ErrorOf(500, raw)
		event, err := l.Event(raw, time.Time{})
		item, itemErr := l.Item(raw, time.Time{})
		for _, told := range []struct {
			Told
			err error
		}{{event, err}, {item, itemErr}} {
			if told.err == nil && told.Record != nil {
				if _, err := record.Decode(record.Append(nil, told.Record)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

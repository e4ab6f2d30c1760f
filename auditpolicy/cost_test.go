package auditpolicy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
)

func line(level, stage, verb, ref, at, rest string) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":%q,"auditID":"a","stage":%q,"requestURI":"/api/v1/namespaces/n/pods?x=1","verb":%q,"user":{"username":"u","groups":["g","h"]},"objectRef":%s,"requestReceivedTimestamp":%q%s}`,
		level, stage, verb, ref, at, rest)
}

const (
	pods = `{"resource":"pods","namespace":"n","name":"p","apiVersion":"v1"}`
	noon = "2026-11-20T12:00:00.000000Z"
	next = "2026-11-21T12:00:00.000000Z"
)

func TestReadEvent(t *testing.T) {
	body := `{"kind":"Pod","metadata":{"name":"p","managedFields":[{"manager":"m"}]}}`
	raw := line("RequestResponse", "ResponseComplete", "create", pods, noon,
		`,"annotations":{"a":"b"},"responseStatus":{"metadata":{},"code":201},"requestObject":`+body+`,"responseObject":`+body)
	got, err := ReadEvent([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	want := &Event{
		Attributes: Attributes{User: "u", Groups: []string{"g", "h"}, Verb: "create", Resource: "pods", Namespace: "n"}, // the name came with the body
		Level:      record.LevelRequestResponse, Stage: record.StageResponseComplete, Code: 201, Bytes: len(raw) + 1,
		Request: len(`,"requestObject":` + body), Response: len(`,"responseObject":` + body),
		RequestManaged: len(`"managedFields":[{"manager":"m"}],`), ResponseManaged: len(`"managedFields":[{"manager":"m"}],`),
		annotated: len(`"annotations":{"a":"b"},`), reply: len(`"responseStatus":{"metadata":{},"code":201},`),
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Event{}), cmpopts.IgnoreFields(Event{}, "At")); diff != "" {
		t.Error(diff)
	}
	if !got.changes() || !got.ends() {
		t.Error("a create that succeeded is a change, and ends its request")
	}
	path, err := ReadEvent([]byte(`{"level":"Metadata","stage":"ResponseComplete","verb":"get","requestURI":"/api%2Fv1?limit=1","user":{}}`))
	if err != nil || path.Path != "/api/v1" || path.Resource != "" {
		t.Errorf("%+v %v", path, err)
	}
	for _, tt := range []struct{ uri, verb, group string }{{"/x?dryRun=All", "create", ""}, {"/x", "get", ""}, {"/x", "create", "authorization.k8s.io"}} {
		e, err := ReadEvent([]byte(fmt.Sprintf(`{"level":"Metadata","stage":"ResponseComplete","verb":%q,"requestURI":%q,"objectRef":{"resource":"x","apiGroup":%q},"responseStatus":{"code":201}}`, tt.verb, tt.uri, tt.group)))
		if err != nil || e.changes() {
			t.Errorf("%v changes nothing: %v", tt, err)
		}
	}
	for _, bad := range []string{``, `[]`, `{}`, `{"level":"Metadata"`, `{"level":"Metadata","stage":"Later"}`} {
		if _, err := ReadEvent([]byte(bad)); err == nil {
			t.Errorf("%q is an event", bad)
		}
	}
}

func FuzzReadEvent(f *testing.F) {
	f.Add([]byte(line("RequestResponse", "ResponseComplete", "create", pods, noon, `,"responseObject":{"items":[{"metadata":{"managedFields":[]}}]}`)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ReadEvent(raw)
		if err != nil {
			var syntax *rawjson.SyntaxError
			if !errors.Is(err, ErrNotEvent) && !errors.As(err, &syntax) {
				t.Fatal(err)
			}
			return
		}
		if e.RequestManaged > e.Request || e.ResponseManaged > e.Response {
			t.Fatalf("%+v", e)
		}
		Recommend(Options{}).Match(&e.Attributes)
	})
}

// The sums of small recordings, by hand.
func TestCosts(t *testing.T) {
	ok := `,"responseStatus":{"code":200}`
	body := strings.Repeat("x", 1000)
	whole := line("RequestResponse", "ResponseComplete", "update", pods, noon, ok+`,"requestObject":"`+body+`","responseObject":"`+body+body+`"`)
	head := line("Metadata", "ResponseComplete", "update", pods, next, ok)
	other := line("Metadata", "ResponseComplete", "patch", pods, next, ok)
	n := func(s string) int64 { return int64(len(s)) + 1 }
	sent, answered := int64(len(`,"requestObject":""`)+1000), int64(len(`,"responseObject":""`)+2000)
	received := func(s string) int64 { return n(s) - int64(len(`"responseStatus":{"code":200},`)) }
	for _, tt := range []struct {
		name, level string
		omit        []string
		lines       []string
		events      int64
		bytes       int64
		estimated   int64
		note        string
	}{
		{"as recorded", "RequestResponse", []string{"RequestReceived"}, []string{whole}, 1, n(whole), 0, "spans no time"},
		{"without the answer", "Request", []string{"RequestReceived"}, []string{whole}, 1, n(whole) - answered, 0, ""},
		{"the head", "Metadata", []string{"RequestReceived"}, []string{whole}, 1, n(whole) - answered - sent, 0, ""},
		{"nothing", "None", nil, []string{whole, head}, 0, 0, 0, ""},
		{"bodies by those of like requests", "RequestResponse", []string{"RequestReceived"}, []string{whole, head}, 2, n(whole) + n(head) + sent + answered, sent + answered, "concluded from like"},
		{"only the body sent", "Request", []string{"RequestReceived"}, []string{whole, head}, 2, n(whole) + n(head) + sent - answered, sent, ""},
		{"no like request", "RequestResponse", []string{"RequestReceived"}, []string{whole, other}, 2, n(whole) + n(other), 0, "Of 1 requests"},
		{"a stage more", "Metadata", nil, []string{head}, 2, n(head) + received(head), received(head), ""},
		{"the stage left out", "Metadata", []string{"RequestReceived", "ResponseComplete"}, []string{head}, 0, 0, 0, ""},
		{"no event", "Metadata", nil, []string{"{}"}, 0, 0, 0, "1 lines are no audit events"},
	} {
		m := NewMeter(&Policy{OmitStages: tt.omit, Rules: []Rule{{Level: tt.level}}})
		for _, l := range tt.lines {
			m.Add([]byte(l))
		}
		c := m.Costs()
		got := c.Rules[0]
		if got.Events != tt.events || got.Bytes != tt.bytes || got.EstimatedBytes != tt.estimated || c.Total.Bytes != tt.bytes {
			t.Errorf("%s: %d events, %d bytes (%d estimated); want %d, %d, %d", tt.name, got.Events, got.Bytes, got.EstimatedBytes, tt.events, tt.bytes, tt.estimated)
		}
		if tt.note != "" && !strings.Contains(strings.Join(c.Notes, "\n"), tt.note) {
			t.Errorf("%s: notes %q", tt.name, c.Notes)
		}
		if len(tt.lines) == 2 && got.BytesPerDay != float64(tt.bytes) {
			t.Errorf("%s: in one day %d bytes, said are %f", tt.name, tt.bytes, got.BytesPerDay)
		}
	}
}

// A recording measured by the very policy under which it was made costs what it is, and keeps every change.
func TestCostsOfRecordings(t *testing.T) {
	dir := filepath.Join("..", "testdata", "recordings")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recordings: ", err)
	}
	for _, name := range []string{"deployment", "deployment-metadata", "deployment-allstages", "scenarios"} {
		file := filepath.Join(dir, name, "audit-policy.yaml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		m := NewMeter(p)
		levels := 0
		check := func(raw []byte) {
			m.Add(raw)
			e, err := ReadEvent(raw)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			if d := p.Match(&e.Attributes); d.Level != e.Level || d.Omits(e.Stage) {
				t.Errorf("%s: the apiserver recorded %s %s %s/%s of %s at %s %s; the rule says %s", name, e.Verb, e.Resource, e.Namespace, e.Name, e.User, e.Level, e.Stage, d.Level)
			}
			levels++
		}
		none := func(context.Context, []*record.Record) error { return nil }
		if _, err := input.Read(context.Background(), []string{filepath.Join(dir, name)}, input.Options{Redactor: redact.Off(), Workers: 1, Events: check}, none); err != nil {
			t.Fatal(err)
		}
		c := m.Costs()
		if levels < 900 || c.Total.Bytes != c.Bytes || c.Total.Events != c.Events || c.Total.EstimatedBytes != 0 {
			t.Errorf("%s: %d events, %d bytes; by its own policy %+v", name, c.Events, c.Bytes, c.Total)
		}
		if c.Total.Who < 0.999 {
			t.Errorf("%s: who is kept of %f of the changes", name, c.Total.Who)
		}
	}
}

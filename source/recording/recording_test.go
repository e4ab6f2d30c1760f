package recording

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

func decoder() *Decoder { return New(Options{Cluster: "test", Redactor: redact.Off()}) }

const pod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"shop","uid":"u-1","resourceVersion":"7"}}`

func TestWatch(t *testing.T) {
	ref := record.ObjectRef{Cluster: "test", Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: "p", UID: "u-1"}
	watch := record.Provenance{Sources: record.FromWatch}
	revision := &record.Record{Kind: record.KindRevision, Ref: ref, Provenance: watch, Revision: &record.Revision{RV: 7, Body: []byte(pod)}}
	for _, tt := range []struct {
		name, raw string
		want      *record.Record
		err       error
	}{
		{"added", `{"type":"ADDED","object":` + pod + `}`, revision, nil},
		{"object first, with spaces", `{ "object" : { "kind":"Pod", "apiVersion":"v1","metadata":{"name":"p","namespace":"shop","uid":"u-1","resourceVersion":"7"}} , "type":"MODIFIED"}`, revision, nil},
		{"deleted", `{"type":"DELETED","object":` + pod + `}`, &record.Record{Kind: record.KindEnd, Ref: ref, Provenance: watch,
			End: &record.End{RV: 7, LastBody: []byte(pod), Sources: record.FromWatch}}, nil},
		{"bookmark", `{"type":"BOOKMARK","object":{"kind":"NetworkPolicy","apiVersion":"networking.k8s.io/v1","metadata":{"resourceVersion":"12"}}}`,
			&record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "test", Group: "networking.k8s.io", Resource: "networkpolicies"}, Provenance: watch, Progress: &record.Progress{RV: 12}}, nil},
		{"no UID", `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7"}}}`, nil, ErrNotObject},
		{"odd resourceVersion", `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"x"}}}`, nil, ErrNotObject},
		{"table", `{"type":"ADDED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7"},"rows":[]}}`, nil, ErrNotObject},
		{"another type", `{"type":"RENAMED","object":{}}`, nil, ErrType},
		{"no object", `{"type":"ADDED","object":null}`, nil, ErrNotWatch},
		{"Event deleted", `{"type":"DELETED","object":{"kind":"Event","apiVersion":"v1","metadata":{"uid":"u","resourceVersion":"7"}}}`, nil, nil},
		{"partial", `{"type":"ADDED","object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"x","uid":"u-2","resourceVersion":"8"}}}`,
			&record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "test", Name: "x", UID: "u-2"}, Provenance: watch,
				Revision: &record.Revision{RV: 8, Partial: record.PartialMetadata, Body: []byte(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"x","uid":"u-2","resourceVersion":"8"}}`)}}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decoder().Watch(nil, []byte(tt.raw))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			var want []*record.Record
			if tt.want != nil {
				want = append(want, tt.want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWatchErrorIsAGap(t *testing.T) {
	line := []byte(`{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}`)
	got, err := decoder().Watch(nil, line)
	if err != nil || len(got) != 1 {
		t.Fatal(err, len(got))
	}
	g := got[0].Gap
	if g.Reason != record.GapWatchError || g.Detail != "the watch reported an error: 410 Expired" || g.Key == "" {
		t.Errorf("%+v", g)
	}
}

func TestListItemsGetTheirKind(t *testing.T) {
	got, err := decoder().Object(nil, []byte(`{"metadata":{"name":"p","namespace":"shop","uid":"u-1","resourceVersion":"7"}}`), "v1", ItemKind("PodList"))
	if err != nil || len(got) != 1 {
		t.Fatal(err, len(got))
	}
	if string(got[0].Revision.Body) != pod || got[0].Provenance.Sources != record.FromList || got[0].Ref.Resource != "pods" {
		t.Errorf("%+v %s", got[0].Ref, got[0].Revision.Body)
	}
}

func TestLists(t *testing.T) {
	for _, tt := range []struct {
		head string
		rv   record.ResourceVersion
	}{
		{`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"319"},"items":[]}`, 319},
		{`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"319","continue":"abc"},"items":[]}`, 0},
		{`{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":""},"items":[]}`, 0},
		{`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"3"},"items":[]}`, 0},
	} {
		got, err := decoder().List(nil, []byte(tt.head))
		if err != nil || (len(got) == 1) != (tt.rv > 0) {
			t.Errorf("%s: %d, %v", tt.head, len(got), err)
			continue
		}
		if tt.rv > 0 && (got[0].Progress.RV != tt.rv || !got[0].Progress.List || got[0].Ref.Resource != "pods") {
			t.Errorf("%+v %+v", got[0].Ref, got[0].Progress)
		}
	}
}

func TestOversizedBodiesAreCut(t *testing.T) {
	d := New(Options{Redactor: redact.Off(), BodyBytes: 10})
	got, err := d.Watch(nil, []byte(`{"type":"ADDED","object":`+pod+`}`))
	if err != nil || !got[0].Revision.Cut || got[0].Revision.Body != nil {
		t.Errorf("%v %+v", err, got)
	}
}

func TestResourcesBeatTheRule(t *testing.T) {
	d := New(Options{Redactor: redact.Off(), Resources: map[GroupKind]string{{"x.io", "Ox"}: "oxen"}})
	got, err := d.Watch(nil, []byte(`{"type":"ADDED","object":{"kind":"Ox","apiVersion":"x.io/v1","metadata":{"uid":"u","resourceVersion":"1"}}}`))
	if err != nil || got[0].Ref.Resource != "oxen" {
		t.Errorf("%v %+v", err, got)
	}
}

func FuzzWatch(f *testing.F) {
	f.Add([]byte(`{"type":"ADDED","object":` + pod + `}`))
	f.Add([]byte(`{"type":"ERROR","object":{"code":410}}`))
	f.Add([]byte(`{"type":"MODIFIED","object":{"kind":"Event","apiVersion":"events.k8s.io/v1","metadata":{"uid":"u","resourceVersion":"7"},"series":{"count":2}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := decoder()
		got, err := d.Watch(nil, raw)
		if err != nil && len(got) > 0 {
			t.Fatal("records beside an error")
		}
		more, _ := d.Object(nil, raw, "v1", "Pod")
		list, _ := d.List(nil, raw)
		for _, r := range append(append(got, more...), list...) {
			r.ID()
			if _, err := record.Decode(record.Append(nil, r)); err != nil {
				t.Fatal(err)
			}
			if r.Kind == record.KindRevision && !r.Revision.Cut {
				if _, err := rawjson.Valid(r.Revision.Body); err != nil {
					t.Fatalf("%v: %q", err, r.Revision.Body)
				}
			}
		}
	})
}

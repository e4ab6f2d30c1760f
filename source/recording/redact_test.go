package recording

import (
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// TestIrregularPlural: a rule on oxen takes the secrets out of an Ox in a watch line, in a list and under a live watch.
func TestIrregularPlural(t *testing.T) {
	const ox = `{"apiVersion":"farm.example/v1","kind":"Ox","metadata":{"name":"bob","namespace":"shop","uid":"u-1","resourceVersion":"7"},"spec":{"brand":"TOPSECRET"}}`
	key, err := redact.NewKey(strings.NewReader("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	redactor := func(kind string) *redact.Redactor {
		r, err := redact.New(key,
			[]redact.Rule{{Group: "farm.example", Resource: "oxen", Kind: kind, Paths: []string{"spec.brand"}}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	decode := func(kind string) map[string][]byte {
		out := map[string][]byte{}
		d := New(Options{Cluster: "c", Redactor: redactor(kind)})
		watched, err := d.Watch(nil, []byte(`{"type":"ADDED","object":`+ox+`}`))
		if err != nil || len(watched) != 1 {
			t.Fatalf("watch: %v, %v", watched, err)
		}
		out["watch"] = watched[0].Revision.Body
		deleted, err := d.Watch(nil, []byte(`{"type":"DELETED","object":`+ox+`}`))
		if err != nil || len(deleted) != 1 {
			t.Fatalf("deleted: %v, %v", deleted, err)
		}
		out["end"] = deleted[0].End.LastBody
		told, err := NewLive("c", Resource{Group: "farm.example", Version: "v1", Resource: "oxen", Kind: "Ox"}, redactor(kind), 1<<20).Event([]byte(`{"type":"ADDED","object":`+ox+`}`), time.Unix(0, 0))
		if err != nil || told.Record == nil {
			t.Fatalf("live: %v, %v", told, err)
		}
		out["live"] = told.Record.Revision.Body
		return out
	}
	for where, body := range decode("Ox") {
		if strings.Contains(string(body), "TOPSECRET") || !strings.Contains(string(body), record.RedactedMark) {
			t.Errorf("%s: %s", where, body)
		}
	}
	for where, body := range decode("") { // what Kind is for: a live watch alone knows the resource
		if hidden := !strings.Contains(string(body), "TOPSECRET"); hidden != (where == "live") {
			t.Errorf("without kind, %s: %s", where, body)
		}
	}
}

package query

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/record"
)

// TestStateTests: what is judged without CEL is what CEL says, and what Misses calls a miss is one whatever else is known of the record.
func TestStateTests(t *testing.T) {
	bodies := []string{
		`{"metadata":{"name":"web","labels":{"app":"front"}},"spec":{"replicas":7,"paused":true,"template":{"name":"a\"b"}}}`,
		`{"metadata":{"name":"web"},"spec":{"replicas":3}}`, `{"metadata":{"name":"web"},"spec":{"replicas":3.5}}`, `{"spec":{"replicas":"7"}}`, `{"spec":{"replicas":null}}`,
		`{"spec":{"replicas":[7]}}`, `{"spec":{"replicas":{"x":7}}}`, `{"spec":{}}`, `{"spec":[]}`, `{"spec":[{"replicas":7}]}`, `{"spec":"replicas"}`, `{"spec":null}`, `{}`,
		`{"status":{"replicas":9}}`, `{"spec":{"\u0072eplicas":9}}`, `{"spec":{"replicas":9223372036854775808}}`, `{"spec":{"replicas":-0}}`, `{"spec":{"replicas":1e1}}`,
		`{"metadata":{"labels":{"app":"fr\u006fnt","a.b/c":"x"}}}`, `{"metadata":{"labels":[]},"spec":{"replicas":8}}`,
	}
	filters := []string{
		`object.spec.replicas > 6`, `object.spec.replicas <= 3`, `7 == object.spec.replicas`, `object.spec.replicas != 3`, `!(object.spec.replicas == 3)`, `object.spec.replicas in [3, 7]`,
		`object.spec.replicas == "7"`, `object.spec.replicas > "6"`, `object["spec"]["replicas"] >= 7`, `object.metadata.labels.app == "front"`, `object.metadata.labels["app"].startsWith("fr")`,
		`object.metadata.labels["a.b/c"] == "x"`, `object.metadata.name in ["web", "db"]`, `object.spec.template.name.contains("\"")`, `object.spec.replicas == 7.0`, `object.spec.replicas.x == 7`,
		`object.spec.replicas > 6 && object.metadata.labels.app == "front"`, `object.metadata.labels.app == "front" && object.spec.replicas > "6"`,
		`object.spec.replicas > 6 || object.metadata.labels.app == "front"`, `object.spec.replicas > 6 || name == "web"`, `name == "web" && object.spec.replicas > 6`, `name == "nope" && object.spec.replicas > 6`,
		`request.verb == "delete" && object.spec.replicas > 6`, `request.verb == "update" || object.spec.replicas > 6`, `has(object.spec.replicas) && object.spec.replicas > 6`,
		`object.spec.paused && object.spec.replicas > 6`, `object.spec.replicas > 6 && oldObject.spec.replicas <= 6`, `oldObject.spec.replicas == 7`, `object == null`, `object.spec.replicas > 6 && true`,
		`!(object.spec.replicas > 6 && object.metadata.name == "web")`, `object.spec.x > 0 ? true : false`, `kind == "revision" && object.spec.replicas < 5`, `time > timestamp("2020-01-01T00:00:00Z") && object.spec.replicas > 6`,
	}
	missed, judged := 0, 0
	for _, source := range filters {
		f, err := Compile(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		bare := &Filter{program: f.program, tree: atom{}, reads: f.reads, tests: f.tests}
		for _, body := range bodies {
			if !json.Valid([]byte(body)) {
				t.Fatalf("%s is no JSON", body)
			}
			r := &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Name: "web", Resource: "deployments"}, Revision: &record.Revision{RV: 5, Body: []byte(body)}}
			misses := f.Misses([]byte(body))
			for _, in := range []Input{{Record: r}, {Record: r, Maker: sampleRequest(), Time: sampleTime}, {Record: r, FindMaker: func() (*record.Record, bool) { return nil, false }, OldObject: known(`{"spec":{"replicas":7}}`)},
				{Record: r, FindMaker: func() (*record.Record, bool) { return nil, true }, OldObject: unknownState}} {
				quick, _ := f.Match(in)
				slow, _ := bare.Match(in)
				if quick != slow {
					t.Errorf("%s of %s: %v, CEL says %v", source, body, quick, slow)
				}
				if misses && slow != Miss {
					t.Errorf("%s of %s: Misses, but CEL says %v", source, body, slow)
				}
			}
			if misses {
				missed++
			}
			if got := f.MissesCarried([]byte(body)); got && !misses {
				t.Errorf("%s of %s: it misses what is carried over, and not the state", source, body)
			} else if got && strings.Contains(source, "metadata") && !strings.Contains(source, "spec") {
				t.Errorf("%s of %s: metadata is not carried over", source, body)
			}
			if f.tree.eval(view{rec: r, makerOpen: true, body: []byte(body)}) != maybe {
				judged++
			}
		}
	}
	if missed < len(filters)*len(bodies)/4 || judged < len(filters)*len(bodies)/4 {
		t.Errorf("of %d only %d are missed and %d judged without CEL", len(filters)*len(bodies), missed, judged)
	}
}

func BenchmarkMisses(b *testing.B) {
	f, err := Compile(`object.spec.nope > 6`)
	if err != nil {
		b.Fatal(err)
	}
	body := sampleRevision().Revision.Body
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if !f.Misses(body) {
			b.Fatal("it does not")
		}
	}
}

package object

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

// rev makes a variant of a revision.
func rev(rv record.ResourceVersion, body string, partial record.Partial, from record.Sources) *record.Record {
	r := &record.Record{Kind: record.KindRevision, Revision: &record.Revision{RV: rv, Body: []byte(body), Partial: partial}}
	r.Ref = record.ObjectRef{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "shop", Name: "web", UID: "u"}
	r.Provenance.Sources = from
	return r
}

const (
	bodyV1      = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"uid":"u","managedFields":[{"manager":"m"}]},"spec":{"replicas":1}}`
	bodyV1Bare  = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"uid":"u"},"spec":{"replicas":1}}`
	bodyV1Other = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"uid":"u"},"spec":{"replicas":2}}`
	bodyBeta    = `{"apiVersion":"apps/v1beta2","kind":"Deployment","metadata":{"uid":"u","managedFields":[{"manager":"m"}]},"spec":{"replicas":1}}`
	bodyScale   = `{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"uid":"u"},"spec":{"replicas":1},"status":{"replicas":1}}`
)

func TestChoose(t *testing.T) {
	cut := rev(1, "", record.Whole, record.FromWatch)
	cut.Revision.Cut = true
	for _, c := range []struct {
		name     string
		variants []*record.Record // the best first
		conflict bool
	}{
		{"one", []*record.Record{rev(1, bodyV1, 0, record.FromAudit)}, false},
		{"watch over audit", []*record.Record{rev(1, bodyV1, 0, record.FromWatch), rev(1, bodyV1+" ", 0, record.FromAudit)}, false},
		{"list over audit", []*record.Record{rev(1, bodyV1Bare, 0, record.FromList|record.FromAudit), rev(1, bodyV1, 0, record.FromAudit)}, false},
		{"whole over partial, even watched", []*record.Record{rev(1, bodyV1, 0, record.FromAudit), rev(1, bodyScale, record.PartialScale, record.FromWatch)}, false},
		{"whole over cut", []*record.Record{rev(1, bodyV1, 0, record.FromAudit), cut}, false},
		{"metadata over scale over nothing", []*record.Record{rev(1, `{}`, record.PartialMetadata, record.FromAudit), rev(1, bodyScale, record.PartialScale, record.FromAudit), rev(1, "", record.PartialMoved, record.FromWatch)}, false},
		{"managedFields over none", []*record.Record{rev(1, bodyV1, 0, record.FromAudit), rev(1, bodyV1Bare, 0, record.FromAudit)}, false},
		{"GA over beta", []*record.Record{rev(1, bodyV1, 0, record.FromAudit), rev(1, bodyBeta, 0, record.FromAudit)}, false},
		{"managedFields before version", []*record.Record{rev(1, bodyBeta, 0, record.FromAudit), rev(1, bodyV1Bare, 0, record.FromAudit)}, false},
		{"bytes decide at last, and conflict", []*record.Record{rev(1, bodyV1Other, 0, record.FromAudit), rev(1, bodyV1Bare, 0, record.FromAudit)}, true},
		{"broken is as good as none", []*record.Record{rev(1, bodyScale, record.PartialScale, record.FromAudit), rev(1, `{"a`, record.Whole, record.FromWatch)}, false},
		{"another key is no conflict", []*record.Record{
			rev(1, `{"apiVersion":"v1","kind":"Secret","data":{"a":"redacted:k2:11"}}`, 0, record.FromAudit),
			rev(1, `{"apiVersion":"v1","kind":"Secret","data":{"a":"redacted:k1:22"}}`, 0, record.FromAudit)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 6))
			for range 10 {
				shuffled := slices.Clone(c.variants)
				random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				got := Choose(shuffled)
				if !slices.Equal(got.Records, c.variants) || got.Conflict != c.conflict || got.RV != 1 {
					t.Fatalf("conflict %v, best %s", got.Conflict, got.Best().Revision.Body)
				}
			}
		})
	}
}

func TestCarry(t *testing.T) {
	whole := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"a":"1"},"resourceVersion":"10"},"spec":{"replicas":1,"paused":true},"status":{"replicas":1}}`
	meta := `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":{"name":"web","labels":{"a":"2"},"resourceVersion":"12"}}`
	scale := `{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"web","resourceVersion":"13"},"spec":{},"status":{"replicas":1}}`
	var chosen []Chosen
	for _, r := range []*record.Record{
		rev(10, whole, record.Whole, record.FromAudit),
		rev(11, "", record.PartialMoved, record.FromAudit),
		rev(12, meta, record.PartialMetadata, record.FromAudit),
		rev(13, scale, record.PartialScale, record.FromAudit),
		rev(14, whole, record.Whole, record.FromAudit),
	} {
		chosen = append(chosen, Choose([]*record.Record{r}))
	}
	type row struct {
		Value   string
		Assumed string
	}
	var got []row
	states := Carry(nil, chosen, Schema{})
	for _, s := range states {
		assumed := ""
		for _, p := range s.Assumed {
			assumed += p.String() + " "
		}
		got = append(got, row{s.Value.String(), assumed})
	}
	want := []row{
		{parse(t, whole).String(), ""},
		{`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"a":"1"},"name":"web","resourceVersion":"11"},"spec":{"paused":true,"replicas":1},"status":{"replicas":1}}`, "metadata.labels metadata.name spec status "},
		{`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"a":"2"},"name":"web","resourceVersion":"12"},"spec":{"paused":true,"replicas":1},"status":{"replicas":1}}`, "spec status "},
		{`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"labels":{"a":"2"},"name":"web","resourceVersion":"13"},"spec":{"paused":true,"replicas":0},"status":{"replicas":1}}`, "metadata.labels metadata.name spec.paused "},
		{parse(t, whole).String(), ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !states[3].IsAssumed(Fields("spec", "paused")) || states[3].IsAssumed(Fields("spec", "replicas")) || states[3].Fragment {
		t.Error("what the Scale tells is not assumed, the rest is")
	}
}

func TestCarryFromNothing(t *testing.T) {
	states := Carry(nil, []Chosen{Choose([]*record.Record{rev(5, "", record.PartialMoved, record.FromAudit)})}, Schema{})
	if got := states[0].Value.String(); !states[0].Fragment ||
		got != `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","resourceVersion":"5","uid":"u"}}` {
		t.Errorf("%s fragment=%v", got, states[0].Fragment)
	}
	more := Carry(&states[0], []Chosen{Choose([]*record.Record{rev(6, bodyScale, record.PartialScale, record.FromAudit)})}, Schema{})
	if !more[0].Fragment || more[0].Value.Get("spec", "replicas").Text() != "1" {
		t.Errorf("%s", more[0].Value)
	}
}

func TestCarryScaleOfCustomResource(t *testing.T) {
	before := State{RV: 1, Value: parse(t, `{"kind":"Cluster","spec":{"size":3},"status":{"ready":3}}`)}
	s := Schema{scale: &scalePaths{spec: []string{"spec", "size"}, status: []string{"status", "ready"}}}
	scale := rev(2, `{"kind":"Scale","metadata":{},"spec":{"replicas":5},"status":{"replicas":0}}`, record.PartialScale, record.FromAudit)
	got := Carry(&before, []Chosen{Choose([]*record.Record{scale})}, s)[0].Value
	if got.Get("spec", "size").Text() != "5" || got.Get("status", "ready").Text() != "0" || got.Get("spec", "replicas") != nil {
		t.Errorf("%s", got)
	}
}

func TestCarryUnitesPartialVariants(t *testing.T) {
	before := State{RV: 1, Value: parse(t, bodyV1)}
	c := Choose([]*record.Record{
		rev(2, `{"metadata":{"labels":{"x":"y"}}}`, record.PartialMetadata, record.FromAudit),
		rev(2, `{"metadata":{},"spec":{"replicas":9},"status":{"replicas":1}}`, record.PartialScale, record.FromAudit)})
	s := Carry(&before, []Chosen{c}, Schema{})[0]
	if s.Value.Get("metadata", "labels", "x").Str() != "y" || s.Value.Get("spec", "replicas").Text() != "9" || len(s.Assumed) != 0 {
		t.Errorf("%s %v", s.Value, s.Assumed)
	}
}

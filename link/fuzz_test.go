package link

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// FuzzClaims: nothing in a manifest makes a rule panic, claim without bound, or claim what Wants did not expect.
func FuzzClaims(f *testing.F) {
	seeds := states(f, "deployment")
	for _, s := range seeds[:min(40, len(seeds))] {
		f.Add(s.body, s.ref.Group, s.ref.Resource)
	}
	f.Add([]byte(`{"metadata":{"annotations":{"kubewake.io\/parent":"{\"kind\":\"Pod\",\"name\":\"x\"}"}}}`), "", "configmaps")
	f.Add([]byte(`{"metadata":{"owner\u0052eferences":[{"kind":"Pod","name":"x","uid":"u"}]}}`), "", "configmaps")
	f.Add([]byte(widget), "example.com", "widgets")
	rules := rulesWith(f,
		Custom{Name: "mine", Child: KindRef{Group: "example.com", Kind: "Widget"}, Parent: KindRef{Kind: "Pod"}, CEL: `[{"name": object.spec.owner}, object.spec]`},
		Custom{Name: "select", Yields: Children, Parent: KindRef{Group: "example.com", Kind: "Widget"}, Child: KindRef{Kind: "Pod"}, CEL: `{"selector": object.spec.selector}`})
	f.Fuzz(func(t *testing.T, body []byte, group, resource string) {
		v, err := object.Parse(body)
		if err != nil {
			return
		}
		ref := record.ObjectRef{Cluster: "here", Group: group, Resource: resource, Namespace: "shop", Name: v.Get("metadata", "name").Str(), UID: "u1"}
		got := rules.Read(ref, v)
		if len(got.Claims) > maxClaims || !slices.IsSortedFunc(got.Claims, compareClaims) {
			t.Fatalf("%d claims, or unsorted", len(got.Claims))
		}
		if len(got.Claims)+len(got.Failed) > 0 && !rules.Wants(ref.GroupResource(), body) {
			t.Fatalf("Wants says no, there are %v and %v", lines(got.Claims), got.Failed)
		}
		for i, c := range got.Claims {
			if c.Rule == "" || c.Type == "" || c.Target.Resource == "" || (i > 0 && sameClaim(c, got.Claims[i-1])) {
				t.Fatalf("%+v", c)
			}
			if _, err := query.ParseSelector(c.Target.Selector); err != nil {
				t.Fatal(err)
			}
			if c.Target.Selects() && c.Up && c.Rule != "helm" {
				t.Fatalf("%+v names nothing", c)
			}
		}
		again, err := object.Parse(v.JSON())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, rules.Read(ref, again)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzLoad: no file makes Load or New panic, or take long.
func FuzzLoad(f *testing.F) {
	f.Add([]byte("rules:\n- name: a\n  child: {kind: Pod}\n  parent: {kind: Node}\n  yields: parents\n  cel: '{\"name\": object.spec.nodeName}'\n"))
	f.Add([]byte("rules: &a [*a]\n---\n{}"))
	f.Add([]byte("rules:\n- name: a\n  type: x\n  child: {kind: Pod, cluster: c}\n  cel: |\n    [1].map(x, {\"name\": object.spec.nodeName.replace('a', 'aa')})\n"))
	ref, v := parse(f, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"nodeName":"naaa"}}`)
	f.Fuzz(func(t *testing.T, text []byte) {
		custom, err := Load(text)
		if err != nil {
			return
		}
		rules, err := New(custom...)
		if err != nil {
			return
		}
		rules.Claims(ref, v)
	})
}

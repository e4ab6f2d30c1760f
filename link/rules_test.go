package link

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// parse reads a manifest and names it as a recorder would.
func parse(tb testing.TB, manifest string) (record.ObjectRef, *object.Value) {
	tb.Helper()
	v, err := object.Parse([]byte(manifest))
	if err != nil {
		tb.Fatalf("%v in\n%s", err, manifest)
	}
	return refOf(v), v
}

func refOf(v *object.Value) record.ObjectRef {
	m := object.MetaOf(v)
	group, version := record.SplitAPIVersion(m.APIVersion)
	return record.ObjectRef{
		Cluster: "here", Group: group, Version: version, Kind: m.Kind, Resource: record.GuessResource(m.Kind), Namespace: m.Namespace, Name: m.Name, UID: m.UID,
	}
}

// line prints a claim as the tables of these tests have it: "↑owns replicasets.apps shop/web-1 uid=u2 controller".
func line(c Claim) string {
	var b strings.Builder
	b.WriteString("↓")
	if c.Up {
		b.Reset()
		b.WriteString("↑")
	}
	t := c.Target
	fmt.Fprintf(&b, "%s %s ", c.Type, record.GroupResource{Group: t.Group, Resource: t.Resource})
	if t.Cluster != "" {
		fmt.Fprintf(&b, "%s:", t.Cluster)
	}
	switch {
	case t.AllNamespaces:
		b.WriteString("*/")
	case t.Namespace != "":
		b.WriteString(t.Namespace + "/")
	}
	if t.Selects() {
		fmt.Fprintf(&b, "{%s}", t.Selector)
	}
	b.WriteString(t.Name)
	if t.UID != "" {
		fmt.Fprintf(&b, " uid=%s", t.UID)
	}
	if c.Controller {
		b.WriteString(" controller")
	}
	if c.Inferred {
		b.WriteString(" inferred")
	}
	return b.String()
}

func lines(claims []Claim) []string {
	var all []string
	for _, c := range claims {
		all = append(all, line(c))
	}
	return all
}

// claimCase is one manifest and what it claims, in the claims' order.
type claimCase struct {
	name     string
	manifest string
	want     []string
}

func testClaims(t *testing.T, cases []claimCase) {
	t.Helper()
	rules := Builtin()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			ref, v := parse(t, tc.manifest)
			reading := rules.Read(ref, v)
			if diff := cmp.Diff(tc.want, lines(reading.Claims)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(reading.Failed) > 0 || reading.Cut > 0 {
				t.Errorf("failed %v, cut %d", reading.Failed, reading.Cut)
			}
			if len(reading.Claims) > 0 && !rules.Wants(ref.GroupResource(), []byte(tc.manifest)) {
				t.Error("Wants says that there is no claim")
			}
		})
	}
}

// TestMany: a state that claims a great deal, or the same thing a great many times, costs what it is long, and what is cut is counted.
func TestMany(t *testing.T) {
	volumes := func(n, names int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"configMap":{"name":"c%06d"}},`, i%names)
		}
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"},"spec":{"volumes":[` + strings.TrimSuffix(b.String(), ",") + `]}}`
	}
	for _, tc := range []struct{ n, names, claims, cut int }{
		{100, 100, 100, 0}, {100_000, 7, 7, 0}, {maxClaims, maxClaims, maxClaims, 0}, {maxClaims + 3, maxClaims + 3, maxClaims, 3}, {100_000, 100_000, maxClaims, 100_000 - maxClaims},
	} {
		ref, v := parse(t, volumes(tc.n, tc.names))
		got := Builtin().Read(ref, v)
		if len(got.Claims) != tc.claims || got.Cut != tc.cut || got.Claims[0].Target.Name != "c000000" {
			t.Errorf("%d volumes of %d names: %d claims, %d cut", tc.n, tc.names, len(got.Claims), got.Cut)
		}
	}
}

// TestNotObjects: what is no manifest claims nothing.
func TestNotObjects(t *testing.T) {
	for _, text := range []string{`null`, `[]`, `"pods"`, `7`, `{}`, `{"metadata":null}`, `{"metadata":[],"spec":[]}`, `{"metadata":{"ownerReferences":{"uid":"x"},"annotations":[],"labels":"x"},"spec":{"volumes":{}}}`} {
		v, err := object.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, gr := range []record.GroupResource{gr("", "pods"), gr("", "endpoints"), gr("", "services"), gr("policy", "poddisruptionbudgets"), gr("", "secrets")} {
			if got := Builtin().Claims(record.ObjectRef{Group: gr.Group, Resource: gr.Resource}, v); len(got) != 0 {
				t.Errorf("%s as %s: %v", text, gr, lines(got))
			}
		}
	}
	if got := Builtin().Claims(record.ObjectRef{Resource: "pods"}, nil); got != nil {
		t.Error(got)
	}
}

// TestWants: a body is wanted only for what may stand in it.
func TestWants(t *testing.T) {
	for _, tc := range []struct {
		gr   record.GroupResource
		body string
		want bool
	}{
		{gr("", "configmaps"), `{"metadata":{"name":"c","managedFields":[{"fieldsV1":{"f:metadata":{"f:ownerReferences":{}}}}]},"data":{"a":"b/c\n\"\u003c\\"}}`, false},
		{gr("", "configmaps"), `{"metadata":{"ownerReferences":[]}}`, true},
		{gr("", "configmaps"), `{"metadata":{"annotations":{"kubewake.io/parent":""}}}`, true},
		{gr("", "configmaps"), `{"metadata":{"annotations":{"kubewake.io\/parent":""}}}`, true},
		{gr("", "configmaps"), `{"metadata":{"owner\u0052eferences":[]}}`, true},
		{gr("", "configmaps"), `{"metadata":{"\u006fwnerReferences":[]}}`, true},
		{gr("", "configmaps"), `{"data":{"a":"\\u0052"}}`, false},
		{gr("", "configmaps"), `{"data":{"a":"\`, false},
		{gr("", "configmaps"), `{"data":{"a":"\u00`, false},
		{gr("", "configmaps"), ``, false},
		{gr("", "pods"), `{"spec":{"nodeName":"n"}}`, true},
		{gr("", "pods"), `{"metadata":{}}`, false},
		{gr("apps", "deployments"), `{"spec":{"template":{"spec":{"nodeName":"n","volumes":[]}}}}`, false},
		{gr("example.com", "widgets"), `{}`, true},
		{gr("gateway.networking.k8s.io", "httproutes"), `{}`, true},
	} {
		if got := Builtin().Wants(tc.gr, []byte(tc.body)); got != tc.want {
			t.Errorf("%s %s: %v", tc.gr, tc.body, got)
		}
	}
	rules := rulesWith(t, Custom{Name: "mine", Child: KindRef{Kind: "ConfigMap"}, Parent: KindRef{Kind: "Pod"}, CEL: `{"name": "x"}`})
	if !rules.Wants(gr("", "configmaps"), []byte(`{}`)) || rules.Wants(gr("", "secrets"), []byte(`{}`)) {
		t.Error("a rule of the operator wants every body of its kind, and none of another")
	}
}

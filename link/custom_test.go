package link

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// widget is what the expressions of these tests read.
const widget = `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop","uid":"u1","labels":{"team":"blue","empty":""},
	"managedFields":[{"manager":"m"}]},
	"spec":{"owner":"web","owners":["a","b"],"size":3,"ratio":0.5,"on":true,"nothing":null,"long":"` + longText + `",
	"selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["b","a"]}]}}}`

const longText = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func rulesWith(tb testing.TB, custom ...Custom) *Rules {
	tb.Helper()
	rules, err := New(custom...)
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// definition is what every Widget claims besides.
const definition = "↑defines customresourcedefinitions.apiextensions.k8s.io widgets.example.com inferred"

func TestCustomRules(t *testing.T) {
	deployment := KindRef{Group: "apps", Kind: "Deployment"}
	for _, tc := range []struct {
		name   string
		rule   Custom
		want   []string
		failed string
	}{
		{"by the rule's kind, in the object's namespace", Custom{CEL: `{"name": object.spec.owner}`, Parent: deployment}, []string{"↑owns deployments.apps shop/web"}, ""},
		{"a list, in another cluster", Custom{Type: "feeds", CEL: `object.spec.owners.map(o, {"cluster": "hub", "namespace": cluster, "name": o})`, Parent: deployment},
			[]string{"↑feeds deployments.apps hub:here/a", "↑feeds deployments.apps hub:here/b"}, ""},
		{"all told by the reference", Custom{CEL: `{"cluster":"hub","group":"x.y","version":"v1","kind":"Fox","namespace":"","name":"red","uid":"u7"}`},
			[]string{"↑owns foxes.x.y hub:red uid=u7"}, ""},
		{"a plural that cannot be guessed", Custom{CEL: `{"group":"x.y","resource":"foxen","name":"red"}`}, []string{"↑owns foxen.x.y shop/red"}, ""},
		{"cluster-scoped", Custom{CEL: `{"name": "n1"}`, Parent: KindRef{Kind: "Node"}}, []string{"↑owns nodes n1"}, ""},
		{"children by selector text", Custom{Yields: Children, CEL: `{"selector": "app=web,tier in (b,a)"}`, Child: KindRef{Resource: "pods"}},
			[]string{"↓owns pods shop/{app=web,tier in (a,b)}"}, ""},
		{"children by LabelSelector, everywhere", Custom{Yields: Children, CEL: `[{"selector": object.spec.selector, "namespace": "*"}]`, Child: KindRef{Kind: "Pod"}},
			[]string{"↓owns pods */{app=web,tier in (a,b)}"}, ""},
		{"children: all", Custom{Yields: Children, CEL: `{"selector": ""}`, Child: KindRef{Resource: "pods"}}, []string{"↓owns pods shop/{}"}, ""},
		{"null", Custom{CEL: `object.spec.nothing`, Parent: deployment}, nil, ""},
		{"an empty list", Custom{CEL: `object.spec.on ? [] : [{"name": "x"}]`, Parent: deployment}, nil, ""},
		{"an optional, and one that is absent", Custom{CEL: `[optional.of({"name": "x"}), optional.none()]`, Parent: deployment}, []string{"↑owns deployments.apps shop/x"}, ""},
		{"absent", Custom{CEL: `object.spec.?owner.optMap(o, {"name": o + "-2"})`, Parent: deployment}, []string{"↑owns deployments.apps shop/web-2"}, ""},
		{"what is read is missing", Custom{CEL: `{"name": object.spec.nobody}`, Parent: deployment}, nil, ""},
		{"a label is missing", Custom{CEL: `{"name": object.metadata.labels["nobody"]}`, Parent: deployment}, nil, ""},
		{"empty name", Custom{CEL: `{"name": object.metadata.labels.empty}`, Parent: deployment}, nil, ""},
		{"of another cluster's objects", Custom{CEL: `{"name": "x"}`, Parent: deployment, Child: KindRef{Cluster: "there"}}, nil, ""},
		{"of another namespace's objects", Custom{CEL: `{"name": "x"}`, Parent: deployment, Child: KindRef{Namespace: "kube-system"}}, nil, ""},
		{"of this namespace's objects", Custom{CEL: `{"name": "x"}`, Parent: deployment, Child: KindRef{Cluster: "here", Namespace: "shop"}}, []string{"↑owns deployments.apps shop/x"}, ""},
		{"managedFields are not seen", Custom{CEL: `has(object.metadata.managedFields) ? [{"name": "x"}] : []`, Parent: deployment}, nil, ""},
		{"itself", Custom{CEL: `{"group": "example.com", "kind": "Widget", "name": object.metadata.name}`}, nil, ""},

		{"a typo", Custom{CEL: `{"title": "x"}`, Parent: deployment}, nil, `a reference has no key "title"`},
		{"a number", Custom{CEL: `{"name": object.spec.size}`, Parent: deployment}, nil, "name of a reference is of type int; it must be a string"},
		{"text", Custom{CEL: `object.spec.owner`, Parent: deployment}, nil, "the expression gave a string where a reference must be"},
		{"no kind", Custom{CEL: `{"name": "x"}`}, nil, "a reference names no kind, nor does the rule"},
		{"nothing that names", Custom{CEL: `{"kind": "Pod"}`, Parent: deployment}, nil, "neither name, nor UID, nor selector"},
		{"both", Custom{CEL: `{"name": "x", "selector": "a=b"}`, Parent: deployment}, nil, "a selector beside a name"},
		{"an invalid selector", Custom{CEL: `{"selector": "a in ("}`, Parent: deployment}, nil, `label selector "a in ("`},
		{"a selector of labels", Custom{CEL: `{"selector": {"app": "web"}}`, Parent: deployment}, nil, "or a LabelSelector"},
		{"a selector among another kind", Custom{CEL: `{"selector": "a=b", "kind": "Pod", "group": ""}`, Parent: deployment}, nil, "the rule itself must name that kind"},
		{"one bad among good", Custom{CEL: `[{"name": "x"}, {"title": "y"}]`, Parent: deployment}, nil, "no key"},
		{"every namespace of a name", Custom{CEL: `{"name": "x", "namespace": "*"}`, Parent: deployment}, nil, "goes with a selector only"},
		{"it divides by zero", Custom{CEL: `[{"name": "x"}][1 / 0]`, Parent: deployment}, nil, "division by zero"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.rule
			c.Name = "mine"
			from := &c.Child
			if c.Yields == Children {
				from = &c.Parent
			}
			from.Group, from.Kind = "example.com", "Widget"
			rules := rulesWith(t, c)
			ref, v := parse(t, widget)
			got := rules.Read(ref, v)
			if diff := cmp.Diff(append([]string{definition}, tc.want...), lines(got.Claims)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			switch {
			case tc.failed == "" && len(got.Failed) == 0:
			case len(got.Failed) != 1 || tc.failed == "" || !strings.Contains(got.Failed[0].Error, tc.failed) || got.Failed[0].Rule != "mine" || got.Failed[0].First != ref:
				t.Errorf("failed %+v, want %q", got.Failed, tc.failed)
			}
		})
	}
}

// TestCustomBounds: no expression takes long, or much.
func TestCustomBounds(t *testing.T) {
	ref, v := parse(t, widget)
	for name, cel := range map[string]string{
		"doubling by +":       doubling(`x + x`),
		"doubling by replace": doubling(`x.replace("0", "00")`),
		"doubling by join":    doubling(`[x, x].join()`),
		"doubling by format":  doubling(`"%s%s".format([x, x])`),
		"doubling lists":      doublingList(),
		"lists flattened":     strings.Replace(doublingList(), "string(size(x))", "string(size(x.distinct()))", 1),
		"loops":               `lists.range(1000).map(a, lists.range(1000).map(b, {"name": string(a * b)}))[0]`,
		"ranges":              `lists.range(1000000000).map(a, {"name": "x"})`,
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := New(Custom{Name: "mine", Child: KindRef{Group: "example.com", Kind: "Widget"}, Parent: KindRef{Kind: "Pod"}, CEL: cel})
			if err != nil {
				t.Skip("refused when compiled:", err)
			}
			got := rules.Read(ref, v)
			if len(got.Failed) != 1 || len(got.Claims) != 1 {
				t.Errorf("failed %v, claims %d: want the cost limit", got.Failed, len(got.Claims))
			}
			t.Log(got.Failed)
		})
	}
}

func doubling(step string) string {
	s := `{"name": string(size(x))}`
	for range 28 {
		s = `cel.bind(x, ` + step + `, ` + s + `)`
	}
	return `cel.bind(x, object.spec.long, ` + s + `)`
}

func doublingList() string {
	s := `{"name": string(size(x))}`
	for range 28 {
		s = `cel.bind(x, x + x, ` + s + `)`
	}
	return `cel.bind(x, ["a"], ` + s + `)`
}

func TestCustomMany(t *testing.T) {
	rules := rulesWith(t, Custom{Name: "mine", Child: KindRef{Group: "example.com", Kind: "Widget"}, Parent: KindRef{Kind: "Pod"},
		CEL: `lists.range(1500).map(i, {"name": "p" + string(i)})`})
	ref, v := parse(t, widget)
	got := rules.Read(ref, v)
	if len(got.Claims) != maxReferences+1 || got.Cut != 1500-maxReferences || len(got.Failed) != 0 {
		t.Errorf("%d claims, cut %d, failed %v", len(got.Claims), got.Cut, got.Failed)
	}
}

// TestOneMistakeIsTold: of several the same each time, though maps of the language have no order.
func TestOneMistakeIsTold(t *testing.T) {
	rules := rulesWith(t, Custom{Name: "mine", Child: KindRef{Group: "example.com", Kind: "Widget"}, CEL: `{"zeta": "x", "beta": "x", "alpha": "x", "gamma": "x"}`})
	ref, v := parse(t, widget)
	for range 50 {
		got := rules.Read(ref, v)
		if len(got.Failed) != 1 || !strings.Contains(got.Failed[0].Error, `no key "alpha"`) {
			t.Fatal(got.Failed)
		}
	}
}

func TestFailuresAreCounted(t *testing.T) {
	rules := rulesWith(t, Custom{Name: "mine", Child: KindRef{Group: "example.com", Kind: "Widget"}, CEL: `{"title": "x"}`})
	ref, v := parse(t, widget)
	rules.Claims(ref, v)
	later := ref
	later.Name = "w2"
	rules.Claims(later, v)
	want := []Failure{{Rule: "mine", Count: 2, First: ref, Error: `a reference has no key "title"; it has cluster, group, version, kind, resource, namespace, name, uid, selector`}}
	if diff := cmp.Diff(want, rules.Failures()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestHash(t *testing.T) {
	a := Custom{Name: "a", Child: KindRef{Kind: "Pod"}, Parent: KindRef{Kind: "Node"}, CEL: `{"name": "x"}`}
	b := Custom{Name: "b", Child: KindRef{Kind: "Pod"}, Parent: KindRef{Kind: "Node"}, CEL: `{"name": "y"}`}
	moved, said, other, yields := a, a, a, a
	moved.Line = 7
	said.Type, said.Yields = Owns, Parents
	other.CEL = `{"name": "z"}`
	yields.Yields = Children
	hash := rulesWith(t, a, b).Hash()
	for name, same := range map[string]*Rules{"order": rulesWith(t, b, a), "line": rulesWith(t, moved, b), "defaults": rulesWith(t, said, b)} {
		if same.Hash() != hash {
			t.Errorf("%s: the hash differs", name)
		}
	}
	for name, changed := range map[string]*Rules{"none": Builtin(), "one": rulesWith(t, a), "expression": rulesWith(t, other, b), "yields": rulesWith(t, yields, b)} {
		if changed.Hash() == hash {
			t.Errorf("%s: the hash is the same", name)
		}
	}
	if Builtin().Hash() != rulesWith(t).Hash() {
		t.Error("New without rules is not Builtin")
	}
}

func TestReads(t *testing.T) {
	widget := record.ObjectRef{Cluster: "here", Group: "example.com", Kind: "Ox", Resource: "oxen", Namespace: "shop", Name: "w"}
	for _, tc := range []struct {
		rule Custom
		want bool
	}{
		{Custom{Child: KindRef{Group: "example.com", Resource: "oxen"}}, true},
		{Custom{Child: KindRef{Group: "example.com", Resource: "oxen", Kind: "Ox", Cluster: "here", Namespace: "shop"}}, true},
		{Custom{Child: KindRef{Group: "example.com", Kind: "Ox"}}, false}, // its plural is not the one that is guessed
		{Custom{Child: KindRef{Resource: "oxen"}}, false},
		{Custom{Child: KindRef{Group: "example.com", Resource: "oxen", Cluster: "there"}}, false},
		{Custom{Child: KindRef{Group: "example.com", Resource: "oxen", Namespace: "else"}}, false},
		{Custom{Parent: KindRef{Group: "example.com", Resource: "oxen"}, Yields: Children}, true},
		{Custom{Parent: KindRef{Group: "example.com", Resource: "oxen"}, Child: KindRef{Kind: "Pod"}}, false},
	} {
		if got := Builtin().Reads(tc.rule, widget); got != tc.want {
			t.Errorf("%+v: %v", tc.rule, got)
		}
		tc.rule.Name, tc.rule.CEL = "mine", `{"kind": "Node", "name": "x"}`
		if tc.rule.evaluated().Group == "" && !tc.want {
			continue
		}
		v := object.NewObject(object.Member{Name: "metadata", Value: object.NewObject()})
		linked := 0
		for _, c := range rulesWith(t, tc.rule).Claims(widget, v) {
			if c.Rule == "mine" {
				linked++
			}
		}
		if (linked == 1) != tc.want {
			t.Errorf("%+v links %d", tc.rule, linked)
		}
	}
}

func TestSelectable(t *testing.T) {
	rules := rulesWith(t, Custom{Name: "a", Yields: Children, Parent: KindRef{Kind: "Node"}, Child: KindRef{Group: "example.com", Kind: "Widget"}, CEL: `{"selector": ""}`})
	for _, tc := range []struct {
		gr   record.GroupResource
		want bool
	}{{gr("", "pods"), true}, {gr("example.com", "widgets"), true}, {gr("", "nodes"), false}, {gr("metrics.k8s.io", "pods"), false}} {
		if got := rules.Selectable(tc.gr); got != tc.want {
			t.Errorf("%s: %v", tc.gr, got)
		}
	}
	if diff := cmp.Diff([]Type{Owns}, rules.CustomTypes()); diff != "" {
		t.Error(diff)
	}
}

package link

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	got, err := Load([]byte(`# teams
rules:
  - name: team
    type: responsible
    child: {group: apps, kind: Deployment}
    parent: {cluster: hub, group: example.com, version: v1, resource: teams, namespace: ""}
    cel: '{"name": object.metadata.labels["team"]}'
  - name: fleet
    child:
      kind: Pod
    parent: {group: example.com, kind: Fleet, cluster: here, namespace: shop}
    yields: children
    cel: |
      {
        "selector": object.spec.selector
      }
`))
	want := []Custom{
		{
			Name: "team", Type: "responsible", Child: KindRef{Group: "apps", Kind: "Deployment"},
			Parent: KindRef{Cluster: "hub", Group: "example.com", Version: "v1", Resource: "teams"}, CEL: `{"name": object.metadata.labels["team"]}`, Line: 7,
		},
		{
			Name: "fleet", Child: KindRef{Kind: "Pod"}, Parent: KindRef{Cluster: "here", Group: "example.com", Kind: "Fleet", Namespace: "shop"},
			Yields: Children, CEL: "{\n  \"selector\": object.spec.selector\n}\n", Line: 14,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%v, -want +got\n%s", err, diff)
	}
	if _, err := New(got...); err != nil {
		t.Error(err)
	}
	for _, empty := range []string{"", "# nothing\n", "rules:\n", "rules: []\n"} {
		if got, err := Load([]byte(empty)); len(got) != 0 || err != nil {
			t.Errorf("%q: %v, %v", empty, got, err)
		}
	}
}

// TestRefused: what is wrong is said with its place, by Load or by New.
func TestRefused(t *testing.T) {
	const good = "rules:\n- name: a\n  child: {kind: Pod}\n  parent: {kind: Node}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"a key":               {"rules:\n- name: a\n  parents: {}\n", `line 3, column 3: unknown key "parents" in rules[0]; want one of name, type, child, parent, yields, cel`},
		"a key below":         {"rules:\n- name: a\n  child: {kind: Pod, title: x}\n", `line 3, column 22: unknown key "title" in rules[0].child`},
		"a key twice":         {"rules:\n- name: a\n  name: b\n", `line 3, column 3: key "name" is given twice`},
		"no list":             {"rules: {}\n", "line 1, column 8: rules: want a list"},
		"no text":             {"rules:\n- name: [a]\n", "line 2, column 9: want text"},
		"no quotes":           {good + "  cel: {\"name\": object.spec.owner}\n", "line 5, column 8: want text; an expression that begins with { or [ is quoted"},
		"not YAML":            {"rules: [\n", "did not find expected node content"},
		"an alias":            {"rules:\n- &a {name: a}\n- *a\n", "line 3, column 3: aliases are not taken here"},
		"a second document":   {good + "  cel: '{}'\n---\nrules: []\n", "line 6: a second YAML document begins here"},
		"two things":          {"rules:\n- title: a\n- label: b\n", "line 3, column 3: unknown key \"label\""},
		"large":               {strings.Repeat("#", 1<<20) + "\n", "larger than"},
		"no name":             {"rules:\n- cel: '{}'\n  child: {kind: Pod}\n", `line 2: the name "" must be small letters`},
		"a name":              {"rules:\n- name: A\n  child: {kind: Pod}\n  cel: '{}'\n", `line 4: rule "A": the name "A" must be small letters`},
		"a built-in name":     {"rules:\n- name: owner\n  child: {kind: Pod}\n  cel: '{}'\n", `rule "owner": a built-in rule has this name`},
		"a name twice":        {good + "  cel: '{}'\n" + good[7:] + "  cel: '{}'\n", `line 9: rule "a": another rule has this name (the one whose expression is on line 5)`},
		"a type":              {good + "  type: Owns All\n  cel: '{}'\n", `line 6: rule "a": the type "Owns All" must be`},
		"yields":              {good + "  yields: cousins\n  cel: '{}'\n", `yields is "cousins"; it must be parents or children`},
		"no child":            {"rules:\n- name: a\n  parent: {kind: Node}\n  cel: '{}'\n", "line 4: rule \"a\": child must name a kind"},
		"no parent to read":   {"rules:\n- name: a\n  child: {kind: Node}\n  yields: children\n  cel: '{}'\n", "parent must name a kind"},
		"a version":           {"rules:\n- name: a\n  child: {kind: Pod, version: v1}\n  cel: '{}'\n", "child names a version"},
		"a group and version": {"rules:\n- name: a\n  child: {kind: Pod, group: apps/v1}\n  cel: '{}'\n", "write apps, not apps/v1"},
		"a subresource":       {"rules:\n- name: a\n  child: {resource: pods/status}\n  cel: '{}'\n", "a resource is the plural in small letters"},
		"a kind as resource":  {"rules:\n- name: a\n  child: {resource: Pod}\n  cel: '{}'\n", "a resource is the plural in small letters"},
		"long":                {"rules:\n- name: a\n  child: {kind: " + strings.Repeat("x", 254) + "}\n  cel: '{}'\n", "is longer than 253 bytes"},
		"no expression":       {good, "line 2: rule \"a\": cel is missing"},
		"syntax":              {good + "  cel: '{\"name\": object.spec.}'\n", `line 5: rule "a": cel, line 1, column 22: Syntax error`},
		"an unknown variable": {good + "  cel: |\n    {\n      \"name\": objekt.spec\n    }\n", `line 7: rule "a": cel, line 2, column 11: undeclared reference to 'objekt'`},
		"a type of result":    {good + "  cel: 'object.spec.x == 1'\n", `cel, line 1, column 1: the expression must give a reference (a map), a list of them, or null; this gives bool`},
		"a list of results":   {good + "  cel: '[\"a\"]'\n", `this gives list(string)`},
		"a pattern":           {good + "  cel: '{\"name\": object.spec.x.matches(\"(\") ? \"a\" : \"b\"}'\n", "invalid matches argument"},
		"a long pattern":      {good + "  cel: '[{\"name\": \"x\"}].filter(r, object.x.matches(\"(abc){900}\"))'\n", "the limit is 2000"},
		"loops":               {good + "  cel: '[1].map(a, [1].map(b, [1].map(c, [1].map(d, {\"name\": \"x\"}))))'\n", "comprehension exceeds nesting limit"},
		"long expression":     {good + "  cel: '{\"name\": \"" + strings.Repeat("x", 5000) + "\"}'\n", "the limit is 4096"},
	} {
		t.Run(name, func(t *testing.T) {
			custom, err := Load([]byte(tc.text))
			if err == nil {
				_, err = New(custom...)
			}
			var e *Error
			if err == nil || !strings.Contains(err.Error(), tc.want) || !errors.As(err, &e) {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestTooMany(t *testing.T) {
	if _, err := New(make([]Custom, maxCustom+1)...); err == nil || err.Error() != "there are 257 rules, the limit is 256" {
		t.Error(err)
	}
}

package trace

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// TestBuiltin: names and numbers of the built-in modes and modifiers are part of IDs and never change.
func TestBuiltin(t *testing.T) {
	m := Builtin()
	numbers := map[string]int{}
	for _, mode := range m.Modes {
		numbers[mode.Name] = mode.Number
	}
	for _, mod := range m.Modifiers {
		numbers["+"+mod.Name] = mod.Number
	}
	want := map[string]int{"tracing": 1, "grouped": 2, "tree": 3, "timeline": 4, "+alone": 1, "+ancestors": 2, "+owned": 3, "+full tree": 4}
	if diff := cmp.Diff(want, numbers); diff != "" {
		t.Error(diff)
	}
	if got := len(m.Names()); got != 4*5 {
		t.Errorf("%d services", got)
	}
	for _, name := range m.Names() {
		mode, modifier, err := m.Split(name)
		if err != nil || strings.TrimSpace(mode+" "+modifier) != name {
			t.Errorf("%q is split in %q and %q, %v", name, mode, modifier, err)
		}
		found, number, err := m.Find(mode, modifier)
		if err != nil {
			t.Fatal(err)
		}
		again, word, err := m.Numbered(uint8(found.Number), number)
		if err != nil || word != modifier {
			t.Errorf("%q: number %d and %d is %q, %v", name, found.Number, number, word, err)
		}
		if diff := cmp.Diff(found, again); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
	for _, bad := range []string{"nosuch", "tracing nosuch", "full tree"} {
		if _, _, err := m.Split(bad); err == nil {
			t.Errorf("%q is a service", bad)
		}
	}
	if _, _, err := m.Numbered(9, 0); err == nil {
		t.Error("mode 9 is built in")
	}
	if _, _, err := m.Numbered(1, 12); err == nil {
		t.Error("modifier 12 is built in")
	}
}

func TestCustomModes(t *testing.T) {
	m, err := Load("mine.yaml", []byte(`
tags:
  - {name: image, path: 'spec.template.spec.containers[0].image', resources: [deployments.apps]}
  - {name: phase, path: status.phase, resources: [pods]}
  - {name: paused, path: spec.paused}
modifiers:
  - {name: near, number: 8, up: 1, down: 2, siblings: true}
modes:
  - name: who
    number: 15
    up: 2
    steps: [{do: keep, kinds: [request, revision]}, {do: group, by: user}, {do: logs, kinds: [request]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	mode, number, err := m.Find("who", "near")
	if err != nil || number != 8 || mode.Number != 15 || mode.Scope != (Scope{Up: 1, Down: 2, Siblings: true}) {
		t.Errorf("who near: %+v, %d, %v", mode, number, err)
	}
	own, _, err := m.Find("who", "")
	if err != nil || own.Scope != (Scope{Up: 2}) || own.Needs() != (Needs{}) {
		t.Errorf("who: %+v, %v", own, err)
	}
	manifest, err := object.Parse([]byte(`{"spec":{"nodeName":"n1","paused":true,"template":{"spec":{"containers":[{"image":"a:1"}]}}},"status":{"phase":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	deploy := record.ObjectRef{Group: "apps", Resource: "deployments"}
	if diff := cmp.Diff([]Attr{{"image", "a:1"}, {"paused", "true"}}, m.TagsOf(deploy, manifest)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Attr{{"node", "n1"}, {"paused", "true"}}, m.TagsOf(record.ObjectRef{Resource: "pods"}, manifest)); diff != "" {
		t.Error(diff)
	}
	if got := m.TagsOf(deploy, nil); got != nil {
		t.Errorf("tags of nothing: %v", got)
	}
}

// TestModesAreStrict: everything that is wrong is said, with its line.
func TestModesAreStrict(t *testing.T) {
	for text, want := range map[string]string{
		"modes: [{name: a, number: 7}]":                                                               "mine.yaml:1:27: the number is 7, want one of 8 to 15",
		"modes:\n- {name: tracing, number: 8}":                                                        "mine.yaml:2:10: there is a mode \"tracing\" already",
		"modes:\n- {name: a, number: 8}\n- {name: b, number: 8}":                                      "mine.yaml:3:21: number 8 is taken",
		"modes:\n- {name: A b, number: 8}":                                                            "mine.yaml:2:10: a mode's name is one word",
		"modes:\n- name: a\n  number: 8\n  steps: [{do: fly}]":                                        "mine.yaml:4:16: there is no step \"fly\"; there are: keep, collapse, diff, snapshot, group, logs, flatten",
		"modes:\n- name: a\n  number: 8\n  steps:\n  - {do: logs, lines: 3}":                          "mine.yaml:5:23: step logs takes no \"lines\"",
		"modes:\n- name: a\n  number: 8\n  steps:\n  - {do: group}":                                   "mine.yaml:5:5: group by what?",
		"modes:\n- name: a\n  number: 8\n  steps:\n  - {do: keep, kinds: [x]}":                        "mine.yaml:5:24: there is no kind of record \"x\"",
		"modes:\n- name: a\n  number: 8\n  steps:\n  - {do: group, by: user}\n  - {do: keep}":         "mine.yaml:6:10: step keep stands behind group, where it would miss records",
		"modes:\n- name: a\n  number: 8\n  steps:\n  - {do: logs}\n  - {do: diff}\n  - {do: flatten}": "mine.yaml:7:10: step flatten stands behind logs",
		"modes:\n- {name: a, number: 8, colour: red}":                                                 "mine.yaml:2:24: unknown key \"colour\"",
		"modes:\n- {name: a, number: 8, up: many}":                                                    "mine.yaml:2:28: \"many\" is no depth: want a number, or all",
		"modes:\n- {name: a, number: 8, up: -1}":                                                      "mine.yaml:2:28: \"-1\" is no depth",
		"modifiers:\n- {name: Full, number: 9}":                                                       "mine.yaml:2:10: a modifier's name is words",
		"modifiers:\n- {name: x, number: 16}":                                                         "mine.yaml:2:21: the number is 16, want one of 8 to 15",
		"tags:\n- {name: x, path: 'a..['}":                                                            "mine.yaml:2:19: \"a..[\" is no path of a field",
		"tags:\n- {name: uid, path: a}":                                                               "mine.yaml:2:10: \"uid\" is a tag that every object span has",
		"tags: 3":                                                                                     "mine.yaml:1:7: tags: want a list",
		"modes: [":                                                                                    "mine.yaml: ",
		"modes:\n- {name: a, number: 8, steps: [{do: diff, lines: -2}]}":                              "mine.yaml:2:",
	} {
		_, err := Load("mine.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n  error: %v\n  want: %s", text, err, want)
		}
	}
}

// TestModesInDocs: what the documentation shows is read.
func TestModesInDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/traces.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(page), "```yaml\n")
	text, _, _ := strings.Cut(block, "```")
	m, err := Load("traces.md", []byte(text))
	if err != nil || !ok {
		t.Fatal(err)
	}
	if _, _, err := m.Split("who near"); err != nil {
		t.Error(err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(builtinModes)
	f.Add([]byte("modes: [{name: a, number: 8, up: all, steps: [{do: flatten}, {do: group, by: user}]}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Load("f.yaml", text)
		if err != nil {
			return
		}
		for i := range m.Modes {
			checkTrace(t, Project(shop(), &m.Modes[i], Options{Limit: 20}))
		}
	})
}

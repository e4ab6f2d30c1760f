package link

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

// TestDocs holds docs/links.md against the rules: every example links what the page says, every rule, type and key is named.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/links.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```\n+```json\n(.*?)```\n+```links\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if all := strings.Count(string(page), "```yaml"); len(examples) < 7 || len(examples) != all {
		t.Errorf("%d examples of %d", len(examples), all)
	}
	var together []Custom
	for _, e := range examples {
		custom, err := Load([]byte(e[1]))
		if err != nil {
			t.Errorf("%s\n%v", e[1], err)
			continue
		}
		together = append(together, custom...)
		rules, err := New(custom...)
		if err != nil {
			t.Errorf("%s\n%v", e[1], err)
			continue
		}
		ref, v := parse(t, e[2])
		ref.Cluster = "prod-eu-1"
		var got []string
		for _, c := range rules.Read(ref, v).Claims {
			got = append(got, documented(c))
		}
		want := strings.Split(strings.TrimSpace(e[3]), "\n")
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n-page +got\n%s", e[1], diff)
		}
	}
	if _, err := New(together...); err != nil {
		t.Errorf("all examples together: %v", err)
	}
	for _, r := range append(builtinRules(), definitionRule()) {
		if !strings.Contains(string(page), "`"+r.name+"`") {
			t.Errorf("the rule %s is not documented", r.name)
		}
		if !strings.Contains(string(page), "| `"+string(r.typ)+"` |") {
			t.Errorf("the type %s is not documented", r.typ)
		}
	}
	for _, key := range referenceKeys() {
		if !strings.Contains(string(page), "`"+key+"`") {
			t.Errorf("the key %s is not documented", key)
		}
	}
}

// documented prints a claim as the page does.
func documented(c Claim) string {
	short := strings.TrimSuffix(line(c), " inferred")
	side := "below: "
	if c.Up {
		side = "above: "
	}
	short = side + strings.TrimLeft(short, "↑↓")
	if c.Inferred {
		short += " (inferred)"
	}
	return short
}

// TestTheParentOfThePage: the annotation that the page shows is read.
func TestTheParentOfThePage(t *testing.T) {
	page, err := os.ReadFile("../docs/links.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)names several:\n\n```json\n(.*?)\n```").FindStringSubmatch(string(page))
	if shown == nil {
		t.Fatal("the page shows none")
	}
	ref, v := parse(t, annotated("shop", shown[1]))
	want := []Target{{Cluster: "hub", Group: "example.com", Version: "v1", Resource: "fleets", Namespace: "ops", Name: "shop", UID: record.UID("7d0b1c9e-...")}}
	var got []Target
	for _, c := range Builtin().Claims(ref, v) {
		got = append(got, c.Target)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

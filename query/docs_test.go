package query

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocs holds docs/search.md against the language: every example compiles, every variable and field is named.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```cel\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(examples) < 15 {
		t.Errorf("%d examples", len(examples))
	}
	for _, e := range examples {
		f, err := Compile(e[1])
		if err != nil {
			t.Errorf("%s\n%v", e[1], err)
			continue
		}
		if f.Bounds().Nothing() {
			t.Errorf("%s\nmatches nothing", e[1])
		}
		if len(f.Bounds().Kinds) == 7 {
			t.Errorf("%s\nis not bounded to kinds of record", e[1])
		}
	}
	reference, _, _ := strings.Cut(string(page), "## Examples")
	for _, table := range tables() {
		for name := range table.fields {
			if !strings.Contains(reference, "`"+name+"`") {
				t.Errorf("%s.%s is not documented", table.name, name)
			}
		}
	}
	for name := range headFields {
		if !strings.Contains(reference, "`"+plainMessage(name)+"`") {
			t.Errorf("%s is not documented", name)
		}
	}
}

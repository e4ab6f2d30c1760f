package query

import (
	"regexp"
	"testing"
)

// Every word is explained, is one that compiles, and none is missing.
func TestFields(t *testing.T) {
	example := regexp.MustCompile("`(.+)`")
	seen := map[string]bool{}
	for _, f := range Fields() {
		if f.Doc == "" || f.Type == "" {
			t.Errorf("%s is not explained: %+v", f.Name, f)
		}
		if seen[f.Name] {
			t.Errorf("%s is listed twice", f.Name)
		}
		seen[f.Name] = true
		source := f.Name + " == " + f.Name
		switch f.Type {
		case "macro", "function", "method":
			match := example.FindStringSubmatch(f.Doc)
			if match == nil {
				t.Errorf("%s has no example", f.Name)
				continue
			}
			source = match[1]
		}
		if _, err := Compile(source); err != nil {
			t.Errorf("%s: %s\n%v", f.Name, source, err)
		}
	}
	for prefix, table := range map[string]*table{"request": requestTable, "event": eventTable, "gap": gapTable, "span": spanTable} {
		for name := range table.fields {
			if !seen[prefix+"."+name] {
				t.Errorf("%s.%s is not listed", prefix, name)
			}
		}
	}
	for name := range fieldDocs {
		if !seen[name] {
			t.Errorf("%s is explained, but there is none", name)
		}
	}
	for name := range scopeNames {
		if !seen[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	if !seen["namespace"] || !seen["event.regarding.name"] {
		t.Errorf("namespace or a field of a field is not listed: %v", seen)
	}
}

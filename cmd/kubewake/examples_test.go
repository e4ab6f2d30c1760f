package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/testdata/demo"
)

// Every example of the help works on the demo.
func TestExamplesOnTheDemo(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBEWAKE_SERVER", "")
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "wake")
	if err := unpack(demo.Files, dir); err != nil {
		t.Fatal(err)
	}
	runs := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if status := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs}); status != statusFine {
			t.Errorf("kubewake %s: status %d: %s", strings.Join(args, " "), status, errs.String())
		}
		return out.String()
	}
	runs("import", dir, "--data", data, "--cluster", demoCluster)
	t.Setenv("KUBEWAKE_DATA", data)
	tried := 0
	try := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			line, ok := strings.CutPrefix(strings.TrimSpace(line), "kubewake ")
			if !ok {
				continue
			}
			line, _, _ = strings.Cut(line, " #")
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, "   ") // what it shows
			if out := runs(words(line)...); strings.TrimSpace(out) == "" {
				t.Errorf("kubewake %s shows nothing", line)
			}
			tried++
		}
	}
	for _, command := range (&app{}).root().Commands() {
		if command.GroupID == "ask" {
			try(command.Example)
		}
	}
	try(demoHints("http://localhost"))
	if tried < 25 {
		t.Errorf("only %d examples were found", tried)
	}
}

// words splits as a shell does, as far as the examples need it: single quotes hold blanks together.
func words(line string) []string {
	var list []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			list = append(list, part)
			continue
		}
		list = append(list, strings.Fields(part)...)
	}
	return list
}

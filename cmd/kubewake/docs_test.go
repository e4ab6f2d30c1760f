package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/serve"
)

// What the documentation shows as a settings file, or a part of one, is one; redaction rules can be read.
func TestSettingsInDocs(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	files, rules := 0, 0
	for _, page := range []string{"configuration.md", "record-your-cluster.md", "redaction.md", "collect-watch.md", "collect-otlp.md", "export.md", "extensions.md", "jaeger.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			switch {
			case strings.HasPrefix(m[1], "data:"), strings.HasPrefix(m[1], "api:"):
				files++
				s := serve.Settings{Data: "wake"}.WithDefaults()
				if err := settings.Read(page, []byte(m[1]), &s); err != nil {
					t.Error(err)
				}
				if err := s.Check(); err != nil {
					t.Errorf("%s: %v\n%s", page, err, m[1])
				}
			case strings.HasPrefix(m[1], "rules:\n") && strings.Contains(m[1], "paths:"):
				rules++
				path := filepath.Join(t.TempDir(), "rules.yaml")
				if err := os.WriteFile(path, []byte(m[1]), 0o600); err != nil {
					t.Fatal(err)
				}
				if _, err := collect.ReadRules(path); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
	}
	if files < 2 || rules < 2 {
		t.Errorf("%d settings files and %d rule files are shown", files, rules)
	}
}

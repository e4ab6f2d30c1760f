package serve

import (
	"fmt"
	"os"

	"github.com/kubewake/kubewake/link"
)

// Links adds rules that link objects.
type Links struct {
	Rules string `yaml:"rules" doc:"YAML file of further rules that say which objects are linked; see docs/links.md. It is read again when it changes, and on SIGHUP; what is recorded already is linked by it too."`
}

// LinkRules reads the rules of a file, beside the built-in ones; with an empty path those alone.
func LinkRules(path string, more ...link.Custom) (*link.Rules, error) {
	if path == "" {
		rules, err := link.New(more...)
		if err != nil {
			return nil, fmt.Errorf("link rules of plug-ins: %w", err)
		}
		return rules, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read link rules: %w", err)
	}
	custom, err := link.Load(text)
	if err != nil {
		return nil, fmt.Errorf("link rules %s: %w", path, err)
	}
	rules, err := link.New(append(custom, more...)...)
	if err != nil {
		return nil, fmt.Errorf("link rules %s: %w", path, err)
	}
	return rules, nil
}

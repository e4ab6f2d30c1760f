package serve

import (
	"fmt"
	"os"

	"github.com/kubewake/kubewake/trace"
)

// Traces says how traces are shown.
type Traces struct {
	Modes string `yaml:"modes" doc:"YAML file of display modes, modifiers and tags of your own, see docs/traces.md. It is read at the start. Their numbers are in trace IDs: give all replicas the same file."`
}

// TraceModes reads the display modes of a file, beside the built-in ones; with an empty path those alone.
func TraceModes(path string) (*trace.Modes, error) {
	if path == "" {
		return trace.Builtin(), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read display modes: %w", err)
	}
	modes, err := trace.Load(path, text)
	if err != nil {
		return nil, fmt.Errorf("display modes: %w", err)
	}
	return modes, nil
}

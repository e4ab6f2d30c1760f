package serve

import (
	"fmt"
	"os"

	"github.com/kubewake/kubewake/trace"
)

// Traces says how traces are shown.
type Traces struct {
	Modes string `yaml:"modes" doc:"YAML file of display modes, modifiers and tags of your own, see docs/traces.md. It is read again when it changes, and on SIGHUP. Their numbers are in trace IDs: give all replicas the same file, and a number that was given away to no other mode."`
}

// TraceModes reads the display modes of a file, beside the built-in ones and those of plug-ins; with an empty path these alone.
func TraceModes(path string, more ...[]byte) (*trace.Modes, error) {
	modes, err := readTraceModes(path)
	if err != nil {
		return nil, err
	}
	for _, text := range more {
		if len(text) == 0 {
			continue
		}
		if modes, err = modes.With("plug-ins", text); err != nil {
			return nil, fmt.Errorf("display modes: %w", err)
		}
	}
	return modes, nil
}

func readTraceModes(path string) (*trace.Modes, error) {
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

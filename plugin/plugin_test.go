package plugin

import (
	"context"
	"testing"
)

type quiet string

func (q quiet) Name() string                  { return string(q) }
func (quiet) Run(context.Context, Host) error { return nil }

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		set  Set
		fine bool
	}{
		"nothing":  {Set{}, true},
		"two":      {Set{Sources: []Source{quiet("a"), quiet("b")}}, true},
		"the same": {Set{Sources: []Source{quiet("a"), quiet("a")}}, false},
		"nameless": {Set{Sources: []Source{quiet("")}}, false},
		"nil":      {Set{Sources: []Source{nil}}, false},
	} {
		if err := c.set.Check(); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}

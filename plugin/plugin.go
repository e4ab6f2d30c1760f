// SPDX-License-Identifier: Apache-2.0

// Package plugin is what somebody else's Go code adds to kubewake in a binary of its own: sources of records, rules that link objects, and display
// modes of traces. examples/plugin is such a binary; docs/plugins.md explains it.
//
// Put a [Set] into serve.LiveOptions. Everything is compiled in: there is no loading at run time, and nothing registers itself.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/object/redact"
)

// Set is all that a binary adds. The zero value adds nothing.
type Set struct {
	Sources []Source
	// LinkRules come beside the built-in ones and those of the settings' file; no two have one name.
	LinkRules []link.Custom
	// Modes are display modes, in the form of the settings' file (docs/traces.md): numbers 8 to 15.
	Modes []byte
}

// Source makes records of something and hands them over.
type Source interface {
	// Name tells it apart from other sources, in logs: "ci".
	Name() string
	// Run hands over records until ctx ends. It is called again, later each time, after it returned an error. What it had delivered before
	// it may deliver again: a fact is stored once.
	Run(ctx context.Context, host Host) error
}

// Host is what a source gets from the process that it runs in.
type Host struct {
	// Sink takes batches: Deliver returns nil once a batch is durable; an *ingest.Busy says to come back later.
	Sink ingest.Sink
	// Redactor replaces secrets. A source calls it on whatever it did not make up itself, before it delivers.
	Redactor *redact.Redactor
	Log      *slog.Logger
}

// Check says what is wrong with the set itself; rules and modes are checked where they are read.
func (s Set) Check() error {
	names := map[string]bool{}
	for i, source := range s.Sources {
		switch {
		case source == nil:
			return fmt.Errorf("plug-ins: source %d is nil", i)
		case source.Name() == "":
			return fmt.Errorf("plug-ins: source %d has no name", i)
		case names[source.Name()]:
			return errors.New("plug-ins: two sources are called " + source.Name())
		}
		names[source.Name()] = true
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/settings"
)

// The exit statuses, as `kubewake help` tells them.
const (
	statusFine        = 0
	statusError       = 1
	statusUsage       = 2
	statusRefused     = 3
	statusFaults      = 4
	statusInterrupted = 130
)

// usageError is a command line that can not be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// errRefused: everything else was taken in, but some input could not be read; the summary was printed already.
var errRefused = errors.New("some of the input was refused")

// statusOf is the one table from errors to exit statuses.
func statusOf(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return statusFine
	case errors.As(err, &usage), settings.IsFault(err), engine.KindOf(err) == engine.KindBadQuestion:
		return statusUsage
	case errors.Is(err, errRefused):
		return statusRefused
	case errors.Is(err, errFound):
		return statusFaults
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	}
	return statusError
}

// complain tells a person what went wrong and what to do.
func complain(w io.Writer, err error, command, filter string) {
	if errors.Is(err, errRefused) || errors.Is(err, errFound) {
		return
	}
	if errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(w, "kubewake: interrupted")
		return
	}
	lines := []string{"kubewake: " + err.Error()}
	if e, ok := errors.AsType[*engine.Error](err); ok {
		lines = append(lines, advice(e, filter)...)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		lines = append(lines, "See "+command+" --help.")
	}
	_, _ = fmt.Fprintln(w, strings.Join(lines, "\n")) // nobody is left to tell
}

// mostCandidates bounds the objects listed with an ambiguous name.
const mostCandidates = 20

func advice(e *engine.Error, filter string) []string {
	var lines []string
	if e.Column > 0 && filter != "" {
		lines = append(lines, pointAt(filter, e.Line, e.Column)...)
	}
	for i, candidate := range e.Candidates {
		if i == mostCandidates {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(e.Candidates)-i))
			break
		}
		lines = append(lines, "  "+candidate)
	}
	if e.Coverage != nil {
		for i := range e.Coverage.Gaps {
			lines = append(lines, "  "+e.Coverage.Gaps[i].Sentence)
		}
	}
	switch e.Kind {
	case engine.KindAmbiguous:
		lines = append(lines, "Say which with --cluster, -n, kind.group/name or --uid.")
	case engine.KindNotFound:
		lines = append(lines, "kubewake objects lists what is recorded.")
	case engine.KindNotCovered:
		lines = append(lines, "kubewake coverage tells what the recording holds.")
	case engine.KindTooMuch:
		lines = append(lines, "Narrow the question: --from and --to, --cluster, --limit.")
	}
	return lines
}

// pointAt shows the line of a filter with a caret below the column.
func pointAt(filter string, line, column int) []string {
	rows := strings.Split(filter, "\n")
	if line < 1 || line > len(rows) {
		line = 1
	}
	return []string{"  " + rows[line-1], "  " + strings.Repeat(" ", column-1) + "^"}
}

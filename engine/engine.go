// SPDX-License-Identifier: Apache-2.0

// Package engine is the questions as an interface for faces, and the answers as values.
//
// A face decodes, asks an [Engine], encodes; it decides nothing. engine/local answers from a store, engine/remote
// asks a running server. The answers' JSON is the documented, stable form of the command line and of /api/v1.
package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubewake/kubewake/query"
)

// Engine answers questions. Methods may be called concurrently and stop when ctx ends.
type Engine interface {
	// Info says what is recorded: clusters, spans, sizes.
	Info(ctx context.Context) (*Info, error)
	Objects(ctx context.Context, q query.Objects) (*Objects, error)
	History(ctx context.Context, q query.History) (*History, error)
	State(ctx context.Context, q query.State) (*State, error)
	Diff(ctx context.Context, q query.Diff) (*Diff, error)
	Blame(ctx context.Context, q query.Blame) (*Blame, error)
	// Search calls emit for each hit in order; an error of emit ends the search and is returned.
	Search(ctx context.Context, q query.Search, emit func(*Hit) error) (*SearchEnd, error)
	Coverage(ctx context.Context, q query.Coverage) (*Coverage, error)
	Stat(ctx context.Context, q query.Stat) (*Stat, error)
	Links(ctx context.Context, q query.Links) (*Links, error)
	Tree(ctx context.Context, q query.Tree) (*Tree, error)
	Trace(ctx context.Context, q query.Trace) (*Trace, error)
	Traces(ctx context.Context, q query.Traces) (*Traces, error)
	// Services are the words that Traces takes for a mode with its modifier, and the clusters.
	Services(ctx context.Context) (*Services, error)
	// Dependencies counts the links between kinds of objects.
	Dependencies(ctx context.Context, q query.Dependencies) (*Dependencies, error)

	// What pictures are drawn from: the rows of a timeline, what stands in them, one record of it, how much happened, what fails.
	Rows(ctx context.Context, q query.Rows) (*Rows, error)
	Lanes(ctx context.Context, q query.Lanes) (*Lanes, error)
	Entry(ctx context.Context, q query.Entry) (*OneEntry, error)
	Activity(ctx context.Context, q query.Activity) (*Activity, error)
	Failing(ctx context.Context, q query.Failing) (*Failing, error)
	// Follow calls emit once at its begin and then whenever something was recorded, until ctx ends or emit fails.
	Follow(ctx context.Context, q query.Follow, emit func(*Tick) error) error
}

// ErrorKind sorts what can go wrong, for faces to map on status codes and exit statuses.
type ErrorKind string

// The kinds of error.
const (
	KindBadQuestion ErrorKind = "bad-question" // the question can not be understood
	KindNotFound    ErrorKind = "not-found"    // no such object, cluster, revision
	KindAmbiguous   ErrorKind = "ambiguous"    // several objects match; Candidates names them
	KindNotCovered  ErrorKind = "not-covered"  // the recording does not reach there
	KindTooMuch     ErrorKind = "too-much"     // a cost limit was reached
)

// Error is an error that the asker can do something about. Other errors are ours.
type Error struct {
	Kind       ErrorKind `json:"kind"`
	Message    string    `json:"message"`
	Column     int       `json:"column,omitempty"` // 1-based, in the filter
	Line       int       `json:"line,omitempty"`
	Candidates []string  `json:"candidates,omitempty"`
	Coverage   *Coverage `json:"coverage,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error of a kind.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// KindOf gives the kind of err, or "" for an error that is ours.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

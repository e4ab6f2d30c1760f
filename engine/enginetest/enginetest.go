// SPDX-License-Identifier: Apache-2.0

// Package enginetest has an engine of fixed answers, for the tests of faces.
//
// The answers are one of each type with every member set, so that a face that forgets one shows.
package enginetest

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Fake answers every question of a kind alike, and keeps the questions. The zero value answers.
type Fake struct {
	// Err is returned by every method but Info, where it is set; Search first emits FailAfter hits.
	Err       error
	FailAfter int

	mu        sync.Mutex // guards below
	questions []any
}

var _ engine.Engine = (*Fake)(nil)

// Questions asked so far, oldest first, as values of package query; Info asks none.
func (f *Fake) Questions() []any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]any(nil), f.questions...)
}

func (f *Fake) asked(q any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.questions = append(f.questions, q)
}

func answer[T any](f *Fake, q any, a *T) (*T, error) {
	f.asked(q)
	if f.Err != nil {
		return nil, f.Err
	}
	return a, nil
}

// Info answers with Info().
func (f *Fake) Info(context.Context) (*engine.Info, error) { return Info(), nil }

// Objects answers with Objects().
func (f *Fake) Objects(_ context.Context, q query.Objects) (*engine.Objects, error) {
	return answer(f, q, Objects())
}

// History answers with History().
func (f *Fake) History(_ context.Context, q query.History) (*engine.History, error) {
	return answer(f, q, History())
}

// State answers with State().
func (f *Fake) State(_ context.Context, q query.State) (*engine.State, error) {
	return answer(f, q, State())
}

// Diff answers with Diff().
func (f *Fake) Diff(_ context.Context, q query.Diff) (*engine.Diff, error) {
	return answer(f, q, Diff())
}

// Blame answers with Blame().
func (f *Fake) Blame(_ context.Context, q query.Blame) (*engine.Blame, error) {
	return answer(f, q, Blame())
}

// Search emits Hits() and answers with SearchEnd().
func (f *Fake) Search(_ context.Context, q query.Search, emit func(*engine.Hit) error) (*engine.SearchEnd, error) {
	f.asked(q)
	for i, hit := range Hits() {
		if f.Err != nil && i >= f.FailAfter {
			return nil, f.Err
		}
		if err := emit(hit); err != nil {
			return nil, err
		}
	}
	if f.Err != nil {
		return nil, f.Err
	}
	return SearchEnd(), nil
}

// Coverage answers with Coverage().
func (f *Fake) Coverage(_ context.Context, q query.Coverage) (*engine.Coverage, error) {
	return answer(f, q, Coverage())
}

// Stat answers with Stat().
func (f *Fake) Stat(_ context.Context, q query.Stat) (*engine.Stat, error) {
	return answer(f, q, Stat())
}

// At is a moment of the recording that the answers tell of: so many milliseconds after 14:00:00 UTC.
func At(ms int) *time.Time {
	t := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	return &t
}

func raw(s string) json.RawMessage { return json.RawMessage(s) }

func when(ms int) engine.When {
	return engine.When{At: At(ms), NotBefore: At(ms - 7), NotAfter: At(ms)}
}

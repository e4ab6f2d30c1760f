// SPDX-License-Identifier: Apache-2.0

// Package extend is an engine that adds to the traces of another the spans that other systems have: of the apiserver's own tracing, of a
// kubelet, of an application. They are asked for when a trace is, and kept nowhere.
//
// [New] wraps an engine; only Trace differs. What does not answer in time leaves its spans out, and the trace's notes say so.
package extend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
)

// Engine is an engine with extended traces. It keeps no state but the connections of its clients.
type Engine struct {
	engine.Engine // answers all questions; Trace below adds to its answers

	settings Settings
	sources  []*source
	turns    chan struct{} // one for each question under way, of all traces together
}

// New checks the settings and reads the files that they name. Without sources it gives inner itself.
func New(inner engine.Engine, s Settings) (engine.Engine, error) {
	if len(s.From) == 0 {
		return inner, nil
	}
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return nil, err
	}
	e := &Engine{Engine: inner, settings: s, turns: make(chan struct{}, s.Concurrent)}
	for i := range s.From {
		src, err := open(&s.From[i], s.Concurrent)
		if err != nil {
			return nil, fmt.Errorf("extensions: %s: %w", s.From[i].Name, err)
		}
		e.sources = append(e.sources, src)
	}
	return e, nil
}

// Trace adds what the sources have under the spans that they were asked about. It takes at most the configured time longer, and never more
// than half of what is left of ctx. Who wants a single span wants the trace's ID, and gets it without delay.
func (e *Engine) Trace(ctx context.Context, q query.Trace) (*engine.Trace, error) {
	answer, err := e.Engine.Trace(ctx, q)
	if err != nil || len(answer.Spans) == 0 || q.Limit == 1 {
		return answer, err
	}
	asked := e.questions(answer.Spans)
	if len(asked.list) == 0 && asked.unspoken == 0 {
		return answer, nil
	}
	limit := time.Duration(e.settings.Timeout)
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	inTime, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e.ask(inTime, asked.list)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	extended := *answer
	g := graft{spans: slices.Clone(answer.Spans), room: e.settings.Spans}
	g.begin()
	for _, question := range asked.list {
		g.add(question)
	}
	extended.Spans = g.spans
	extended.Notes = append(slices.Clone(answer.Notes), e.notes(asked, &g)...)
	return &extended, nil
}

// question is one URL to ask, for one span.
type question struct {
	source *source
	url    string
	values values
	span   trace.SpanID // under which the answer goes
	start  time.Time    // of what is asked about
	// The answer: spans, or why there are none. Both where a part came.
	found []foreign
	err   error
}

// questions are what is to be asked for a trace, and what is not.
type questions struct {
	list     []*question
	left     int // beyond the limit
	unspoken int // with a value that no URL may take
}

// questions goes over the spans for each source in turn, so that none takes all the room.
func (e *Engine) questions(spans []trace.Span) questions {
	var out questions
	each := make([][]*question, len(e.sources))
	for i, src := range e.sources {
		seen := map[string]bool{}
		for t := range targetsOf(spans, src.settings.For) {
			if !src.wants(t) {
				continue
			}
			values := t.values(time.Duration(src.settings.Around))
			url, err := src.url.expand(values)
			switch {
			case errors.Is(err, errUnspoken):
				out.unspoken++
			case err == nil && !seen[url]:
				seen[url] = true
				each[i] = append(each[i], &question{source: src, url: url, values: values, span: t.span, start: t.start})
			}
		}
	}
	for n, more := 0, true; more; n++ {
		more = false
		for _, list := range each {
			if n >= len(list) {
				continue
			}
			more = true
			if len(out.list) == e.settings.Questions {
				out.left++
				continue
			}
			out.list = append(out.list, list[n])
		}
	}
	return out
}

// ask asks all questions, several at once, until ctx ends.
func (e *Engine) ask(ctx context.Context, list []*question) {
	var group errgroup.Group
	group.SetLimit(e.settings.Concurrent)
	for _, q := range list {
		group.Go(func() error {
			select {
			case e.turns <- struct{}{}:
				defer func() { <-e.turns }()
				q.found, q.err = q.source.ask(ctx, q.url, q.values)
			case <-ctx.Done():
				q.err = ctx.Err()
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are the questions'
}

// notes say what is missing, source by source.
func (e *Engine) notes(asked questions, g *graft) []string {
	var notes []string
	for _, src := range e.sources {
		total, failed, late := 0, 0, 0
		var first error
		for _, q := range asked.list {
			if q.source != src {
				continue
			}
			total++
			switch {
			case q.err == nil:
			case errors.Is(q.err, context.DeadlineExceeded):
				late++
			default:
				failed++
				if first == nil {
					first = q.err
				}
			}
		}
		if late > 0 {
			notes = append(notes, fmt.Sprintf("extension %s: %d of %d questions were not answered in time", src.settings.Name, late, total))
		}
		if failed > 0 {
			notes = append(notes, fmt.Sprintf("extension %s: %d of %d questions failed, the first one because %s", src.settings.Name, failed, total, first))
		}
	}
	if asked.left > 0 {
		notes = append(notes, fmt.Sprintf("extensions: %d questions were not asked, %d at most for one trace", asked.left, e.settings.Questions))
	}
	if asked.unspoken > 0 {
		notes = append(notes, fmt.Sprintf("extensions: %d questions were not asked, they hold quotes or other letters that could change their meaning", asked.unspoken))
	}
	if g.left > 0 {
		notes = append(notes, fmt.Sprintf("extensions: %d spans are left out, %d at most for one trace", g.left, e.settings.Spans))
	}
	return notes
}

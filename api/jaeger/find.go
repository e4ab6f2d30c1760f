package jaeger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
)

// maxResults of one search, as many as Jaeger UI lets its users ask for.
const maxResults = 1500

// modeOf splits what the search box calls a service: "tracing owned" is the mode "tracing" with the modifier "owned".
func modeOf(service string) (mode, modifier string) {
	mode, modifier, _ = strings.Cut(strings.TrimSpace(service), " ")
	return mode, strings.TrimSpace(modifier)
}

// windowOf makes a window of two times. Times at or before 1970 stand for unset: protobuf's zero Go time is in year 1, Jaeger's in 1970.
func windowOf(from, to time.Time) (query.Window, error) {
	var w query.Window
	if from.Unix() > 0 {
		w.From = from.UTC()
	}
	if to.Unix() > 0 {
		w.To = to.UTC()
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		return w, badParam("the search ends at %s, before it begins at %s", w.To.Format(time.RFC3339), w.From.Format(time.RFC3339))
	}
	return w, nil
}

// checked bounds a search. Without a limit it is Jaeger's own default.
func checked(q query.Traces) (query.Traces, error) {
	if q.MinDuration != 0 && q.MaxDuration != 0 && q.MaxDuration < q.MinDuration {
		return q, badParam("'maxDuration' should be greater than 'minDuration'")
	}
	if q.MinDuration < 0 || q.MaxDuration < 0 {
		return q, badParam("a duration is negative")
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, maxResults)
	return q, nil
}

// find asks which objects have a trace. What is not there, such as a cluster, is an empty answer, as Jaeger has it.
func (f *Face) find(ctx context.Context, q query.Traces) (*engine.Traces, error) {
	q, err := checked(q)
	if err != nil {
		return nil, err
	}
	found, err := f.config.Engine.Traces(ctx, q)
	if engine.KindOf(err) == engine.KindNotFound {
		return &engine.Traces{Cut: err.Error()}, nil
	}
	return found, err
}

// traceByID draws the trace that an ID names. An ID that says nothing to us is one that was not found.
func (f *Face) traceByID(ctx context.Context, id trace.ID) (*trace.Trace, error) {
	answer, err := f.config.Engine.Trace(ctx, query.Trace{ID: id.String()})
	switch engine.KindOf(err) {
	case "":
	case engine.KindBadQuestion, engine.KindNotFound, engine.KindNotCovered:
		return nil, fmt.Errorf("%w: %s", errNoTrace, err.Error())
	}
	if err != nil {
		return nil, err
	}
	if len(answer.Spans) == 0 {
		return nil, fmt.Errorf("%w: nothing was recorded in its time", errNoTrace)
	}
	return noted(answer), nil
}

// noted gives the trace with all that is to be said about it in its notes.
func noted(a *engine.Trace) *trace.Trace {
	t := a.Trace
	t.Notes = append([]string(nil), t.Notes...)
	for _, s := range []string{a.Cut, a.Pending} {
		if s != "" {
			t.Notes = append(t.Notes, s)
		}
	}
	return &t
}

// findTraces draws what was found, newest first, and calls emit for each. Within its bounds of time and spans they are whole, beyond them
// each is one span that says so, with the same ID. cut says what the search itself left out.
func (f *Face) findTraces(ctx context.Context, q query.Traces, emit func(*trace.Trace) error) (cut string, err error) {
	drawing, cancel := context.WithTimeout(ctx, f.drawFor(ctx))
	defer cancel()
	found, err := f.find(ctx, q)
	if err != nil {
		return "", err
	}
	spans := 0
	for _, result := range found.Found {
		t, err := f.draw(drawing, result, spans)
		if err != nil && ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			return "", err
		}
		spans += len(t.Spans)
		if err := emit(t); err != nil {
			return "", err
		}
	}
	return found.Cut, nil
}

// drawFor leaves a part of the asker's time for sending.
func (f *Face) drawFor(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return f.config.SearchFor
	}
	return min(f.config.SearchFor, time.Until(deadline)*6/10)
}

// draw gives one result of a search, behind so many spans of others.
func (f *Face) draw(ctx context.Context, result engine.TraceFound, before int) (*trace.Trace, error) {
	id, err := trace.ParseID(result.ID)
	if err != nil {
		return nil, fmt.Errorf("result of a search: %w", err)
	}
	if before >= f.config.SearchSpans {
		return sketch(id, result, fmt.Sprintf("the answer to this search has %d spans already", before)), nil
	}
	if ctx.Err() != nil {
		return sketch(id, result, "the search had no more time to draw it"), nil
	}
	t, err := f.traceByID(ctx, id)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return sketch(id, result, "the search had no more time to draw it"), nil
	case errors.Is(err, errNoTrace): // retention may have taken it in between
		return sketch(id, result, "it is gone, "+err.Error()), nil
	case engine.KindOf(err) == engine.KindTooMuch:
		return sketch(id, result, err.Error()), nil
	}
	return t, err
}

// sketch is a trace of one span for what was found and not drawn.
func sketch(id trace.ID, found engine.TraceFound, why string) *trace.Trace {
	var span trace.SpanID
	copy(span[:], id[len(id)-len(span):])
	span[0] = 0xff // no span of the real trace, which may be shown beside it
	note := "Not drawn: " + why + ". By its ID (reload its page) it is asked for anew, alone."
	return &trace.Trace{ID: id, Notes: []string{note}, Spans: []trace.Span{{
		ID: span, Service: found.Object.Resource, Name: nameOf(found.Object), Start: found.First, End: found.Last, Failed: found.Failed > 0,
		Attrs: []trace.Attr{
			{Key: "cluster", Value: found.Object.Cluster}, {Key: "kubewake.failed", Value: int64(found.Failed)},
			{Key: "kubewake.note", Value: note}, {Key: "kubewake.records", Value: int64(found.Records)},
		},
	}}}
}

// nameOf is what a trace calls an object's operation.
func nameOf(o engine.Ref) string {
	if o.Namespace == "" {
		return o.Name
	}
	return o.Namespace + "/" + o.Name
}

func isNoTrace(err error) bool { return errors.Is(err, errNoTrace) }

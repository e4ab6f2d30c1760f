package local

import (
	"context"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/timeline"
)

// marks tells the records of a history one by one, and counts them where they are too dense for that.
func (ln *laning) marks(ctx context.Context, h *history, life *index.Life, shared *index.Shared, out *engine.Lane) error {
	points := make([]timeline.Point, len(h.entries))
	for i := range h.entries {
		points[i] = pointOf(&h.entries[i])
		out.Records++
		if points[i].Failed {
			out.Failed++
		}
	}
	single, counts := timeline.Columns(points, ln.frame)
	for _, c := range counts {
		out.Bins = append(out.Bins, laneBin(c))
	}
	byRV := stateIndex(life)
	for _, i := range single {
		p := &h.entries[i]
		m := markOf(&p.entry, p.at)
		if rev := p.entry.Revision; rev != nil {
			if n, ok := byRV[stateKey{rev.ResourceVersion, rev.Epoch}]; ok {
				if err := life.Fill(ctx, ln.reading.e.st, shared, n-1, n+1); err != nil {
					return err
				}
				m.Text = revisionSummary(life, n, nil)
			}
		}
		out.Marks = append(out.Marks, m)
	}
	return nil
}

func laneBin(c timeline.Counts) engine.LaneBin {
	return engine.LaneBin{Bin: int(c.Column), Changes: c.Changes, Reads: c.Reads, Failed: c.Failed, Normal: c.Normal, Warning: c.Warning, Spans: c.Span, Gaps: c.Gap}
}

// pointOf is how an entry of a history is counted.
func pointOf(p *placed) timeline.Point {
	e := &p.entry
	out := timeline.Point{At: micros(p.at), Failed: failed(e)}
	switch {
	case e.Event != nil && e.Event.Type == "Warning":
		out.Kind = timeline.Warning
	case e.Event != nil:
		out.Kind = timeline.Normal
	case e.Span != nil:
		out.Kind = timeline.Span
	case e.Gap != nil:
		out.Kind = timeline.Gap
	case p.read:
		out.Kind = timeline.Read
	}
	return out
}

// failed reports whether an entry is of a request that was refused, or a span that tells an error.
func failed(e *engine.Entry) bool {
	return e.Code >= 400 || e.Span != nil && e.Span.Status == "error"
}

// markOf is one entry as it is drawn at a moment.
func markOf(e *engine.Entry, at time.Time) engine.Mark {
	m := engine.Mark{ID: e.ID, At: engine.MomentOf(at), Kind: e.Kind, Verb: e.Verb, Sub: e.Subresource, Code: e.Code, Failed: failed(e), Text: e.Summary,
		NoOp: isNoOp(e.Summary)}
	if e.Actor != nil {
		m.Who = e.Actor.User
	}
	var until time.Time
	switch q := requestIn(e); {
	case q != nil:
		until = q.ReceivedAt.Add(time.Duration(q.LatencyMS * float64(time.Millisecond)))
	case e.Event != nil:
		m.Severity, m.Who = e.Event.Type, e.Event.Source
	case e.Span != nil:
		m.Who, until = e.Span.Service, *timeOr(e.Span.End)
	}
	if until.After(at) {
		m.Until = engine.MomentOf(until)
	}
	return m
}

// isNoOp reports whether a summary says that a request changed nothing.
func isNoOp(summary string) bool { return summary == "no-op" || strings.HasSuffix(summary, ", no-op") }

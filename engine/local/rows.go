package local

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Rows gives the objects of a set that were there in the window, each below its owner. It costs what a list of the objects, a tree or a
// search does, and the clock's word on each row: no state is read, but to choose among several owners and by label.
//
// What was only refused has no UID and no row: it is told beside them, for a look at the head of each write in the window to a name that has none.
func (e *Engine) Rows(ctx context.Context, q query.Rows) (*engine.Rows, error) {
	limit := cmp.Or(max(q.Limit, 0), e.limits.Lanes)
	s, err := e.set(ctx, q.Set, q.Window, limit)
	if err != nil {
		return nil, err
	}
	var out *engine.Rows
	var refused *engine.Refusals
	f := newRefusals(s)
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		refused, err = e.refused(within, q, f)
		return err
	})
	group.Go(func() (err error) {
		out, err = s.rows(within, limit)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out.Refused = refused
	return out, nil
}

// rows tells the members in their order, as many as a limit leaves.
func (s *objectSet) rows(ctx context.Context, limit int) (*engine.Rows, error) {
	if s.tree == nil {
		if err := s.order(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	out := &engine.Rows{Rows: []engine.Row{}, Total: s.total, Cut: s.cut, Pending: s.pending}
	shown := s.members[:min(limit, len(s.members))]
	if len(shown) < s.total || s.full {
		out.Cut = joinCuts(fmt.Sprintf("showing %d of %s", len(shown), atLeast(s.total, s.cut != "" && !s.counted)), s.cut)
	}
	if out.Rows, err = s.e.rows(ctx, shown); err != nil {
		return nil, err
	}
	out.From, out.To = s.bounds(out.Rows)
	out.Coverage, err = s.coverage(ctx)
	return out, err
}

func atLeast(n int, more bool) string {
	if more {
		return "at least " + itoa(n)
	}
	return itoa(n)
}

func joinCuts(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// rows tells the times of members, on all cores where there are many.
func (e *Engine) rows(ctx context.Context, list []member) ([]engine.Row, error) {
	out := make([]engine.Row, len(list))
	err := inParallel(len(list), nil, func(from, to int) error {
		spans := e.spans()
		for i := from; i < to; i++ {
			row, err := rowOf(ctx, spans, &list[i])
			if err != nil {
				return err
			}
			out[i] = row
		}
		return nil
	})
	return out, err
}

func rowOf(ctx context.Context, spans *spans, m *member) (engine.Row, error) {
	row := engine.Row{Ref: refOf(m.ref), Parent: m.parent, Via: m.via}
	row.Cluster = string(m.key.Cluster)
	if m.entry == nil {
		row.Stub = !m.ref.GroupResource().IsEvents()
		return row, nil
	}
	if m.event != nil { // its states tell their own times
		row.Created, row.First, row.Last = engine.MomentOf(m.entry.CreatedAt), engine.MomentOf(m.entry.FirstAt), engine.MomentOf(m.entry.LastAt)
		return row, nil
	}
	s, err := spans.of(ctx, m.entry)
	row.Created, row.First, row.Last = engine.MomentOf(m.entry.CreatedAt), engine.MomentOf(s.first), engine.MomentOf(s.last)
	if row.Over = m.entry.Ended; row.Over {
		row.Ended = engine.MomentOf(s.end)
	}
	return row, err
}

// bounds is the window asked for; an open end is that of what is recorded: of the rows, or where everything is asked for of the clusters.
func (s *objectSet) bounds(rows []engine.Row) (from, to engine.Moment) {
	w := s.recorded()
	if s.narrowed() && len(rows) > 0 {
		first, last := time.Time{}, time.Time{}
		for i := range rows {
			first, last = earliest(first, rows[i].First.Time()), latest(last, rows[i].Last.Time())
		}
		if !first.IsZero() && !last.IsZero() {
			w = query.Window{From: first, To: last.Add(time.Microsecond)}
		}
	}
	if !s.w.From.IsZero() {
		w.From = s.w.From
	}
	if !s.w.To.IsZero() {
		w.To = s.w.To
	}
	return engine.MomentOf(w.From), engine.MomentOf(w.To)
}

// recorded is from the first to behind the last record of the clusters, in whole microseconds.
func (s *objectSet) recorded() (w query.Window) {
	for _, c := range s.clusters {
		if !c.First.IsZero() {
			w.From = earliest(w.From, c.First.Truncate(time.Microsecond))
		}
		if !c.Last.IsZero() {
			w.To = latest(w.To, c.Last.Truncate(time.Microsecond).Add(time.Microsecond))
		}
	}
	return w
}

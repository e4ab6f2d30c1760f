package local

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// maxStretches bounds the stretches of one lane.
const maxStretches = 100

// addGaps finds the times in which a resource could not be seen in a namespace, once for all its lanes.
func (ln *laning) addGaps(ctx context.Context, scope watchScope) error {
	if _, known := ln.gaps[scope]; known {
		return nil
	}
	e := ln.reading.e
	if ln.sighted == nil {
		var err error
		if ln.sighted, err = e.sight(ctx, ln.cluster.Name, ln.q.Window, ln.reading.watches); err != nil {
			return err
		}
	}
	cov := newCoverage(e.limits.Gaps)
	cov.known = ln.sighted
	if err := e.windowGaps(ctx, cov, ln.cluster, ln.q.Window, []record.GroupResource{scope.resource}, scope.namespace); err != nil {
		return err
	}
	ws, err := ln.reading.watches()
	if err != nil {
		return err
	}
	list := []engine.Gap{}
	for _, g := range cov.done(false).Gaps {
		if hides(&g, ws.listed[asOneEvents(scope.resource)]) {
			list = append(list, g)
		}
	}
	ln.gaps[scope] = list
	return nil
}

// hides reports whether in the time of a gap states of the resource may have been missed. A gap that only takes away who made them, or of which
// no bounds are known, is told by coverage and not drawn.
func hides(g *engine.Gap, watched bool) bool {
	switch g.Reason {
	case "before-recording", "after-recording", "floor":
		return true
	case "epoch", "incarnation", "not-audited", "truncated":
		return false
	case "not-watched": // between two runs of watches, not that there is none
		return g.FromRV != ""
	case "level":
		return !watched
	}
	return g.From != nil && g.To != nil
}

// unknown gives the stretches of the window in which an object that lived from begin to end could not be seen; zero times are not known.
func (ln *laning) unknown(entry *store.Entry, begin, end time.Time) []engine.Stretch {
	w := lifeSpan(entry, begin, end, ln.q.Window, ln.cluster)
	var out []engine.Stretch
	for _, g := range ln.gaps[watchScope{entry.Ref.GroupResource(), entry.Ref.Namespace}] {
		from, to := latest(w.From, *timeOr(g.From)), earliest(w.To, *timeOr(g.To))
		if from.Before(to) {
			out = append(out, engine.Stretch{From: engine.MomentOf(from), To: engine.MomentOf(to), Reason: g.Reason, Sentence: g.Sentence})
		}
	}
	return out
}

// lifeSpan is the part of a window in which an object can have been: what was before its creation and after its end is no gap.
func lifeSpan(entry *store.Entry, begin, end time.Time, w query.Window, c store.ClusterInfo) query.Window {
	if !entry.Created || begin.IsZero() { // creationTimestamps are cut to seconds
		begin = entry.CreatedAt
	}
	w.From = latest(w.From, begin)
	if !end.IsZero() && (w.To.IsZero() || w.To.After(end)) {
		w.To = earliest(end, c.Last) // the last request ends after it was received
	}
	return w
}

func firstNotBefore(life *index.Life) time.Time {
	if len(life.When) == 0 {
		return time.Time{}
	}
	return life.When[0].NotBefore
}

// endShown is when a life ended; zero where it has not, or that is not known.
func endShown(life *index.Life) time.Time {
	if life.End == nil {
		return time.Time{}
	}
	return shown(life.EndWhen)
}

// losses adds the stretches between states of which the records show that others lay between them.
func (ln *laning) losses(h *history, life *index.Life, out *engine.Lane) {
	if n := len(life.Epochs); n == 0 || life.Epochs[n-1] != life.Epochs[0] {
		return
	}
	type bounds struct{ from, to engine.Moment }
	seen := map[bounds]bool{}
	for _, loss := range life.Losses {
		if loss.Kind != join.MissingRevision || loss.FromRV == 0 {
			continue
		}
		from, to := ln.lossBounds(h, life, loss)
		from, to = latest(from, ln.q.Window.From), earliest(to, ln.q.Window.To)
		b := bounds{engine.MomentOf(from), engine.MomentOf(to)}
		if b.from < b.to && !seen[b] {
			seen[b] = true
			out.Unknown = append(out.Unknown, engine.Stretch{From: b.from, To: b.to, Reason: string(loss.Kind), Sentence: loss.Sentence})
		}
	}
	slices.SortStableFunc(out.Unknown, func(a, b engine.Stretch) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	if more := len(out.Unknown) - maxStretches; more > 0 {
		out.Unknown = out.Unknown[:maxStretches]
		out.Cut = cmp.Or(out.Cut, itoa(more)+" more stretches of it are not known")
	}
}

// lossBounds gives the moments of the states around a loss; zero: open.
func (ln *laning) lossBounds(h *history, life *index.Life, loss join.Loss) (from, to time.Time) {
	for i := range life.States {
		switch rv := life.States[i].RV; {
		case rv < loss.FromRV, rv == loss.FromRV && loss.ToRV != loss.FromRV:
			from = h.got.at(life, i)
		case to.IsZero() && (rv > loss.FromRV && loss.ToRV != 0 && rv >= loss.ToRV):
			to = h.got.at(life, i)
		}
	}
	if to.IsZero() {
		to = endShown(life)
	}
	return from, to
}

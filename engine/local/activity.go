package local

import (
	"cmp"
	"context"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

const (
	activityBins = 240
	maxBins      = 4096
	maxTop       = 1000
)

// Activity counts what happened in a window. It costs one look at the head of each request in it, on all cores, and one at each Event;
// of requests no more than the heads is decoded but of deletions and of what is listed. The same question asked again costs nothing until more is recorded.
//
// A change counts once. Where writes to a resource were audited, it is the successful request that asked for it and was no dry run; elsewhere it
// is the revision or the end that a watch told of. What no object is (reviews, tokens) is no change, nor is an Event, and renewed leases count only
// where leases are asked for. A get of what is not there did not fail.
func (e *Engine) Activity(ctx context.Context, q query.Activity) (*engine.Activity, error) {
	asked := e.asked("activity", q)
	if answer, ok := asked.answer().(*engine.Activity); ok {
		return answer, nil
	}
	out, pending, err := e.activity(ctx, q)
	if err == nil && out.Cut == "" && pending == "" {
		asked.keep(out)
	}
	return out, err
}

// activity counts; pending says why the set may be incomplete.
func (e *Engine) activity(ctx context.Context, q query.Activity) (out *engine.Activity, pending string, err error) {
	asked := cmp.Or(max(q.Top, 0), e.limits.Rows)
	a := &activity{e: e, q: q, top: min(asked, maxTop), deadline: e.deadline()}
	if a.scope, err = e.scope(ctx, q.Set, q.Window); err != nil {
		return nil, "", err
	}
	set := a.scope.set
	a.frame(min(cmp.Or(max(q.Bins, 0), activityBins), maxBins))
	total := newTallies(a)
	if a.width > 0 {
		if err := a.scan(ctx, total); err != nil {
			return nil, "", err
		}
	}
	out = &engine.Activity{From: engine.MomentOf(a.from), To: engine.MomentOf(a.to), Bin: a.width, Bins: total.filled(), Records: total.records, Cut: joinCuts(set.cut, a.cut(total))}
	if err := a.tell(ctx, total, out); err != nil {
		return nil, "", err
	}
	if asked > a.top && max(len(out.Objects), len(out.Actors), len(out.Errors), len(out.People)) == a.top {
		out.Cut = joinCuts("lists have "+itoa(maxTop)+" lines at most: narrow the set or the window", out.Cut)
	}
	out.Coverage, err = set.coverage(ctx)
	return out, set.pending, err
}

// activity is one count under way.
type activity struct {
	e        *Engine
	q        query.Activity
	top      int
	scope    *scope
	from, to time.Time // the window, and where the question leaves it open what is recorded
	width    int64     // of a column, in microseconds; zero: there is no time to count in
	bins     int
	deadline deadline
	looked   looked
}

// frame divides the window in columns.
func (a *activity) frame(bins int) {
	s := a.scope.set
	w := s.recorded()
	if !s.w.From.IsZero() {
		w.From = s.w.From
	}
	if !s.w.To.IsZero() {
		w.To = s.w.To
	}
	a.from, a.to, a.bins = w.From, w.To, bins
	if w.From.IsZero() || !w.From.Before(w.To) {
		return
	}
	span := int64(engine.MomentOf(w.To) - engine.MomentOf(w.From))
	a.width = max(1, (span+int64(bins)-1)/int64(bins))
}

// bin gives the column of a moment; false: it lies outside of the window.
func (a *activity) bin(at time.Time) (int, bool) {
	if at.IsZero() || at.Before(a.from) || !at.Before(a.to) {
		return 0, false
	}
	return min(int(int64(engine.MomentOf(at)-engine.MomentOf(a.from))/a.width), a.bins-1), true
}

// cut says what a limit left out.
func (a *activity) cut(t *tallies) string {
	cut := a.looked.cut()
	if t.left > 0 {
		cut = joinCuts(cut, "there are more objects, users or errors than are counted apart: narrow the set or the window")
	}
	return cut
}

// between is the window as the store takes it.
func (a *activity) between() store.TimeRange { return store.TimeRange{From: a.from, To: a.to} }

// tell fills in the lists.
func (a *activity) tell(ctx context.Context, total *tallies, out *engine.Activity) error {
	t := a.e.telling()
	var err error
	if out.Objects, err = total.topObjects(ctx, t, a.top); err != nil {
		return err
	}
	out.Actors = total.topActors(a.top)
	if out.Errors, err = total.topErrors(ctx, t, a.top); err != nil {
		return err
	}
	out.People, err = a.e.peopleTold(ctx, total.topPeople(a.top))
	return err
}

// changes reports whether writes to a resource count as changes.
func (a *activity) changes(gr record.GroupResource) bool {
	q := &a.scope.set.q
	return isChangeable(gr) && (!isLease(gr) || q.Kind != "" || q.HasObject())
}

// isChangeable reports whether what is written to a resource changes an object.
func isChangeable(gr record.GroupResource) bool {
	return !gr.IsEvents() && gr.Resource != "" && gr.Group != "authentication.k8s.io" && gr.Group != "authorization.k8s.io"
}

// isLease reports whether a resource is renewed every few seconds to tell that somebody is there.
func isLease(gr record.GroupResource) bool {
	return gr.Group == "coordination.k8s.io" && gr.Resource == "leases"
}

package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// objectCoverage tells what could not be seen of one object.
func (e *Engine) objectCoverage(ctx context.Context, q query.Coverage) (*engine.Coverage, error) {
	o := q.Object
	if o.Cluster == "" {
		o.Cluster = q.Cluster
	}
	if o.Kind == "" {
		o.Kind = q.Kind
	}
	t, err := e.resolve(ctx, o, q.Window.To)
	if err != nil {
		return nil, err
	}
	cov := newCoverage(e.limits.Gaps)
	if t.meant < 0 {
		err := e.nameGaps(ctx, cov, t, q.Window)
		return cov.done(false), err
	}
	life, err := e.life(ctx, t.entry(), index.Bounds{})
	if err != nil {
		return nil, err
	}
	lossGaps(cov, life, 0, len(life.States)-1)
	if err := e.lifeGaps(ctx, cov, life, t.info, q.Window); err != nil {
		return nil, err
	}
	return cov.done(chained(life, len(life.States)-1)), nil
}

// nameGaps tells what could not be seen of a name of which only requests were recorded.
func (e *Engine) nameGaps(ctx context.Context, cov *coverage, t *target, w query.Window) error {
	if !t.resource.IsEvents() { // their states are event records
		cov.add(engine.Gap{Reason: "missing-revision", Scope: t.ref(),
			Sentence: "Of this name only requests were recorded, none of its states: it never existed, or the audit level left its states out."})
	}
	return e.windowGaps(ctx, cov, t.info, w, []record.GroupResource{t.resource}, t.namespace)
}

// coverage tells what a history could not see, and places the gaps among its entries.
func (h *history) coverage(ctx context.Context) error {
	if len(h.loaded) == 0 {
		return h.e.nameGaps(ctx, h.cov, h.target, h.q.Window)
	}
	for _, l := range h.loaded {
		lossGaps(h.cov, l, 0, len(l.States)-1)
		if err := h.e.lifeGaps(ctx, h.cov, l, h.target.info, h.q.Window); err != nil {
			return err
		}
	}
	return nil
}

// addLosses places what the records show to be missing.
func (h *history) addLosses(l *index.Life) {
	if l.Entry.Ref.GroupResource().IsEvents() {
		return // their states are event records
	}
	for _, loss := range l.Losses {
		gap := lossGap(l, loss)
		p := placed{rank: rankGap, rv: loss.ToRV, entry: engine.Entry{ID: gapID(gap), Kind: "gap", UID: string(l.Entry.Ref.UID),
			Summary: gap.Sentence, Gap: &gap}}
		var w index.Interval
		for i := range l.States {
			if l.States[i].RV <= loss.ToRV || loss.ToRV == 0 {
				w, p.epoch = l.When[i], l.Epochs[i]
			}
		}
		p.entry.When, p.at = whenOf(w), shown(w)
		if h.inWindow(w) {
			h.entries = append(h.entries, p)
		}
	}
}

func gapID(g engine.Gap) string { return questionDigest("gap", g) }

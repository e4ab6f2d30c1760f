package local

import (
	"context"
	"fmt"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
)

// maxMakers bounds the makers that a diff lists.
const maxMakers = 100

// Diff tells what changed between two states of one life.
func (e *Engine) Diff(ctx context.Context, q query.Diff) (*engine.Diff, error) {
	to, err := e.place(ctx, q.Object, q.To)
	if err != nil {
		return nil, err
	}
	from := *to
	if q.From == (query.Point{}) {
		from.point, from.at, from.next, from.ended, from.ends, from.after = query.Point{}, to.at-1, 0, false, false, false
	} else if err := e.diffFrom(&from, q); err != nil {
		return nil, err
	}
	out := &engine.Diff{Object: refOf(to.life.Entry.Ref), To: to.state(), Changes: []engine.Change{}}
	var before *object.Value
	if from.at >= 0 {
		out.From = from.state()
		before = to.life.States[from.at].Value
	}
	if before != nil || to.life.Entry.Created {
		out.Changes, out.Folded = changes(to.life, before, to.life.States[to.at].Value, q.Noise)
	}
	low, high := min(from.at, to.at), max(from.at, to.at)
	for i := low + 1; i <= high; i++ {
		if len(out.Makers) == maxMakers {
			out.Cut = fmt.Sprintf("of the makers of %d revisions the first %d are listed", high-low, maxMakers)
			break
		}
		out.Makers = append(out.Makers, *makerOf(to.life.Makers[i]))
	}
	cov := newCoverage(e.limits.Gaps)
	if before == nil && !to.life.Entry.Created {
		cov.add(engine.Gap{Reason: "missing-revision", Scope: refOf(to.life.Entry.Ref), ToRV: rvString(to.life.States[to.at].RV),
			Sentence: "What was before the first recorded state is not known, so there is nothing to compare with."})
	}
	lossGaps(cov, to.life, max(0, low), high)
	if err := e.lifeGaps(ctx, cov, to.life, to.info, to.window()); err != nil {
		return nil, err
	}
	linked := before != nil || to.life.Entry.Created
	for i := low + 1; i <= high && i > 0; i++ {
		linked = linked && namesPredecessor(to.life, i)
	}
	out.Coverage = cov.done(linked)
	return out, nil
}

// diffFrom finds the older state within the life of the newer one; a time before its beginning means "nothing before".
func (e *Engine) diffFrom(from *place, q query.Diff) error {
	from.point, from.at, from.next, from.ended, from.ends, from.after = q.From, -1, 0, false, false, false
	err := e.find(from)
	if engine.KindOf(err) == engine.KindNotFound && !q.From.At.IsZero() {
		from.at = -1
		return nil
	}
	return err
}

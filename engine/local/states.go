package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// stateReader finds the states that belong to the records of a scan. A filter's functions can not fail: err keeps the
// first error until the scan looks.
type stateReader struct {
	e     *Engine
	lives *lifeCache
	err   error
	// The revision before the one at hand, where the scan has just gone over it.
	lastKey  store.ObjectKey
	lastRV   record.ResourceVersion
	lastBody []byte
}

// seen remembers a whole revision: the next one of the same object follows it.
func (sr *stateReader) seen(r *record.Record) {
	sr.lastKey, sr.lastRV, sr.lastBody = store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}, r.Revision.RV, nil
	if r.Revision.Partial == record.Whole && !r.Revision.Cut {
		sr.lastBody = r.Revision.Body
	}
}

// fill sets the ways to what a filter may ask for beside the record itself.
func (sr *stateReader) fill(ctx context.Context, in *query.Input) {
	r := in.Record
	switch r.Kind {
	case record.KindRevision:
		if r.Revision.Partial != record.Whole || len(r.Revision.Body) == 0 {
			in.Object = func() (any, bool) { return sr.fromLife(ctx, r, 0) }
		}
		key, rv, body := sr.lastKey, sr.lastRV, sr.lastBody
		if body != nil && rv < r.Revision.RV && key == (store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}) {
			in.OldObject = func() (any, bool) { return body, true }
		} else {
			in.OldObject = func() (any, bool) { return sr.before(ctx, r) }
		}
		in.FindMaker = func() (*record.Record, bool) { return sr.maker(ctx, r) }
	case record.KindEnd:
		in.OldObject = func() (any, bool) { return sr.lastOf(ctx, r) }
		in.FindMaker = func() (*record.Record, bool) { return sr.maker(ctx, r) }
	case record.KindRequest:
		in.Object = func() (any, bool) { after, _, known, _ := sr.around(ctx, r); return after, known }
		in.OldObject = func() (any, bool) { _, before, _, known := sr.around(ctx, r); return before, known }
	}
}

func (sr *stateReader) fail(err error) (any, bool) {
	if err != nil && sr.err == nil {
		sr.err = err
	}
	return nil, false
}

func manifest(v *object.Value) (any, bool) {
	if v == nil {
		return nil, false
	}
	return v.JSON(), true
}

// before gives the state before a revision's own. Nil and known: the revision made the object.
func (sr *stateReader) before(ctx context.Context, r *record.Record) (any, bool) {
	key := store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}
	variants, err := sr.e.st.RevisionBefore(ctx, key, r.Revision.RV-1)
	if isNotFound(err) {
		entry, err := sr.e.st.Object(ctx, key)
		if err != nil && !isNotFound(err) {
			return sr.fail(err)
		}
		return nil, err == nil && entry.Created && entry.FirstRV == r.Revision.RV
	}
	if err != nil {
		return sr.fail(err)
	}
	chosen := object.Choose(variants)
	if best := chosen.Best().Revision; best.Partial == record.Whole && len(best.Body) > 0 {
		return best.Body, true
	}
	return sr.fromLife(ctx, r, 1)
}

// fromLife gives the state of a revision (back 0) or the one before it (1), carried over from older ones.
func (sr *stateReader) fromLife(ctx context.Context, r *record.Record, back record.ResourceVersion) (any, bool) {
	st := sr.e.st
	entry, err := st.Object(ctx, store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID})
	if isNotFound(err) {
		return nil, false
	}
	if err != nil {
		return sr.fail(err)
	}
	state, err := index.StateAt(ctx, st, entry, r.Revision.RV-back)
	if err != nil || state == nil || state.Fragment {
		return sr.fail(err)
	}
	return manifest(state.Value)
}

func stateAt(l *index.Life, rv record.ResourceVersion) int {
	for i := len(l.States) - 1; i >= 0; i-- {
		if l.States[i].RV == rv {
			return i
		}
	}
	return -1
}

// lastOf gives the last state before an end.
func (sr *stateReader) lastOf(ctx context.Context, r *record.Record) (any, bool) {
	if len(r.End.LastBody) > 0 {
		return r.End.LastBody, true
	}
	life, err := sr.lives.forRecord(ctx, r)
	if life == nil || len(life.States) == 0 {
		return sr.fail(err)
	}
	return manifest(life.States[len(life.States)-1].Value)
}

// maker finds the request that made a revision or an end; known also where it is certain that none was recorded.
func (sr *stateReader) maker(ctx context.Context, r *record.Record) (*record.Record, bool) {
	life, err := sr.lives.forRecord(ctx, r)
	if life == nil {
		sr.fail(err)
		return nil, false
	}
	m := life.EndMaker
	if r.Kind == record.KindRevision {
		i := stateAt(life, r.Revision.RV)
		if i < 0 {
			return nil, false
		}
		m = life.Makers[i]
	}
	return m.Request, m.Request != nil
}

// around gives the states after and before a request.
func (sr *stateReader) around(ctx context.Context, r *record.Record) (after, before any, afterKnown, beforeKnown bool) {
	life, err := sr.lives.forRecord(ctx, r)
	if life == nil {
		sr.fail(err)
		return nil, nil, false, false
	}
	id := r.ID()
	made := life.MadeBy(id)
	ended := life.EndMaker.Request != nil && life.EndMaker.Request.ID() == id
	switch {
	case len(made) > 0:
		after, afterKnown = manifest(life.States[made[len(made)-1]].Value)
		if first := made[0]; first > 0 {
			before, beforeKnown = manifest(life.States[first-1].Value)
		} else {
			beforeKnown = life.Entry.Created
		}
	case ended && len(life.States) > 0:
		before, beforeKnown = manifest(life.States[len(life.States)-1].Value)
	default:
		return sr.unchanged(life, r)
	}
	if ended {
		after, afterKnown = nil, true
	}
	return after, before, afterKnown, beforeKnown
}

// unchanged gives the state around a request that changed nothing: the one it was answered with, or the one in force all through it.
func (sr *stateReader) unchanged(life *index.Life, r *record.Record) (after, before any, afterKnown, beforeKnown bool) {
	if isCandidate(r, life) {
		return nil, nil, false, false
	}
	i := -1
	if rv := r.Request.AnswerRV; rv != 0 && r.Request.Succeeded() && !r.Request.Options().DryRun {
		i = stateAt(life, rv)
	}
	if i < 0 {
		w := requestInterval(r)
		for n := range life.States {
			if end := life.When[n].NotAfter; !end.IsZero() && !end.After(w.NotBefore) {
				i = n
			}
		}
		if n := i + 1; n < len(life.States) && (life.When[n].NotBefore.IsZero() || !life.When[n].NotBefore.After(w.NotAfter)) {
			return nil, nil, false, false // another state may have come in between
		}
	}
	if i < 0 || life.States[i].Fragment {
		return nil, nil, false, false
	}
	state, known := manifest(life.States[i].Value)
	return state, state, known, known
}

// requestInterval is the time that a request took.
func requestInterval(r *record.Record) index.Interval {
	return index.Interval{NotBefore: r.OccurredAt, NotAfter: latest(r.OccurredAt, r.Request.StageAt)}
}

// hit tells of one record that was found.
func (t *teller) hit(ctx context.Context, f foundHit) (*engine.Hit, error) {
	r := f.rec
	out := &engine.Hit{ID: f.key.id.String(), Kind: r.Kind.String(), When: whenReceived(f.when.Interval, f.when.received), Object: refOf(r.Ref)}
	switch r.Kind {
	case record.KindRequest:
		out.When, out.Request = requestWhen(r), requestOf(r)
		out.Actor, out.Summary = &out.Request.Actor, searchedRequest(r)
	case record.KindKubeEvent:
		out.Event = eventOf(r, "")
		out.Summary = eventSummary(out.Event)
	case record.KindGap:
		gap := gapOf(r)
		out.Gap, out.Summary = &gap, gap.Sentence
	case record.KindProgress:
		out.RV, out.Summary = rvString(r.Progress.RV), "everything up to this resourceVersion was seen"
	case record.KindSpan:
		out.Span = spanOf(r)
		out.Summary = spanSummary(out.Span)
	case record.KindRevision, record.KindEnd:
		return out, t.stateHit(ctx, f, out)
	}
	return out, nil
}

// searchedRequest says in one line what a request was and how it ended.
func searchedRequest(r *record.Record) string {
	if r.Request.Code >= 400 {
		return r.Request.Verb + ": " + requestSummary(r, nil)
	}
	text := r.Request.Verb
	if r.Ref.Subresource != "" {
		text += " " + r.Ref.Subresource
	}
	if r.Request.Code != 0 {
		text += ", " + itoa(r.Request.Code)
	}
	if r.Request.Options().DryRun {
		text += ", dry run"
	}
	return text
}

// stateHit adds what changed and who made it.
func (t *teller) stateHit(ctx context.Context, f foundHit, out *engine.Hit) error {
	life, err := t.lives.forRecord(ctx, f.rec)
	if err != nil || life == nil {
		return err
	}
	if f.rec.Kind == record.KindEnd {
		out.RV, out.Summary, out.Actor = rvString(f.rec.End.RV), "deleted", makerOf(life.EndMaker).Actor
		return nil
	}
	out.RV = rvString(f.rec.Revision.RV)
	if i := stateAt(life, f.rec.Revision.RV); i >= 0 {
		if t.told != life {
			if t.got, err = t.e.received(ctx, life); err != nil {
				return err
			}
			t.told = life
		}
		out.When = t.got.when(life, i)
		out.Summary, out.Actor = revisionSummary(life, i, nil), makerOf(life.Makers[i]).Actor
	}
	return nil
}

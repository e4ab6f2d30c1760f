package local

import (
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/timeline"
)

// lookBack bounds how many states before the window, and behind it, are read to tell since when the one at its beginning holds, and until
// when the one at its end.
const lookBack = 16

// manyStates is how many states of one life are held at a time, where a window shows more.
const manyStates = 256

// draw draws the states of a life that a window shows, and those around it as long as the status is the same.
func (ln *laning) draw(ctx context.Context, h *history, life *index.Life, shared *index.Shared) (*timeline.Drawing, error) {
	st, ref := ln.reading.e.st, life.Entry.Ref
	from, to := statesIn(h, life)
	from = max(0, from-1)
	if err := life.Fill(ctx, st, shared, from, min(from+1, to)); err != nil {
		return nil, err
	}
	earlier := timeline.SameEarlier
	for n := 0; from > 0 && from < to && n < lookBack; n++ {
		if err := life.Fill(ctx, st, shared, from-1, from); err != nil {
			return nil, err
		}
		if statusOf(ref, &life.States[from-1]) != statusOf(ref, &life.States[from]) {
			earlier = timeline.OtherEarlier
			break
		}
		from--
	}
	if from == 0 {
		earlier = timeline.NoEarlier
	}
	canvas := timeline.NewCanvas(ref.Group, ref.Kind, ln.frame, ln.q.Derived)
	canvas.Earlier(earlier)
	state := func(i int) {
		s := stateDrawn(ref, &life.States[i], h.got.at(life, i), earlyOf(life.Entry, life.When[i], i == 0))
		canvas.State(&s)
	}
	for i := from; i < to; {
		end := min(to, i+manyStates)
		if err := life.Fill(ctx, st, shared, i, end); err != nil {
			return nil, err
		}
		for ; i < end; i++ {
			state(i)
			if to-from > manyStates && i > from { // the next one may be carried over from this one
				life.States[i-1].Value = nil
			}
		}
	}
	for n := 0; from < to && to < len(life.States) && n < lookBack; n++ {
		if err := life.Fill(ctx, st, shared, to, to+1); err != nil {
			return nil, err
		}
		state(to)
		if to++; statusOf(ref, &life.States[to-1]) != statusOf(ref, &life.States[to-2]) {
			break
		}
	}
	if life.End != nil && to == len(life.States) {
		canvas.End(endDrawn(h, life))
	}
	return canvas.Drawing(to < len(life.States)), nil
}

// endDrawn is the end of a life as it is drawn.
func endDrawn(h *history, life *index.Life) *timeline.End {
	end := &timeline.End{ID: life.End.ID().String(), RV: rvString(life.End.End.RV), Early: micros(life.EndWhen.NotBefore)}
	if at := h.got.endWhen(life).At; at != nil {
		end.At = micros(*at)
	} else {
		end.Soft = timeline.SoftInferred
	}
	return end
}

// statesIn gives the states [from, to) of a life that may have begun in the window of a history; where there is none, the place between
// those before and those behind.
func statesIn(h *history, life *index.Life) (from, to int) {
	n := len(life.States)
	for to = 0; to < n; to++ {
		if w := life.When[to]; !w.NotBefore.IsZero() && !w.NotBefore.Before(h.q.Window.To) {
			break
		}
	}
	from = slices.IndexFunc(life.When[:to], h.inWindow)
	if from < 0 {
		from = to
	}
	return from, to
}

// stateDrawn is a state as it is drawn.
func stateDrawn(ref record.ObjectRef, s *object.State, at, early time.Time) timeline.State {
	return timeline.State{At: micros(at), Early: micros(early), Value: s.Value, Assumed: s.Partial != record.Whole, Fragment: s.Fragment || s.Value == nil,
		ID: record.RevisionID(ref.Cluster, ref.UID, s.RV).String(), RV: rvString(s.RV)}
}

func statusOf(ref record.ObjectRef, s *object.State) timeline.Status {
	return timeline.Of(ref.Group, ref.Kind, s.Value)
}

// earlyOf is the earliest moment at which a state may have begun.
func earlyOf(entry *store.Entry, w index.Interval, first bool) time.Time {
	if w.NotBefore.IsZero() && first {
		return entry.CreatedAt
	}
	return latest(w.NotBefore, entry.CreatedAt)
}

// quietLane draws an object that had no record in the window without reading its life; false where that is not known to be so, or would not do.
func (ln *laning) quietLane(ctx context.Context, entry *store.Entry, out *engine.Lane, shared *index.Shared) (bool, error) {
	rd := &ln.reading
	r, ok := rd.ranges[ln.cluster.Name][entry.Storage]
	if !ok || entry.Ended || entry.Ref.GroupResource().IsEvents() || ln.epochs[entry.Storage] || entry.LastRV >= r.From {
		return false, nil
	}
	if quiet, err := rd.quiet(ctx, entry); err != nil || !quiet {
		return false, err
	}
	clock, err := rd.e.clocks.Of(ctx, ln.cluster.Name, entry.Storage)
	if err != nil {
		return false, err
	}
	reader := shared.Reader(clock, rd.e.st)
	o := &timeline.Object{Group: entry.Ref.Group, Kind: entry.Ref.Kind, Earlier: timeline.SameEarlier}
	got := receivedRecords{rd.watches}
	for rv := entry.LastRV; len(o.States) <= lookBack && rv > 0; {
		s, err := index.StateAt(ctx, rd.e.st, entry, rv)
		if err != nil {
			return false, err
		}
		if s == nil {
			o.Earlier = timeline.NoEarlier
			break
		}
		w, err := reader.WhenOf(ctx, s.Chosen.Best())
		if err != nil {
			return false, err
		}
		at, err := got.first(s.Chosen.Records, w)
		if err != nil {
			return false, err
		}
		drawn := stateDrawn(entry.Ref, s, at, earlyOf(entry, w, s.RV <= entry.FirstRV))
		if n := len(o.States); n > 0 && statusOf(entry.Ref, s) != timeline.Of(entry.Ref.Group, entry.Ref.Kind, o.States[n-1].Value) {
			o.Earlier = timeline.OtherEarlier
			break
		}
		o.States = append(o.States, drawn)
		if rv = s.RV - 1; s.RV <= entry.FirstRV {
			o.Earlier = timeline.NoEarlier
			break
		}
	}
	slices.Reverse(o.States)
	show(timeline.Draw(o, ln.frame, ln.q.Derived), out)
	out.Unknown = ln.unknown(entry, time.Time{}, time.Time{})
	return true, nil
}

// first is the moment by which a state is shown: as a live watch delivered it, else the end of its interval.
func (c receivedRecords) first(variants []*record.Record, w index.Interval) (time.Time, error) {
	var watched time.Time
	for _, r := range variants {
		at, err := c.at(r, w)
		if err != nil {
			return at, err
		}
		watched = earliest(watched, at)
	}
	if watched.IsZero() {
		return shown(w), nil
	}
	return watched, nil
}

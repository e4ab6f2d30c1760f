package local

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/timeline"
)

// Columns of a picture: where the question names none, and at most.
const (
	laneBins    = 500
	maxLaneBins = 10_000
)

// Lanes tells what is drawn of some objects within a window. It costs a read of each that has a record in the window, without what its
// revisions changed but for those that are drawn one by one.
func (e *Engine) Lanes(ctx context.Context, q query.Lanes) (*engine.Lanes, error) {
	frame, err := frameOf(q)
	if err != nil {
		return nil, err
	}
	cluster, err := e.cluster(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	ln := &laning{q: q, frame: frame, cluster: cluster, reading: reading{e: e, window: q.Window, reads: q.Reads, counts: true}}
	if err := ln.enter(ctx); err != nil {
		return nil, err
	}
	out := &engine.Lanes{From: engine.Moment(frame.From), To: engine.Moment(frame.To), Bin: frame.Bin, Lanes: make([]engine.Lane, len(q.UIDs))}
	entries, err := ln.entries(ctx, out.Lanes)
	if err != nil {
		return nil, err
	}
	common := index.NewShared()
	err = inParallel(len(entries), nil, func(from, to int) error {
		shared := common.Fork()
		for i := from; i < to; i++ {
			if entries[i] == nil {
				continue
			}
			if err := ln.lane(ctx, entries[i], &out.Lanes[i], shared); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// frameOf checks the question, and divides its window.
func frameOf(q query.Lanes) (timeline.Frame, error) {
	bins := cmp.Or(q.Bins, laneBins)
	switch {
	case len(q.UIDs) > engine.MaxLanes:
		return timeline.Frame{}, engine.Errorf(engine.KindBadQuestion, "%d lanes are too many: ask for at most %d at a time", len(q.UIDs), engine.MaxLanes)
	case q.Window.From.IsZero() || q.Window.To.IsZero() || !q.Window.From.Before(q.Window.To):
		return timeline.Frame{}, engine.Errorf(engine.KindBadQuestion, "lanes need a window with a beginning and an end behind it")
	case bins < 0 || bins > maxLaneBins:
		return timeline.Frame{}, engine.Errorf(engine.KindBadQuestion, "%d columns can not be drawn: ask for 1 to %d", bins, maxLaneBins)
	}
	f := timeline.Frame{From: q.Window.From.UnixMicro(), To: q.Window.To.UnixMicro()}
	f.To = max(f.To, f.From+1)
	f.Bin = (f.To - f.From + int64(bins) - 1) / int64(bins)
	return f, nil
}

// laning is one question for lanes under way.
type laning struct {
	q       query.Lanes
	frame   timeline.Frame
	cluster store.ClusterInfo
	reading reading
	epochs  map[record.Storage]bool // that have several
	gaps    map[watchScope][]engine.Gap
	sighted *sightings
}

// enter finds out what all lanes have in common.
func (ln *laning) enter(ctx context.Context) error {
	rd := &ln.reading
	if err := rd.enter(ctx, ln.cluster); err != nil {
		return err
	}
	rd.watches = sync.OnceValues(func() (*watches, error) { return rd.e.watches(ctx, ln.cluster.Name) })
	ln.epochs, ln.gaps = map[record.Storage]bool{}, map[watchScope][]engine.Gap{}
	for _, s := range ln.cluster.Storages {
		clock, err := rd.e.clocks.Of(ctx, ln.cluster.Name, s)
		if err != nil {
			return err
		}
		ln.epochs[s] = len(clock.EpochStarts()) > 0
	}
	return nil
}

// entries finds the objects in the catalogue; a lane of one that is not there says so.
func (ln *laning) entries(ctx context.Context, lanes []engine.Lane) ([]*store.Entry, error) {
	e := ln.reading.e
	entries := make([]*store.Entry, len(lanes))
	for i, uid := range ln.q.UIDs {
		lanes[i] = engine.Lane{UID: string(uid), Bars: []engine.Bar{}, Marks: []engine.Mark{}}
		entry, err := e.st.Object(ctx, store.ObjectKey{Cluster: ln.cluster.Name, UID: uid})
		if isNotFound(err) {
			lanes[i].Error = "no object with this UID is recorded in cluster " + string(ln.cluster.Name)
			continue
		}
		if err != nil {
			return nil, err
		}
		entries[i] = entry
		if err := ln.addGaps(ctx, watchScope{entry.Ref.GroupResource(), entry.Ref.Namespace}); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// lane draws one object.
func (ln *laning) lane(ctx context.Context, entry *store.Entry, out *engine.Lane, shared *index.Shared) error {
	if done, err := ln.quietLane(ctx, entry, out, shared); done || err != nil {
		return err
	}
	h, life, err := ln.reading.life(ctx, entry, shared)
	if err != nil {
		return err
	}
	drawing, err := ln.draw(ctx, h, life, shared)
	if err != nil {
		return err
	}
	show(drawing, out)
	if err := ln.marks(ctx, h, life, shared, out); err != nil {
		return err
	}
	out.Unknown = ln.unknown(life.Entry, firstNotBefore(life), endShown(life))
	ln.losses(h, life, out)
	out.Cut = cmp.Or(life.Cut, h.cut, drawing.Cut, out.Cut)
	return nil
}

// show puts a drawing into a lane.
func show(d *timeline.Drawing, out *engine.Lane) {
	out.Bars = shownBars(d.Bars)
	for _, r := range d.Derived {
		row := engine.Derived{Group: r.Group, Name: r.Name, Max: r.Max}
		if len(r.Bars) > 0 {
			row.Bars = shownBars(r.Bars)
		}
		for _, s := range r.Steps {
			row.Steps = append(row.Steps, engine.Step{At: engine.Moment(s.At), Value: s.Value, Wanted: s.Wanted})
		}
		out.Derived = append(out.Derived, row)
	}
	out.Cut = d.Cut
}

func shownBars(list []timeline.Bar) []engine.Bar {
	out := make([]engine.Bar, len(list))
	for i, b := range list {
		out[i] = engine.Bar{From: engine.Moment(b.From), To: engine.Moment(b.To), Early: engine.Moment(b.Early), State: string(b.Class), Text: b.Text,
			ID: b.ID, RV: b.RV, N: b.N, Soft: b.Soft, Earlier: b.Earlier}
	}
	return out
}

// micros is a time as timeline counts it; 0 for the zero time.
func micros(t time.Time) int64 { return int64(engine.MomentOf(t)) }

package watch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// Whatever is cut, restarted, forgotten, refused and restored, in whatever order: each change of the cluster's history is delivered or lies in a
// gap; a run holds every change that it claims; what is gone has an End and what lives has none.
func TestSchedules(t *testing.T) {
	seeds := 100
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(w *world) { schedule(w, uint64(seed)) }, pods(), widgets(),
				fakeKind{version: "v1", name: "nodes", kind: "Node", cluster: true})
		})
	}
}

// schedule does a few hundred things at random and lets the dust settle.
func schedule(w *world, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	w.opts.PagedLists = rnd.IntN(3) == 0
	w.opts.PageItems = 1 + rnd.IntN(4)
	w.opts.BatchRecords = 1 + rnd.IntN(20)
	w.opts.WatchFor = 20*time.Second + time.Duration(rnd.IntN(600))*time.Second
	w.api.noStream = rnd.IntN(4) == 0
	restores := rnd.IntN(4) == 0
	flaky := 0.0 // guarded by the sink's lock
	setFlaky := func(to float64) {
		w.sink.mu.Lock()
		defer w.sink.mu.Unlock()
		flaky = to
	}
	luck := rand.New(rand.NewPCG(seed, 8)) // guarded by the sink's lock
	w.sink.fail = func(int, ingest.Batch) error {
		if luck.Float64() < flaky {
			return &ingest.Busy{Reason: "flaky"}
		}
		return nil
	}
	w.sink.after = func(int, ingest.Batch) error {
		if luck.Float64() < flaky/2 {
			return errors.New("lost the answer")
		}
		return nil
	}
	kinds := []string{"pods", "widgets.x.io", "nodes"}
	var alive []string
	serial := 0
	rv, objects := w.api.snapshot()
	act := func() {
		switch n := rnd.IntN(100); {
		case n < 30:
			serial++
			uid := fmt.Sprint("u-", serial)
			w.api.put(kinds[rnd.IntN(len(kinds))], "shop", uid, uid, "1")
		case n < 55 && len(alive) > 0:
			uid := alive[rnd.IntN(len(alive))]
			w.api.put(w.api.objects[uid].resource, "shop", uid, uid, fmt.Sprint(n))
		case n < 65 && len(alive) > 0:
			w.api.remove(alive[rnd.IntN(len(alive))])
		case n < 70:
			w.api.with(func() { w.api.cuts++ })
		case n < 73:
			w.api.with(func() { w.api.forgotten = w.api.rv })
		case n < 75:
			w.api.restart()
		case n < 77:
			w.api.with(func() { w.api.tokens++ })
		case n < 80:
			w.api.with(func() { w.api.down = !w.api.down; w.api.cuts++ })
		case n < 83:
			w.api.with(func() { w.api.garbage[kinds[rnd.IntN(len(kinds))]] = "<html>" })
		case n < 86:
			setFlaky(0.7 * rnd.Float64() * float64(rnd.IntN(2)))
		case n < 89:
			if w.stop != nil {
				w.stop()
			}
		case n < 92:
			if w.stop == nil {
				w.start()
			}
		case n < 93 && restores:
			rv, objects = w.api.snapshot()
		case n < 94 && restores:
			// A restore that is overtaken before anyone looks leaves no trace in resourceVersions: nobody could tell.
			setFlaky(0)
			w.api.with(func() { w.api.down = false })
			if w.stop == nil {
				w.start()
			}
			w.pass(3 * time.Minute)
			// What an apiserver writes when it starts keeps the runs of two restores of one snapshot apart.
			serial++
			// It takes a while: an answer from before it and a watch from after it are not one moment apart.
			w.api.with(func() { w.api.down = true; w.api.cuts++ })
			w.pass(time.Second)
			w.api.restore(rv+uint64(serial), objects)
			w.api.with(func() { w.api.down = false })
			_, objects = w.api.snapshot()
			w.pass(3 * time.Minute)
		default:
			w.pass(time.Duration(rnd.IntN(int(20 * time.Second))))
		}
		alive = alive[:0]
		for _, o := range w.api.present("pods", "") {
			alive = append(alive, o.uid)
		}
		for _, o := range append(w.api.present("widgets.x.io", ""), w.api.present("nodes", "")...) {
			alive = append(alive, o.uid)
		}
	}
	for range 250 {
		act()
		if rnd.IntN(2) == 0 {
			w.pass(time.Duration(rnd.IntN(int(300 * time.Millisecond))))
		}
	}
	setFlaky(0)
	w.api.with(func() { w.api.down = false; clear(w.api.garbage) })
	if w.stop == nil {
		w.start()
	}
	w.pass(30 * time.Minute)
	w.judge(kinds)
	if w.t.Failed() {
		w.t.Logf("%d epochs", w.api.epoch+1)
	}
}

// judge compares what was recorded with the cluster's history.
func (w *world) judge(kinds []string) {
	w.t.Helper()
	type key struct {
		uid string
		rv  record.ResourceVersion
	}
	have, ends := map[key]bool{}, map[string]bool{}
	for _, r := range w.sink.all(record.KindRevision) {
		have[key{string(r.Ref.UID), r.Revision.RV}] = true
	}
	for _, r := range w.sink.all(record.KindEnd) {
		ends[string(r.Ref.UID)] = true
		if w.api.objects[string(r.Ref.UID)] != nil && w.api.epoch == 0 {
			w.t.Errorf("%s lives and has an end: %+v", r.Ref.UID, r.End)
		}
	}
	for _, kind := range kinds {
		var gaps []*record.Gap
		for _, r := range w.sink.all(record.KindGap) {
			if r.Ref.GroupResource().String() == kind && r.Gap.Reason == record.GapWatchMissed {
				gaps = append(gaps, r.Gap)
			}
		}
		runs := w.runs(kind)
		first := w.firstRun(kind)
		delivered := map[string]bool{}
		for _, c := range w.api.history {
			if c.resource != kind {
				continue
			}
			rv := record.ResourceVersion(c.rv)
			if have[key{c.uid, rv}] {
				delivered[c.uid] = true
			}
			if have[key{c.uid, rv}] || c.kind == "DELETED" && ends[c.uid] {
				continue
			}
			inRun, inGap := false, false
			for _, p := range runs {
				inRun = inRun || p.From < rv && rv <= p.RV
			}
			for _, g := range gaps {
				inGap = inGap || g.FromRV < rv && rv <= g.ToRV || g.ToRV < g.FromRV // one that ran back takes what lay beyond and below
			}
			if c.kind == "DELETED" && !delivered[c.uid] {
				continue // an object that was never recorded needs no end
			}
			if c.rv <= first && !inGap {
				continue // before the recording
			}
			if !inGap || inRun && w.api.epoch == 0 {
				w.t.Errorf("%s of %s %s at %d (epoch %d): in a run %t, in a gap %t", c.kind, kind, c.uid, c.rv, c.epoch, inRun, inGap)
			}
		}
		for _, o := range w.api.present(kind, "") {
			if !have[key{o.uid, record.ResourceVersion(o.rv)}] {
				w.t.Errorf("the present state of %s %s at %d is missing", kind, o.uid, o.rv)
			}
		}
		if w.api.epoch == 0 {
			for uid := range delivered {
				if w.api.objects[uid] == nil && !ends[uid] {
					w.t.Errorf("%s %s is gone and has no end", kind, uid)
				}
			}
		}
	}
}

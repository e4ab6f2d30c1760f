package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/timeline"
)

// lanesOf asks for the lanes of all objects of a recording, as many at a time as may be.
func lanesOf(t testing.TB, e *Engine, q query.Lanes, uids []record.UID) []engine.Lane {
	t.Helper()
	var out []engine.Lane
	for len(uids) > 0 {
		n := min(len(uids), engine.MaxLanes)
		q.UIDs = uids[:n]
		got, err := e.Lanes(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Lanes) != n {
			t.Fatalf("%d lanes for %d objects", len(got.Lanes), n)
		}
		out, uids = append(out, got.Lanes...), uids[n:]
	}
	return out
}

func objectsOf(t testing.TB, e *Engine) (uids []record.UID, whole query.Window) {
	t.Helper()
	ctx := context.Background()
	list, err := e.Objects(ctx, query.Objects{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Objects {
		uids = append(uids, record.UID(o.UID))
	}
	info, err := e.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := info.Clusters[0]
	return uids, query.Window{From: c.First.Add(-time.Minute), To: c.Last.Add(time.Minute)}
}

// windowsOf are the whole window and some parts of it.
func windowsOf(whole query.Window) []query.Window {
	random := rand.New(rand.NewPCG(5, 6))
	out := []query.Window{whole}
	length := int64(whole.To.Sub(whole.From))
	for _, part := range []int64{3, 20, 500} {
		from := whole.From.Add(time.Duration(random.Int64N(length)))
		out = append(out, query.Window{From: from, To: from.Add(time.Duration(length / part))})
	}
	return out
}

// lanesAnswers keeps the lanes of some objects in several windows and columns, and some of their entries.
func lanesAnswers(ctx context.Context, t *testing.T, e *Engine, uids []record.UID, keep func(string, any, error)) {
	t.Helper()
	_, whole := objectsOf(t, e)
	for i, w := range windowsOf(whole)[:2] {
		for n := 0; n < len(uids); n += engine.MaxLanes {
			q := query.Lanes{UIDs: uids[n:min(len(uids), n+engine.MaxLanes)], Window: w, Bins: 50 << i, Derived: true, Reads: true}
			lanes, err := e.Lanes(ctx, q)
			keep(fmt.Sprintf("lanes from the %dth in %v", n, w), lanes, err)
			for k := range lanes.Lanes {
				if l := &lanes.Lanes[k]; len(l.Marks) > 0 && k%8 == i {
					m := l.Marks[len(l.Marks)/2]
					one, err := e.Entry(ctx, query.Entry{Object: query.Object{UID: record.UID(l.UID)}, ID: m.ID})
					keep("entry "+m.Kind+" "+m.ID, one, err)
				}
			}
		}
	}
}

func counted(l *engine.Lane) int {
	n := len(l.Marks)
	for _, b := range l.Bins {
		n += b.Changes + b.Reads + b.Normal + b.Warning + b.Spans + b.Gaps
	}
	return n
}

// TestLanesCountAsHistories compares the lanes of every object of a recording with the history of the same window, in columns of several sizes.
func TestLanesCountAsHistories(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	uids, whole := objectsOf(t, e)
	for _, w := range windowsOf(whole) {
		want := map[string]*engine.History{}
		for _, uid := range uids {
			h, err := e.History(ctx, query.History{Object: query.Object{UID: uid}, Window: w, Reads: true, Limit: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			want[string(uid)] = h
		}
		for _, bins := range []int{0, 1, 37, 4000} {
			marks, binned := 0, 0
			for _, l := range lanesOf(t, e, query.Lanes{Window: w, Bins: bins, Reads: true}, uids) {
				h := want[l.UID]
				if l.Records != len(h.Entries) || counted(&l) != l.Records {
					t.Errorf("%s in %v, %d columns: %d records, %d counted, the history has %d", l.UID, w, bins, l.Records, counted(&l), len(h.Entries))
				}
				checkBars(t, l.UID, l.Bars)
				checkMarks(t, &l, h)
				marks, binned = marks+len(l.Marks), binned+l.Records-len(l.Marks)
			}
			t.Logf("%s: %d columns: %d marks, %d counted", w.To.Sub(w.From), bins, marks, binned)
		}
	}
}

// checkBars: they tile the life without a hole.
func checkBars(t *testing.T, uid string, bars []engine.Bar) {
	t.Helper()
	for i, b := range bars {
		if last := i == len(bars)-1; !last && b.To != bars[i+1].From || b.To != 0 && b.To < b.From {
			t.Errorf("%s: bar %d of %d is %+v", uid, i, len(bars), b)
		}
	}
}

// checkMarks: each is an entry of the history, told in the same words.
func checkMarks(t *testing.T, l *engine.Lane, h *engine.History) {
	t.Helper()
	entries := map[string]*engine.Entry{}
	for i := range h.Entries {
		entries[h.Entries[i].Kind+h.Entries[i].ID] = &h.Entries[i]
	}
	for _, m := range l.Marks {
		e := entries[m.Kind+m.ID]
		if e == nil {
			t.Errorf("%s: mark %+v is no entry of the history", l.UID, m)
			continue
		}
		if m.Text != e.Summary || m.Verb != e.Verb || m.Code != e.Code || e.Actor != nil && m.Who != e.Actor.User {
			t.Errorf("%s: mark %+v, entry %+v", l.UID, m, e)
		}
	}
}

// TestLanesShowFailure finds the pods of the bad roll by their bars and containers, and by what the bars say, and the rows that each kind has.
func TestLanesShowFailure(t *testing.T) {
	e := testEngine(t, "scenarios")
	uids, whole := objectsOf(t, e)
	bad, groups := map[string]int{}, map[string]int{}
	for _, l := range lanesOf(t, e, query.Lanes{Window: whole, Bins: 4000, Derived: true}, uids) {
		for _, b := range l.Bars {
			if b.State == string(timeline.Bad) {
				bad[b.Text]++
			}
		}
		for _, d := range l.Derived {
			groups[d.Group]++
			if len(d.Steps) == 0 && len(d.Bars) == 0 {
				t.Errorf("%s: an empty row %s %s", l.UID, d.Group, d.Name)
			}
			if len(d.Steps) == 0 && d.Group != "containers" && d.Group != "conditions" {
				checkBars(t, l.UID, d.Bars)
			}
		}
	}
	if bad["ImagePullBackOff"] == 0 || bad["ErrImagePull"] == 0 {
		t.Errorf("bad are %v", bad)
	}
	for _, group := range []string{"phase", "conditions", "containers", "replicas", "rollout"} {
		if groups[group] == 0 {
			t.Errorf("no row %s among %v", group, groups)
		}
	}
}

// TestQuietLanes draws objects without a record in a window in both ways: by their last states, and by their whole lives.
func TestQuietLanes(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"deployment", "scenarios"} {
		e := testEngine(t, name)
		uids, whole := objectsOf(t, e)
		quiet := 0
		for _, part := range []time.Duration{20 * time.Second, 40 * time.Second} {
			q := query.Lanes{UIDs: uids, Window: query.Window{From: whole.To.Add(-time.Minute - part), To: whole.To.Add(-time.Minute - part + 2*time.Second)}, Derived: true, Bins: 10}
			frame, err := frameOf(query.Lanes{Window: q.Window, Bins: q.Bins})
			if err != nil {
				t.Fatal(err)
			}
			cluster, err := e.cluster(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			ln := &laning{q: q, frame: frame, cluster: cluster, reading: reading{e: e, window: q.Window, counts: true}}
			if err := ln.enter(ctx); err != nil {
				t.Fatal(err)
			}
			entries, err := ln.entries(ctx, make([]engine.Lane, len(uids)))
			if err != nil {
				t.Fatal(err)
			}
			shared := index.NewShared()
			for i, entry := range entries {
				var got, want engine.Lane
				done, err := ln.quietLane(ctx, entry, &got, shared)
				if err != nil {
					t.Fatal(err)
				}
				if !done {
					continue
				}
				quiet++
				epochs := ln.epochs
				ln.epochs = map[record.Storage]bool{entry.Storage: true} // which quiet lanes know nothing of
				err = ln.lane(ctx, entry, &want, shared)
				if ln.epochs = epochs; err != nil {
					t.Fatal(err)
				}
				want.UID, want.Marks = got.UID, got.Marks
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %s: %s", name, uids[i], diff)
				}
			}
		}
		t.Logf("%s: %d quiet lanes", name, quiet)
		if quiet == 0 {
			t.Errorf("%s: no lane was quiet", name)
		}
	}
}

// TestHidingGaps: what is hatched are times in which states may have been missed, and no more.
func TestHidingGaps(t *testing.T) {
	from, to := new(time.Time), new(time.Time)
	for _, tc := range []struct {
		gap     engine.Gap
		watched bool
		want    bool
	}{
		{engine.Gap{Reason: "before-recording", To: to}, true, true},
		{engine.Gap{Reason: "after-recording", From: from}, true, true},
		{engine.Gap{Reason: "floor", To: to}, true, true},
		{engine.Gap{Reason: "not-watched", From: from, To: to, FromRV: "7", ToRV: "9"}, true, true},
		{engine.Gap{Reason: "not-watched", From: from, To: to}, false, false},
		{engine.Gap{Reason: "not-audited", From: from, To: to}, true, false},
		{engine.Gap{Reason: "level", From: from, To: to}, true, false},
		{engine.Gap{Reason: "level", From: from, To: to}, false, true},
		{engine.Gap{Reason: "watch-missed", From: from, To: to}, true, true},
		{engine.Gap{Reason: "watch-missed", To: to}, true, false},
		{engine.Gap{Reason: "undecodable"}, true, false},
		{engine.Gap{Reason: "dropped", From: from, To: to}, true, true},
		{engine.Gap{Reason: "epoch", To: to}, true, false},
	} {
		if got := hides(&tc.gap, tc.watched); got != tc.want {
			t.Errorf("%+v, watched %v: hides %v", tc.gap, tc.watched, got)
		}
	}
}

func TestLanesRefuse(t *testing.T) {
	e := testEngine(t, "deployment")
	ctx := context.Background()
	uids, whole := objectsOf(t, e)
	many := make([]record.UID, engine.MaxLanes+1)
	for _, q := range []query.Lanes{{UIDs: many, Window: whole}, {Window: query.Window{From: whole.From}}, {Window: query.Window{From: whole.To, To: whole.From}},
		{Window: whole, Bins: -1}, {Window: whole, Bins: 1 << 30}} {
		if _, err := e.Lanes(ctx, q); engine.KindOf(err) != engine.KindBadQuestion {
			t.Errorf("%d lanes, %v, %d columns: %v", len(q.UIDs), q.Window, q.Bins, err)
		}
	}
	got, err := e.Lanes(ctx, query.Lanes{UIDs: []record.UID{"none", uids[0]}, Window: whole})
	if err != nil {
		t.Fatal(err)
	}
	if got.Lanes[0].Error == "" || got.Lanes[1].Error != "" || got.Lanes[1].Records == 0 {
		t.Errorf("one unknown and one known object: %+v", got.Lanes)
	}
}

// TestEntryOfEach asks for each entry of some histories by its ID.
func TestEntryOfEach(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	for _, o := range []query.Object{{Kind: "deploy", Namespace: "shop", Name: "web"}, {Kind: "ns", Name: "shop"}, {Kind: "cm", Namespace: "shop", Name: "web-config"}} {
		for _, all := range []bool{false, true} {
			h, err := e.History(ctx, query.History{Object: o, Reads: true, AllLife: all, Limit: 100_000})
			if engine.KindOf(err) == engine.KindNotFound {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			var before string
			for i := range h.Entries {
				want := &h.Entries[i]
				if i%7 > 1 { // two neighbours of seven
					if want.Kind == "revision" {
						before = want.ID
					}
					continue
				}
				got, err := e.Entry(ctx, query.Entry{Object: o, ID: want.ID})
				if err != nil {
					t.Fatalf("%s %s: %v", want.Kind, want.ID, err)
				}
				if got.Entry.Kind != want.Kind { // a request and an end may share their ID
					continue
				}
				if diff := cmp.Diff(*want, got.Entry); diff != "" {
					t.Errorf("%s %s:\n%s", want.Kind, want.ID, diff)
				}
				if had := before; len(h.Lives) == 1 && (got.Before == nil) != (had == "") || got.Before != nil && len(h.Lives) == 1 && got.Before.ID != had {
					t.Errorf("%s %s: before it lies %v, want %s", want.Kind, want.ID, got.Before, had)
				}
				if want.Kind == "revision" {
					before = want.ID
				}
				if want.Revision == nil || want.Revision.Maker.Request == nil {
					continue
				}
				made, err := e.Entry(ctx, query.Entry{Object: o, ID: want.Revision.Maker.Request.ID})
				if err != nil || made.Entry.Revision == nil || made.Entry.Revision.Maker.Request == nil || made.Entry.Revision.Maker.Request.ID != want.Revision.Maker.Request.ID {
					t.Errorf("the request that made %s: %+v, %v", want.ID, made, err)
				}
			}
			t.Logf("%v: %d entries", o, len(h.Entries))
		}
	}
	if _, err := e.Entry(ctx, query.Entry{Object: query.Object{Kind: "deploy", Namespace: "shop", Name: "web"}, ID: "nothing"}); engine.KindOf(err) != engine.KindNotFound {
		t.Errorf("an ID that is none: %v", err)
	}
}

package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// pin makes a request that yields one pin.
func pin(n int, rv record.ResourceVersion, made bool, after, before time.Time) *record.Record {
	q := &record.Request{AuditID: fmt.Sprint(n), Stage: record.StageResponseComplete, Verb: "patch", Code: 200, StageAt: before,
		URI: fmt.Sprint("/", n), Answer: record.BodyObject, AnswerUID: "u", AnswerRV: rv}
	if made {
		q.Verb, q.Code = "create", 201
	}
	return &record.Record{Kind: record.KindRequest, OccurredAt: after, Request: q,
		Ref: record.ObjectRef{Cluster: "test", Resource: "configmaps", Namespace: "a", Name: fmt.Sprint("n", n)}}
}

// TestClockAgainstFormula compares the clock, which reads blocks, with its formula over all pins, on random requests that
// overlap: notBefore(rv) = max{After: made, RV <= rv}, notAfter(rv) = min{Before: RV >= rv}.
func TestClockAgainstFormula(t *testing.T) {
	ctx := context.Background()
	random := rand.New(rand.NewPCG(3, 4))
	st := open(t)
	var pins []record.Pin
	var batch []*record.Record
	now := begin
	for i := range 3000 {
		now = now.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
		rv := record.ResourceVersion(100 + 3*i + random.IntN(2))
		r := pin(i, rv, random.IntN(2) == 0, now.Add(-time.Duration(random.IntN(5000))*time.Millisecond), now.Add(time.Duration(random.IntN(30_000))*time.Millisecond))
		p, _, ok := record.PinOf(r)
		if !ok {
			t.Fatal("no pin")
		}
		pins, batch = append(pins, p), append(batch, r)
	}
	random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	appendAll(t, st, batch)
	clock, err := NewClocks(st).Of(ctx, "test", record.MainStorage)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewClocks(st).Of(ctx, "test", record.MainStorage) // the one kept as derived data
	if err != nil {
		t.Fatal(err)
	}
	if clock.Epochs() != 1 || len(again.epochs[0].blocks) < 10 {
		t.Fatalf("%d epochs, %d blocks", clock.Epochs(), len(again.epochs[0].blocks))
	}
	reader := again.Reader(st)
	told := 0
	for range 2000 {
		rv := record.ResourceVersion(90 + random.IntN(9200))
		want := formula(pins, rv)
		a, err := clock.When(ctx, st, rv, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := reader.When(ctx, rv)
		if err != nil {
			t.Fatal(err)
		}
		if a != want || b != want {
			t.Fatalf("rv %d: %v and %v, want %v", rv, a, b, want)
		}
		from, to := reader.EndsWithin(rv, time.Time{})
		if from.IsZero() != to.IsZero() || !from.IsZero() && (want.NotAfter.Before(from) || want.NotAfter.After(to)) {
			t.Fatalf("rv %d ends at %v, not from %v to %v", rv, want.NotAfter, from, to)
		}
		if !from.IsZero() {
			told++
		}
	}
	if told < 1500 {
		t.Errorf("of 2000 resourceVersions %d ends are bounded", told)
	}
	checkRanges(t, clock, pins, random, now)
}

func formula(pins []record.Pin, rv record.ResourceVersion) (w Interval) {
	for _, p := range pins {
		if p.Made && p.RV <= rv {
			w.NotBefore = later(w.NotBefore, p.After)
		}
		if p.RV >= rv {
			w.NotAfter = earlier(w.NotAfter, p.Before)
		}
	}
	return ordered(w)
}

// checkRanges: no resourceVersion whose moment lies in a window is left out of the window's range.
func checkRanges(t *testing.T, clock *Clock, pins []record.Pin, random *rand.Rand, end time.Time) {
	t.Helper()
	for range 50 {
		from := begin.Add(time.Duration(random.Int64N(int64(end.Sub(begin)))))
		w := store.TimeRange{From: from, To: from.Add(time.Duration(random.IntN(600)) * time.Second)}
		ranges := clock.Range(w)
		for rv := record.ResourceVersion(90); rv < 9300; rv += 7 {
			at := formula(pins, rv).NotAfter
			if at.IsZero() || !w.Contains(at) {
				continue
			}
			if !slices.ContainsFunc(ranges, func(r store.RVRange) bool { return rv >= r.From && (r.To == 0 || rv <= r.To) }) {
				t.Fatalf("rv %d of %v is not in %v of %v", rv, at, ranges, w)
			}
		}
	}
}

// A restore from a snapshot lets resourceVersions run back: a second epoch begins, and both keep their times.
func TestRestoreOpensAnEpoch(t *testing.T) {
	ctx := context.Background()
	st := open(t)
	c := &cluster{now: begin, rv: 100}
	for i := range 20 {
		c.write("create", "alice", fmt.Sprint("old", i), fmt.Sprint("old-uid", i), `{}`)
	}
	last := c.now
	c.rv, c.now = 110, c.now.Add(time.Hour)
	for i := range 20 {
		c.write("create", "bob", fmt.Sprint("new", i), fmt.Sprint("new-uid", i), `{}`)
	}
	appendAll(t, st, c.out)
	clocks := NewClocks(st)
	clock, err := clocks.Of(ctx, "test", record.MainStorage)
	if err != nil {
		t.Fatal(err)
	}
	starts := clock.EpochStarts()
	if len(starts) != 1 || !starts[0].After(last) || starts[0].After(last.Add(time.Hour+time.Minute)) {
		t.Fatalf("epochs begin at %v, the restore was after %v", starts, last)
	}
	for uid, want := range map[record.UID]struct {
		epoch  int
		before time.Time
	}{"old-uid12": {0, last.Add(time.Minute)}, "new-uid2": {1, c.now.Add(time.Minute)}} {
		entry, err := st.Object(ctx, store.ObjectKey{Cluster: "test", UID: uid})
		if err != nil {
			t.Fatal(err)
		}
		life, err := ReadLife(ctx, st, clocks, entry, Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		if life.Epochs[0] != want.epoch || life.When[0].NotAfter.IsZero() || life.When[0].NotAfter.After(want.before) {
			t.Errorf("%s at resourceVersion %d: epoch %d, %v", uid, life.States[0].RV, life.Epochs[0], life.When[0])
		}
	}
}

// Derived data that does not decode is made anew, and never an error.
func FuzzDecodeClock(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 5, 9, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeHead(b)
		_ = newTally(nil).addChunk(b)
		_ = decodeProven(b)
		_, _ = DecodeMaker(b)
	})
}

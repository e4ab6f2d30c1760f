package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/record"
)

// TestSameSpans: in whatever order and batches records come, again and again, with restarts between, the spans are the same, each once.
func TestSameSpans(t *testing.T) {
	all := scene(12)
	play := func(t *testing.T, random *rand.Rand) *received {
		clock, notes, dir := &fakeClock{}, newNotes(), t.TempDir()
		e := open(t, config(dir, notes, clock))
		list := slices.Clone(all)
		if random != nil {
			for range random.IntN(40) { // again
				list = append(list, all[random.IntN(len(all))])
			}
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		for len(list) > 0 {
			n := len(list)
			if random != nil {
				n = 1 + random.IntN(n)
			}
			enqueue(t, e, list[:n]...)
			list = list[n:]
			if random != nil && random.IntN(3) == 0 {
				clock.add(time.Hour)
				rounds(t, e)
			}
			if random != nil && random.IntN(3) == 0 {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = open(t, config(dir, notes, clock))
				if err := e.recover(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		clock.add(time.Hour)
		rounds(t, e)
		return waiting(t, e)
	}
	want := play(t, nil)
	if want.names["update"] != 24 || want.names["changed"] != 24 || want.names["BackOff"] != 12 || want.names["ended"] != 4 || len(want.torn) > 0 {
		t.Fatalf("%v %v", want.names, want.torn)
	}
	for seed := range uint64(30) {
		got := play(t, rand.New(rand.NewPCG(seed, 1)))
		for key, times := range got.times {
			if times != 1 {
				t.Errorf("seed %d: %s was made %d times", seed, key, times)
			}
		}
		for key := range want.spans { // days' own spans are closed with what was known by then: late facts add no more than their spans
			if isDay(want.spans[key]) {
				delete(want.spans, key)
			}
		}
		for key := range got.spans {
			if isDay(got.spans[key]) {
				delete(got.spans, key)
			}
		}
		want.same(t, fmt.Sprint("seed ", seed), got)
		if t.Failed() {
			return
		}
	}
}

// TestCrash: wherever the process ends, what was acknowledged becomes spans, and no span is ever sent with other bytes, though what is
// known of its time changes with every question.
func TestCrash(t *testing.T) {
	all := scene(6)
	for kill := 1; ; kill++ {
		clock, notes, dir := &fakeClock{}, newNotes(), t.TempDir()
		got := newReceived()
		ctx, cut := context.WithCancel(t.Context())
		p := &power{killAt: (kill + 1) / 2, after: kill%2 == 0, cut: cut}
		acknowledged := life(ctx, t, config(dir, notes, clock), p, clock, all, got)
		cut()
		if !p.dead && len(acknowledged) != len(all) {
			t.Fatalf("%d acknowledged", len(acknowledged))
		}
		clock.add(time.Hour)
		second, stop := context.WithCancel(t.Context())
		life(second, t, config(dir, notes, clock), &power{cut: stop}, clock, all, got)
		stop()
		want := map[record.ID]bool{}
		for _, r := range acknowledged {
			want[r.ID()] = true
		}
		if len(got.torn) > 0 {
			t.Fatalf("killed at %d (%s, after %v): spans changed: %v", kill, p.last, p.after, got.torn)
		}
		records := 0
		for _, s := range got.spans {
			if !isDay(s) {
				records++
			}
		}
		if records != len(all) {
			t.Fatalf("killed at %d (%s, after %v): %d spans of %d records", kill, p.last, p.after, records, len(all))
		}
		if days := len(got.spans) - records; days != 6 {
			t.Fatalf("killed at %d (%s, after %v): %d spans of days", kill, p.last, p.after, days)
		}
		if !p.dead {
			if kill < 24 {
				t.Fatalf("only %d durable steps", kill/2)
			}
			return
		}
	}
}

// life of one process: it takes all records, a few at a time, and sends what it can.
func life(ctx context.Context, t *testing.T, c Config, p *power, clock *fakeClock, all []*record.Record, got *received) (acknowledged []*record.Record) {
	t.Helper()
	c.Facts = &fakeFacts{drift: true, asked: p.killAt}
	c.Notes = &frailNotes{c.Notes, p}
	c.Settings.OTLP.Endpoint = httpReceiver(t, got, nil).URL
	e := open(t, c)
	defer e.Close()
	e.in, e.out = &frailQueue{e.in, "in", p}, &frailQueue{e.out, "out", p}
	if e.recover(ctx) != nil {
		return nil
	}
	send := func() {
		stopped := make(chan struct{})
		sending, stop := context.WithCancel(ctx)
		go func() { defer close(stopped); e.send(sending) }()
		for e.out.Status().Batches > 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		stop()
		<-stopped
	}
	for i := 0; i < len(all); i += 7 {
		part := all[i:min(i+7, len(all))]
		if e.enqueue(ingest.Batch{Cluster: "test", Records: part}) != nil || p.dead {
			return acknowledged
		}
		acknowledged = append(acknowledged, part...)
		clock.add(2 * time.Minute)
		for {
			did, _, err := e.round(ctx)
			if err != nil {
				return acknowledged
			}
			if !did {
				break
			}
		}
		send()
	}
	e.maker.daysAt = time.Time{}
	if e.tidy(ctx) != nil {
		return acknowledged
	}
	send()
	return acknowledged
}

// TestFull: a queue that is full drops for the export alone, and says so; or senders wait.
func TestFull(t *testing.T) {
	for _, word := range []string{dropWord, waitWord} {
		c := config(t.TempDir(), newNotes(), &fakeClock{})
		c.Settings.OTLP.Queue.Bytes, c.Settings.OTLP.Queue.WhenFull = 1<<20, word
		e := open(t, c)
		var err error
		random := rand.New(rand.NewPCG(1, 1))
		for n := 0; n < 400 && err == nil; n++ {
			r := kubeEvent(n, pod(n))
			note := make([]byte, 4000)
			for i := range note {
				note[i] = byte('a' + random.IntN(26))
			}
			r.KubeEvent.Note = string(note)
			err = e.enqueue(ingest.Batch{Cluster: "test", Records: []*record.Record{r}})
		}
		if word == dropWord && (err != nil || !e.said.full) {
			t.Errorf("drop: %v, said: %v", err, e.said.full)
		}
		if word == waitWord && (ingest.IsBusy(err) == nil || !errors.Is(err, spool.ErrFull)) {
			t.Errorf("wait: %v", err)
		}
	}
}

// TestDays: an object has one span a day, once the day and the time of grace are over, and never another.
func TestDays(t *testing.T) {
	clock, notes := &fakeClock{}, newNotes()
	e := open(t, config(t.TempDir(), notes, clock))
	today := clock.now().UTC()
	r := audited(1, pod(1), 200)
	r.OccurredAt, r.Request.StageAt = today, today.Add(time.Millisecond)
	enqueue(t, e, r)
	clock.add(2 * time.Minute)
	rounds(t, e)
	midnight := startOf(dayOf(today) + 1)
	if got := waiting(t, e); len(got.spans) != 1 || notes.count(noteOpen) != 1 {
		t.Fatalf("%d spans while the day is on, %d open days", len(got.spans), notes.count(noteOpen))
	}
	clock.add(midnight.Sub(clock.now()) + 59*time.Minute)
	rounds(t, e)
	if got := waiting(t, e); len(got.spans) != 1 {
		t.Fatalf("%d spans in the time of grace", len(got.spans))
	}
	clock.add(2 * time.Minute)
	rounds(t, e)
	got := waiting(t, e)
	if len(got.spans) != 2 || got.names["shop/web-1"] != 1 || notes.count(noteOpen) != 0 || notes.count(noteClosed) != 1 {
		t.Fatalf("%v after it, %d open days", got.names, notes.count(noteOpen))
	}
	late := audited(2, pod(1), 200)
	late.OccurredAt, late.Request.StageAt = today.Add(time.Second), today.Add(2*time.Second)
	enqueue(t, e, late)
	clock.add(3 * time.Hour)
	rounds(t, e)
	if got := waiting(t, e); len(got.spans) != 3 || len(got.torn) > 0 || got.times["x"] > 1 {
		t.Errorf("after a late fact: %d spans, changed %v", len(got.spans), got.torn)
	}
	// Long after, all of it is forgotten.
	clock.add((keepDays + ageDays + 2) * 24 * time.Hour)
	e.maker.aged = false
	rounds(t, e)
	if err := e.trim(t.Context(), clock.now()); err != nil {
		t.Fatal(err)
	}
	if notes.count(noteMade)+notes.count(noteClosed)+notes.count(noteOpen) != 0 {
		t.Errorf("notes left: %d", len(notes.all))
	}
}

func isDay(span string) bool { return strings.Contains(span, "record\x12\x08\n\x06object") }

// heard is a sink that notes what it is delivered.
type heard struct {
	ingest.Sink
	records []record.Kind
	marks   int
	queued  func() int64 // bytes in the export's queue
	before  []int64      // at each delivery
}

func (h *heard) Deliver(_ context.Context, b ingest.Batch) error {
	for _, r := range b.Records {
		h.records = append(h.records, r.Kind)
	}
	h.marks += len(b.Marks)
	h.before = append(h.before, h.queued())
	return nil
}

// TestPositionsLast: how far a source has come is stored behind the queue, so that none goes on behind facts that are not to be exported.
func TestPositionsLast(t *testing.T) {
	c := config(t.TempDir(), newNotes(), &fakeClock{})
	e := open(t, c)
	next := &heard{queued: func() int64 { return e.in.Status().Bytes }}
	progress := &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "test", Resource: "pods"}, Progress: &record.Progress{RV: 7, From: 1}}
	mark := ingest.Mark{Key: "tail/log", Value: []byte("9")}
	batch := ingest.Batch{Cluster: "test", Records: []*record.Record{progress, kubeEvent(1, pod(1))}, Marks: []ingest.Mark{mark}}
	if err := e.Before(next).Deliver(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if want := []record.Kind{record.KindKubeEvent, record.KindProgress}; !slices.Equal(next.records, want) || next.marks != 1 {
		t.Errorf("stored %v and %d marks, want %v and 1", next.records, next.marks, want)
	}
	if len(next.before) != 2 || next.before[0] != 0 || next.before[1] == 0 {
		t.Errorf("bytes in the queue when stored: %v, want none, then some", next.before)
	}
	if err := e.Close(); err != nil { // a queue that takes nothing
		t.Fatal(err)
	}
	c = config(t.TempDir(), newNotes(), &fakeClock{})
	c.Settings.OTLP.Queue.WhenFull = waitWord
	e = open(t, c)
	next.records, next.marks = nil, 0
	sink := e.Before(next)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := sink.Deliver(t.Context(), batch); err == nil || slices.Contains(next.records, record.KindProgress) || next.marks > 0 {
		t.Errorf("where the queue takes nothing: %v; stored %v and %d marks", err, next.records, next.marks)
	}
}

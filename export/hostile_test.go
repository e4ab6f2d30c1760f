package export

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// More spans than the queue takes at once are made in steps: else the export would wait for room that never comes.
func TestLargerThanTheQueue(t *testing.T) {
	const many = 20_000
	got := newReceived()
	notes := newNotes()
	clock := &fakeClock{by: 2 * time.Minute}
	c := config(t.TempDir(), notes, clock)
	c.Settings.OTLP.Queue.Bytes, c.Settings.OTLP.Queue.WhenFull = 1<<20, waitWord
	c.Settings.OTLP.Endpoint = httpReceiver(t, got, nil).URL
	e := open(t, c)
	var all []*record.Record
	for n := range many {
		all = append(all, audited(n, pod(n), 200))
	}
	if err := e.enqueue(ingest.Batch{Cluster: "test", Records: all}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	count := func() int {
		got.mu.Lock()
		defer got.mu.Unlock()
		return len(got.spans)
	}
	for count() < many && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	for count() < 2*many && ctx.Err() == nil { // and the objects' days, which are over
		clock.add(time.Second)
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if count() != 2*many || len(got.torn) > 0 || notes.count(noteClosed) != many || notes.count(noteOpen) != 0 {
		t.Errorf("%d spans of %d, %d changed, %d days closed", count(), 2*many, len(got.torn), notes.count(noteClosed))
	}
}

// One record that no frame takes is dropped; it does not hold up the others.
func TestTooLargeAlone(t *testing.T) {
	clock, notes := &fakeClock{}, newNotes()
	c := config(t.TempDir(), notes, clock)
	c.Settings.OTLP.Queue.Bytes = 1 << 20
	e := open(t, c)
	random := rand.New(rand.NewPCG(1, 1))
	name := make([]byte, 400<<10)
	for i := range name {
		name[i] = byte('a' + random.IntN(26))
	}
	ref := pod(1)
	ref.Name = string(name)
	enqueue(t, e, audited(1, ref, 200), audited(2, pod(2), 200))
	clock.add(48 * time.Hour)
	rounds(t, e)
	if got := waiting(t, e); len(got.spans) != 2 || notes.count(noteOpen) != 0 {
		t.Errorf("%d spans, %d open days", len(got.spans), notes.count(noteOpen))
	}
	d := day{Object: ref, First: noon(), Last: noon()}
	value, err := d.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := notes.Set(t.Context(), []engine.Note{{Key: dayKey(noteOpen, 1, record.ID{1}), Value: value}}); err != nil {
		t.Fatal(err)
	}
	rounds(t, e) // of it the span is cut short
	if got := waiting(t, e); len(got.spans) != 3 || notes.count(noteOpen) != 0 {
		t.Errorf("%d spans, %d open days", len(got.spans), notes.count(noteOpen))
	}
}

// What is no UTF-8 can not be sent; it must not keep all behind it from being sent.
func TestForeignText(t *testing.T) {
	const bad = "a\xffb"
	clock := &fakeClock{}
	e := open(t, config(t.TempDir(), newNotes(), clock))
	ref := pod(1)
	ref.Resource, ref.Name, ref.Namespace = bad, bad, bad
	request, event := audited(1, ref, 500), kubeEvent(2, pod(2))
	request.Request.Verb, request.Request.Message = bad, bad
	event.KubeEvent.Reason, event.KubeEvent.Note = bad+strings.Repeat("x", 1<<20), bad
	event.Ref.Namespace = bad
	enqueue(t, e, request, event, revision(3, ref))
	clock.add(48 * time.Hour)
	rounds(t, e)
	got := waiting(t, e)
	if len(got.spans) != 5 {
		t.Errorf("%d spans", len(got.spans))
	}
	for _, span := range got.spans {
		if len(span) > 5*maxText {
			t.Errorf("a span of %d bytes", len(span))
		}
	}
}

// The span of a day of long ago, which was made just now, is not made again when more of that day comes.
func TestOldDays(t *testing.T) {
	clock, notes := &fakeClock{}, newNotes()
	e := open(t, config(t.TempDir(), notes, clock))
	old := clock.now().UTC().AddDate(0, -6, 0)
	for n := range 3 {
		r := audited(n, pod(1), 200)
		r.OccurredAt = old.Add(time.Duration(n) * time.Microsecond)
		r.Request.StageAt = r.OccurredAt.Add(time.Microsecond)
		enqueue(t, e, r)
		clock.add(3 * time.Hour)
		rounds(t, e)
		if err := e.trim(t.Context(), clock.now()); err != nil {
			t.Fatal(err)
		}
	}
	got := waiting(t, e)
	if len(got.spans) != 4 || len(got.torn) > 0 {
		t.Errorf("%d spans, changed: %v", len(got.spans), got.torn)
	}
	clock.add((keepDays + 2) * 24 * time.Hour)
	if err := e.trim(t.Context(), clock.now()); err != nil {
		t.Fatal(err)
	}
	if notes.count(noteClosed) != 0 {
		t.Errorf("%d notes of closed days are kept for good", notes.count(noteClosed))
	}
	// What an earlier program noted says no day; it is forgotten by the day that it is of.
	if err := notes.Set(t.Context(), []engine.Note{{Key: dayKey(noteClosed, dayOf(clock.now())-keepDays-1, record.ID{1}), Value: []byte{}},
		{Key: dayKey(noteClosed, dayOf(clock.now()), record.ID{1}), Value: []byte{}}}); err != nil {
		t.Fatal(err)
	}
	if err := e.trim(t.Context(), clock.now()); err != nil {
		t.Fatal(err)
	}
	if notes.count(noteClosed) != 1 {
		t.Errorf("%d notes without a day", notes.count(noteClosed))
	}
}

// A secret crosses the network in plain text only where the operator says so.
func TestSecretHeaders(t *testing.T) {
	secret := []Header{{Name: "X-Key", File: "key"}}
	for _, c := range []struct {
		endpoint string
		headers  []Header
		insecure bool
		fine     bool
	}{
		{"http://far.example:4318", secret, false, false}, {"http://far.example:4318", []Header{{Name: "authorization", Value: "Bearer x"}}, false, false},
		{"http://far.example:4318", secret, true, true}, {"http://far.example:4318", []Header{{Name: "X-Scope-OrgID", Value: "a"}}, false, true},
		{"https://far.example:4318", secret, false, true}, {"far.example:4317", secret, false, true}, {"http://127.0.0.1:4318", secret, false, true},
		{"http://[::1]:4318", secret, false, true}, {"http://localhost:4317", secret, false, true}, {"http://localhost.example", secret, false, false},
	} {
		to := Target{Endpoint: c.endpoint, Headers: c.headers, Insecure: c.insecure}.WithDefaults()
		if err := to.Check(); (err == nil) != c.fine {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Times that no clock has make spans all the same, and hold nothing up.
func TestFarTimes(t *testing.T) {
	clock := &fakeClock{}
	e := open(t, config(t.TempDir(), newNotes(), clock))
	var all []*record.Record
	for n, at := range []time.Time{{}, time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Unix(-1, 0), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), noon()} {
		r := audited(n, pod(n), 200)
		r.OccurredAt, r.Request.StageAt = at, at.Add(-time.Hour) // which ends before it begins
		all = append(all, r)
	}
	enqueue(t, e, all...)
	clock.add(48 * time.Hour)
	rounds(t, e)
	if got := waiting(t, e); len(got.spans) != 2*len(all) || len(got.torn) > 0 {
		t.Errorf("%d spans, changed %v", len(got.spans), got.torn)
	}
}

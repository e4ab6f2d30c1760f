package index

import (
	"context"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
)

// TestRun appends a recording while Run is at work and questions are asked. At its end the clocks are kept, and are those made at once.
func TestRun(t *testing.T) {
	list := recordsOf(t, 1, "deployment")
	once := liveStore(t)
	if _, err := once.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	want := tell(t, once, NewClocks(once))
	st := liveStore(t)
	c := NewClocks(st)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	for from := 0; from < len(list); from += 50 {
		batch := list[from:min(from+50, len(list))]
		if _, err := st.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		c.Appended(batch)
		if _, err := c.Of(t.Context(), input.DefaultCluster, record.MainStorage); err != nil {
			t.Fatal(err)
		}
	}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if n, _ := c.Behind(input.DefaultCluster, record.MainStorage); n == 0 {
			break
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	differ(t, want, tell(t, st, NewClocks(st)))
}

// TestSettled: while Run is at work a clock holds all that the facts prove only once it has joined what was written.
func TestSettled(t *testing.T) {
	st := liveStore(t)
	c := NewClocks(st)
	c.live.Store(true) // but nobody joins
	if c.Settled() {
		t.Error("a live clock that nobody asked for is settled")
	}
	if _, err := st.Append(t.Context(), recordsOf(t, 1, "deployment-metadata")); err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		if _, err := c.Of(t.Context(), input.DefaultCluster, record.MainStorage); err != nil {
			t.Fatal(err)
		}
	}
	if ask(); c.Settled() {
		t.Error("a clock is settled with objects that wait to be joined")
	}
	c.live.Store(false)
	if ask(); !c.Settled() {
		t.Error("a clock is not settled after a question joined all")
	}
}

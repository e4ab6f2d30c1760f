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
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
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

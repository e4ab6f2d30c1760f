package spool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

func batchFor(c record.Cluster, name string) ingest.Batch {
	b := batchOf(name)
	b.Cluster, b.Records[0].Ref.Cluster = c, c
	return b
}

// gate is a receiver that lets only some clusters in.
type gate struct {
	*receiver
	errs map[record.Cluster]error
}

func (g gate) Deliver(ctx context.Context, b ingest.Batch) error {
	if err := g.receiver.Deliver(ctx, ingest.Batch{Cluster: b.Cluster}); err != nil { // busy comes first
		return err
	}
	if err := g.errs[b.Cluster]; err != nil {
		return err
	}
	return g.receiver.Deliver(ctx, b)
}

// TestOneClusterRefused: a cluster whose batches the receiver does not take, for whatever reason, holds up no other; its own wait, in order.
func TestOneClusterRefused(t *testing.T) {
	for name, refusal := range map[string]error{"denied": fmt.Errorf("%w: 403", wire.ErrDenied), "busy": &ingest.Busy{Reason: "of this one", After: time.Hour},
		"slow": context.DeadlineExceeded, "unknown": errors.New("teapot")} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{}
			r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
			dir := t.TempDir()
			s := newSink(t, Config{Dir: dir, Next: gate{r, map[record.Cluster]error{"x": refusal}}})
			for i := range 3 {
				for _, c := range []record.Cluster{"x", "y", "z"} {
					if err := s.Deliver(t.Context(), batchFor(c, fmt.Sprint(c, i))); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.setFails(nil)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			for deadline := time.Now().Add(time.Minute); len(r.got()) < 6 && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
			if _, err := s.Mark(t.Context(), "y", "k"); err != nil {
				t.Errorf("a question of another cluster waits for the refused one: %v", err)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if n := len(r.got()); n != 6 {
				t.Fatalf("%d of 6 batches of the other clusters delivered", n)
			}
			closeSink(t, s)

			s = newSink(t, Config{Dir: dir, Next: r}) // somebody mended it
			drainAll(t, s)
			if diff := cmp.Diff([]string{"x0", "x1", "x2"}, r.got()[6:]); diff != "" {
				t.Error(diff)
			}
			closeSink(t, s)
		})
	}
}

// TestDeniedIsBounded: a denied cluster is named while it is denied, and may not fill what the others need when the receiver goes away.
func TestDeniedIsBounded(t *testing.T) {
	r := &receiver{}
	g := gate{r, map[record.Cluster]error{"x": wire.ErrDenied}}
	reg := prometheus.NewRegistry()
	s, err := New(Config{Dir: t.TempDir(), Next: g, MaxBytes: 16 << 10, Metrics: NewMetrics(reg)})
	if err != nil {
		t.Fatal(err)
	}
	s.retry = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	if err := s.Deliver(ctx, batchFor("x", "first")); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return len(s.Status().Denied) == 1 })
	taken := 1
	for ; err == nil && taken < 1000; taken++ {
		err = s.Deliver(ctx, batchFor("x", fmt.Sprint(taken)))
	}
	taken--
	if !errors.Is(err, ErrFull) || ingest.IsBusy(err) == nil {
		t.Fatalf("after %d: %v", taken, err)
	}
	if st := s.Status(); st.Bytes > 12<<10 || st.Bytes < 10<<10 || st.Refuses || st.Denied[0].Cluster != "x" || st.Denied[0].Since.IsZero() {
		t.Errorf("%+v", st)
	}
	want := `# HELP kubewake_spool_denied_timestamp_seconds Since when the receiver refuses a cluster's batches, which wait in the spool, Unix time; absent while it takes them.
# TYPE kubewake_spool_denied_timestamp_seconds gauge
kubewake_spool_denied_timestamp_seconds{cluster="x"} ` + fmt.Sprintf("%g\n", float64(s.Status().Denied[0].Since.Unix()))
	await(t, func() bool {
		return testutil.GatherAndCompare(reg, strings.NewReader(want), "kubewake_spool_denied_timestamp_seconds") == nil
	})
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	if err := s.Deliver(ctx, batchFor("y", "y")); err != nil {
		t.Errorf("another cluster: %v", err)
	}
	r.setFails(nil)
	await(t, func() bool { return slices.Contains(r.got(), "y") })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.conf.Next = r // somebody mended it
	drainAll(t, s)
	if n := len(r.got()); n != taken+1 || len(s.Status().Denied) > 0 {
		t.Errorf("%d delivered of %d; %+v", n, taken+1, s.Status())
	}
	closeSink(t, s)
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

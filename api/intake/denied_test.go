package intake_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/intake"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/record"
)

// TestDeniedClusterHoldsUpNoOther: an agent's token lacks one of its clusters. What its spool has of the others arrives; what it has of that one
// waits, and arrives once the receiver's token file names it.
func TestDeniedClusterHoldsUpNoOther(t *testing.T) {
	p := newPlace(t, intake.Config{})
	s, err := spool.New(spool.Config{Dir: t.TempDir(), Next: p.client(t, token)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.sink.set(&ingest.Busy{Reason: "away"})
	for _, c := range []record.Cluster{"denied", "c", "denied", "prod-eu"} { // the token file has c and prod-*
		if err := s.Deliver(ctx, batch(c)); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
	}
	p.sink.set(nil)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	wait := func(want ...record.Cluster) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			var there []record.Cluster
			for _, c := range []record.Cluster{"c", "denied", "prod-eu"} {
				if v, err := p.sink.Mark(ctx, c, "tail/a b"); err == nil && string(v) == "12" {
					there = append(there, c)
				}
			}
			diff := cmp.Diff(want, there)
			if diff == "" {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s%+v", diff, s.Status())
			}
		}
	}
	wait("c", "prod-eu")
	st := s.Status()
	for deadline := time.Now().Add(time.Minute); st.Batches != 2 && time.Now().Before(deadline); st = s.Status() { // what is stored is let go of once that was answered
		time.Sleep(time.Millisecond)
	}
	if st.Batches != 2 || len(st.Denied) != 1 || st.Denied[0].Cluster != "denied" || st.Refuses {
		t.Errorf("%+v", st)
	}
	write(t, p.tokens, token+" c prod-* denied\n")
	wait("c", "denied", "prod-eu")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

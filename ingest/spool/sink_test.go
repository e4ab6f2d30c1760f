package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

func newSink(t *testing.T, c Config) *Sink {
	t.Helper()
	c.Metrics = NewMetrics(prometheus.NewRegistry())
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	s.retry = time.Millisecond
	return s
}

func closeSink(t *testing.T, s *Sink) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestBridge: while the receiver is away batches wait on disk, over a restart too, and arrive in their order.
func TestBridge(t *testing.T) {
	for name, away := range map[string]error{"busy": &ingest.Busy{Reason: "away"}, "denied": errors.New("401")} {
		t.Run(name, func(t *testing.T) {
			dir, r := filepath.Join(t.TempDir(), "a", "spool"), &receiver{}
			s := newSink(t, Config{Dir: dir, Next: r})
			var want []string
			deliver := func(n int) {
				t.Helper()
				for range n {
					want = append(want, fmt.Sprint(len(want)))
					if err := s.Deliver(t.Context(), batchOf(want[len(want)-1])); err != nil {
						t.Fatal(err)
					}
				}
			}
			deliver(3)
			if s.Status().Batches != 0 || len(r.got()) != 3 {
				t.Errorf("well, and yet spooled: %+v", s.Status())
			}
			r.setFails(func() error { return away })
			deliver(5)
			r.setFails(nil)
			deliver(2) // the receiver is well, but what is spooled goes first
			if st := s.Status(); st.Batches != 7 || len(r.got()) != 3 || st.Oldest.IsZero() || st.Bytes == 0 {
				t.Errorf("spooled %+v, delivered %d", st, len(r.got()))
			}
			if _, err := New(Config{Dir: dir, Next: r}); err == nil {
				t.Error("two processes on one spool")
			}
			closeSink(t, s)
			s = newSink(t, Config{Dir: dir, Next: r})
			deliver(1)
			drainAll(t, s)
			deliver(2)
			if diff := cmp.Diff(want, r.got()); diff != "" {
				t.Error(diff)
			}
			if st := s.Status(); st.Bytes != 0 || !st.Oldest.IsZero() {
				t.Errorf("empty, but %+v", st)
			}
			closeSink(t, s)
		})
	}
}

// TestSlow: a delivery that takes too long is taken over by the spool.
func TestSlow(t *testing.T) {
	r := &receiver{}
	s := newSink(t, Config{Dir: t.TempDir(), Next: waits{r}, Slow: 20 * time.Millisecond})
	began := time.Now()
	if err := s.Deliver(t.Context(), batchOf("a")); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 30*time.Second || s.Status().Batches != 1 {
		t.Errorf("took %v, %+v", took, s.Status())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closeSink(t, s)
	s = newSink(t, Config{Dir: t.TempDir(), Next: waits{r}})
	if err := s.Deliver(ctx, batchOf("b")); !errors.Is(err, context.Canceled) || s.Status().Batches != 0 {
		t.Errorf("a source that gave up: %v, %+v", err, s.Status())
	}
	closeSink(t, s)
}

// waits never answers.
type waits struct{ ingest.Sink }

func (waits) Deliver(ctx context.Context, _ ingest.Batch) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestFull(t *testing.T) {
	r := &receiver{}
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	s := newSink(t, Config{Dir: t.TempDir(), Next: r, MaxBytes: 4 << 10})
	taken := 0
	var err error
	for ; err == nil && taken < 1000; taken++ {
		err = s.Deliver(t.Context(), batchOf(fmt.Sprint(taken)))
	}
	if busy := ingest.IsBusy(err); busy == nil || !strings.Contains(busy.Reason, "full") || !errors.Is(err, ErrFull) || busy.After <= 0 {
		t.Fatalf("after %d: %v", taken, err)
	}
	if st := s.Status(); st.Bytes > st.MaxBytes || !st.Refuses {
		t.Errorf("%+v", st)
	}
	r.setFails(nil)
	drainAll(t, s)
	if s.Status().Refuses {
		t.Error("it has room again, and refuses")
	}
	if n := len(r.got()); n != taken-1 {
		t.Errorf("%d delivered of %d", n, taken-1)
	}
	closeSink(t, s)
	if err := s.Deliver(t.Context(), batchOf("after")); err != nil { // the next sink is well
		t.Error(err)
	}
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	if err := s.Deliver(t.Context(), batchOf("after")); ingest.IsBusy(err) == nil || !errors.Is(err, ErrClosed) {
		t.Errorf("a closed spool: %v", err)
	}
}

// unreadable can not open files for some time.
type unreadable struct {
	disk
	left atomic.Int64
}

func (u *unreadable) Open(name string) (file, error) {
	if u.left.Add(-1) >= 0 {
		return nil, syscall.EMFILE
	}
	return u.disk.Open(name)
}

// TestDiskThatCanNotBeReadNow: what it holds is not lost by that. One that can never be read is.
func TestDiskThatCanNotBeReadNow(t *testing.T) {
	for hiccups, want := range map[int64]int{3: 2, readTries: 2, 100 * readTries: 0} {
		r := &receiver{}
		r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
		s := newSink(t, Config{Dir: t.TempDir(), Next: r})
		s.rest = time.Millisecond
		for i := range 2 {
			if err := s.Deliver(t.Context(), batchOf(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		r.setFails(nil)
		q := s.spool.find("c")
		bad := &unreadable{disk: q.disk}
		bad.left.Store(hiccups)
		q.disk = bad
		drainAll(t, s)
		if got := len(r.got()); got != want || (len(r.gaps) > 0) != (want == 0) {
			t.Errorf("%d times not read: %d delivered, %d gaps", hiccups, got, len(r.gaps))
		}
		closeSink(t, s)
	}
}

// TestNoSpool: without a directory the sources hear what the next sink says.
func TestNoSpool(t *testing.T) {
	r := &receiver{}
	busy := &ingest.Busy{Reason: "away"}
	r.setFails(func() error { return busy })
	s := newSink(t, Config{Next: r})
	if err := s.Deliver(t.Context(), batchOf("a")); ingest.IsBusy(err) != busy {
		t.Errorf("got %v", err)
	}
	if v, err := s.Mark(t.Context(), "c", "k"); err != nil || string(v) != "marked" {
		t.Errorf("mark %q, %v", v, err)
	}
	closeSink(t, s)
}

// TestInvalid: a batch that the receiver will never take does not stop those behind it, and becomes a Gap.
func TestInvalid(t *testing.T) {
	r := &receiver{}
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	dir := t.TempDir()
	picky := &picks{receiver: r, refuses: "2"}
	s := newSink(t, Config{Dir: dir, Next: picky})
	for i := range 5 {
		if err := s.Deliver(t.Context(), batchOf(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	r.setFails(nil)
	drainAll(t, s)
	if diff := cmp.Diff([]string{"0", "1", "3", "4"}, r.got()); diff != "" {
		t.Error(diff)
	}
	if err := s.Deliver(t.Context(), batchOf("2")); !errors.Is(err, ingest.ErrInvalid) || s.Status().Batches != 0 {
		t.Errorf("directly: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	if err := s.Deliver(t.Context(), batchOf("5")); err != nil {
		t.Fatal(err)
	}
	r.setFails(nil)
	for deadline := time.Now().Add(time.Minute); s.spool.Pending("c") > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(r.gaps) != 1 || r.gaps[0].Reason != record.GapDropped {
		t.Errorf("gaps %v", r.gaps)
	}
	closeSink(t, s)
	names, err := filepath.Glob(filepath.Join(dir, "*", "*"+damagedSuffix))
	if err != nil || len(names) != 1 {
		t.Errorf("set aside: %v %v", names, err)
	}
}

type picks struct {
	*receiver
	refuses string
}

func (p *picks) Deliver(ctx context.Context, b ingest.Batch) error {
	if err := p.receiver.Deliver(ctx, ingest.Batch{Cluster: "c"}); err != nil { // busy comes first
		return err
	}
	if slices.ContainsFunc(b.Records, func(r *record.Record) bool { return r.Ref.Name == p.refuses }) {
		return fmt.Errorf("x: %w", ingest.ErrInvalid)
	}
	return p.receiver.Deliver(ctx, b)
}

// TestMemoryWaits: what is remembered is asked for only when all that was spooled before is there.
func TestMemoryWaits(t *testing.T) {
	r := &receiver{}
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	s := newSink(t, Config{Dir: t.TempDir(), Next: r})
	if err := s.Deliver(t.Context(), batchOf("a")); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Mark(short, "c", "k"); err == nil {
		t.Error("a mark although a batch waits")
	}
	for _, err := range s.Alive(short, "c", record.GroupResource{}, "") {
		if err == nil {
			t.Error("somebody alive although a batch waits")
		}
	}
	r.setFails(nil)
	answered := make(chan error, 1)
	go func() {
		_, err := s.Mark(t.Context(), "c", "k")
		if err == nil && len(r.got()) != 1 {
			err = errors.New("answered before the batch was there")
		}
		answered <- err
	}()
	drainAll(t, s)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	n := 0
	for a, err := range s.Alive(t.Context(), "c", record.GroupResource{}, "") {
		if err != nil || a.RV != 7 {
			t.Errorf("%v %v", a, err)
		}
		n++
	}
	if _, err := s.Progress(t.Context(), "c"); err != nil || n != 1 {
		t.Errorf("progress %v; %d alive", err, n)
	}
	closeSink(t, s)
}

// TestTornTail: half a frame at the end of the last file is cut off without a word.
func TestTornTail(t *testing.T) {
	dir, r := t.TempDir(), &receiver{}
	r.setFails(func() error { return &ingest.Busy{Reason: "away"} })
	s := newSink(t, Config{Dir: dir, Next: r})
	for i := range 3 {
		if err := s.Deliver(t.Context(), batchOf(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, queueName("c"), segmentName(1))
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	closeSink(t, s)
	if err := os.WriteFile(name, append(b, frameMagic+"\xff\x00\x00\x00half"...), 0o600); err != nil { // as kill -9 leaves it: no seal
		t.Fatal(err)
	}
	r.setFails(nil)
	s = newSink(t, Config{Dir: dir, Next: r})
	drainAll(t, s)
	if diff := cmp.Diff([]string{"0", "1", "2"}, r.got()); diff != "" || len(r.gaps) > 0 {
		t.Error(diff, r.gaps)
	}
	closeSink(t, s)
}

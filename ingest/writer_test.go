package ingest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// fake keeps what it is given and watches how many batches come at once.
type fake struct {
	mu      sync.Mutex
	records map[*record.Record]int
	largest int
	now     atomic.Int32
	most    atomic.Int32
	block   chan struct{}
	failAt  int
	batches int
}

func (f *fake) Append(_ context.Context, batch []*record.Record) (store.Appended, error) {
	n := f.now.Add(1)
	defer f.now.Add(-1)
	for old := f.most.Load(); n > old && !f.most.CompareAndSwap(old, n); old = f.most.Load() {
	}
	if f.block != nil {
		<-f.block
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches++
	if f.failAt > 0 && f.batches >= f.failAt {
		return store.Appended{}, errDisk
	}
	if f.records == nil {
		f.records = map[*record.Record]int{}
	}
	for _, r := range batch {
		f.records[r]++
	}
	f.largest = max(f.largest, len(batch))
	return store.Appended{Records: len(batch) - 1, Late: 1}, nil
}

var errDisk = errors.New("disk full")

func revision(size int) *record.Record {
	return &record.Record{Kind: record.KindRevision, Revision: &record.Revision{Body: make([]byte, size)}}
}

func TestEveryRecordArrivesOnceFromManyGoroutines(t *testing.T) {
	f := &fake{}
	w := NewWriter(t.Context(), f, Config{BatchRecords: 10, InFlight: 3})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				batch := make([]*record.Record, i%7)
				for j := range batch {
					batch[j] = revision(1)
				}
				if err := w.Write(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := 0
	for i := range 100 {
		want += 8 * (i % 7)
	}
	if len(f.records) != want {
		t.Errorf("%d records arrived, want %d", len(f.records), want)
	}
	for _, n := range f.records {
		if n != 1 {
			t.Fatalf("a record arrived %d times", n)
		}
	}
	if f.largest > 10 {
		t.Errorf("a batch of %d", f.largest)
	}
	if f.most.Load() > 3 {
		t.Errorf("%d batches in flight", f.most.Load())
	}
	c := w.Counts()
	if int(c.Appended+c.Late) != want || c.Late != c.Batches {
		t.Errorf("counts %+v, want %d in sum", c, want)
	}
	if err := w.Write(t.Context(), []*record.Record{revision(1)}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestBatchesAreBoundedByBytes(t *testing.T) {
	f := &fake{}
	w := NewWriter(t.Context(), f, Config{BatchBytes: 10_000})
	for range 100 {
		if err := w.Write(t.Context(), []*record.Record{revision(2000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if f.largest > 5 {
		t.Errorf("a batch of %d records of 2 kB", f.largest)
	}
}

func TestTheFirstErrorComesBack(t *testing.T) {
	f := &fake{failAt: 2}
	w := NewWriter(t.Context(), f, Config{BatchRecords: 1, InFlight: 1})
	var err error
	for range 100 {
		if err = w.Write(t.Context(), []*record.Record{revision(1)}); err != nil {
			break
		}
	}
	if !errors.Is(err, errDisk) {
		t.Errorf("Write: %v", err)
	}
	if err := w.Close(); !errors.Is(err, errDisk) {
		t.Errorf("Close: %v", err)
	}
	if got := w.Counts().Batches; got != 1 {
		t.Errorf("%d batches counted", got)
	}
}

func TestASlowStoreHoldsTheSourceBack(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	w := NewWriter(t.Context(), f, Config{BatchRecords: 1, InFlight: 2})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		for {
			if err := w.Write(ctx, []*record.Record{revision(1)}); err != nil {
				result <- err
				return
			}
		}
	}()
	for f.now.Load() < 2 {
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Write: %v", err)
	}
	close(f.block)
	if err := w.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("a lost batch is forgotten: %v", err)
	}
	if f.most.Load() != 2 {
		t.Errorf("%d in flight", f.most.Load())
	}
}

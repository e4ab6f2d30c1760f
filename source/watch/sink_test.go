package watch

import (
	"context"
	"iter"
	"sync"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// sink keeps what it is given in memory, as a store would.
type sink struct {
	mu      sync.Mutex
	facts   map[record.ID]*record.Record
	marks   map[string][]byte
	batches int
	fail    func(n int, b ingest.Batch) error // before the batch is kept
	after   func(n int, b ingest.Batch) error // after it: kept, but the sender does not know
	block   chan struct{}
	maxSize int
}

func newSink() *sink {
	return &sink{facts: map[record.ID]*record.Record{}, marks: map[string][]byte{}}
}

func (s *sink) Deliver(ctx context.Context, b ingest.Batch) error {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches++
	if s.fail != nil {
		if err := s.fail(s.batches, b); err != nil {
			return err
		}
	}
	size := 0
	for _, r := range b.Records {
		size += ingest.Size(r)
		id := r.ID()
		if old := s.facts[id]; old != nil && r.Kind != record.KindRevision {
			r = record.Merge(old, r)
		}
		s.facts[id] = r
	}
	s.maxSize = max(s.maxSize, size)
	for _, m := range b.Marks {
		s.marks[m.Key] = m.Value
	}
	if s.after != nil {
		return s.after(s.batches, b)
	}
	return nil
}

func (s *sink) Progress(_ context.Context, c record.Cluster) ([]*record.Record, error) {
	return s.all(record.KindProgress), nil
}

func (s *sink) Mark(_ context.Context, _ record.Cluster, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[key], nil
}

func (s *sink) Alive(_ context.Context, _ record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[ingest.Alive, error] {
	alive := map[record.UID]ingest.Alive{}
	for _, r := range s.all(record.KindRevision) {
		if r.Ref.GroupResource() == gr && (namespace == "" || r.Ref.Namespace == namespace) && r.Revision.RV >= alive[r.Ref.UID].RV {
			alive[r.Ref.UID] = ingest.Alive{Ref: r.Ref, RV: r.Revision.RV}
		}
	}
	for _, r := range s.all(record.KindEnd) {
		delete(alive, r.Ref.UID)
	}
	return func(yield func(ingest.Alive, error) bool) {
		for _, a := range alive {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (s *sink) all(kind record.Kind) []*record.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*record.Record
	for _, r := range s.facts {
		if r.Kind == kind {
			out = append(out, r)
		}
	}
	return out
}

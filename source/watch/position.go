package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// scope is what one watch covers: a resource, in one namespace or in all.
type scope struct {
	record.GroupResource
	namespace string
}

// position is where a watch can go on, where the run that it continues began (zero: a new one), and when.
type position struct {
	rv, from record.ResourceVersion
	since    time.Time
}

// epoch is the note that a storage's resourceVersions ran backwards: what was reported before At about more than RV belongs to
// a past that the cluster no longer has.
type epoch struct {
	At time.Time
	RV record.ResourceVersion
}

func (e epoch) voids(r *record.Record) bool {
	return !e.At.IsZero() && r.Provenance.ReceivedAt.Before(e.At) && r.Progress.RV > e.RV
}

// resume finds where a scope's watch can go on: at the greatest resourceVersion of its runs and lists, and of those of all
// namespaces. Bookmarks of recordings prove no delivery and do not count.
func resume(progress []*record.Record, s scope, e epoch) position {
	var best position
	for _, r := range progress {
		p := r.Progress
		if p == nil || p.From == 0 && !p.List || r.Ref.GroupResource() != s.GroupResource || e.voids(r) {
			continue
		}
		if r.Ref.Namespace != "" && r.Ref.Namespace != s.namespace {
			continue
		}
		if p.RV < best.rv || p.RV == best.rv && best.from != 0 {
			continue
		}
		best = position{rv: p.RV, since: r.Provenance.ReceivedAt}
		if r.Ref.Namespace == s.namespace {
			best.from = p.From
		}
	}
	return best
}

// memory is what the sink remembers for this watcher's cluster, asked once.
type memory struct {
	of       ingest.Memory
	cluster  record.Cluster
	progress []*record.Record

	mu     sync.Mutex
	epochs map[record.Storage]epoch // guarded by mu; those asked for or set so far
	left   map[scope]position       // guarded by mu; where runners that were stopped have come
}

func remember(ctx context.Context, of ingest.Memory, cluster record.Cluster) (*memory, error) {
	progress, err := of.Progress(ctx, cluster)
	if err != nil {
		return nil, fmt.Errorf("ask for the progress of %s: %w", cluster, err)
	}
	kept := progress[:0:0]
	for _, r := range progress {
		if r.Progress != nil && (r.Progress.From != 0 || r.Progress.List) {
			kept = append(kept, r)
		}
	}
	return &memory{of: of, cluster: cluster, progress: kept, epochs: make(map[record.Storage]epoch), left: make(map[scope]position)}, nil
}

func epochKey(s record.Storage) string { return "watch/epoch/" + string(s) }

// position where a scope's watch can go on.
func (m *memory) position(ctx context.Context, s scope) (position, error) {
	storage := record.StorageOf(s.GroupResource)
	e, err := m.epoch(ctx, storage)
	if err != nil {
		return position{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.left[s]; ok {
		return at, nil
	}
	return resume(m.progress, s, e), nil
}

// leave notes where a runner has come that was stopped; its scope may be watched again.
func (m *memory) leave(s scope, at position) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left[s] = at
}

// knows reports whether a runner of the scope was stopped.
func (m *memory) knows(s scope) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.left[s]
	return ok
}

func (m *memory) epoch(ctx context.Context, s record.Storage) (epoch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.epochs[s]; ok {
		return e, nil
	}
	value, err := m.of.Mark(ctx, m.cluster, epochKey(s))
	if err != nil {
		return epoch{}, fmt.Errorf("ask for the epoch of %s: %w", m.cluster, err)
	}
	var e epoch
	if len(value) > 0 {
		if err := json.Unmarshal(value, &e); err != nil {
			e = epoch{} // a note that can not be read voids nothing: the position is verified against the cluster anyway
		}
	}
	m.epochs[s] = e
	return e, nil
}

// ranBack notes that a run that began at since ran back to rv, and gives the mark to deliver with the list that follows. Scopes of one
// storage find out one after another: a run from before the epoch tells of the same restore, a younger one of another.
func (m *memory) ranBack(s record.Storage, rv record.ResourceVersion, since, at time.Time) ingest.Mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.epochs[s]
	if e.At.IsZero() || since.After(e.At) {
		e = epoch{At: at, RV: rv}
	}
	e.RV = min(e.RV, rv)
	m.epochs[s] = e
	value, err := json.Marshal(e)
	if err != nil {
		value = nil // two plain fields: can not be
	}
	return ingest.Mark{Key: epochKey(s), Value: value}
}

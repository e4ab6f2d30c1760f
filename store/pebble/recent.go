package pebble

import (
	"sync"

	"github.com/kubewake/kubewake/record"
)

// recent remembers the youngest entries of a map: between limit and twice limit of them.
// It only ever saves work: what it forgot is written again.
type recent[K comparable, V any] struct {
	limit      int
	young, old map[K]V
}

func newRecent[K comparable, V any](limit int) *recent[K, V] {
	return &recent[K, V]{limit: limit, young: map[K]V{}}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	if ok {
		r.put(k, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(k K, v V) {
	if len(r.young) >= r.limit {
		r.old, r.young = r.young, make(map[K]V, r.limit)
	}
	r.young[k] = v
}

func (r *recent[K, V]) clear() { r.old, r.young = nil, map[K]V{} }

// written remembers facts that are in the log, or on their way into it before any that is appended later: delivered again, as every get
// delivers a state again, they are not worth their while. It is safe for concurrent use.
type written struct {
	mu    sync.Mutex
	facts *recent[uint64, factMark] // by hash of the key; guarded by mu
}

// factMark stands for a stored record: the hash of it without its provenance, and that.
type factMark struct {
	hash uint64
	from record.Provenance
}

// tells reports whether the same was delivered, from at least the same sources and no later.
func (m factMark) tells(other factMark) bool {
	return m.hash == other.hash && m.from == m.from.Merge(other.from)
}

func newWritten() written { return written{facts: newRecent[uint64, factMark](1 << 16)} }

// has tells whether a fact is known, from whatever source, and whether writing it again would tell nothing new.
func (w *written) has(key uint64, mark factMark) (known, enough bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	have, ok := w.facts.get(key)
	return ok && have.hash == mark.hash, ok && have.tells(mark)
}

func (w *written) note(list []fact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range list {
		w.facts.put(f.id, f.mark)
	}
}

func (w *written) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts.clear()
}

package index

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/kubewake/kubewake/store"
)

const derivedLinks = "links"

// shelf is where the index of links lies: in the store, or where that is only read, in memory.
type shelf interface {
	// get gives the value of a key that is no prefix of another; nil where there is none.
	get(ctx context.Context, key []byte) ([]byte, error)
	scan(ctx context.Context, prefix []byte) iter.Seq2[store.KeyValue, error]
	// set writes all of the change or nothing of it.
	set(ctx context.Context, change []store.KeyValue) error
}

type storeShelf struct{ st store.Store }

func (s storeShelf) get(ctx context.Context, key []byte) ([]byte, error) {
	for kv, err := range s.st.Derived(ctx, derivedLinks, key) {
		if err != nil || len(kv.Key) != len(key) {
			return nil, err
		}
		return kv.Value, nil
	}
	return nil, nil
}

func (s storeShelf) scan(ctx context.Context, prefix []byte) iter.Seq2[store.KeyValue, error] {
	return s.st.Derived(ctx, derivedLinks, prefix)
}

func (s storeShelf) set(ctx context.Context, change []store.KeyValue) error {
	return s.st.SetDerived(ctx, derivedLinks, change)
}

// memoryShelf holds an index for as long as the process lives.
type memoryShelf struct {
	mu     sync.Mutex
	values map[string][]byte // guarded by mu
	keys   []string          // guarded by mu; sorted; nil: to be sorted again
}

func (s *memoryShelf) get(_ context.Context, key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[string(key)], nil
}

func (s *memoryShelf) set(_ context.Context, change []store.KeyValue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string][]byte{}
	}
	for _, kv := range change {
		_, had := s.values[string(kv.Key)]
		if kv.Value == nil {
			delete(s.values, string(kv.Key))
		} else {
			s.values[string(kv.Key)] = kv.Value
		}
		if had != (kv.Value != nil) {
			s.keys = nil
		}
	}
	return nil
}

func (s *memoryShelf) scan(ctx context.Context, prefix []byte) iter.Seq2[store.KeyValue, error] {
	return func(yield func(store.KeyValue, error) bool) {
		for _, kv := range s.with(prefix) {
			if err := ctx.Err(); err != nil {
				yield(store.KeyValue{}, err)
				return
			}
			if !yield(kv, nil) {
				return
			}
		}
	}
}

func (s *memoryShelf) with(prefix []byte) (out []store.KeyValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = make([]string, 0, len(s.values))
		for k := range s.values {
			s.keys = append(s.keys, k)
		}
		slices.Sort(s.keys)
	}
	at, _ := slices.BinarySearch(s.keys, string(prefix))
	for _, k := range s.keys[at:] {
		if !bytes.HasPrefix([]byte(k), prefix) {
			break
		}
		out = append(out, store.KeyValue{Key: []byte(k), Value: s.values[k]})
	}
	return out
}

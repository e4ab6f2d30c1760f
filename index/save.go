package index

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// maxKeptWaiting bounds how many objects may wait when a clock is kept; with more it is not, and derived again after a restart.
const maxKeptWaiting = 50_000

// save keeps the clock in the store, as far as it changed since, and lets go of the changes that it holds. A crash before
// leaves the older one, and the changes behind it. The caller holds work.
func (t *track) save(ctx context.Context) error {
	if !t.c.keep.Load() || t.c.feed == nil {
		return nil
	}
	t.mu.Lock()
	idle := !t.saveAll && len(t.unsaved) == 0 && t.upTo == t.savedTo
	if idle || t.sweep || t.waiting.len() > maxKeptWaiting {
		t.mu.Unlock()
		return nil
	}
	upTo, proven := t.upTo, t.proven
	change, chunks := t.snapshot()
	all, blocks := t.saveAll, t.unsaved
	t.saveAll, t.unsaved = false, map[uint64]struct{}{}
	t.mu.Unlock()

	err := t.write(ctx, change, all)
	t.mu.Lock()
	if err != nil {
		t.saveAll = t.saveAll || all
		maps.Copy(t.unsaved, blocks)
		t.mu.Unlock()
		return ignoreReadOnly(t.c, err)
	}
	t.savedTo = upTo
	t.mu.Unlock()
	proven.saved(chunks)
	return t.c.letGo(ctx)
}

// ignoreReadOnly: a store that is only read can not keep a clock; it is made anew next time.
func ignoreReadOnly(c *Clocks, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	c.keep.Store(false)
	return nil
}

// snapshot encodes what changed; chunks are the proven pins in it. The caller holds mu.
func (t *track) snapshot() (change []store.KeyValue, chunks map[uint64][]ownedPin) {
	numbers := map[uint64]struct{}{}
	for n := range t.unsaved {
		numbers[n>>chunkBlocks] = struct{}{}
	}
	tallies := map[byte]*tally{chunkRecorded: t.recorded}
	if t.all != nil {
		tallies[chunkAll] = t.all
	}
	for kind, tl := range tallies {
		if t.saveAll {
			for _, list := range tl.epochs {
				for _, s := range list {
					numbers[s.number>>chunkBlocks] = struct{}{}
				}
			}
		}
		for n := range numbers {
			change = append(change, store.KeyValue{Key: t.key.chunk(kind, n), Value: tl.encodeChunk(n)})
		}
	}
	t.proven.mu.RLock()
	chunks = maps.Clone(t.proven.over)
	t.proven.mu.RUnlock()
	for n, list := range chunks {
		kv := store.KeyValue{Key: t.key.chunk(chunkProven, n)}
		if len(list) > 0 {
			kv.Value = encodeProven(list)
		}
		change = append(change, kv)
	}
	h := head{upTo: t.upTo, starts: t.recorded.starts, borne: t.borne, apart: t.apart, some: t.all != nil, moved: t.moved, waiting: t.waiting.list()}
	for gr := range t.low {
		h.low = append(h.low, gr)
	}
	slices.SortFunc(h.low, func(a, b record.GroupResource) int { return strings.Compare(a.String(), b.String()) })
	return append(change, store.KeyValue{Key: t.key.kind(chunkHead), Value: h.encode()}), chunks
}

// write makes the change durable; where all is new, in the place of everything that was kept.
func (t *track) write(ctx context.Context, change []store.KeyValue, all bool) error {
	if all {
		mine := make(map[string]bool, len(change))
		for _, kv := range change {
			mine[string(kv.Key)] = true
		}
		for _, kind := range [...]byte{chunkRecorded, chunkAll, chunkProven} {
			if kind == chunkProven && !t.proven.isFresh() {
				continue
			}
			for kv, err := range t.c.st.Derived(ctx, derivedClock, t.key.kind(kind)) {
				if err != nil {
					return err
				}
				if _, ok := t.key.number(kind, kv.Key); ok && !mine[string(kv.Key)] {
					change = append(change, store.KeyValue{Key: slices.Clone(kv.Key)})
				}
			}
		}
	}
	return t.c.st.SetDerived(ctx, derivedClock, change)
}

func (s *provenSet) isFresh() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.fresh
}

// saved forgets the chunks that the store has now.
func (s *provenSet) saved(chunks map[uint64][]ownedPin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = false
	for n, list := range chunks {
		if now, ok := s.over[n]; ok && len(now) == len(list) && (len(now) == 0 || &now[0] == &list[0]) {
			delete(s.over, n)
		}
	}
}

// letGo lets go of the changes that every clock kept in the store holds, and the index of links where there is one.
func (c *Clocks) letGo(ctx context.Context) error {
	upTo := c.feed.Written()
	for kv, err := range c.st.Derived(ctx, derivedClock, []byte{chunkHead}) {
		if err != nil {
			return err
		}
		if h, err := decodeHead(kv.Value); err == nil {
			upTo = min(upTo, h.upTo)
		}
	}
	for kv, err := range c.st.Derived(ctx, derivedLinks, []byte{linkHeads}) {
		if err != nil {
			return err
		}
		if h, ok := decodeLinkHead(kv.Value); ok && !h.dead {
			upTo = min(upTo, h.upTo)
		}
	}
	return c.feed.LetGo(ctx, upTo)
}

package index

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/fnv"
	"iter"
	"slices"
	"sync"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Proven pins are what the exact joins of objects prove about a clock, beyond what single requests prove (record.PinOf).
// Where the audit policy is below RequestResponse they are the only ones that bound a resourceVersion from below, so there, and
// only there, objects are joined for the clock. They lie in derived data, in chunks of neighbouring resourceVersions.
const (
	provenBits = 8  // resourceVersions of one chunk, as a power of two
	fewChunks  = 64 // up to so many are read one by one
)

// ownedPin is a proven pin and a hash of the UID of the object whose join proves it.
type ownedPin struct {
	record.Pin
	owner uint64
}

func ownerOf(uid record.UID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(uid))
	return h.Sum64()
}

func compareOwned(a, b ownedPin) int {
	return cmp.Or(cmp.Compare(a.RV, b.RV), a.Before.Compare(b.Before), a.After.Compare(b.After), cmp.Compare(a.owner, b.owner))
}

// provenSet holds the proven pins of one storage: those kept in the store, and over them the chunks that were changed since. Its
// methods may be called concurrently.
type provenSet struct {
	st  store.Store
	key storageKey

	mu sync.RWMutex
	// over replaces chunks of the store; guarded by mu.
	over map[uint64][]ownedPin
	// fresh: nothing that the store keeps counts; guarded by mu.
	fresh bool
	// some: there is or was a pin; guarded by mu.
	some bool
}

func newProven(st store.Store, key storageKey, fresh bool) *provenSet {
	return &provenSet{st: st, key: key, over: map[uint64][]ownedPin{}, fresh: fresh}
}

func (s *provenSet) any() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.some
}

// chunk gives the pins of one chunk, sorted; they must not be changed.
func (s *provenSet) chunk(ctx context.Context, n uint64) ([]ownedPin, error) {
	s.mu.RLock()
	list, ok := s.over[n]
	fresh := s.fresh
	s.mu.RUnlock()
	if ok || fresh {
		return list, nil
	}
	for kv, err := range s.st.Derived(ctx, derivedClock, s.key.chunk(chunkProven, n)) {
		if err != nil {
			return nil, err
		}
		list = decodeProven(kv.Value)
	}
	return list, nil
}

// replace puts pins in the place of those that an object proved before; rvs are all its resourceVersions. It gives the blocks whose
// pins are others now. Only one goroutine may call it.
func (s *provenSet) replace(ctx context.Context, uid record.UID, rvs []record.ResourceVersion, pins []record.Pin) ([]uint64, error) {
	owner := ownerOf(uid)
	chunks := map[uint64][]ownedPin{}
	for _, rv := range rvs {
		chunks[uint64(rv)>>provenBits] = nil
	}
	for _, p := range pins {
		n := uint64(p.RV) >> provenBits
		chunks[n] = append(chunks[n], ownedPin{p, owner})
	}
	var changed []uint64
	for n, mine := range chunks {
		old, err := s.chunk(ctx, n)
		if err != nil {
			return nil, err
		}
		had := slices.DeleteFunc(slices.Clone(old), func(p ownedPin) bool { return p.owner != owner })
		slices.SortFunc(mine, compareOwned)
		if slices.EqualFunc(had, mine, func(a, b ownedPin) bool { return compareOwned(a, b) == 0 }) {
			continue
		}
		all := slices.DeleteFunc(slices.Clone(old), func(p ownedPin) bool { return p.owner == owner })
		all = append(all, mine...)
		slices.SortFunc(all, compareOwned)
		for _, p := range append(had, mine...) {
			changed = append(changed, blockOf(p.RV))
		}
		s.mu.Lock()
		s.over[n], s.some = all, true
		s.mu.Unlock()
	}
	slices.Sort(changed)
	return slices.Compact(changed), nil
}

// drop removes the pins below a resourceVersion; of a chunk that lies on both sides too.
func (s *provenSet) drop(ctx context.Context, below record.ResourceVersion) error {
	var gone []uint64
	last := uint64(below) >> provenBits
	for n, err := range s.numbers(ctx, 0, last) {
		if err != nil {
			return err
		}
		gone = append(gone, n)
	}
	for _, n := range gone {
		list, err := s.chunk(ctx, n)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(slices.Clone(list), func(p ownedPin) bool { return p.RV < below })
		s.mu.Lock()
		s.over[n] = list
		s.mu.Unlock()
	}
	return nil
}

// numbers yields the numbers of the chunks from first to last that may hold pins, rising.
func (s *provenSet) numbers(ctx context.Context, first, last uint64) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		if last-first < fewChunks {
			for n := first; ; n++ {
				if !yield(n, nil) || n == last {
					return
				}
			}
		}
		s.mu.RLock()
		fresh := s.fresh
		var over []uint64
		for n := range s.over {
			if n >= first && n <= last {
				over = append(over, n)
			}
		}
		s.mu.RUnlock()
		slices.Sort(over)
		if !fresh {
			for kv, err := range s.st.Derived(ctx, derivedClock, s.key.kind(chunkProven)) {
				if err != nil {
					yield(0, err)
					return
				}
				n, ok := s.key.number(chunkProven, kv.Key)
				if !ok || n < first {
					continue
				}
				if n > last {
					break
				}
				for len(over) > 0 && over[0] <= n {
					if over[0] < n && !yield(over[0], nil) {
						return
					}
					over = over[1:]
				}
				if !yield(n, nil) {
					return
				}
			}
		}
		for _, n := range over {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// pins yields the proven pins of a range by rising resourceVersion.
func (s *provenSet) pins(ctx context.Context, between store.RVRange) iter.Seq2[record.Pin, error] {
	return func(yield func(record.Pin, error) bool) {
		if !s.any() {
			return
		}
		last := ^uint64(0) >> provenBits
		if between.To != 0 {
			last = uint64(between.To) >> provenBits
		}
		for n, err := range s.numbers(ctx, uint64(between.From)>>provenBits, last) {
			var list []ownedPin
			if err == nil {
				list, err = s.chunk(ctx, n)
			}
			if err != nil {
				yield(record.Pin{}, err)
				return
			}
			for _, p := range list {
				if p.RV < between.From || (between.To != 0 && p.RV > between.To) {
					continue
				}
				if !yield(p.Pin, nil) {
					return
				}
			}
		}
	}
}

func encodeProven(list []ownedPin) []byte {
	var b []byte
	for _, p := range list {
		b = binary.AppendUvarint(b, uint64(p.RV))
		b = appendTime(b, p.After)
		b = appendTime(b, p.Before)
		b = binary.BigEndian.AppendUint64(b, p.owner)
	}
	return b
}

// decodeProven reads what there is; damaged ones, being derived data, are passed over.
func decodeProven(b []byte) (out []ownedPin) {
	d := clockDecoder{buf: b}
	for len(d.buf) > 0 {
		p := ownedPin{Pin: record.Pin{RV: record.ResourceVersion(d.num()), Made: true, After: d.time(), Before: d.time()}}
		if d.bad || len(d.buf) < 8 {
			return out
		}
		p.owner = binary.BigEndian.Uint64(d.buf)
		d.buf = d.buf[8:]
		out = append(out, p)
	}
	return out
}

// allPins yields the recorded and the proven pins by rising resourceVersion.
func (s *provenSet) allPins(ctx context.Context, between store.RVRange) iter.Seq2[record.Pin, error] {
	recorded := s.st.Pins(ctx, s.key.cluster, s.key.storage, between)
	if !s.any() {
		return recorded
	}
	return func(yield func(record.Pin, error) bool) {
		next, stop := iter.Pull2(s.pins(ctx, between))
		defer stop()
		p, err, more := next()
		for r, recordedErr := range recorded {
			for ; more && (err != nil || p.RV <= r.RV); p, err, more = next() {
				if !yield(p, err) || err != nil {
					return
				}
			}
			if !yield(r, recordedErr) || recordedErr != nil {
				return
			}
		}
		for ; more; p, err, more = next() {
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

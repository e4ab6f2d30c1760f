package index

import (
	"cmp"
	"context"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Proven pins are what the exact joins of objects prove about a clock, beyond what single requests prove (record.PinOf).
// Where the audit policy is below RequestResponse they are the only ones that bound a resourceVersion from below, so there, and
// only there, all objects are joined once when a clock is made. They lie in derived data, in chunks of
// neighbouring resourceVersions.
const (
	derivedPins   = "pins"
	provenBits    = 12 // resourceVersions of one chunk, as a power of two
	fewChunks     = 64 // up to so many are read one by one
	provenKeySize = 8
)

// prove joins the objects of a storage whose writes were recorded without their answers, by a clock of recorded pins alone, and
// keeps the pins that this proves.
func (c *Clocks) prove(ctx context.Context, key storageKey, plain *Clock) error {
	low, err := lowResources(ctx, c.st, key.cluster)
	if err != nil {
		return err
	}
	chunks := map[uint64][]record.Pin{}
	if len(low) > 0 {
		recorded := &Clocks{st: c.st, fixed: map[storageKey]*Clock{key: plain}, kept: map[storageKey]*keptClock{}}
		for entry, err := range c.st.Objects(ctx, store.ObjectScan{Cluster: key.cluster}) {
			if err != nil {
				return err
			}
			if entry.Storage != key.storage || !low[entry.Ref.GroupResource()] {
				continue
			}
			life, err := ReadLife(ctx, c.st, recorded, entry, Bounds{})
			if err != nil {
				return err
			}
			for _, p := range life.proven {
				chunks[uint64(p.RV)>>provenBits] = append(chunks[uint64(p.RV)>>provenBits], p)
			}
		}
	}
	return c.keepProven(ctx, key, chunks)
}

// lowResources are those with writes recorded below RequestResponse.
func lowResources(ctx context.Context, st store.Store, cluster record.Cluster) (map[record.GroupResource]bool, error) {
	low := map[record.GroupResource]bool{}
	for s, err := range st.Seen(ctx, cluster, store.TimeRange{}) {
		if err != nil {
			return nil, err
		}
		if s.Write && slices.ContainsFunc(s.Levels, func(l record.Level) bool { return l < record.LevelRequestResponse }) {
			low[s.Resource] = true
		}
	}
	return low, nil
}

// keepProven replaces the proven pins of a storage.
func (c *Clocks) keepProven(ctx context.Context, key storageKey, chunks map[uint64][]record.Pin) error {
	var change []store.KeyValue
	for kv, err := range c.st.Derived(ctx, derivedPins, key.bytes()) {
		if err != nil {
			return err
		}
		if n, ok := chunkOf(key, kv.Key); ok && chunks[n] == nil {
			change = append(change, store.KeyValue{Key: slices.Clone(kv.Key)})
		}
	}
	for n, pins := range chunks {
		slices.SortFunc(pins, comparePins)
		var b []byte
		for _, p := range pins {
			b = binary.AppendUvarint(b, uint64(p.RV))
			b = appendTime(b, p.After)
			b = appendTime(b, p.Before)
		}
		change = append(change, store.KeyValue{Key: chunkKey(key, n), Value: b})
	}
	if len(change) == 0 {
		return nil
	}
	return c.st.SetDerived(ctx, derivedPins, change)
}

func comparePins(a, b record.Pin) int {
	return cmp.Or(cmp.Compare(a.RV, b.RV), a.Before.Compare(b.Before), a.After.Compare(b.After))
}

func chunkKey(key storageKey, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(key.bytes(), 0), n)
}

// chunkOf is the reverse of chunkKey; the prefix of one storage may be the beginning of another's.
func chunkOf(key storageKey, b []byte) (uint64, bool) {
	prefix := append(key.bytes(), 0)
	if len(b) != len(prefix)+provenKeySize || string(b[:len(prefix)]) != string(prefix) {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[len(prefix):]), true
}

// proven yields the proven pins of a storage by rising resourceVersion. Damaged ones, being derived data, are passed over.
func proven(ctx context.Context, st store.Store, key storageKey, between store.RVRange) iter.Seq2[record.Pin, error] {
	return func(yield func(record.Pin, error) bool) {
		first, last := uint64(between.From)>>provenBits, uint64(between.To)>>provenBits
		prefixes := [][]byte{key.bytes()}
		if between.To != 0 && last-first < fewChunks {
			prefixes = nil
			for n := first; n <= last; n++ {
				prefixes = append(prefixes, chunkKey(key, n))
			}
		}
		for _, prefix := range prefixes {
			for kv, err := range st.Derived(ctx, derivedPins, prefix) {
				if err != nil {
					yield(record.Pin{}, err)
					return
				}
				if _, ok := chunkOf(key, kv.Key); ok && !giveChunk(kv.Value, between, yield) {
					return
				}
			}
		}
	}
}

func giveChunk(b []byte, between store.RVRange, yield func(record.Pin, error) bool) bool {
	d := clockDecoder{buf: b}
	for len(d.buf) > 0 {
		p := record.Pin{RV: record.ResourceVersion(d.num()), Made: true, After: d.time(), Before: d.time()}
		if d.bad {
			return true
		}
		if p.RV < between.From || (between.To != 0 && p.RV > between.To) {
			continue
		}
		if !yield(p, nil) {
			return false
		}
	}
	return true
}

// allPins yields the recorded and the proven pins of a storage by rising resourceVersion.
func allPins(ctx context.Context, st store.Store, key storageKey, between store.RVRange) iter.Seq2[record.Pin, error] {
	return func(yield func(record.Pin, error) bool) {
		next, stop := iter.Pull2(proven(ctx, st, key, between))
		defer stop()
		p, err, more := next()
		for r, recordedErr := range st.Pins(ctx, key.cluster, key.storage, between) {
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

package index

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// build derives a clock from pins of a storage, given by rising resourceVersion.
func build(ctx context.Context, st store.Store, key storageKey, given iter.Seq2[record.Pin, error]) (*Clock, error) {
	starts, err := epochStarts(ctx, st, key)
	if err != nil {
		return nil, err
	}
	clock := &Clock{cluster: key.cluster, storage: key.storage, epochs: make([]epoch, 1+len(starts))}
	for i, at := range starts {
		clock.epochs[i+1].from = at
	}
	open := make([]int, len(clock.epochs)) // pins in the last block of each epoch
	pins := 0
	for p, err := range given {
		if err != nil {
			return nil, err
		}
		pins++
		clock.begins = earlier(clock.begins, p.After)
		n := clock.EpochAt(p.Before)
		e := &clock.epochs[n]
		// Pins of one resourceVersion stay in one block, so that blocks never overlap.
		if len(e.blocks) == 0 || (open[n] >= blockPins && e.blocks[len(e.blocks)-1].last != p.RV) {
			e.blocks, open[n] = append(e.blocks, block{first: p.RV}), 0
		}
		open[n]++
		e.blocks[len(e.blocks)-1].take(p)
	}
	if pins == 0 {
		clock.epochs = nil
	}
	for i := range clock.epochs {
		clock.epochs[i].sumUp()
	}
	return clock, nil
}

func (b *block) take(p record.Pin) {
	b.last = p.RV
	b.notAfter = earlier(b.notAfter, p.Before)
	if p.Made {
		b.notBefore = later(b.notBefore, p.After)
	}
}

// sumUp carries the latest beginning forward and the earliest end back: resourceVersions are committed in order.
func (e *epoch) sumUp() {
	for i := 1; i < len(e.blocks); i++ {
		e.blocks[i].notBefore = later(e.blocks[i].notBefore, e.blocks[i-1].notBefore)
	}
	for i := len(e.blocks) - 2; i >= 0; i-- {
		e.blocks[i].notAfter = earlier(e.blocks[i].notAfter, e.blocks[i+1].notAfter)
	}
}

const derivedClocks = "clocks"

func (k storageKey) bytes() []byte {
	return append(append([]byte(k.cluster), 0), k.storage...)
}

// writeClock keeps a clock under its stamp.
func writeClock(ctx context.Context, st store.Store, key storageKey, stamp []byte, clock *Clock) error {
	b := binary.AppendUvarint(nil, uint64(len(stamp)))
	b = append(b, stamp...)
	b = appendTime(b, clock.begins)
	b = binary.AppendUvarint(b, uint64(len(clock.epochs)))
	for _, e := range clock.epochs {
		b = appendTime(b, e.from)
		b = binary.AppendUvarint(b, uint64(len(e.blocks)))
		for _, blk := range e.blocks {
			b = binary.AppendUvarint(b, uint64(blk.first))
			b = binary.AppendUvarint(b, uint64(blk.last))
			b = appendTime(b, blk.notBefore)
			b = appendTime(b, blk.notAfter)
		}
	}
	return st.SetDerived(ctx, derivedClocks, []store.KeyValue{{Key: key.bytes(), Value: b}})
}

// readClock gives the clock kept under the same stamp, or nil: then it is to be made anew.
func readClock(ctx context.Context, st store.Store, key storageKey, stamp []byte) (*Clock, error) {
	for kv, err := range st.Derived(ctx, derivedClocks, key.bytes()) {
		if err != nil {
			return nil, err
		}
		if string(kv.Key) != string(key.bytes()) {
			continue
		}
		clock, err := decodeClock(kv.Value, key, stamp)
		if err != nil {
			return nil, nil // derived data is never worth an error: it is made anew
		}
		return clock, nil
	}
	return nil, nil
}

var errStale = errors.New("derived from other facts or by other rules")

func decodeClock(b []byte, key storageKey, stamp []byte) (*Clock, error) {
	d := clockDecoder{buf: b}
	if n := d.num(); n != uint64(len(stamp)) || uint64(len(d.buf)) < n || string(d.buf[:n]) != string(stamp) {
		return nil, errStale
	}
	d.buf = d.buf[len(stamp):]
	clock := &Clock{cluster: key.cluster, storage: key.storage, joined: true, begins: d.time()}
	for range d.count() {
		e := epoch{from: d.time()}
		for range d.count() {
			e.blocks = append(e.blocks, block{first: record.ResourceVersion(d.num()), last: record.ResourceVersion(d.num()),
				notBefore: d.time(), notAfter: d.time()})
		}
		clock.epochs = append(clock.epochs, e)
	}
	if d.bad || len(d.buf) != 0 {
		return nil, errStale
	}
	return clock, nil
}

type clockDecoder struct {
	buf []byte
	bad bool
}

func (d *clockDecoder) num() uint64 {
	n, size := binary.Uvarint(d.buf)
	if size <= 0 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

// count reads a length; every element takes at least one byte.
func (d *clockDecoder) count() int {
	n := d.num()
	if n > uint64(len(d.buf)) {
		d.bad, d.buf = true, nil
		return 0
	}
	return int(n)
}

// A time is nanoseconds since 1970, and 0 for none.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendUvarint(b, 0)
	}
	return binary.AppendUvarint(b, uint64(t.UnixNano()))
}

func (d *clockDecoder) time() time.Time {
	n := d.num()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}

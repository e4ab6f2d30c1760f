package pebble

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
)

// newMerger gives the one merge operator of the store. Its name is part of the stored format.
//
// For every family it is commutative, associative and idempotent: union of lists by identity, union of sets, minimum, maximum.
// So it does not ask which operand is newer.
func newMerger() *lsm.Merger {
	pool := &sync.Pool{New: func() any { return &operands{} }}
	return &lsm.Merger{Name: "kubewake.v1", Merge: func(key, value []byte) (lsm.ValueMerger, error) {
		o := pool.Get().(*operands)
		o.pool = pool
		o.key, o.first = append(o.key[:0], key...), append(o.first[:0], value...)
		return o, nil
	}}
}

// operands collects what is merged under one key. Most keys have one operand, so its memory is used again.
type operands struct {
	pool  *sync.Pool
	key   []byte
	first []byte
	more  [][]byte
}

func (o *operands) MergeNewer(value []byte) error { return o.add(value) }
func (o *operands) MergeOlder(value []byte) error { return o.add(value) }

func (o *operands) add(value []byte) error {
	if bytes.Equal(o.first, value) {
		return nil
	}
	for _, have := range o.more {
		if bytes.Equal(have, value) {
			return nil
		}
	}
	o.more = append(o.more, bytes.Clone(value))
	if len(o.more) < maxOperands {
		return nil
	}
	return o.fold()
}

// maxOperands bounds what a merge holds before it folds.
const maxOperands = 16

func (o *operands) fold() error {
	if len(o.more) == 0 {
		return nil
	}
	merged, err := mergeValues(o.key, append(o.more, o.first))
	o.first, o.more = append(o.first[:0], merged...), nil
	return err
}

// Finish implements lsm.ValueMerger. What it gives is good until the Closer, the operands themselves, is closed.
func (o *operands) Finish(bool) ([]byte, io.Closer, error) {
	err := o.fold()
	return o.first, o, err
}

// Close gives the memory back.
func (o *operands) Close() error {
	if cap(o.first) > maxPooled {
		o.first = nil
	}
	o.pool.Put(o)
	return nil
}

// maxPooled bounds what is kept to be used again.
const maxPooled = 1 << 20

// mergeValues unites values of one key, by the rule of its family. It reads nothing but its arguments.
func mergeValues(key []byte, list [][]byte) ([]byte, error) {
	merged, err := mergeFamily(key, list)
	if err != nil {
		return nil, damaged(key, err)
	}
	return merged, nil
}

func mergeFamily(key []byte, list [][]byte) ([]byte, error) {
	switch key[0] {
	case famRequest, famEvent, famTraced:
		c, nanos, err := cutTimedKey(key)
		if err != nil {
			return nil, err
		}
		return mergeTimed(c, nanos, list)
	case famRevision:
		p, err := cutRevisionKey(key)
		if err != nil {
			return nil, err
		}
		if p.end {
			return mergeRecords(list)
		}
		return mergeVariants(p, list)
	case famEnd, famGap, famProgress:
		return mergeRecords(list)
	case famCatalogue:
		return mergeEntries(list)
	case famHours:
		return mergeHours(list)
	case famSpan:
		return mergeSpans(list)
	case famPin:
		return mergePins(list)
	case famSeen:
		return mergeSeen(list)
	case famPushed:
		return slices.MinFunc(list, bytes.Compare), nil
	case famName, famTraceRef:
		return nil, nil
	}
	return nil, fmt.Errorf("family %q is not merged", key[0])
}

// mergeRecords unites deliveries of one fact. The key's part of them (cluster, UID) is equal, so it need not be put back.
func mergeRecords(list [][]byte) ([]byte, error) {
	var merged *record.Record
	for _, b := range list {
		r, err := decodePacked(b)
		if err != nil {
			return nil, err
		}
		if merged != nil {
			if merged.Kind != r.Kind {
				return nil, fmt.Errorf("a %s and a %s under one key", merged.Kind, r.Kind)
			}
			r = record.Merge(merged, r)
		}
		merged = r
	}
	return phraseIndex().append(nil, record.Append(nil, merged)), nil
}

func mergeEntries(list [][]byte) ([]byte, error) {
	var sum entry
	for _, b := range list {
		e, err := decodeEntry(b)
		if err != nil {
			return nil, err
		}
		sum.merge(e)
	}
	return encodeEntry(&sum), nil
}

// Hours of a name: a sorted set of differences.

func appendHours(dst []byte, hours []hour) []byte {
	before := hour(0)
	for _, h := range hours {
		dst = binary.AppendVarint(dst, int64(h-before))
		before = h
	}
	return dst
}

func decodeHours(b []byte) ([]hour, error) {
	r := reader{buf: b}
	var out []hour
	before := hour(0)
	for len(r.buf) > 0 {
		before += hour(r.int())
		out = append(out, before)
	}
	if r.bad {
		return nil, fmt.Errorf("list of hours is cut")
	}
	return out, nil
}

func mergeHours(list [][]byte) ([]byte, error) {
	var all []hour
	for _, b := range list {
		hours, err := decodeHours(b)
		if err != nil {
			return nil, err
		}
		all = union(all, hours, func(x, y hour) int { return int(x - y) })
	}
	return appendHours(nil, all), nil
}

// span is the earliest and latest time that an hour's records have.
type span struct{ first, last int64 }

// never is the beginning of a span of time in which nothing began.
const never = math.MaxInt64

func (s span) with(t span) span { return span{min(s.first, t.first), max(s.last, t.last)} }

func (s span) encode() []byte {
	return binary.AppendVarint(binary.AppendVarint(nil, s.first), s.last)
}

func decodeSpan(b []byte) (span, error) {
	r := reader{buf: b}
	s := span{r.int(), r.int()}
	if r.bad || len(r.buf) > 0 {
		return s, fmt.Errorf("span of %d bytes does not decode", len(b))
	}
	return s, nil
}

func mergeSpans(list [][]byte) ([]byte, error) {
	var sum span
	for i, b := range list {
		s, err := decodeSpan(b)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			sum = s
		}
		sum = sum.with(s)
	}
	return sum.encode(), nil
}

// A pin's value holds Before and After minus Before, for those that made nothing the earliest of an hour.

func encodePin(p record.Pin) []byte {
	before := unixNano(p.Before)
	return binary.AppendVarint(binary.AppendVarint(nil, before), unixNano(p.After)-before)
}

func decodePin(b []byte) (before, after int64, err error) {
	r := reader{buf: b}
	before = r.int()
	after = before + r.int()
	if r.bad || len(r.buf) > 0 {
		return 0, 0, fmt.Errorf("pin of %d bytes does not decode", len(b))
	}
	return before, after, nil
}

func mergePins(list [][]byte) ([]byte, error) {
	var best []byte
	var bestBefore, bestAfter int64
	for _, b := range list {
		before, after, err := decodePin(b)
		if err != nil {
			return nil, err
		}
		if best == nil || before < bestBefore || (before == bestBefore && after < bestAfter) {
			best, bestBefore, bestAfter = b, before, after
		}
	}
	return best, nil
}

// A mark of seen requests is one byte: a bit per level, and seenTruncated.
const seenTruncated = 1 << 7

func mergeSeen(list [][]byte) ([]byte, error) {
	var sum byte
	for _, b := range list {
		if len(b) != 1 {
			return nil, fmt.Errorf("mark of %d bytes", len(b))
		}
		sum |= b[0]
	}
	return []byte{sum}, nil
}

package index

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// What is kept of a clock lies in derived data of one name, so that all of it changes at once:
//
//	'h' storage 0         head: rules, number of the change up to which it holds, epochs, what is still to be joined
//	'r' storage 0 number  blocks of recorded pins
//	'a' storage 0 number  blocks of recorded and proven pins; none where nothing was proven
//	'p' storage 0 number  proven pins
const derivedClock = "clock"

const (
	chunkHead     byte = 'h'
	chunkRecorded byte = 'r'
	chunkAll      byte = 'a'
	chunkProven   byte = 'p'

	chunkBlocks = 5 // blocks of one chunk, as a power of two
)

func (k storageKey) bytes() []byte {
	return append(append([]byte(k.cluster), 0), k.storage...)
}

func (k storageKey) kind(kind byte) []byte { return append(append([]byte{kind}, k.bytes()...), 0) }

func (k storageKey) chunk(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(k.kind(kind), n)
}

// number is the reverse of chunk.
func (k storageKey) number(kind byte, b []byte) (uint64, bool) {
	prefix := k.kind(kind)
	if len(b) != len(prefix)+8 || string(b[:len(prefix)]) != string(prefix) {
		return 0, false
	}
	return binary.BigEndian.Uint64(b[len(prefix):]), true
}

// head is what is kept beside the blocks.
type head struct {
	upTo   uint64 // the change
	starts []int64
	borne  time.Duration
	apart  time.Duration
	some   bool // pins were proven
	low    []record.GroupResource
	// moved and waiting are what is still to be joined.
	moved   []store.RVRange
	waiting []record.UID
}

var errStale = errors.New("derived from other facts or by other rules")

func (h *head) encode() []byte {
	b := binary.AppendUvarint(nil, clockRules)
	b = binary.AppendUvarint(b, h.upTo)
	b = binary.AppendUvarint(b, uint64(len(h.starts)))
	for _, at := range h.starts {
		b = binary.AppendUvarint(b, uint64(at))
	}
	b = binary.AppendUvarint(b, uint64(h.borne))
	b = binary.AppendUvarint(b, uint64(h.apart))
	some := byte(0)
	if h.some {
		some = 1
	}
	b = append(b, some)
	b = binary.AppendUvarint(b, uint64(len(h.low)))
	for _, gr := range h.low {
		b = appendString(appendString(b, gr.Group), gr.Resource)
	}
	b = binary.AppendUvarint(b, uint64(len(h.moved)))
	for _, r := range h.moved {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.From)), uint64(r.To))
	}
	b = binary.AppendUvarint(b, uint64(len(h.waiting)))
	for _, uid := range h.waiting {
		b = appendString(b, string(uid))
	}
	return b
}

func decodeHead(b []byte) (*head, error) {
	d := clockDecoder{buf: b}
	if d.num() != clockRules {
		return nil, errStale
	}
	h := &head{upTo: d.num()}
	for range d.count() {
		h.starts = append(h.starts, int64(d.num()))
	}
	h.borne, h.apart, h.some = time.Duration(d.num()), time.Duration(d.num()), d.num() == 1
	for range d.count() {
		h.low = append(h.low, record.GroupResource{Group: d.string(), Resource: d.string()})
	}
	for range d.count() {
		h.moved = append(h.moved, store.RVRange{From: record.ResourceVersion(d.num()), To: record.ResourceVersion(d.num())})
	}
	for range d.count() {
		h.waiting = append(h.waiting, record.UID(d.string()))
	}
	if d.bad || len(d.buf) != 0 {
		return nil, errStale
	}
	return h, nil
}

// encodeChunk writes the blocks of one chunk of all epochs; nil where there are none.
func (t *tally) encodeChunk(n uint64) []byte {
	var b []byte
	for e, list := range t.epochs {
		from, _ := slices.BinarySearchFunc(list, n<<chunkBlocks, func(s sums, n uint64) int {
			if s.number < n {
				return -1
			}
			return 1
		})
		for _, s := range list[from:] {
			if s.number>>chunkBlocks != n {
				break
			}
			b = binary.AppendUvarint(b, uint64(e))
			for _, v := range [...]uint64{s.number, uint64(s.first), uint64(s.last), uint64(s.made), uint64(s.known), uint64(s.firm), uint64(s.begins), uint64(s.inverted)} {
				b = binary.AppendUvarint(b, v)
			}
		}
	}
	return b
}

// addChunk reads what encodeChunk wrote; chunks are added by rising number.
func (t *tally) addChunk(b []byte) error {
	d := clockDecoder{buf: b}
	for len(d.buf) > 0 {
		e := d.num()
		s := sums{number: d.num(), first: record.ResourceVersion(d.num()), last: record.ResourceVersion(d.num()),
			made: int64(d.num()), known: int64(d.num()), firm: int64(d.num()), begins: int64(d.num()), inverted: int64(d.num())}
		if d.bad || e >= uint64(len(t.epochs)) {
			return errStale
		}
		t.epochs[e] = append(t.epochs[e], s)
	}
	return nil
}

func readTally(ctx context.Context, st store.Store, key storageKey, kind byte, starts []int64) (*tally, error) {
	t := &tally{starts: starts, epochs: make([][]sums, 1+len(starts))}
	for kv, err := range st.Derived(ctx, derivedClock, key.kind(kind)) {
		if err != nil {
			return nil, err
		}
		if _, ok := key.number(kind, kv.Key); !ok {
			continue
		}
		if err := t.addChunk(kv.Value); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// readHead gives what is kept under the rules of today, or nil.
func readHead(ctx context.Context, st store.Store, key storageKey) (*head, error) {
	want := key.kind(chunkHead)
	for kv, err := range st.Derived(ctx, derivedClock, want) {
		if err != nil {
			return nil, err
		}
		if string(kv.Key) != string(want) {
			continue
		}
		h, err := decodeHead(kv.Value)
		if err != nil {
			return nil, nil // derived data is never worth an error: it is made anew
		}
		return h, nil
	}
	return nil, nil
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

func (d *clockDecoder) string() string {
	n := d.count()
	s := string(d.buf[:n])
	d.buf = d.buf[n:]
	return s
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// A time is nanoseconds since 1970, and 0 for none.
func appendTime(b []byte, t time.Time) []byte { return binary.AppendUvarint(b, uint64(nanos(t))) }

func (d *clockDecoder) time() time.Time { return moment(int64(d.num())) }

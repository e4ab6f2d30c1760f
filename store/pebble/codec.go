package pebble

import (
	"encoding/binary"

	"github.com/kubewake/kubewake/record"
)

// writer and reader write and read the small numbers and strings that the driver's own values are made of.
type writer struct{ buf []byte }

func (w *writer) num(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }
func (w *writer) int(n int64)  { w.buf = binary.AppendVarint(w.buf, n) }

func (w *writer) strs(list ...string) {
	for _, s := range list {
		w.num(uint64(len(s)))
		w.buf = append(w.buf, s...)
	}
}

// places writes sorted places as groups of one storage and kin with the differences between their buckets.
func (w *writer) places(list []place) {
	groups := 0
	for i, p := range list {
		if i == 0 || p.storage != list[i-1].storage || p.kin != list[i-1].kin {
			groups++
		}
	}
	w.num(uint64(groups))
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].storage == list[0].storage && list[n].kin == list[0].kin {
			n++
		}
		w.strs(string(list[0].storage))
		w.buf = append(w.buf, list[0].kin[:]...)
		w.num(uint64(n))
		before := uint64(0)
		for _, p := range list[:n] {
			w.num(p.bucket - before)
			before = p.bucket
		}
		list = list[n:]
	}
}

type reader struct {
	buf []byte
	bad bool
}

func (r *reader) fail() { r.bad, r.buf = true, nil }

func (r *reader) num() uint64 {
	n, size := binary.Uvarint(r.buf)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.buf)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.buf = r.buf[size:]
	return n
}

// count of a list whose items take at least a byte each.
func (r *reader) count() int {
	n := r.num()
	if n > uint64(len(r.buf)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.buf)) {
		r.fail()
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) str() string { return string(r.bytes(r.num())) }

func (r *reader) places() []place {
	var out []place
	for range r.count() {
		p := place{storage: record.Storage(r.str())}
		copy(p.kin[:], r.bytes(kinLen))
		for range r.count() {
			p.bucket += r.num()
			out = append(out, p)
		}
	}
	return out
}

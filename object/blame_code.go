package object

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/record"
)

// Origin says what the floor knows about the revision that gave a field its value.
type Origin struct {
	RV        record.ResourceVersion // zero: it was before an older floor, or before the recording
	Certainty Certainty
	// Maker is whatever EncodeBlame's caller kept about who made the revision.
	Maker []byte
}

// Carried is the blame of one state's fields, carried over when the revisions before it were dropped.
type Carried struct {
	fields map[string]*Origin // by path
}

// Len is the number of fields.
func (c *Carried) Len() int { return len(c.fields) }

// Of gives the origin of a field, nil where nothing was carried.
func (c *Carried) Of(path Path) *Origin { return c.fields[path.String()] }

// ErrBlame is what DecodeBlame's errors wrap.
var ErrBlame = errors.New("not an encoded blame")

// blameVersion is the first byte of the encoding:
//
//	version | count, then per origin: RV, certainty, maker | count, then per field: shared, rest of path, 1 + origin
//
// Numbers are uvarints, texts have their length before them; shared is how much of the path is that of the field before.
const blameVersion = 1

var certainties = [...]Certainty{Exact, Inferred, Assumed}

// EncodeBlame keeps what Blame said of a state's fields, for a floor. Maker gives what to keep about the request that
// made the revision of states[index]; it may be nil. Noise is best left out by not asking Blame for it.
func EncodeBlame(fields []Blamed, states []State, maker func(index int) []byte) []byte {
	e := blameEncoder{origins: map[string]int{}}
	var body []byte
	last := ""
	for _, f := range fields {
		o := Origin{Certainty: f.Certainty}
		switch {
		case f.Index != Before:
			o.RV = states[f.Index].RV
			if maker != nil {
				o.Maker = maker(f.Index)
			}
		case f.Origin != nil:
			o.RV, o.Maker = f.Origin.RV, f.Origin.Maker
		}
		path := f.Path.String()
		shared := 0
		for shared < len(path) && shared < len(last) && path[shared] == last[shared] {
			shared++
		}
		body = binary.AppendUvarint(body, uint64(shared))
		body = appendText(body, path[shared:])
		body = binary.AppendUvarint(body, uint64(e.origin(o)))
		last = path
	}
	out := []byte{blameVersion}
	out = binary.AppendUvarint(out, uint64(len(e.origins)))
	out = append(out, e.table...)
	out = binary.AppendUvarint(out, uint64(len(fields)))
	return append(out, body...)
}

type blameEncoder struct {
	origins map[string]int
	table   []byte
}

func (e *blameEncoder) origin(o Origin) int {
	b := binary.AppendUvarint(nil, uint64(o.RV))
	b = binary.AppendUvarint(b, uint64(max(0, slices.Index(certainties[:], o.Certainty))))
	b = appendText(b, string(o.Maker))
	n, ok := e.origins[string(b)]
	if !ok {
		n = len(e.origins)
		e.origins[string(b)] = n
		e.table = append(e.table, b...)
	}
	return n
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// DecodeBlame reads what EncodeBlame wrote.
func DecodeBlame(b []byte) (*Carried, error) {
	if len(b) == 0 || b[0] != blameVersion {
		return nil, fmt.Errorf("%w: version", ErrBlame)
	}
	d := blameDecoder{rest: b[1:]}
	origins := make([]Origin, d.count())
	for i := range origins {
		origins[i].RV = record.ResourceVersion(d.num())
		if c := d.num(); c < uint64(len(certainties)) {
			origins[i].Certainty = certainties[c]
		} else {
			d.bad = true
		}
		if maker := d.text(); len(maker) > 0 {
			origins[i].Maker = slices.Clone(maker)
		}
	}
	fields := d.count()
	c := &Carried{fields: make(map[string]*Origin, fields)}
	budget := maxBlamePaths
	var path []byte
	for range fields {
		shared := d.num()
		rest := d.text()
		at := d.num()
		if d.bad || shared > uint64(len(path)) || at >= uint64(len(origins)) {
			return nil, fmt.Errorf("%w: %d bytes", ErrBlame, len(b))
		}
		path = append(path[:shared], rest...)
		if budget -= len(path); budget < 0 {
			return nil, fmt.Errorf("%w: paths too long", ErrBlame)
		}
		c.fields[string(path)] = &origins[at]
	}
	if d.bad || len(d.rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrBlame, len(b))
	}
	return c, nil
}

// maxBlamePaths bounds what the shared beginnings of paths may unfold to.
const maxBlamePaths = 256 << 20

type blameDecoder struct {
	rest []byte
	bad  bool
}

func (d *blameDecoder) num() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// count reads the length of a list, each entry of which takes at least three bytes.
func (d *blameDecoder) count() int {
	n := d.num()
	if n > uint64(len(d.rest))/3 {
		d.bad, d.rest = true, nil
		return 0
	}
	return int(n)
}

func (d *blameDecoder) text() []byte {
	n := d.num()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return nil
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// fromFloor gives the leaves of the first state the origins that the floor kept.
func (b *blamer) fromFloor(n *blameNode, floor *Carried, s Schema) {
	if n.value.leaf() {
		n.origin = floor.Of(b.path)
		return
	}
	if n.value.kind == Object {
		for i, m := range n.value.Members() {
			b.path = append(b.path, Step{Name: m.Name})
			b.fromFloor(n.kids[i], floor, s.field(m.Name))
			b.path = b.path[:len(b.path)-1]
		}
		return
	}
	by, _, _ := identify(s, n.value.Items())
	for i, item := range n.value.Items() {
		b.path = append(b.path, by.step(item, i))
		b.fromFloor(n.kids[i], floor, s.item())
		b.path = b.path[:len(b.path)-1]
	}
}

package index

import (
	"encoding/binary"
	"errors"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
)

// linkFormat is counted up when links are derived or kept in another way: it is part of the generation.
const linkFormat = 2

var errLinks = errors.New("what is kept of links can not be read")

func appendBits(b []byte, bits ...bool) []byte {
	var flags byte
	for i, set := range bits {
		if set {
			flags |= 1 << i
		}
	}
	return append(b, flags)
}

func (d *clockDecoder) bits(to ...*bool) {
	flags := d.num()
	for i, b := range to {
		*b = flags>>i&1 == 1
	}
}

func appendOver(b []byte, o Over) []byte {
	b = appendBits(b, o.Ended)
	if !o.Ended {
		return b
	}
	return appendTime(binary.AppendUvarint(b, uint64(o.RV)), o.At)
}

func (d *clockDecoder) over() (o Over) {
	if d.bits(&o.Ended); o.Ended {
		o.RV, o.At = record.ResourceVersion(d.num()), d.time()
	}
	return o
}

func appendClaim(b []byte, c *link.Claim) []byte {
	b = appendBits(b, c.Up, c.Controller, c.Inferred, c.Target.AllNamespaces)
	t := &c.Target
	for _, s := range [...]string{c.Rule, string(c.Type), c.Field, string(t.Cluster), t.Group, t.Version, t.Kind, t.Resource, t.Namespace, t.Name, string(t.UID), t.Selector} {
		b = appendString(b, s)
	}
	return b
}

func (d *clockDecoder) claim() (c link.Claim) {
	d.bits(&c.Up, &c.Controller, &c.Inferred, &c.Target.AllNamespaces)
	c.Rule, c.Type, c.Field = d.string(), link.Type(d.string()), d.string()
	c.Target.Cluster, c.Target.Group, c.Target.Version, c.Target.Kind = record.Cluster(d.string()), d.string(), d.string(), d.string()
	c.Target.Resource, c.Target.Namespace, c.Target.Name = d.string(), d.string(), d.string()
	c.Target.UID, c.Target.Selector = record.UID(d.string()), d.string()
	return c
}

func appendNumbers(b []byte, list []int) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// numbers reads a list of numbers below n.
func (d *clockDecoder) numbers(n int) (list []int) {
	for range d.count() {
		i := d.num()
		if i >= uint64(n) {
			d.bad = true
			return nil
		}
		list = append(list, int(i))
	}
	return list
}

func (s *said) encode() []byte {
	b := appendBits(appendOver(nil, s.over), s.cut, s.words)
	for _, text := range [...]string{s.gr.Group, s.gr.Resource, s.namespace} {
		b = appendString(b, text)
	}
	b = binary.AppendUvarint(b, uint64(len(s.claims)))
	for i := range s.claims {
		b = appendClaim(b, &s.claims[i])
	}
	b = binary.AppendUvarint(b, uint64(len(s.labels)))
	for _, list := range s.labels {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, kv := range list {
			b = appendString(appendString(b, kv.Key), kv.Value)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(s.runs)))
	for _, r := range s.runs {
		b = binary.AppendUvarint(b, uint64(r.from))
		b = appendNumbers(appendNumbers(b, r.claims), r.also)
		b = binary.AppendUvarint(b, uint64(r.labels+1))
	}
	return b
}

func decodeSaid(b []byte) (*said, error) {
	d := clockDecoder{buf: b}
	s := &said{over: d.over()}
	d.bits(&s.cut, &s.words)
	s.gr.Group, s.gr.Resource, s.namespace = d.string(), d.string(), d.string()
	for range d.count() {
		s.claims = append(s.claims, d.claim())
	}
	for range d.count() {
		list := []record.KeyValue{}
		for range d.count() {
			list = append(list, record.KeyValue{Key: d.string(), Value: d.string()})
		}
		s.labels = append(s.labels, list)
	}
	for range d.count() {
		r := saidRun{from: record.ResourceVersion(d.num()), claims: d.numbers(len(s.claims)), also: d.numbers(len(s.claims))}
		r.labels = int(d.num()) - 1
		if r.labels >= len(s.labels) || r.labels < -1 {
			d.bad = true
		}
		s.runs = append(s.runs, r)
	}
	if d.bad || len(d.buf) != 0 {
		return nil, errLinks
	}
	return s, nil
}

// encodeTold keeps what one object said of a target. Of the target it keeps the selector alone: the rest is in the key, or in what the object
// said. Of a label there is one claim that is empty.
func encodeTold(storage record.Storage, o Over, list []Said) []byte {
	b := appendString(appendOver(nil, o), string(storage))
	b = binary.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		c := &list[i].Claim
		b = appendBits(b, c.Up, c.Controller, c.Inferred)
		for _, text := range [...]string{c.Rule, string(c.Type), c.Field, c.Target.Selector} {
			b = appendString(b, text)
		}
		b = binary.AppendUvarint(b, uint64(len(list[i].Spells)))
		for _, s := range list[i].Spells {
			b = appendBits(b, s.First)
			b = binary.AppendUvarint(b, uint64(s.From))
			b = binary.AppendUvarint(b, uint64(s.To))
		}
	}
	return b
}

func decodeTold(b []byte) (storage record.Storage, o Over, list []Said, err error) {
	d := clockDecoder{buf: b}
	o, storage = d.over(), record.Storage(d.string())
	for range d.count() {
		var s Said
		d.bits(&s.Claim.Up, &s.Claim.Controller, &s.Claim.Inferred)
		s.Claim.Rule, s.Claim.Type, s.Claim.Field = d.string(), link.Type(d.string()), d.string()
		s.Claim.Target.Selector = d.string()
		for range d.count() {
			var sp Spell
			d.bits(&sp.First)
			sp.From, sp.To = record.ResourceVersion(d.num()), record.ResourceVersion(d.num())
			s.Spells = append(s.Spells, sp)
		}
		list = append(list, s)
	}
	if d.bad || len(d.buf) != 0 {
		return "", Over{}, nil, errLinks
	}
	return storage, o, list, nil
}

// linkHead tells how far a generation has got.
type linkHead struct {
	upTo   uint64 // the change up to which what is there holds
	whole  bool   // every object is worked in
	dead   bool   // it is being removed
	again  bool   // it was made from other facts before: what is gone since is to be swept out
	done   uint64 // objects worked in by the build at hand
	cursor []byte // the entry up to which they are
}

func (h *linkHead) encode() []byte {
	b := appendBits(binary.AppendUvarint(nil, linkFormat), h.whole, h.again, h.dead)
	b = binary.AppendUvarint(binary.AppendUvarint(b, h.upTo), h.done)
	return appendString(b, string(h.cursor))
}

func decodeLinkHead(b []byte) (h linkHead, ok bool) {
	d := clockDecoder{buf: b}
	if d.num() != linkFormat {
		return h, false
	}
	d.bits(&h.whole, &h.again, &h.dead)
	h.upTo, h.done = d.num(), d.num()
	h.cursor = []byte(d.string())
	return h, !d.bad && len(d.buf) == 0
}

package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ErrEncoding is what Decode's errors wrap: the bytes are no record of a version this program reads.
var ErrEncoding = errors.New("not an encoded record")

// Decode reads one record from the whole of b. Bodies alias b: the caller keeps b unchanged.
func Decode(b []byte) (*Record, error) {
	if len(b) < 2 || b[0] != encodingVersion {
		return nil, fmt.Errorf("%w: version byte", ErrEncoding)
	}
	r := &Record{Kind: Kind(b[1])}
	d := decoder{buf: b[2:]}
	d.base = d.int()
	r.OccurredAt = fromUnixNano(d.base)
	d.ref(&r.Ref)
	switch r.Kind {
	case KindRequest:
		r.Request = d.request()
	case KindRevision:
		r.Revision = &Revision{RV: ResourceVersion(d.num()), Partial: Partial(d.num()), Cut: d.bool(), Body: d.bytes()}
	case KindEnd:
		r.End = d.end()
	case KindKubeEvent:
		r.KubeEvent = d.event()
	case KindGap:
		r.Gap = &Gap{Reason: GapReason(d.str()), Until: d.time(), FromRV: ResourceVersion(d.num()),
			ToRV: ResourceVersion(d.num()), Detail: d.str(), Key: d.str(), Count: d.int()}
	case KindProgress:
		r.Progress = d.progress()
	case KindSpan:
		r.Span = d.span()
	default:
		return nil, fmt.Errorf("%w: kind %d", ErrEncoding, b[1])
	}
	r.Provenance.ReceivedAt = fromUnixNano(d.int())
	r.Provenance.Sources = Sources(d.num())
	if d.bad || len(d.buf) != 0 {
		return nil, fmt.Errorf("%w: %s of %d bytes", ErrEncoding, r.Kind, len(b))
	}
	return r, nil
}

// decoder reads fields in the encoder's order. After the first short read bad is set and all reads give zero.
type decoder struct {
	buf  []byte
	base int64
	bad  bool
}

func (d *decoder) fail() { d.bad, d.buf = true, nil }

func (d *decoder) num() uint64 {
	n, size := binary.Uvarint(d.buf)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.buf)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

func (d *decoder) bytes() []byte {
	n := d.num()
	if n > uint64(len(d.buf)) {
		d.fail()
		return nil
	}
	if n == 0 {
		return nil
	}
	b := d.buf[:n:n]
	d.buf = d.buf[n:]
	return b
}

func (d *decoder) str() string { return string(d.bytes()) }
func (d *decoder) bool() bool  { return d.num() != 0 }

// progress: see encoder.progress.
func (d *decoder) progress() *Progress {
	p := &Progress{RV: ResourceVersion(d.num())}
	switch d.num() {
	case 0:
	case 1:
		p.List = true
	case 2:
		p.From = ResourceVersion(d.num())
	default:
		d.fail()
	}
	return p
}

// count reads the length of a list whose elements take at least so many bytes each, a field one: a length beyond the rest is corrupt, and
// nothing is allocated for it.
func (d *decoder) count(each int) int {
	n := d.num()
	if n > uint64(len(d.buf)/each) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) time() time.Time {
	if d.num() == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.base+d.int()).UTC()
}

func (d *decoder) ref(r *ObjectRef) {
	r.Cluster = Cluster(d.str())
	for _, s := range [...]*string{&r.Group, &r.Version, &r.Kind, &r.Resource, &r.Subresource, &r.Namespace, &r.Name} {
		*s = d.str()
	}
	r.UID = UID(d.str())
}

func (d *decoder) strs() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.str()
	}
	return list
}

func (d *decoder) pairs() []KeyValue {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	kv := make([]KeyValue, n)
	for i := range kv {
		kv[i] = KeyValue{Key: d.str(), Value: d.str()}
	}
	return kv
}

func (d *decoder) request() *Request {
	q := &Request{AuditID: d.str(), Stage: Stage(d.num()), Level: Level(d.num()), Flags: RequestFlags(d.num()), Verb: d.str(), URI: d.str()}
	q.Actor = Actor{User: d.str(), UserUID: d.str(), Groups: d.strs(), Extra: d.pairs(), Impersonator: d.str(), UserAgent: d.str(), SourceIPs: d.strs()}
	q.Code, q.Reason, q.Message = int(d.num()), d.str(), d.str()
	if n := d.count(3); n > 0 {
		q.Causes = make([]Cause, n)
		for i := range q.Causes {
			q.Causes[i] = Cause{Field: d.str(), Reason: d.str(), Message: d.str()}
		}
	}
	q.StageAt, q.Annotated = d.time(), d.pairs()
	q.NamedRV, q.NamedUID = ResourceVersion(d.num()), UID(d.str())
	q.Answer, q.AnswerUID, q.AnswerRV, q.AnswerEnds = BodyKind(d.num()), UID(d.str()), ResourceVersion(d.num()), d.bool()
	q.SentKind, q.Sent = SentKind(d.num()), d.bytes()
	if n := d.count(5); n > 0 {
		q.Items = make([]Item, n)
		for i := range q.Items {
			q.Items[i] = Item{Namespace: d.str(), Name: d.str(), UID: UID(d.str()), RV: ResourceVersion(d.num()), Ends: d.bool()}
		}
	}
	return q
}

func (d *decoder) end() *End {
	e := &End{RV: ResourceVersion(d.num()), LastBody: d.bytes()}
	if n := d.count(len(ID{}) + 2); n > 0 {
		e.Requests = make([]EndRequest, n)
		for i := range e.Requests {
			if len(d.buf) < len(ID{}) {
				d.fail()
				return e
			}
			d.buf = d.buf[copy(e.Requests[i].ID[:], d.buf):]
			e.Requests[i].At, e.Requests[i].StageAt = d.time(), d.time()
		}
	}
	e.After, e.Before, e.Sources = ResourceVersion(d.num()), ResourceVersion(d.num()), Sources(d.num())
	return e
}

func (d *decoder) eventObject(o *EventObject) {
	for _, s := range [...]*string{&o.Kind, &o.APIVersion, &o.Namespace, &o.Name} {
		*s = d.str()
	}
	o.UID = UID(d.str())
	o.RV, o.FieldPath = d.str(), d.str()
}

func (d *decoder) event() *KubeEvent {
	v := &KubeEvent{RV: ResourceVersion(d.num())}
	for _, s := range [...]*string{&v.Type, &v.Reason, &v.Action, &v.Note, &v.Controller, &v.Instance} {
		*s = d.str()
	}
	d.eventObject(&v.Regarding)
	d.eventObject(&v.Related)
	for _, t := range [...]*time.Time{&v.FirstSeen, &v.LastSeen, &v.EventTime, &v.CreatedAt} {
		*t = d.time()
	}
	v.Count, v.Labels, v.Annotations = d.int(), d.pairs(), d.pairs()
	return v
}

// WholeState gives the manifest in an encoded revision that holds a whole one, without decoding the rest; false for all else. It aliases b.
func WholeState(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != encodingVersion || Kind(b[1]) != KindRevision {
		return nil, false
	}
	d := decoder{buf: b[2:]}
	d.int()
	for range 9 { // the strings of an ObjectRef
		d.bytes()
	}
	d.num() // the resourceVersion
	whole, cut := Partial(d.num()) == Whole, d.bool()
	body := d.bytes()
	return body, whole && !cut && !d.bad && len(body) > 0
}

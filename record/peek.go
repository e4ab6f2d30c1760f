package record

import "bytes"

// RequestHead is the part of an encoded request that most filters look at. Its strings alias the encoded bytes.
type RequestHead struct {
	Group, Resource, Namespace, Name []byte
	Subresource                      []byte
	Stage                            Stage
	Verb, URI, User, Impersonator    []byte
	Code                             int
	Reason                           []byte

	rest    []byte   // encoded, behind Reason
	decoded *Request // where the head was made of it
}

// RequestTail is what stands further on in an encoded request, of what its effect can be told from.
type RequestTail struct {
	NamedRV, AnswerRV ResourceVersion
	Answer            BodyKind
	SentKind          SentKind
	Sent              []byte
	Items             int // objects that the answer lists
}

// Tail reads on, without allocating. False: the bytes are damaged.
func (h *RequestHead) Tail() (t RequestTail, ok bool) {
	if q := h.decoded; q != nil {
		return RequestTail{NamedRV: q.NamedRV, AnswerRV: q.AnswerRV, Answer: q.Answer, SentKind: q.SentKind, Sent: q.Sent, Items: len(q.Items)}, true
	}
	d := decoder{buf: h.rest}
	d.bytes() // message
	d.skip(3) // causes
	if d.num() != 0 {
		d.int() // stage time
	}
	d.skip(2) // annotations
	t.NamedRV = ResourceVersion(d.num())
	d.bytes() // named UID
	t.Answer = BodyKind(d.num())
	d.bytes() // its UID
	t.AnswerRV = ResourceVersion(d.num())
	d.num() // whether it ends
	t.SentKind, t.Sent = SentKind(d.num()), d.bytes()
	t.Items = d.count(5)
	return t, !d.bad
}

// IsDryRun reports whether a deletion's options, which its body tells, ask for no more than a dry run.
func (t *RequestTail) IsDryRun() bool {
	return t.SentKind == SentDelete && bytes.Contains(t.Sent, []byte(`"dryRun":["All"]`))
}

// HeadOf gives the head of a request that is decoded.
func HeadOf(r *Record) RequestHead {
	q := r.Request
	return RequestHead{Group: []byte(r.Ref.Group), Resource: []byte(r.Ref.Resource), Namespace: []byte(r.Ref.Namespace), Name: []byte(r.Ref.Name),
		Subresource: []byte(r.Ref.Subresource), Stage: q.Stage, Verb: []byte(q.Verb), URI: []byte(q.URI), User: []byte(q.Actor.User),
		Impersonator: []byte(q.Actor.Impersonator), Code: q.Code, Reason: []byte(q.Reason), decoded: q}
}

// IsRead is Request.IsRead.
func (h *RequestHead) IsRead() bool {
	switch string(h.Verb) {
	case "get":
		return h.Code != 101 && !bytes.Contains(h.URI, []byte("/exec?")) && !bytes.Contains(h.URI, []byte("/attach?")) &&
			!bytes.Contains(h.URI, []byte("/portforward"))
	case "list", "watch", "head", "options":
		return true
	}
	return false
}

// PeekRequest reads the head of an encoded request without decoding the rest, and without allocating. It costs a tenth of Decode. False:
// the bytes are no request, or are damaged; Decode says more.
func PeekRequest(b []byte) (h RequestHead, ok bool) {
	if len(b) < 2 || b[0] != encodingVersion || Kind(b[1]) != KindRequest {
		return h, false
	}
	d := decoder{buf: b[2:]}
	d.int()
	d.bytes() // cluster
	h.Group = d.bytes()
	d.bytes() // version
	d.bytes() // kind
	h.Resource = d.bytes()
	h.Subresource = d.bytes()
	h.Namespace, h.Name = d.bytes(), d.bytes()
	d.bytes() // UID
	d.bytes() // audit ID
	h.Stage = Stage(d.num())
	d.num() // level
	d.num() // flags
	h.Verb = d.bytes()
	h.URI = d.bytes()
	h.User = d.bytes()
	d.bytes() // its UID
	d.skip(1) // groups
	d.skip(2) // extra
	h.Impersonator = d.bytes()
	d.bytes() // user agent
	d.skip(1) // source IPs
	h.Code = int(d.num())
	h.Reason = d.bytes()
	h.rest = d.buf
	return h, !d.bad
}

// skip passes over a list whose elements are so many strings each.
func (d *decoder) skip(each int) {
	for range d.count(each) * each {
		d.bytes()
		if d.bad {
			return
		}
	}
}

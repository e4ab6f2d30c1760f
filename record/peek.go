package record

// RequestHead is the part of an encoded request that most filters look at. Its strings alias the encoded bytes.
type RequestHead struct {
	Group, Resource, Namespace, Name []byte
	Stage                            Stage
	Verb, User                       []byte
	Code                             int
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
	d.bytes() // subresource
	h.Namespace, h.Name = d.bytes(), d.bytes()
	d.bytes() // UID
	d.bytes() // audit ID
	h.Stage = Stage(d.num())
	d.num() // level
	d.num() // flags
	h.Verb = d.bytes()
	d.bytes() // URI
	h.User = d.bytes()
	d.bytes() // its UID
	d.skip(1) // groups
	d.skip(2) // extra
	d.bytes() // impersonator
	d.bytes() // user agent
	d.skip(1) // source IPs
	h.Code = int(d.num())
	return h, !d.bad
}

// skip passes over a list whose elements are so many strings each.
func (d *decoder) skip(each int) {
	for range d.count() * each {
		d.bytes()
		if d.bad {
			return
		}
	}
}

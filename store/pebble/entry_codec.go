package pebble

import (
	"errors"

	"github.com/kubewake/kubewake/record"
)

var errEntry = errors.New("catalogue entry does not decode")

// Bits of the mask that begins an encoded entry: which fields follow, in this order.
const (
	hasNames = 1 << iota
	hasKinds
	hasVersion
	hasFirstRV
	hasLastRV
	hasCreatedRV
	hasEndRV
	hasCreatedAt
	hasEndAt
	hasFirstAt
	hasLastAt
	hasLabels
	hasOwners
	hasPlaces
	hasEnds
	hasFlags
)

func (e *entry) mask() uint64 {
	var m uint64
	set := func(has bool, bit uint64) {
		if has {
			m |= bit
		}
	}
	set(len(e.names) > 0, hasNames)
	set(len(e.kinds) > 0, hasKinds)
	set(e.version != "", hasVersion)
	set(e.firstRV != 0, hasFirstRV)
	set(e.lastRV != 0, hasLastRV)
	set(e.createdRV != 0, hasCreatedRV)
	set(e.endRV != 0, hasEndRV)
	set(e.createdAt != 0, hasCreatedAt)
	set(e.endAt != 0, hasEndAt)
	set(e.firstAt != 0, hasFirstAt)
	set(e.lastAt != 0, hasLastAt)
	set(len(e.labels) > 0, hasLabels)
	set(len(e.owners) > 0, hasOwners)
	set(len(e.places) > 0, hasPlaces)
	set(len(e.ends) > 0, hasEnds)
	set(e.flags != 0, hasFlags)
	return m
}

func encodeEntry(e *entry) []byte {
	w := writer{[]byte{1}} // version of this encoding
	m := e.mask()
	w.num(m)
	if m&hasNames != 0 {
		w.num(uint64(len(e.names)))
		for _, n := range e.names {
			w.strs(n.group, n.resource, n.namespace, n.name)
		}
	}
	if m&hasKinds != 0 {
		w.num(uint64(len(e.kinds)))
		w.strs(e.kinds...)
	}
	if m&hasVersion != 0 {
		w.strs(e.version)
	}
	for _, rv := range [...]record.ResourceVersion{e.firstRV, e.lastRV, e.createdRV, e.endRV} {
		if rv != 0 {
			w.num(uint64(rv))
		}
	}
	if m&hasCreatedAt != 0 {
		w.int(e.createdAt)
	}
	if m&hasEndAt != 0 {
		w.int(e.endAt)
		w.int(e.endStage)
	}
	for _, at := range [...]int64{e.firstAt, e.lastAt} {
		if at != 0 {
			w.int(at)
		}
	}
	if m&hasLabels != 0 {
		w.num(uint64(len(e.labels)))
		for _, kv := range e.labels {
			w.strs(kv.Key, kv.Value)
		}
	}
	if m&hasOwners != 0 {
		w.num(uint64(len(e.owners)))
		for _, uid := range e.owners {
			w.strs(string(packUUID(uid, "")))
		}
	}
	if m&hasPlaces != 0 {
		w.places(e.places)
	}
	if m&hasEnds != 0 {
		w.num(uint64(len(e.ends)))
		for _, end := range e.ends {
			w.places([]place{end.place})
			w.num(uint64(end.rv))
		}
	}
	if m&hasFlags != 0 {
		w.num(uint64(e.flags))
	}
	return w.buf
}

func decodeEntry(b []byte) (*entry, error) {
	if len(b) < 2 || b[0] != 1 {
		return nil, errEntry
	}
	r := reader{buf: b[1:]}
	m := r.num()
	e := &entry{}
	if m&hasNames != 0 {
		e.names = make([]named, r.count())
		for i := range e.names {
			e.names[i] = named{r.str(), r.str(), r.str(), r.str()}
		}
	}
	if m&hasKinds != 0 {
		e.kinds = make([]string, r.count())
		for i := range e.kinds {
			e.kinds[i] = r.str()
		}
	}
	if m&hasVersion != 0 {
		e.version = r.str()
	}
	for i, rv := range [...]*record.ResourceVersion{&e.firstRV, &e.lastRV, &e.createdRV, &e.endRV} {
		if m&(hasFirstRV<<i) != 0 {
			*rv = record.ResourceVersion(r.num())
		}
	}
	if m&hasCreatedAt != 0 {
		e.createdAt = r.int()
	}
	if m&hasEndAt != 0 {
		e.endAt, e.endStage = r.int(), r.int()
	}
	if m&hasFirstAt != 0 {
		e.firstAt = r.int()
	}
	if m&hasLastAt != 0 {
		e.lastAt = r.int()
	}
	if m&hasLabels != 0 {
		e.labels = make([]record.KeyValue, r.count())
		for i := range e.labels {
			e.labels[i] = record.KeyValue{Key: r.str(), Value: r.str()}
		}
	}
	if m&hasOwners != 0 {
		e.owners = make([]record.UID, r.count())
		for i := range e.owners {
			e.owners[i] = record.UID(unpackUUID(r.str(), ""))
		}
	}
	if m&hasPlaces != 0 {
		e.places = r.places()
	}
	if m&hasEnds != 0 {
		e.ends = make([]endPart, r.count())
		for i := range e.ends {
			p := r.places()
			if len(p) != 1 {
				return nil, errEntry
			}
			e.ends[i] = endPart{p[0], record.ResourceVersion(r.num())}
		}
	}
	if m&hasFlags != 0 {
		e.flags = entryFlags(r.num())
	}
	if r.bad || len(r.buf) > 0 {
		return nil, errEntry
	}
	return e, nil
}

// onlyEvents reports whether every name in an encoded entry is that of a Kubernetes Event, without decoding more. What it can not read is none.
func onlyEvents(b []byte) bool {
	if len(b) < 2 || b[0] != 1 {
		return false
	}
	r := reader{buf: b[1:]}
	if r.num()&hasNames == 0 {
		return false
	}
	n := r.count()
	for range n {
		group, resource := r.bytes(r.num()), r.bytes(r.num())
		r.bytes(r.num())
		r.bytes(r.num())
		if string(resource) != "events" || len(group) > 0 && string(group) != "events.k8s.io" {
			return false
		}
	}
	return n > 0 && !r.bad
}

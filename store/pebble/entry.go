package pebble

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// entry is the catalogue's value of one UID, or what one record adds to it. Entries form a lattice: merge is union, minimum or
// maximum field by field, and the zero value adds nothing. Sets are sorted slices.
type entry struct {
	flags            entryFlags
	names            []named
	kinds            []string
	version          string
	firstRV, lastRV  record.ResourceVersion
	createdRV, endRV record.ResourceVersion
	createdAt        int64 // seconds
	endAt, endStage  int64 // of the earliest request that ended it
	firstAt, lastAt  int64
	labels           []record.KeyValue
	owners           []record.UID
	places           []place
	ends             []endPart
}

type entryFlags uint8

const (
	flagKnown entryFlags = 1 << 0 // more than a failed request or a dry run told of it
	flagEnded entryFlags = 1 << 1
)

// named is how a record names an object. Records of one object may differ: a watch tells no resource, an old API group.
type named struct{ group, resource, namespace, name string }

// endPart tells where a part of an object's End lies beside its revisions.
type endPart struct {
	place place
	rv    record.ResourceVersion
}

func compareNamed(a, b named) int {
	return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.resource, b.resource),
		strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name))
}

func comparePairs(a, b record.KeyValue) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Value, b.Value))
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.storage, b.storage), bytes.Compare(a.kin[:], b.kin[:]), cmp.Compare(a.bucket, b.bucket))
}

func compareEnds(a, b endPart) int {
	return cmp.Or(comparePlaces(a.place, b.place), cmp.Compare(a.rv, b.rv))
}

// merge adds what b tells to a. Slices of b may be shared afterwards.
func (e *entry) merge(b *entry) {
	e.flags |= b.flags
	e.names = union(e.names, b.names, compareNamed)
	e.kinds = union(e.kinds, b.kinds, strings.Compare)
	e.version = max(e.version, b.version)
	e.firstRV, e.lastRV = least(e.firstRV, b.firstRV), max(e.lastRV, b.lastRV)
	e.createdRV, e.endRV = least(e.createdRV, b.createdRV), max(e.endRV, b.endRV)
	e.createdAt = least(e.createdAt, b.createdAt)
	if b.endAt != 0 && (e.endAt == 0 || cmp.Or(cmp.Compare(b.endAt, e.endAt), cmp.Compare(b.endStage, e.endStage)) < 0) {
		e.endAt, e.endStage = b.endAt, b.endStage
	}
	e.firstAt = least(e.firstAt, b.firstAt)
	e.lastAt = later(e.lastAt, b.lastAt)
	e.labels = union(e.labels, b.labels, comparePairs)
	e.owners = union(e.owners, b.owners, cmp.Compare)
	e.places = union(e.places, b.places, comparePlaces)
	e.ends = union(e.ends, b.ends, compareEnds)
}

// minus is what e tells beyond known: merging it with known gives the same as merging e.
func (e *entry) minus(known *entry) entry {
	d := *e
	d.flags &^= known.flags
	d.names = without(e.names, known.names, compareNamed)
	d.kinds = without(e.kinds, known.kinds, strings.Compare)
	if d.version <= known.version {
		d.version = ""
	}
	d.firstRV, d.lastRV = newMin(e.firstRV, known.firstRV), newMax(e.lastRV, known.lastRV)
	d.createdRV, d.endRV = newMin(e.createdRV, known.createdRV), newMax(e.endRV, known.endRV)
	d.createdAt = newMin(e.createdAt, known.createdAt)
	if e.endAt == known.endAt && e.endStage == known.endStage {
		d.endAt, d.endStage = 0, 0
	}
	d.firstAt = newMin(e.firstAt, known.firstAt)
	if known.lastAt != 0 && e.lastAt <= known.lastAt {
		d.lastAt = 0
	}
	d.labels = without(e.labels, known.labels, comparePairs)
	d.owners = without(e.owners, known.owners, cmp.Compare)
	d.places = without(e.places, known.places, comparePlaces)
	d.ends = without(e.ends, known.ends, compareEnds)
	return d
}

// own copies the strings that may be parts of a source's buffer.
func (e *entry) own() {
	e.version = strings.Clone(e.version)
	e.names, e.kinds, e.places, e.ends = slices.Clone(e.names), slices.Clone(e.kinds), slices.Clone(e.places), slices.Clone(e.ends)
	for i, n := range e.names {
		e.names[i] = named{strings.Clone(n.group), strings.Clone(n.resource), strings.Clone(n.namespace), strings.Clone(n.name)}
	}
	for i, k := range e.kinds {
		e.kinds[i] = strings.Clone(k)
	}
	for i := range e.places {
		e.places[i].storage = record.Storage(strings.Clone(string(e.places[i].storage)))
	}
	for i := range e.ends {
		e.ends[i].place.storage = record.Storage(strings.Clone(string(e.ends[i].place.storage)))
	}
}

// least of two numbers of which zero means none.
func least[N ~int64 | ~uint64](a, b N) N {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// later of two times of which zero means none.
func later(a, b int64) int64 {
	if a == 0 || (b != 0 && b > a) {
		return b
	}
	return a
}

func newMin[N ~int64 | ~uint64](n, known N) N {
	if known != 0 && known <= n {
		return 0
	}
	return n
}

func newMax(n, known record.ResourceVersion) record.ResourceVersion {
	if n <= known {
		return 0
	}
	return n
}

// union of two sorted sets; where b adds nothing it is a itself.
func union[T any](a, b []T, compare func(x, y T) int) []T {
	if len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return b
	}
	if len(without(b, a, compare)) == 0 {
		return a
	}
	out := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		c := compare(a[0], b[0])
		if c <= 0 {
			out = append(out, a[0])
			a = a[1:]
		} else {
			out = append(out, b[0])
		}
		if c >= 0 {
			b = b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// without gives the items of sorted set a that sorted set b has not.
func without[T any](a, b []T, compare func(x, y T) int) []T {
	if len(a) == 0 || len(b) == 0 {
		return a
	}
	var out []T
	for _, x := range a {
		if _, found := slices.BinarySearchFunc(b, x, compare); !found {
			out = append(out, x)
		}
	}
	return out
}

// public is the entry as callers see it.
func (e *entry) public(c record.Cluster, uid record.UID) *store.Entry {
	n, kind := e.best()
	out := &store.Entry{Ref: record.ObjectRef{Cluster: c, Group: n.group, Version: e.version, Kind: kind, Resource: n.resource,
		Namespace: n.namespace, Name: n.name, UID: uid}, FirstRV: e.firstRV, LastRV: e.lastRV, Ended: e.flags&flagEnded != 0,
		EndRV: e.endRV, EndAt: fromUnixNano(e.endStage), FirstAt: fromUnixNano(e.firstAt), LastAt: fromUnixNano(e.lastAt),
		Labels: e.labels, Owners: e.owners}
	out.Storage = record.StorageOf(out.Ref.GroupResource())
	if e.createdAt != 0 {
		out.CreatedAt = time.Unix(e.createdAt, 0).UTC()
	}
	out.Created = e.createdRV != 0 && (e.firstRV == 0 || e.firstRV == e.createdRV)
	return out
}

// best chooses among the ways in which records named the object: one with a name, with a resource that is not just the guess from the
// kind, with any resource; then the greatest. It is always one of them, so the name index has a key for it.
func (e *entry) best() (named, string) {
	kind := ""
	if len(e.kinds) > 0 {
		kind = e.kinds[len(e.kinds)-1]
	}
	guess := record.GuessResource(kind)
	rank := func(n named) int {
		r := 0
		if n.name != "" {
			r += 4
		}
		if n.resource != "" {
			r++
			if n.resource != guess {
				r++
			}
		}
		return r
	}
	var best named
	for i, n := range e.names {
		if i == 0 || rank(n) >= rank(best) {
			best = n
		}
	}
	return best, kind
}

package pebble

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// objectWalk turns names into entries. Entries lie by UID, so those of neighbouring names lie anywhere, and each read alone would unpack a block of some
// hundred. The walk gathers names, reads their entries in the order in which these lie, and hands them on in the order of the names; the
// lives of one name by their first resourceVersion.
type objectWalk struct {
	r        *points
	cluster  record.Cluster
	yield    func(*store.Entry) error
	patience patience

	names []sought
	most  int    // names that are gathered before their entries are read
	bytes []byte // of UIDs and of entries
	lives []*store.Entry
}

// sought is a name whose entry is to be read.
type sought struct {
	named
	uid, entry part // entry is empty until it is read, or where there is none
}

// part of objectWalk.bytes.
type part struct{ from, to int }

func (p part) of(b []byte) []byte { return b[p.from:p.to] }

// How many names are gathered: few at first, for who asks for one life or soon stops.
const (
	fewSought = 32
	maxSought = 1 << 16
)

func newObjectWalk(ctx context.Context, r *points, c record.Cluster, yield func(*store.Entry) error) *objectWalk {
	return &objectWalk{r: r, cluster: c, yield: yield, patience: patience{ctx: ctx}, most: fewSought}
}

// next takes a name in; uid is as it stands in keys. The lives of one name are never parted.
func (w *objectWalk) next(n named, uid []byte) error {
	if k := len(w.names); k > 0 {
		last := &w.names[k-1].named
		if k >= w.most && n != *last {
			if err := w.flush(); err != nil {
				return err
			}
			w.most = min(4*w.most, maxSought)
		} else {
			n = n.sharing(last)
		}
	}
	w.names = append(w.names, sought{named: n, uid: w.keep(uid)})
	return nil
}

// sharing is n with the strings of another name where they are the same: many are held.
func (n named) sharing(o *named) named {
	for _, s := range [...]struct{ own, other *string }{{&n.group, &o.group}, {&n.resource, &o.resource}, {&n.namespace, &o.namespace}, {&n.name, &o.name}} {
		if *s.own == *s.other {
			*s.own = *s.other
		}
	}
	return n
}

func (w *objectWalk) keep(b []byte) part {
	from := len(w.bytes)
	w.bytes = append(w.bytes, b...)
	return part{from, len(w.bytes)}
}

// flush hands on the entries of what was gathered.
func (w *objectWalk) flush() error {
	if err := w.read(); err != nil {
		return err
	}
	for rest := w.names; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].named == rest[0].named {
			n++
		}
		if err := w.handOn(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	w.names, w.bytes = w.names[:0], w.bytes[:0]
	return nil
}

// read looks up the entries, in the order in which they lie.
func (w *objectWalk) read() error {
	order := make([]int, len(w.names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(w.names[a].uid.of(w.bytes), w.names[b].uid.of(w.bytes)) })
	key := clusterKey(famCatalogue, w.cluster)
	whole := len(key)
	for _, i := range order {
		if err := w.patience.check(); err != nil {
			return err
		}
		n := &w.names[i]
		key = append(key[:whole], n.uid.of(w.bytes)...)
		v, err := w.r.get(key)
		if err != nil {
			return err
		}
		n.entry = w.keep(v)
	}
	return nil
}

// handOn yields the lives of one name.
func (w *objectWalk) handOn(list []sought) error {
	w.lives = w.lives[:0]
	for i := range list {
		n := &list[i]
		if n.entry.from == n.entry.to {
			continue
		}
		uid, _, _ := cutUID(n.uid.of(w.bytes)) // it was one when it was kept
		e, err := decodeEntry(n.entry.of(w.bytes))
		if err != nil {
			return damaged(uidKey(famCatalogue, w.cluster, uid), err)
		}
		if e.flags&flagKnown == 0 {
			continue
		}
		if best, _ := e.best(); best != n.named {
			continue // the key of a guess, or of another API group: the entry comes under its own name
		}
		w.lives = append(w.lives, e.public(w.cluster, uid))
	}
	slices.SortFunc(w.lives, func(a, b *store.Entry) int {
		return cmp.Or(cmp.Compare(a.FirstRV, b.FirstRV), cmp.Compare(a.Ref.UID, b.Ref.UID))
	})
	for _, e := range w.lives {
		if err := w.yield(e); err != nil {
			return err
		}
	}
	return nil
}

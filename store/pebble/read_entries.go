package pebble

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// alongCatalogue calls f for the entries of a cluster that are listed, in the order in which they lie; uid is as it stands in keys. Those of
// Kubernetes Events are passed over where noEvents is set, without being decoded.
func alongCatalogue(ctx context.Context, r *points, c record.Cluster, noEvents bool, f func(uid []byte, e *entry) error) error {
	wait := patience{ctx: ctx}
	prefix := clusterKey(famCatalogue, c)
	return scan(r, prefix, func(it *lsm.Iterator) error {
		if err := wait.check(); err != nil {
			return err
		}
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		if noEvents && onlyEvents(v) {
			return nil
		}
		e, err := decodeEntry(v)
		if err != nil {
			return damaged(it.Key(), err)
		}
		if e.flags&flagKnown == 0 || len(e.names) == 0 {
			return nil
		}
		return f(it.Key()[len(prefix):], e)
	})
}

// entriesOf yields what matches in the order in which the entries lie, for a scan that its names narrow.
func entriesOf(ctx context.Context, r *points, c record.Cluster, q store.ObjectScan, yield func(*store.Entry) error) error {
	g := gathered{r: r, cluster: c, scan: q, yield: yield, patience: patience{ctx: ctx}, most: maxGathered}
	return g.run()
}

// run gathers the UIDs that the scan asks for, and yields their entries.
func (g *gathered) run() error {
	err := scan(g.r, namePrefix(g.cluster, g.scan), func(it *lsm.Iterator) error {
		if err := g.patience.check(); err != nil {
			return err
		}
		n, uid, err := cutNameKey(it.Key())
		if err != nil || !matches(g.scan, n) {
			return err
		}
		return g.next(n, uid)
	})
	if err != nil {
		return err
	}
	return g.flush()
}

// gathered are the UIDs that stand below neighbouring names.
type gathered struct {
	r           *points
	cluster     record.Cluster
	scan        store.ObjectScan
	yield       func(*store.Entry) error
	patience    patience
	most        int // UIDs that are kept in mind
	first, last named
	uids        [][]byte // as they stand in keys
}

// maxGathered UIDs take some 30 MB.
const maxGathered = 1 << 19

func (g *gathered) next(n named, uid []byte) error {
	if len(g.uids) >= g.most && n != g.last {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if len(g.uids) == 0 {
		g.first = n
	}
	g.last, g.uids = n, append(g.uids, bytes.Clone(uid))
	return nil
}

// flush yields the entries whose own name, of those that records gave them, is among the gathered ones.
func (g *gathered) flush() error {
	slices.SortFunc(g.uids, bytes.Compare)
	key := clusterKey(famCatalogue, g.cluster)
	whole := len(key)
	for _, uid := range slices.CompactFunc(g.uids, bytes.Equal) {
		if err := g.patience.check(); err != nil {
			return err
		}
		key = append(key[:whole], uid...)
		v, err := g.r.get(key)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		e, err := decodeEntry(v)
		if err != nil {
			return damaged(key, err)
		}
		best, _ := e.best()
		if e.flags&flagKnown == 0 || !matches(g.scan, best) || compareNamed(best, g.first) < 0 || compareNamed(best, g.last) > 0 {
			continue
		}
		if err := yieldPublic(g.cluster, uid, e, g.yield); err != nil {
			return err
		}
	}
	g.uids = g.uids[:0]
	return nil
}

func yieldPublic(c record.Cluster, uid []byte, e *entry, yield func(*store.Entry) error) error {
	own, _, ok := cutUID(uid)
	if !ok {
		return badKey(uid)
	}
	return yield(e.public(c, own))
}

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

// run goes along the names that the scan leaves.
func (w *objectWalk) run(q store.ObjectScan) error {
	err := scan(w.r, namePrefix(w.cluster, q), func(it *lsm.Iterator) error {
		if err := w.patience.check(); err != nil {
			return err
		}
		n, uid, err := cutNameKey(it.Key())
		if err != nil || !matches(q, n) {
			return err
		}
		return w.next(n, uid)
	})
	if err != nil {
		return err
	}
	return w.flush()
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

package pebble

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Window implements store.Store: cluster by cluster, first requests, then revisions with the ends among them, Events, spans, gaps, progress.
func (s *Store) Window(ctx context.Context, q store.WindowScan) iter.Seq2[*record.Record, error] {
	return stream(ctx, s, "window", func(r *points, yield func(*record.Record) error) error {
		clusters := []record.Cluster{q.Cluster}
		if q.Cluster == "" {
			var err error
			if clusters, err = clusterNames(r, clusterFamilies[:]...); err != nil {
				return err
			}
		}
		for _, c := range clusters {
			w := window{s: s, r: r, c: c, q: q, within: timeBounds(q.Between), yield: yield, patience: patience{ctx: ctx}}
			if err := w.run(); err != nil {
				return err
			}
		}
		return nil
	})
}

type window struct {
	s        *Store
	r        *points
	c        record.Cluster
	q        store.WindowScan
	within   nanoBounds
	yield    func(*record.Record) error
	patience patience
	plain    []byte // of the revision at hand, used again
	except   map[nameHash]bool
	object   struct { // the one that the revisions are of, and whether it is asked for
		uid   record.UID
		entry *entry
		asked bool
		known bool
	}
}

func (w *window) wants(k record.Kind) bool { return slices.Contains(w.q.Kinds, k) }

func (w *window) run() error {
	steps := []struct {
		wanted bool
		run    func() error
	}{
		{w.wants(record.KindRequest), w.requests},
		{w.wants(record.KindRevision), w.carried},
		{w.wants(record.KindRevision) || w.wants(record.KindEnd), w.revisions},
		{w.wants(record.KindEnd), w.ends},
		{w.wants(record.KindKubeEvent), w.events},
		{w.wants(record.KindSpan), w.spans},
		{w.wants(record.KindGap), func() error { return gapsOf(w.r, w.c, w.within, w.yieldIfNamed) }},
		{w.wants(record.KindProgress), func() error { return progressOf(w.r, w.c, w.yieldIfNamed) }},
	}
	for _, step := range steps {
		if step.wanted {
			if err := step.run(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *window) yieldIfNamed(r *record.Record) error {
	if !w.named(named{r.Ref.Group, r.Ref.Resource, r.Ref.Namespace, r.Ref.Name}) {
		return nil
	}
	return w.yield(r)
}

// narrows reports whether not every object is asked for.
func (w *window) narrows() bool { return w.q.Resource != nil || w.q.Namespace != "" || w.q.Name != "" }

func (w *window) named(n named) bool {
	return (w.q.Resource == nil || (w.q.Resource.Group == n.group && w.q.Resource.Resource == n.resource)) &&
		(w.q.Namespace == "" || w.q.Namespace == n.namespace) && (w.q.Name == "" || w.q.Name == n.name)
}

// requests of the window, hour by hour; within one the part that the resource, namespace and name leave.
func (w *window) requests() error {
	classes := []byte{classWrite}
	if w.q.Reads {
		classes = append(classes, classRead)
	}
	narrow := w.narrowed()
	if w.q.Except != nil {
		w.except = map[nameHash]bool{}
		for ref := range w.q.Except {
			w.except[hashName(ref.Group, ref.Resource, ref.Namespace, ref.Name)] = true
		}
	}
	return w.hours(famRequest, func(h hour) error {
		for _, class := range classes {
			prefix := append(append(hourKey(famRequest, w.c, h), class), narrow...)
			if err := w.timedBelow(prefix, h); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *window) events() error {
	return w.hours(famEvent, func(h hour) error { return w.timedBelow(hourKey(famEvent, w.c, h), h) })
}

func (w *window) spans() error {
	narrow := w.narrowed()
	return w.hours(famTraced, func(h hour) error { return w.timedBelow(append(hourKey(famTraced, w.c, h), narrow...), h) })
}

// narrowed is as much of a name's hash as the scan tells from the left.
func (w *window) narrowed() []byte {
	if w.q.Resource == nil {
		return nil
	}
	hash := hashName(w.q.Resource.Group, w.q.Resource.Resource, w.q.Namespace, w.q.Name)
	switch {
	case w.q.Namespace == "":
		return hash[:2]
	case w.q.Name == "":
		return hash[:4]
	}
	return hash[:]
}

// hours calls f for the hours of a family within the window.
func (w *window) hours(family byte, f func(hour) error) error {
	prefix := clusterKey(family, w.c)
	return skipScan(w.r, prefix, func(key []byte) ([]byte, error) {
		h, _, ok := cutHour(key[len(prefix):])
		if !ok {
			return nil, badKey(key)
		}
		group := bytes.Clone(key[:len(prefix)+4])
		switch {
		case h > hourOf(w.within.to):
			return prefix, nil
		case !w.within.touches(h):
			return group, nil
		}
		return group, f(h)
	})
}

func (w *window) timedBelow(prefix []byte, h hour) error {
	return scan(w.r, prefix, func(it *lsm.Iterator) error {
		if err := w.patience.check(); err != nil {
			return err
		}
		key := it.Key()
		if len(key) < len(prefix)+momentLen {
			return badKey(key)
		}
		nanos := moment(h, key[len(key)-momentLen:])
		if !w.within.contains(nanos) {
			return nil
		}
		if key[0] == famRequest && w.isOther(key) {
			return nil
		}
		if w.q.SkipRequest != nil && key[0] == famRequest {
			return w.unlessSkippedRequest(it, nanos)
		}
		if key[0] == famTraced {
			return w.unlessAgain(it, nanos)
		}
		return timed(it, w.c, nanos, w.q.HeadsOnly, w.yieldIfNamed)
	})
}

// isOther reports whether a request is not asked for, as far as its key tells: it is in another namespace, or to a name that is excepted.
func (w *window) isOther(key []byte) bool {
	if len(key) < len(nameHash{})+momentLen || w.except == nil && w.q.Namespace == "" {
		return false
	}
	name := nameHash(key[len(key)-momentLen-len(nameHash{}):])
	if w.q.Namespace != "" {
		if in := hash16("", w.q.Namespace); name[2] != byte(in>>8) || name[3] != byte(in) {
			return true
		}
	}
	return w.except[name]
}

// unlessAgain is timed for spans: a pushed record that repeats an earlier one is none of its own.
func (w *window) unlessAgain(it *lsm.Iterator, nanos int64) error {
	key := it.Key()
	if len(key) < len(nameHash{})+momentLen {
		return badKey(key)
	}
	name := nameHash(key[len(key)-momentLen-len(nameHash{}):])
	return timed(it, w.c, nanos, w.q.HeadsOnly, func(rec *record.Record) error {
		if again, err := w.r.pushedAgain(rec, nanos, name); again || err != nil {
			return err
		}
		return w.yieldIfNamed(rec)
	})
}

// unlessSkippedRequest is timed for requests of which the scan skips some by their heads: those are not decoded.
func (w *window) unlessSkippedRequest(it *lsm.Iterator, nanos int64) error {
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	return eachItem(v, func(item []byte) error {
		if w.plain, err = appendPlain(w.plain[:0], item); err != nil {
			return damaged(it.Key(), err)
		}
		if head, ok := record.PeekRequest(w.plain); ok && w.q.SkipRequest(fromUnixNano(nanos), head) {
			return nil
		}
		rec, err := unpackTimed(item, w.c, nanos)
		if err != nil {
			return damaged(it.Key(), err)
		}
		if w.q.HeadsOnly && rec.Request != nil {
			rec.Request.Sent = nil
		}
		return w.yieldIfNamed(rec)
	})
}

// bounds gives the resourceVersions asked for in a storage; false: none.
func (w *window) bounds(storage record.Storage) (rvBounds, bool) {
	r, ok := w.q.Revisions[storage]
	if !ok {
		return rvBounds{0, maxRV}, !w.q.OnlyNamed
	}
	return bounds(r), true
}

// revisions, and the ends that lie among them, of every storage.
func (w *window) revisions() error {
	storages, err := storagesOf(w.r, famRevision, w.c)
	if err != nil {
		return err
	}
	for _, storage := range storages {
		within, ok := w.bounds(storage)
		if !ok {
			continue
		}
		lower := bucketKey(w.c, storage, uint64(within.from)>>w.s.opts.BucketBits)
		upper := keyEnd(bucketKey(w.c, storage, uint64(within.to)>>w.s.opts.BucketBits))
		if err := w.revisionsBetween(lower, upper, within); err != nil {
			return err
		}
	}
	return nil
}

func (w *window) revisionsBetween(lower, upper []byte, within rvBounds) (err error) {
	it, err := w.r.NewIter(&lsm.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; {
		if err := w.patience.check(); err != nil {
			return err
		}
		p, err := cutRevisionKey(it.Key())
		if err != nil {
			return err
		}
		if err := w.enterObject(p.uid); err != nil {
			return err
		}
		if w.object.known && !w.object.asked {
			ok = it.SeekGE(keyEnd(placeKey(w.c, p.place, p.uid)))
			continue
		}
		if within.contains(p.rv) {
			if err := w.revisionOrEnd(it, p); err != nil {
				return err
			}
		}
		ok = it.Next()
	}
	return it.Error()
}

// enterObject looks up the object that the next revisions are of, where that tells whether they are asked for.
func (w *window) enterObject(uid record.UID) error {
	o := &w.object
	if o.uid == uid && o.known {
		return nil
	}
	o.uid, o.entry, o.known, o.asked = uid, nil, false, true
	if !w.narrows() {
		return nil
	}
	e, err := entryOf(w.r, store.ObjectKey{Cluster: w.c, UID: uid})
	if err != nil || e == nil {
		return err
	}
	best, _ := e.best()
	o.entry, o.known, o.asked = e, true, w.named(best)
	return nil
}

func (w *window) revisionOrEnd(it *lsm.Iterator, p revisionParts) error {
	yield := w.yield
	if !w.object.known {
		yield = w.yieldIfNamed
	}
	if !p.end {
		if !w.wants(record.KindRevision) {
			return nil
		}
		if w.q.Skip != nil && (w.object.known || !w.narrows()) {
			return w.unlessSkipped(it, p, yield)
		}
		return variantsAt(it, p, w.q.HeadsOnly, yield)
	}
	if !w.wants(record.KindEnd) {
		return nil
	}
	key := store.ObjectKey{Cluster: w.c, UID: p.uid}
	e := w.object.entry
	if e == nil {
		var err error
		if e, err = entryOf(w.r, key); err != nil {
			return err
		}
	}
	if e == nil || e.home() != (endPart{p.place, p.rv}) {
		return nil // told with the last of its parts
	}
	return w.yieldEnd(key, e, yield)
}

// unlessSkipped yields the revision that it stands on, unless the scan skips it by its body. What is skipped costs neither a copy nor
// the decoding of its head.
func (w *window) unlessSkipped(it *lsm.Iterator, p revisionParts, yield func(*record.Record) error) error {
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	if len(v) == 0 || v[0] != oneItem {
		return variantsAt(it, p, w.q.HeadsOnly, yield)
	}
	if w.plain, err = appendPlain(w.plain[:0], v[1:]); err != nil {
		return damaged(it.Key(), err)
	}
	if body, whole := record.WholeState(w.plain); whole {
		if skip, err := w.q.Skip(body); skip || err != nil {
			return err
		}
	}
	rec, err := placed(bytes.Clone(w.plain), p)
	if err != nil {
		return damaged(it.Key(), err)
	}
	if w.q.HeadsOnly {
		rec.Revision.Body = nil
	}
	return yield(rec)
}

// home is the part of an End with which the whole is told in a window: the one of the greatest resourceVersion.
func (e *entry) home() endPart {
	var home endPart
	for _, p := range e.ends {
		if p.rv >= home.rv {
			home = p
		}
	}
	return home
}

func (w *window) yieldEnd(key store.ObjectKey, e *entry, yield func(*record.Record) error) error {
	end, err := endOf(w.r, key, e)
	if err != nil || end == nil {
		return err
	}
	if w.q.HeadsOnly {
		bare := *end.End
		bare.LastBody = nil
		end.End = &bare
	}
	return yield(end)
}

// ends of which no resourceVersion was told.
func (w *window) ends() error {
	prefix := clusterKey(famEnd, w.c)
	return scan(w.r, prefix, func(it *lsm.Iterator) error {
		if err := w.patience.check(); err != nil {
			return err
		}
		uid, _, ok := cutUID(it.Key()[len(prefix):])
		if !ok {
			return badKey(it.Key())
		}
		key := store.ObjectKey{Cluster: w.c, UID: uid}
		e, err := entryOf(w.r, key)
		if err != nil || e == nil || len(e.ends) > 0 {
			return err
		}
		best, _ := e.best()
		within, ok := w.bounds(record.StorageOf(record.GroupResource{Group: best.group, Resource: best.resource}))
		if !ok || !w.named(best) {
			return nil
		}
		return w.yieldEnd(key, e, func(end *record.Record) error {
			if (end.End.Before != 0 && end.End.Before < within.from) || end.End.After > within.to {
				return nil
			}
			return w.yield(end)
		})
	})
}

// carried yields what the floor keeps.
func (w *window) carried() error {
	prefix := clusterKey(famCarried, w.c)
	return scan(w.r, prefix, func(it *lsm.Iterator) error {
		uid, _, ok := cutUID(it.Key()[len(prefix):])
		if !ok {
			return badKey(it.Key())
		}
		floor, err := decodeCarried(store.ObjectKey{Cluster: w.c, UID: uid}, bytes.Clone(it.Value()))
		if err != nil {
			return damaged(it.Key(), err)
		}
		for _, rec := range floor.Revision {
			within, ok := w.bounds(record.StorageOf(rec.Ref.GroupResource()))
			if !ok || !within.contains(rec.Revision.RV) {
				continue
			}
			if w.q.HeadsOnly {
				rec.Revision.Body = nil
			}
			if err := w.yieldIfNamed(rec); err != nil {
				return err
			}
		}
		return nil
	})
}

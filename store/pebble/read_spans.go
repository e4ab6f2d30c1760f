package pebble

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Spans implements store.Store. Of an object it costs a few seeks for each hour that holds spans of its name, of a request or a trace for each
// hour of the range that holds spans at all.
func (s *Store) Spans(ctx context.Context, q store.SpanScan) iter.Seq2[*record.Record, error] {
	return stream(ctx, s, "spans", func(r *points, yield func(*record.Record) error) error {
		f := finder{r: r, c: q.Cluster, within: timeBounds(q.Between), patience: patience{ctx: ctx}, yield: yield}
		switch {
		case len(q.AuditIDs) > 0:
			wanted, hashes := map[string]bool{}, make([]nameHash, len(q.AuditIDs))
			for i, id := range q.AuditIDs {
				wanted[id], hashes[i] = id != "", hashOf(id)
			}
			f.match = func(rec *record.Record) bool { return wanted[rec.Span.AuditID] }
			return f.byRef(refAudit, hashes)
		case len(q.TraceIDs) > 0:
			wanted, hashes := map[record.TraceID]bool{}, make([]nameHash, len(q.TraceIDs))
			for i, id := range q.TraceIDs {
				wanted[id], hashes[i] = id != record.TraceID{}, hashOf(id[:])
			}
			f.match = func(rec *record.Record) bool { return wanted[rec.Span.TraceID] }
			return f.byRef(refTrace, hashes)
		case q.Name == "":
			return nil
		}
		named := func(ref *record.ObjectRef) bool {
			return ref.GroupResource() == q.Resource && ref.Namespace == q.Namespace && ref.Name == q.Name
		}
		f.match = func(rec *record.Record) bool {
			return named(&rec.Ref) || slices.ContainsFunc(rec.Span.Also, func(ref record.ObjectRef) bool { return named(&ref) })
		}
		return f.byName(hashName(q.Resource.Group, q.Resource.Resource, q.Namespace, q.Name), q.Between)
	})
}

// finder looks spans up, hour by hour.
type finder struct {
	r        *points
	c        record.Cluster
	within   nanoBounds
	patience patience
	match    func(*record.Record) bool
	yield    func(*record.Record) error
}

func (f *finder) byName(name nameHash, between store.TimeRange) error {
	return byHour(f.r, f.c, famTraced, name, between, func(h hour, _ nanoBounds) error {
		keys, err := f.refs(h, refName, name)
		if err != nil {
			return err
		}
		own := append(hourKey(famTraced, f.c, h), name[:]...)
		err = f.r.walk(own, keyEnd(own), func(it *lsm.Iterator) error {
			keys = append(keys, bytes.Clone(it.Key()))
			return nil
		})
		if err != nil {
			return err
		}
		return f.give(h, keys)
	})
}

// byRef goes through the hours of the range that hold anything that is found by it.
func (f *finder) byRef(by byte, hashes []nameHash) error {
	prefix := clusterKey(famTraceRef, f.c)
	from := prefix
	if f.within.from != math.MinInt64 {
		from = hourKey(famTraceRef, f.c, hourOf(f.within.from))
	}
	slices.SortFunc(hashes, func(a, b nameHash) int { return bytes.Compare(a[:], b[:]) })
	for {
		key, err := f.first(from, keyEnd(prefix))
		if err != nil || key == nil {
			return err
		}
		h, rest, ok := cutHour(key[len(prefix):])
		if !ok || len(rest) == 0 {
			return badKey(key)
		}
		if h > hourOf(f.within.to) {
			return nil
		}
		if rest[0] < by {
			from = append(hourKey(famTraceRef, f.c, h), by)
			continue
		}
		if rest[0] == by {
			var keys [][]byte
			for _, hash := range hashes {
				more, err := f.refs(h, by, hash)
				if err != nil {
					return err
				}
				keys = append(keys, more...)
			}
			if err := f.give(h, keys); err != nil {
				return err
			}
		}
		from = keyEnd(hourKey(famTraceRef, f.c, h))
	}
}

// first gives the first key of the range, or nil.
func (f *finder) first(from, to []byte) (key []byte, err error) {
	err = f.r.walk(from, to, func(it *lsm.Iterator) error {
		key = bytes.Clone(it.Key())
		return errStop
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return key, err
}

// refs gives the keys of the spans of an hour that are found by something.
func (f *finder) refs(h hour, by byte, hash nameHash) (keys [][]byte, err error) {
	prefix := append(append(hourKey(famTraceRef, f.c, h), by), hash[:]...)
	err = f.r.walk(prefix, keyEnd(prefix), func(it *lsm.Iterator) error {
		tail := it.Key()[len(prefix):]
		if len(tail) != len(nameHash{})+momentLen {
			return badKey(it.Key())
		}
		keys = append(keys, append(hourKey(famTraced, f.c, h), tail...))
		return nil
	})
	return keys, err
}

// give yields the spans at some keys that match, by rising time.
func (f *finder) give(h hour, keys [][]byte) error {
	slices.SortFunc(keys, func(a, b []byte) int {
		if c := bytes.Compare(a[len(a)-momentLen:], b[len(b)-momentLen:]); c != 0 {
			return c
		}
		return bytes.Compare(a, b)
	})
	for _, key := range slices.CompactFunc(keys, bytes.Equal) {
		nanos := moment(h, key[len(key)-momentLen:])
		if !f.within.contains(nanos) {
			continue
		}
		if err := f.patience.check(); err != nil {
			return err
		}
		v, err := f.r.get(key)
		if err != nil {
			return err
		}
		if v == nil {
			return damaged(key, errors.New("a span that is told of is not there"))
		}
		var found []*record.Record
		err = eachItem(bytes.Clone(v), func(item []byte) error {
			rec, err := unpackTimed(item, f.c, nanos)
			if err != nil {
				return damaged(key, err)
			}
			if !f.match(rec) {
				return nil
			}
			again, err := f.r.pushedAgain(rec, nanos, nameHash(key[len(key)-momentLen-len(nameHash{}):]))
			if !again {
				found = append(found, rec)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, rec := range found {
			if err := f.yield(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// pushedAgain reports whether a pushed record repeats a key that was given for an earlier time, or at that time for another object: it is the
// same fact, and the earliest counts. Writers look nothing up, so both are stored.
func (r *points) pushedAgain(rec *record.Record, nanos int64, name nameHash) (bool, error) {
	if rec.Kind != record.KindSpan || rec.Span.Form != record.FormPushed {
		return false, nil
	}
	first, err := r.get(pushedKey(rec.Ref.Cluster, rec.ID()))
	return first != nil && !bytes.Equal(first, pushedPlace(nanos, name)), err
}

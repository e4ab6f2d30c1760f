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

const maxRV = ^record.ResourceVersion(0)

func (b rvBounds) contains(rv record.ResourceVersion) bool { return rv >= b.from && rv <= b.to }

type rvBounds struct{ from, to record.ResourceVersion }

func bounds(r store.RVRange) rvBounds {
	if r.To == 0 {
		return rvBounds{r.From, maxRV}
	}
	return rvBounds{r.From, r.To}
}

// Revisions implements store.Store. It costs one seek for each bucket that holds some of the object within the range.
func (s *Store) Revisions(ctx context.Context, key store.ObjectKey, between store.RVRange) iter.Seq2[*record.Record, error] {
	return stream(ctx, s, "revisions", func(r *points, yield func(*record.Record) error) error {
		within := bounds(between)
		floor, err := carriedOf(r, key)
		if err != nil {
			return err
		}
		if floor != nil {
			for _, rec := range floor.Revision {
				if within.contains(rec.Revision.RV) {
					if err := yield(rec); err != nil {
						return err
					}
				}
			}
		}
		e, err := entryOf(r, key)
		if err != nil || e == nil {
			return err
		}
		for _, group := range s.groups(e.places, within) {
			if err := s.revisionsIn(r, key, group, within, yield); err != nil {
				return err
			}
		}
		return nil
	})
}

// groups puts the places within bounds in the order of their buckets, those of one bucket together: an object whose records
// disagree about its kind has several places in one.
func (s *Store) groups(places []place, within rvBounds) [][]place {
	var in []place
	for _, p := range places {
		if lo := p.bucket << s.opts.BucketBits; lo <= uint64(within.to) && (p.bucket+1)<<s.opts.BucketBits-1 >= uint64(within.from) {
			in = append(in, p)
		}
	}
	slices.SortStableFunc(in, func(a, b place) int {
		if a.bucket != b.bucket {
			if a.bucket < b.bucket {
				return -1
			}
			return 1
		}
		return comparePlaces(a, b)
	})
	var out [][]place
	for len(in) > 0 {
		n := 1
		for n < len(in) && in[n].bucket == in[0].bucket {
			n++
		}
		out = append(out, in[:n])
		in = in[n:]
	}
	return out
}

func (s *Store) revisionsIn(r *points, key store.ObjectKey, group []place, within rvBounds, yield func(*record.Record) error) error {
	if len(group) == 1 {
		return revisionsAt(r, key, group[0], within, yield)
	}
	var all []*record.Record
	for _, p := range group {
		err := revisionsAt(r, key, p, within, func(rec *record.Record) error {
			all = append(all, rec)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, rec := range uniteVariants(all) {
		if err := yield(rec); err != nil {
			return err
		}
	}
	return nil
}

// revisionsAt yields the revisions of an object in one place.
func revisionsAt(r *points, key store.ObjectKey, p place, within rvBounds, yield func(*record.Record) error) error {
	prefix := placeKey(key.Cluster, p, key.UID)
	upper := keyEnd(prefix)
	if within.to != maxRV {
		upper = appendRV(bytes.Clone(prefix), within.to+1)
	}
	return r.walk(appendRV(bytes.Clone(prefix), within.from), upper, func(it *lsm.Iterator) error {
		parts := revisionParts{cluster: key.Cluster, place: p, uid: key.UID}
		var ok bool
		if parts.rv, parts.end, ok = cutRevisionTail(it.Key()[len(prefix):]); !ok {
			return badKey(it.Key())
		}
		if parts.end {
			return nil
		}
		return variantsAt(it, parts, false, yield)
	})
}

func cutRevisionTail(tail []byte) (rv record.ResourceVersion, end, ok bool) {
	if len(tail) != 8 && len(tail) != 9 {
		return 0, false, false
	}
	for _, b := range tail[:8] {
		rv = rv<<8 | record.ResourceVersion(b)
	}
	return rv, len(tail) == 9, true
}

// variantsAt reads the bodies of one revision. With heads it copies none.
func variantsAt(it *lsm.Iterator, p revisionParts, heads bool, yield func(*record.Record) error) error {
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	return eachItem(v, func(item []byte) error {
		rec, err := unpackRevision(item, p)
		if err != nil {
			return damaged(it.Key(), err)
		}
		if heads {
			rec.Revision.Body = nil
		}
		return yield(rec)
	})
}

// RevisionBefore implements store.Store. It costs a seek, two where the newest bucket within reach holds only later ones.
func (s *Store) RevisionBefore(ctx context.Context, key store.ObjectKey, rv record.ResourceVersion) (out []*record.Record, err error) {
	err = s.read(ctx, "revision", func(r *points) error {
		e, err := entryOf(r, key)
		if err != nil {
			return err
		}
		floor, err := carriedOf(r, key)
		if err != nil {
			return err
		}
		if out, err = s.newest(r, key, e, floor, rv); err != nil {
			return err
		}
		if len(out) == 0 {
			return store.ErrNotFound
		}
		return nil
	})
	return out, err
}

func newestOf(all []*record.Record, rv record.ResourceVersion) (out []*record.Record) {
	for _, rec := range all {
		switch {
		case rec.Revision.RV > rv || (len(out) > 0 && rec.Revision.RV < out[0].Revision.RV):
		case len(out) > 0 && rec.Revision.RV == out[0].Revision.RV:
			out = append(out, rec)
		default:
			out = []*record.Record{rec}
		}
	}
	return out
}

func (s *Store) newestIn(r *points, key store.ObjectKey, group []place, rv record.ResourceVersion) ([]*record.Record, error) {
	var all []*record.Record
	for _, p := range group {
		found, err := newestAt(r, key, p, rv)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return uniteVariants(newestOf(all, rv)), nil
}

func newestAt(r *points, key store.ObjectKey, p place, rv record.ResourceVersion) (out []*record.Record, err error) {
	prefix := placeKey(key.Cluster, p, key.UID)
	it, err := r.family(famRevision)
	if err != nil {
		return nil, err
	}
	upper := keyEnd(prefix)
	if rv != maxRV {
		upper = appendRV(bytes.Clone(prefix), rv+1)
	}
	for ok := it.SeekLT(upper); ok && bytes.HasPrefix(it.Key(), prefix); ok = it.Prev() {
		parts := revisionParts{cluster: key.Cluster, place: p, uid: key.UID}
		var whole bool
		if parts.rv, parts.end, whole = cutRevisionTail(it.Key()[len(prefix):]); !whole {
			return nil, badKey(it.Key())
		}
		if parts.end {
			continue
		}
		err := variantsAt(it, parts, false, func(rec *record.Record) error {
			out = append(out, rec)
			return nil
		})
		return out, err
	}
	return nil, it.Error()
}

// End implements store.Store. What sources told of it lies in up to a few parts, which are merged here.
func (s *Store) End(ctx context.Context, key store.ObjectKey) (out *record.Record, err error) {
	err = s.read(ctx, "end", func(r *points) error {
		e, err := entryOf(r, key)
		if err != nil {
			return err
		}
		if out, err = endOf(r, key, e); err == nil && out == nil {
			err = store.ErrNotFound
		}
		return err
	})
	return out, err
}

// endOf merges the parts of an End; nil if there is none.
func endOf(r *points, key store.ObjectKey, e *entry) (*record.Record, error) {
	if e == nil || e.flags&flagEnded == 0 {
		return nil, nil
	}
	keys := [][]byte{uidKey(famEnd, key.Cluster, key.UID)}
	for _, p := range e.ends {
		keys = append(keys, append(appendRV(placeKey(key.Cluster, p.place, key.UID), p.rv), endMark))
	}
	var end *record.Record
	for _, k := range keys {
		v, err := r.get(k)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		part, err := decodePacked(v)
		if err != nil || part.End == nil {
			return nil, damaged(k, errors.Join(errors.New("no end"), err))
		}
		part.Ref.Cluster, part.Ref.UID = key.Cluster, key.UID
		if end != nil {
			part = record.Merge(end, part)
		}
		end = part
	}
	return end, nil
}

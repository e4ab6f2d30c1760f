package pebble

import (
	"context"
	"errors"
	"iter"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Briefs implements store.Store. All questions share one snapshot and its iterators; in the order of cluster and UID neighbours
// lie in the same blocks.
func (s *Store) Briefs(ctx context.Context, asked []store.BriefAsk) iter.Seq2[store.Brief, error] {
	return stream(ctx, s, "briefs", func(r *points, yield func(store.Brief) error) error {
		for _, q := range asked {
			b, err := s.brief(r, q)
			if err != nil {
				return err
			}
			if err := yield(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) brief(r *points, q store.BriefAsk) (b store.Brief, err error) {
	e, err := entryOf(r, q.Key)
	if err != nil {
		return b, err
	}
	floor, err := carriedOf(r, q.Key)
	if err != nil {
		return b, err
	}
	if q.Count > 0 {
		if b.Revisions, err = s.countRevisions(r, q, e, floor); err != nil {
			return b, err
		}
	}
	if q.Last {
		if b.End, err = endOf(r, q.Key, e); err != nil || (b.End != nil && len(b.End.End.LastBody) > 0) {
			return b, err
		}
	}
	if q.Last || q.Before > 0 {
		rv := q.Before
		if q.Last {
			rv = maxRV
		}
		b.Newest, err = s.newest(r, q.Key, e, floor, rv)
	}
	return b, err
}

// countRevisions counts distinct resourceVersions by their keys alone, up to q.Count.
func (s *Store) countRevisions(r *points, q store.BriefAsk, e *entry, floor *store.Carried) (int, error) {
	n := 0
	if floor != nil {
		var last record.ResourceVersion
		for _, rec := range floor.Revision {
			if n == 0 || rec.Revision.RV != last {
				n, last = n+1, rec.Revision.RV
			}
		}
	}
	if e == nil {
		return min(n, q.Count), nil
	}
	for _, group := range s.groups(e.places, rvBounds{0, maxRV}) {
		if n >= q.Count {
			break
		}
		var found []record.ResourceVersion
		for _, p := range group {
			prefix := placeKey(q.Key.Cluster, p, q.Key.UID)
			err := r.walk(prefix, keyEnd(prefix), func(it *lsm.Iterator) error {
				rv, end, ok := cutRevisionTail(it.Key()[len(prefix):])
				switch {
				case !ok:
					return badKey(it.Key())
				case end:
					return nil
				}
				found = append(found, rv)
				if n+len(found) >= q.Count && len(group) == 1 {
					return errStop
				}
				return nil
			})
			if err != nil && !errors.Is(err, errStop) {
				return 0, err
			}
		}
		if len(group) > 1 { // records that disagree about the kind may tell of one resourceVersion in two places
			slices.Sort(found)
			found = slices.Compact(found)
		}
		n += len(found)
	}
	return min(n, q.Count), nil
}

// newest gives the variants of the newest revision with a resourceVersion of rv at most; none where there is none.
func (s *Store) newest(r *points, key store.ObjectKey, e *entry, floor *store.Carried, rv record.ResourceVersion) ([]*record.Record, error) {
	if e != nil {
		for _, group := range slices.Backward(s.groups(e.places, rvBounds{0, rv})) {
			if out, err := s.newestIn(r, key, group, rv); err != nil || len(out) > 0 {
				return out, err
			}
		}
	}
	if floor == nil {
		return nil, nil
	}
	return newestOf(floor.Revision, rv), nil
}

package pebble

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// clusterFamilies are those whose keys begin with a cluster that has records.
var clusterFamilies = [...]byte{famCatalogue, famEnd, famEvent, famGap, famCarried, famPin, famRequest, famProgress, famRevision, famTraced}

// Gaps implements store.Store.
func (s *Store) Gaps(ctx context.Context, c record.Cluster, between store.TimeRange) iter.Seq2[*record.Record, error] {
	return stream(ctx, s, "gaps", func(r *points, yield func(*record.Record) error) error {
		return gapsOf(r, c, timeBounds(between), yield)
	})
}

func gapsOf(r *points, c record.Cluster, within nanoBounds, yield func(*record.Record) error) error {
	return scan(r, clusterKey(famGap, c), func(it *lsm.Iterator) error {
		rec, err := decodeWhole(it, c)
		if err != nil {
			return err
		}
		from, until := unixNano(rec.OccurredAt), unixNano(rec.Gap.Until)
		if (from != 0 && from > within.to) || (until != 0 && until < within.from) {
			return nil
		}
		return yield(rec)
	})
}

func decodeWhole(it *lsm.Iterator, c record.Cluster) (*record.Record, error) {
	v, err := it.ValueAndErr()
	if err != nil {
		return nil, err
	}
	rec, err := decodePacked(v)
	if err == nil && rec.Gap == nil && rec.Progress == nil {
		err = errors.New("neither gap nor progress")
	}
	if err != nil {
		return nil, damaged(it.Key(), err)
	}
	rec.Ref.Cluster = c
	return rec, nil
}

// Progress implements store.Store.
func (s *Store) Progress(ctx context.Context, c record.Cluster) iter.Seq2[*record.Record, error] {
	return stream(ctx, s, "progress", func(r *points, yield func(*record.Record) error) error {
		return progressOf(r, c, yield)
	})
}

func progressOf(r *points, c record.Cluster, yield func(*record.Record) error) error {
	return scan(r, clusterKey(famProgress, c), func(it *lsm.Iterator) error {
		rec, err := decodeWhole(it, c)
		if err != nil {
			return err
		}
		return yield(rec)
	})
}

// Seen implements store.Store.
func (s *Store) Seen(ctx context.Context, c record.Cluster, between store.TimeRange) iter.Seq2[store.Seen, error] {
	within := timeBounds(between)
	return stream(ctx, s, "seen", func(r *points, yield func(store.Seen) error) error {
		prefix := clusterKey(famSeen, c)
		return scan(r, prefix, func(it *lsm.Iterator) error {
			h, rest, ok := cutHour(it.Key()[len(prefix):])
			group, rest, ok := cutStringIf(rest, ok)
			resource, rest, ok := cutStringIf(rest, ok)
			if !ok || len(rest) != 1 || len(it.Value()) != 1 {
				return badKey(it.Key())
			}
			if !within.touches(h) {
				return nil
			}
			mark := it.Value()[0]
			seen := store.Seen{Cluster: c, Resource: record.GroupResource{Group: group, Resource: resource}, Write: rest[0] == classWrite,
				Hour: h.start(), Truncated: mark&seenTruncated != 0}
			for l := record.LevelUnknown; l <= record.LevelRequestResponse; l++ {
				if mark&(1<<l) != 0 {
					seen.Levels = append(seen.Levels, l)
				}
			}
			return yield(seen)
		})
	})
}

// Pins implements store.Store.
func (s *Store) Pins(ctx context.Context, c record.Cluster, storage record.Storage, between store.RVRange) iter.Seq2[record.Pin, error] {
	return s.pins(ctx, c, storage, between, false)
}

// PinsDown implements store.Store.
func (s *Store) PinsDown(ctx context.Context, c record.Cluster, storage record.Storage, between store.RVRange) iter.Seq2[record.Pin, error] {
	return s.pins(ctx, c, storage, between, true)
}

func (s *Store) pins(ctx context.Context, c record.Cluster, storage record.Storage, between store.RVRange, down bool) iter.Seq2[record.Pin, error] {
	return stream(ctx, s, "pins", func(r *points, yield func(record.Pin) error) (err error) {
		prefix, within := storageKey(famPin, c, storage), bounds(between)
		upper := keyEnd(prefix)
		if within.to != maxRV {
			upper = appendRV(bytes.Clone(prefix), within.to+1)
		}
		it, err := r.NewIter(&lsm.IterOptions{LowerBound: appendRV(bytes.Clone(prefix), within.from), UpperBound: upper})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, it.Close()) }()
		first, next := it.First, it.Next
		if down {
			first, next = it.Last, it.Prev
		}
		var same []record.Pin // pins of one resourceVersion, to be sorted by time
		flush := func() error {
			slices.SortFunc(same, comparePins)
			if down {
				slices.Reverse(same)
			}
			for _, p := range same {
				if err := yield(p); err != nil {
					return err
				}
			}
			same = same[:0]
			return nil
		}
		for ok := first(); ok; ok = next() {
			p, err := cutPin(it, len(prefix))
			if err != nil {
				return err
			}
			if len(same) > 0 && same[0].RV != p.RV {
				if err := flush(); err != nil {
					return err
				}
			}
			same = append(same, p)
		}
		if err := it.Error(); err != nil {
			return err
		}
		return flush()
	})
}

func comparePins(a, b record.Pin) int {
	made := func(p record.Pin) int {
		if p.Made {
			return 0
		}
		return 1
	}
	return cmp.Or(a.Before.Compare(b.Before), a.After.Compare(b.After), cmp.Compare(made(a), made(b)))
}

func cutPin(it *lsm.Iterator, prefixLen int) (record.Pin, error) {
	tail := it.Key()[prefixLen:]
	if len(tail) < 13 {
		return record.Pin{}, badKey(it.Key())
	}
	before, after, err := decodePin(it.Value())
	if err != nil {
		return record.Pin{}, damaged(it.Key(), err)
	}
	rv, _, _ := cutRevisionTail(tail[:8])
	return record.Pin{RV: rv, Made: tail[12] == 1, After: fromUnixNano(after), Before: fromUnixNano(before)}, nil
}

// Clusters implements store.Store.
func (s *Store) Clusters(ctx context.Context) (out []store.ClusterInfo, err error) {
	err = s.read(ctx, "clusters", func(r *points) error {
		names, err := clusterNames(r, clusterFamilies[:]...)
		if err != nil {
			return err
		}
		for _, c := range names {
			info, err := clusterInfo(r, c)
			if err != nil {
				return err
			}
			out = append(out, info)
		}
		return nil
	})
	return out, err
}

func clusterInfo(r *points, c record.Cluster) (store.ClusterInfo, error) {
	info := store.ClusterInfo{Name: c}
	for _, family := range [...]byte{famRevision, famPin} {
		storages, err := storagesOf(r, family, c)
		if err != nil {
			return info, err
		}
		info.Storages = append(info.Storages, storages...)
	}
	slices.Sort(info.Storages)
	info.Storages = slices.Compact(info.Storages)
	var err error
	if info.Incarnations, err = incarnations(r, c); err != nil {
		return info, err
	}
	var whole span
	first := true
	err = scan(r, clusterKey(famSpan, c), func(it *lsm.Iterator) error {
		sp, err := decodeSpan(it.Value())
		if err != nil {
			return damaged(it.Key(), err)
		}
		if first {
			whole, first = sp, false
		}
		whole = whole.with(sp)
		return nil
	})
	if whole.first != never {
		info.First = fromUnixNano(whole.first)
	}
	info.Last = fromUnixNano(whole.last)
	return info, err
}

// incarnations are the UIDs of the namespace kube-system. It is looked for where it stands, not among all namespaces: every question asks this,
// and there may be many of them. An audit event may name it within itself.
func incarnations(r *points, c record.Cluster) (uids []record.UID, err error) {
	const system = "kube-system"
	w := newObjectWalk(context.Background(), r, c, func(e *store.Entry) error {
		uids = append(uids, e.Ref.UID)
		return nil
	})
	for _, namespace := range [...]string{"", system} {
		prefix := clusterKey(famName, c)
		for _, s := range [...]string{"", "namespaces", namespace, system} {
			prefix = appendString(prefix, s)
		}
		err := scan(r, prefix, func(it *lsm.Iterator) error {
			n, uid, err := cutNameKey(it.Key())
			if err != nil {
				return err
			}
			return w.next(n, uid)
		})
		if err != nil {
			return nil, err
		}
	}
	err = w.flush()
	slices.Sort(uids)
	return slices.Compact(uids), err
}

// storagesOf lists the storages that have keys in a family.
func storagesOf(r *points, family byte, c record.Cluster) (out []record.Storage, err error) {
	prefix := clusterKey(family, c)
	err = skipScan(r, prefix, func(key []byte) ([]byte, error) {
		name, _, ok := cutString(key[len(prefix):])
		if !ok {
			return nil, badKey(key)
		}
		out = append(out, record.Storage(name))
		return storageKey(family, c, record.Storage(name)), nil
	})
	return out, err
}

// Meta implements store.Store.
func (s *Store) Meta(ctx context.Context, key string) (v []byte, err error) {
	err = s.read(ctx, "meta", func(r *points) error {
		found, err := r.get(append([]byte{famMeta}, key...))
		if found != nil {
			v = append([]byte{}, found...)
		}
		return err
	})
	return v, err
}

// SetMeta implements store.Store. It is durable when it returns, in a bulk import after Flush.
func (s *Store) SetMeta(ctx context.Context, key string, value []byte) error {
	return s.write(ctx, "set meta", func(b *lsm.Batch) error {
		k := append([]byte{famMeta}, key...)
		if value == nil {
			return b.Delete(k, nil)
		}
		return b.Set(k, value, nil)
	})
}

// Derived implements store.Store.
func (s *Store) Derived(ctx context.Context, name string, prefix []byte) iter.Seq2[store.KeyValue, error] {
	return stream(ctx, s, "derived", func(r *points, yield func(store.KeyValue) error) error {
		base := appendString([]byte{famDerived}, name)
		return scan(r, append(bytes.Clone(base), prefix...), func(it *lsm.Iterator) error {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			return yield(store.KeyValue{Key: bytes.Clone(it.Key()[len(base):]), Value: append([]byte{}, v...)})
		})
	})
}

// SetDerived implements store.Store: all of the change or nothing of it.
func (s *Store) SetDerived(ctx context.Context, name string, change []store.KeyValue) error {
	return s.write(ctx, "set derived", func(b *lsm.Batch) error {
		base := appendString([]byte{famDerived}, name)
		for _, kv := range change {
			key := append(bytes.Clone(base), kv.Key...)
			err := b.Delete(key, nil)
			if kv.Value != nil {
				err = b.Set(key, kv.Value, nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// write commits what f puts into a batch under the sync policy.
func (s *Store) write(ctx context.Context, what string, f func(b *lsm.Batch) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if s.opts.ReadOnly {
		return ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return mapped(what, s.apart(ctx, func() error {
		s.writing.Lock()
		defer s.writing.Unlock()
		return s.commitSet(f, s.synced())
	}))
}

// commitSet commits what f puts into a batch. The caller holds writing.
func (s *Store) commitSet(f func(b *lsm.Batch) error, sync bool) error {
	if s.failed != nil {
		return s.failed
	}
	b := s.db.NewBatch()
	if err := f(b); err != nil {
		return errors.Join(err, b.Close())
	}
	err := s.guard(func() error { return s.db.Apply(b, &lsm.WriteOptions{Sync: sync}) })
	return errors.Join(err, s.settle(b, err))
}

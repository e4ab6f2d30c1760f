package index

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Requests are dropped by the hour, revisions by ranges of resourceVersions: a revision may outlive the request that
// made it. Who made it is then kept beside the revision until that goes too.
const keptMakers = "makers"

func keptPrefix(key store.ObjectKey) []byte {
	return append(append(append([]byte(key.Cluster), 0), key.UID...), 0)
}

// keptKey is the place of one state's maker; rv 0 stands for the end's.
func keptKey(key store.ObjectKey, rv record.ResourceVersion) []byte {
	return binary.BigEndian.AppendUint64(keptPrefix(key), uint64(rv))
}

// readKept gives the makers that were kept of an object, by resourceVersion.
func readKept(ctx context.Context, st store.Store, key store.ObjectKey) (map[record.ResourceVersion]KeptMaker, error) {
	prefix := keptPrefix(key)
	var out map[record.ResourceVersion]KeptMaker
	for kv, err := range st.Derived(ctx, keptMakers, prefix) {
		if err != nil {
			return nil, err
		}
		m, ok := DecodeMaker(kv.Value)
		if !ok || len(kv.Key) != len(prefix)+8 {
			continue
		}
		if out == nil {
			out = map[record.ResourceVersion]KeptMaker{}
		}
		out[record.ResourceVersion(binary.BigEndian.Uint64(kv.Key[len(prefix):]))] = m
	}
	return out, nil
}

// fillKept takes the makers that were kept for the states whose own is not recorded any more.
func (l *Life) fillKept(ctx context.Context, st store.Store) error {
	kept, err := readKept(ctx, st, l.Entry.Key())
	if err != nil || kept == nil {
		return err
	}
	for i := range l.States {
		if m, ok := kept[l.States[i].RV]; ok && l.Makers[i].Request == nil {
			l.Makers[i] = m.Maker
		}
	}
	if m, ok := kept[0]; ok && l.EndMaker.Request == nil {
		l.EndMaker = m.Maker
	}
	return nil
}

// keepMakers keeps, before buckets of requests are dropped, who made the revisions that stay. Objects with a revision
// of that time are read; gone tells which revisions are dropped in the same step.
func keepMakers(ctx context.Context, st store.Store, clocks *Clocks, buckets []agedBucket) error {
	for _, b := range buckets {
		if b.Family != store.FamilyTimed {
			continue
		}
		keys, err := revisedIn(ctx, st, clocks, b)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := keepMakersOf(ctx, st, clocks, key, b.Time); err != nil {
				return fmt.Errorf("keep the makers of %s: %w", key.UID, err)
			}
		}
	}
	return nil
}

// revisedIn lists the objects that may have a revision or an end in the time of a bucket.
func revisedIn(ctx context.Context, st store.Store, clocks *Clocks, b agedBucket) ([]store.ObjectKey, error) {
	clusters, err := st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[store.ObjectKey]bool{}
	var out []store.ObjectKey
	for _, c := range clusters {
		if c.Name != b.Cluster {
			continue
		}
		for _, storage := range c.Storages {
			clock, err := clocks.Of(ctx, c.Name, storage)
			if err != nil {
				return nil, err
			}
			for _, rvs := range clock.Range(b.Time) {
				scan := store.WindowScan{Cluster: c.Name, Kinds: []record.Kind{record.KindRevision, record.KindEnd}, HeadsOnly: true,
					OnlyNamed: true, Revisions: map[record.Storage]store.RVRange{storage: rvs}}
				for r, err := range st.Window(ctx, scan) {
					if err != nil {
						return nil, err
					}
					key := store.ObjectKey{Cluster: c.Name, UID: r.Ref.UID}
					if !seen[key] {
						seen[key] = true
						out = append(out, key)
					}
				}
			}
		}
	}
	return out, nil
}

func keepMakersOf(ctx context.Context, st store.Store, clocks *Clocks, key store.ObjectKey, dropped store.TimeRange) error {
	entry, err := st.Object(ctx, key)
	if err != nil {
		return ignoreNotFound(err)
	}
	life, err := ReadLife(ctx, st, clocks, entry, Bounds{Revisions: maxCarriedRevisions})
	if err != nil {
		return err
	}
	var kept []store.KeyValue
	keep := func(rv record.ResourceVersion, m join.Maker, w Interval) {
		if m.Request != nil && dropped.Contains(m.Request.OccurredAt) {
			kept = append(kept, store.KeyValue{Key: keptKey(key, rv), Value: encodeMaker(m, w)})
		}
	}
	for i := range life.States {
		keep(life.States[i].RV, life.Makers[i], life.When[i])
	}
	if life.End != nil {
		keep(0, life.EndMaker, life.EndWhen)
	}
	if len(kept) == 0 {
		return nil
	}
	return st.SetDerived(ctx, keptMakers, kept)
}

// forgetMakers removes the kept makers of an object's revisions up to rv: they have gone, or lie in the floor.
func forgetMakers(ctx context.Context, st store.Store, key store.ObjectKey, rv record.ResourceVersion, whole bool) error {
	prefix := keptPrefix(key)
	var gone []store.KeyValue
	for kv, err := range st.Derived(ctx, keptMakers, prefix) {
		if err != nil {
			return err
		}
		if len(kv.Key) != len(prefix)+8 {
			continue
		}
		at := record.ResourceVersion(binary.BigEndian.Uint64(kv.Key[len(prefix):]))
		if whole || (at != 0 && at <= rv) {
			gone = append(gone, store.KeyValue{Key: append([]byte(nil), kv.Key...)})
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return st.SetDerived(ctx, keptMakers, gone)
}

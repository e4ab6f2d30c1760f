package pebble

import (
	"context"
	"iter"
	"slices"
	"strings"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Object implements store.Store.
func (s *Store) Object(ctx context.Context, key store.ObjectKey) (out *store.Entry, err error) {
	err = s.read(ctx, "object", func(r *points) error {
		e, err := entryOf(r, key)
		if err != nil {
			return err
		}
		if e == nil || e.flags&flagKnown == 0 {
			return store.ErrNotFound
		}
		out = e.public(key.Cluster, key.UID)
		return nil
	})
	return out, err
}

// Objects implements store.Store. It costs a walk over the names that lie under what the scan tells from the left (cluster, resource, namespace,
// name), and a read of the entry of each that matches: for some ten thousand of them never more than one walk over the catalogue. In any order,
// and not narrowed, it costs that walk alone.
func (s *Store) Objects(ctx context.Context, q store.ObjectScan) iter.Seq2[*store.Entry, error] {
	return stream(ctx, s, "objects", func(r *points, yield func(*store.Entry) error) error {
		if q.Cluster != "" {
			return objectsOf(ctx, r, q.Cluster, q, yield)
		}
		clusters, err := clusterNames(r, famName)
		if err != nil {
			return err
		}
		for _, c := range clusters {
			if err := objectsOf(ctx, r, c, q, yield); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountObjects implements store.Census. The catalogue lies by UID and the names by name: to go from one to the other reads a block for each
// object, to go along the catalogue one for some hundreds.
func (s *Store) CountObjects(ctx context.Context, c record.Cluster) (n int, err error) {
	err = s.read(ctx, "objects", func(r *points) error {
		return alongCatalogue(ctx, r, c, false, func([]byte, *entry) error {
			n++
			return nil
		})
	})
	return n, err
}

func objectsOf(ctx context.Context, r *points, c record.Cluster, q store.ObjectScan, yield func(*store.Entry) error) error {
	if q.UID != "" {
		e, err := entryOf(r, store.ObjectKey{Cluster: c, UID: q.UID})
		if err != nil || e == nil || e.flags&flagKnown == 0 {
			return err
		}
		if n, _ := e.best(); !matches(q, n) {
			return nil
		}
		return yield(e.public(c, q.UID))
	}
	switch {
	case !q.AnyOrder:
	case q.Resource == nil && q.Namespace == "" && q.Name == "" && q.NamePrefix == "":
		return alongCatalogue(ctx, r, c, q.NoEvents, func(uid []byte, e *entry) error {
			if best, _ := e.best(); !matches(q, best) {
				return nil
			}
			return yieldPublic(c, uid, e, yield)
		})
	default:
		return entriesOf(ctx, r, c, q, yield)
	}
	return newObjectWalk(ctx, r, c, yield).run(q)
}

// matches compares what a scan asks for with a name.
func matches(q store.ObjectScan, n named) bool {
	return (q.Resource == nil || (q.Resource.Group == n.group && q.Resource.Resource == n.resource)) &&
		(q.Namespace == "" || q.Namespace == n.namespace) && (q.Name == "" || q.Name == n.name) && strings.HasPrefix(n.name, q.NamePrefix) &&
		!(q.NoEvents && record.GroupResource{Group: n.group, Resource: n.resource}.IsEvents())
}

// namePrefix is as long as what the scan tells from the left allows. A cluster-scoped object has an empty namespace in its key, and an empty
// Namespace in a scan means any, so a name narrows only where the namespace is told.
func namePrefix(c record.Cluster, q store.ObjectScan) []byte {
	prefix := clusterKey(famName, c)
	if q.Resource == nil {
		return prefix
	}
	prefix = appendString(appendString(prefix, q.Resource.Group), q.Resource.Resource)
	if q.Namespace == "" {
		return prefix
	}
	prefix = appendString(prefix, q.Namespace)
	if q.Name != "" {
		return appendString(prefix, q.Name)
	}
	whole := appendString(prefix, q.NamePrefix)
	return whole[:len(whole)-2]
}

// cutNameKey takes a key of the name index apart; uid is as it stands in keys, and good as long as key is.
func cutNameKey(key []byte) (n named, uid []byte, err error) {
	rest := key[1:]
	ok := true
	var c string
	for _, s := range [...]*string{&c, &n.group, &n.resource, &n.namespace, &n.name} {
		*s, rest, ok = cutStringIf(rest, ok)
	}
	if ok {
		uid = rest
		_, rest, ok = cutUID(rest)
	}
	if !ok || len(rest) > 0 {
		return n, nil, badKey(key)
	}
	return n, uid, nil
}

// clusterNames lists the clusters that have keys in any of the families, in order.
func clusterNames(r *points, list ...byte) ([]record.Cluster, error) {
	found := map[record.Cluster]bool{}
	for _, family := range list {
		err := skipScan(r, []byte{family}, func(key []byte) ([]byte, error) {
			c, _, ok := cutString(key[1:])
			if !ok {
				return nil, badKey(key)
			}
			found[record.Cluster(c)] = true
			return clusterKey(family, record.Cluster(c)), nil
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]record.Cluster, 0, len(found))
	for c := range found {
		out = append(out, c)
	}
	slices.Sort(out)
	return out, nil
}

// skipScan visits one key of every group below prefix: f gives the prefix of the group that a key is in, which is then passed over.
func skipScan(r iterable, prefix []byte, f func(key []byte) (group []byte, err error)) (err error) {
	it, err := r.NewIter(&lsm.IterOptions{LowerBound: prefix, UpperBound: keyEnd(prefix)})
	if err != nil {
		return err
	}
	defer func() {
		if e := it.Close(); err == nil {
			err = e
		}
	}()
	for ok := it.First(); ok; {
		group, err := f(it.Key())
		if err != nil {
			return err
		}
		next := keyEnd(group)
		if next == nil {
			return nil
		}
		ok = it.SeekGE(next)
	}
	return it.Error()
}

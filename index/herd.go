package index

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Limits of what one question keeps of a collection for all lives of it; beyond them each life reads for itself.
const (
	sharedRequests = 50_000
	sharedBirths   = 200_000
)

// common is what all goroutines of one question use together: of the objects of one collection each would read it anew.
type common struct {
	mu          sync.Mutex
	collections map[collectionKey]*collection
	born        map[collectionKey]*births
	schemas     map[schemaKey]object.Schema
}

type schemaKey struct {
	cluster              record.Cluster
	resource             record.GroupResource
	group, version, kind string
}

// schema is schemaOf, of each kind once; nil shares nothing.
func (s *Shared) schema(ctx context.Context, st store.Store, entry *store.Entry, chosen []object.Chosen) (object.Schema, error) {
	ref := kindOf(entry, chosen)
	if s == nil {
		return schemaOfKind(ctx, st, entry, ref)
	}
	s.common.mu.Lock()
	defer s.common.mu.Unlock()
	key := schemaKey{ref.Cluster, entry.Ref.GroupResource(), ref.Group, ref.Version, ref.Kind}
	if known, ok := s.common.schemas[key]; ok {
		return known, nil
	}
	schema, err := schemaOfKind(ctx, st, entry, ref)
	if err == nil {
		s.common.schemas[key] = schema
	}
	return schema, err
}

type collectionKey struct {
	cluster   record.Cluster
	resource  record.GroupResource
	namespace string
}

// collection is the writes to one, by time, from a moment on.
type collection struct {
	from time.Time // zero: all
	list []*record.Record
	over bool // too many
}

// collection gives the requests to one in a range of time, by rising time; nil shares nothing.
func (s *Shared) collection(ctx context.Context, st store.Store, key collectionKey, between store.TimeRange) ([]*record.Record, error) {
	if s == nil {
		return requestsTo(ctx, st, key, between, 0)
	}
	s.common.mu.Lock()
	defer s.common.mu.Unlock()
	c := s.common.collections[key]
	if c == nil || between.From.Before(c.from) && !c.over {
		list, err := requestsTo(ctx, st, key, store.TimeRange{From: between.From}, sharedRequests)
		if err != nil {
			return nil, err
		}
		c = &collection{from: between.From, list: list, over: len(list) > sharedRequests}
		if c.over {
			c.list = nil
		}
		s.common.collections[key] = c
	}
	if c.over {
		return requestsTo(ctx, st, key, between, 0)
	}
	at := func(t time.Time) int {
		return sort.Search(len(c.list), func(i int) bool { return !c.list[i].OccurredAt.Before(t) })
	}
	from, to := 0, len(c.list)
	if !between.From.IsZero() {
		from = at(between.From)
	}
	if !between.To.IsZero() {
		to = at(between.To)
	}
	return c.list[from:max(from, to):max(from, to)], nil
}

// requestsTo reads the requests to a collection, one more than most (zero: all).
func requestsTo(ctx context.Context, st store.Store, key collectionKey, between store.TimeRange, most int) ([]*record.Record, error) {
	var list []*record.Record
	for q, err := range st.Requests(ctx, store.RequestScan{Cluster: key.cluster, Resource: key.resource, Namespace: key.namespace, Between: between}) {
		if err != nil {
			return nil, err
		}
		if list = append(list, q); most > 0 && len(list) > most {
			break
		}
	}
	return list, nil
}

// births are the objects of a collection by when they were created.
type births struct {
	list []*birth
	over bool // too many
}

// birth is what tells parallel creates without a name apart.
type birth struct {
	entry store.Entry
	known bool // generated and when are
	named bool // by generateName
	when  Interval
}

// bornAbout gives the objects of a collection that were created within a span around a moment and got their names by generateName, but for one;
// nil where there are more than most.
func (s *Shared) bornAbout(ctx context.Context, st store.Store, clock *ClockReader, of *store.Entry, most int) ([]join.Sibling, error) {
	if s == nil {
		s = NewShared()
	}
	s.common.mu.Lock()
	defer s.common.mu.Unlock()
	key := collectionKey{of.Ref.Cluster, of.Ref.GroupResource(), of.Ref.Namespace}
	b := s.common.born[key]
	if b == nil {
		var err error
		if b, err = birthsOf(ctx, st, key, store.TimeRange{}); err != nil {
			return nil, err
		}
		s.common.born[key] = b
	}
	if b.over {
		var err error
		if b, err = birthsOf(ctx, st, key, store.TimeRange{From: of.CreatedAt.Add(-siblingWithin), To: of.CreatedAt.Add(siblingWithin)}); err != nil {
			return nil, err
		}
	}
	var out []join.Sibling
	from := sort.Search(len(b.list), func(i int) bool { return !b.list[i].entry.CreatedAt.Before(of.CreatedAt.Add(-siblingWithin)) })
	for _, one := range b.list[from:] {
		e := &one.entry
		if e.CreatedAt.Sub(of.CreatedAt) > siblingWithin {
			break
		}
		if e.Ref.UID == of.Ref.UID {
			continue
		}
		if err := one.read(ctx, st, clock); err != nil {
			return nil, err
		}
		if !one.named {
			continue
		}
		if out = append(out, join.Sibling{UID: e.Ref.UID, RV: e.FirstRV, CreatedAt: e.CreatedAt, When: one.when}); len(out) > most {
			return nil, nil // none rather than some
		}
	}
	return out, nil
}

func (b *birth) read(ctx context.Context, st store.Store, clock *ClockReader) (err error) {
	if b.known {
		return nil
	}
	if b.named, err = generatedName(ctx, st, &b.entry); err != nil {
		return err
	}
	if b.named {
		b.when, err = clock.When(ctx, b.entry.FirstRV)
	}
	b.known = err == nil
	return err
}

// birthsOf reads the catalogue of a collection; of a range of time both ends are included.
func birthsOf(ctx context.Context, st store.Store, key collectionKey, between store.TimeRange) (*births, error) {
	out := &births{}
	for e, err := range st.Objects(ctx, store.ObjectScan{Cluster: key.cluster, Resource: &key.resource, Namespace: key.namespace}) {
		if err != nil {
			return nil, err
		}
		if between != (store.TimeRange{}) && (e.CreatedAt.Before(between.From) || e.CreatedAt.After(between.To)) {
			continue
		}
		if between == (store.TimeRange{}) && len(out.list) == sharedBirths {
			return &births{over: true}, nil
		}
		out.list = append(out.list, &birth{entry: store.Entry{Ref: e.Ref, CreatedAt: e.CreatedAt, FirstRV: e.FirstRV}})
	}
	slices.SortFunc(out.list, func(a, b *birth) int {
		return cmp.Or(a.entry.CreatedAt.Compare(b.entry.CreatedAt), cmp.Compare(a.entry.Ref.UID, b.entry.Ref.UID))
	})
	return out, nil
}

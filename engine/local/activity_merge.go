package local

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// add takes in what was counted of a part.
func (t *tallies) add(p *tallies) {
	t.records += p.records
	t.left += p.left
	for i := range p.bins {
		b, o := &t.bins[i], &p.bins[i]
		b.Changes, b.Reads, b.Failed, b.Normal, b.Warning = b.Changes+o.Changes, b.Reads+o.Reads, b.Failed+o.Failed, b.Normal+o.Normal, b.Warning+o.Warning
	}
	addTo(t, t.objects, p.objects, func(a, b *objectTally) {
		a.changes, a.failed, a.warning, a.last = a.changes+b.changes, a.failed+b.failed, a.warning+b.warning, latest(a.last, b.last)
	})
	addTo(t, t.actors, p.actors, func(a, b *actorTally) {
		a.changes, a.failed, a.status, a.last = a.changes+b.changes, a.failed+b.failed, a.status+b.status, latest(a.last, b.last)
		for _, f := range b.people.list {
			a.people.put(f.key, f.rec, f.when)
		}
	})
	addTo(t, t.errors, p.errors, func(a, b *errorTally) {
		a.Count += b.Count
		a.see(b.at, b.namespace, b.name)
	})
}

// addTo unites what was counted apart. Where there is no room for all, those that sort first have it, so that the same parts give the same whole.
func addTo[T any](t *tallies, to, from map[string]*T, unite func(a, b *T)) {
	if len(to) == 0 || len(to)+len(from) <= maxTallied {
		for key, v := range from {
			addOne(t, to, key, v, unite)
		}
		return
	}
	keys := make([]string, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		addOne(t, to, key, from[key], unite)
	}
}

func addOne[T any](t *tallies, to map[string]*T, key string, v *T, unite func(a, b *T)) {
	if have := to[key]; have != nil {
		unite(have, v)
	} else if t.room(len(to)) {
		to[key] = v
	}
}

// first gives the first values of a map in an order.
func first[T any](m map[string]*T, n int, keep func(*T) bool, order func(a, b *T) int) []*T {
	list := make([]*T, 0, len(m))
	for _, v := range m {
		if keep(v) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, order)
	return list[:min(n, len(list))]
}

// topObjects are those that changed most. The lives of one name count together; the last one is named.
func (t *tallies) topObjects(ctx context.Context, tell *telling, n int) ([]engine.ObjectActivity, error) {
	out := []engine.ObjectActivity{}
	list := first(t.objects, n, func(o *objectTally) bool { return o.changes > 0 }, func(a, b *objectTally) int {
		return cmp.Or(cmp.Compare(b.changes, a.changes), b.last.Compare(a.last), compareNames(a.name, b.name))
	})
	for _, o := range list {
		told, err := tell.about(ctx, o.name.ref(), o.last)
		if err != nil {
			return nil, err
		}
		out = append(out, engine.ObjectActivity{Ref: refOf(told.Object), Changes: o.changes, Failed: o.failed, Warning: o.warning, Last: engine.MomentOf(o.last)})
	}
	return out, nil
}

func compareNames(a, b toldName) int {
	return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.resource.Group, b.resource.Group), cmp.Compare(a.resource.Resource, b.resource.Resource),
		cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// topPeople are the newest changes of users that are no components.
func (t *tallies) topPeople(n int) []foundHit {
	all := topHits{limit: n, newest: true}
	for _, a := range t.actors {
		if a.isComponent() {
			continue
		}
		for _, f := range a.people.list {
			all.put(f.key, f.rec, f.when)
		}
	}
	return all.sorted()
}

// topActors are the users who changed most.
func (t *tallies) topActors(n int) []engine.ActorActivity {
	out := []engine.ActorActivity{}
	list := first(t.actors, n, func(a *actorTally) bool { return a.changes+a.failed > 0 }, func(a, b *actorTally) int {
		return cmp.Or(cmp.Compare(b.changes, a.changes), cmp.Compare(b.failed, a.failed), cmp.Compare(a.user, b.user))
	})
	for _, a := range list {
		out = append(out, engine.ActorActivity{User: a.user, Person: a.isPerson(), Changes: a.changes, Failed: a.failed, Last: engine.MomentOf(a.last)})
	}
	return out
}

// topErrors are the most frequent kinds of failure, each with its newest request.
func (t *tallies) topErrors(ctx context.Context, tell *telling, n int) ([]engine.ErrorSource, error) {
	out := []engine.ErrorSource{}
	list := first(t.errors, n, func(*errorTally) bool { return true }, func(a, b *errorTally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.at.Compare(a.at), bytes.Compare(a.namespace, b.namespace), bytes.Compare(a.name, b.name),
			cmp.Compare(a.User, b.User), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Group, b.Group), cmp.Compare(a.Cluster, b.Cluster))
	})
	for _, e := range list {
		e.Last = engine.MomentOf(e.at)
		r, err := t.example(ctx, e)
		if err != nil {
			return nil, err
		}
		if r != nil {
			e.Example, e.Message = r.ID().String(), clip(r.Request.Message, 300)
		}
		if r != nil && r.Ref.Resource != "" {
			told, err := tell.request(ctx, r)
			if err != nil {
				return nil, err
			}
			ref := refOf(told.Object)
			e.Object = &ref
		}
		out = append(out, e.ErrorSource)
	}
	return out, nil
}

// example reads the newest request that failed in a way.
func (t *tallies) example(ctx context.Context, e *errorTally) (*record.Record, error) {
	scan := store.RequestScan{Cluster: record.Cluster(e.Cluster), Resource: record.GroupResource{Group: e.Group, Resource: e.Resource}, Namespace: string(e.namespace),
		Name: string(e.name), Between: store.TimeRange{From: e.at, To: e.at.Add(time.Nanosecond)}, Reads: true}
	var found *record.Record
	for r, err := range t.a.e.st.Requests(ctx, scan) {
		if err != nil {
			return nil, err
		}
		q := r.Request
		if q.Actor.User != e.User || q.Verb != e.Verb || q.Code != e.Code || q.Reason != e.Reason {
			continue
		}
		if found == nil || keyOf(r, r.OccurredAt).compare(keyOf(found, found.OccurredAt)) > 0 {
			found = r
		}
	}
	return found, nil
}

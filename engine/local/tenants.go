package local

import (
	"context"
	"fmt"
	"time"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

func (r *relations) entry(ctx context.Context, key store.ObjectKey) (*store.Entry, error) {
	if e, ok := r.entries[key]; ok {
		return e, nil
	}
	e, err := r.e.st.Object(ctx, key)
	if err != nil && !isNotFound(err) {
		return nil, fmt.Errorf("find %s: %w", key.UID, err)
	}
	r.entries[key] = e
	return e, nil
}

type nameKey struct {
	cluster   record.Cluster
	resource  record.GroupResource
	namespace string
	name      string
}

// tenancy is when a name was one object's: from its creation to that of the next. Zero intervals are open.
type tenancy struct {
	entry    *store.Entry
	from, to index.Interval
}

// began is when an object was created: creationTimestamps are cut to seconds.
func (r *relations) began(ctx context.Context, entry *store.Entry) (index.Interval, error) {
	w := index.Interval{NotBefore: entry.CreatedAt}
	if !entry.CreatedAt.IsZero() {
		w.NotAfter = entry.CreatedAt.Add(time.Second)
	}
	if !entry.Created {
		return w, nil
	}
	created, err := r.when(ctx, entry, entry.FirstRV)
	if err != nil || created.NotAfter.IsZero() {
		return w, err
	}
	return index.Interval{NotBefore: latest(w.NotBefore, created.NotBefore), NotAfter: latest(created.NotAfter, w.NotBefore)}, nil
}

func (r *relations) tenants(ctx context.Context, key nameKey) ([]tenancy, error) {
	if list, ok := r.names[key]; ok {
		return list, nil
	}
	lives, err := r.e.lives(ctx, &target{cluster: key.cluster, resource: key.resource, namespace: key.namespace, name: key.name})
	if err != nil {
		return nil, err
	}
	if len(lives) == 0 { // perhaps its resource was only guessed
		names, ok := r.guesses[key.cluster]
		if !ok {
			if names, err = index.ReadNames(ctx, r.e.st, key.cluster); err != nil {
				return nil, err
			}
			r.guesses[key.cluster] = names
		}
		if to, ok := names[key.resource]; ok {
			lives, err = r.e.lives(ctx, &target{cluster: key.cluster, resource: to, namespace: key.namespace, name: key.name})
			if err != nil {
				return nil, err
			}
		}
	}
	var list []tenancy
	for i, l := range lives {
		begin, err := r.began(ctx, l)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			list[i-1].to = begin
		}
		list = append(list, tenancy{entry: l, from: begin})
	}
	r.names[key] = list
	return list, nil
}

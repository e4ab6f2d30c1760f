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

// tenancy is when a name was one object's: from its creation, but for the first one which may be older than its time, to that of the next.
type tenancy struct {
	entry    *store.Entry
	from, to time.Time
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
		begin, err := r.spans.begin(ctx, l)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			list[i-1].to = begin
		}
		if i == 0 && l.CreatedAt.IsZero() {
			begin = time.Time{}
		}
		list = append(list, tenancy{entry: l, from: begin})
	}
	r.names[key] = list
	return list, nil
}

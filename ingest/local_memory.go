package ingest

import (
	"context"
	"iter"
	"net/url"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// markKey is the meta key of a mark. A cluster's name may hold slashes, so it is escaped.
func markKey(cluster record.Cluster, key string) string {
	return "mark/" + url.PathEscape(string(cluster)) + "/" + key
}

// Progress implements Memory.
func (l *Local) Progress(ctx context.Context, cluster record.Cluster) ([]*record.Record, error) {
	var out []*record.Record
	for r, err := range l.st.Progress(ctx, cluster) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Alive implements Memory: catalogue entries that no End closed.
func (l *Local) Alive(ctx context.Context, cluster record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[Alive, error] {
	return func(yield func(Alive, error) bool) {
		for e, err := range l.st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &gr, Namespace: namespace}) {
			if err != nil {
				yield(Alive{}, err)
				return
			}
			if !e.Ended && !yield(Alive{Ref: e.Ref, RV: e.LastRV}, nil) {
				return
			}
		}
	}
}

// Mark implements Memory.
func (l *Local) Mark(ctx context.Context, cluster record.Cluster, key string) ([]byte, error) {
	return l.st.Meta(ctx, markKey(cluster, key))
}

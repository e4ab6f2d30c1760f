package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

var crdResource = record.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}

// resources gives the resources that a word for kinds means: what Kubernetes itself serves, then what recorded
// CustomResourceDefinitions define, then what any record names.
func (e *Engine) resources(ctx context.Context, cluster record.Cluster, word string) ([]record.GroupResource, error) {
	kinds := query.NewKinds()
	for _, learn := range []func(context.Context, record.Cluster, *query.Kinds) error{nil, e.learnCRDs, e.learnSeen} {
		if learn != nil {
			if err := learn(ctx, cluster, kinds); err != nil {
				return nil, err
			}
		}
		found, err := kinds.Resolve(word)
		if err == nil {
			list := make([]record.GroupResource, len(found))
			for i, k := range found {
				list[i] = k.GroupResource()
			}
			return list, nil
		}
		if _, ok := errors.AsType[*query.UnknownKindError](err); !ok {
			return nil, engine.Errorf(engine.KindBadQuestion, "%s", err.Error())
		}
	}
	_, err := kinds.Resolve(word)
	out := engine.Errorf(engine.KindNotFound, "%s", err.Error())
	if unknown, ok := errors.AsType[*query.UnknownKindError](err); ok {
		out.Candidates = unknown.Near
	}
	return nil, out
}

func (e *Engine) learnCRDs(ctx context.Context, cluster record.Cluster, kinds *query.Kinds) error {
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &crdResource}) {
		if err != nil {
			return err
		}
		body, err := index.NewestBody(ctx, e.st, entry.Key())
		if err != nil {
			return err
		}
		if body != nil {
			_ = kinds.LearnCRD(body.JSON()) // one that defines nothing teaches nothing
		}
	}
	return nil
}

// learnSeen takes in every resource in the catalogue: one scan of it.
func (e *Engine) learnSeen(ctx context.Context, cluster record.Cluster, kinds *query.Kinds) error {
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: cluster}) {
		if err != nil {
			return err
		}
		kinds.LearnSeen(entry.Ref)
	}
	for seen, err := range e.st.Seen(ctx, cluster, store.TimeRange{}) {
		if err != nil {
			return err
		}
		kinds.LearnSeen(record.ObjectRef{Group: seen.Resource.Group, Resource: seen.Resource.Resource})
	}
	return nil
}

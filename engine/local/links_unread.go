package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
)

// partialsSkipped bounds the states that are passed over because they tell nothing of annotations, such as scales.
const partialsSkipped = 16

// unread tells what an object says of links at the end of the time asked for and can not be read. It costs a look at one state, and never fails the
// question for want of one.
func (r *relations) unread(ctx context.Context, of end) ([]engine.Unread, error) {
	if of.entry == nil || r.types != nil && !r.types[string(link.Parent)] {
		return nil, nil
	}
	rv := ^record.ResourceVersion(0)
	if !r.asked.to.IsZero() {
		clock, err := r.e.clocks.Of(ctx, of.key.Cluster, of.entry.Storage)
		if err != nil {
			return nil, err
		}
		if rv, err = clock.CertainAt(ctx, r.e.st, r.asked.to); err != nil {
			return nil, err
		}
	}
	for range partialsSkipped {
		if rv == 0 {
			return nil, nil
		}
		variants, err := r.e.st.RevisionBefore(ctx, of.key, rv)
		if isNotFound(err) || err == nil && len(variants) == 0 {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, rec := range variants {
			if rec.Revision.Partial > record.PartialMetadata || len(rec.Revision.Body) == 0 {
				continue
			}
			if err := r.view.Rules().UnreadParent(of.ref, rec.Revision.Body); err != nil {
				return []engine.Unread{{Field: "metadata.annotations[" + link.ParentAnnotation + "]", Reason: err.Error()}}, nil
			}
			return nil, nil
		}
		rv = variants[0].Revision.RV - 1
	}
	return nil, nil
}

package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

func labelsIn(s *object.State) []record.KeyValue {
	labels := object.MetaOf(s.Value).Labels
	slices.SortFunc(labels, func(a, b record.KeyValue) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
	return labels
}

// fromLife reads what an object said state by state.
func (r *relations) fromLife(ctx context.Context, entry *store.Entry) (*spoken, error) {
	life, err := r.e.life(ctx, entry, index.Bounds{})
	if err != nil {
		return nil, err
	}
	rules := r.view.Rules()
	out := &spoken{}
	open := map[link.Claim]int{} // of out.claims
	labeled := -1
	for i := range life.States {
		s := &life.States[i]
		if s.Value == nil {
			continue
		}
		begin := hold{begin: life.When[i], known: i > 0 || life.Entry.Created}
		if err := r.bound(ctx, &begin, entry); err != nil {
			return nil, err
		}
		ref := entry.Ref
		ref.Version = cmp.Or(s.Chosen.Best().Ref.Version, ref.Version)
		now := map[link.Claim]bool{}
		for _, c := range rules.Claims(ref, s.Value) {
			key := c
			key.Field, key.Target.Version = "", ""
			now[key] = true
			if _, holds := open[key]; !holds {
				open[key] = len(out.claims)
				out.claims = append(out.claims, heldClaim{claim: c, held: begin, by: entry})
			}
		}
		for key, n := range open {
			if !now[key] {
				out.claims[n].held.ended, out.claims[n].held.end = true, life.When[i]
				delete(open, key)
			}
		}
		if labels := labelsIn(s); labeled < 0 || !slices.Equal(out.labels[labeled].labels, labels) {
			if labeled >= 0 {
				out.labels[labeled].held.ended, out.labels[labeled].held.end = true, life.When[i]
			}
			labeled = len(out.labels)
			out.labels = append(out.labels, heldLabels{labels, begin})
		}
	}
	if life.End == nil {
		return out, nil
	}
	for _, n := range open {
		out.claims[n].held.ended, out.claims[n].held.end = true, life.EndWhen
	}
	if labeled >= 0 {
		out.labels[labeled].held.ended, out.labels[labeled].held.end = true, life.EndWhen
	}
	return out, nil
}

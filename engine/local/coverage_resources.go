package local

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
)

// seenResources tells of each resource that was audited or watched from which records it is known, by name.
func seenResources(cluster record.Cluster, audited map[record.GroupResource]*levels, watched map[record.GroupResource]bool) []engine.SeenResource {
	all := maps.Clone(watched)
	if all == nil {
		all = map[record.GroupResource]bool{}
	}
	for gr := range audited {
		all[gr] = all[gr] || watched[gr]
	}
	out := make([]engine.SeenResource, 0, len(all))
	for gr, seen := range all {
		one := engine.SeenResource{Cluster: string(cluster), Group: gr.Group, Resource: gr.Resource, Watched: seen}
		if l := audited[gr]; l != nil {
			one.Audited = true
			for _, level := range slices.Sorted(maps.Keys(l.levels)) {
				one.Levels = append(one.Levels, level.String())
			}
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b engine.SeenResource) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Group, b.Group))
	})
	return out
}

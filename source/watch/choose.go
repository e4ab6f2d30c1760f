package watch

import (
	"cmp"
	"path"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// served is a resource as the cluster's discovery tells of it, in its preferred version.
type served struct {
	recording.Resource
	namespaced bool
	watchable  bool
	listable   bool
}

// preferred picks of each resource the version that its group prefers, or else the first that serves it, in the order of the
// group. Subresources are no resources.
func preferred(groups []*metav1.APIGroup, lists []*metav1.APIResourceList) []served {
	byVersion := make(map[string]*metav1.APIResourceList, len(lists))
	for _, l := range lists {
		if l != nil {
			byVersion[l.GroupVersion] = l
		}
	}
	var out []served
	for _, g := range groups {
		versions := []string{g.PreferredVersion.GroupVersion}
		for _, v := range g.Versions {
			versions = append(versions, v.GroupVersion)
		}
		seen := make(map[string]bool)
		for _, gv := range versions {
			l := byVersion[gv]
			if l == nil {
				continue
			}
			for i := range l.APIResources {
				if r := servedOf(gv, &l.APIResources[i]); r.Resource.Resource != "" && !seen[r.Resource.Resource] && (r.listable || r.watchable) {
					seen[r.Resource.Resource] = true
					out = append(out, r)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b served) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource.Resource, b.Resource.Resource))
	})
	return out
}

func servedOf(groupVersion string, r *metav1.APIResource) served {
	for _, c := range []byte(r.Name) {
		if c == '/' { // a subresource
			return served{}
		}
	}
	group, version := record.SplitAPIVersion(groupVersion)
	return served{
		Resource:   recording.Resource{Group: group, Version: version, Resource: r.Name, Kind: r.Kind},
		namespaced: r.Namespaced, watchable: slices.Contains(r.Verbs, "watch"), listable: slices.Contains(r.Verbs, "list"),
	}
}

// Reasons for leaving a resource out, as the status shows them.
const (
	reasonNoise       = "left out by default: it changes all the time and tells nothing; name it in include to watch it"
	reasonExcluded    = "left out by exclude"
	reasonNotIncluded = "not in include"
	reasonUnwatchable = "the apiserver can not watch it"
	reasonUnlistable  = "the apiserver can not list it"
	reasonOtherEvents = "the same objects as events of the core group, which carry every field of these; they are watched there"
	reasonClusterWide = "outside namespaces, and only some namespaces are watched"
)

func noise() []record.GroupResource {
	return []record.GroupResource{{Group: "coordination.k8s.io", Resource: "leases"}}
}

// leftOut says why a resource is not watched; "" where it is. coreEvents: events of the core group are served.
//
// Events are one storage under two names. Both forms carry every field of the other, and the neutral form of a record is the same; the
// core form is watched because every cluster serves it, the usual roles allow it, and KubeEvent records are named after it.
func (o *Options) leftOut(r served, coreEvents bool) string {
	gr := r.GroupResource()
	names := []record.GroupResource{gr}
	if gr.IsEvents() {
		names = []record.GroupResource{{Resource: "events"}, {Group: "events.k8s.io", Resource: "events"}}
	}
	switch {
	case !r.watchable:
		return reasonUnwatchable
	case !r.listable:
		return reasonUnlistable
	case anyMatches(o.Exclude, names):
		return reasonExcluded
	case len(o.Include) > 0 && !anyMatches(o.Include, names):
		return reasonNotIncluded
	case slices.Contains(noise(), gr) && !slices.Contains(o.Include, gr.String()):
		return reasonNoise
	case gr.Group == "events.k8s.io" && gr.IsEvents() && coreEvents:
		return reasonOtherEvents
	case !r.namespaced && len(o.Namespaces) > 0:
		return reasonClusterWide
	}
	return ""
}

func anyMatches(patterns []string, names []record.GroupResource) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return slices.ContainsFunc(names, func(gr record.GroupResource) bool { return matches(p, gr) })
	})
}

// matches a pattern against "deployments.apps"; resources of the core group are "pods" and "pods.".
func matches(pattern string, gr record.GroupResource) bool {
	if ok, _ := path.Match(pattern, gr.String()); ok {
		return true
	}
	ok, _ := path.Match(pattern, gr.Resource+"."+gr.Group)
	return ok
}

// skips reports whether objects of a namespace are left out.
func (o *Options) skips(namespace string) bool {
	return namespace != "" && slices.ContainsFunc(o.ExcludeNamespaces, func(p string) bool {
		ok, _ := path.Match(p, namespace)
		return ok
	})
}

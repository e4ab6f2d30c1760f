package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// selectRules: the objects that choose pods of their namespace by label.
func selectRules() []*rule {
	return []*rule{
		{name: "service-pods", typ: Selects, on: []record.GroupResource{gr("", "services")}, marks: []string{`"selector"`}, read: readServiceSelector},
		{name: "pdb-pods", typ: Selects, on: []record.GroupResource{gr("policy", "poddisruptionbudgets")}, marks: []string{`"selector"`}, read: readBudgetSelector},
		{name: "networkpolicy-pods", typ: Selects, on: []record.GroupResource{gr("networking.k8s.io", "networkpolicies"), gr("extensions", "networkpolicies")}, read: readPolicySelector},
	}
}

// A Service without a selector selects nothing (somebody else writes its EndpointSlices), nor does one that is but a name of another host.
func readServiceSelector(r *reader) {
	spec := r.obj.Get("spec")
	selector := spec.Get("selector")
	if len(selector.Members()) == 0 || spec.Get("type").Str() == "ExternalName" {
		return
	}
	if text, ok := labelSet(selector); ok {
		r.below(r.selected(text), "spec.selector")
	}
}

// An empty selector of a PodDisruptionBudget selects all pods, none at all no pods; in policy/v1beta1 the empty one selected none too.
func readBudgetSelector(r *reader) {
	selector := r.obj.Get("spec", "selector")
	text, ok := labelSelector(selector)
	if !ok || selector.Kind() != object.Object || (text == "" && r.version() == "v1beta1") {
		return
	}
	r.below(r.selected(text), "spec.selector")
}

// A NetworkPolicy is about all pods of its namespace where it names none.
func readPolicySelector(r *reader) {
	if r.obj.Get("spec").Kind() != object.Object {
		return
	}
	if text, ok := labelSelector(r.obj.Get("spec", "podSelector")); ok {
		r.below(r.selected(text), "spec.podSelector")
	}
}

// version of the API that the state is written in.
func (r *reader) version() string {
	if _, version := record.SplitAPIVersion(r.obj.Get("apiVersion").Str()); version != "" {
		return version
	}
	return r.ref.Version
}

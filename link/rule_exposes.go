package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// exposeRules: a Service's endpoints as they were, whatever its selector says.
func exposeRules() []*rule {
	slices := []record.GroupResource{gr("discovery.k8s.io", "endpointslices")}
	endpoints := []record.GroupResource{gr("", "endpoints")}
	return []*rule{
		{name: "endpointslice-service", typ: Exposes, on: slices, marks: []string{`"kubernetes.io/service-name"`}, read: func(r *reader) {
			const label = "kubernetes.io/service-name"
			r.above(core("Service", r.ref.Namespace, r.label(label)), "metadata.labels["+label+"]")
		}},
		{name: "endpointslice-targets", typ: Exposes, on: slices, marks: []string{`"targetRef"`}, read: func(r *reader) {
			for i, e := range r.obj.Get("endpoints").Items() {
				r.exposed(e.Get("targetRef"), at("endpoints", i, "targetRef"))
			}
		}},
		{name: "endpoints-service", typ: Exposes, on: endpoints, read: readEndpointsService},
		{name: "endpoints-targets", typ: Exposes, on: endpoints, marks: []string{`"targetRef"`}, read: func(r *reader) {
			for i, s := range r.obj.Get("subsets").Items() {
				for _, list := range [...]string{"addresses", "notReadyAddresses"} {
					for j, a := range s.Get(list).Items() {
						r.exposed(a.Get("targetRef"), at(at("subsets", i, list), j, "targetRef"))
					}
				}
			}
		}},
	}
}

// Endpoints have their Service's name, by definition. Before there were Leases, leaders were elected by Endpoints that belong to no Service.
func readEndpointsService(r *reader) {
	if r.ref.Name == "" || r.annotation("control-plane.alpha.kubernetes.io/leader") != "" {
		return
	}
	r.above(core("Service", r.ref.Namespace, r.ref.Name), "metadata.name")
}

// exposed claims what an endpoint's reference names; it tells no group, which is that of core kinds.
func (r *reader) exposed(ref *object.Value, field string) {
	name, kind := ref.Get("name").Str(), ref.Get("kind").Str()
	if name == "" || kind == "" {
		return
	}
	namespace := ref.Get("namespace").Str()
	if namespace == "" {
		namespace = r.ref.Namespace
	}
	group, version := record.SplitAPIVersion(ref.Get("apiVersion").Str())
	t := r.target(group, version, kind, namespace, name)
	t.UID = record.UID(ref.Get("uid").Str())
	r.below(t, field)
}

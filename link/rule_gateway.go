package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

const gatewayGroup = "gateway.networking.k8s.io"

// gatewayRules: GatewayClass -> Gateway -> route -> Service, of the Gateway API. A route of a mesh has a Service above it.
func gatewayRules() []*rule {
	var routes []record.GroupResource
	for _, resource := range [...]string{"httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes"} {
		routes = append(routes, gr(gatewayGroup, resource))
	}
	return []*rule{
		{name: "gateway-class", typ: Routes, on: []record.GroupResource{gr(gatewayGroup, "gateways")}, marks: []string{`"gatewayClassName"`}, read: func(r *reader) {
			t := named(gatewayGroup, "GatewayClass", "", r.obj.Get("spec", "gatewayClassName").Str())
			r.above(t, "spec.gatewayClassName")
		}},
		{name: "route-parents", typ: Routes, on: routes, marks: []string{`"parentRefs"`}, read: func(r *reader) {
			for i, ref := range r.obj.Get("spec", "parentRefs").Items() {
				r.above(r.gatewayRef(ref, gatewayGroup, "Gateway"), at("spec.parentRefs", i, ""))
			}
		}},
		{name: "route-backends", typ: Routes, on: routes, marks: []string{`"backendRef`}, read: func(r *reader) {
			for i, rule := range r.obj.Get("spec", "rules").Items() {
				field := at("spec.rules", i, "")
				r.mirrors(rule, field)
				for j, ref := range rule.Get("backendRefs").Items() {
					r.below(r.gatewayRef(ref, "", "Service"), at(field+".backendRefs", j, ""))
					r.mirrors(ref, at(field+".backendRefs", j, ""))
				}
			}
		}},
	}
}

// mirrors: filters send copies of requests elsewhere.
func (r *reader) mirrors(v *object.Value, field string) {
	for i, f := range v.Get("filters").Items() {
		if ref := f.Get("requestMirror", "backendRef"); ref != nil {
			r.below(r.gatewayRef(ref, "", "Service"), at(field+".filters", i, "requestMirror.backendRef"))
		}
	}
}

// gatewayRef reads a reference that tells only what differs from the default. An empty group is told: it is the core one.
func (r *reader) gatewayRef(ref *object.Value, group, kind string) Target {
	told := func(name, other string) string {
		if v := ref.Get(name); v.Kind() == object.String {
			return v.Str()
		}
		return other
	}
	name := ref.Get("name").Str()
	if name == "" {
		return Target{}
	}
	group, kind = told("group", group), told("kind", kind)
	return r.target(group, "", kind, told("namespace", r.ref.Namespace), name)
}

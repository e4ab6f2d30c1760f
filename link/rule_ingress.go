package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// ingressRules: IngressClass -> Ingress -> Service.
func ingressRules() []*rule {
	ingresses := []record.GroupResource{gr("networking.k8s.io", "ingresses"), gr("extensions", "ingresses")}
	return []*rule{
		{name: "ingress-class", typ: Routes, on: ingresses, marks: []string{`"ingressClassName"`}, read: func(r *reader) {
			r.above(named("networking.k8s.io", "IngressClass", "", r.obj.Get("spec", "ingressClassName").Str()), "spec.ingressClassName")
		}},
		{name: "ingress-backends", typ: Routes, on: ingresses, marks: []string{`ackend"`}, read: readIngressBackends},
	}
}

func readIngressBackends(r *reader) {
	spec := r.obj.Get("spec")
	r.ingressBackend(spec.Get("defaultBackend"), "spec.defaultBackend")
	r.ingressBackend(spec.Get("backend"), "spec.backend") // in v1beta1
	for i, rule := range spec.Get("rules").Items() {
		for j, path := range rule.Get("http", "paths").Items() {
			r.ingressBackend(path.Get("backend"), at(at("spec.rules", i, "http.paths"), j, "backend"))
		}
	}
}

func (r *reader) ingressBackend(b *object.Value, field string) {
	r.below(core("Service", r.ref.Namespace, b.Get("service", "name").Str()), field+".service")
	r.below(core("Service", r.ref.Namespace, b.Get("serviceName").Str()), field+".serviceName") // in v1beta1
	ref := b.Get("resource")
	if name, kind := ref.Get("name").Str(), ref.Get("kind").Str(); name != "" && kind != "" {
		r.below(r.target(ref.Get("apiGroup").Str(), "", kind, r.ref.Namespace, name), field+".resource")
	}
}

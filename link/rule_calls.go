package link

import (
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// callRules: the Services that the apiserver calls: admission webhooks, aggregated apiservers, conversion webhooks.
func callRules() []*rule {
	const admission = "admissionregistration.k8s.io"
	return []*rule{
		{
			name: "webhook-service", typ: Calls, marks: []string{`"clientConfig"`},
			on: []record.GroupResource{gr(admission, "mutatingwebhookconfigurations"), gr(admission, "validatingwebhookconfigurations")},
			read: func(r *reader) {
				for i, w := range r.obj.Get("webhooks").Items() {
					r.called(w.Get("clientConfig", "service"), at("webhooks", i, "clientConfig.service"))
				}
			},
		},
		{
			name: "apiservice-service", typ: Calls, marks: []string{`"service"`}, on: []record.GroupResource{gr("apiregistration.k8s.io", "apiservices")},
			read: func(r *reader) { r.called(r.obj.Get("spec", "service"), "spec.service") },
		},
		{
			name: "conversion-service", typ: Calls, marks: []string{`"conversion"`}, on: []record.GroupResource{gr("apiextensions.k8s.io", "customresourcedefinitions")},
			read: func(r *reader) {
				r.called(r.obj.Get("spec", "conversion", "webhook", "clientConfig", "service"), "spec.conversion.webhook.clientConfig.service")
				r.called(r.obj.Get("spec", "conversion", "webhookClientConfig", "service"), "spec.conversion.webhookClientConfig.service") // in v1beta1
			},
		},
	}
}

func (r *reader) called(service *object.Value, field string) {
	if namespace := service.Get("namespace").Str(); namespace != "" {
		r.below(core("Service", namespace, service.Get("name").Str()), field)
	}
}

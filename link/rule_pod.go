package link

import "github.com/kubewake/kubewake/record"

// podRules: where a Pod runs, as whom, and how urgently.
func podRules() []*rule {
	pods := []record.GroupResource{gr("", "pods")}
	return []*rule{
		{name: "pod-node", typ: RunsOn, on: pods, marks: []string{`"nodeName"`}, read: func(r *reader) {
			r.below(core("Node", "", r.obj.Get("spec", "nodeName").Str()), "spec.nodeName")
		}},
		{name: "pod-serviceaccount", typ: RunsAs, on: pods, marks: []string{`"serviceAccount`}, read: func(r *reader) {
			field := "serviceAccountName"
			if r.obj.Get("spec", field).Str() == "" {
				field = "serviceAccount" // its deprecated name
			}
			r.below(core("ServiceAccount", r.ref.Namespace, r.obj.Get("spec", field).Str()), "spec."+field)
		}},
		{name: "pod-priorityclass", typ: Prefers, on: pods, marks: []string{`"priorityClassName"`}, read: func(r *reader) {
			r.above(named("scheduling.k8s.io", "PriorityClass", "", r.obj.Get("spec", "priorityClassName").Str()), "spec.priorityClassName")
		}},
	}
}

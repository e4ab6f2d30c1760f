package link

import "github.com/kubewake/kubewake/record"

// scaleRules: what a HorizontalPodAutoscaler scales.
func scaleRules() []*rule {
	return []*rule{{
		name: "hpa-target", typ: Scales, on: []record.GroupResource{gr("autoscaling", "horizontalpodautoscalers")}, marks: []string{`"scaleTargetRef"`},
		read: func(r *reader) {
			to := r.obj.Get("spec", "scaleTargetRef")
			name, kind := to.Get("name").Str(), to.Get("kind").Str()
			if name == "" || kind == "" {
				return
			}
			group, version := record.SplitAPIVersion(to.Get("apiVersion").Str())
			r.below(r.target(group, version, kind, r.ref.Namespace, name), "spec.scaleTargetRef")
		},
	}}
}

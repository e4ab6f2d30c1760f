package link

// definitionRule: every object of a custom resource has its CustomResourceDefinition above it. Rules decide which kinds that may be; an aggregated
// apiserver's kinds look alike, and have no such definition recorded, so it is inferred.
func definitionRule() *rule {
	return &rule{name: "definition", typ: Defines, read: func(r *reader) {
		name := r.ref.Resource + "." + r.ref.Group
		r.add(Claim{Target: named("apiextensions.k8s.io", "CustomResourceDefinition", "", name), Up: true, Inferred: true, Field: "apiVersion"})
	}}
}

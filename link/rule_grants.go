package link

import "github.com/kubewake/kubewake/record"

const rbacGroup = "rbac.authorization.k8s.io"

// grantRules: a binding's role, and the service accounts that it is for; users and groups are no objects.
func grantRules() []*rule {
	bindings := []record.GroupResource{gr(rbacGroup, "rolebindings"), gr(rbacGroup, "clusterrolebindings")}
	return []*rule{
		{name: "binding-role", typ: Grants, on: bindings, marks: []string{`"roleRef"`}, read: func(r *reader) {
			ref := r.obj.Get("roleRef")
			namespace := r.ref.Namespace
			switch ref.Get("kind").Str() {
			case "ClusterRole":
				namespace = ""
			case "Role":
				if namespace == "" {
					return // a ClusterRoleBinding grants ClusterRoles only
				}
			default:
				return
			}
			r.below(named(rbacGroup, ref.Get("kind").Str(), namespace, ref.Get("name").Str()), "roleRef")
		}},
		{name: "binding-subjects", typ: Grants, on: bindings, marks: []string{`"subjects"`}, read: func(r *reader) {
			for i, s := range r.obj.Get("subjects").Items() {
				if s.Get("kind").Str() != "ServiceAccount" || s.Get("apiGroup").Str() != "" || s.Get("namespace").Str() == "" {
					continue
				}
				r.below(core("ServiceAccount", s.Get("namespace").Str(), s.Get("name").Str()), at("subjects", i, ""))
			}
		}},
	}
}

package link

import (
	"github.com/kubewake/kubewake/record"
)

// ownerRules: metadata.ownerReferences of every kind. An owner is meant by its UID; the rest names it where it was never recorded. It stands in the
// object's namespace, or in none: for kinds that Kubernetes does not define itself, the namespace is that of the object until the UID tells better.
func ownerRules() []*rule {
	return []*rule{{name: "owner", typ: Owns, marks: []string{`"ownerReferences"`}, read: readOwners}}
}

func readOwners(r *reader) {
	for i, o := range r.obj.Get("metadata", "ownerReferences").Items() {
		uid, name := o.Get("uid").Str(), o.Get("name").Str()
		if uid == "" || name == "" {
			continue // no apiserver stores that
		}
		group, version := record.SplitAPIVersion(o.Get("apiVersion").Str())
		t := r.target(group, version, o.Get("kind").Str(), r.ref.Namespace, name)
		t.UID = record.UID(uid)
		r.add(Claim{Target: t, Up: true, Controller: isTrue(o.Get("controller")), Field: at("metadata.ownerReferences", i, "")})
	}
}

// isControlled reports whether another object manages this one: what such an object carries in labels and annotations may be a copy.
func (r *reader) isControlled() bool {
	for _, o := range r.obj.Get("metadata", "ownerReferences").Items() {
		if isTrue(o.Get("controller")) {
			return true
		}
	}
	return false
}

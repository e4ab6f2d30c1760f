package link

import (
	"strings"

	"github.com/kubewake/kubewake/record"
)

// leaseRules: who holds a Lease. A kubelet's is named after its node, and held by it. All others are held by a name that the holder chose: by
// client-go's convention the host's name, which in a container is the Pod's, and behind it "_" and something random. So that is inferred.
func leaseRules() []*rule {
	return []*rule{{
		name: "lease-holder", typ: HeldBy, on: []record.GroupResource{gr("coordination.k8s.io", "leases")}, marks: []string{`"holderIdentity"`},
		read: func(r *reader) {
			const field = "spec.holderIdentity"
			holder := r.obj.Get("spec", "holderIdentity").Str()
			if r.ref.Namespace == "kube-node-lease" {
				r.below(core("Node", "", holder), field)
				return
			}
			if r.label("apiserver.kubernetes.io/identity") != "" {
				return // held by an apiserver for itself
			}
			pod, _, _ := strings.Cut(holder, "_")
			if isPodName(pod) {
				r.add(Claim{Target: core("Pod", r.ref.Namespace, pod), Inferred: true, Field: field})
			}
		},
	}}
}

// isPodName: small letters, digits, '-' and '.', at most 253 of them, none of the signs at an end.
func isPodName(s string) bool {
	return s != "" && len(s) <= 253 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && s == strings.Trim(s, "-.")
}

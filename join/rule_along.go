package join

import (
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/record"
)

// GoesWith names the object that an apiserver deletes another one with, in the same request: the Endpoints of a Service, before Kubernetes 1.37
// (afterDelete in its registry of Services). No audit event tells of it. False for all other kinds.
func GoesWith(ref record.ObjectRef) (with record.ObjectRef, ok bool) {
	if ref.Group != "" || ref.Resource != "endpoints" {
		return with, false
	}
	return record.ObjectRef{Cluster: ref.Cluster, Resource: "services", Namespace: ref.Namespace, Name: ref.Name}, true
}

// gatherAlong adds the requests that may have ended what the object goes with to the candidates for its end.
func (j *joiner) gatherAlong() {
	if j.end == nil || len(j.along) == 0 {
		return
	}
	if last := j.end.prev; last != nil && last.body.known && !j.end.gap && held(last.body.finalizer) {
		return
	}
	for _, w := range j.along {
		if w.fits(j.end.when, j.in.Skew) {
			j.end.cand = append(j.end.cand, w)
		}
	}
	slices.SortFunc(j.end.cand, (*write).compare)
}

// alongReason is what speaks for a write that ended what the object goes with; empty for all others.
func (j *joiner) alongReason(w *write) string {
	if !slices.Contains(j.along, w) {
		return ""
	}
	return fmt.Sprintf("It ended Service %q, and an apiserver before Kubernetes 1.37 deletes the Endpoints in the same request.", j.in.Ref.Name)
}

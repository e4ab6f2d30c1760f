package enginetest

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Dependencies answers with Depends().
func (f *Fake) Dependencies(_ context.Context, q query.Dependencies) (*engine.Dependencies, error) {
	return answer(f, q, Depends())
}

// Depends are links between three kinds.
func Depends() *engine.Dependencies {
	return &engine.Dependencies{Links: []engine.Dependency{
		{Parent: "deployments", Child: "replicasets", Type: "owns", Count: 3},
		{Parent: "replicasets", Child: "pods", Type: "owns", Count: 12},
		{Parent: "replicasets", Child: "pods", Type: "selects", Count: 2},
	}, Cut: "limit of 3 links", Pending: "links are known up to 14:00"}
}

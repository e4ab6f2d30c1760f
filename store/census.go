package store

import (
	"context"

	"github.com/kubewake/kubewake/record"
)

// Census is what a driver may offer beside Store: how many objects there are, without what it costs to list them.
type Census interface {
	// CountObjects gives how many entries Objects yields of a cluster, those of Events among them. It costs one walk over the catalogue, in
	// whatever order that is cheapest.
	CountObjects(ctx context.Context, c record.Cluster) (int, error)
}

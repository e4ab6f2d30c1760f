package remote

import (
	"context"
	"net/url"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Dependencies asks GET /api/v1/dependencies.
func (e *Engine) Dependencies(ctx context.Context, q query.Dependencies) (*engine.Dependencies, error) {
	v := values{}
	v.str("cluster", string(q.Cluster))
	v.window(q.Window)
	return ask[engine.Dependencies](ctx, e, "dependencies", url.Values(v))
}

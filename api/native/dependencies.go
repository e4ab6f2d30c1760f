package native

import (
	"context"

	"github.com/kubewake/kubewake/query"
)

func (h *Handler) dependencies(ctx context.Context, p *params) (any, error) {
	q := query.Dependencies{Cluster: p.cluster(), Window: p.window()}
	return asked(ctx, p, q, h.engine.Dependencies)
}

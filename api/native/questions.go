package native

import (
	"context"

	"github.com/kubewake/kubewake/query"
)

// asked hands a question on, if its parameters were right.
func asked[Q, A any](ctx context.Context, p *params, q Q, ask func(context.Context, Q) (A, error)) (any, error) {
	if err := p.done(); err != nil {
		return nil, err
	}
	return ask(ctx, q)
}

func (h *Handler) info(ctx context.Context, p *params) (any, error) {
	if err := p.done(); err != nil {
		return nil, err
	}
	return h.engine.Info(ctx)
}

func (h *Handler) objects(ctx context.Context, p *params) (any, error) {
	o := p.object()
	q := query.Objects{Cluster: o.Cluster, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID,
		Selector: p.str("selector"), At: p.time("at"), Alive: p.window(), Limit: p.limit(maxListed), Cursor: p.str("cursor")}
	return asked(ctx, p, q, h.engine.Objects)
}

func (h *Handler) history(ctx context.Context, p *params) (any, error) {
	q := query.History{Object: p.oneObject(), Window: p.window(), Reads: p.bool("reads"), Folds: p.bool("fold"),
		AllLife: p.bool("allLives"), Limit: p.limit(maxRecords), Cursor: p.str("cursor")}
	return asked(ctx, p, q, h.engine.History)
}

func (h *Handler) state(ctx context.Context, p *params) (any, error) {
	q := query.State{Object: p.oneObject(), Point: p.point("at", "resourceVersion", "back")}
	return asked(ctx, p, q, h.engine.State)
}

func (h *Handler) diff(ctx context.Context, p *params) (any, error) {
	q := query.Diff{Object: p.oneObject(), From: p.point("fromAt", "fromResourceVersion", "fromBack"),
		To: p.point("toAt", "toResourceVersion", "toBack"), Noise: p.bool("noise")}
	return asked(ctx, p, q, h.engine.Diff)
}

func (h *Handler) blame(ctx context.Context, p *params) (any, error) {
	q := query.Blame{Object: p.oneObject(), Point: p.point("at", "resourceVersion", "back"), Path: p.str("path"), Noise: p.bool("noise")}
	return asked(ctx, p, q, h.engine.Blame)
}

func (p *params) search() query.Search {
	return query.Search{Filter: p.str("filter"), Cluster: p.cluster(), Window: p.window(), Kinds: p.kinds("record"),
		Reads: p.bool("reads"), Newest: p.bool("newest"), Limit: p.num("limit"), Cursor: p.str("cursor")}
}

func (h *Handler) coverage(ctx context.Context, p *params) (any, error) {
	o := p.object()
	q := query.Coverage{Cluster: o.Cluster, Kind: o.Kind, Window: p.window()}
	if o.Namespace != "" || o.Name != "" || o.UID != "" {
		q.Object = o
	}
	return asked(ctx, p, q, h.engine.Coverage)
}

func (h *Handler) stat(ctx context.Context, p *params) (any, error) {
	q := query.Stat{Cluster: p.cluster(), Window: p.window(), Top: p.num("top")}
	return asked(ctx, p, q, h.engine.Stat)
}

package remote

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Trace asks GET /api/v1/trace.
func (e *Engine) Trace(ctx context.Context, q query.Trace) (*engine.Trace, error) {
	v := values{}
	v.str("id", q.ID)
	v.object(q.Object)
	v.window(q.Window)
	v.time("at", q.At)
	v.str("mode", q.Mode)
	v.str("modifier", q.Modifier)
	v.bool("fullLife", q.FullLife)
	v.bool("verbose", q.Verbose)
	v.bool("reads", q.Reads)
	v.num("limit", q.Limit)
	return ask[engine.Trace](ctx, e, "trace", url.Values(v))
}

// Traces asks GET /api/v1/traces.
func (e *Engine) Traces(ctx context.Context, q query.Traces) (*engine.Traces, error) {
	v := values{}
	v.str("cluster", string(q.Cluster))
	v.window(q.Window)
	v.str("mode", q.Mode)
	v.str("modifier", q.Modifier)
	for _, key := range slices.Sorted(maps.Keys(q.Tags)) {
		url.Values(v).Add("tag", key+"="+q.Tags[key])
	}
	if q.MinDuration > 0 {
		v.str("minDuration", q.MinDuration.String())
	}
	if q.MaxDuration > 0 {
		v.str("maxDuration", q.MaxDuration.String())
	}
	v.num("limit", q.Limit)
	return ask[engine.Traces](ctx, e, "traces", url.Values(v))
}

// Services asks GET /api/v1/services.
func (e *Engine) Services(ctx context.Context) (*engine.Services, error) {
	return ask[engine.Services](ctx, e, "services", nil)
}

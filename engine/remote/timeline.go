package remote

import (
	"context"
	"net/url"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Rows asks GET /api/v1/rows.
func (e *Engine) Rows(ctx context.Context, q query.Rows) (*engine.Rows, error) {
	v := values{}
	v.set(&q.Set)
	v.window(q.Window)
	v.num("limit", q.Limit)
	return ask[engine.Rows](ctx, e, "rows", url.Values(v))
}

// Lanes asks GET /api/v1/lanes.
func (e *Engine) Lanes(ctx context.Context, q query.Lanes) (*engine.Lanes, error) {
	v := values{}
	v.str("cluster", string(q.Cluster))
	for _, uid := range q.UIDs {
		url.Values(v).Add("uid", string(uid))
	}
	v.window(q.Window)
	v.num("bins", q.Bins)
	v.bool("derived", q.Derived)
	v.bool("reads", q.Reads)
	return ask[engine.Lanes](ctx, e, "lanes", url.Values(v))
}

// Entry asks GET /api/v1/entry.
func (e *Engine) Entry(ctx context.Context, q query.Entry) (*engine.OneEntry, error) {
	v := values{}
	v.object(q.Object)
	v.str("id", q.ID)
	return ask[engine.OneEntry](ctx, e, "entry", url.Values(v))
}

// Activity asks GET /api/v1/activity.
func (e *Engine) Activity(ctx context.Context, q query.Activity) (*engine.Activity, error) {
	v := values{}
	v.set(&q.Set)
	v.window(q.Window)
	v.num("bins", q.Bins)
	v.num("top", q.Top)
	return ask[engine.Activity](ctx, e, "activity", url.Values(v))
}

// Failing asks GET /api/v1/failing.
func (e *Engine) Failing(ctx context.Context, q query.Failing) (*engine.Failing, error) {
	v := values{}
	v.str("cluster", string(q.Cluster))
	v.str("namespace", q.Namespace)
	v.window(q.Window)
	v.num("limit", q.Limit)
	return ask[engine.Failing](ctx, e, "failing", url.Values(v))
}

// set writes a set of objects. Where it is a tree, cluster and namespace are those of its root.
func (v values) set(s *query.Set) {
	v.str("cluster", string(s.Cluster))
	v.str("kind", s.Kind)
	v.str("namespace", s.Namespace)
	v.str("name", s.Name)
	v.str("selector", s.Selector)
	v.str("filter", s.Filter)
	if !s.HasObject() {
		return
	}
	v.str("object", s.Object.String())
	v.str("cluster", string(s.Object.Cluster))
	v.str("namespace", s.Object.Namespace)
	v.depth("up", s.Up)
	v.depth("down", s.Down)
	v.bool("siblings", s.Siblings)
	v.str("types", strings.Join(s.Types, ","))
}

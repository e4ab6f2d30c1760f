package remote

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Links asks GET /api/v1/links.
func (e *Engine) Links(ctx context.Context, q query.Links) (*engine.Links, error) {
	v := values{}
	v.object(q.Object)
	v.time("at", q.At)
	v.window(q.Window)
	v.str("types", strings.Join(q.Types, ","))
	v.num("limit", q.Limit)
	return ask[engine.Links](ctx, e, "links", url.Values(v))
}

// Tree asks GET /api/v1/tree.
func (e *Engine) Tree(ctx context.Context, q query.Tree) (*engine.Tree, error) {
	v := values{}
	v.object(q.Object)
	v.time("at", q.At)
	v.window(q.Window)
	v.depth("up", q.Up)
	v.depth("down", q.Down)
	v.bool("siblings", q.Siblings)
	v.str("types", strings.Join(q.Types, ","))
	v.num("limit", q.Limit)
	return ask[engine.Tree](ctx, e, "tree", url.Values(v))
}

// depth is left out where it has no end.
func (v values) depth(name string, n int) {
	if n >= 0 {
		url.Values(v).Set(name, strconv.Itoa(n))
	}
}

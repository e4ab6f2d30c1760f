package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Links is being built.
func (*Engine) Links(context.Context, query.Links) (*engine.Links, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

// Tree is being built.
func (*Engine) Tree(context.Context, query.Tree) (*engine.Tree, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

// Traces is being built.
func (*Engine) Traces(context.Context, query.Traces) (*engine.Traces, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

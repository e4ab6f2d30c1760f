package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Dependencies counts the links between kinds.
func (e *Engine) Dependencies(context.Context, query.Dependencies) (*engine.Dependencies, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Traces is being built.
func (*Engine) Traces(context.Context, query.Traces) (*engine.Traces, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

package remote

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Trace is being built.
func (*Engine) Trace(context.Context, query.Trace) (*engine.Trace, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

// Traces is being built.
func (*Engine) Traces(context.Context, query.Traces) (*engine.Traces, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

// Services is being built.
func (*Engine) Services(context.Context) (*engine.Services, error) {
	return nil, engine.Errorf(engine.KindBadQuestion, "being built")
}

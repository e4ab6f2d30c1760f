package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Failing implements engine.Engine.
func (e *Engine) Failing(ctx context.Context, q query.Failing) (*engine.Failing, error) {
	return nil, errors.New("failing is not there yet")
}

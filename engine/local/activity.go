package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Activity implements engine.Engine.
func (e *Engine) Activity(ctx context.Context, q query.Activity) (*engine.Activity, error) {
	return nil, errors.New("activity is not there yet")
}

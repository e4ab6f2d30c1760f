package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Rows implements engine.Engine.
func (e *Engine) Rows(ctx context.Context, q query.Rows) (*engine.Rows, error) {
	return nil, errors.New("rows is not there yet")
}

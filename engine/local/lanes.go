package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Lanes implements engine.Engine.
func (e *Engine) Lanes(ctx context.Context, q query.Lanes) (*engine.Lanes, error) {
	return nil, errors.New("lanes is not there yet")
}

// Entry implements engine.Engine.
func (e *Engine) Entry(ctx context.Context, q query.Entry) (*engine.OneEntry, error) {
	return nil, errors.New("entry is not there yet")
}

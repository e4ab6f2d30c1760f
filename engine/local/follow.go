package local

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Follow implements engine.Engine.
func (e *Engine) Follow(ctx context.Context, q query.Follow, emit func(*engine.Tick) error) error {
	return errors.New("follow is not there yet")
}

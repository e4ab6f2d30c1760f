package enginetest

import (
	"context"
	"errors"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Rows implements engine.Engine.
func (f *Fake) Rows(ctx context.Context, q query.Rows) (*engine.Rows, error) {
	return nil, errors.New("rows is not there yet")
}

// Lanes implements engine.Engine.
func (f *Fake) Lanes(ctx context.Context, q query.Lanes) (*engine.Lanes, error) {
	return nil, errors.New("lanes is not there yet")
}

// Entry implements engine.Engine.
func (f *Fake) Entry(ctx context.Context, q query.Entry) (*engine.OneEntry, error) {
	return nil, errors.New("entry is not there yet")
}

// Activity implements engine.Engine.
func (f *Fake) Activity(ctx context.Context, q query.Activity) (*engine.Activity, error) {
	return nil, errors.New("activity is not there yet")
}

// Failing implements engine.Engine.
func (f *Fake) Failing(ctx context.Context, q query.Failing) (*engine.Failing, error) {
	return nil, errors.New("failing is not there yet")
}

// Follow implements engine.Engine.
func (f *Fake) Follow(ctx context.Context, q query.Follow, emit func(*engine.Tick) error) error {
	return errors.New("follow is not there yet")
}

// SPDX-License-Identifier: Apache-2.0

// Package index keeps what is derived from a store true: the clocks of its resourceVersions with their epochs, the
// joined life of one object, and the floor that is carried when old buckets are dropped.
//
// Derived data carries the stamp of the rules and facts that it came from; one whose stamp does not fit is
// made anew. Nothing here decides what is shown: package engine/local does.
package index

import (
	"context"
	"sync"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// clockRules is counted up when a Clock is derived in another way.
const clockRules = 3

// Clocks gives the clock of every storage of a store. It keeps the last one of each, in memory and as derived data, and
// makes it anew when the storage has other pins. Its methods may be called concurrently.
type Clocks struct {
	st store.Store
	// fixed are clocks of recorded pins alone, by which the objects are joined that prove more.
	fixed map[storageKey]*Clock

	mu   sync.Mutex
	kept map[storageKey]*keptClock // guarded by mu
}

type storageKey struct {
	cluster record.Cluster
	storage record.Storage
}

type keptClock struct {
	stamp []byte
	clock *Clock
}

// NewClocks makes the clocks of st; nothing is read yet.
func NewClocks(st store.Store) *Clocks {
	return &Clocks{st: st, kept: map[storageKey]*keptClock{}}
}

// Of gives the clock of one storage. It costs a look at the stamp, and one scan of the storage's pins when it is stale; where
// writes were recorded below RequestResponse also a join of their objects.
func (c *Clocks) Of(ctx context.Context, cluster record.Cluster, storage record.Storage) (*Clock, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := storageKey{cluster, storage}
	if c.fixed != nil {
		return c.recorded(ctx, key)
	}
	stamp, err := c.stamp(ctx, key)
	if err != nil {
		return nil, err
	}
	if k := c.kept[key]; k != nil && string(k.stamp) == string(stamp) {
		return k.clock, nil
	}
	clock, err := readClock(ctx, c.st, key, stamp)
	if err != nil {
		return nil, err
	}
	if clock == nil {
		if clock, err = c.make(ctx, key, stamp); err != nil {
			return nil, err
		}
	}
	c.kept[key] = &keptClock{stamp: stamp, clock: clock}
	return clock, nil
}

// Renew makes the clock of one storage anew, whatever its stamp says: for those who have just written, and know that facts may
// have come in between those that the stamp names.
func (c *Clocks) Renew(ctx context.Context, cluster record.Cluster, storage record.Storage) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := storageKey{cluster, storage}
	stamp, err := c.stamp(ctx, key)
	if err != nil {
		return err
	}
	clock, err := c.make(ctx, key, stamp)
	if err != nil {
		return err
	}
	c.kept[key] = &keptClock{stamp: stamp, clock: clock}
	return nil
}

// make derives a clock in two passes: from what single requests prove, and then from what the joins by that clock prove too.
func (c *Clocks) make(ctx context.Context, key storageKey, stamp []byte) (*Clock, error) {
	plain, err := build(ctx, c.st, key, c.st.Pins(ctx, key.cluster, key.storage, store.RVRange{}))
	if err != nil {
		return nil, err
	}
	if err := c.prove(ctx, key, plain); err != nil {
		return nil, err
	}
	clock, err := build(ctx, c.st, key, allPins(ctx, c.st, key, store.RVRange{}))
	if err != nil {
		return nil, err
	}
	clock.joined = true
	// A store that is only read can not keep it; it is made anew next time.
	_ = writeClock(ctx, c.st, key, stamp, clock)
	return clock, nil
}

// recorded gives the clock of recorded pins alone.
func (c *Clocks) recorded(ctx context.Context, key storageKey) (*Clock, error) {
	if clock := c.fixed[key]; clock != nil {
		return clock, nil
	}
	clock, err := build(ctx, c.st, key, c.st.Pins(ctx, key.cluster, key.storage, store.RVRange{}))
	if err != nil {
		return nil, err
	}
	c.fixed[key] = clock
	return clock, nil
}

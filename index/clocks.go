// SPDX-License-Identifier: Apache-2.0

// Package index keeps what is derived from a store true: the clocks of its resourceVersions with their epochs, the
// joined life of one object, and the floor that is carried when old buckets are dropped.
//
// Derived data carries the rules that it came from and the number of the change up to which it holds; what came in since is
// worked in, and where that can not be told, all is made anew. Nothing here decides what is shown: package engine/local does.
package index

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// clockRules is counted up when a Clock is derived in another way.
const clockRules = 6

// Clocks gives the clock of every storage of a store, and keeps it true while facts come in. Pins count as soon as they are
// written. What the joins of objects prove beside them is found out by Run where that is at work, and else by whoever asks.
// Its methods may be called concurrently.
type Clocks struct {
	st   store.Store
	feed store.Feed  // nil: the driver tells no changes
	keep atomic.Bool // may write derived data
	live atomic.Bool
	wake chan struct{}

	mu     sync.Mutex
	tracks map[storageKey]*track // guarded by mu
}

type storageKey struct {
	cluster record.Cluster
	storage record.Storage
}

// NewClocks makes the clocks of st; nothing is read yet. Of one store only one Clocks may be used beside a writer.
func NewClocks(st store.Store) *Clocks {
	c := readerClocks(st)
	c.keep.Store(true)
	return c
}

// readerClocks are clocks that write nothing.
func readerClocks(st store.Store) *Clocks {
	c := &Clocks{st: st, tracks: map[storageKey]*track{}, wake: make(chan struct{}, 1)}
	c.feed, _ = st.(store.Feed)
	return c
}

func (c *Clocks) track(key storageKey) *track {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tracks[key]
	if t == nil {
		t = newTrack(c, key)
		c.tracks[key] = t
	}
	return t
}

// Of gives the clock of one storage, with every pin written so far. It costs a look at what was written since the last question. The
// first question of a store that nobody derived from reads all pins; and where Run is not at work, and writes were
// recorded below RequestResponse, a question joins the objects that were touched since.
func (c *Clocks) Of(ctx context.Context, cluster record.Cluster, storage record.Storage) (*Clock, error) {
	t := c.track(storageKey{cluster, storage})
	clock, settled, err := t.now(ctx)
	if err != nil || settled || c.live.Load() {
		return clock, err
	}
	if err := t.settleNow(ctx); err != nil {
		return nil, err
	}
	clock, _, err = t.now(ctx)
	return clock, err
}

// Renew makes the clock of one storage anew from all facts, and keeps it.
func (c *Clocks) Renew(ctx context.Context, cluster record.Cluster, storage record.Storage) error {
	t := c.track(storageKey{cluster, storage})
	if err := t.renew(ctx); err != nil {
		return err
	}
	return t.settleNow(ctx)
}

// Behind tells how many objects of a storage were touched and not joined for its clock yet, and since when: what they prove
// may narrow intervals and tell candidates apart. Zero where the clock holds all that the facts prove.
func (c *Clocks) Behind(cluster record.Cluster, storage record.Storage) (objects int, since time.Time) {
	c.mu.Lock()
	t := c.tracks[storageKey{cluster, storage}]
	c.mu.Unlock()
	if t == nil {
		return 0, time.Time{}
	}
	return t.behind()
}

// Settled reports whether every clock that was asked for holds all that the facts prove. While it does and nothing is written, the same question has
// the same answer. It reads nothing.
func (c *Clocks) Settled() bool {
	c.mu.Lock()
	tracks := slices.Collect(maps.Values(c.tracks))
	c.mu.Unlock()
	if len(tracks) == 0 {
		return !c.live.Load()
	}
	for _, t := range tracks {
		t.mu.Lock()
		settled := t.loaded && t.settled() || !t.loaded && !c.live.Load()
		t.mu.Unlock()
		if !settled {
			return false
		}
	}
	return true
}

// Appended tells that facts became durable, so that Run need not wait for its next look. It returns at once. Nothing
// depends on it: what was written is read from the store.
func (c *Clocks) Appended(_ []*record.Record) {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

package index

import (
	"context"
	"time"
)

const (
	runEvery    = 250 * time.Millisecond
	runAtLeast  = 100 * time.Millisecond // apart, however much comes in
	runFor      = 100 * time.Millisecond // of each turn, at most, for joins
	saveEvery   = 10 * time.Second
	lookEvery   = time.Second // for storages that are new, and turns that watches told of
	fewAtOnce   = 16
	epochsApart = 20 // looking for epochs rests so many times what it took
)

// Run keeps all clocks true while facts come in, until ctx ends: it joins the objects that were touched, a little later and
// a little at a time, looks for epochs, and every ten seconds keeps in the store what it found. Questions then join nothing. At its
// end it keeps all once more.
func (c *Clocks) Run(ctx context.Context) error {
	c.live.Store(true)
	defer c.live.Store(false)
	r := running{c: c, rested: map[*track]time.Time{}}
	for ctx.Err() == nil {
		if err := r.turn(ctx); err != nil {
			if ctx.Err() != nil {
				break
			}
			return err
		}
		if pause(ctx, nil, runAtLeast); ctx.Err() == nil {
			pause(ctx, c.wake, runEvery-runAtLeast)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveEvery)
	defer cancel()
	return r.save(last)
}

// pause waits for a time, or until it is woken, or ctx ends.
func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-wait.C:
	}
}

type running struct {
	c      *Clocks
	tracks []*track
	looked time.Time
	saved  time.Time
	rested map[*track]time.Time // epochs of it are not looked for before
}

func (r *running) turn(ctx context.Context) error {
	if now := time.Now(); now.Sub(r.looked) > lookEvery {
		if err := r.look(ctx); err != nil {
			return err
		}
		r.looked = now
	}
	until := time.Now().Add(runFor)
	for _, t := range r.tracks {
		if err := r.work(ctx, t, until); err != nil {
			return err
		}
	}
	if time.Since(r.saved) < saveEvery {
		return nil
	}
	r.saved = time.Now()
	return r.save(ctx)
}

// look finds the storages there are, and what watches told of their epochs.
func (r *running) look(ctx context.Context) error {
	clusters, err := r.c.st.Clusters(ctx)
	if err != nil {
		return err
	}
	r.tracks = r.tracks[:0]
	for _, cluster := range clusters {
		turns, err := turnsIn(ctx, r.c.st, cluster.Name)
		if err != nil {
			return err
		}
		for _, storage := range cluster.Storages {
			t := r.c.track(storageKey{cluster.Name, storage})
			t.told(turns[storage])
			r.tracks = append(r.tracks, t)
		}
	}
	return nil
}

func (r *running) work(ctx context.Context, t *track, until time.Time) error {
	t.work.Lock()
	defer t.work.Unlock()
	if err := t.gather(ctx); err != nil {
		return err
	}
	if err := r.epochs(ctx, t); err != nil {
		return err
	}
	for time.Now().Before(until) {
		n, err := t.joinSome(ctx, fewAtOnce, false)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// epochs looks for epochs where what came in lets doubt whether they are the same.
func (r *running) epochs(ctx context.Context, t *track) error {
	now := time.Now()
	if !t.doubtful() || now.Before(r.rested[t]) {
		return nil
	}
	starts, err := startsOf(ctx, t.c.st, t.key)
	if err != nil {
		return err
	}
	r.rested[t] = time.Now().Add(epochsApart * time.Since(now))
	return t.settleEpochs(ctx, starts)
}

func (t *track) doubtful() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doubt
}

// settleEpochs takes the beginnings of the epochs as they were found just now.
func (t *track) settleEpochs(ctx context.Context, starts []time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.takeEpochs(ctx, starts)
	return err
}

func (r *running) save(ctx context.Context) error {
	for _, t := range r.tracks {
		t.work.Lock()
		err := t.save(ctx)
		t.work.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

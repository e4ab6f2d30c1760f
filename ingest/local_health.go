package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kubewake/kubewake/store"
)

// health remembers whether the store took the last write.
type health struct {
	mu     sync.Mutex // guards all below but trying
	err    error      // of the last write; nil: it was taken
	at     time.Time
	writes int        // under way
	moved  time.Time  // when one last came through, or the first of them began
	trying sync.Mutex // held by whoever tries whether the store takes writes again
}

// state is what a store's error means to a sender.
type state struct {
	word, sentence string
	after          time.Duration
}

func stateOf(err error) state {
	switch {
	case errors.Is(err, store.ErrFull):
		return state{"full", "the store's disk is full; free some space, or let kubewake keep less; it goes on by itself", 5 * time.Second}
	case errors.Is(err, store.ErrFailed):
		return state{"failed", "a write to the store's disk failed and nothing more can be promised; look at the disk, then restart kubewake", 15 * time.Second}
	}
	return state{"store", "the store does not take writes now", 5 * time.Second}
}

// probeAfter is how long a failure stands before Healthy tries again.
const probeAfter = time.Second

// hangsAfter is how long no write may come through, although some are under way, before the disk counts as hanging.
const hangsAfter = 10 * time.Second

// begin and end count writes.
func (h *health) begin(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writes == 0 {
		h.moved = now
	}
	h.writes++
}

func (h *health) end(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes--
	h.moved = now
}

// hangs gives for how long no write has come through, if that is long.
func (h *health) hangs(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d := now.Sub(h.moved); h.writes > 0 && d >= hangsAfter {
		return d
	}
	return 0
}

// probeKey is removed, which it never was: the smallest write there is.
const probeKey = "probe"

// Healthy gives nil while the store takes writes, else a sentence that says what is wrong and what to do; its chain holds the store's error
// (store.ErrFull, store.ErrFailed). After a failure it tries the store itself, so that readiness returns although no sender comes.
func (l *Local) Healthy(ctx context.Context) error {
	if d := l.health.hangs(l.conf.Now()); d > 0 {
		return fmt.Errorf("no write has come through to the store's disk for %s; it hangs, or is far too slow: look at it", d.Round(time.Second))
	}
	err, at := l.health.last()
	if err == nil || l.conf.Now().Sub(at) < probeAfter || !l.health.trying.TryLock() {
		return sentence(err)
	}
	defer l.health.trying.Unlock()
	err = l.st.SetMeta(ctx, probeKey, nil)
	if ctx.Err() == nil {
		l.note(err)
	}
	return sentence(err)
}

func sentence(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", stateOf(err).sentence, err)
}

func (h *health) last() (err error, at time.Time) { //nolint:revive,staticcheck // the error is the value here
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err, h.at
}

// note keeps how the last write went; the log is told when that changes.
func (l *Local) note(err error) {
	h := &l.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && h.err == nil {
		return
	}
	switch {
	case err == nil:
		l.conf.Log.Info("the store takes writes again")
	case h.err == nil || stateOf(h.err).word != stateOf(err).word:
		l.conf.Log.Error("the store refuses writes", "why", stateOf(err).sentence, "err", err)
	}
	h.err, h.at = err, l.conf.Now()
	l.conf.Metrics.health(err)
}

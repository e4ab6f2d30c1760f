package local

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/store"
)

const (
	followEvery = 200 * time.Millisecond // how often is looked whether something was recorded; it costs no reading
	followPause = 500 * time.Millisecond
)

// Follow tells at once how far the recording has got, and again whenever more was recorded, whatever it was and of whichever cluster, at most
// once a pause. It ends with ctx, without an error. Writers never wait for it. A store without a feed, or which nobody writes to, is told of once.
func (e *Engine) Follow(ctx context.Context, q query.Follow, emit func(*engine.Tick) error) error {
	pause := q.Pause
	if pause <= 0 {
		pause = followPause
	}
	ticker := time.NewTicker(min(pause, followEvery))
	defer ticker.Stop()
	var last uint64
	var at time.Time
	for {
		if number := e.written(); at.IsZero() || number != last && time.Since(at) >= pause {
			tick, err := e.tick(ctx, q, number)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if !at.IsZero() {
				tick.Added = int(number - last)
			}
			if err := emit(tick); err != nil {
				return err
			}
			last, at = number, time.Now()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// written is the number of the last delivery; zero without a feed.
func (e *Engine) written() uint64 {
	if feed, ok := e.st.(store.Feed); ok {
		return feed.Written()
	}
	return 0
}

func (e *Engine) tick(ctx context.Context, q query.Follow, number uint64) (*engine.Tick, error) {
	clusters, err := e.st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	tick := &engine.Tick{Number: number, Newest: map[string]engine.Moment{}}
	for _, c := range clusters {
		if q.Cluster == "" || c.Name == q.Cluster {
			tick.Newest[string(c.Name)] = engine.MomentOf(c.Last)
		}
	}
	return tick, nil
}

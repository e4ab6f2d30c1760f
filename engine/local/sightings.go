package local

import (
	"context"
	"iter"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// sightings is what was told of how well one cluster was seen in a window, for a question that asks of several scopes.
type sightings struct {
	watches *watches
	gaps    []*record.Record
	seen    []store.Seen
}

// sight reads the sightings of a cluster in a window.
func (e *Engine) sight(ctx context.Context, cluster record.Cluster, w query.Window, load func() (*watches, error)) (*sightings, error) {
	var out sightings
	var err error
	if out.watches, err = load(); err != nil {
		return nil, err
	}
	for r, err := range e.st.Gaps(ctx, cluster, timeRange(w)) {
		if err != nil {
			return nil, err
		}
		out.gaps = append(out.gaps, r)
	}
	for s, err := range e.st.Seen(ctx, cluster, hoursOf(w)) {
		if err != nil {
			return nil, err
		}
		out.seen = append(out.seen, s)
	}
	return &out, nil
}

// hoursOf is a window as whole hours from its beginning on.
func hoursOf(w query.Window) store.TimeRange {
	between := timeRange(w)
	if !w.From.IsZero() {
		between.From = w.From.Truncate(time.Hour)
	}
	return between
}

// watchesFor gives the watches of a cluster, to note in them what one coverage has told.
func (e *Engine) watchesFor(ctx context.Context, cov *coverage, cluster record.Cluster) (*watches, error) {
	if cov.known == nil {
		return e.watches(ctx, cluster)
	}
	own := *cov.known.watches
	own.missed = map[watchScope]stretches{}
	return &own, nil
}

func (e *Engine) gapsFor(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window) iter.Seq2[*record.Record, error] {
	if cov.known != nil {
		return all(cov.known.gaps)
	}
	return e.st.Gaps(ctx, cluster, timeRange(w))
}

func (e *Engine) seenFor(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window) iter.Seq2[store.Seen, error] {
	if cov.known != nil {
		return all(cov.known.seen)
	}
	return e.st.Seen(ctx, cluster, hoursOf(w))
}

// all yields what was read already, as a store does.
func all[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

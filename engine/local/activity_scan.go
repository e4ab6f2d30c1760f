package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// looked counts the records that several scans look at together, and ends them when a limit is reached.
type looked struct {
	n    atomic.Int64
	full atomic.Pointer[string]
}

// more counts, and reports whether a limit is reached.
func (l *looked) more(n, limit int, until deadline, longest time.Duration) bool {
	var cut string
	switch {
	case l.n.Add(int64(n)) > int64(limit):
		cut = fmt.Sprintf("%d records were looked at, the limit: narrow the window or the set", limit)
	case until.passed():
		cut = fmt.Sprintf("the time limit of %s was reached: narrow the window or the set", longest)
	default:
		return l.full.Load() != nil
	}
	l.full.CompareAndSwap(nil, &cut)
	return true
}

func (l *looked) cut() string {
	if cut := l.full.Load(); cut != nil {
		return *cut
	}
	return ""
}

// scan counts everything in the window, on all cores. What the parts count is united in their order, so that it is the same each time.
func (a *activity) scan(ctx context.Context, total *tallies) error {
	var jobs []job
	for _, c := range a.scope.set.clusters {
		list, err := a.jobs(ctx, c)
		if err != nil {
			return err
		}
		jobs = append(jobs, list...)
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	parts := make([]*tallies, len(jobs))
	for i, count := range jobs {
		parts[i] = newTallies(a)
		group.Go(func() error { return count(within, parts[i]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, p := range parts {
		total.add(p)
	}
	return nil
}

// job counts one part.
type job func(context.Context, *tallies) error

// jobs are the parts of the count of one cluster. They share no record.
func (a *activity) jobs(ctx context.Context, c store.ClusterInfo) ([]job, error) {
	jobs := []job{func(ctx context.Context, t *tallies) error { return a.states(ctx, c, t) }}
	if a.scope.few() {
		return append(jobs, a.namedJobs(c)...), nil
	}
	scans, err := a.scope.scans(ctx, c, a.between())
	if err != nil {
		return nil, err
	}
	for _, scan := range scans {
		jobs = append(jobs, func(ctx context.Context, t *tallies) error { return a.requests(ctx, scan, t) })
	}
	events := store.WindowScan{Cluster: c.Name, Kinds: []record.Kind{record.KindKubeEvent}, Between: a.between(), HeadsOnly: true}
	return append(jobs, func(ctx context.Context, t *tallies) error { return a.events(ctx, events, t) }), nil
}

// namedJobs look up what names a few objects, one by one.
func (a *activity) namedJobs(c store.ClusterInfo) []job {
	requests, events := a.scope.lookups(c.Name)
	var jobs []job
	for chunk := range slices.Chunk(requests, namesTogether) {
		jobs = append(jobs, func(ctx context.Context, t *tallies) error {
			for _, scan := range chunk {
				scan.Between, scan.Reads = a.between(), true
				if err := a.requestsOf(ctx, scan, t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for chunk := range slices.Chunk(events, namesTogether) {
		jobs = append(jobs, func(ctx context.Context, t *tallies) error {
			for _, scan := range chunk {
				scan.Between = a.between()
				if err := a.eventsOf(a.e.st.Events(ctx, scan), t); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return jobs
}

// namesTogether is how many names one job looks up.
const namesTogether = 16

func (a *activity) requestsOf(ctx context.Context, scan store.RequestScan, t *tallies) error {
	n := 0
	for r, err := range a.e.st.Requests(ctx, scan) {
		if err != nil {
			return err
		}
		h := record.HeadOf(r)
		t.head(scan.Cluster, r.OccurredAt, &h, r)
		if n++; n%lookEvery == 0 && a.looked.more(lookEvery, a.e.limits.Scanned, a.deadline, a.e.limits.Time) {
			return nil
		}
	}
	return nil
}

// lookEvery is after how many records the limits are looked at.
const lookEvery = 4096

// requests counts the requests of one part.
func (a *activity) requests(ctx context.Context, scan store.WindowScan, t *tallies) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 0
	look := func() {
		if n++; n%lookEvery == 0 && a.looked.more(lookEvery, a.e.limits.Scanned, a.deadline, a.e.limits.Time) {
			cancel()
		}
	}
	scan.SkipRequest = func(at time.Time, h record.RequestHead) bool {
		look()
		if scan.Resource != nil && (string(h.Resource) != scan.Resource.Resource || string(h.Group) != scan.Resource.Group) {
			return true // of another job
		}
		if scan.Namespace != "" && string(h.Namespace) != scan.Namespace {
			return true
		}
		return t.head(scan.Cluster, at, &h, nil)
	}
	for r, err := range a.e.st.Window(ctx, scan) {
		switch {
		case errors.Is(err, context.Canceled) && a.looked.cut() != "":
			return nil
		case err != nil:
			return err
		}
		h := record.HeadOf(r)
		t.head(scan.Cluster, r.OccurredAt, &h, r)
	}
	a.looked.more(n%lookEvery, a.e.limits.Scanned, a.deadline, a.e.limits.Time)
	return nil
}

// events counts the states of Events.
func (a *activity) events(ctx context.Context, scan store.WindowScan, t *tallies) error {
	return a.eventsOf(a.e.st.Window(ctx, scan), t)
}

func (a *activity) eventsOf(list iter.Seq2[*record.Record, error], t *tallies) error {
	n := 0
	for r, err := range list {
		if err != nil {
			return err
		}
		t.event(r)
		if n++; n%lookEvery == 0 && a.looked.more(lookEvery, a.e.limits.Scanned, a.deadline, a.e.limits.Time) {
			return nil
		}
	}
	return nil
}

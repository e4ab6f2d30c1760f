// SPDX-License-Identifier: Apache-2.0

// Package watch lists and watches everything that a cluster serves and delivers it as records. Use [New] and
// [Watcher.Run], one Watcher per cluster, with credentials from [Targets].
//
// Every change behind a run's beginning, up to its end, is delivered; what could not be watched becomes a Gap with bounds, and
// an object that was gone when the watch came back an End with bounds. A Watcher keeps nothing on disk: where it can go on, its
// sink remembers. Any number of Watchers may watch one cluster side by side: facts are merged.
//
// Memory holds what is not yet delivered, within limits, and during a list 16 bytes for each object; never whole objects of more than
// one batch. While the sink is busy nothing more is read, and the apiserver holds the rest.
package watch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// Watcher watches one cluster. Its methods may be called concurrently.
type Watcher struct {
	conf    Config
	options Options
	client  *client
	log     *slog.Logger
	now     func() time.Time
	jitter  func() float64 // in [0, 1)

	delivery *delivery
	idle     *idle
	lists    chan struct{} // one token per list under way
	changed  chan struct{} // what the cluster serves may have changed
	memory   *memory       // set before any runner starts

	all     sync.WaitGroup  // all goroutines of Run
	running context.Context // of Run; set before any runner starts

	mu         sync.Mutex // guards all below
	runs       bool       // Run is under way
	runners    map[scope]*runner
	leftOut    []ResourceStatus
	discovered discovered
}

// New checks the config and reads the credentials; it does not speak with the cluster.
func New(c Config) (*Watcher, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	o := c.Options.withDefaults()
	cl, err := newClient(c.REST, o)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", c.Cluster, err)
	}
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{
		conf: c, options: o, client: cl, log: log.With("cluster", string(c.Cluster)), now: time.Now, jitter: rand.Float64,
		delivery: &delivery{sink: c.Sink, cluster: c.Cluster, options: o, metrics: c.Metrics, jitter: rand.Float64},
		idle:     &idle{runs: make(map[scope]*record.Record)},
		lists:    make(chan struct{}, o.ConcurrentLists),
		changed:  make(chan struct{}, 1),
		runners:  make(map[scope]*runner),
	}, nil
}

// Run watches until ctx ends, which is the only way it ends. What was read and not yet delivered is given up then: the next
// Run, of this Watcher or another, reads it again. It is not called twice at a time. A cluster or a sink that does not answer is tried again and again; see Status.
func (w *Watcher) Run(ctx context.Context) error {
	defer w.forget()
	defer w.all.Wait()
	w.running = ctx
	w.begin()
	if err := w.recall(ctx); err != nil {
		return err
	}
	w.all.Go(func() { w.idle.run(ctx, w.delivery) })
	if w.conf.Metrics != nil {
		w.all.Go(func() {
			for sleep(ctx, idleEvery) {
				w.Status() // keeps the count of resources by state
			}
		})
	}
	for _, gr := range triggers() {
		w.all.Go(func() { w.trigger(ctx, gr) })
	}
	w.discover(ctx)
	return ctx.Err()
}

func (w *Watcher) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = true
}

// forget lets the next Run begin as this one did.
func (w *Watcher) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.runners)
	w.runs = false
	w.leftOut, w.discovered = nil, discovered{}
	w.idle.take()
	w.conf.Metrics.ended(w)
}

// recall asks the sink where to go on, until it answers.
func (w *Watcher) recall(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		m, err := remember(ctx, w.conf.Sink, w.conf.Cluster)
		if err == nil {
			w.memory = m
			return nil
		}
		if attempt == 0 {
			w.log.Warn("watch waits to ask where to go on", "error", err)
		}
		if !sleep(ctx, w.spread(min(deliverMost, deliverLeast<<min(attempt, 10)))) {
			return ctx.Err()
		}
	}
}

func (w *Watcher) spread(d time.Duration) time.Duration {
	return d/2 + time.Duration(w.jitter()*float64(d/2))
}

// Status at this moment.
func (w *Watcher) Status() Status {
	w.mu.Lock()
	d := w.discovered
	s := Status{Cluster: w.conf.Cluster, DiscoveredAt: d.at, DiscoveryError: d.err, BrokenGroups: d.broken, Resources: slices.Clone(w.leftOut)}
	for _, r := range w.runners {
		s.Resources = append(s.Resources, r.status.snapshot())
	}
	if w.runs {
		w.conf.Metrics.states(w, s)
	}
	w.mu.Unlock()
	slices.SortFunc(s.Resources, func(a, b ResourceStatus) int {
		return cmp.Or(cmp.Compare(a.Resource.String(), b.Resource.String()), cmp.Compare(a.Namespace, b.Namespace))
	})
	return s
}

// listSlot waits for leave to list.
func (w *Watcher) listSlot(ctx context.Context) (release func(), err error) {
	select {
	case w.lists <- struct{}{}:
		return func() { <-w.lists }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// noticed wakes those that are forbidden when permissions change.
func (w *Watcher) noticed(gr record.GroupResource) {
	if gr.Group != "rbac.authorization.k8s.io" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.runners {
		if r.status.state() == Forbidden {
			r.wake()
		}
	}
}

// watched reports whether this watcher has watched a scope since it began.
func (w *Watcher) watched(s scope) bool {
	w.mu.Lock()
	_, runs := w.runners[s]
	w.mu.Unlock()
	return runs || w.memory.knows(s)
}

func (r *runner) wake() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// start begins to watch a resource in a scope; w.mu is held. at is where to go on.
func (w *Watcher) start(ctx context.Context, s scope, res recording.Resource, at position) {
	ctx, stop := context.WithCancel(ctx)
	r := w.newRunner(s, res, at)
	r.stop = stop
	w.runners[s] = r
	w.all.Go(func() { r.loop(ctx) })
}

func (w *Watcher) newRunner(s scope, res recording.Resource, at position) *runner {
	r := &runner{
		w: w, scope: s, resource: res,
		m:      machine{jitter: w.jitter, noStream: w.options.PagedLists, position: at.rv, from: at.from, since: at.since},
		live:   recording.NewLive(w.conf.Cluster, res, w.conf.Redactor, w.options.BodyBytes),
		out:    outbox{to: w.delivery},
		status: &resourceStatus{now: w.now, s: ResourceStatus{Resource: s.GroupResource, Version: res.Version, Namespace: s.namespace, State: Waiting, RV: at.rv, Since: w.now()}},
		kick:   make(chan struct{}, 1), done: make(chan struct{}),
	}
	if r.m.from == 0 {
		r.m.from = at.rv // a new run, from where another ended
	}
	r.durable = r.m.at()
	return r
}

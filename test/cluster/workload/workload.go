// SPDX-License-Identifier: Apache-2.0

// Package workload drives a Kubernetes cluster the way people, bots and controllers do, many things at once, and
// writes down what it did: the ground truth that a recording of the same time is held against.
//
// The same seed plays the same scenarios with the same choices in each worker; what the cluster answers,
// and when, is its own.
package workload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Config says how much happens.
type Config struct {
	// Cluster is an administrator's access.
	Cluster *rest.Config
	Seed    uint64
	// Duration is how long new scenarios begin (default 1m); those under way are finished.
	Duration time.Duration
	// Concurrency is how many scenarios run at once (default 20).
	Concurrency int
	// Scenarios restricts what is played; empty: all.
	Scenarios []string
	// Each plays every scenario once, in the order of their names, instead of choosing until Duration is over.
	Each bool
	// Namespace is where a single scenario plays (Concurrency 1 and Each); empty: each play has one of its own.
	Namespace string
	// Truth receives one JSON line per request; nil: nowhere.
	Truth io.Writer
	// Quiet leaves reads (get, list) out of Truth.
	Quiet bool
}

// Summary counts what happened.
type Summary struct {
	Played   map[string]int `json:"played"`           // scenarios that came to their end
	Failed   []string       `json:"failed,omitempty"` // what did not, with the reason
	Requests int            `json:"requests"`
	Codes    map[int]int    `json:"codes"` // answers by HTTP status; 0: none came
}

const (
	scenarioTimeout = 3 * time.Minute
	maxFailures     = 1000 // that Summary.Failed lists
)

// Run plays scenarios until the duration is over, or the context ends and cuts those under way off. What a cluster under test refuses or loses is not an
// error but a line in Summary.Failed; an error means that the driver could not work at all.
func Run(ctx context.Context, c Config) (Summary, error) {
	if c.Duration == 0 {
		c.Duration = time.Minute
	}
	if c.Concurrency == 0 {
		c.Concurrency = 20
	}
	chosen, err := choose(c.Scenarios)
	if err != nil {
		return Summary{}, err
	}
	truth := newTruth(c.Truth, c.Quiet)
	cast, err := hire(ctx, c.Cluster, truth)
	if err != nil {
		return truth.summary(), fmt.Errorf("prepare users and rights: %w", err)
	}
	d := &driver{config: c, truth: truth, cast: cast, scenarios: chosen, nodes: make(chan struct{}, 1), deadline: time.Now().Add(c.Duration)}
	var workers sync.WaitGroup
	for n := range c.Concurrency {
		workers.Go(func() { d.work(ctx, n) })
	}
	workers.Wait()
	summary := truth.summary()
	summary.Played, summary.Failed = d.counts, d.failed
	return summary, truth.flush()
}

// Names lists the scenarios.
func Names() []string {
	var names []string
	for _, s := range scenarios() {
		names = append(names, s.name)
	}
	return names
}

// scenario is one story. It plays in a namespace of its own, which is deleted at its end more often than not.
type scenario struct {
	name string
	play func(ctx context.Context, p *play) error
}

func choose(names []string) ([]scenario, error) {
	all := scenarios()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []scenario
	for _, name := range names {
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no scenario %q: there are %s", name, strings.Join(Names(), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

type driver struct {
	config    Config
	truth     *truth
	cast      *cast
	scenarios []scenario
	nodes     chan struct{} // held by whoever drains or fails a node
	deadline  time.Time

	mu     sync.Mutex // guards the rest
	next   int        // with Config.Each: the scenario to play next
	counts map[string]int
	failed []string
}

func (d *driver) work(ctx context.Context, worker int) {
	rng := rand.New(rand.NewPCG(d.config.Seed, uint64(worker)))
	for n := 0; ctx.Err() == nil; n++ {
		if d.awaitCluster(ctx) != nil {
			return
		}
		s, ok := d.pick(rng)
		if !ok {
			return
		}
		p := &play{
			driver: d, rng: rng, scenario: s.name,
			id: fmt.Sprintf("%s-%d-%d", s.name, worker, n),
		}
		if p.namespace = p.id; d.config.Namespace != "" {
			p.namespace = d.config.Namespace
		}
		if err := d.playOne(ctx, s, p); ctx.Err() == nil {
			d.note(s.name, p.id, err)
		}
	}
}

// awaitCluster returns when an apiserver is ready: one that is away, or that does not know its rights yet, would only
// make plays fail by the thousand. It gives up, without an error, when no more plays begin anyway.
func (d *driver) awaitCluster(ctx context.Context) error {
	ctx = withScene(ctx, "cast", "cast")
	at(ctx, "is it ready")
	for {
		err := d.cast.actors[admin].Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if !d.config.Each && time.Now().After(d.deadline) {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (d *driver) pick(rng *rand.Rand) (scenario, bool) {
	if !d.config.Each {
		return d.scenarios[rng.IntN(len(d.scenarios))], time.Now().Before(d.deadline)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next == len(d.scenarios) {
		return scenario{}, false
	}
	d.next++
	return d.scenarios[d.next-1], true
}

func (d *driver) playOne(ctx context.Context, s scenario, p *play) error {
	ctx, cancel := context.WithTimeout(ctx, scenarioTimeout)
	defer cancel()
	ctx = withScene(ctx, s.name, p.id)
	if err := p.open(ctx); err != nil {
		return err
	}
	leave := p.chance(20) // some namespaces outlive the run
	err := s.play(ctx, p)
	if leave && err == nil {
		return nil
	}
	at(ctx, "clean up")
	closing, cancelClosing := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancelClosing()
	return errors.Join(err, ignore(p.admin().CoreV1().Namespaces().Delete(closing, p.namespace, metav1.DeleteOptions{}), apierrors.IsNotFound, apierrors.IsConflict))
}

func (d *driver) note(scenario, id string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
	case len(d.failed) == maxFailures:
		d.failed = append(d.failed, "more are not listed")
		return
	case len(d.failed) < maxFailures:
		d.failed = append(d.failed, id+": "+err.Error())
		return
	default:
		return
	}
	if d.counts == nil {
		d.counts = map[string]int{}
	}
	d.counts[scenario]++
}

// ignore drops an error that one of the predicates knows.
func ignore(err error, expected ...func(error) bool) error {
	for _, is := range expected {
		if is(err) {
			return nil
		}
	}
	return err
}

// tolerate is ignore for calls that also return an object nobody needs: tolerate(apierrors.IsConflict)(maps.Update(...)).
func tolerate(expected ...func(error) bool) func(object any, err error) error {
	return func(_ any, err error) error { return ignore(err, expected...) }
}

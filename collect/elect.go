package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// election lets a bounded number of the processes that could do the same work do it. It saves load and nothing else:
// facts delivered by two watchers are stored once, so two leaders at a time do no harm, and a lost leader costs at
// most one lease time without a watch.
type election struct {
	name     string // of the leases: name-0, name-1, …
	leases   int    // how many may lead at once
	times    leaseTimes
	lock     func(name string) resourcelock.Interface
	log      *slog.Logger
	observed func(leading bool)
}

// leaseTimes: a leader that does not renew for lease has lost it, and knows after renew.
type leaseTimes struct{ lease, renew, retry time.Duration }

// clusterLock makes Leases in a namespace of the cluster.
func clusterLock(c *rest.Config, namespace, identity string) (func(name string) resourcelock.Interface, error) {
	client, err := coordination.NewForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("leader election: %w", err)
	}
	return func(name string) resourcelock.Interface {
		return &resourcelock.LeaseLock{LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Client: client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity}}
	}, nil
}

// run calls lead while this process holds one of the leases; lead's context ends when the lease is lost. It returns
// when ctx ends, or with the first error of lead other than its context's.
func (e *election) run(ctx context.Context, lead func(ctx context.Context) error) error {
	for ctx.Err() == nil {
		if err := e.term(ctx, lead); err != nil {
			return err
		}
		select { // a lease that can not even be asked for is not asked for in a tight loop
		case <-ctx.Done():
		case <-time.After(e.times.retry):
		}
	}
	return ctx.Err()
}

// term stands for every lease until one is won, and leads until it is lost.
func (e *election) term(ctx context.Context, lead func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	won := make(chan leadership) // to the first winner's term; others give back what they won
	var electors sync.WaitGroup
	stops := make([]context.CancelFunc, e.leases)
	for i := range e.leases {
		standing, stop := context.WithCancel(ctx)
		stops[i] = stop
		elector, err := e.elector(i, func(held context.Context) {
			select {
			case won <- leadership{i, held}:
			case <-standing.Done():
			}
		})
		if err != nil {
			cancel()
			electors.Wait()
			return err
		}
		electors.Go(func() {
			defer stop()
			elector.Run(klog.NewContext(standing, electorLog(e.log)))
		})
	}
	defer electors.Wait()
	defer cancel()
	select {
	case <-ctx.Done():
		return nil
	case l := <-won:
		for i, stop := range stops {
			if i != l.lease {
				stop()
			}
		}
		return e.lead(l, lead)
	}
}

type leadership struct {
	lease int
	held  context.Context
}

func (e *election) lead(l leadership, lead func(ctx context.Context) error) error {
	name := fmt.Sprintf("%s-%d", e.name, l.lease)
	e.log.Info("leading", "lease", name)
	e.observed(true)
	defer e.observed(false)
	err := lead(l.held)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	e.log.Info("no longer leading", "lease", name)
	return nil
}

func (e *election) elector(i int, started func(context.Context)) (*leaderelection.LeaderElector, error) {
	name := fmt.Sprintf("%s-%d", e.name, i)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock(name), Name: name, ReleaseOnCancel: true,
		LeaseDuration: e.times.lease, RenewDeadline: e.times.renew, RetryPeriod: e.times.retry,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: started, OnStoppedLeading: func() {}},
	})
	if err != nil {
		return nil, fmt.Errorf("leader election %s: %w", name, err)
	}
	return elector, nil
}

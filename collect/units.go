package collect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/tail"
	"github.com/kubewake/kubewake/source/watch"
)

// unit is one source that is started and stopped by itself. Its key is all that makes it what it is: a unit of an equal key need not
// be stopped when the configuration changes.
type unit struct {
	key string
	run func(ctx context.Context) error
}

// plan makes the units of a configuration; it reads credentials and speaks with nobody.
func (k *Collector) plan(c Config) ([]unit, error) {
	var units []unit
	for _, t := range c.Tails {
		follower, err := tail.New(tail.Config{Settings: t.Settings, Cluster: record.Cluster(t.Cluster), Sink: k.process.Sink, Redactor: k.process.Redactor, Metrics: k.tail, Log: k.log})
		if err != nil {
			return nil, fmt.Errorf("tail %s: %w", t.Cluster, err)
		}
		units = append(units, unit{key: keyOf("tail", t), run: follower.Run})
	}
	names := map[record.Cluster]bool{}
	for _, cluster := range c.Clusters {
		targets, err := watch.Targets(cluster.access())
		if err != nil {
			return nil, err
		}
		for _, target := range targets {
			if names[target.Cluster] {
				return nil, fmt.Errorf("clusters: two are called %q; give them names", target.Cluster)
			}
			names[target.Cluster] = true
			more, err := k.planWatches(cluster, target, c.Election)
			if err != nil {
				return nil, err
			}
			units = append(units, more...)
		}
	}
	return units, nil
}

// planWatches gives one watch of everything, or, among several agents, one of objects and one of Events, each by election.
func (k *Collector) planWatches(c Cluster, target watch.Target, e Election) ([]unit, error) {
	config := watch.Config{Cluster: target.Cluster, REST: target.REST, Sink: k.process.Sink, Redactor: k.process.Redactor,
		Options: c.options(), Metrics: k.watch, Log: k.log}
	key := keyOf("watch", string(target.Cluster), target.REST.String(), credentials(target.REST), c, e)
	losses, err := newDropped(target.REST, target.Cluster, k.process.Sink, k.log, k.dropped)
	if err != nil {
		return nil, err
	}
	if !e.Enabled {
		w, err := watch.New(config)
		if err != nil {
			return nil, err
		}
		return []unit{{key: key, run: func(ctx context.Context) error { return k.watchWith(ctx, w) }}, {key: key + "losses", run: losses.run}}, nil
	}
	lock, err := clusterLock(target.REST, e.Namespace, identity(e))
	if err != nil {
		return nil, err
	}
	var units []unit
	for _, share := range []struct {
		name   string
		leases int
		only   func(record.GroupResource) bool
	}{
		{"objects", e.Objects, func(gr record.GroupResource) bool { return !gr.IsEvents() }},
		{"events", e.Events, record.GroupResource.IsEvents},
	} {
		config.Only = share.only
		w, err := watch.New(config)
		if err != nil {
			return nil, err
		}
		leads := func(is bool) {
			leading := k.leading.WithLabelValues(string(target.Cluster), share.name)
			if leading.Set(0); is {
				leading.Set(1)
			}
		}
		elected := &election{name: e.Name + "-" + share.name, leases: share.leases, times: e.times(), lock: lock,
			log: k.log.With("cluster", target.Cluster), observed: leads}
		units = append(units, unit{key: key + share.name, run: func(ctx context.Context) error {
			leads(false)
			defer k.leading.DeleteLabelValues(string(target.Cluster), share.name) // it does not stand any more
			return elected.run(ctx, func(ctx context.Context) error {
				if share.name == "objects" { // one who leads is enough to ask the apiserver what it lost
					var asking sync.WaitGroup
					defer asking.Wait()
					asking.Go(func() { _ = losses.run(ctx) }) // ends with its context only
				}
				return k.watchWith(ctx, w)
			})
		}})
	}
	return units, nil
}

func (c Cluster) access() watch.Access {
	a := watch.Access{Cluster: c.Name, Kubeconfig: c.Kubeconfig, InCluster: c.InCluster}
	if c.Context != "" {
		a.Contexts = []string{c.Context}
	}
	return a
}

func (c Cluster) options() watch.Options {
	return watch.Options{Include: c.Include, Exclude: c.Exclude, Namespaces: c.Namespaces, ExcludeNamespaces: c.ExcludeNamespaces, QPS: c.QPS, Burst: c.Burst}
}

// credentials is a digest of what String does not show and the watch does not read again by itself: a certificate that
// stands in the kubeconfig, renewed, takes a new watch. Tokens are followed (source/watch).
func credentials(c *rest.Config) string {
	digest := sha256.New()
	for _, part := range [][]byte{c.CertData, c.KeyData, []byte(c.Username), []byte(c.Password)} {
		_ = binary.Write(digest, binary.BigEndian, uint64(len(part)))
		_, _ = digest.Write(part)
	}
	return hex.EncodeToString(digest.Sum(nil))
}

func keyOf(parts ...any) string {
	text, err := yaml.Marshal(parts)
	if err != nil {
		return fmt.Sprintf("%#v", parts)
	}
	return string(text)
}

func equal(a, b any) bool { return keyOf(a) == keyOf(b) }

func (k *Collector) watchWith(ctx context.Context, w *watch.Watcher) error {
	k.mu.Lock()
	k.watchers[w] = true
	k.mu.Unlock()
	defer func() {
		k.mu.Lock()
		delete(k.watchers, w)
		k.mu.Unlock()
	}()
	return w.Run(ctx)
}

// running is a unit that was started.
type running struct {
	stop context.CancelFunc
	done chan struct{}
}

// keep has the wanted units run, until ctx ends and all have stopped.
func (k *Collector) keep(ctx context.Context) {
	runs := map[string]*running{}
	var all sync.WaitGroup
	defer all.Wait()
	for {
		k.mu.Lock()
		config := k.config
		k.mu.Unlock()
		units, err := k.plan(config)
		if err != nil { // it was planned before; credentials may have gone since
			k.log.Error("the sources can not be changed; the old ones go on", "error", err)
		} else {
			k.change(ctx, &all, runs, units)
		}
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		}
	}
}

// change stops what is no longer wanted, then starts what is new: a cluster is not watched twice by one process.
func (k *Collector) change(ctx context.Context, all *sync.WaitGroup, runs map[string]*running, units []unit) {
	wanted := map[string]bool{}
	for _, u := range units {
		wanted[u.key] = true
	}
	for key, r := range runs {
		if !wanted[key] {
			r.stop()
			<-r.done
			delete(runs, key)
		}
	}
	for _, u := range units {
		if runs[u.key] != nil {
			continue
		}
		unitCtx, stop := context.WithCancel(ctx)
		r := &running{stop: stop, done: make(chan struct{})}
		runs[u.key] = r
		all.Go(func() {
			defer close(r.done)
			defer stop()
			if err := u.run(unitCtx); err != nil && !errors.Is(err, context.Canceled) {
				k.log.Error("a source ended", "error", err)
			}
		})
	}
}

package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/tail"
	"github.com/kubewake/kubewake/source/watch"
	"github.com/kubewake/kubewake/source/webhook"
)

// Process is what the sources get from the process they run in.
type Process struct {
	Sink     ingest.Sink           // required
	Redactor *redact.Redactor      // required
	Metrics  prometheus.Registerer // nil: nothing is counted
	Log      *slog.Logger          // nil: nothing is logged
	// Intake, where set, makes what answers on the receive listener beside the audit webhook: agents deliver there.
	Intake func(Identify) (http.Handler, error)
}

// Identify tells who sent a request, and for which clusters he may speak.
type Identify func(*http.Request) (tokens.Access, error)

// Collector runs the sources of one process. Make one with New, run it once.
type Collector struct {
	process  Process
	receiver *receiver     // nil: none
	spans    *spanReceiver // nil: none
	watch    *watch.Metrics
	tail     *tail.Metrics
	leading  *prometheus.GaugeVec
	dropped  *droppedMetrics
	log      *slog.Logger
	wake     chan struct{} // the sources wanted have changed

	mu       sync.Mutex
	config   Config                  // guarded by mu
	watchers map[*watch.Watcher]bool // running; guarded by mu
}

// New checks the configuration, reads the files that it names and listens. It starts nothing.
func New(c Config, p Process) (*Collector, error) {
	if p.Sink == nil || p.Redactor == nil {
		return nil, errors.New("collect: a sink and a redactor are needed")
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.Check(); err != nil {
		return nil, settings.Faulty(err)
	}
	k := &Collector{process: p, log: p.Log, config: c, wake: make(chan struct{}, 1), watchers: map[*watch.Watcher]bool{},
		leading: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kubewake_collect_leading", Help: "1 where this process leads, by cluster and what is elected."}, []string{"cluster", "election"})}
	if p.Metrics != nil {
		k.watch, k.tail = watch.NewMetrics(p.Metrics), tail.NewMetrics(p.Metrics)
		p.Metrics.MustRegister(k.leading)
		k.dropped = newDroppedMetrics(p.Metrics)
	}
	if _, err := k.plan(c); err != nil { // it read credentials and spoke with nobody
		return nil, settings.Faulty(err)
	}
	var err error
	if k.spans, err = newSpanReceiver(c.OTLP, p); err != nil || c.Receive.Listen == "" {
		return k, err
	}
	var metrics *webhook.Metrics
	if p.Metrics != nil {
		metrics = webhook.NewMetrics(p.Metrics)
	}
	if k.receiver, err = newReceiver(c.Receive, p, metrics); err != nil {
		return nil, errors.Join(err, k.spans.close())
	}
	return k, nil
}

// Addr is where data is received, or empty.
func (k *Collector) Addr() string {
	if k.receiver == nil {
		return ""
	}
	return k.receiver.listener.Addr().String()
}

// SpanAddrs are where OTLP is received, over gRPC and over HTTP, or empty.
func (k *Collector) SpanAddrs() (grpc, http string) {
	if k.spans == nil {
		return "", ""
	}
	if l := k.spans.grpc; l != nil {
		grpc = l.Addr().String()
	}
	if l := k.spans.http; l != nil {
		http = l.Addr().String()
	}
	return grpc, http
}

// Close gives back what New took, where Run does not: the listeners. Run must not be under way.
func (k *Collector) Close() error {
	err := k.spans.close()
	if k.receiver == nil {
		return err
	}
	if e := k.receiver.listener.Close(); !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Run collects until ctx ends; then it stops taking in, answers what is under way, and returns. An error is one that
// makes this process useless: the listener failed.
func (k *Collector) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait()
	failed := make(chan error, 2)
	if k.receiver != nil {
		all.Go(func() {
			if err := k.receiver.run(ctx); err != nil {
				failed <- err
			}
		})
	}
	if k.spans != nil {
		all.Go(func() {
			if err := k.spans.run(ctx); err != nil {
				failed <- err
			}
		})
	}
	all.Go(func() { k.keep(ctx) })
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// Check says what is wrong with a configuration that is to be taken over, the credentials that it names among it.
func (k *Collector) Check(c Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	_, err := k.plan(c)
	return err
}

// Reload takes over the clusters and tails of a new configuration: those that are gone stop, new ones start, and the
// others go on undisturbed. It gives the names of what needs a restart to change.
func (k *Collector) Reload(c Config) (needRestart []string, err error) {
	if err := k.Check(c); err != nil {
		return nil, err
	}
	k.mu.Lock()
	if !equal(k.config.Receive, c.Receive) {
		needRestart = append(needRestart, "receive")
	}
	if !equal(k.config.OTLP, c.OTLP) {
		needRestart = append(needRestart, "otlp")
	}
	k.config.Clusters, k.config.Tails, k.config.Election = c.Clusters, c.Tails, c.Election
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return needRestart, nil
}

// Watches tells what becomes of every resource that this process watches, and sets the gauges that tell it.
func (k *Collector) Watches() []watch.Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []watch.Status
	for w := range k.watchers {
		all = append(all, w.Status())
	}
	slices.SortFunc(all, func(a, b watch.Status) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return all
}

// identity of this process among those that stand for election.
func identity(e Election) string {
	if e.Identity != "" {
		return e.Identity
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s_%d", host, os.Getpid())
}

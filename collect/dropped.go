package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/promtext"
	"github.com/kubewake/kubewake/record"
)

// dropped finds audit events that an apiserver gave up: it sends a refused batch a few times and then drops it, and it forgets what
// it holds when it is killed. Its metrics count the one and show the other; each becomes a Gap. Behind a load balancer one
// apiserver answers at a time, known by its start; the others are seen when they answer.
type dropped struct {
	cluster record.Cluster
	host    string // of the apiserver, as the kubeconfig names it: the Mark is kept by it
	client  *http.Client
	sink    ingest.Sink
	every   time.Duration
	now     func() time.Time
	log     *slog.Logger
	metrics *droppedMetrics
}

// droppedMetrics are of all clusters of a process. A nil one counts nothing.
type droppedMetrics struct{ events, failures *prometheus.CounterVec }

func newDroppedMetrics(reg prometheus.Registerer) *droppedMetrics {
	m := &droppedMetrics{
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_collect_apiserver_dropped_events_total", Help: "Audit events that apiservers gave up sending."}, []string{"cluster"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_collect_apiserver_metrics_failures_total", Help: "Looks at an apiserver's metrics that failed."}, []string{"cluster"}),
	}
	reg.MustRegister(m.events, m.failures)
	return m
}

const (
	droppedEvery = 15 * time.Second
	auditErrors  = "apiserver_audit_error_total"
	processStart = "process_start_time_seconds"
)

func newDropped(c *rest.Config, cluster record.Cluster, sink ingest.Sink, log *slog.Logger, m *droppedMetrics) (*dropped, error) {
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("look at the apiserver's metrics: %w", err)
	}
	client.Timeout = 10 * time.Second
	return &dropped{cluster: cluster, host: strings.TrimSuffix(c.Host, "/"), client: client, sink: sink, every: droppedEvery, now: time.Now,
		log: log.With("cluster", string(cluster)), metrics: m}, nil
}

// counters are what one apiserver told.
type counters struct {
	Start  float64   `json:"start"` // its process's start: another start is another process
	Errors float64   `json:"errors"`
	At     time.Time `json:"at"`
}

// known is what was told by each apiserver seen lately, by its start.
type known struct {
	Servers []counters `json:"servers"`
}

// maxServers bounds how many apiservers behind one address are remembered.
const maxServers = 16

// run looks until ctx ends.
func (d *dropped) run(ctx context.Context) error {
	said := false
	for {
		err := d.look(ctx)
		if err != nil && ctx.Err() == nil && !said {
			d.log.Warn("can not see whether the apiserver drops audit events", "error", err)
		}
		said = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(d.every):
		}
	}
}

// look reads the counters and delivers what they tell, with the Mark that says so.
func (d *dropped) look(ctx context.Context) error {
	now, err := d.read(ctx)
	if err != nil {
		if d.metrics != nil {
			d.metrics.failures.WithLabelValues(string(d.cluster)).Inc()
		}
		return err
	}
	before, err := d.recall(ctx)
	if err != nil {
		return err
	}
	gaps, after := compare(d.cluster, before, now)
	value, err := json.Marshal(after)
	if err != nil {
		return err
	}
	if err := d.sink.Deliver(ctx, ingest.Batch{Cluster: d.cluster, Records: gaps, Marks: []ingest.Mark{{Key: d.key(), Value: value}}}); err != nil {
		return fmt.Errorf("keep what the apiserver's metrics told: %w", err)
	}
	for _, g := range gaps {
		d.log.Warn("the apiserver lost audit events", "why", g.Gap.Detail)
		if d.metrics != nil {
			d.metrics.events.WithLabelValues(string(d.cluster)).Add(float64(g.Gap.Count))
		}
	}
	return nil
}

func (d *dropped) key() string {
	key := "apiserver/" + d.host
	return key[:min(len(key), 256)]
}

func (d *dropped) recall(ctx context.Context) (known, error) {
	var k known
	value, err := d.sink.Mark(ctx, d.cluster, d.key())
	if err != nil || value == nil {
		return k, err
	}
	if err := json.Unmarshal(value, &k); err != nil {
		return known{}, nil // written by another release: begin anew
	}
	return k, nil
}

// compare tells what was lost between two looks. An apiserver that was not seen before tells only what it counted since it started; if
// the one before it has gone, what that held in memory may be lost.
func compare(cluster record.Cluster, before known, now counters) ([]*record.Record, known) {
	after := known{Servers: []counters{now}}
	var last, same counters
	for _, s := range before.Servers {
		if s.At.After(last.At) {
			last = s
		}
		if s.Start == now.Start {
			same = s
			continue
		}
		if len(after.Servers) < maxServers {
			after.Servers = append(after.Servers, s)
		}
	}
	gap := func(from time.Time, count int64, detail string) *record.Record {
		return &record.Record{Kind: record.KindGap, OccurredAt: from, Ref: record.ObjectRef{Cluster: cluster}, Provenance: record.Provenance{ReceivedAt: now.At, Sources: record.FromAudit},
			Gap: &record.Gap{Reason: record.GapDropped, Until: now.At, Detail: detail, Count: count, Key: fmt.Sprintf("apiserver %.0f", now.Start)}}
	}
	began := time.UnixMilli(int64(now.Start * 1000)).UTC()
	switch {
	case same.Start != 0 && now.Errors > same.Errors:
		n := int64(now.Errors - same.Errors)
		return []*record.Record{gap(same.At, n, fmt.Sprintf("an apiserver gave up sending %d audit events", n))}, after
	case same.Start != 0:
		return nil, after
	case now.Errors > 0:
		n := int64(now.Errors)
		return []*record.Record{gap(began, n, fmt.Sprintf("an apiserver gave up sending %d audit events since it started", n))}, after
	case last.Start != 0 && began.After(last.At):
		return []*record.Record{gap(last.At, 0, "an apiserver was started anew: audit events that the one before it had not sent yet are lost")}, after
	}
	return nil, after
}

// read asks the apiserver for its counters.
func (d *dropped) read(ctx context.Context) (counters, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.host+"/metrics", nil)
	if err != nil {
		return counters{}, err
	}
	answer, err := d.client.Do(request)
	if err != nil {
		return counters{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		advice := ""
		if answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized {
			advice = "; allow get of the nonResourceURL /metrics"
		}
		return counters{}, fmt.Errorf("the apiserver answered %d to GET /metrics%s", answer.StatusCode, advice)
	}
	c, err := parseCounters(answer.Body)
	c.At = d.now().UTC()
	return c, err
}

func parseCounters(r io.Reader) (counters, error) {
	page, err := promtext.Read(r)
	if err != nil {
		return counters{}, fmt.Errorf("the apiserver's /metrics: %w", err)
	}
	start, ok := page.Sum(processStart)
	if !ok {
		return counters{}, errors.New("the apiserver's /metrics has no " + processStart)
	}
	c := counters{Start: start}
	for plugin, n := range page.By(auditErrors, "plugin") {
		if strings.Contains(plugin, "webhook") {
			c.Errors += n
		}
	}
	return c, nil
}

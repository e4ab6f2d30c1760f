package ingest

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Metrics of a Local. A nil *Metrics counts nothing.
type Metrics struct {
	records  *prometheus.CounterVec
	batches  prometheus.Counter
	late     *prometheus.CounterVec
	known    *prometheus.CounterVec
	refused  *prometheus.CounterVec
	waiting  prometheus.Gauge
	delivery prometheus.Histogram
	lag      *prometheus.HistogramVec
	healthy  prometheus.Gauge

	mu       sync.Mutex // guards clusters
	clusters map[record.Cluster]bool
}

// maxClusterLabels bounds how many clusters have series of their own; the others are "other". Whoever may speak for every cluster could name
// a new one in each batch.
const maxClusterLabels = 1000

func (m *Metrics) cluster(name record.Cluster) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.clusters[name] {
		if len(m.clusters) >= maxClusterLabels {
			return "other"
		}
		m.clusters[record.Cluster(strings.Clone(string(name)))] = true
	}
	return string(name)
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		clusters: map[record.Cluster]bool{},
		records: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_ingest_records_total",
			Help: "Records made durable, by kind; a fact delivered twice counts twice."}, []string{"cluster", "kind"}),
		batches: prometheus.NewCounter(prometheus.CounterOpts{Name: "kubewake_ingest_batches_total", Help: "Batches made durable."}),
		known: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_ingest_duplicate_records_total",
			Help: "Records that had been stored before, as far as the store remembers: what the audit log and the watch both tell, and what senders sent again."}, []string{"cluster"}),
		late: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_ingest_late_records_total",
			Help: "Records refused because they are older than the floor of their cluster."}, []string{"cluster"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_ingest_refused_batches_total",
			Help: "Batches not taken, by reason: busy, full, failed, store, invalid, canceled. The sender has them still."}, []string{"reason"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_ingest_waiting_bytes",
			Help: "Estimated memory of batches that wait to be durable."}),
		delivery: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kubewake_ingest_delivery_seconds",
			Help: "Time from a batch's arrival until it was durable.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}),
		lag: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kubewake_ingest_lag_seconds",
			Help:    "Time from a record's OccurredAt (of requests: their stage) until it was durable.",
			Buckets: prometheus.ExponentialBuckets(0.01, 3, 12)}, []string{"cluster", "kind"}),
		healthy: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_ingest_healthy", Help: "1 while the store takes writes, else 0."}),
	}
	m.healthy.Set(1)
	reg.MustRegister(m.records, m.batches, m.late, m.known, m.refused, m.waiting, m.delivery, m.lag, m.healthy)
	return m
}

// stored counts a batch that became durable at now, having arrived at began.
func (m *Metrics) stored(b Batch, a store.Appended, began, now time.Time) {
	if m == nil {
		return
	}
	cluster := m.cluster(b.Cluster)
	m.batches.Inc()
	m.delivery.Observe(now.Sub(began).Seconds())
	if a.Known > 0 {
		m.known.WithLabelValues(cluster).Add(float64(a.Known))
	}
	if a.Late > 0 {
		m.late.WithLabelValues(cluster).Add(float64(a.Late))
	}
	var lags [record.Kinds]prometheus.Observer
	var counts [record.Kinds]int
	for _, r := range b.Records {
		counts[r.Kind]++
		at := r.OccurredAt
		if r.Kind == record.KindRequest && !r.Request.StageAt.IsZero() {
			at = r.Request.StageAt
		}
		if at.IsZero() || r.Kind == record.KindGap {
			continue
		}
		if lags[r.Kind] == nil {
			lags[r.Kind] = m.lag.WithLabelValues(cluster, r.Kind.String())
		}
		lags[r.Kind].Observe(max(now.Sub(at), 0).Seconds())
	}
	for kind, n := range counts {
		if n > 0 {
			m.records.WithLabelValues(cluster, record.Kind(kind).String()).Add(float64(n))
		}
	}
}

func (m *Metrics) refuse(reason string) {
	if m != nil {
		m.refused.WithLabelValues(reason).Inc()
	}
}

func (m *Metrics) wait(bytes int64) {
	if m != nil {
		m.waiting.Add(float64(bytes))
	}
}

func (m *Metrics) health(err error) {
	if m == nil {
		return
	}
	m.healthy.Set(1)
	if err != nil {
		m.healthy.Set(0)
	}
}

package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
)

// Metrics of a Local. A nil *Metrics counts nothing.
type Metrics struct {
	records  *prometheus.CounterVec
	batches  prometheus.Counter
	late     *prometheus.CounterVec
	refused  *prometheus.CounterVec
	waiting  prometheus.Gauge
	delivery prometheus.Histogram
	lag      *prometheus.HistogramVec
	healthy  prometheus.Gauge
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_ingest_records_total",
			Help: "Records made durable, by kind; a fact delivered twice counts twice."}, []string{"cluster", "kind"}),
		batches: prometheus.NewCounter(prometheus.CounterOpts{Name: "kubewake_ingest_batches_total", Help: "Batches made durable."}),
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
	reg.MustRegister(m.records, m.batches, m.late, m.refused, m.waiting, m.delivery, m.lag, m.healthy)
	return m
}

// stored counts a batch that became durable at now, having arrived at began.
func (m *Metrics) stored(b Batch, late int, began, now time.Time) {
	if m == nil {
		return
	}
	m.batches.Inc()
	m.delivery.Observe(now.Sub(began).Seconds())
	if late > 0 {
		m.late.WithLabelValues(string(b.Cluster)).Add(float64(late))
	}
	var lags [record.KindProgress + 1]prometheus.Observer
	var counts [record.KindProgress + 1]int
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
			lags[r.Kind] = m.lag.WithLabelValues(string(b.Cluster), r.Kind.String())
		}
		lags[r.Kind].Observe(max(now.Sub(at), 0).Seconds())
	}
	for kind, n := range counts {
		if n > 0 {
			m.records.WithLabelValues(string(b.Cluster), record.Kind(kind).String()).Add(float64(n))
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

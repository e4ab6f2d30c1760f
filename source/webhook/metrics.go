package webhook

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
)

// Metrics of the webhook. A nil *Metrics counts nothing.
type Metrics struct {
	batches, events, bytes, refused *prometheus.CounterVec
	records                         *prometheus.CounterVec
	inFlight, requests              prometheus.Gauge
	acknowledged                    *prometheus.HistogramVec
	queued                          *prometheus.GaugeVec
	sent, dropped                   *prometheus.CounterVec

	mu       sync.Mutex // guards clusters
	clusters map[record.Cluster]bool
}

// maxClusterLabels bounds how many clusters have series of their own; the others are "other".
const maxClusterLabels = 1000

// NewMetrics makes them and registers them with reg, if it is not nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_webhook_" + name, Help: help}, labels)
	}
	m := &Metrics{
		clusters: map[record.Cluster]bool{},
		batches:  counter("batches_total", "Requests answered, by outcome.", "cluster", "outcome"),
		events:   counter("events_total", "Audit events acknowledged, refused ones among them.", "cluster"),
		bytes:    counter("received_bytes_total", "Bytes of bodies read, unpacked.", "cluster"),
		records:  counter("records_total", "Records delivered.", "cluster"),
		refused:  counter("refused_events_total", "Events that could not be taken and became a Gap, by reason.", "cluster", "reason"),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_webhook_in_flight_bytes", Help: "Bodies read and not yet answered."}),
		requests: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_webhook_in_flight_requests", Help: "Requests being read or stored."}),
		acknowledged: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kubewake_webhook_acknowledgement_seconds", Help: "From a request's head to its answer, of stored batches.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"cluster"}),
		queued: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kubewake_webhook_forward_queue_bytes", Help: "Waiting to be forwarded or dumped."}, []string{"to"}),
		sent:   counter("forwarded_batches_total", "Batches forwarded or dumped.", "to"),
		dropped: counter("forward_dropped_batches_total", "Batches that were not forwarded or dumped, by reason.",
			"to", "reason"),
	}
	if reg != nil {
		reg.MustRegister(m.batches, m.events, m.bytes, m.records, m.refused, m.inFlight, m.requests, m.acknowledged, m.queued, m.sent, m.dropped)
	}
	return m
}

func (m *Metrics) cluster(name record.Cluster) string {
	if name == "" {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.clusters[name] && len(m.clusters) >= maxClusterLabels {
		return "other"
	}
	m.clusters[name] = true
	return string(name)
}

func (m *Metrics) answered(cluster record.Cluster, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	label := m.cluster(cluster)
	m.batches.WithLabelValues(label, outcome).Inc()
	if outcome == outcomeStored {
		m.acknowledged.WithLabelValues(label).Observe(took.Seconds())
	}
}

func (m *Metrics) stored(cluster record.Cluster, events, records int, refused map[string]int64) {
	if m == nil {
		return
	}
	label := m.cluster(cluster)
	m.events.WithLabelValues(label).Add(float64(events))
	m.records.WithLabelValues(label).Add(float64(records))
	for reason, n := range refused {
		m.refused.WithLabelValues(label, reason).Add(float64(n))
	}
}

func (m *Metrics) read(cluster record.Cluster, n int64) {
	if m != nil {
		m.bytes.WithLabelValues(m.cluster(cluster)).Add(float64(n))
	}
}

func (m *Metrics) inFlightBytes(n int64) {
	if m != nil {
		m.inFlight.Add(float64(n))
	}
}

func (m *Metrics) inFlightRequests(n float64) {
	if m != nil {
		m.requests.Add(n)
	}
}

func (m *Metrics) queue(to string, bytes int64) {
	if m != nil {
		m.queued.WithLabelValues(to).Set(float64(bytes))
	}
}

func (m *Metrics) forwarded(to string) {
	if m != nil {
		m.sent.WithLabelValues(to).Inc()
	}
}

func (m *Metrics) drop(to, reason string, batches int) {
	if m != nil && batches > 0 {
		m.dropped.WithLabelValues(to, reason).Add(float64(batches))
	}
}

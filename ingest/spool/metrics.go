package spool

import "github.com/prometheus/client_golang/prometheus"

// Metrics of a Sink. A nil *Metrics counts nothing.
type Metrics struct {
	bytes, limit, batches, oldest     prometheus.Gauge
	spooled, delivered, full, damaged prometheus.Counter
	direct                            prometheus.Counter
	retries                           *prometheus.CounterVec
	denied                            *prometheus.GaugeVec
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &Metrics{
		bytes:     gauge("kubewake_spool_bytes", "Bytes of the spool on disk."),
		limit:     gauge("kubewake_spool_limit_bytes", "Bytes that the spool may take."),
		batches:   gauge("kubewake_spool_batches", "Batches that wait in the spool."),
		oldest:    gauge("kubewake_spool_oldest_timestamp_seconds", "When the oldest batch in the spool was taken, Unix time; 0 while it is empty."),
		spooled:   counter("kubewake_spool_spooled_batches_total", "Batches that were put into the spool."),
		delivered: counter("kubewake_spool_delivered_batches_total", "Batches of the spool that were delivered."),
		full:      counter("kubewake_spool_refused_batches_total", "Batches that the spool could not take: it or its disk is full. The sender has them still."),
		damaged:   counter("kubewake_spool_damaged_total", "Places in the spool that could not be read, and batches in it that the receiver refuses for good."),
		direct:    counter("kubewake_spool_direct_batches_total", "Batches delivered without the spool."),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_spool_retries_total",
			Help: "Deliveries from the spool that failed and are tried again, by reason: busy, refused."}, []string{"reason"}),
	}
	m.denied = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kubewake_spool_denied_timestamp_seconds",
		Help: "Since when the receiver refuses a cluster's batches, which wait in the spool, Unix time; absent while it takes them."}, []string{"cluster"})
	reg.MustRegister(m.denied, m.bytes, m.limit, m.batches, m.oldest, m.spooled, m.delivered, m.full, m.damaged, m.direct, m.retries)
	return m
}

type counter = prometheus.Counter

// count is nil-safe counting.
func (m *Metrics) count(which func(*Metrics) counter) {
	if m != nil {
		which(m).Inc()
	}
}

func (m *Metrics) retry(reason string) {
	if m != nil {
		m.retries.WithLabelValues(reason).Inc()
	}
}

func (m *Metrics) fill(s Status) {
	if m == nil {
		return
	}
	m.bytes.Set(float64(s.Bytes))
	m.limit.Set(float64(s.MaxBytes))
	m.batches.Set(float64(s.Batches))
	m.oldest.Set(0)
	if !s.Oldest.IsZero() {
		m.oldest.Set(float64(s.Oldest.UnixNano()) / 1e9)
	}
}

// maxDeniedLabels bounds the clusters that are named.
const maxDeniedLabels = 100

// deny names the clusters that are denied.
func (m *Metrics) deny(all []Denied) {
	if m == nil {
		return
	}
	m.denied.Reset()
	for _, d := range all[:min(len(all), maxDeniedLabels)] {
		m.denied.WithLabelValues(string(d.Cluster)).Set(float64(d.Since.Unix()))
	}
}

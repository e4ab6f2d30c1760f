package tail

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
)

// Metrics of all tails of a process. A nil *Metrics counts nothing.
type Metrics struct {
	bytes, events, records *prometheus.CounterVec
	refused, missed        *prometheus.CounterVec
	failed                 *prometheus.CounterVec
	behind, lag, files     *prometheus.GaugeVec
}

// NewMetrics makes them and registers them with reg, if it is not nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_tail_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "kubewake_tail_" + name, Help: help}, []string{"cluster", "path"})
	}
	m := &Metrics{
		bytes:   counter("read_bytes_total", "Bytes of log files read and stored.", "cluster"),
		events:  counter("events_total", "Audit events stored, refused ones among them.", "cluster"),
		records: counter("records_total", "Records delivered.", "cluster"),
		refused: counter("refused_lines_total", "Lines that could not be taken and became a Gap, by reason.", "cluster", "reason"),
		missed:  counter("missed_files_total", "Files that were gone before they were read to their end.", "cluster"),
		failed:  counter("failed_deliveries_total", "Deliveries that the sink did not take; each is tried again.", "cluster"),
		behind:  gauge("unread_bytes", "Bytes of log files not stored yet, packed files as they lie."),
		lag:     gauge("lag_seconds", "Age of the last event stored while there is more to read; 0 at the end of all files."),
		files:   gauge("files", "Files known, those put aside among them."),
	}
	if reg != nil {
		reg.MustRegister(m.bytes, m.events, m.records, m.refused, m.missed, m.failed, m.behind, m.lag, m.files)
	}
	return m
}

func (m *Metrics) delivered(c record.Cluster, bytes int64, events, records int, refused map[string]int64) {
	if m == nil {
		return
	}
	m.bytes.WithLabelValues(string(c)).Add(float64(bytes))
	m.events.WithLabelValues(string(c)).Add(float64(events))
	m.records.WithLabelValues(string(c)).Add(float64(records))
	for reason, n := range refused {
		m.refused.WithLabelValues(string(c), reason).Add(float64(n))
	}
}

func (m *Metrics) miss(c record.Cluster) {
	if m != nil {
		m.missed.WithLabelValues(string(c)).Inc()
	}
}

func (m *Metrics) fail(c record.Cluster) {
	if m != nil {
		m.failed.WithLabelValues(string(c)).Inc()
	}
}

// forget removes what tells of files that are followed no more.
func (m *Metrics) forget(c record.Cluster, path string) {
	if m == nil {
		return
	}
	for _, gauge := range []*prometheus.GaugeVec{m.files, m.behind, m.lag} {
		gauge.DeleteLabelValues(string(c), path)
	}
}

func (m *Metrics) state(c record.Cluster, path string, files int, unread int64, lag time.Duration) {
	if m == nil {
		return
	}
	m.files.WithLabelValues(string(c), path).Set(float64(files))
	m.behind.WithLabelValues(string(c), path).Set(float64(unread))
	m.lag.WithLabelValues(string(c), path).Set(lag.Seconds())
}

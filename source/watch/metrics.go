package watch

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// Metrics of all watchers of a process. A nil *Metrics counts nothing.
type Metrics struct {
	restarts, events, gaps                    *prometheus.CounterVec
	received, lists, refused, failedDelivered *prometheus.CounterVec
	resources                                 *prometheus.GaugeVec
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "kubewake", Subsystem: "watch", Name: name, Help: help}, append([]string{"cluster"}, labels...))
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		restarts:        counter("restarts_total", "Lists and watches that ended, by why.", "reason"),
		events:          counter("events_total", "Watch events and list items received, by type.", "type"),
		gaps:            counter("gaps_total", "Gaps recorded, by why.", "reason"),
		received:        counter("received_bytes_total", "Bytes of lists and watches received."),
		lists:           counter("lists_total", "Lists completed."),
		refused:         counter("unreadable_total", "Watch events and list items that could not be read."),
		failedDelivered: counter("delivery_failures_total", "Batches that could not be delivered and were tried again."),
		resources: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "kubewake", Subsystem: "watch", Name: "resources",
			Help: "Resources by what becomes of them."}, []string{"cluster", "state"}),
	}
	reg.MustRegister(m.resources)
	return m
}

func (m *Metrics) restart(c record.Cluster, f failure) {
	if m != nil {
		m.restarts.WithLabelValues(string(c), f.String()).Inc()
	}
}

func (m *Metrics) event(c record.Cluster, t recording.EventType) {
	if m != nil {
		m.events.WithLabelValues(string(c), string(t)).Inc()
	}
}

func (m *Metrics) gap(c record.Cluster, r record.GapReason) {
	if m != nil {
		m.gaps.WithLabelValues(string(c), string(r)).Inc()
	}
}

func (m *Metrics) bytes(c record.Cluster, n int64) {
	if m != nil {
		m.received.WithLabelValues(string(c)).Add(float64(n))
	}
}

func (m *Metrics) list(c record.Cluster) {
	if m != nil {
		m.lists.WithLabelValues(string(c)).Inc()
	}
}

func (m *Metrics) unread(c record.Cluster) {
	if m != nil {
		m.refused.WithLabelValues(string(c)).Inc()
	}
}

func (m *Metrics) undelivered(c record.Cluster) {
	if m != nil {
		m.failedDelivered.WithLabelValues(string(c)).Inc()
	}
}

func (m *Metrics) states(s Status) {
	if m == nil {
		return
	}
	count := make(map[State]int)
	for _, r := range s.Resources {
		count[r.State]++
	}
	for _, state := range States() {
		m.resources.WithLabelValues(string(s.Cluster), string(state)).Set(float64(count[state]))
	}
}

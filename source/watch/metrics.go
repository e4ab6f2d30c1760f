package watch

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// Metrics of all watchers of a process. A nil *Metrics counts nothing.
type Metrics struct {
	restarts, events, gaps                    *prometheus.CounterVec
	received, lists, refused, failedDelivered *prometheus.CounterVec
	resources                                 *prometheus.GaugeVec

	mu     sync.Mutex
	counts map[*Watcher]map[State]int // of resources; several may watch one cluster, each its share; guarded by mu
}

// NewMetrics makes and registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "kubewake", Subsystem: "watch", Name: name, Help: help}, append([]string{"cluster"}, labels...))
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		counts:          map[*Watcher]map[State]int{},
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

// states counts the resources of a watcher that runs.
func (m *Metrics) states(w *Watcher, s Status) {
	if m == nil {
		return
	}
	count := make(map[State]int)
	for _, r := range s.Resources {
		count[r.State]++
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[w] = count
	m.sum(w.conf.Cluster)
}

// ended forgets the resources of a watcher that runs no more.
func (m *Metrics) ended(w *Watcher) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.counts, w)
	m.sum(w.conf.Cluster)
}

// sum sets the gauges of a cluster, or removes them where nobody watches it any more; m.mu is held.
func (m *Metrics) sum(c record.Cluster) {
	all := make(map[State]int)
	watched := false
	for w, count := range m.counts {
		if w.conf.Cluster != c {
			continue
		}
		watched = true
		for state, n := range count {
			all[state] += n
		}
	}
	for _, state := range States() {
		if watched {
			m.resources.WithLabelValues(string(c), string(state)).Set(float64(all[state]))
		} else {
			m.resources.DeleteLabelValues(string(c), string(state))
		}
	}
}

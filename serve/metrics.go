package serve

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/store/pebble"
)

// liveMetrics tells, when asked, what nobody counts: how large the store is, and what becomes of the watches.
type liveMetrics struct {
	store     *pebble.Store
	collector *collect.Collector
	size      *prometheus.Desc
}

func newLiveMetrics(st *pebble.Store, c *collect.Collector) *liveMetrics {
	return &liveMetrics{store: st, collector: c, size: prometheus.NewDesc("kubewake_store_size_bytes", "All files of the store.", nil, nil)}
}

// Describe implements prometheus.Collector.
func (m *liveMetrics) Describe(c chan<- *prometheus.Desc) { c <- m.size }

// Collect implements prometheus.Collector.
func (m *liveMetrics) Collect(c chan<- prometheus.Metric) {
	m.collector.Watches()                              // sets the gauges of the watches' states
	if bytes, err := m.store.DiskUsage(); err == nil { // else the store is closed
		c <- prometheus.MustNewConstMetric(m.size, prometheus.GaugeValue, float64(bytes))
	}
}

package intake

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of a Handler. A nil *Metrics counts nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    prometheus.Gauge
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_intake_requests_total",
			Help: "Requests of agents, by call (batch, progress, alive, mark) and HTTP status."}, []string{"call", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kubewake_intake_request_seconds",
			Help: "Time until a request was answered.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 14)}, []string{"call"}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_intake_in_flight_bytes", Help: "Memory of batches being received, packed and unpacked."}),
	}
	reg.MustRegister(m.requests, m.seconds, m.bytes)
	return m
}

func (m *Metrics) called(call string, code int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(call, strconv.Itoa(code)).Inc()
	m.seconds.WithLabelValues(call).Observe(took.Seconds())
}

func (m *Metrics) inFlight(n int64) {
	if m != nil {
		m.bytes.Add(float64(n))
	}
}

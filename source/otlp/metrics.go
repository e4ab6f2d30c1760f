package otlp

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcomes of a request, in metrics.
const (
	outcomeStored       = "stored"
	outcomeBusy         = "busy"      // the sink can not take it now
	outcomeFailed       = "failed"    // the sink failed, or took too long
	outcomeOverload     = "overload"  // our own bounds
	outcomeTooLarge     = "too-large" // the body
	outcomeBad          = "bad"
	outcomeUnauthorized = "unauthorized"
	outcomeForbidden    = "forbidden"
)

// Metrics of a Receiver. A nil *Metrics counts nothing.
type Metrics struct {
	requests, items, refused *prometheus.CounterVec
	seconds                  *prometheus.HistogramVec
	bytes                    prometheus.Gauge
}

// NewMetrics makes them and registers them with reg, if it is not nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_otlp_requests_total", Help: "Requests answered, by signal, protocol and outcome."}, []string{"signal", "protocol", "outcome"}),
		items:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_otlp_items_total", Help: "Spans and log lines received: kept, or ignored because they name nothing."}, []string{"signal", "what"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_otlp_refused_total", Help: "Spans and log lines refused, by reason."}, []string{"signal", "reason"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kubewake_otlp_acknowledgement_seconds", Help: "From a request's arrival to its answer, of stored ones.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"signal"}),
	}
	m.bytes = prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_otlp_in_flight_bytes", Help: "Memory set aside for requests under way; otlp.inFlightBytes bounds it."})
	if reg != nil {
		reg.MustRegister(m.requests, m.items, m.refused, m.seconds, m.bytes)
	}
	return m
}

func (m *Metrics) answered(signal, protocol, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(signal, protocol, outcome).Inc()
	if outcome == outcomeStored {
		m.seconds.WithLabelValues(signal).Observe(took.Seconds())
	}
}

func (m *Metrics) took(signal string, kept, ignored int, refused map[string]int) {
	if m == nil {
		return
	}
	m.items.WithLabelValues(signal, "kept").Add(float64(kept))
	m.items.WithLabelValues(signal, "ignored").Add(float64(ignored))
	for reason, n := range refused {
		m.refused.WithLabelValues(signal, reason).Add(float64(n))
	}
}

func (m *Metrics) holds(by int64) {
	if m != nil {
		m.bytes.Add(float64(by))
	}
}

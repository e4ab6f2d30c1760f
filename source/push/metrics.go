package push

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of the handler. A nil *Metrics counts nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	records  prometheus.Counter
}

// NewMetrics makes them and registers them with reg, if it is not nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_push_requests_total", Help: "Posts of custom sources answered, by outcome."}, []string{"outcome"}),
		records:  prometheus.NewCounter(prometheus.CounterOpts{Name: "kubewake_push_records_total", Help: "Records of custom sources stored, repeated ones among them."}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.records)
	}
	return m
}

func (m *Metrics) stored(n int) {
	if m != nil {
		m.requests.WithLabelValues("stored").Inc()
		m.records.Add(float64(n))
	}
}

func (m *Metrics) refused(status int) {
	if m != nil {
		m.requests.WithLabelValues(outcomeOf(status)).Inc()
	}
}

// outcomeOf names a refusal as the audit webhook's metrics do.
func outcomeOf(status int) string {
	switch status {
	case http.StatusServiceUnavailable:
		return "busy"
	case http.StatusTooManyRequests:
		return "overload"
	case http.StatusRequestEntityTooLarge:
		return "too-large"
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusForbidden:
		return "forbidden"
	}
	return "bad"
}

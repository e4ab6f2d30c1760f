package wire

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/ingest"
)

// Metrics of a Client. A nil *Metrics counts nothing.
type Metrics struct {
	batches *prometheus.CounterVec
	bytes   prometheus.Counter
	seconds prometheus.Histogram
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		batches: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kubewake_wire_batches_total",
			Help: "Batches sent to the receiver, by outcome: delivered, busy, denied, invalid, failed."}, []string{"outcome"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "kubewake_wire_delivered_bytes_total", Help: "Bytes of batches that the receiver acknowledged, packed."}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "kubewake_wire_delivery_seconds",
			Help: "Time until the receiver answered a batch.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 14)}),
	}
	reg.MustRegister(m.batches, m.bytes, m.seconds)
	return m
}

func (m *Metrics) delivered(bytes int, took time.Duration, err error) {
	if m == nil {
		return
	}
	outcome := "failed"
	switch {
	case err == nil:
		outcome = "delivered"
		m.bytes.Add(float64(bytes))
	case ingest.IsBusy(err) != nil:
		outcome = "busy"
	case errors.Is(err, ErrDenied):
		outcome = "denied"
	case errors.Is(err, ingest.ErrInvalid):
		outcome = "invalid"
	}
	m.batches.WithLabelValues(outcome).Inc()
	m.seconds.Observe(took.Seconds())
}

func newLines(r io.Reader, limit int) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4<<10), limit)
	return s
}

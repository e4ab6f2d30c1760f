package export

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of an Exporter. A nil *Metrics counts nothing.
type Metrics struct {
	queued, sentSpans, sentBytes, repeats prometheus.Counter
	spans, refused, dropped, retries      *prometheus.CounterVec
	bytes, waiting, oldest                *prometheus.GaugeVec
	limit                                 prometheus.Gauge
}

// NewMetrics makes and registers the metrics.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	gauges := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"queue"})
	}
	m := &Metrics{
		queued:    counter("kubewake_export_queued_records_total", "Records that were put into the export's queue."),
		spans:     counters("kubewake_export_spans_total", "Spans made, by what they show: request, revision, end, event, object (a day of one).", "record"),
		repeats:   counter("kubewake_export_repeated_records_total", "Records delivered again, which have their span."),
		sentSpans: counter("kubewake_export_sent_spans_total", "Spans that the receiver took."),
		sentBytes: counter("kubewake_export_sent_bytes_total", "Bytes of requests that the receiver took, before compression."),
		refused:   counters("kubewake_export_refused_spans_total", "Spans that the receiver refuses for good, by reason: refused, partial.", "reason"),
		dropped: counters("kubewake_export_dropped_records_total",
			"Records that are stored and not exported, by reason: full (the queue did not take them), unreadable (places in the queue; what they held is not known), large (no room in a queue this small).", "reason"),
		retries: counters("kubewake_export_retries_total", "Requests that are sent again, by reason: again (the receiver is away or busy), denied (it does not let us in).", "reason"),
		bytes:   gauges("kubewake_export_queue_bytes", "Bytes on disk of what waits: in (to become spans), out (to be sent)."),
		waiting: gauges("kubewake_export_queue_frames", "Batches that wait: in, out."),
		oldest:  gauges("kubewake_export_lag_seconds", "Age of the oldest batch that waits; in is at least the time to settle."),
		limit: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kubewake_export_queue_limit_bytes",
			Help: "Bytes that each of the two queues may take."}),
	}
	reg.MustRegister(m.queued, m.spans, m.repeats, m.sentSpans, m.sentBytes, m.refused, m.dropped, m.retries, m.bytes, m.waiting, m.oldest, m.limit)
	return m
}

func (m *Metrics) queue(records int) {
	if m != nil {
		m.queued.Add(float64(records))
	}
}

func (m *Metrics) made(spans map[string]int) {
	if m == nil {
		return
	}
	for kind, n := range spans {
		m.spans.WithLabelValues(kind).Add(float64(n))
	}
}

func (m *Metrics) repeat(records int) {
	if m != nil {
		m.repeats.Add(float64(records))
	}
}

func (m *Metrics) sent(spans, bytes int) {
	if m != nil {
		m.sentSpans.Add(float64(spans))
		m.sentBytes.Add(float64(bytes))
	}
}

func (m *Metrics) refuse(reason string, spans int) {
	if m != nil {
		m.refused.WithLabelValues(reason).Add(float64(spans))
	}
}

func (m *Metrics) drop(reason string, records int) {
	if m != nil {
		m.dropped.WithLabelValues(reason).Add(float64(records))
	}
}

func (m *Metrics) retry(reason string) {
	if m != nil {
		m.retries.WithLabelValues(reason).Inc()
	}
}

// fill sets the gauges.
func (m *Metrics) fill(e *Exporter) {
	if m == nil {
		return
	}
	for name, q := range map[string]queue{"in": e.in, "out": e.out} {
		st := q.Status()
		m.bytes.WithLabelValues(name).Set(float64(st.Bytes))
		m.waiting.WithLabelValues(name).Set(float64(st.Batches))
		lag := time.Duration(0)
		if !st.Oldest.IsZero() {
			lag = max(e.now().Sub(st.Oldest), 0)
		}
		m.oldest.WithLabelValues(name).Set(lag.Seconds())
		m.limit.Set(float64(st.MaxBytes))
	}
}

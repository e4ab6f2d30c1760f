package doctor

import (
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Samples are metrics by name. Histograms and summaries are there by their _count and _sum.
type Samples map[string][]Sample

// Sample is one value.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// maxMetricsBytes bounds what is read of a /metrics page; an apiserver's is some MB.
const maxMetricsBytes = 128 << 20

// ReadMetrics reads Prometheus' text format.
func ReadMetrics(r io.Reader) (Samples, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(r, maxMetricsBytes))
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	out := Samples{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			out.add(name, family.GetType(), m)
		}
	}
	return out, nil
}

func (s Samples) add(name string, kind dto.MetricType, m *dto.Metric) {
	labels := make(map[string]string, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	put := func(name string, v float64) { s[name] = append(s[name], Sample{labels, v}) }
	switch kind {
	case dto.MetricType_COUNTER:
		put(name, m.GetCounter().GetValue())
	case dto.MetricType_GAUGE:
		put(name, m.GetGauge().GetValue())
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		put(name+"_count", float64(m.GetHistogram().GetSampleCount()))
		put(name+"_sum", m.GetHistogram().GetSampleSum())
	case dto.MetricType_SUMMARY:
		put(name+"_count", float64(m.GetSummary().GetSampleCount()))
		put(name+"_sum", m.GetSummary().GetSampleSum())
	default:
		put(name, m.GetUntyped().GetValue())
	}
}

// Sum adds up the samples of a name that have all the labels, given in pairs; known is false where there is none.
func (s Samples) Sum(name string, pairs ...string) (sum float64, known bool) {
	for _, sample := range s[name] {
		if sample.has(pairs) {
			sum, known = sum+sample.Value, true
		}
	}
	return sum, known
}

func (s Sample) has(pairs []string) bool {
	for i := 0; i+1 < len(pairs); i += 2 {
		if s.Labels[pairs[i]] != pairs[i+1] {
			return false
		}
	}
	return true
}

// By adds up the samples of a name by the values of one label, leaving out what is zero.
func (s Samples) By(name, label string) map[string]float64 {
	out := map[string]float64{}
	for _, sample := range s[name] {
		if sample.Value != 0 {
			out[sample.Labels[label]] += sample.Value
		}
	}
	return out
}

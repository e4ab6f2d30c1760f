package local

import (
	"context"
	"testing"
	"time"

	"github.com/kubewake/kubewake/query"
)

// BenchmarkTraces searches for traces in a corpus of some hundred thousand records. The bar is 300 ms over one hour of a million; reading
// grows with the records of the window, a tenth of decoding them.
func BenchmarkTraces(b *testing.B) {
	ctx := context.Background()
	e := corpusEngine(b, 16)
	info, err := e.Info(ctx)
	if err != nil {
		b.Fatal(err)
	}
	first, last := *info.Clusters[0].First, *info.Clusters[0].Last
	end := query.Window{From: first, To: last.Add(time.Second)}
	past := query.Window{From: first, To: last.Add(-time.Minute)}
	for _, q := range []struct {
		name string
		ask  query.Traces
	}{
		{"name", query.Traces{Window: end, Tags: map[string]string{"resource": "deployments", "name": "web"}}},
		{"kind", query.Traces{Window: end, Tags: map[string]string{"resource": "pods"}}},
		{"all", query.Traces{Window: end}},
		{"error", query.Traces{Window: end, Tags: map[string]string{"error": "true"}}},
		{"user", query.Traces{Window: end, Tags: map[string]string{"user": "kubernetes-admin", "verb": "delete"}}},
		{"nobody", query.Traces{Window: end, Tags: map[string]string{"user": "nobody"}}},
		{"label", query.Traces{Window: end, Tags: map[string]string{"label.app": "web"}}},
		{"past", query.Traces{Window: past}},
		{"past-error", query.Traces{Window: past, Tags: map[string]string{"error": "true"}}},
	} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			cpu := cpuSeconds(b)
			for b.Loop() {
				t, err := e.Traces(ctx, q.ask)
				if err != nil {
					b.Fatal(err)
				}
				n = len(t.Found)
			}
			b.ReportMetric((cpuSeconds(b)-cpu)*1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(n), "found")
			b.ReportMetric(float64(info.Clusters[0].Objects), "objects")
		})
	}
}

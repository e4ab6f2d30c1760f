package ingest

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Every kind of record that there is can be counted.
func TestEveryKindIsCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg)
	b := Batch{Cluster: "c"}
	for k := record.KindRequest; int(k) < record.Kinds; k++ {
		r := &record.Record{Kind: k, OccurredAt: time.Unix(1, 0), Request: &record.Request{}}
		b.Records = append(b.Records, r)
	}
	m.stored(b, store.Appended{Records: len(b.Records)}, time.Unix(2, 0), time.Unix(3, 0))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "kubewake_ingest_records_total" && len(f.GetMetric()) != len(b.Records) {
			t.Errorf("%d kinds counted, want %d", len(f.GetMetric()), len(b.Records))
		}
	}
}

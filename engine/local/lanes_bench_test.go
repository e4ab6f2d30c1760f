package local

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
)

// corpusStore is an Engine over the store that KUBEWAKE_BENCH_STORE names, as cmd/bench -data leaves one, or over a few copies of the recording
// scenarios.
func corpusStore(b *testing.B) *Engine {
	b.Helper()
	dir := os.Getenv("KUBEWAKE_BENCH_STORE")
	if dir == "" {
		return corpusEngine(b, 4)
	}
	st, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := st.Close(); err != nil {
			b.Error(err)
		}
	})
	return New(st, Config{Version: "test"})
}

// BenchmarkLanes draws 60 objects that were alive in a window: a whole scenario, a part of it, a moment, with and without what is derived from their
// states. The bar is 150 ms on two cores for a window of a store of a million records.
func BenchmarkLanes(b *testing.B) {
	ctx := context.Background()
	e := corpusStore(b)
	info, err := e.Info(ctx)
	if err != nil {
		b.Fatal(err)
	}
	c := info.Clusters[0]
	middle := c.First.Add(c.Last.Sub(*c.First) / 2)
	for _, length := range []time.Duration{time.Hour, 5 * time.Minute, 10 * time.Second, 100 * time.Millisecond} {
		w := query.Window{From: middle.Add(-length / 2), To: middle.Add(length / 2)}
		q := query.Lanes{Window: w, Bins: 1200}
		for _, kind := range []string{"deployments", "replicasets", "pods", "configmaps", "nodes", "services", "jobs"} {
			found, err := e.Objects(ctx, query.Objects{Kind: kind, Alive: w, Limit: 12})
			if err != nil {
				b.Fatal(err)
			}
			for _, o := range found.Objects {
				if len(q.UIDs) < 60 {
					q.UIDs = append(q.UIDs, record.UID(o.UID))
				}
			}
		}
		benchLanes(b, e, length.String(), q)
	}
	busy := query.Lanes{Window: query.Window{From: *c.First, To: *c.Last}, Bins: 1200}
	found, err := e.Objects(ctx, query.Objects{Kind: "deployments", Limit: 60})
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range found.Objects {
		busy.UIDs = append(busy.UIDs, record.UID(o.UID))
	}
	benchLanes(b, e, "deployments", busy)
}

func benchLanes(b *testing.B, e *Engine, name string, q query.Lanes) {
	ctx := context.Background()
	for _, q.Derived = range []bool{false, true} {
		b.Run(fmt.Sprintf("%v/derived=%v", name, q.Derived), func(b *testing.B) {
			records, marks := 0, 0
			b.ReportAllocs()
			cpu := cpuSeconds(b)
			for b.Loop() {
				lanes, err := e.Lanes(ctx, q)
				if err != nil {
					b.Fatal(err)
				}
				records, marks = 0, 0
				for i := range lanes.Lanes {
					records += lanes.Lanes[i].Records
					marks += len(lanes.Lanes[i].Marks)
				}
			}
			b.ReportMetric((cpuSeconds(b)-cpu)*1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(len(q.UIDs)), "lanes")
			b.ReportMetric(float64(records), "records")
			b.ReportMetric(float64(marks), "marks")
		})
	}
}

package local

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/corpus"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// BenchmarkQuestions asks each kind of question about random objects of the recording scenarios, and reports the median
// and the 99th percentile. cmd/bench does the same over a corpus of any size.
func BenchmarkQuestions(b *testing.B) {
	ctx := context.Background()
	st := openStore(b)
	e := engineOver(b, st, recording(b, "scenarios"), 1000)
	if err := st.Seal(ctx, func(int, int) {}); err != nil {
		b.Fatal(err)
	}
	var objects []query.Object
	for _, kind := range []string{"deployments", "pods", "replicasets", "configmaps"} {
		found, err := e.Objects(ctx, query.Objects{Kind: kind, Limit: 1000})
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range found.Objects {
			objects = append(objects, query.Object{UID: record.UID(o.UID)})
		}
	}
	middle := time.Date(2026, 11, 20, 15, 54, 0, 0, time.UTC)
	for _, q := range []struct {
		name string
		ask  func(o query.Object) error
	}{
		{"history", func(o query.Object) error { _, err := e.History(ctx, query.History{Object: o}); return err }},
		{"state", func(o query.Object) error {
			_, err := e.State(ctx, query.State{Object: o, Point: query.Point{At: middle}})
			return err
		}},
		{"diff", func(o query.Object) error { _, err := e.Diff(ctx, query.Diff{Object: o}); return err }},
		{"blame", func(o query.Object) error { _, err := e.Blame(ctx, query.Blame{Object: o}); return err }},
		{"search", func(query.Object) error {
			_, err := e.Search(ctx, query.Search{Filter: `object.spec.replicas > 6`}, func(*engine.Hit) error { return nil })
			return err
		}},
	} {
		b.Run(q.name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			times := make([]time.Duration, 0, b.N)
			b.ReportAllocs()
			for b.Loop() {
				begin := time.Now()
				if err := q.ask(objects[random.IntN(len(objects))]); err != nil && engine.KindOf(err) == "" {
					b.Fatal(err)
				}
				times = append(times, time.Since(begin))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// corpusEngine is an Engine over a few copies of the recording scenarios, sealed.
func corpusEngine(b *testing.B, copies int) *Engine {
	b.Helper()
	in, err := os.Open(filepath.Join(recordings(b), "scenarios", "audit.jsonl.zst"))
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	plain, err := zstd.NewReader(in)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	template, err := corpus.Read(plain)
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "corpus.jsonl")
	out, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := template.WriteCopies(out, 0, copies); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	st := openStore(b)
	e := engineOver(b, st, readRecords(b, path), 1000)
	if err := st.Seal(context.Background(), func(int, int) {}); err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkObjects lists everything in a corpus of some thousand objects: with all that an entry shows, by a label, and
// those alive in a window.
func BenchmarkObjects(b *testing.B) {
	e := corpusEngine(b, 4)
	info, err := e.Info(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	middle := info.Clusters[0].First.Add(info.Clusters[0].Last.Sub(*info.Clusters[0].First) / 2)
	for _, q := range []struct {
		name string
		ask  query.Objects
	}{
		{"all", query.Objects{Limit: 100_000}},
		{"label", query.Objects{Limit: 100_000, Selector: "app=web"}},
		{"alive", query.Objects{Limit: 100_000, Alive: query.Window{From: middle, To: middle.Add(time.Second)}}},
		{"count", query.Objects{Limit: 1}},
	} {
		b.Run(q.name, func(b *testing.B) {
			b.ReportAllocs()
			total := 0
			for b.Loop() {
				list, err := e.Objects(context.Background(), q.ask)
				if err != nil {
					b.Fatal(err)
				}
				total += list.Total
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "objects/s")
			b.ReportMetric(float64(total)/float64(b.N), "objects")
		})
	}
}

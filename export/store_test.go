package export

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store/pebble"
)

// recording decodes one recording, its audit log, its watch and its Events.
func recording(t testing.TB, name string) (out []*record.Record) {
	t.Helper()
	dir := filepath.Join("..", "testdata", "recordings", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recordings: ", err)
	}
	var mu sync.Mutex
	paths := []string{filepath.Join(dir, "audit.jsonl.zst"), filepath.Join(dir, "watch"), filepath.Join(dir, "events.final.json.zst")}
	_, err := input.Read(t.Context(), paths, input.Options{Redactor: redact.Off(), Workers: 1}, func(_ context.Context, list []*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range list {
			decoded, err := record.Decode(record.Append(nil, r)) // the slices are used again
			if err != nil {
				return err
			}
			out = append(out, decoded)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stored is an exporter before a real store.
type stored struct {
	*Exporter
	sink  ingest.Sink
	clock *fakeClock
}

func overStore(t testing.TB, change func(*Config)) stored {
	t.Helper()
	st, err := pebble.Open("store", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	facts := local.New(st, local.Config{})
	clock := &fakeClock{}
	c := config(t.TempDir(), facts.Notes("export"), clock)
	c.Facts = facts
	c.Settings.OTLP.Queue.Bytes = 1 << 30
	if change != nil {
		change(&c)
	}
	e := open(t, c)
	return stored{e, e.Before(ingest.NewLocal(st, ingest.LocalConfig{})), clock}
}

func (s stored) deliver(t testing.TB, records []*record.Record, batch int) {
	t.Helper()
	for part := range slices.Chunk(records, batch) {
		of := map[record.Cluster][]*record.Record{}
		for _, r := range part {
			of[r.Ref.Cluster] = append(of[r.Ref.Cluster], r)
		}
		for cluster, list := range of {
			if err := s.sink.Deliver(t.Context(), ingest.Batch{Cluster: cluster, Records: list}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRecording: of a real recording the spans are the same in any order and batches, all of one object and day in one trace, below the object's
// own span.
func TestRecording(t *testing.T) {
	all := recording(t, "deployment")
	var want *received
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 7))
		list := slices.Clone(all)
		batch := len(list)
		if seed > 0 {
			list = append(list, all[:len(all)/3]...)
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			batch = 1 + random.IntN(500)
		}
		s := overStore(t, nil)
		s.deliver(t, list, batch)
		s.clock.add(48 * time.Hour)
		rounds(t, s.Exporter)
		got := waiting(t, s.Exporter)
		if want == nil {
			want = got
			checkSpans(t, all, got)
		}
		want.same(t, fmt.Sprint("seed ", seed), got)
	}
}

func checkSpans(t *testing.T, all []*record.Record, got *received) {
	t.Helper()
	kinds, wanted := map[string]int{}, map[string]bool{}
	selector, err := newSelector(Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if selector.wants(r) {
			wanted[r.ID().String()] = true
		}
	}
	days := map[string]bool{}
	for key, span := range got.spans {
		if isDay(span) {
			days[key[:32]] = true
		}
	}
	records := 0
	for key, span := range got.spans {
		if isDay(span) {
			continue
		}
		records++
		if !days[key[:32]] {
			t.Errorf("the trace of %s has no span of its object", key)
		}
		for _, word := range []string{"Bearer ", `"data":{`, "hunter2"} {
			if strings.Contains(span, word) {
				t.Errorf("%q in a span", word)
			}
		}
		for _, k := range []string{"diff", "user", "owner uid", "message", "first seen"} {
			if strings.Contains(span, k) {
				kinds[k]++
			}
		}
	}
	if records != len(wanted) || kinds["diff"] < 50 || kinds["user"] < 50 || kinds["owner uid"] < 20 {
		t.Errorf("%d spans of %d records: %v", records, len(wanted), slices.Sorted(maps.Keys(kinds)))
	}
	t.Logf("%d spans, %d traces, %v", records, len(days), kinds)
}

// TestAgainMuchLater: what is delivered again after the memory is gone has its span: known from the notes, whatever is known of it by now.
func TestAgainMuchLater(t *testing.T) {
	all := recording(t, "deployment")
	s := overStore(t, nil)
	half := len(all) / 2
	s.deliver(t, all[:half], 200)
	s.clock.add(time.Hour)
	rounds(t, s.Exporter)
	s.maker = maker{at: s.maker.at}
	s.deliver(t, all, 100)
	s.clock.add(ageDays * 24 * time.Hour)
	rounds(t, s.Exporter)
	got := waiting(t, s.Exporter)
	for key, n := range got.times {
		if n != 1 {
			t.Fatalf("%s was made %d times", key, n)
		}
	}
	if len(got.torn) > 0 {
		t.Errorf("changed: %v", got.torn)
	}
}

// BenchmarkExport: both stages, from a delivered batch to requests in the outgoing queue, beside a store in memory. Sending is left out.
func BenchmarkExport(b *testing.B) {
	all := recording(b, "scenarios")
	spans, records, spent := 0, 0, 0.0
	for b.Loop() {
		b.StopTimer()
		s := overStore(b, func(c *Config) { c.Settings.OTLP.BatchBytes = 1 << 20 })
		next := s.sink.(*sink)
		for part := range slices.Chunk(all, 500) { // the store alone
			of := map[record.Cluster][]*record.Record{}
			for _, r := range part {
				of[r.Ref.Cluster] = append(of[r.Ref.Cluster], r)
			}
			for cluster, list := range of {
				if err := next.Sink.Deliver(b.Context(), ingest.Batch{Cluster: cluster, Records: list}); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := s.conf.Facts.Tell(b.Context(), all[:1]); err != nil { // its clock is made once
			b.Fatal(err)
		}
		s.clock.add(time.Hour)
		before := cpuSeconds()
		b.StartTimer()
		taken := 0
		for part := range slices.Chunk(all, 500) {
			chosen := s.selector.Load().chosen(ingest.Batch{Cluster: part[0].Ref.Cluster, Records: part})
			taken += len(chosen.Records)
			if err := s.enqueue(ingest.Batch{Cluster: part[0].Ref.Cluster, Records: part}); err != nil {
				b.Fatal(err)
			}
		}
		rounds(b, s.Exporter)
		spans, records, spent = spans+taken, records+len(all), spent+cpuSeconds()-before
	}
	b.ReportMetric(float64(spans)/spent, "spans/cpu-s")
	b.ReportMetric(float64(records)/spent, "records/cpu-s")
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// cpuSeconds is what the process has spent, the garbage collector and the store's compactions included.
func cpuSeconds() float64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64() - sample[1].Value.Float64()
}

package pebble

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// benchHistory is made up, so its sizes on disk tell less than those of a recording multiplied (docs/adr/0002); 5 kB bodies.
func benchHistory(b *testing.B, objects int) (list []*record.Record, bytes int64) {
	b.Helper()
	list = storetest.History(storetest.Config{Seed: 1, Clusters: []record.Cluster{"c"}, Objects: objects, Writes: 30, Hours: 30, BodySize: 5000, StepRV: 200})
	for _, r := range list {
		if r.Revision != nil {
			bytes += int64(len(r.Revision.Body))
		}
	}
	return list, bytes
}

func benchStore(b *testing.B, o Options, list []*record.Record) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), o)
	if err != nil {
		b.Fatal(err)
	}
	for batch := range slices.Chunk(list, 1000) {
		if _, err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkAppend counts bytes of bodies; the time of Seal, until everything has settled, is in it.
func BenchmarkAppend(b *testing.B) {
	list, bytes := benchHistory(b, 300)
	for name, o := range map[string]Options{"synced": {}, "nosync": {NoSync: true}, "bulk": {Bulk: true}} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				s := benchStore(b, o, list)
				if err := s.Seal(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
				size, err := s.Size(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(100*float64(size.Disk)/float64(bytes), "disk%")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAppendOne is the latency of small batches under the default sync policy.
func BenchmarkAppendOne(b *testing.B) {
	list, _ := benchHistory(b, 50)
	s := benchStore(b, Options{}, nil)
	i := 0
	for b.Loop() {
		if _, err := s.Append(b.Context(), list[i%len(list):][:1]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkEncoding tells what block sizes, levels and buckets cost and save.
func BenchmarkEncoding(b *testing.B) {
	list, bytes := benchHistory(b, 300)
	for _, o := range []Options{{BlockBytes: 32 << 10}, {BlockBytes: 64 << 10}, {BlockBytes: 128 << 10}, {Level: 1}, {Level: 7}, {BucketBits: 12}, {BucketBits: 14}, {BucketBits: 20}} {
		b.Run(fmt.Sprintf("block=%dk,level=%d,bits=%d", o.BlockBytes>>10, o.Level, o.BucketBits), func(b *testing.B) {
			o.Bulk = true
			b.SetBytes(bytes)
			for b.Loop() {
				s := benchStore(b, o, list)
				if err := s.Seal(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
				size, err := s.Size(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(100*float64(size.Disk)/float64(bytes), "disk%")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHistory reads all of one object, spread over 30 hours and many buckets, with next to no cache of blocks.
func BenchmarkHistory(b *testing.B) {
	list, _ := benchHistory(b, 400)
	for name, cache := range map[string]int64{"cold": 1, "warm": 256 << 20} {
		b.Run(name, func(b *testing.B) {
			s := benchStore(b, Options{CacheBytes: cache, BucketBits: 12}, list)
			if err := s.Seal(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
			var all []*store.Entry
			for e, err := range s.Objects(b.Context(), store.ObjectScan{}) {
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, e)
			}
			rnd := rand.New(rand.NewPCG(1, 1))
			var took []time.Duration
			for b.Loop() {
				e := all[rnd.IntN(len(all))]
				started := time.Now()
				for _, err := range s.Revisions(b.Context(), e.Key(), store.RVRange{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
				q := store.RequestScan{Cluster: e.Ref.Cluster, Resource: e.Ref.GroupResource(), Namespace: e.Ref.Namespace, Name: e.Ref.Name, Reads: true}
				for _, err := range s.Requests(b.Context(), q) {
					if err != nil {
						b.Fatal(err)
					}
				}
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkWindow(b *testing.B) {
	list, _ := benchHistory(b, 300)
	s := benchStore(b, Options{}, list)
	if err := s.Seal(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	for _, heads := range []bool{true, false} {
		b.Run(fmt.Sprintf("heads=%v", heads), func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, err := range s.Window(b.Context(), store.WindowScan{Kinds: storetest.Kinds(), Reads: true, HeadsOnly: heads}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
		})
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkPhrases(b *testing.B) {
	list, _ := benchHistory(b, 20)
	var plain [][]byte
	var total int64
	for _, r := range list {
		plain = append(plain, appendPlainRecord(nil, r))
		total += int64(len(plain[len(plain)-1]))
	}
	p := newPhrases()
	var out []byte
	b.Run("append", func(b *testing.B) {
		b.SetBytes(total)
		for b.Loop() {
			for _, v := range plain {
				out = p.append(out[:0], v)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(total)
		var packed [][]byte
		for _, v := range plain {
			packed = append(packed, p.append(nil, v))
		}
		for b.Loop() {
			for _, v := range packed {
				var err error
				if out, err = appendPlain(out[:0], v); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

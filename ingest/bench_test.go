package ingest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
)

// auditBatch is what the webhook makes of 400 audit events of about 5 kB: a request each, and of every second a revision.
func auditBatch(seed uint64) ingest.Batch {
	const events = 400
	rnd := rand.New(rand.NewPCG(seed, 1))
	b := ingest.Batch{Cluster: cluster}
	now := time.Now()
	for i := range events {
		name, n := fmt.Sprintf("web-%03d", rnd.IntN(200)), seed*events+uint64(i)
		ref := record.ObjectRef{Cluster: cluster, Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "default", Name: name, UID: record.UID(fmt.Sprintf("4e1cd7ad-d75a-4a67-9ab4-%012x", name))}
		b.Records = append(b.Records, &record.Record{Kind: record.KindRequest, Ref: ref, OccurredAt: now.Add(time.Duration(i) * time.Millisecond), Request: &record.Request{
			AuditID: fmt.Sprintf("%08x-0000-4000-8000-%012x", rnd.Uint32(), n), Stage: record.StageResponseComplete, Verb: "patch", URI: "/api/v1/namespaces/default/pods/" + name + "/status",
			Actor: record.Actor{User: "system:node:worker-1", Groups: []string{"system:nodes", "system:authenticated"}, UserAgent: "kubelet/v1.37.2 (linux/amd64)", SourceIPs: []string{"10.0.0.7"}},
			Code:  200, StageAt: now.Add(time.Duration(i)*time.Millisecond + 3*time.Millisecond), Answer: record.BodyObject, AnswerRV: record.ResourceVersion(n + 1),
			Annotated: []record.KeyValue{{Key: "authorization.k8s.io/decision", Value: "allow"}}}})
		if i%2 == 0 {
			body := fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"default","resourceVersion":"%d","uid":%q},"spec":{"x":%q},"status":{"n":%d}}`,
				name, n+1, ref.UID, bytes.Repeat([]byte("container "), 380), rnd.Uint64())
			b.Records = append(b.Records, &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: record.ResourceVersion(n + 1), Body: body}})
		}
	}
	return b
}

// BenchmarkLocalDeliver delivers to a store on the real disk, every batch synced, from 8 senders at once.
func BenchmarkLocalDeliver(b *testing.B) {
	st, err := pebble.Open(b.TempDir(), pebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l := ingest.NewLocal(st, ingest.LocalConfig{})
	const ahead = 64
	batches := make([]ingest.Batch, ahead)
	for i := range batches {
		batches[i] = auditBatch(uint64(i))
	}
	n := min(b.N, ahead)
	took := make([]time.Duration, 0, n)
	var mu sync.Mutex
	var next atomic.Int64
	var senders sync.WaitGroup
	cpu := cpuTime(b)
	b.ResetTimer()
	for range 8 {
		senders.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				began := time.Now()
				if err := l.Deliver(b.Context(), batches[i]); err != nil {
					b.Error(err)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	elapsed := b.Elapsed().Seconds()
	b.StopTimer()
	spent := (cpuTime(b) - cpu).Seconds()
	events := float64(400 * n)
	slices.Sort(took)
	b.ReportMetric(events/elapsed, "events/s")
	b.ReportMetric(events/spent, "events/cpu-s")
	b.ReportMetric(events*5e3/1e6/spent, "MB/cpu-s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1e3, "p99-ms")
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "cores")
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

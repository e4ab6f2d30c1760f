package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
)

// TestHangingDisk: senders that give up are let go, but what they sent is in memory until the disk took it. It counts until then, so that
// those who come again and again hear Busy.
func TestHangingDisk(t *testing.T) {
	gate := make(chan struct{})
	var mu sync.Mutex
	hangs := false
	hang := func(on bool) {
		mu.Lock()
		defer mu.Unlock()
		hangs = on
	}
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		wait := hangs && strings.HasSuffix(op.Path, ".log") && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData)
		mu.Unlock()
		if wait {
			<-gate
		}
		return nil
	}))
	st, err := pebble.Open("data", pebble.Options{FS: fs, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	var mine sync.Mutex
	told := 0
	var later atomic.Int64
	l := ingest.NewLocal(st, ingest.LocalConfig{WaitingBytes: 8 << 10, Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }, Metrics: ingest.NewMetrics(reg), Appended: func([]*record.Record) {
		mine.Lock()
		defer mine.Unlock()
		told++
	}})
	deliver := func(i int) error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // long enough to be taken in, on a busy machine too
		defer cancel()
		return l.Deliver(ctx, ingest.Batch{Cluster: cluster, Records: []*record.Record{revision(fmt.Sprint("u", i), 1)}, Marks: []ingest.Mark{{Key: "k", Value: []byte("v")}}})
	}
	hang(true)
	waiting, busy := 0, 0
	for i := range 60 {
		switch err := deliver(i); {
		case ingest.IsBusy(err) != nil:
			busy++
		case errors.Is(err, context.DeadlineExceeded):
			waiting++
		default:
			t.Fatalf("delivery %d on a disk that hangs: %v", i, err)
		}
	}
	if waiting > 12 || waiting < 8 || busy != 60-waiting {
		t.Errorf("%d batches wait in memory, %d senders were told to come again", waiting, busy)
	}
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("a moment later: %v", err)
	}
	later.Store(int64(time.Minute))
	if err := l.Healthy(t.Context()); err == nil || !strings.Contains(err.Error(), "no write has come through") {
		t.Errorf("ready while the disk hangs: %v", err)
	}
	hang(false)
	close(gate)
	for deadline := time.Now().Add(time.Minute); deliver(99) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the disk is well, and nothing is taken")
		}
	}
	if err := l.Healthy(t.Context()); err != nil {
		t.Errorf("the disk is well: %v", err)
	}
	if err := st.Close(); err != nil { // whatever was begun is through
		t.Fatal(err)
	}
	left := func() bool {
		return testutil.GatherAndCompare(reg, strings.NewReader("# HELP kubewake_ingest_waiting_bytes Estimated memory of batches that wait to be durable.\n# TYPE kubewake_ingest_waiting_bytes gauge\nkubewake_ingest_waiting_bytes 0\n"), "kubewake_ingest_waiting_bytes") == nil
	}
	for deadline := time.Now().Add(time.Minute); !left(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("bytes are counted of batches that are through")
		}
	}
	mine.Lock()
	defer mine.Unlock()
	if told < waiting+1 {
		t.Errorf("%d batches told as durable, %d were written", told, waiting+1)
	}
}

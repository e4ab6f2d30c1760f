package pebble

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/storetest"
)

// stalling is a disk whose syncs of the log wait until they are let go.
type stalling struct {
	waiting atomic.Int64
	gate    atomic.Pointer[chan struct{}] // nil: syncs go through
}

func (d *stalling) fs() vfs.FS {
	return errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind != errorfs.OpFileSync && op.Kind != errorfs.OpFileSyncData || !strings.HasSuffix(op.Path, ".log") {
			return nil
		}
		if gate := d.gate.Load(); gate != nil {
			d.waiting.Add(1)
			<-*gate
			d.waiting.Add(-1)
		}
		return nil
	}))
}

func (d *stalling) stall() (release func()) {
	gate := make(chan struct{})
	d.gate.Store(&gate)
	return sync.OnceFunc(func() {
		d.gate.Store(nil)
		close(gate)
	})
}

// TestStallingDisk: while the log does not reach the disk nothing is acknowledged, reads go on, and appends that wait are not each a sync of their
// own: all are answered once the disk goes on.
func TestStallingDisk(t *testing.T) {
	disk := &stalling{}
	s := openMem(t, Options{FS: disk.fs(), ReserveBytes: -1})
	early := storetest.History(storetest.Config{Seed: 1, Objects: 20, Clusters: []record.Cluster{"c"}})
	if _, err := s.Append(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	late := storetest.History(storetest.Config{Seed: 2, Objects: 20, Clusters: []record.Cluster{"c"}})
	release := disk.stall()
	defer release()
	batches := slices.Collect(slices.Chunk(late, max(1, len(late)/8)))
	var acknowledged atomic.Int64
	var senders sync.WaitGroup
	for _, batch := range batches {
		senders.Go(func() {
			if _, err := s.Append(t.Context(), batch); err != nil {
				t.Errorf("append on a slow disk: %v", err)
			}
			acknowledged.Add(1)
		})
	}
	for deadline := time.Now().Add(time.Minute); disk.waiting.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody syncs the log")
		}
	}
	time.Sleep(200 * time.Millisecond)
	if n := acknowledged.Load(); n != 0 {
		t.Errorf("%d appends were acknowledged before they were on the disk", n)
	}
	if n := disk.waiting.Load(); n != 1 {
		t.Errorf("%d syncs wait at once, want one for all", n)
	}
	checkHas(t, s, early)
	if _, err := s.Clusters(t.Context()); err != nil {
		t.Errorf("reads while the disk stalls: %v", err)
	}
	release()
	senders.Wait()
	if n := acknowledged.Load(); n != int64(len(batches)) {
		t.Errorf("%d of %d appends were answered", n, len(batches))
	}
	checkHas(t, s, late)
}

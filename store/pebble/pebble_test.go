package pebble

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

func memFS() vfs.FS { return vfs.NewMem() }

func openMem(t *testing.T, o Options) *Store {
	t.Helper()
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	s, err := Open("data", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{"synced": {}, "bulk": {Bulk: true}, "small buckets": {BucketBits: 10, NoSync: true, BlockBytes: 4 << 10}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store { o.FS = nil; return openMem(t, o) })
		})
	}
}

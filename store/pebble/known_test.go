package pebble_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/store/storetest"
)

// TestKnownCountsDeliveries: what was delivered before is known, from whatever source it comes the second time.
func TestKnownCountsDeliveries(t *testing.T) {
	st, err := pebble.Open("store", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var batch, again []*record.Record
	ids := map[record.ID]bool{}
	for _, r := range storetest.History(storetest.Config{Seed: 1, Objects: 5, Clusters: []record.Cluster{"c"}}) {
		if r.Kind != record.KindRequest && r.Kind != record.KindRevision && r.Kind != record.KindKubeEvent {
			continue // an end may be told in parts, and is counted by none of them
		}
		if ids[r.ID()] || r.Kind == record.KindRequest && r.Request.Stage != record.StageResponseComplete {
			continue // once; of the stages of one request, which lie under one key, the last is remembered
		}
		ids[r.ID()] = true
		batch = append(batch, r)
		other := *r
		other.Provenance.Sources |= record.FromList
		again = append(again, &other)
	}
	first, err := st.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	// Two of them lie under one key.
	if second, err := st.Append(t.Context(), again); err != nil || second.Known < len(again)-1 || first.Known != 0 {
		t.Errorf("%+v, then %+v of %d, %v", first, second, len(again), err)
	}
}

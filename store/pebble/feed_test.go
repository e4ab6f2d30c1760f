package pebble

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// The feed tells every revision, end and write of each append, goes on in its numbers after a restart, and says where it was cut.
func TestFeed(t *testing.T) {
	o := Options{FS: vfs.NewMem(), NoSync: true}
	s := openMem(t, o)
	list := storetest.History(storetest.Config{Seed: 4})
	if err := storetest.Fill(t.Context(), s, list, 50); err != nil {
		t.Fatal(err)
	}
	last := s.Written()
	closeStore(t, s)
	s = openMem(t, o)
	defer closeStore(t, s)
	if s.Written() != last || last == 0 {
		t.Fatalf("number %d became %d", last, s.Written())
	}
	states := map[record.UID]map[record.ResourceVersion]bool{}
	next := uint64(1)
	for c, err := range s.Changes(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Number != next || c.All {
			t.Fatalf("change %d comes where %d should", c.Number, next)
		}
		next++
		for _, at := range c.Touched {
			if at.Kind == store.TouchedRevision {
				if states[at.Ref.UID] == nil {
					states[at.Ref.UID] = map[record.ResourceVersion]bool{}
				}
				states[at.Ref.UID][at.RV] = true
			}
		}
	}
	for _, r := range list {
		if r.Kind == record.KindRevision && !states[r.Ref.UID][r.Revision.RV] {
			t.Errorf("resourceVersion %d of %s is not told", r.Revision.RV, r.Ref.UID)
		}
	}
	if err := s.LetGo(t.Context(), last-1); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[uint64]error{0: store.ErrTrimmed, last - 1: nil} {
		var got error
		for _, got = range s.Changes(t.Context(), after) {
			break
		}
		if !errors.Is(got, want) {
			t.Errorf("changes behind %d: got %v, want %v", after, got, want)
		}
	}
}

func FuzzDecodeTouched(f *testing.F) {
	var w feedWriter
	w.state(store.TouchedRevision, &record.Record{Ref: record.ObjectRef{Cluster: "c", Resource: "pods", UID: "u"}}, 7)
	f.Add(w.buf)
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = decodeTouched(b) })
}

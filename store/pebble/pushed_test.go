package pebble

import (
	"testing"
	"time"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestPushedKeysAreDropped: the key of a pushed record goes with the hours that the record lies in, so keys do not grow without end.
func TestPushedKeysAreDropped(t *testing.T) {
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for i, key := range []string{"old", "new"} {
		r := &record.Record{Kind: record.KindSpan, OccurredAt: begin.AddDate(0, 0, 10*i), Ref: record.ObjectRef{Cluster: "c", Resource: "pods", Namespace: "shop", Name: "web"},
			Span: &record.Span{Form: record.FormPushed, Service: "ci", Key: key, Name: "deployed"}}
		if _, err := s.Append(t.Context(), []*record.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	keys := func() (n int) {
		if err := scan(s.db, clusterKey(famPushed, "c"), func(*lsm.Iterator) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := keys(); n != 2 {
		t.Fatalf("%d keys, want 2", n)
	}
	buckets, err := s.Buckets(t.Context())
	if err != nil || len(buckets) != 2 {
		t.Fatal(buckets, err)
	}
	if err := s.Drop(t.Context(), []store.Bucket{buckets[0]}, nil); err != nil {
		t.Fatal(err)
	}
	if n := keys(); n != 1 {
		t.Errorf("%d keys after the older bucket was dropped, want 1", n)
	}
}

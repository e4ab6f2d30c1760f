package pebble

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

// TestEntriesInPieces: however few names are gathered before their entries are read, the same entries come: in the order of the names, or once
// each in that of the store.
func TestEntriesInPieces(t *testing.T) {
	s := openMem(t, Options{})
	list := storetest.History(storetest.Config{Seed: 9, Objects: 60, Clusters: []record.Cluster{"c"}})
	// One object under two names, as an old API group and a guess from its kind give it.
	for _, resource := range []string{"foos", "fooes"} {
		list = append(list, &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Group: "example.org", Version: "v1", Kind: "Foo", Resource: resource, Namespace: "team-1", Name: "x", UID: "twice"},
			Revision: &record.Revision{RV: 7, Body: []byte(`{"metadata":{"uid":"twice"}}`)}})
	}
	if _, err := s.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	pods, foos := record.GroupResource{Resource: "pods"}, record.GroupResource{Group: "example.org", Resource: "foos"}
	for _, q := range []store.ObjectScan{{Cluster: "c"}, {Cluster: "c", Resource: &pods}, {Cluster: "c", Namespace: "team-1", NoEvents: true}, {Cluster: "c", Resource: &foos}} {
		var want []*store.Entry
		for e, err := range s.Objects(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, e)
		}
		for _, most := range []int{1, 2, 7} {
			var got []*store.Entry
			yield := func(e *store.Entry) error {
				got = append(got, e)
				return nil
			}
			err := s.read(t.Context(), "objects", func(r *points) error {
				w := newObjectWalk(t.Context(), r, "c", yield)
				w.most = most
				return w.run(q)
			})
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%+v, %d names at a time: %v (-want +got):\n%s", q, most, err, diff)
			}
			got = nil
			err = s.read(t.Context(), "objects", func(r *points) error {
				g := gathered{r: r, cluster: "c", scan: q, yield: yield, patience: patience{ctx: t.Context()}, most: most}
				return g.run()
			})
			slices.SortFunc(got, func(a, b *store.Entry) int {
				return slices.Index(order(want), a.Ref.UID) - slices.Index(order(want), b.Ref.UID)
			})
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%+v in any order, %d at a time: %v (-want +got):\n%s", q, most, err, diff)
			}
		}
	}
}

func order(list []*store.Entry) (uids []record.UID) {
	for _, e := range list {
		uids = append(uids, e.Ref.UID)
	}
	return uids
}

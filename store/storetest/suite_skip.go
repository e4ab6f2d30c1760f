package storetest

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// skips: a scan leaves out what it was told to skip and nothing else, asks only of whole bodies, and ends with the error it is given.
func skips(t *testing.T, s store.Store) {
	list := History(Config{Seed: 31, Clusters: []record.Cluster{"c"}, Writes: 15})
	fill(t, s, list, 100)
	scan := store.WindowScan{Kinds: []record.Kind{record.KindRevision, record.KindEnd}}
	all := must(collect(s.Window(t.Context(), scan)))(t)
	unwanted := func(body []byte) bool { return len(body)%2 == 0 }
	var asked [][]byte
	scan.Skip = func(body []byte) (bool, error) {
		asked = append(asked, bytes.Clone(body))
		return unwanted(body), nil
	}
	got := must(collect(s.Window(t.Context(), scan)))(t)
	var want []*record.Record
	n := 0
	for _, r := range all {
		if r.Revision != nil && n < len(asked) && bytes.Equal(asked[n], r.Revision.Body) {
			if r.Revision.Partial != record.Whole {
				t.Errorf("asked of a partial revision of %s", r.Ref.UID)
			}
			if n++; unwanted(r.Revision.Body) {
				continue
			}
		}
		want = append(want, r)
	}
	if n != len(asked) {
		t.Errorf("asked %d times, %d of them of bodies in order", len(asked), n)
	}
	same(t, "what is not skipped", want, got)
	enough := errors.New("enough")
	scan.Skip = func([]byte) (bool, error) { return false, enough }
	if _, err := collect(s.Window(t.Context(), scan)); len(asked) > 0 && !errors.Is(err, enough) {
		t.Errorf("the scan ended with %v", err)
	}
}

// excepts: a scan may leave out requests to the names that are excepted, and leaves out nothing else.
func excepts(t *testing.T, s store.Store) {
	list := History(Config{Seed: 33, Clusters: []record.Cluster{"c"}, Writes: 15})
	fill(t, s, list, 100)
	scan := store.WindowScan{Kinds: []record.Kind{record.KindRequest, record.KindKubeEvent}, Reads: true}
	all := must(collect(s.Window(t.Context(), scan)))(t)
	named := func(ref record.ObjectRef) record.ObjectRef {
		return record.ObjectRef{Group: ref.Group, Resource: ref.Resource, Namespace: ref.Namespace, Name: ref.Name}
	}
	excepted := map[record.ObjectRef]bool{}
	for _, r := range all {
		if r.Kind == record.KindRequest && r.Ref.Name != "" && len(r.Ref.Name)%2 == 0 {
			excepted[named(r.Ref)] = true
		}
	}
	if len(excepted) == 0 {
		t.Fatal("no name is excepted")
	}
	scan.Except = maps.Keys(excepted)
	isOther := func(r *record.Record) bool { return r.Kind == record.KindRequest && excepted[named(r.Ref)] }
	got := must(collect(s.Window(t.Context(), scan)))(t)
	same(t, "what is not excepted", slices.DeleteFunc(all, isOther), slices.DeleteFunc(got, isOther))
}

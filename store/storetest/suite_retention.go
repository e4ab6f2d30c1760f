package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// carryAll gives what a caller would carry: of every object that goes on living, the newest revision in the buckets.
func carryAll(t *testing.T, s store.Store, buckets []store.Bucket) (carry []store.Carried) {
	t.Helper()
	for _, e := range must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t) {
		var newest []*record.Record
		for _, b := range buckets {
			if b.Cluster != e.Ref.Cluster || b.Family != store.FamilyRevisions || b.Storage != e.Storage || (e.Ended && e.LastRV <= b.RVs.To) {
				continue
			}
			for _, r := range must(collect(s.Revisions(t.Context(), e.Key(), b.RVs)))(t) {
				if len(newest) > 0 && newest[0].Revision.RV < r.Revision.RV {
					newest = nil
				}
				newest = append(newest, r)
			}
		}
		if newest != nil {
			carry = append(carry, store.Carried{Key: e.Key(), Revision: newest, Blame: []byte("blame of " + e.Ref.UID), At: start.Add(2 * time.Hour)})
		}
	}
	return carry
}

func dropped(t *testing.T, s store.Store) {
	list := History(Config{Seed: 21, Clusters: []record.Cluster{"c", "other"}, Writes: 15})
	fill(t, s, list, 100)
	m := newModel(list)
	var goes []store.Bucket
	lowRV := map[record.Storage]record.ResourceVersion{}
	var lowTime time.Time
	seen := map[store.Family]int{}
	all := must(s.Buckets(t.Context()))(t)
	for _, b := range all {
		if b.Cluster != "c" || seen[b.Family] >= 3 || (b.Family == store.FamilyRevisions && b.Storage != "") {
			continue
		}
		seen[b.Family]++
		goes = append(goes, b)
		if b.Family == store.FamilyTimed {
			lowTime = b.Time.To
		} else {
			lowRV[b.Storage] = b.RVs.To + 1
		}
	}
	if len(goes) != 6 || len(all) <= 12 {
		t.Fatalf("buckets: %+v", all)
	}
	carry := carryAll(t, s, goes)
	if len(carry) == 0 {
		t.Fatal("nothing to carry")
	}
	if err := s.Drop(t.Context(), goes, carry); err != nil {
		t.Fatal(err)
	}
	kept := func(r *record.Record) bool {
		if r.Ref.Cluster != "c" {
			return true
		}
		switch r.Kind {
		case record.KindRequest, record.KindKubeEvent, record.KindSpan:
			return !r.OccurredAt.Before(lowTime)
		case record.KindRevision:
			return r.Revision.RV >= lowRV[record.StorageOf(r.Ref.GroupResource())]
		}
		return true
	}
	kinds := []record.Kind{record.KindRequest, record.KindRevision, record.KindKubeEvent, record.KindSpan}
	want := m.where(func(r *record.Record) bool { return slices.Contains(kinds, r.Kind) && kept(r) })
	got := must(collect(s.Window(t.Context(), store.WindowScan{Kinds: kinds, Reads: true})))(t)
	got = slices.DeleteFunc(got, func(r *record.Record) bool { return r.Provenance.Sources.Has(record.FromFloor) })
	same(t, "what is kept", sorted(want), sorted(got))
	checkFloor(t, s, carry)
	checkSpans(t, s, newModel(want))
	for _, b := range must(s.Buckets(t.Context()))(t) {
		if slices.ContainsFunc(goes, func(g store.Bucket) bool {
			return g.Cluster == b.Cluster && g.Family == b.Family && g.Time == b.Time && g.Storage == b.Storage && g.RVs == b.RVs
		}) {
			t.Errorf("still there: %+v", b)
		}
	}
	a := must(s.Append(t.Context(), list))(t)
	if a.Late == 0 || a.Late+a.Records != len(list) {
		t.Errorf("the same records again: %+v of %d", a, len(list))
	}
	again := must(collect(s.Window(t.Context(), store.WindowScan{Kinds: kinds, Reads: true})))(t)
	again = slices.DeleteFunc(again, func(r *record.Record) bool { return r.Provenance.Sources.Has(record.FromFloor) })
	same(t, "what is kept, after the late ones", sorted(want), sorted(again))
}

// checkSpans: spans are found by all that they are found by, and none that is gone is told of.
func checkSpans(t *testing.T, s store.Store, m *model) {
	t.Helper()
	for _, q := range spanScans(m) {
		same(t, "spans", byTime(sorted(m.where(func(r *record.Record) bool { return spanMatches(q, r) }))), byTime(sorted(must(collect(s.Spans(t.Context(), q)))(t))))
	}
}

func checkFloor(t *testing.T, s store.Store, carry []store.Carried) {
	t.Helper()
	for _, c := range carry {
		floor := must(s.Floor(t.Context(), c.Key))(t)
		want := c
		want.Revision = nil
		for _, r := range c.Revision {
			marked := *r
			marked.Provenance.Sources |= record.FromFloor
			want.Revision = append(want.Revision, &marked)
		}
		same(t, "floor", &want, floor)
		revisions := must(collect(s.Revisions(t.Context(), c.Key, store.RVRange{})))(t)
		if len(revisions) < len(want.Revision) {
			t.Fatalf("%v lost its floor", c.Key)
		}
		same(t, "first revisions", want.Revision, revisions[:len(want.Revision)])
		before := must(s.RevisionBefore(t.Context(), c.Key, c.Revision[0].Revision.RV))(t)
		same(t, "newest before", want.Revision, before)
		if _, err := s.Object(t.Context(), c.Key); err != nil {
			t.Errorf("the entry of a carried object: %v", err)
		}
	}
}

// droppedEnded: an object whose last bucket went, and that ended, is forgotten with its name; one that lives stays as long as the floor keeps it.
func droppedEnded(t *testing.T, s store.Store) {
	at := start
	add := func(uid record.UID, rv record.ResourceVersion, end record.ResourceVersion) {
		ref := record.ObjectRef{Cluster: "c", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "n", Name: "name-of-" + string(uid), UID: uid}
		list := []*record.Record{{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: rv, Body: []byte(`{}`)}}}
		if end != 0 {
			list = append(list, &record.Record{Kind: record.KindEnd, Ref: ref, End: &record.End{RV: end}},
				&record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: ref, Request: &record.Request{AuditID: string(uid), Verb: "delete", Code: 200, StageAt: at}})
		}
		fill(t, s, list, 10)
	}
	const far = 1 << 30
	add("lives", 10, 0)
	add("ended", 11, 12)
	add("goes on", 13, far+5)
	add("young", far+1, 0)
	buckets := must(s.Buckets(t.Context()))(t)
	goes := slices.DeleteFunc(slices.Clone(buckets), func(b store.Bucket) bool { return b.RVs.From > far/2 })
	carry := carryAll(t, s, goes)
	if len(carry) != 2 {
		t.Fatalf("carried %d objects, want those that live on", len(carry))
	}
	if err := s.Drop(t.Context(), goes, carry); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t) {
		left = append(left, string(e.Ref.UID))
	}
	slices.Sort(left)
	same(t, "objects left", []string{"goes on", "lives", "young"}, left)
	counted(t, s)
	if _, err := s.Object(t.Context(), store.ObjectKey{Cluster: "c", UID: "ended"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an ended object without buckets: %v", err)
	}
	rest := must(s.Buckets(t.Context()))(t)
	if err := s.Drop(t.Context(), rest, carryAll(t, s, rest)); err != nil {
		t.Fatal(err)
	}
	left = nil
	for _, e := range must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t) {
		left = append(left, string(e.Ref.UID))
	}
	slices.Sort(left)
	same(t, "objects left by three retentions", []string{"lives", "young"}, left)
	counted(t, s)
	revisions := must(collect(s.Revisions(t.Context(), store.ObjectKey{Cluster: "c", UID: "lives"}, store.RVRange{})))(t)
	if len(revisions) != 1 || revisions[0].Revision.RV != 10 {
		t.Errorf("what was written once has %d revisions", len(revisions))
	}
	if _, err := s.Floor(t.Context(), store.ObjectKey{Cluster: "c", UID: "goes on"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the floor of an object that ended: %v", err)
	}
}

func late(t *testing.T, s store.Store) {
	hour := store.TimeRange{From: start, To: start.Add(time.Hour)}
	req := func(at time.Time, c record.Cluster) *record.Record {
		return &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: record.ObjectRef{Cluster: c, Resource: "pods", Name: "p"}, Request: &record.Request{AuditID: "a", Verb: "get"}}
	}
	rev := func(rv record.ResourceVersion) *record.Record {
		return &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Kind: "Pod", Resource: "pods", Name: "p", UID: "u"}, Revision: &record.Revision{RV: rv}}
	}
	fill(t, s, []*record.Record{req(start, "c"), rev(5)}, 2)
	var goes []store.Bucket
	for _, b := range must(s.Buckets(t.Context()))(t) {
		if b.Family == store.FamilyRevisions || b.Time == hour {
			goes = append(goes, b)
		}
	}
	if len(goes) != 2 {
		t.Fatalf("buckets: %+v", goes)
	}
	if err := s.Drop(t.Context(), goes, nil); err != nil {
		t.Fatal(err)
	}
	low := goes[1].RVs.To
	for _, c := range []struct {
		name string
		r    *record.Record
		late int
	}{
		{"request below", req(start.Add(time.Hour-1), "c"), 1}, {"request at", req(start.Add(time.Hour), "c"), 0}, {"of another cluster", req(start, "d"), 0},
		{"revision below", rev(low), 1}, {"revision at", rev(low + 1), 0},
		{"end below", &record.Record{Kind: record.KindEnd, Ref: rev(1).Ref, End: &record.End{RV: 6}}, 1},
		{"end by an old request", &record.Record{Kind: record.KindEnd, Ref: rev(1).Ref, End: &record.End{Requests: []record.EndRequest{{At: start}}}}, 1},
		{"end at", &record.Record{Kind: record.KindEnd, Ref: rev(1).Ref, End: &record.End{RV: low + 9}}, 0},
	} {
		if a := must(s.Append(t.Context(), []*record.Record{c.r}))(t); a.Late != c.late || a.Records != 1-c.late {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

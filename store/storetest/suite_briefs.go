package storetest

import (
	"cmp"
	"errors"
	"slices"
	"testing"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// briefs: what is told of many objects at once is what single questions tell, in the order asked; before and after a drop.
func briefs(t *testing.T, s store.Store) {
	list := History(Config{Seed: 23, Clusters: []record.Cluster{"c"}, Writes: 15})
	fill(t, s, list, 100)
	checkBriefs(t, s)
	buckets := slices.DeleteFunc(must(s.Buckets(t.Context()))(t), func(b store.Bucket) bool { return b.Family != store.FamilyRevisions })
	slices.SortStableFunc(buckets, func(a, b store.Bucket) int { return cmp.Compare(a.RVs.From, b.RVs.From) })
	buckets = buckets[:len(buckets)/2]
	if err := s.Drop(t.Context(), buckets, carryAll(t, s, buckets)); err != nil {
		t.Fatal(err)
	}
	checkBriefs(t, s)
}

func checkBriefs(t *testing.T, s store.Store) {
	t.Helper()
	var asked []store.BriefAsk
	for _, e := range must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t) {
		asked = append(asked, store.BriefAsk{Key: e.Key()}, store.BriefAsk{Key: e.Key(), Count: 1000}, store.BriefAsk{Key: e.Key(), Count: 2},
			store.BriefAsk{Key: e.Key(), Last: true}, store.BriefAsk{Key: e.Key(), Count: 1000, Before: (e.FirstRV + e.LastRV) / 2})
	}
	asked = append(asked, store.BriefAsk{Key: store.ObjectKey{Cluster: "c", UID: "not-there"}, Count: 5, Last: true})
	slices.Reverse(asked)
	got := must(collect(s.Briefs(t.Context(), asked)))(t)
	if len(got) != len(asked) {
		t.Fatalf("%d briefs for %d questions", len(got), len(asked))
	}
	some := map[string]bool{}
	for i, q := range asked {
		want := briefByHand(t, s, q)
		same(t, "brief of "+string(q.Key.UID), want, got[i])
		some["count"] = some["count"] || want.Revisions > 2
		some["newest"] = some["newest"] || len(want.Newest) > 0
		some["end"] = some["end"] || want.End != nil
	}
	if len(some) != 3 || !some["count"] || !some["newest"] || !some["end"] {
		t.Errorf("nothing to tell: %v", some)
	}
}

func briefByHand(t *testing.T, s store.Store, q store.BriefAsk) (b store.Brief) {
	t.Helper()
	rvs := map[record.ResourceVersion]bool{}
	for _, r := range must(collect(s.Revisions(t.Context(), q.Key, store.RVRange{})))(t) {
		rvs[r.Revision.RV] = true
	}
	b.Revisions = min(len(rvs), q.Count)
	before := q.Before
	if q.Last {
		before = ^record.ResourceVersion(0)
		end, err := s.End(t.Context(), q.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		if b.End = end; end != nil && len(end.End.LastBody) > 0 {
			return b
		}
	}
	if before == 0 {
		return b
	}
	newest, err := s.RevisionBefore(t.Context(), q.Key, before)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	b.Newest = newest
	return b
}

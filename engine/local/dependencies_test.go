package local

import (
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// The links between kinds are those that Links tells of each object: here by who owns whom.
func TestDependencies(t *testing.T) {
	e := testEngine(t, "deployment")
	all := query.Window{From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	got, err := e.Dependencies(t.Context(), query.Dependencies{Window: all})
	if err != nil {
		t.Fatal(err)
	}
	if got.Cut != "" || got.Pending != "" {
		t.Errorf("cut %q, pending %q", got.Cut, got.Pending)
	}
	count := func(links []engine.Dependency, parent, child string) int {
		i := slices.IndexFunc(links, func(d engine.Dependency) bool { return d.Parent == parent && d.Child == child && d.Type == "owns" })
		if i < 0 {
			return 0
		}
		return links[i].Count
	}
	want := map[[2]string]int{}
	objects, err := e.Objects(t.Context(), query.Objects{Kind: "replicasets.apps,pods", Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects.Objects {
		links, err := e.Links(t.Context(), query.Links{Object: query.Object{Cluster: record.Cluster(o.Cluster), UID: record.UID(o.UID)}, Window: all, Types: []string{"owns"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range links.Links {
			if l.Child.UID == o.UID {
				want[[2]string{l.Parent.Resource, l.Child.Resource}]++
			}
		}
	}
	if want[[2]string{"deployments", "replicasets"}] == 0 || want[[2]string{"replicasets", "pods"}] == 0 {
		t.Fatalf("the recording has no owners: %v", want)
	}
	for pair, n := range want {
		if got := count(got.Links, pair[0], pair[1]); got != n {
			t.Errorf("%s own %s: %d, want %d", pair[0], pair[1], got, n)
		}
	}
	none, err := e.Dependencies(t.Context(), query.Dependencies{Window: query.Window{To: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}})
	if err != nil || len(none.Links) != 0 {
		t.Errorf("before the recording: %v %v", none, err)
	}
}

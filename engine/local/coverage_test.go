package local

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// write is an audited request of a level to a resource, or to a subresource of one ("pods/exec").
func write(resource string, level record.Level) *record.Record {
	resource, sub, _ := strings.Cut(resource, "/")
	gr := record.ParseGroupResource(resource)
	r := writes(1)[0]
	r.Ref.Group, r.Ref.Resource, r.Ref.Subresource = gr.Group, gr.Resource, sub
	r.Request.AuditID, r.Request.Level = fmt.Sprint(resource, sub, level), level
	return r
}

// TestSourcesCoverage: which resources coverage calls recorded at too low a level, not audited or not watched.
func TestSourcesCoverage(t *testing.T) {
	const low, high = record.LevelMetadata, record.LevelRequestResponse
	watch := func(resource string) *record.Record {
		r := watchRun("", "", 100, 300)
		gr := record.ParseGroupResource(resource)
		r.Ref.Group, r.Ref.Resource = gr.Group, gr.Resource
		return r
	}
	for _, c := range []struct {
		name string
		in   []*record.Record
		kind string
		want []string
	}{
		{"low", []*record.Record{write("pods", low), watch("pods")}, "", []string{"level pods"}},
		{"used through subresources", []*record.Record{write("pods", high), write("pods/exec", low), write("pods/attach", low), write("pods/portforward", low),
			write("pods/proxy", low), watch("pods")}, "", nil},
		{"tokens alone", []*record.Record{write("serviceaccounts/token", low), watch("pods"), write("pods", high)}, "", nil},
		{"tokens are no writes", []*record.Record{write("serviceaccounts/token", low), watch("serviceaccounts")}, "serviceaccounts", []string{"not-audited serviceaccounts"}},
		{"changed through subresources", []*record.Record{write("pods", high), write("pods/binding", low), watch("pods")}, "", []string{"level pods"}},
		{"Events: core watched, core audited", []*record.Record{watch("events"), write("events", high)}, "", nil},
		{"Events: core watched, both audited", []*record.Record{watch("events"), write("events", high), write("events.events.k8s.io", high)}, "", nil},
		{"Events: core watched, the other audited", []*record.Record{watch("events"), write("events.events.k8s.io", high)}, "", nil},
		{"Events: the other watched, core audited", []*record.Record{watch("events.events.k8s.io"), write("events", high)}, "", nil},
		{"Events by kind: core watched", []*record.Record{watch("events"), write("events", high)}, "events", nil},
		{"Events by kind: the other watched", []*record.Record{watch("events.events.k8s.io")}, "events", nil},
		{"Events by the other kind: core watched", []*record.Record{watch("events"), write("events.events.k8s.io", high)}, "events.events.k8s.io", nil},
		{"Events by kind: none watched", []*record.Record{watch("pods"), write("events.events.k8s.io", high)}, "events", []string{"not-watched events"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engineOver(t, openStore(t), c.in, 3)
			cov, err := e.Coverage(context.Background(), query.Coverage{Kind: c.kind})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range cov.Gaps {
				if slices.Contains([]string{"level", "not-audited", "not-watched"}, g.Reason) {
					got = append(got, strings.TrimSpace(g.Reason+" "+record.GroupResource{Group: g.Scope.Group, Resource: g.Scope.Resource}.String()))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSeenResources: coverage of whole clusters says of each resource how it was seen; that of one resource, and that beside other answers, does not.
func TestSeenResources(t *testing.T) {
	watched := watchRun("", "", 100, 300)
	watched.Ref.Group, watched.Ref.Resource = "apps", "deployments"
	in := []*record.Record{watched, write("deployments.apps", record.LevelRequestResponse), write("deployments.apps/status", record.LevelMetadata), write("pods", record.LevelMetadata)}
	ctx := context.Background()
	e := engineOver(t, openStore(t), in, 3)
	cov, err := e.Coverage(ctx, query.Coverage{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range cov.Resources {
		got = append(got, fmt.Sprintf("%s %s.%s watched %t audited %t %v", r.Cluster, r.Resource, r.Group, r.Watched, r.Audited, r.Levels))
	}
	cluster := string(in[0].Ref.Cluster)
	want := []string{
		cluster + " deployments.apps watched true audited true [Metadata RequestResponse]",
		cluster + " pods. watched false audited true [Metadata]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cov, err = e.Coverage(ctx, query.Coverage{Kind: "pods"}); err != nil || cov.Resources != nil {
		t.Errorf("of one resource: %v, %v", cov.Resources, err)
	}
	found, err := e.Objects(ctx, query.Objects{Kind: "deployments.apps"})
	if err != nil || found.Coverage == nil || found.Coverage.Resources != nil {
		t.Errorf("beside an answer: %+v, %v", found, err)
	}
}

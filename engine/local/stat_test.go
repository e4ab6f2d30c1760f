package local

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func TestRequestsCountOnce(t *testing.T) {
	stage := func(s record.Stage, code int) *record.Record {
		return &record.Record{Kind: record.KindRequest, Ref: record.ObjectRef{Resource: "pods"},
			Request: &record.Request{AuditID: "a", Stage: s, Verb: "watch", Code: code, Actor: record.Actor{User: "u"}}}
	}
	c := newCounter()
	c.add(stage(record.StageRequestReceived, 0), 1)
	c.add(stage(record.StageResponseStarted, 200), 1)
	c.add(stage(record.StageResponseComplete, 200), 1)
	c.add(stage(record.StageResponseStarted, 401), 1) // refused before it was authenticated: it has no later stage
	for _, table := range []string{"requests by verb", "requests by user", "requests by resource"} {
		for word, n := range c.tables[table] {
			if n.count != 2 {
				t.Errorf("%s: %s counts %d times, want 2", table, word, n.count)
			}
		}
	}
	if rate := c.errors[[2]string{"u", "pods"}]; rate == nil || rate.Total != 2 || rate.Failed != 1 {
		t.Errorf("error rate %+v, want 1 of 2", rate)
	}
	if n := c.tables["records"][record.KindRequest.String()].count; n != 4 {
		t.Errorf("%d request records, want 4", n)
	}
}

// TestStatAfterRename: what is told again of objects under their true resource counts nowhere.
func TestStatAfterRename(t *testing.T) {
	ctx := context.Background()
	state := func(group, kind, resource, name string, rv record.ResourceVersion, rest string) *record.Record {
		body := fmt.Sprintf(`{"kind":%q,"apiVersion":"%s/v1","metadata":{"name":%q,"uid":"uid-%s","resourceVersion":"%d"}%s}`, kind, group, name, name, rv, rest)
		return &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Group: group, Version: "v1", Kind: kind, Resource: resource, Name: name, UID: record.UID("uid-" + name)},
			Revision: &record.Revision{RV: rv, Body: []byte(body)}, Provenance: record.Provenance{Sources: record.FromWatch}}
	}
	gone := state("farm.example", "Ox", "oxes", "gone", 9, "")
	gone.Kind, gone.End, gone.Revision = record.KindEnd, &record.End{RV: 9, LastBody: gone.Revision.Body, Sources: record.FromWatch}, nil
	st := openStore(t)
	e := engineOver(t, st, []*record.Record{
		state("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "oxen.farm.example", 2,
			`,"spec":{"group":"farm.example","scope":"Cluster","names":{"kind":"Ox","plural":"oxen"},"versions":[{"name":"v1","served":true}]}`),
		state("farm.example", "Ox", "oxes", "bob", 5, ""), state("farm.example", "Ox", "oxes", "bob", 7, ""), gone,
	}, 3)
	count := func() *engine.Stat {
		s, err := e.Stat(ctx, query.Stat{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := count()
	if err := index.LearnNames(ctx, st, "c"); err != nil {
		t.Fatal(err)
	}
	after := count()
	for _, n := range after.Tables {
		if n.Name == "revisions by resource" && (len(n.Rows) != 2 || n.Rows[0].Name != "oxen.farm.example" || n.Rows[0].Count != 2) {
			t.Errorf("%+v, want 2 of oxen.farm.example", n.Rows)
		}
	}
	counts := func(list []engine.Count) map[string]int64 {
		out := map[string]int64{}
		for _, n := range list {
			out[n.Name] = n.Count
		}
		return out
	}
	if diff := cmp.Diff(counts(before.Records), counts(after.Records)); diff != "" {
		t.Errorf("records (-before +after):\n%s", diff)
	}
}

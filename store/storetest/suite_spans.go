package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// spans: found by the objects they name, by audit ID and by trace, in order, once.
func spans(t *testing.T, s store.Store) {
	list := History(Config{Seed: 17, Clusters: []record.Cluster{"c"}})
	fill(t, s, list, 100)
	m := newModel(list)
	scans := spanScans(m)
	found := map[string]int{}
	for _, q := range scans {
		for _, between := range []store.TimeRange{{}, {From: start.Add(time.Hour), To: start.Add(2*time.Hour + time.Minute)}} {
			q.Between = between
			want := m.where(func(r *record.Record) bool { return spanMatches(q, r) && between.Contains(r.OccurredAt) })
			got := must(collect(s.Spans(t.Context(), q)))(t)
			if !slices.IsSortedFunc(got, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) }) {
				t.Errorf("%+v: not in order", q)
			}
			same(t, "spans", byTime(sorted(want)), byTime(sorted(got)))
			switch {
			case len(q.AuditIDs) > 0:
				found["audit ID"] += len(got)
			case q.Name == "":
				found["trace"] += len(got)
			case q.Resource.Resource == "nodes":
				found["further name"] += len(got)
			default:
				found["name"] += len(got)
			}
		}
	}
	for _, by := range []string{"audit ID", "trace", "further name", "name"} {
		if found[by] == 0 {
			t.Errorf("nothing found by %s", by)
		}
	}
	if got := must(collect(s.Spans(t.Context(), store.SpanScan{Cluster: "c"})))(t); len(got) > 0 {
		t.Errorf("asked for nothing, %d spans came", len(got))
	}
	if got := must(collect(s.Spans(t.Context(), store.SpanScan{Cluster: "other", AuditIDs: scans[0].AuditIDs, TraceIDs: scans[0].TraceIDs, Resource: scans[0].Resource, Namespace: scans[0].Namespace, Name: scans[0].Name})))(t); len(got) > 0 {
		t.Errorf("another cluster has %d spans", len(got))
	}
}

// spanScans lists all by which spans can be found.
func spanScans(m *model) (out []store.SpanScan) {
	seen := map[string]bool{}
	add := func(q store.SpanScan) {
		if key := fmt.Sprint(q); !seen[key] {
			seen[key] = true
			out = append(out, q)
		}
	}
	var last string
	for _, r := range m.facts {
		if r.Kind != record.KindSpan {
			continue
		}
		for _, ref := range append([]record.ObjectRef{r.Ref}, r.Span.Also...) {
			if ref.Name != "" {
				add(store.SpanScan{Cluster: r.Ref.Cluster, Resource: ref.GroupResource(), Namespace: ref.Namespace, Name: ref.Name})
			}
		}
		if r.Span.AuditID != "" {
			add(store.SpanScan{Cluster: r.Ref.Cluster, AuditIDs: []string{r.Span.AuditID, last, "none"}})
			last = r.Span.AuditID
		}
		add(store.SpanScan{Cluster: r.Ref.Cluster, TraceIDs: []record.TraceID{r.Span.TraceID, {}, {9}}})
	}
	return out
}

func spanMatches(q store.SpanScan, r *record.Record) bool {
	if r.Kind != record.KindSpan || r.Ref.Cluster != q.Cluster {
		return false
	}
	switch {
	case len(q.AuditIDs) > 0:
		return r.Span.AuditID != "" && slices.Contains(q.AuditIDs, r.Span.AuditID)
	case q.Name == "":
		return slices.Contains(q.TraceIDs, r.Span.TraceID) && r.Span.TraceID != record.TraceID{}
	}
	return slices.ContainsFunc(append([]record.ObjectRef{r.Ref}, r.Span.Also...), func(ref record.ObjectRef) bool {
		return ref.GroupResource() == q.Resource && ref.Namespace == q.Namespace && ref.Name == q.Name
	})
}

// pushedAgain: a key that is pushed again for another time or another object is the fact that it was at its earliest, whatever came first.
func pushedAgain(t *testing.T, s store.Store) {
	web := record.ObjectRef{Cluster: "c", Group: "apps", Resource: "deployments", Namespace: "shop", Name: "web"}
	other := web
	other.Name = "other"
	push := func(ref record.ObjectRef, source, key string, at time.Time) *record.Record {
		return &record.Record{Kind: record.KindSpan, OccurredAt: at, Ref: ref, Provenance: record.Provenance{ReceivedAt: start, Sources: record.FromPush},
			Span: &record.Span{Form: record.FormPushed, Service: source, Key: key, Name: "deployed"}}
	}
	for _, r := range []*record.Record{
		push(web, "ci", "run 7", start.Add(5*time.Hour)), push(web, "ci", "run 7", start.Add(time.Hour)), push(other, "ci", "run 7", start.Add(2*time.Hour)),
		push(web, "ci", "run 7", start.Add(time.Hour+time.Second)), push(web, "ci", "run 8", start.Add(5*time.Hour)), push(web, "cd", "run 7", start.Add(5*time.Hour)),
		push(web, "ci", "run 7", start.Add(time.Hour)),
	} {
		must(s.Append(t.Context(), []*record.Record{r}))(t)
	}
	want := []string{"run 7 of ci after 1h0m0s", "run 7 of cd after 5h0m0s", "run 8 of ci after 5h0m0s"}
	told := func(list []*record.Record) (out []string) {
		for _, r := range list {
			out = append(out, fmt.Sprintf("%s of %s after %s", r.Span.Key, r.Span.Service, r.OccurredAt.Sub(start)))
		}
		slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(a[len(a)-6:], b[len(b)-6:]), cmp.Compare(a, b)) })
		return out
	}
	for what, got := range map[string][]*record.Record{
		"of the object": must(collect(s.Spans(t.Context(), store.SpanScan{Cluster: "c", Resource: web.GroupResource(), Namespace: "shop", Name: "web"})))(t),
		"in the window": must(collect(s.Window(t.Context(), store.WindowScan{Cluster: "c", Kinds: []record.Kind{record.KindSpan}})))(t),
	} {
		if diff := gocmp.Diff(want, told(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if got := must(collect(s.Spans(t.Context(), store.SpanScan{Cluster: "c", Resource: web.GroupResource(), Namespace: "shop", Name: "other"})))(t); len(got) > 0 {
		t.Errorf("the repeat for another object is told: %v", told(got))
	}
}

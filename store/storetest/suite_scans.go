package storetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

func windows(t *testing.T, s store.Store) {
	list := History(Config{Seed: 11})
	fill(t, s, list, 100)
	m := newModel(list)
	between := store.TimeRange{From: start.Add(70 * time.Minute), To: start.Add(190 * time.Minute)}
	gap := func(r *record.Record) bool {
		return (r.OccurredAt.IsZero() || r.OccurredAt.Before(between.To)) && (r.Gap.Until.IsZero() || !r.Gap.Until.Before(between.From))
	}
	inTime := func(r *record.Record) bool {
		switch r.Kind {
		case record.KindRequest, record.KindKubeEvent, record.KindSpan:
			return between.Contains(r.OccurredAt)
		case record.KindGap:
			return gap(r)
		}
		return true
	}
	pods := record.GroupResource{Resource: "pods"}
	for _, c := range []struct {
		name string
		scan store.WindowScan
		keep func(r *record.Record) bool
	}{
		{"one cluster", store.WindowScan{Cluster: "prod", Kinds: Kinds(), Reads: true}, func(r *record.Record) bool { return r.Ref.Cluster == "prod" }},
		{"no reads", store.WindowScan{Kinds: Kinds()}, func(r *record.Record) bool { return r.Kind != record.KindRequest || !r.Request.IsRead() }},
		{"time", store.WindowScan{Kinds: Kinds(), Reads: true, Between: between}, inTime},
		{"kinds", store.WindowScan{Kinds: []record.Kind{record.KindEnd, record.KindGap}}, func(r *record.Record) bool {
			return r.Kind == record.KindEnd || r.Kind == record.KindGap
		}},
		{"requests of a resource", store.WindowScan{Kinds: []record.Kind{record.KindRequest}, Reads: true, Resource: &pods}, func(r *record.Record) bool {
			return r.Kind == record.KindRequest && r.Ref.GroupResource() == pods
		}},
		{"requests in a namespace", store.WindowScan{Kinds: []record.Kind{record.KindRequest}, Reads: true, Namespace: "team-1"}, func(r *record.Record) bool {
			return r.Kind == record.KindRequest && r.Ref.Namespace == "team-1"
		}},
		{"spans of a resource", store.WindowScan{Kinds: []record.Kind{record.KindSpan}, Resource: &pods, Namespace: "team-1", Between: between}, func(r *record.Record) bool {
			return r.Kind == record.KindSpan && r.Ref.GroupResource() == pods && r.Ref.Namespace == "team-1" && between.Contains(r.OccurredAt)
		}},
		{"revisions of a name", store.WindowScan{Kinds: []record.Kind{record.KindRevision, record.KindEnd}, Resource: &pods, Namespace: "team-1"}, func(r *record.Record) bool {
			return (r.Kind == record.KindRevision || r.Kind == record.KindEnd) && r.Ref.Group == "" && (r.Ref.Kind == "Pod" || r.Ref.Resource == "pods") && r.Ref.Namespace == "team-1"
		}},
		{"resourceVersions", store.WindowScan{Kinds: []record.Kind{record.KindRevision}, Revisions: map[record.Storage]store.RVRange{record.MainStorage: {From: 70_000, To: 300_000}}},
			func(r *record.Record) bool {
				return r.Kind == record.KindRevision && (record.StorageOf(r.Ref.GroupResource()) != record.MainStorage || (r.Revision.RV >= 70_000 && r.Revision.RV <= 300_000))
			}},
		{"one storage", store.WindowScan{Kinds: []record.Kind{record.KindRevision}, OnlyNamed: true, Revisions: map[record.Storage]store.RVRange{"metrics.k8s.io": {}}},
			func(r *record.Record) bool {
				return r.Kind == record.KindRevision && record.StorageOf(r.Ref.GroupResource()) == "metrics.k8s.io"
			}},
	} {
		got := must(collect(s.Window(t.Context(), c.scan)))(t)
		want := m.where(c.keep)
		if len(want) == 0 {
			t.Errorf("%s: nothing to find", c.name)
		}
		same(t, c.name, sorted(want), sorted(got))
		again := must(collect(s.Window(t.Context(), c.scan)))(t)
		same(t, c.name+" again", got, again)
	}
	heads := must(collect(s.Window(t.Context(), store.WindowScan{Kinds: Kinds(), Reads: true, HeadsOnly: true})))(t)
	if len(heads) != len(m.all()) {
		t.Errorf("%d heads of %d records", len(heads), len(m.all()))
	}
	for _, r := range heads {
		if r.Revision != nil && len(r.Revision.Body) > 0 || r.End != nil && len(r.End.LastBody) > 0 {
			t.Fatal("heads have bodies")
		}
	}
}

func byTime(list []*record.Record) []*record.Record {
	slices.SortStableFunc(list, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) })
	return list
}

func requests(t *testing.T, s store.Store) {
	list := History(Config{Seed: 12, Clusters: []record.Cluster{"c"}})
	fill(t, s, list, 100)
	m := newModel(list)
	names := map[store.RequestScan]bool{}
	for _, r := range m.facts {
		if r.Kind == record.KindRequest {
			names[store.RequestScan{Cluster: "c", Resource: r.Ref.GroupResource(), Namespace: r.Ref.Namespace, Name: r.Ref.Name}] = true
		}
	}
	for q := range names {
		for _, reads := range []bool{false, true} {
			for _, between := range []store.TimeRange{{}, {From: start.Add(time.Hour + time.Minute), To: start.Add(4 * time.Hour)}} {
				q.Reads, q.Between = reads, between
				want := m.where(func(r *record.Record) bool {
					return r.Kind == record.KindRequest && r.Ref.GroupResource() == q.Resource && r.Ref.Namespace == q.Namespace && r.Ref.Name == q.Name &&
						(reads || !r.Request.IsRead()) && between.Contains(r.OccurredAt)
				})
				got := must(collect(s.Requests(t.Context(), q)))(t)
				if !slices.IsSortedFunc(got, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) }) {
					t.Error("requests are not in order")
				}
				same(t, "requests", sorted(want), sorted(got))
			}
		}
	}
}

func events(t *testing.T, s store.Store) {
	list := History(Config{Seed: 13, Clusters: []record.Cluster{"c"}})
	fill(t, s, list, 100)
	m := newModel(list)
	names := map[store.EventScan]bool{}
	for _, r := range m.facts {
		if r.Kind == record.KindKubeEvent {
			about := r.KubeEvent.Regarding
			names[store.EventScan{Cluster: "c", Kind: about.Kind, Namespace: about.Namespace, Name: about.Name}] = true
		}
	}
	if len(names) == 0 {
		t.Fatal("nothing to find")
	}
	for q := range names {
		for _, between := range []store.TimeRange{{}, {From: start.Add(time.Hour), To: start.Add(2*time.Hour + time.Minute)}} {
			q.Between = between
			want := m.where(func(r *record.Record) bool {
				return r.Kind == record.KindKubeEvent && r.KubeEvent.Regarding.Kind == q.Kind && r.KubeEvent.Regarding.Namespace == q.Namespace &&
					r.KubeEvent.Regarding.Name == q.Name && between.Contains(r.OccurredAt)
			})
			same(t, "events", byTime(sorted(want)), byTime(sorted(must(collect(s.Events(t.Context(), q)))(t))))
		}
	}
}

// pins: all that made their resourceVersion; of the others at least the earliest of each resourceVersion, and nothing that no request told.
func pins(t *testing.T, s store.Store) {
	list := History(Config{Seed: 14, Clusters: []record.Cluster{"c"}})
	fill(t, s, list, 100)
	told := map[record.Storage][]record.Pin{}
	for _, r := range newModel(list).facts {
		if p, storage, ok := record.PinOf(r); ok {
			told[storage] = append(told[storage], p)
		}
	}
	for storage, all := range told {
		up := must(collect(s.Pins(t.Context(), "c", storage, store.RVRange{})))(t)
		if !slices.IsSortedFunc(up, func(a, b record.Pin) int { return cmp.Or(cmp.Compare(a.RV, b.RV), a.Before.Compare(b.Before)) }) {
			t.Error("pins are not in order")
		}
		earliest := map[record.ResourceVersion]record.Pin{}
		for _, p := range all {
			if p.Made && !slices.Contains(up, p) {
				t.Errorf("lost %+v", p)
			}
			if have, ok := earliest[p.RV]; !ok || p.Before.Before(have.Before) {
				earliest[p.RV] = p
			}
		}
		for rv, p := range earliest {
			if !slices.ContainsFunc(up, func(q record.Pin) bool { return q.RV == rv && !q.Before.After(p.Before) }) {
				t.Errorf("lost the earliest bound %+v", p)
			}
		}
		for _, p := range up {
			if !slices.Contains(all, p) {
				t.Errorf("nobody told %+v", p)
			}
		}
		down := must(collect(s.PinsDown(t.Context(), "c", storage, store.RVRange{})))(t)
		slices.Reverse(down)
		same(t, "pins down", up, down)
		within := store.RVRange{From: up[len(up)/3].RV, To: up[2*len(up)/3].RV}
		want := slices.DeleteFunc(slices.Clone(up), func(p record.Pin) bool { return p.RV < within.From || p.RV > within.To })
		same(t, "pins in a range", want, must(collect(s.Pins(t.Context(), "c", storage, within)))(t))
		slices.Reverse(want)
		same(t, "pins down in a range", want, must(collect(s.PinsDown(t.Context(), "c", storage, within)))(t))
	}
}

func facts(t *testing.T, s store.Store) {
	list := History(Config{Seed: 15, Clusters: []record.Cluster{"c"}})
	list = append(list, throughSubresources(list)...)
	fill(t, s, list, 100)
	m := newModel(list)
	of := func(k record.Kind) []*record.Record {
		return sorted(m.where(func(r *record.Record) bool { return r.Kind == k }))
	}
	same(t, "gaps", of(record.KindGap), sorted(must(collect(s.Gaps(t.Context(), "c", store.TimeRange{})))(t)))
	if got := must(collect(s.Gaps(t.Context(), "c", store.TimeRange{From: start.Add(3 * time.Hour)})))(t); len(got) != 1 || !got[0].Gap.Until.IsZero() {
		t.Errorf("%d gaps after the bounded ones, want the unbounded one", len(got))
	}
	progress := must(collect(s.Progress(t.Context(), "c")))(t)
	same(t, "progress", of(record.KindProgress), sorted(progress))
	if !slices.IsSortedFunc(progress, func(a, b *record.Record) int {
		return cmp.Or(cmp.Compare(record.StorageOf(a.Ref.GroupResource()), record.StorageOf(b.Ref.GroupResource())),
			cmp.Compare(a.Ref.Group, b.Ref.Group), cmp.Compare(a.Ref.Resource, b.Ref.Resource), cmp.Compare(a.Progress.RV, b.Progress.RV))
	}) {
		t.Error("progress is not in order")
	}
	type mark struct {
		gr    record.GroupResource
		write bool
		hour  time.Time
	}
	want := map[mark]map[record.Level]bool{}
	cut := map[mark]bool{}
	for _, r := range of(record.KindRequest) {
		k := mark{r.Ref.GroupResource(), mayChange(r), r.OccurredAt.Truncate(time.Hour)}
		if want[k] == nil {
			want[k] = map[record.Level]bool{}
		}
		want[k][r.Request.Level] = true
		cut[k] = cut[k] || r.Request.Flags.Has(record.FlagTruncated)
	}
	seen := must(collect(s.Seen(t.Context(), "c", store.TimeRange{})))(t)
	if len(seen) != len(want) {
		t.Errorf("%d marks, want %d", len(seen), len(want))
	}
	for _, m := range seen {
		k := mark{m.Resource, m.Write, m.Hour}
		if len(m.Levels) != len(want[k]) || m.Truncated != cut[k] {
			t.Errorf("%+v, want %v, truncated %v", m, want[k], cut[k])
		}
	}
	some := must(collect(s.Seen(t.Context(), "c", store.TimeRange{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)})))(t)
	for _, m := range some {
		if !m.Hour.Equal(start.Add(time.Hour)) {
			t.Errorf("mark of %v outside the window", m.Hour)
		}
	}
	if len(some) == 0 {
		t.Error("no marks in the window")
	}
}

// throughSubresources are requests to subresources of one resource, at a level at which no other of its requests was recorded.
func throughSubresources(list []*record.Record) (out []*record.Record) {
	i := slices.IndexFunc(list, func(r *record.Record) bool { return r.Kind == record.KindRequest && !r.Request.IsRead() })
	for _, sub := range []string{"token", "exec", "attach", "portforward", "log", "proxy", "proxy/healthz", "binding", "eviction", "status", "scale"} {
		r, q := *list[i], *list[i].Request
		r.Ref.Resource, r.Ref.Subresource, r.Request = "subs", sub, &q
		q.AuditID, q.Verb, q.Level = "through "+sub, "create", record.LevelMetadata
		if !mayChange(&r) {
			q.Level = record.LevelNone
		}
		out = append(out, &r)
	}
	return out
}

// mayChange tells by itself what record.MayChange does.
func mayChange(r *record.Record) bool {
	sub, _, _ := strings.Cut(r.Ref.Subresource, "/")
	return !r.Request.IsRead() && !slices.Contains([]string{"token", "exec", "attach", "portforward", "log", "proxy"}, sub)
}

func meta(t *testing.T, s store.Store) {
	ctx := t.Context()
	set := func(k string, v []byte) {
		t.Helper()
		if err := s.SetMeta(ctx, k, v); err != nil {
			t.Fatal(err)
		}
	}
	set("a", []byte("1"))
	set("ab", []byte{})
	same(t, "meta", []byte("1"), must(s.Meta(ctx, "a"))(t))
	if v := must(s.Meta(ctx, "ab"))(t); v == nil || len(v) != 0 {
		t.Errorf("an empty value came back as %v", v)
	}
	set("a", nil)
	if v := must(s.Meta(ctx, "a"))(t); v != nil {
		t.Errorf("a removed value came back as %q", v)
	}
	kv := func(k, v string) store.KeyValue { return store.KeyValue{Key: []byte(k), Value: []byte(v)} }
	for name, change := range map[string][]store.KeyValue{"x": {kv("b", "2"), kv("a", "1"), kv("ac", "3")}, "x\x00": {kv("a", "other")}, "xy": {kv("a", "else")}} {
		if err := s.SetDerived(ctx, name, change); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "derived", []store.KeyValue{kv("a", "1"), kv("ac", "3"), kv("b", "2")}, must(collect(s.Derived(ctx, "x", nil)))(t))
	same(t, "derived below a prefix", []store.KeyValue{kv("a", "1"), kv("ac", "3")}, must(collect(s.Derived(ctx, "x", []byte("a"))))(t))
	if err := s.SetDerived(ctx, "x", []store.KeyValue{{Key: []byte("a")}, kv("b", "4")}); err != nil {
		t.Fatal(err)
	}
	same(t, "derived after a change", []store.KeyValue{kv("ac", "3"), kv("b", "4")}, must(collect(s.Derived(ctx, "x", nil)))(t))
}

func clusters(t *testing.T, s store.Store) {
	list := History(Config{Seed: 16, Clusters: []record.Cluster{"b", "a\x00", "a"}})
	fill(t, s, list, 100)
	m := newModel(list)
	got := must(s.Clusters(t.Context()))(t)
	if len(got) != 3 || got[0].Name != "a" || got[1].Name != "a\x00" || got[2].Name != "b" {
		t.Fatalf("clusters: %+v", got)
	}
	for _, c := range got {
		var first, last time.Time
		for _, r := range m.facts {
			if r.Ref.Cluster != c.Name || (r.Kind != record.KindRequest && r.Kind != record.KindKubeEvent && r.Kind != record.KindSpan) {
				continue
			}
			if r.Kind != record.KindSpan && (first.IsZero() || r.OccurredAt.Before(first)) {
				first = r.OccurredAt
			}
			if r.OccurredAt.After(last) {
				last = r.OccurredAt
			}
		}
		if !c.First.Equal(first) || !c.Last.Equal(last) {
			t.Errorf("%s: from %v to %v, want %v to %v", c.Name, c.First, c.Last, first, last)
		}
		same(t, "storages", []record.Storage{"", "metrics.k8s.io"}, c.Storages)
		if len(c.Incarnations) != 1 {
			t.Errorf("%d incarnations", len(c.Incarnations))
		}
	}
}

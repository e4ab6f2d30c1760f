package storetest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Run checks a driver. open gives a new, empty store; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"Empty", empty}, {"Records", records}, {"Catalogue", catalogue}, {"Entry", entries}, {"Variants", variants}, {"Ranges", ranges},
		{"Window", windows}, {"Requests", requests}, {"Events", events}, {"Spans", spans}, {"PushedAgain", pushedAgain}, {"Pins", pins}, {"Facts", facts}, {"Meta", meta}, {"Clusters", clusters},
		{"Snapshot", snapshot}, {"Cancel", cancelled}, {"Concurrent", concurrent}, {"Drop", dropped}, {"DropEnded", droppedEnded}, {"Late", late},
		{"Briefs", briefs}, {"Skip", skips}, {"Except", excepts}, {"Seal", sealed}, {"Closed", closed}, {"Refuses", refuses},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			c.run(t, s)
		})
	}
	t.Run("Order", func(t *testing.T) { order(t, open) })
}

// Fill appends in batches of n.
func Fill(ctx context.Context, s store.Store, list []*record.Record, n int) error {
	for batch := range slices.Chunk(list, n) {
		if _, err := s.Append(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func fill(t *testing.T, s store.Store, list []*record.Record, n int) {
	t.Helper()
	if err := Fill(t.Context(), s, list, n); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // go-cmp takes seconds on thousands of records
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%.3000s", what, diff)
	}
}

func empty(t *testing.T, s store.Store) {
	ctx := t.Context()
	key := store.ObjectKey{Cluster: "c", UID: "u"}
	_, e1 := s.Object(ctx, key)
	_, e2 := s.RevisionBefore(ctx, key, 5)
	_, e3 := s.End(ctx, key)
	_, e4 := s.Floor(ctx, key)
	_, e5 := s.Request(ctx, "c", record.ID{}, time.Time{})
	for i, err := range []error{e1, e2, e3, e4, e5} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("question %d: got %v", i, err)
		}
	}
	if lines := must(Dump(ctx, s))(t); len(lines) > 0 {
		t.Errorf("an empty store tells %q", lines)
	}
	if buckets := must(s.Buckets(ctx))(t); len(buckets) > 0 {
		t.Errorf("an empty store has buckets %v", buckets)
	}
	if a := must(s.Append(ctx, nil))(t); a != (store.Appended{}) {
		t.Errorf("an empty batch gave %+v", a)
	}
}

// records: everything that was appended comes back whole, merged, once.
func records(t *testing.T, s store.Store) {
	list := History(Config{Seed: 1})
	fill(t, s, list, 100)
	m := newModel(list)
	got := must(collect(s.Window(t.Context(), store.WindowScan{Kinds: Kinds(), Reads: true})))(t)
	same(t, "window over all", sorted(m.all()), sorted(got))
	for _, key := range m.objects() {
		same(t, "revisions of "+string(key.UID), m.revisionsOf(key, store.RVRange{}), must(collect(s.Revisions(t.Context(), key, store.RVRange{})))(t))
	}
	for _, r := range m.facts {
		key := store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}
		switch r.Kind {
		case record.KindEnd:
			same(t, "end", r, must(s.End(t.Context(), key))(t))
		case record.KindRequest:
			same(t, "request by ID and time", r, must(s.Request(t.Context(), r.Ref.Cluster, r.ID(), r.OccurredAt))(t))
		}
	}
	some := m.facts[0]
	if some.Kind == record.KindRequest {
		same(t, "request by ID", some, must(s.Request(t.Context(), some.Ref.Cluster, some.ID(), time.Time{}))(t))
	}
}

// order: the same facts give the same store in any order, any batches, delivered twice.
func order(t *testing.T, open func(t *testing.T) store.Store) {
	list := History(Config{Seed: 2, Objects: 25})
	var want []string
	for i, way := range []struct {
		shuffle, twice bool
		batch          int
		seal           bool
	}{{batch: 1000}, {shuffle: true, batch: 7}, {shuffle: true, twice: true, batch: 64}, {twice: true, batch: 1 << 20}, {shuffle: true, batch: 50, seal: true}} {
		in := slices.Clone(list)
		if way.twice {
			in = append(in, list...)
		}
		if way.shuffle {
			rnd := rand.New(rand.NewPCG(uint64(i), 3))
			rnd.Shuffle(len(in), func(a, b int) { in[a], in[b] = in[b], in[a] })
		}
		s := open(t)
		fill(t, s, in, way.batch)
		if way.seal {
			if err := s.Seal(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		got := must(Dump(t.Context(), s))(t)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if slices.Equal(want, got) {
			continue
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v tells otherwise (-want +got):\n%.3000s", way, diff)
		}
	}
}

// counted holds what a driver counts against what it lists.
func counted(t *testing.T, s store.Store) {
	t.Helper()
	census, ok := s.(store.Census)
	if !ok {
		return
	}
	for _, c := range append(must(s.Clusters(t.Context()))(t), store.ClusterInfo{Name: "never seen"}) {
		want := len(must(collect(s.Objects(t.Context(), store.ObjectScan{Cluster: c.Name})))(t))
		if got := must(census.CountObjects(t.Context(), c.Name))(t); got != want {
			t.Errorf("cluster %s: %d objects are counted, %d are listed", c.Name, got, want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := census.CountObjects(ended, "prod"); !errors.Is(err, context.Canceled) {
		t.Errorf("counted for nobody: %v", err)
	}
}

func catalogue(t *testing.T, s store.Store) {
	list := History(Config{Seed: 3})
	for i, group := range []string{"", "events.k8s.io"} {
		ref := record.ObjectRef{Cluster: "prod", Group: group, Version: "v1", Resource: "events", Namespace: "team-1", Name: "event-1." + group, UID: record.UID("event-in-" + group)}
		list = append(list, &record.Record{Kind: record.KindRequest, OccurredAt: start, Ref: ref, Request: &record.Request{AuditID: "event-in-" + group, Verb: "create", Code: 201,
			StageAt: start, Answer: record.BodyObject, AnswerUID: ref.UID, AnswerRV: record.ResourceVersion(10 + i), URI: "/events"}})
	}
	fill(t, s, list, 200)
	m := newModel(list)
	all := must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t)
	var want []store.ObjectKey
	known := map[store.ObjectKey]bool{}
	for _, e := range all {
		known[e.Key()] = true
	}
	for _, key := range m.objects() {
		if !known[key] {
			want = append(want, key)
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the catalogue: %v", want)
	}
	if !slices.IsSortedFunc(all, entryOrder) {
		t.Error("entries are not in order")
	}
	counted(t, s)
	check := func(what string, q store.ObjectScan, keep func(*store.Entry) bool) {
		t.Helper()
		var want []*store.Entry
		for _, e := range all {
			if keep(e) {
				want = append(want, e)
			}
		}
		same(t, what, want, must(collect(s.Objects(t.Context(), q)))(t))
		q.AnyOrder = true
		got := must(collect(s.Objects(t.Context(), q)))(t)
		same(t, what+", asked again in any order", got, must(collect(s.Objects(t.Context(), q)))(t))
		slices.SortStableFunc(got, entryOrder)
		same(t, what+", in any order", want, got)
	}
	pick := all[len(all)/2]
	gr := pick.Ref.GroupResource()
	check("everything", store.ObjectScan{}, func(*store.Entry) bool { return true })
	check("namespace", store.ObjectScan{Namespace: "team-1"}, func(e *store.Entry) bool { return e.Ref.Namespace == "team-1" })
	check("cluster", store.ObjectScan{Cluster: "prod"}, func(e *store.Entry) bool { return e.Ref.Cluster == "prod" })
	check("resource", store.ObjectScan{Resource: &gr}, func(e *store.Entry) bool { return e.Ref.GroupResource() == gr })
	check("name", store.ObjectScan{Name: pick.Ref.Name}, func(e *store.Entry) bool { return e.Ref.Name == pick.Ref.Name })
	check("resource and name", store.ObjectScan{Resource: &gr, Name: pick.Ref.Name}, func(e *store.Entry) bool {
		return e.Ref.GroupResource() == gr && e.Ref.Name == pick.Ref.Name
	})
	check("all of it", store.ObjectScan{Cluster: pick.Ref.Cluster, Resource: &gr, Namespace: pick.Ref.Namespace, Name: pick.Ref.Name}, func(e *store.Entry) bool {
		return e.Ref.Cluster == pick.Ref.Cluster && e.Ref.GroupResource() == gr && e.Ref.Namespace == pick.Ref.Namespace && e.Ref.Name == pick.Ref.Name
	})
	check("prefix", store.ObjectScan{Resource: &gr, Namespace: "team-1", NamePrefix: pick.Ref.Name[:4]}, func(e *store.Entry) bool {
		return e.Ref.GroupResource() == gr && e.Ref.Namespace == "team-1" && len(e.Ref.Name) > 3 && e.Ref.Name[:4] == pick.Ref.Name[:4]
	})
	check("uid", store.ObjectScan{UID: pick.Ref.UID}, func(e *store.Entry) bool { return e.Ref.UID == pick.Ref.UID })
	event := func(e *store.Entry) bool { return e.Ref.GroupResource().IsEvents() }
	if !slices.ContainsFunc(all, event) {
		t.Error("no Event has an entry")
	}
	check("no Events", store.ObjectScan{NoEvents: true}, func(e *store.Entry) bool { return !event(e) })
	check("no Events of a name", store.ObjectScan{NamePrefix: "e", NoEvents: true}, func(e *store.Entry) bool { return e.Ref.Name[0] == 'e' && !event(e) })
	foo := store.ObjectScan{Resource: &record.GroupResource{Group: "example.org", Resource: "foos"}}
	if got := must(collect(s.Objects(t.Context(), foo)))(t); len(got) > 0 {
		t.Errorf("objects stand under the guessed resource %q too: %d", "foos", len(got))
	}
}

func entryOrder(a, b *store.Entry) int {
	return cmp.Or(cmp.Compare(a.Ref.Cluster, b.Ref.Cluster), cmp.Compare(a.Ref.Group, b.Ref.Group), cmp.Compare(a.Ref.Resource, b.Ref.Resource),
		cmp.Compare(a.Ref.Namespace, b.Ref.Namespace), cmp.Compare(a.Ref.Name, b.Ref.Name), cmp.Compare(a.FirstRV, b.FirstRV), cmp.Compare(a.Ref.UID, b.Ref.UID))
}

// entries: what the catalogue tells of one object, field by field.
func entries(t *testing.T, s store.Store) {
	at := start.Add(time.Hour)
	ref := record.ObjectRef{Cluster: "c", Group: "apps", Version: "v1", Kind: "Foo", Resource: "fooes", Namespace: "n", Name: "x", UID: "3f1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a"}
	rev := func(rv record.ResourceVersion, resource, body string) *record.Record {
		r := ref
		r.Resource = resource
		return &record.Record{Kind: record.KindRevision, Ref: r, Revision: &record.Revision{RV: rv, Body: []byte(body)}}
	}
	create := &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: ref, Request: &record.Request{AuditID: "a", Verb: "create", Code: 201, Level: record.LevelRequestResponse,
		StageAt: at.Add(time.Second), Answer: record.BodyObject, AnswerUID: ref.UID, AnswerRV: 10, URI: "/x"}}
	read := &record.Record{Kind: record.KindRequest, OccurredAt: at.Add(time.Hour), Ref: ref, Request: &record.Request{AuditID: "b", Verb: "get", Code: 200,
		StageAt: at.Add(time.Hour), NamedUID: ref.UID, URI: "/x"}}
	dry := *create
	q := *create.Request
	dry.Ref.UID, q.AuditID, q.AnswerUID, q.URI = "not-there", "c", "not-there", "/x?dryRun=All"
	dry.Request = &q
	end := &record.Record{Kind: record.KindEnd, Ref: ref, End: &record.End{RV: 40, Requests: []record.EndRequest{{ID: record.ID{2}, At: at.Add(3 * time.Hour), StageAt: at.Add(4 * time.Hour)},
		{ID: record.ID{1}, At: at.Add(5 * time.Hour), StageAt: at.Add(5 * time.Hour)}}}}
	fill(t, s, []*record.Record{
		rev(30, "foos", `{"metadata":{"labels":{"b":"2"},"ownerReferences":[{"uid":"o2"},{"uid":"o1"}]}}`), read,
		rev(10, "fooes", `{"spec":{"metadata":1},"metadata":{"creationTimestamp":"2026-11-20T09:00:01Z","labels":{"b":"1","a":"1"}}}`), create, &dry, end,
	}, 2)
	got := must(s.Object(t.Context(), store.ObjectKey{Cluster: "c", UID: ref.UID}))(t)
	same(t, "entry", &store.Entry{Ref: ref, FirstRV: 10, LastRV: 40, CreatedAt: start.Add(time.Second), Created: true, Ended: true, EndRV: 40, EndAt: at.Add(4 * time.Hour),
		FirstAt: at, LastAt: at.Add(time.Hour), Labels: []record.KeyValue{{Key: "a", Value: "1"}, {Key: "b", Value: "1"}, {Key: "b", Value: "2"}}, Owners: []record.UID{"o1", "o2"}}, got)
	if _, err := s.Object(t.Context(), store.ObjectKey{Cluster: "c", UID: "not-there"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a dry run made an object: %v", err)
	}
	if n := len(must(collect(s.Objects(t.Context(), store.ObjectScan{})))(t)); n != 1 {
		t.Errorf("%d objects, want 1", n)
	}
}

func variants(t *testing.T, s store.Store) {
	ref := record.ObjectRef{Cluster: "c", Version: "v1", Kind: "Pod", Resource: "pods", Name: "p", UID: "u"}
	rev := func(version string, from record.Sources, v record.Revision) *record.Record {
		r := ref
		r.Version, v.RV = version, 7
		return &record.Record{Kind: record.KindRevision, Ref: r, Provenance: record.Provenance{Sources: from}, Revision: &v}
	}
	body := []byte(`{"a":1}`)
	fill(t, s, []*record.Record{
		rev("v1", record.FromAudit, record.Revision{Body: body}), rev("v1", record.FromWatch, record.Revision{Partial: record.PartialScale, Body: body}),
		rev("v2", record.FromWatch, record.Revision{Body: body}), rev("v1", record.FromWatch, record.Revision{Body: body}), rev("v1", record.FromWatch, record.Revision{Cut: true}),
		rev("v1", record.FromWatch, record.Revision{Body: []byte(`{"a":2}`)}),
	}, 1)
	both := record.FromAudit | record.FromWatch
	want := []*record.Record{rev("v1", both, record.Revision{Body: body}), rev("v1", record.FromWatch, record.Revision{Body: []byte(`{"a":2}`)}),
		rev("v2", record.FromWatch, record.Revision{Body: body}), rev("v1", record.FromWatch, record.Revision{Cut: true}),
		rev("v1", record.FromWatch, record.Revision{Partial: record.PartialScale, Body: body})}
	key := store.ObjectKey{Cluster: "c", UID: "u"}
	same(t, "variants", want, must(collect(s.Revisions(t.Context(), key, store.RVRange{})))(t))
	same(t, "variants of the newest", want, must(s.RevisionBefore(t.Context(), key, 9))(t))
}

func ranges(t *testing.T, s store.Store) {
	list := History(Config{Seed: 4, Objects: 14, Writes: 20})
	fill(t, s, list, 300)
	m := newModel(list)
	rnd := rand.New(rand.NewPCG(4, 4))
	for _, key := range m.objects() {
		all := m.revisionsOf(key, store.RVRange{})
		if len(all) == 0 {
			continue
		}
		for range 8 {
			r := store.RVRange{From: all[rnd.IntN(len(all))].Revision.RV + record.ResourceVersion(rnd.IntN(3)), To: all[rnd.IntN(len(all))].Revision.RV + record.ResourceVersion(rnd.IntN(3))}
			same(t, "range", m.revisionsOf(key, r), must(collect(s.Revisions(t.Context(), key, r)))(t))
			before := m.revisionsOf(key, store.RVRange{To: r.To})
			got, err := s.RevisionBefore(t.Context(), key, r.To)
			if len(before) == 0 {
				if !errors.Is(err, store.ErrNotFound) {
					t.Errorf("before %d: %v", r.To, err)
				}
				continue
			}
			last := before[len(before)-1].Revision.RV
			same(t, "newest before", m.revisionsOf(key, store.RVRange{From: last, To: last}), got)
		}
		if _, err := s.RevisionBefore(t.Context(), key, all[0].Revision.RV-1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before the first: %v", err)
		}
	}
}

func concurrent(t *testing.T, s store.Store) {
	list := History(Config{Seed: 5, Objects: 20})
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			var mine []*record.Record
			for i, r := range list {
				if i%4 == part || i%9 == part { // some are delivered by two at once
					mine = append(mine, r)
				}
			}
			if err := Fill(t.Context(), s, mine, 20); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for range 5 {
				if _, err := Dump(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := must(collect(s.Window(t.Context(), store.WindowScan{Kinds: Kinds(), Reads: true})))(t)
	same(t, "window over all", sorted(newModel(list).all()), sorted(got))
}

func snapshot(t *testing.T, s store.Store) {
	list := History(Config{Seed: 6, Objects: 10, Clusters: []record.Cluster{"c"}})
	fill(t, s, list[:len(list)/2], 100)
	want := len(newModel(list[:len(list)/2]).all())
	n := 0
	for _, err := range s.Window(t.Context(), store.WindowScan{Kinds: Kinds(), Reads: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			fill(t, s, list[len(list)/2:], 100)
		}
	}
	if n != want {
		t.Errorf("an iterator saw %d records, %d were there when it began", n, want)
	}
	for _, err := range s.Window(t.Context(), store.WindowScan{Kinds: Kinds()}) {
		if err != nil {
			t.Error(err)
		}
		break // and lets go
	}
}

func cancelled(t *testing.T, s store.Store) {
	fill(t, s, History(Config{Seed: 7}), 500)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range s.Window(ctx, store.WindowScan{Kinds: Kinds(), Reads: true}) {
		n++
		last = err
		if n == 3 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n != 4 {
		t.Errorf("after %d records the last error was %v", n, last)
	}
	if _, err := s.Append(ctx, History(Config{Seed: 8})[:1]); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Clusters(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("clusters: %v", err)
	}
}

func sealed(t *testing.T, s store.Store) {
	list := History(Config{Seed: 9})
	fill(t, s, list, 100)
	before := must(Dump(t.Context(), s))(t)
	done, total := 0, 0
	if err := s.Seal(t.Context(), func(d, n int) { done, total = d, n }); err != nil {
		t.Fatal(err)
	}
	if done != total || total == 0 {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	same(t, "dump", before, must(Dump(t.Context(), s))(t))
	for _, b := range must(s.Buckets(t.Context()))(t) {
		if !b.Sealed || b.Bytes == 0 {
			t.Errorf("not sealed: %+v", b)
		}
	}
	size := must(s.Size(t.Context()))(t)
	counted := map[string]int64{}
	for _, c := range size.Classes {
		counted[c.Class] += c.Records
		if c.Records > 0 && (c.Raw == 0 || c.Disk == 0) {
			t.Errorf("size of %+v", c)
		}
	}
	if size.Disk == 0 || counted["requests"] == 0 || counted["revisions"] == 0 || counted["catalogue"] == 0 {
		t.Errorf("size: %+v", size)
	}
	fill(t, s, list[:1], 1)
	open := 0
	for _, b := range must(s.Buckets(t.Context()))(t) {
		if !b.Sealed {
			open++
		}
	}
	if open > 2 {
		t.Errorf("one record opened %d buckets", open)
	}
}

func closed(t *testing.T, s store.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), History(Config{Seed: 1})[:1]); err == nil {
		t.Error("a closed store took a record")
	}
	if _, err := s.Clusters(t.Context()); err == nil {
		t.Error("a closed store answered")
	}
}

func refuses(t *testing.T, s store.Store) {
	if _, err := s.Append(t.Context(), []*record.Record{{Kind: record.KindRevision}}); err == nil {
		t.Error("a record without its body was taken")
	}
	if _, err := s.Append(t.Context(), []*record.Record{{Kind: 99}}); err == nil {
		t.Error("a record of no kind was taken")
	}
}

package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// someWindows are the whole recording, and some stretches of it.
func someWindows(t *testing.T, e *Engine) []query.Window {
	t.Helper()
	info, err := e.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first, last := *info.Clusters[0].First, *info.Clusters[0].Last
	random := rand.New(rand.NewPCG(3, 4))
	list := []query.Window{{}, {From: first.Add(last.Sub(first) / 2)}, {To: first.Add(last.Sub(first) / 3)}}
	for range 4 {
		from := first.Add(time.Duration(random.Int64N(int64(last.Sub(first)))))
		list = append(list, query.Window{From: from, To: from.Add(time.Duration(random.Int64N(int64(last.Sub(from))) + 1))})
	}
	return list
}

// TestRowsAreTheObjects compares rows with the list of objects, in several windows and sets: the same objects at the same times, whatever stands below whatever.
func TestRowsAreTheObjects(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"deployment", "scenarios"} {
		records := recording(t, name)
		e := engineOver(t, openStore(t), records, 1000)
		owners := ownersNamed(records)
		for _, w := range someWindows(t, e) {
			for _, set := range []query.Set{{}, {Namespace: "shop"}, {Kind: "pods,deployments.apps"}, {Kind: "deploy,rs,pods", Selector: "app=web"}, {Name: "web*"}, {Kind: "events"}, {Kind: "all", Namespace: "shop"}} {
				t.Run(fmt.Sprintf("%s/%+v/%v", name, set, w), func(t *testing.T) {
					rows, err := e.Rows(ctx, query.Rows{Set: set, Window: w})
					if err != nil {
						t.Fatal(err)
					}
					list, err := e.Objects(ctx, query.Objects{Kind: set.Kind, Namespace: set.Namespace, Name: set.Name, Selector: set.Selector, At: w.To, Alive: w, Limit: 100_000})
					if err != nil {
						t.Fatal(err)
					}
					want := map[string]engine.Row{}
					for _, o := range list.Objects {
						if set.Kind == "" && (record.GroupResource{Group: o.Group, Resource: o.Resource}).IsEvents() {
							continue
						}
						want[o.UID] = engine.Row{Ref: o.Ref, Created: momentPtr(o.CreatedAt), First: momentPtr(o.FirstSeen), Last: momentPtr(o.LastSeen), Ended: momentPtr(o.EndedAt), Over: o.Ended}
					}
					got := map[string]engine.Row{}
					for _, r := range rows.Rows {
						r.Parent, r.Via = 0, ""
						got[r.UID] = r
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("rows (-objects +rows):\n%s", diff)
					}
					if rows.Total != len(rows.Rows) || rows.Cut != "" || len(got) != len(rows.Rows) {
						t.Errorf("%d rows of %d objects, total %d, %q", len(rows.Rows), len(got), rows.Total, rows.Cut)
					}
					checkRows(t, rows.Rows, owners)
				})
			}
		}
	}
}

func momentPtr(at *time.Time) engine.Moment {
	if at == nil {
		return 0
	}
	return engine.MomentOf(*at)
}

// ownersNamed is which UIDs the ownerReferences of all states of an object named.
func ownersNamed(records []*record.Record) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, r := range records {
		var body []byte
		switch r.Kind {
		case record.KindRevision:
			body = r.Revision.Body
		case record.KindEnd:
			body = r.End.LastBody
		}
		for _, o := range gjson.GetBytes(body, "metadata.ownerReferences.#.uid").Array() {
			if out[string(r.Ref.UID)] == nil {
				out[string(r.Ref.UID)] = map[string]bool{}
			}
			out[string(r.Ref.UID)][o.String()] = true
		}
	}
	return out
}

// checkRows holds rows against the owners that states named: each stands below one of its owners, or one of theirs, behind it and before what does not.
func checkRows(t *testing.T, rows []engine.Row, owners map[string]map[string]bool) {
	t.Helper()
	at := map[string]int{}
	for i, r := range rows {
		at[r.UID] = i
	}
	var below func(uid, owner string, levels int) bool
	below = func(uid, owner string, levels int) bool {
		for o := range owners[uid] {
			if _, in := at[o]; o == owner || !in && levels > 0 && below(o, owner, levels-1) {
				return true
			}
		}
		return false
	}
	var path []int // the rows above the one at hand
	for i, r := range rows {
		for len(path) > 0 && path[len(path)-1] != r.Parent {
			path = path[:len(path)-1]
		}
		switch {
		case r.Parent >= 0 && len(path) == 0:
			t.Errorf("row %d %s/%s stands apart from its parent %d", i, r.Resource, r.Name, r.Parent)
		case r.Parent >= 0 && !below(r.UID, rows[r.Parent].UID, 4):
			t.Errorf("%s/%s stands below %s/%s, which does not own it", r.Resource, r.Name, rows[r.Parent].Resource, rows[r.Parent].Name)
		case r.Parent < 0:
			for o := range owners[r.UID] {
				if n, in := at[o]; in {
					t.Errorf("%s/%s stands on its own, although %s/%s owns it", r.Resource, r.Name, rows[n].Resource, rows[n].Name)
				}
			}
			if i > 0 {
				above := rows[rootOf(rows, i-1)]
				if slices.Compare([]string{above.Cluster, above.Namespace, above.Group, above.Resource, above.Name}, []string{r.Cluster, r.Namespace, r.Group, r.Resource, r.Name}) > 0 {
					t.Errorf("%s/%s comes behind %s/%s", r.Resource, r.Name, above.Resource, above.Name)
				}
			}
		}
		path = append(path, i)
	}
}

func rootOf(rows []engine.Row, i int) int {
	for rows[i].Parent >= 0 {
		i = rows[i].Parent
	}
	return i
}

// TestRowsOfATree are the nodes of the tree.
func TestRowsOfATree(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "scenarios")
	list, err := e.Objects(ctx, query.Objects{Kind: "deploy,sts,pods,services", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	several := 0
	for i, o := range list.Objects {
		if i%4 != 0 {
			continue
		}
		object := query.Object{UID: record.UID(o.UID)}
		q := query.Tree{Object: object, Up: query.All, Down: 1 + i%3, Siblings: i%8 == 0}
		if i%16 == 0 {
			q.Types = []string{"owns", "selects"}
		}
		tree, err := e.Tree(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := e.Rows(ctx, query.Rows{Set: query.Set{Object: object, Up: q.Up, Down: q.Down, Siblings: q.Siblings, Types: q.Types}})
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, n := range tree.Nodes {
			via := ""
			if n.Via != nil {
				via = n.Via.Type
			}
			want = append(want, fmt.Sprint(n.Ref, n.Parent, via, n.Stub, n.Ended, momentPtr(n.CreatedAt), momentPtr(n.FirstSeen), momentPtr(n.LastSeen)))
		}
		for _, r := range rows.Rows {
			got = append(got, fmt.Sprint(r.Ref, r.Parent, r.Via, r.Stub, r.Over, r.Created, r.First, r.Last))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s/%s (-tree +rows):\n%s", o.Resource, o.Name, diff)
		}
		if len(got) > 3 {
			several++
		}
	}
	if several < 5 {
		t.Errorf("%d trees with more than a few nodes", several)
	}
}

// TestRowsOfANarrowedTree: what stands below an object that is left out stands below the next one above.
func TestRowsOfANarrowedTree(t *testing.T) {
	e := testEngine(t, "deployment")
	set := query.Set{Object: query.Object{Kind: "deploy", Name: "web", Namespace: "shop"}, Down: query.All, Kind: "deploy,pods"}
	rows, err := e.Rows(context.Background(), query.Rows{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Rows) < 10 || rows.Total != len(rows.Rows) {
		t.Fatalf("%d rows of %d", len(rows.Rows), rows.Total)
	}
	for i, r := range rows.Rows {
		if i == 0 && (r.Resource != "deployments" || r.Parent != -1) || i > 0 && (r.Resource != "pods" || r.Parent != 0) {
			t.Errorf("row %d is %s/%s below %d", i, r.Resource, r.Name, r.Parent)
		}
	}
}

// TestRowsOfAFilter have each object that a search finds, and no other.
func TestRowsOfAFilter(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"deployment", "deployment-metadata"} {
		e := testEngine(t, name)
		for _, filter := range []string{`kind == "revision" && object.spec.replicas > 3`, `request.user == "bob"`, `request.code == 409`, `kind == "event" && event.type == "Warning"`} {
			for _, w := range someWindows(t, e)[:3] {
				want := map[string]bool{}
				_, err := e.Search(ctx, query.Search{Filter: filter, Window: w, Reads: true, Limit: 100_000}, func(h *engine.Hit) error {
					if h.Event != nil {
						want[h.Event.Regarding.UID] = true
					}
					for _, uid := range meant(t, e, h) {
						want[uid] = true
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				rows, err := e.Rows(ctx, query.Rows{Set: query.Set{Filter: filter}, Window: w})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]bool{}
				for _, r := range rows.Rows {
					if got[r.UID] = true; !want[r.UID] {
						t.Errorf("%s in %v: %s/%s has a row", filter, w, r.Resource, r.Name)
					}
				}
				for uid := range want {
					entry, err := e.Objects(ctx, query.Objects{UID: record.UID(uid), Alive: w})
					if err != nil {
						t.Fatal(err)
					}
					if len(entry.Objects) > 0 && uid != "" && !got[uid] && entry.Objects[0].Resource != "events" {
						t.Errorf("%s in %v: %s/%s has no row", filter, w, entry.Objects[0].Resource, entry.Objects[0].Name)
					}
				}
			}
		}
	}
}

// TestRowsOfACollection are the objects that a deletion of a collection answered.
func TestRowsOfACollection(t *testing.T) {
	e := testEngine(t, "deployment")
	rows, err := e.Rows(context.Background(), query.Rows{Set: query.Set{Namespace: "shop", Filter: `request.verb == "deletecollection"`}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows.Rows {
		got = append(got, r.Resource+"/"+r.Name)
	}
	if diff := cmp.Diff([]string{"configmaps/kube-root-ca.crt", "endpoints/web", "serviceaccounts/default", "services/web"}, got); diff != "" {
		t.Error(diff)
	}
}

// meant are the UIDs of the objects that a hit is about: the one it names, else those that had its name. The recordings reuse few names.
func meant(t *testing.T, e *Engine, h *engine.Hit) []string {
	if h.Object.UID != "" || h.Object.Name == "" || h.Object.Resource == "" {
		return []string{h.Object.UID}
	}
	list, err := e.Objects(context.Background(), query.Objects{Kind: strings.TrimSuffix(h.Object.Resource+"."+h.Object.Group, "."), Namespace: h.Object.Namespace, Name: h.Object.Name})
	if err != nil {
		t.Fatal(err)
	}
	var uids []string
	for _, o := range list.Objects {
		uids = append(uids, o.UID)
	}
	return uids
}

// TestRowsOfTooMany: of more objects than a set holds, the first by name are told, whatever order they come in, and all are counted.
func TestRowsOfTooMany(t *testing.T) {
	e := testEngine(t, "deployment")
	all, err := e.Rows(context.Background(), query.Rows{})
	if err != nil {
		t.Fatal(err)
	}
	place := func(r engine.Row) string {
		return strings.Join([]string{r.Group, r.Resource, r.Namespace, r.Name}, "\x00")
	}
	slices.SortFunc(all.Rows, func(a, b engine.Row) int { return strings.Compare(place(a), place(b)) })
	for e.members = 1; e.members < 9; e.members++ {
		some, err := e.Rows(context.Background(), query.Rows{})
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("showing %d of %d; of more than %d objects only the first by kind and name were looked at, the others were counted: narrow the set", e.members, all.Total, e.members)
		if some.Cut != want || some.Total != all.Total || len(some.Rows) != e.members {
			t.Errorf("%d rows, total %d, cut %q; want %q", len(some.Rows), some.Total, some.Cut, want)
		}
		for _, row := range some.Rows {
			if !slices.ContainsFunc(all.Rows[:e.members], func(r engine.Row) bool { return r.UID == row.UID }) {
				t.Errorf("%s %s is not among the first %d", row.Kind, row.Name, e.members)
			}
		}
	}
}

// TestRowsAreCut says how many there are, and keeps whole branches from the top.
func TestRowsAreCut(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	all, err := e.Rows(ctx, query.Rows{Set: query.Set{Namespace: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	some, err := e.Rows(ctx, query.Rows{Set: query.Set{Namespace: "shop"}, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("showing 10 of %d", all.Total); some.Cut != want || some.Total != all.Total {
		t.Errorf("cut %q, total %d; want %q", some.Cut, some.Total, want)
	}
	if diff := cmp.Diff(all.Rows[:10], some.Rows); diff != "" {
		t.Error(diff)
	}
}

// TestRowsEndInTime: a catalogue that takes too long to go through is said to be cut.
func TestRowsEndInTime(t *testing.T) {
	st := openStore(t)
	var records []*record.Record
	for i := range lookEvery + 10 {
		name := fmt.Sprintf("c%05d", i)
		records = append(records, &record.Record{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespace: "n", Name: name, UID: record.UID(name)},
			Revision: &record.Revision{RV: record.ResourceVersion(i + 1), Body: []byte(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"` + name + `"}}`)}, Provenance: record.Provenance{Sources: record.FromWatch}})
	}
	engineOver(t, st, records, 1000)
	rows, err := New(st, Config{Limits: Limits{Time: time.Nanosecond}}).Rows(context.Background(), query.Rows{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(rows.Cut, "showing 10 of at least ") || !strings.HasSuffix(rows.Cut, "the time limit was reached: narrow the set") || len(rows.Rows) != 10 {
		t.Errorf("%d rows, cut %q", len(rows.Rows), rows.Cut)
	}
	whole, err := New(st, Config{}).Rows(context.Background(), query.Rows{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("showing 10 of %d", len(records)); whole.Cut != want {
		t.Errorf("cut %q, want %q", whole.Cut, want)
	}
}

// TestRowsWindow: open ends are those of the rows, and with everything asked for those of the recording.
func TestRowsWindow(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	info, err := e.Info(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Rows(ctx, query.Rows{})
	if err != nil {
		t.Fatal(err)
	}
	if all.From != engine.MomentOf(*info.Clusters[0].First) || all.To != engine.MomentOf(*info.Clusters[0].Last)+1 {
		t.Errorf("from %v to %v, recorded %v to %v", all.From.Time(), all.To.Time(), info.Clusters[0].First, info.Clusters[0].Last)
	}
	some, err := e.Rows(ctx, query.Rows{Set: query.Set{Kind: "deploy", Namespace: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(some.Rows) == 0 || some.From != some.Rows[0].First || some.To != some.Rows[0].Last+1 {
		t.Errorf("from %v to %v of %+v", some.From.Time(), some.To.Time(), some.Rows)
	}
	w := query.Window{From: info.Clusters[0].First.Add(time.Second), To: info.Clusters[0].First.Add(2 * time.Second)}
	asked, err := e.Rows(ctx, query.Rows{Window: w})
	if err != nil {
		t.Fatal(err)
	}
	if asked.From != engine.MomentOf(w.From) || asked.To != engine.MomentOf(w.To) {
		t.Errorf("from %v to %v, asked for %v", asked.From.Time(), asked.To.Time(), w)
	}
}

// TestRowsErrors: a word that is none, and a filter that is none.
func TestRowsErrors(t *testing.T) {
	e := testEngine(t, "deployment")
	for kind, set := range map[engine.ErrorKind]query.Set{engine.KindNotFound: {Kind: "nonsense"}, engine.KindBadQuestion: {Filter: "request.verb ="}} {
		if _, err := e.Rows(context.Background(), query.Rows{Set: set}); engine.KindOf(err) != kind {
			t.Errorf("%+v: %v", set, err)
		}
	}
}

package local

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// plainActivity is the same count made in the plainest way: over all records, one by one, and over whole histories.
type plainActivity struct {
	from, to engine.Moment
	width    int64
	bins     map[int]engine.LaneBin
	objects  map[string][3]int // changes, failed, warnings
	actors   map[string][2]int
	errors   map[string]int
	newest   map[string]time.Time
	people   []string // IDs of requests, any order
	records  int
}

func (p *plainActivity) at(t time.Time) (int, bool) {
	m := engine.MomentOf(t)
	if m < p.from || m >= p.to {
		return 0, false
	}
	return int(int64(m-p.from) / p.width), true
}

func (p *plainActivity) bin(n int, change func(*engine.LaneBin)) {
	b := p.bins[n]
	b.Bin = n
	change(&b)
	p.bins[n] = b
	p.records++
}

func (p *plainActivity) object(name string, i int) {
	o := p.objects[name]
	o[i]++
	p.objects[name] = o
}

func plainName(ref record.ObjectRef) string {
	return strings.Join([]string{ref.Group, ref.Resource, ref.Namespace, ref.Name}, "|")
}

func (p *plainActivity) request(r *record.Record, wanted func(record.ObjectRef) bool, lookedUp bool) {
	q := r.Request
	n, in := p.at(r.OccurredAt)
	if !in || q.Stage == record.StageRequestReceived || q.Stage == record.StageResponseStarted && q.Code < 400 {
		return
	}
	var items []record.ObjectRef
	for _, it := range q.Items {
		if ref := (record.ObjectRef{Group: r.Ref.Group, Resource: r.Ref.Resource, Namespace: it.Namespace, Name: it.Name}); wanted(ref) {
			items = append(items, ref)
		}
	}
	if lookedUp && len(items) == 0 && !wanted(r.Ref) || !lookedUp && !wanted(r.Ref) {
		return
	}
	failed := (q.Code >= 400 || q.Stage == record.StagePanic) && !(q.Verb == "get" && q.Code == 404)
	object := r.MayChange() && r.Ref.Resource != "" && r.Ref.Resource != "leases" && r.Ref.Resource != "events" &&
		r.Ref.Group != "authentication.k8s.io" && r.Ref.Group != "authorization.k8s.io"
	actor := p.actors[q.Actor.User]
	switch {
	case failed:
		p.bin(n, func(b *engine.LaneBin) { b.Failed++ })
		if actor[1]++; object && r.Ref.Name != "" {
			p.object(plainName(r.Ref), 1)
		}
		key := fmt.Sprint(q.Actor.User, r.Ref.GroupResource(), q.Verb, q.Code, q.Reason)
		p.errors[key]++
		p.newest[key] = latest(p.newest[key], r.OccurredAt)
	case object && q.Succeeded() && !q.Options().DryRun && (q.NamedRV == 0 || q.NamedRV != q.AnswerRV) && (q.Verb != "deletecollection" || q.Answer != record.BodyList || len(q.Items) > 0):
		p.bin(n, func(b *engine.LaneBin) { b.Changes++ })
		actor[0]++
		if byPerson(q.Actor.User, q.Actor.Impersonator) {
			p.people = append(p.people, r.ID().String())
		}
		if r.Ref.Name != "" {
			p.object(plainName(r.Ref), 0)
		}
		for _, ref := range items {
			p.object(plainName(ref), 0)
		}
	case q.IsRead():
		p.bin(n, func(b *engine.LaneBin) { b.Reads++ })
	default:
		p.records++
	}
	if actor != [2]int{} {
		p.actors[q.Actor.User] = actor
	}
}

func (p *plainActivity) event(r *record.Record, wanted func(record.ObjectRef) bool) {
	about := regardedRef(r)
	n, in := p.at(r.OccurredAt)
	if !in || !wanted(about) {
		return
	}
	if r.KubeEvent.Type == "Warning" {
		p.bin(n, func(b *engine.LaneBin) { b.Warning++ })
		p.object(plainName(about), 2)
		return
	}
	p.bin(n, func(b *engine.LaneBin) { b.Normal++ })
}

// unaudited counts the states of resources that were watched and of which no write was audited, by histories.
func (p *plainActivity) unaudited(t *testing.T, e *Engine, records []*record.Record, wanted func(record.ObjectRef) bool) {
	watched, audited := map[record.GroupResource]bool{}, map[record.GroupResource]bool{}
	for _, r := range records {
		switch {
		case r.Kind == record.KindProgress:
			watched[r.Ref.GroupResource()] = true
		case r.Kind == record.KindRequest && r.MayChange():
			audited[r.Ref.GroupResource()] = true
		}
	}
	for gr := range watched {
		if audited[gr] || gr.Resource == "leases" || gr.Resource == "events" {
			continue
		}
		list, err := e.Objects(context.Background(), query.Objects{Kind: gr.String(), Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Objects {
			ref := record.ObjectRef{Cluster: record.Cluster(o.Cluster), Group: o.Group, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name, UID: record.UID(o.UID)}
			h, err := e.History(context.Background(), query.History{Object: query.Object{UID: ref.UID}, Limit: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range h.Entries {
				if entry.Kind != "revision" && entry.Kind != "end" || entry.When.NotBefore == nil || entry.When.NotAfter == nil || !wanted(ref) {
					continue
				}
				if n, in := p.at(*entry.When.NotAfter); in {
					p.bin(n, func(b *engine.LaneBin) { b.Changes++ })
					p.object(plainName(ref), 0)
				}
			}
		}
	}
}

// TestActivityAgainstPlainCount counts several sets and windows of recordings in two ways.
func TestActivityAgainstPlainCount(t *testing.T) {
	ctx := context.Background()
	many := 0
	for _, name := range []string{"deployment", "deployment-metadata", "deployment-allstages", "scenarios"} {
		all := recording(t, name)
		seen := map[record.ID]bool{}
		records := slices.DeleteFunc(slices.Clone(all), func(r *record.Record) bool {
			if r.Kind != record.KindRequest && r.Kind != record.KindKubeEvent {
				return false
			}
			again := seen[r.ID()]
			seen[r.ID()] = true
			return again
		})
		e := engineOver(t, openStore(t), all, 1000)
		for wi, w := range someWindows(t, e)[:4] {
			for _, set := range []query.Set{{}, {Namespace: "shop"}, {Kind: "pods,deployments.apps"}, {Namespace: "shop", Name: "web*"}, {Kind: "deploy,rs,pods", Selector: "app=web"},
				{Object: query.Object{Kind: "deploy", Name: "web", Namespace: "shop"}, Down: query.All}, {Filter: `request.user == "bob"`}, {Filter: `request.verb in ["create", "patch"]`}} {
				if name == "scenarios" && set.HasObject() {
					set.Object = query.Object{Kind: "deploy", Name: "web", Namespace: "deployment-0-9"}
				}
				t.Run(fmt.Sprintf("%s/%d/%+v", name, wi, set), func(t *testing.T) {
					wanted, err := wantedBy(ctx, e, set, w)
					if err != nil {
						if engine.KindOf(err) == "" {
							t.Fatal(err)
						}
						t.Skip(err)
					}
					got, err := e.Activity(ctx, query.Activity{Set: set, Window: w, Bins: 50, Top: 100_000})
					if err != nil {
						t.Fatal(err)
					}
					p := &plainActivity{from: got.From, to: got.To, width: got.Bin, bins: map[int]engine.LaneBin{}, objects: map[string][3]int{}, actors: map[string][2]int{},
						errors: map[string]int{}, newest: map[string]time.Time{}}
					for _, r := range records {
						switch r.Kind {
						case record.KindRequest:
							p.request(r, wanted, set.HasObject() || set.Filter != "" || set.Selector != "")
						case record.KindKubeEvent:
							p.event(r, wanted)
						}
					}
					p.unaudited(t, e, records, wanted)
					compareActivity(t, got, p)
					if s, err := e.scope(ctx, set, w); err != nil || s.lookedUp() && !s.few() {
						t.Log("many names: ", err)
						many++
					}
				})
			}
		}
	}
	if many == 0 {
		t.Error("no set with many objects")
	}
}

// wantedBy tells which names are of a set: by what the question says, or by its rows.
func wantedBy(ctx context.Context, e *Engine, set query.Set, w query.Window) (func(record.ObjectRef) bool, error) {
	rows, err := e.Rows(ctx, query.Rows{Set: set, Window: w, Limit: 100_000})
	if err != nil {
		return nil, err
	}
	if set.HasObject() || set.Filter != "" || set.Selector != "" {
		names := map[string]bool{}
		for _, r := range rows.Rows {
			names[plainName(record.ObjectRef{Group: r.Group, Resource: r.Resource, Namespace: r.Namespace, Name: r.Name})] = true
		}
		return func(ref record.ObjectRef) bool { return names[plainName(ref)] }, nil
	}
	return func(ref record.ObjectRef) bool {
		switch {
		case set.Kind != "" && !strings.Contains(","+set.Kind+",", ","+ref.GroupResource().String()+","), set.Kind == "" && ref.GroupResource().IsEvents(),
			set.Namespace != "" && ref.Namespace != set.Namespace:
			return false
		}
		return set.Name == "" || query.Glob(set.Name).Match(ref.Name)
	}, nil
}

func compareActivity(t *testing.T, got *engine.Activity, want *plainActivity) {
	t.Helper()
	bins := map[int]engine.LaneBin{}
	for _, b := range got.Bins {
		bins[b.Bin] = b
	}
	if diff := cmp.Diff(want.bins, bins); diff != "" {
		t.Errorf("bins (-plain +got):\n%s", diff)
	}
	if got.Records != want.records {
		t.Errorf("%d records, want %d", got.Records, want.records)
	}
	objects := map[string][3]int{}
	for _, o := range got.Objects {
		objects[plainName(record.ObjectRef{Group: o.Group, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name})] = [3]int{o.Changes, o.Failed, o.Warning}
	}
	maps.DeleteFunc(want.objects, func(_ string, n [3]int) bool { return n[0] == 0 })
	if diff := cmp.Diff(want.objects, objects); diff != "" && len(want.objects) < maxTop {
		t.Errorf("objects (-plain +got):\n%s", diff)
	}
	actors := map[string][2]int{}
	for _, a := range got.Actors {
		actors[a.User] = [2]int{a.Changes, a.Failed}
	}
	if diff := cmp.Diff(want.actors, actors); diff != "" {
		t.Errorf("actors (-plain +got):\n%s", diff)
	}
	errors := map[string]int{}
	for _, x := range got.Errors {
		key := fmt.Sprint(x.User, record.GroupResource{Group: x.Group, Resource: x.Resource}, x.Verb, x.Code, x.Reason)
		if errors[key] = x.Count; x.Last != engine.MomentOf(want.newest[key]) || x.Example == "" {
			t.Errorf("last of %s at %v with example %q, want %v", key, x.Last.Time(), x.Example, want.newest[key])
		}
	}
	if diff := cmp.Diff(want.errors, errors); diff != "" {
		t.Errorf("errors (-plain +got):\n%s", diff)
	}
	if len(got.People) > len(want.people) || len(got.People) == 0 && len(want.people) > 100 {
		t.Errorf("%d changes of people, at most %d", len(got.People), len(want.people))
	}
}

// TestActivityTellsWhatPeopleDid: who did what in the demo's incident, newest first, and each can be opened.
func TestActivityTellsWhatPeopleDid(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	got, err := e.Activity(ctx, query.Activity{Set: query.Set{Namespace: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i, p := range got.People {
		if i > 0 && p.Mark.At > got.People[i-1].Mark.At+1000 {
			t.Errorf("%+v comes behind %+v", p, got.People[i-1])
		}
		lines = append(lines, fmt.Sprintf("%s %s %s/%s: %s", p.Mark.Who, p.Mark.Verb, p.Object.Resource, p.Object.Name, p.Mark.Text))
		one, err := e.Entry(ctx, query.Entry{Object: query.Object{UID: record.UID(p.Object.UID)}, ID: p.Mark.ID})
		if err != nil {
			t.Errorf("%s: %v", lines[i], err)
		} else if at := engine.MomentOf(*one.Entry.When.At); at != p.Mark.At || one.Entry.Kind != p.Mark.Kind {
			t.Errorf("%s at %v, a %s; its entry is a %s at %v", lines[i], p.Mark.At.Time(), p.Mark.Kind, one.Entry.Kind, at.Time())
		}
	}
	want := []string{
		"bob delete deployments/web: +metadata.deletionTimestamp",
		"bob patch deployments/web: +spec.template.metadata.annotations",
		"alice patch deployments/web: -spec.paused true",
		"alice patch deployments/web: spec.template.spec.containers[name=main].env[name=MODE].value production → debug",
		"alice patch deployments/web: +spec.paused true",
		"alice patch deployments/web: spec.template.spec.containers[name=main].image registry.example/web:v3-bad → registry.example/web:v2",
		"bob update deployments/web: spec.replicas 3 → 5",
		"alice create services/web: created",
		"alice create deployments/web: created",
	}
	for i := range max(len(want), len(lines)) {
		if i >= len(want) || i >= len(lines) || !strings.HasPrefix(lines[i], want[i]) {
			t.Fatalf("line %d: got\n%s", i, strings.Join(lines, "\n"))
		}
	}
}

// TestActivityOfAWatch counts the states that live watches told of, where nothing was audited, and the audited requests where something was.
func TestActivityOfAWatch(t *testing.T) {
	ctx := context.Background()
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ref := func(resource, kind string) record.ObjectRef {
		return record.ObjectRef{Cluster: "c", Version: "v1", Kind: kind, Resource: resource, Namespace: "n", Name: "a", UID: record.UID("uid-" + resource)}
	}
	state := func(resource, kind string, rv record.ResourceVersion, at time.Time) *record.Record {
		body := fmt.Sprintf(`{"kind":%q,"apiVersion":"v1","metadata":{"name":"a","namespace":"n","uid":"uid-%s","resourceVersion":"%d"}}`, kind, resource, rv)
		return &record.Record{Kind: record.KindRevision, Ref: ref(resource, kind), Revision: &record.Revision{RV: rv, Body: []byte(body)},
			Provenance: record.Provenance{Sources: record.FromWatch, ReceivedAt: at}}
	}
	run := func(resource string) *record.Record {
		return &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "c", Resource: resource}, Progress: &record.Progress{From: 1, RV: 100}}
	}
	list := state("secrets", "Secret", 5, begin.Add(time.Minute)) // as a list told it: nobody knows since when
	list.Provenance.Sources = record.FromList
	list.Ref.Name, list.Ref.UID = "old", "uid-old"
	write := requestAt("c", "1", begin.Add(5*time.Minute))
	write.Ref.Namespace = "n"
	end := requestAt("c", "2", begin.Add(10*time.Minute))
	end.Ref.Namespace, end.Request.Verb, end.Request.URI = "n", "get", "/api/v1/namespaces/n/configmaps/a"
	first := requestAt("c", "3", begin)
	first.Ref.Namespace, first.Request.Verb = "n", "get"
	e := engineOver(t, openStore(t), []*record.Record{first, end, write, run("secrets"), run("configmaps"), list,
		state("secrets", "Secret", 20, begin.Add(2*time.Minute)), state("secrets", "Secret", 30, begin.Add(3*time.Minute)), state("secrets", "Secret", 40, begin.Add(30*time.Minute)),
		state("configmaps", "ConfigMap", 25, begin.Add(5*time.Minute))}, 3)
	got, err := e.Activity(ctx, query.Activity{Window: query.Window{From: begin, To: begin.Add(10 * time.Minute)}, Bins: 10})
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.LaneBin{{Bin: 0, Reads: 1}, {Bin: 2, Changes: 1}, {Bin: 3, Changes: 1}, {Bin: 5, Changes: 1}}
	if diff := cmp.Diff(want, got.Bins); diff != "" {
		t.Errorf("bins (-want +got):\n%s", diff)
	}
	if len(got.Objects) != 2 || got.Objects[0].Resource != "secrets" || got.Objects[0].Changes != 2 || got.Objects[1].Changes != 1 {
		t.Errorf("objects %+v", got.Objects)
	}
}

// TestActivityIsKept: the same answer until something is written.
func TestActivityIsKept(t *testing.T) {
	ctx := context.Background()
	st := openStore(t)
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	e := engineOver(t, st, []*record.Record{requestAt("c", "1", at), requestAt("c", "2", at.Add(time.Second))}, 1)
	ask := func(bins int) *engine.Activity {
		a, err := e.Activity(ctx, query.Activity{Bins: bins})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := ask(10)
	if ask(10) != first {
		t.Error("asked again, it was counted again")
	}
	for i := range maxAnswers {
		ask(11 + i)
	}
	if n := len(e.answers.answers); n != maxAnswers || len(e.answers.order) != maxAnswers {
		t.Errorf("%d answers are kept, in order %d", n, len(e.answers.order))
	}
	if ask(10) == first {
		t.Error("the oldest answer was not let go")
	}
	if _, err := st.Append(ctx, []*record.Record{requestAt("c", "3", at.Add(2*time.Second))}); err != nil {
		t.Fatal(err)
	}
	if again := ask(10); again.Records != 3 || first.Records != 2 {
		t.Errorf("%d records after one more, %d before", again.Records, first.Records)
	}
	e.answers.keep("late", 1, first)
	if e.answers.of("late", 1) != nil {
		t.Error("an answer of the past was kept")
	}
}

// TestActivityCuts: limits are said.
func TestActivityCuts(t *testing.T) {
	st := openStore(t)
	engineOver(t, st, recording(t, "deployment"), 1000)
	e := New(st, Config{Limits: Limits{Scanned: 100}})
	got, err := e.Activity(context.Background(), query.Activity{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.Cut, "100 records were looked at, the limit") {
		t.Errorf("cut %q", got.Cut)
	}
}

// TestActivityListsEnd: who asks for longer lists than there are is told where they end, if they do.
func TestActivityListsEnd(t *testing.T) {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	over := func(n int) *Engine {
		var records []*record.Record
		for i := range n {
			r := requestAt("c", fmt.Sprint(i), at.Add(time.Duration(i)*time.Millisecond))
			r.Ref.Name = fmt.Sprintf("a%04d", i)
			records = append(records, r)
		}
		return engineOver(t, openStore(t), records, 1000)
	}
	many, few := over(maxTop+5), over(3)
	const cut = "lists have 1000 lines at most: narrow the set or the window"
	for _, c := range []struct {
		e     *Engine
		top   int
		lines int
		cut   string
	}{{many, 0, 20, ""}, {many, 5, 5, ""}, {many, maxTop, maxTop, ""}, {many, maxTop + 1, maxTop, cut}, {many, 100_000, maxTop, cut}, {few, 100_000, 3, ""}} {
		got, err := c.e.Activity(t.Context(), query.Activity{Top: c.top})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Objects) != c.lines || got.Cut != c.cut {
			t.Errorf("top %d: %d lines, cut %q, want %d, %q", c.top, len(got.Objects), got.Cut, c.lines, c.cut)
		}
	}
}

func TestIsPerson(t *testing.T) {
	for user, want := range map[string]bool{"alice": true, "kubernetes-admin": true, "jane@example.com": true, "": false, "system:admin": false, "system:serviceaccount:a:b": false,
		"system:node:n": false, "aksService": false, "kwok": false, "x@y.iam.gserviceaccount.com": false} {
		if got := isPerson(user); got != want {
			t.Errorf("%q: %v", user, got)
		}
	}
	if !byPerson("system:masters-like", "alice") || !byPerson("alice", "system:serviceaccount:a:proxy") || byPerson("system:a", "system:b") {
		t.Error("who acts as somebody else")
	}
}

package local

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// traceAnswers asks for the traces of one object in several modes; order_test.go compares them.
func traceAnswers(ctx context.Context, e *Engine, one query.Object, words string, keep func(string, any, error)) {
	for _, q := range []query.Trace{{Verbose: true}, {Mode: "timeline", Modifier: "owned", Limit: 40}} {
		q.Object = one
		t, err := e.Trace(ctx, q)
		keep("trace "+q.Mode+" "+words, t, err)
	}
}

// tracesAnswers searches for traces.
func tracesAnswers(ctx context.Context, e *Engine, keep func(string, any, error)) {
	for _, tags := range []map[string]string{{}, {"error": "true"}, {"resource": "pods", "verb": "delete"}, {"name": "web*"}} {
		t, err := e.Traces(ctx, query.Traces{Tags: tags, Limit: 100_000})
		keep("traces "+strings.Join(sortedPairs(tags), ","), t, err)
	}
}

func sortedPairs(m map[string]string) []string {
	var out []string
	for k, v := range m {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}

var shopWeb = query.Object{Kind: "deploy", Namespace: "shop", Name: "web"}

func traceOf(t *testing.T, e *Engine, q query.Trace) *engine.Trace {
	t.Helper()
	got, err := e.Trace(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	checkSpans(t, got)
	return got
}

func checkSpans(t *testing.T, tr *engine.Trace) {
	t.Helper()
	seen := map[trace.SpanID]bool{{}: true}
	for i := range tr.Spans {
		s := &tr.Spans[i]
		if seen[s.ID] || !seen[s.Parent] || s.End.Before(s.Start) || s.Start.IsZero() || s.Service == "" || s.Name == "" {
			t.Errorf("span %d is not well-formed: %s %s, ID %s below %s, %s to %s", i, s.Service, s.Name, s.ID, s.Parent, s.Start, s.End)
		}
		seen[s.ID] = true
	}
}

func tag(list []trace.Attr, key string) any {
	for _, a := range list {
		if a.Key == key {
			return a.Value
		}
	}
	return nil
}

// TestTraceOfADeployment: the tree is that of ownership, and each object's logs are what its history tells.
func TestTraceOfADeployment(t *testing.T) {
	e := testEngine(t, "deployment")
	tr := traceOf(t, e, query.Trace{Object: shopWeb})
	root := tr.Spans[0]
	if root.Service != "deployments" || root.Name != "shop/web" || root.Parent != (trace.SpanID{}) {
		t.Fatalf("the root is %s %s", root.Service, root.Name)
	}
	above := map[string]string{"replicasets": "deployments", "pods": "replicasets"}
	service := map[trace.SpanID]string{}
	kinds := map[string]int{}
	for i := range tr.Spans {
		s := &tr.Spans[i]
		service[s.ID] = s.Service
		kinds[s.Service]++
		if got := service[s.Parent]; got != above[s.Service] {
			t.Errorf("%s %s stands below %q", s.Service, s.Name, got)
		}
		object := query.Object{Cluster: "local", UID: record.UID(tag(s.Attrs, "uid").(string))}
		h, err := e.History(context.Background(), query.History{Object: object, Window: query.Window{From: tr.From, To: tr.To}, Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, entry := range h.Entries {
			want = append(want, entryID(&entry).String())
		}
		for _, ev := range s.Events {
			if id, ok := tag(ev.Attrs, "id").(string); ok { // a snapshot has none
				got = append(got, id)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s: the logs are not the history's entries: %s", s.Service, s.Name, diff)
		}
		snapshot := slices.ContainsFunc(s.Events, func(ev trace.Event) bool { return ev.Name == "snapshot" && tag(ev.Attrs, "manifest") != nil })
		if ended := tag(s.Attrs, "ended") != nil; ended != snapshot {
			t.Errorf("%s %s: ended %v, snapshot %v", s.Service, s.Name, ended, snapshot)
		}
		if s.Service == "pods" && tag(s.Attrs, "node") == nil {
			t.Errorf("%s has no node", s.Name)
		}
	}
	if kinds["deployments"] != 1 || kinds["replicasets"] < 2 || kinds["pods"] < 4 {
		t.Errorf("objects: %v", kinds)
	}
	checkWords(t, tr)
}

// checkWords looks for what a reader expects on the logs of a Deployment's life.
func checkWords(t *testing.T, tr *engine.Trace) {
	t.Helper()
	found := map[string]bool{}
	for _, s := range tr.Spans {
		for _, ev := range s.Events {
			diff, _ := tag(ev.Attrs, "diff").(string)
			found["create"] = found["create"] || ev.Name == "create" && tag(ev.Attrs, "user") != nil && tag(ev.Attrs, "userAgent") != nil && tag(ev.Attrs, "took") != nil
			found["diff"] = found["diff"] || strings.Contains(diff, "status.observedGeneration ")
			found["conflict"] = found["conflict"] || tag(ev.Attrs, "code") == int64(409) && tag(ev.Attrs, "error") == true && tag(ev.Attrs, "summary") == "409 Conflict"
			found["event"] = found["event"] || ev.Name == "ScalingReplicaSet" && tag(ev.Attrs, "record") == "event" && tag(ev.Attrs, "reason") == ev.Name
			if message, _ := tag(ev.Attrs, "message").(string); message != "" && strings.Count(fmt.Sprint(ev.Attrs), message) > 1 {
				t.Errorf("%s says its message more than once: %v", ev.Name, ev.Attrs)
			}
			found["status"] = found["status"] || tag(ev.Attrs, "subresource") == "status"
			for _, never := range []string{"managedFields", "metadata.resourceVersion", "metadata.generation"} {
				if strings.Contains(diff, never) {
					t.Errorf("the diff of %s shows %s: %s", ev.Name, never, diff)
				}
			}
			if m, _ := tag(ev.Attrs, "manifest").(string); strings.Contains(m, "managedFields") {
				t.Errorf("the snapshot of %s shows managedFields", s.Name)
			}
			if tag(ev.Attrs, "verbose diff") != nil {
				t.Error("a verbose diff that nobody asked for")
			}
		}
	}
	for _, want := range []string{"create", "diff", "conflict", "event", "status"} {
		if !found[want] {
			t.Errorf("no log shows %s", want)
		}
	}
}

// TestModifiers: the objects of each are those that its name says.
func TestModifiers(t *testing.T) {
	e := testEngine(t, "deployment")
	full := traceOf(t, e, query.Trace{Object: shopWeb})
	var pod trace.Span
	for _, s := range full.Spans {
		if s.Service == "pods" {
			pod = s
		}
	}
	services := func(modifier string) (out []string) {
		tr := traceOf(t, e, query.Trace{Object: query.Object{UID: record.UID(tag(pod.Attrs, "uid").(string))}, Window: query.Window{From: full.From, To: full.To}, Modifier: modifier})
		for _, s := range tr.Spans {
			out = append(out, s.Service)
		}
		return out
	}
	for modifier, want := range map[string][]string{"alone": {"pods"}, "owned": {"pods"}, "ancestors": {"deployments", "replicasets", "pods"}, "": {"deployments", "replicasets", "pods"}} {
		if diff := cmp.Diff(want, services(modifier)); diff != "" {
			t.Errorf("%q: %s", modifier, diff)
		}
	}
	if got := services("full tree"); len(got) != len(full.Spans) {
		t.Errorf("full tree: %d objects, want %d", len(got), len(full.Spans))
	}
	verbose := traceOf(t, e, query.Trace{Object: shopWeb, Verbose: true, Modifier: "alone"})
	if !slices.ContainsFunc(verbose.Spans[0].Events, func(ev trace.Event) bool {
		s, _ := tag(ev.Attrs, "verbose diff").(string)
		return strings.Contains(s, "metadata.resourceVersion ") && strings.Contains(s, "metadata.generation 1 -> 2")
	}) {
		t.Error("no verbose diff tells of resourceVersion and generation")
	}
	long := traceOf(t, e, query.Trace{Object: shopWeb, FullLife: true, Modifier: "alone"})
	if long.Spans[0].End.Before(full.Spans[0].End) || !long.Spans[0].Start.Before(full.Spans[0].Start) {
		t.Errorf("a full life ends at %s, its last record at %s", long.Spans[0].End, full.Spans[0].End)
	}
}

// TestTraceByID: an ID alone gives the trace again, in every mode, and in a store that took the same facts in another order.
func TestTraceByID(t *testing.T) {
	records := recording(t, "deployment")
	e := engineOver(t, openStore(t), records, 1000)
	backwards := slices.Clone(records)
	slices.Reverse(backwards)
	other := engineOver(t, openStore(t), slices.Concat(backwards, records), 37)
	modes := e.modes.Load()
	for _, service := range modes.Names() {
		mode, modifier, err := modes.Split(service)
		if err != nil {
			t.Fatal(err)
		}
		want := traceOf(t, e, query.Trace{Object: shopWeb, Mode: mode, Modifier: modifier})
		for name, engine := range map[string]*Engine{"the same": e, "another": other} {
			got := traceOf(t, engine, query.Trace{ID: want.ID.String()})
			a, _ := json.Marshal(want)
			b, _ := json.Marshal(got)
			if string(a) != string(b) {
				t.Errorf("%s: %s store gives another trace for %s", service, name, want.ID)
			}
		}
	}
	for _, bad := range []string{"", "12", "4bf92f3577b34da6a3ce929d0e0e4736"} {
		if _, err := e.Trace(context.Background(), query.Trace{ID: bad}); engine.KindOf(err) == "" {
			t.Errorf("ID %q: %v", bad, err)
		}
	}
	nobody := trace.Question{Mode: 1, Window: trace.Grid(time.Unix(1e9, 0), time.Unix(1e9+60, 0))}.ID()
	if _, err := e.Trace(context.Background(), query.Trace{ID: nobody.String()}); engine.KindOf(err) != engine.KindNotFound {
		t.Errorf("an ID of nobody: %v", err)
	}
}

// TestSameIDLater: the window's end moves on, the ID does not, within the grid; and a window without records is not found.
func TestSameIDLater(t *testing.T) {
	e := testEngine(t, "deployment")
	info, err := e.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	end := info.Clusters[0].Last.Truncate(5 * time.Minute).Add(5 * time.Minute)
	ask := func(end time.Time) string {
		return traceOf(t, e, query.Trace{Object: shopWeb, Window: query.Window{From: end.Add(-3 * time.Hour), To: end}}).ID.String()
	}
	if a, b := ask(end.Add(10*time.Second)), ask(end.Add(70*time.Second)); a != b {
		t.Errorf("%s becomes %s a minute later", a, b)
	}
	_, err = e.Trace(context.Background(), query.Trace{Object: shopWeb, Window: query.Window{From: end.Add(-48 * time.Hour), To: end.Add(-47 * time.Hour)}})
	if engine.KindOf(err) != engine.KindNotFound {
		t.Errorf("a window before the recording: %v", err)
	}
}

// TestTraceLimits: what a limit cuts is said, and still counted.
func TestTraceLimits(t *testing.T) {
	e := engineOver(t, openStore(t), herd(t, 60), 1000)
	whole := traceOf(t, e, query.Trace{Object: shopWeb, Mode: "tree"})
	if len(whole.Notes) != 0 || whole.Cut != "" {
		t.Errorf("a whole trace says %q, %q", whole.Notes, whole.Cut)
	}
	for _, limit := range []int{40, 200, 800} {
		cut := traceOf(t, e, query.Trace{Object: shopWeb, Mode: "tree", Limit: limit})
		if len(cut.Spans) > limit || len(cut.Notes) == 0 {
			t.Errorf("limit %d: %d spans, notes %q", limit, len(cut.Spans), cut.Notes)
		}
		total := int64(0)
		for _, s := range cut.Spans {
			if n, ok := tag(s.Attrs, "records").(int64); ok {
				total += n
			}
		}
		if cut.Cut == "" && total != int64(len(whole.Spans)-countObjects(whole)) {
			t.Errorf("limit %d: the objects tell of %d records, there are %d", limit, total, len(whole.Spans)-countObjects(whole))
		}
	}
}

func countObjects(t *engine.Trace) (n int) {
	for _, s := range t.Spans {
		if tag(s.Attrs, "record") == nil {
			n++
		}
	}
	return n
}

// tracesOracle looks at every object with a trace of its own.
func tracesOracle(t *testing.T, e *Engine, tags map[string]string, w query.Window) map[string]int {
	t.Helper()
	ctx := context.Background()
	want, err := parseTags(tags)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := want.enter(ctx, e, "local"); err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !want.entry(entry) {
			continue
		}
		h, err := e.History(ctx, query.History{Object: query.Object{UID: entry.Ref.UID}, Window: w, Reads: want.reads(), Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		tr := &tracing{e: e}
		for i := range h.Entries {
			if h.Entries[i].UID != string(entry.Ref.UID) {
				continue
			}
			if r := tr.record(&h.Entries[i], nil, nil); want.record(&r) {
				out[string(entry.Ref.UID)]++
			}
		}
	}
	return out
}

// TestTracesFindsAll compares the search with a look at every object.
func TestTracesFindsAll(t *testing.T) {
	for _, name := range []string{"deployment", "deployment-metadata"} { // the second without answers: creates do not tell the names generated
		t.Run(name, func(t *testing.T) { findsAll(t, testEngine(t, name)) })
	}
}

func findsAll(t *testing.T, e *Engine) {
	info, err := e.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	first, last := *info.Clusters[0].First, *info.Clusters[0].Last
	middle := query.Window{From: first.Add(last.Sub(first) / 4), To: first.Add(last.Sub(first) * 3 / 4)}
	end := query.Window{From: middle.To, To: last.Add(time.Second)}
	for _, w := range []query.Window{{From: first, To: last.Add(time.Second)}, middle, end} {
		for _, tags := range []map[string]string{{}, {"resource": "pods"}, {"resource": "deploy", "name": "web"}, {"verb": "delete"}, {"error": "true"}, {"error": "false", "namespace": "shop"},
			{"code": "409"}, {"label.app": "web", "resource": "replicasets"}, {"verb": "patch", "namespace": "shop"}, {"group": "apps", "namespace": "sh*"}, {"resource": "nosuchthing"},
			{"verb": "create"}, {"verb": "deletecollection"}, {"user": "system:serviceaccount:kube-system:replicaset-controller"}} {
			want := tracesOracle(t, e, tags, w)
			got, err := e.Traces(context.Background(), query.Traces{Tags: tags, Window: w, Limit: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]int{}
			for i, f := range got.Found {
				found[f.Object.UID] = f.Records
				if i > 0 && f.Last.After(got.Found[i-1].Last) {
					t.Errorf("%v: not the newest first", tags)
				}
				if i == 0 {
					if _, err := e.Trace(context.Background(), query.Trace{ID: f.ID}); err != nil {
						t.Errorf("%v: the ID found has no trace: %v", tags, err)
					}
				}
			}
			if diff := cmp.Diff(want, found); diff != "" && len(want)+len(found) > 0 {
				t.Errorf("%v in %v: %s", tags, w, diff)
			}
			few, err := e.Traces(context.Background(), query.Traces{Tags: tags, Window: w, Limit: 3})
			if err != nil {
				t.Fatal(err)
			}
			if len(few.Found) != min(3, len(want)) || (few.Cut == "") != (len(want) <= 3) {
				t.Errorf("%v: %d of %d found with limit 3, cut %q", tags, len(few.Found), len(want), few.Cut)
			}
			if diff := cmp.Diff(got.Found[:len(few.Found)], few.Found); diff != "" {
				t.Errorf("%v: with limit 3 not the newest: %s", tags, diff)
			}
		}
	}
	for _, bad := range []map[string]string{{"code": "x"}, {"error": "maybe"}, {"colour": "red"}, {"label.": "x"}, {"cel": "1 +"}} {
		if _, err := e.Traces(context.Background(), query.Traces{Tags: bad}); engine.KindOf(err) != engine.KindBadQuestion {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// An object of which the window has nothing but a refused request without its UID, or a record that somebody pushed, is found too.
func TestTracesFindsTheQuiet(t *testing.T) {
	p, web := play()
	refused := web
	refused.UID = ""
	busy := web
	busy.Name, busy.UID = "busy", "busy-1"
	p.write(busy, 10*time.Minute, "make", "create", 201, 1000)
	busy.Name, busy.UID = "later", "later-1" // the clock is kept for some resourceVersions together: these lie far behind
	p.write(busy, 11*time.Minute, "make another", "create", 201, 2000)
	p.write(refused, 30*time.Minute, "forbidden", "delete", 403, 0)
	p.span(web, 50*time.Minute, "ci", "", 12, 0, func(s *record.Span) {
		*s = record.Span{Form: record.FormPushed, Service: "ci", Key: "43", Name: "audited"}
	})
	e := engineOver(t, openStore(t), p.list, 100)
	for name, w := range map[string]query.Window{
		"a refused request":             {From: spanStart.Add(20 * time.Minute), To: spanStart.Add(40 * time.Minute)},
		"a refused request, to the end": {From: spanStart.Add(20 * time.Minute)},
		"a pushed record":               {From: spanStart.Add(45 * time.Minute), To: spanStart.Add(55 * time.Minute)},
		"a pushed record, to the end":   {From: spanStart.Add(45 * time.Minute)},
	} {
		for _, tags := range []map[string]string{{}, {"resource": "deployments"}, {"namespace": "shop"}} {
			found, err := e.Traces(t.Context(), query.Traces{Window: w, Tags: tags})
			if err != nil {
				t.Fatal(err)
			}
			if len(found.Found) != 1 || found.Found[0].Object.Name != "web" {
				t.Errorf("%s, %v: found %+v", name, tags, found.Found)
			}
		}
	}
}

// A filter finds what the tag that says the same finds: requests that were refused name no UID.
func TestTracesByFilterAsByTag(t *testing.T) {
	e := testEngine(t, "scenarios")
	for tag, filter := range map[string]string{"code=403": "request.code == 403", "code=409": "request.code == 409", "code=422": "request.code == 422", "verb=delete": `request.verb == "delete"`} {
		key, value, _ := strings.Cut(tag, "=")
		var found [2][]string
		for i, tags := range []map[string]string{{key: value}, {"cel": filter}} {
			got, err := e.Traces(t.Context(), query.Traces{Tags: tags, Limit: 2000})
			if err != nil || got.Cut != "" {
				t.Fatal(tags, err, got.Cut)
			}
			for _, f := range got.Found {
				found[i] = append(found[i], fmt.Sprintf("%s %s/%s %s, %d failed", f.Object.Resource, f.Object.Namespace, f.Object.Name, f.Object.UID, f.Failed))
			}
			slices.Sort(found[i])
		}
		if diff := cmp.Diff(found[0], found[1]); diff != "" || len(found[0]) == 0 {
			t.Errorf("%s (-tag +filter): %s", tag, diff)
		}
	}
}

// A watch without an audit log tells no time but that of creation: an object's trace is found there, not denied.
func TestTraceWithoutTimes(t *testing.T) {
	p, web := &spanPlay{}, record.ObjectRef{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web", UID: "web-1"}
	p.write(web, 0, "a", "create", 201, 10)
	watched := *p.list[0]
	watched.Provenance = record.Provenance{Sources: record.FromWatch}
	e := engineOver(t, openStore(t), []*record.Record{&watched}, 10)
	got, err := e.Trace(t.Context(), query.Trace{Object: query.Object{Kind: "deploy", Namespace: "shop", Name: "web"}})
	if err != nil {
		t.Fatal(err)
	}
	created := time.Date(2026, 11, 20, 9, 59, 59, 0, time.UTC)
	if len(got.Spans) != 1 || !got.Spans[0].Start.Equal(created) || len(got.Spans[0].Events) != 1 || got.From.After(created) || !got.To.After(created) {
		t.Errorf("from %s to %s: %+v", got.From, got.To, got.Spans)
	}
}

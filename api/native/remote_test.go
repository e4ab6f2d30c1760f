package native_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/engine/remote"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

func overHTTP(t *testing.T, fake engine.Engine) *remote.Engine {
	t.Helper()
	server := httptest.NewServer(native.New(native.Config{Engine: fake}))
	t.Cleanup(server.Close)
	r, err := remote.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// asked is one method of an engine with a question that sets everything.
type asked struct {
	question any
	ask      func(context.Context, engine.Engine) (any, error)
}

func everyQuestion() map[string]asked {
	object := query.Object{Cluster: "prod", Kind: "deploy", Namespace: "shop", Name: "web", UID: "u"}
	window := query.Window{From: time.Date(2026, 11, 20, 14, 0, 0, 5, time.UTC), To: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	objects := query.Objects{Cluster: "prod", Kind: "deploy,sts", Namespace: "shop", Name: "web?*", UID: "u", Selector: "app=web,!x", At: window.From, Alive: window, Limit: 3, Cursor: "a&b=c"}
	history := query.History{Object: object, Window: window, Reads: true, Folds: true, AllLife: true, Limit: 3, Cursor: "x"}
	state := query.State{Object: object, Point: query.Point{Back: 4}}
	diff := query.Diff{Object: object, From: query.Point{At: window.From}, To: query.Point{RV: 1<<63 + 7}, Noise: true}
	blame := query.Blame{Object: object, Point: query.Point{RV: 12}, Path: `spec.template.spec.containers[name="web"]`, Noise: true}
	search := query.Search{Filter: `request.user == "a" && object.x > 3 // ü`, Cluster: "prod", Window: window, Kinds: []record.Kind{record.KindEnd, record.KindGap}, Reads: true, Newest: true, Limit: 9, Cursor: "y"}
	coverage := query.Coverage{Cluster: "prod", Kind: "deploy", Object: object, Window: window}
	stat := query.Stat{Cluster: "prod", Window: window, Top: 4}
	links := query.Links{Object: object, At: window.From, Types: []string{"owns", "mounts"}, Limit: 3}
	tree := query.Tree{Object: object, Window: window, Up: query.All, Siblings: true, Types: []string{"owns"}, Limit: 3}
	trace := query.Trace{Object: object, Window: window, At: window.From, Mode: "tree", Modifier: "full tree", FullLife: true, Verbose: true, Reads: true, Limit: 3}
	traces := query.Traces{Cluster: "prod", Window: window, Mode: "tree", Modifier: "owned", Tags: map[string]string{"cel": `request.verb == "x" && a`, "label.app": "a=b"},
		MinDuration: time.Second, MaxDuration: time.Hour, Limit: 5}
	set := query.Set{Cluster: "prod", Kind: "deploy,pods", Namespace: "shop", Name: "web*", Selector: "app=web,!x", Filter: `request.user == "a" // ü`}
	ofWeb := query.Set{Cluster: "prod", Kind: "pods", Name: "web*", Object: query.Object{Cluster: "prod", Kind: "deployments.apps", Namespace: "shop", Name: "web"},
		Up: query.All, Down: 2, Siblings: true, Types: []string{"owns", "mounts"}}
	byUID := query.Set{Cluster: "prod", Object: query.Object{Cluster: "prod", UID: "u"}, Down: query.All}
	rows, rowsOfWeb, rowsByUID := query.Rows{Set: set, Window: window, Limit: 3}, query.Rows{Set: ofWeb, Window: window}, query.Rows{Set: byUID}
	lanes := query.Lanes{Cluster: "prod", UIDs: []record.UID{"u2", "u1"}, Window: window, Bins: 9, Derived: true, Reads: true}
	entry := query.Entry{Object: object, ID: "2&x"}
	activity := query.Activity{Set: set, Window: window, Bins: 60, Top: 4}
	failing := query.Failing{Cluster: "prod", Namespace: "shop", Window: window, Limit: 3}
	follow := query.Follow{Cluster: "prod", Pause: 1500 * time.Millisecond}
	return map[string]asked{
		"rows":        {rows, func(ctx context.Context, e engine.Engine) (any, error) { return e.Rows(ctx, rows) }},
		"rows of web": {rowsOfWeb, func(ctx context.Context, e engine.Engine) (any, error) { return e.Rows(ctx, rowsOfWeb) }},
		"rows by UID": {rowsByUID, func(ctx context.Context, e engine.Engine) (any, error) { return e.Rows(ctx, rowsByUID) }},
		"lanes":       {lanes, func(ctx context.Context, e engine.Engine) (any, error) { return e.Lanes(ctx, lanes) }},
		"entry":       {entry, func(ctx context.Context, e engine.Engine) (any, error) { return e.Entry(ctx, entry) }},
		"activity":    {activity, func(ctx context.Context, e engine.Engine) (any, error) { return e.Activity(ctx, activity) }},
		"failing":     {failing, func(ctx context.Context, e engine.Engine) (any, error) { return e.Failing(ctx, failing) }},
		"follow":      {follow, func(ctx context.Context, e engine.Engine) (any, error) { return ticks(ctx, e, follow) }},
		"trace":       {trace, func(ctx context.Context, e engine.Engine) (any, error) { return e.Trace(ctx, trace) }},
		"traces":      {traces, func(ctx context.Context, e engine.Engine) (any, error) { return e.Traces(ctx, traces) }},
		"links":       {links, func(ctx context.Context, e engine.Engine) (any, error) { return e.Links(ctx, links) }},
		"tree":        {tree, func(ctx context.Context, e engine.Engine) (any, error) { return e.Tree(ctx, tree) }},
		"objects":     {objects, func(ctx context.Context, e engine.Engine) (any, error) { return e.Objects(ctx, objects) }},
		"history":     {history, func(ctx context.Context, e engine.Engine) (any, error) { return e.History(ctx, history) }},
		"state":       {state, func(ctx context.Context, e engine.Engine) (any, error) { return e.State(ctx, state) }},
		"diff":        {diff, func(ctx context.Context, e engine.Engine) (any, error) { return e.Diff(ctx, diff) }},
		"blame":       {blame, func(ctx context.Context, e engine.Engine) (any, error) { return e.Blame(ctx, blame) }},
		"coverage":    {coverage, func(ctx context.Context, e engine.Engine) (any, error) { return e.Coverage(ctx, coverage) }},
		"dependencies": {query.Dependencies{Cluster: "prod", Window: window}, func(ctx context.Context, e engine.Engine) (any, error) {
			return e.Dependencies(ctx, query.Dependencies{Cluster: "prod", Window: window})
		}},
		"stat": {stat, func(ctx context.Context, e engine.Engine) (any, error) { return e.Stat(ctx, stat) }},
		"search": {search, func(ctx context.Context, e engine.Engine) (any, error) {
			found := engine.Found{}
			end, err := e.Search(ctx, search, func(h *engine.Hit) error { found.Hits = append(found.Hits, h); return nil })
			found.End = end
			return found, err
		}},
	}
}

// ticks follows for as many as there are.
func ticks(ctx context.Context, e engine.Engine, q query.Follow) (any, error) {
	enough := errors.New("enough")
	var got []*engine.Tick
	err := e.Follow(ctx, q, func(t *engine.Tick) error {
		if got = append(got, t); len(got) == len(enginetest.Ticks()) {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return got, err
}

// An engine asked over HTTP gets the same questions and gives the same answers.
func TestRemoteIsTheSame(t *testing.T) {
	for name, q := range everyQuestion() {
		t.Run(name, func(t *testing.T) {
			fake := new(enginetest.Fake)
			got, err := q.ask(t.Context(), overHTTP(t, fake))
			if err != nil {
				t.Fatal(err)
			}
			want, err := q.ask(t.Context(), new(enginetest.Fake))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answer (-direct +remote):\n%s", diff)
			}
			if diff := cmp.Diff([]any{q.question}, fake.Questions()); diff != "" {
				t.Errorf("question (-direct +remote):\n%s", diff)
			}
		})
	}
	got, err := overHTTP(t, new(enginetest.Fake)).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(enginetest.Info(), got); diff != "" {
		t.Errorf("info (-direct +remote):\n%s", diff)
	}
}

func TestRemoteErrors(t *testing.T) {
	for _, want := range []*engine.Error{
		{Kind: engine.KindBadQuestion, Message: "no such word", Column: 3, Line: 2},
		{Kind: engine.KindNotFound, Message: "none"},
		{Kind: engine.KindAmbiguous, Message: "two", Candidates: []string{"a", "b"}},
		{Kind: engine.KindNotCovered, Message: "before", Coverage: enginetest.Coverage()},
		{Kind: engine.KindTooMuch, Message: "cost"},
	} {
		for name, q := range everyQuestion() {
			_, err := q.ask(t.Context(), overHTTP(t, &enginetest.Fake{Err: want, FailAfter: len(name) % 3}))
			got, ok := errors.AsType[*engine.Error](err)
			if !ok {
				t.Errorf("%s: %v is no engine.Error", name, err)
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-direct +remote):\n%s", name, diff)
			}
		}
	}
	_, err := overHTTP(t, &enginetest.Fake{Err: errors.New("disk on fire")}).Stat(t.Context(), query.Stat{})
	if err == nil || engine.KindOf(err) != "" || strings.Contains(err.Error(), "fire") {
		t.Errorf("an error of the server's own: %v", err)
	}
}

// An error of emit ends the search and is the one returned.
func TestRemoteEmitStops(t *testing.T) {
	stop := errors.New("enough")
	_, err := overHTTP(t, new(enginetest.Fake)).Search(t.Context(), query.Search{}, func(*engine.Hit) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

package tempo_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/api/tempo"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// fake answers about traces and counts; what it does not know is enginetest's.
type fake struct {
	*enginetest.Fake
	traces map[string]*engine.Trace // by ID
	found  engine.Traces
	err    error
	wait   time.Duration // before counts are there
	asked  []any
	// entered and release, where they are set, hold a search.
	entered, release chan struct{}
}

func (f *fake) Services(context.Context) (*engine.Services, error) {
	return &engine.Services{Services: []string{"tracing", "tracing owned", "timeline"}, Operations: []string{"prod", "staging"}}, f.err
}

func (f *fake) Traces(_ context.Context, q query.Traces) (*engine.Traces, error) {
	f.asked = append(f.asked, q)
	if f.entered != nil {
		f.entered <- struct{}{}
		<-f.release
	}
	if f.err != nil {
		return nil, f.err
	}
	if q.Cluster == "nowhere" {
		return nil, engine.Errorf(engine.KindNotFound, "no cluster nowhere")
	}
	return &f.found, nil
}

func (f *fake) Trace(_ context.Context, q query.Trace) (*engine.Trace, error) {
	f.asked = append(f.asked, q)
	if f.err != nil {
		return nil, f.err
	}
	t, ok := f.traces[q.ID]
	if !ok {
		return nil, engine.Errorf(engine.KindNotFound, "nothing recorded has this ID")
	}
	return t, nil
}

func (f *fake) Objects(_ context.Context, q query.Objects) (*engine.Objects, error) {
	f.asked = append(f.asked, q)
	if f.err != nil {
		return nil, f.err
	}
	if q.Kind == "widgets" {
		return nil, engine.Errorf(engine.KindNotFound, "no kind widgets")
	}
	web, node := enginetest.Web(), engine.Ref{Cluster: "prod", Kind: "Node", Resource: "nodes", Name: "node-1", UID: "n1"}
	return &engine.Objects{Objects: []engine.ObjectEntry{
		{Ref: web, Labels: map[string]string{"app": "web", "app.kubernetes.io/name": "shop"}}, {Ref: node}, {Ref: web}}}, nil
}

func (f *fake) Stat(ctx context.Context, q query.Stat) (*engine.Stat, error) {
	f.asked = append(f.asked, q)
	select {
	case <-time.After(f.wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	count := func(words ...string) (rows []engine.Count) {
		for _, w := range words {
			rows = append(rows, engine.Count{Name: w, Count: 1})
		}
		return rows
	}
	return &engine.Stat{Tables: []engine.Table{
		{Name: "requests by verb", Rows: count("update", "get")},
		{Name: "requests by user", Rows: count("(none)", "alice", "system:serviceaccount:shop:ci", "a/b"), More: 3},
		{Name: "requests by resource", Rows: count("deployments.apps/scale", "(no resource)", "pods", "deployments.apps")},
		{Name: "requests by code", Rows: count("200", "409")},
		{Name: "revisions by resource", Rows: count("pods", "widgets.example.com", "events", "events.events.k8s.io")},
	}}, f.err
}

// idOf is the ID of the nth object.
func idOf(n int) trace.ID {
	return trace.Question{Mode: 1, Window: trace.Window{From: at(0), To: at(60_000)},
		Object: trace.HashOf("prod", record.UID(fmt.Sprint(n)))}.ID()
}

func at(ms int) time.Time { return *enginetest.At(ms) }

func spanID(n byte) trace.SpanID { return trace.SpanID{1, 2, 3, 4, 5, 6, 7, n} }

// story is a Deployment with its ReplicaSet, and all that a span can have.
func story(n int) *engine.Trace {
	return &engine.Trace{Cut: "limit of 3 spans", Trace: trace.Trace{ID: idOf(n), Notes: []string{"two objects share this ID's hash"}, Spans: []trace.Span{
		{ID: spanID(1), Service: "deployments", Name: "shop/web", Start: at(0), End: at(60_000),
			Attrs:  []trace.Attr{{Key: "cluster", Value: "prod"}, {Key: "generation", Value: int64(7)}, {Key: "ratio", Value: 0.5}, {Key: "stub", Value: false}},
			Events: []trace.Event{{At: at(1000), Name: "patch scale", Attrs: []trace.Attr{{Key: "diff", Value: "spec.replicas 2 -> 4\n"}}}},
			Links:  []trace.Link{{Trace: idOf(99), Span: spanID(9), Attrs: []trace.Attr{{Key: "type", Value: "scales"}}}}},
		{ID: spanID(2), Parent: spanID(1), Service: "replicasets", Name: "shop/web-5d4", Start: at(1), End: at(1), Failed: true, Status: "409 Conflict <object>"},
	}}}
}

func newFake(traces ...*engine.Trace) *fake {
	f := &fake{Fake: new(enginetest.Fake), traces: map[string]*engine.Trace{}}
	for i, t := range traces {
		f.traces[t.ID.String()] = t
		object := enginetest.Web()
		object.Name = fmt.Sprintf("web%d", i)
		f.found.Found = append(f.found.Found, engine.TraceFound{ID: t.ID.String(), Object: object, First: at(0), Last: at(60_000), Records: 12, Failed: 1 - i})
	}
	return f
}

func serving(c tempo.Config) http.Handler {
	mux := http.NewServeMux()
	tempo.New(c).Register(mux)
	return mux
}

// ask asks a handler below the prefix, with headers as "Name: value", and gives its answer.
func ask(t *testing.T, h http.Handler, target string, headers ...string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, tempo.Prefix+target, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	h.ServeHTTP(w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

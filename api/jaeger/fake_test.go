package jaeger_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// fake answers about traces; what it does not know is enginetest's.
type fake struct {
	*enginetest.Fake
	traces map[string]*engine.Trace // by ID
	found  engine.Traces
	err    error
	wait   time.Duration // before a trace is there
	asked  []any
}

func (f *fake) Services(context.Context) (*engine.Services, error) {
	if f.err != nil {
		return nil, f.err
	}
	return &engine.Services{Services: []string{"tracing", "tracing owned", "timeline"}, Operations: []string{"prod", "staging"}}, nil
}

func (f *fake) Traces(_ context.Context, q query.Traces) (*engine.Traces, error) {
	f.asked = append(f.asked, q)
	if f.err != nil {
		return nil, f.err
	}
	if q.Mode == "deployments" {
		return nil, engine.Errorf(engine.KindBadQuestion, "there is no display mode %q; there are: tracing, timeline", q.Mode)
	}
	if q.Cluster == "nowhere" {
		return nil, engine.Errorf(engine.KindNotFound, "no cluster nowhere")
	}
	return &f.found, nil
}

func (f *fake) Trace(ctx context.Context, q query.Trace) (*engine.Trace, error) {
	f.asked = append(f.asked, q)
	if f.err != nil {
		return nil, f.err
	}
	select {
	case <-time.After(f.wait):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if q.ID == "" {
		q.ID = idOf(1).String()
	}
	t, ok := f.traces[q.ID]
	if !ok {
		return nil, engine.Errorf(engine.KindNotFound, "nothing recorded has this ID")
	}
	return t, nil
}

// idOf is the ID of the nth object.
func idOf(n int) trace.ID {
	return trace.Question{Mode: 1, Window: trace.Window{From: at(0), To: at(60_000)},
		Object: trace.HashOf("prod", record.UID(fmt.Sprint(n)))}.ID()
}

func at(ms int) time.Time { return *enginetest.At(ms) }

func spanID(n int) trace.SpanID {
	return trace.SpanID{1, 2, 3, 4, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// story is a Deployment with its ReplicaSet, and all that a span can have.
func story(n int) *engine.Trace {
	id := idOf(n)
	return &engine.Trace{Cut: "limit of 3 spans", Trace: trace.Trace{ID: id, Notes: []string{"two objects share this ID's hash"}, Spans: []trace.Span{
		{ID: spanID(1), Service: "deployments", Name: "shop/web", Start: at(0), End: at(60_000),
			Attrs: []trace.Attr{{Key: "cluster", Value: "prod"}, {Key: "generation", Value: int64(7)}, {Key: "huge", Value: int64(1) << 60}, {Key: "ratio", Value: 0.5}, {Key: "stub", Value: false}},
			Events: []trace.Event{
				{At: at(1000), Name: "patch scale", Attrs: []trace.Attr{{Key: "diff", Value: "spec.replicas 2 -> 4\n"}, {Key: "user", Value: "alice"}}},
				{At: at(2000), Name: "ScalingReplicaSet"},
			},
			Links: []trace.Link{{Trace: idOf(99), Span: spanID(9), Attrs: []trace.Attr{{Key: "type", Value: "scales"}}}}},
		{ID: spanID(2), Parent: spanID(1), Service: "replicasets", Name: "shop/web-5d4", Start: at(1), End: at(1), Failed: true, Status: "409 Conflict <object>"},
		{ID: spanID(3), Parent: spanID(2), Service: "pods", Name: "shop/web-5d4-x", Start: at(5).Add(1999 * time.Nanosecond), End: at(50)},
	}}}
}

func newFake(traces ...*engine.Trace) *fake {
	f := &fake{Fake: new(enginetest.Fake), traces: map[string]*engine.Trace{}}
	for i, t := range traces {
		f.traces[t.ID.String()] = t
		object := enginetest.Web()
		object.Name = fmt.Sprintf("web%d", i)
		f.found.Found = append(f.found.Found, engine.TraceFound{ID: t.ID.String(), Object: object, First: at(0), Last: at(60_000), Records: 12, Failed: 1})
	}
	return f
}

func serving(t *testing.T, c jaeger.Config) http.Handler {
	t.Helper()
	face, err := jaeger.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	face.Register(mux)
	return mux
}

// get asks a handler and gives the status and the body.
func get(t *testing.T, h http.Handler, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, strings.TrimSpace(string(body))
}

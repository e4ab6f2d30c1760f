package enginetest

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
)

// Trace answers with Trace().
func (f *Fake) Trace(_ context.Context, q query.Trace) (*engine.Trace, error) {
	return answer(f, q, Trace())
}

// Traces answers with Traces().
func (f *Fake) Traces(_ context.Context, q query.Traces) (*engine.Traces, error) {
	return answer(f, q, Traces())
}

// Services answers with Services().
func (f *Fake) Services(context.Context) (*engine.Services, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	return Services(), nil
}

func traceID() trace.ID {
	return trace.Question{Mode: 1, Modifier: 3, Window: trace.Window{From: *At(0), To: *At(60_000)}, Object: trace.HashOf("prod", "u1")}.ID()
}

// Trace is an answer with every member set.
func Trace() *engine.Trace {
	web := Web()
	from, to := *At(0), *At(60_000)
	other := traceID()
	other[15]++
	return &engine.Trace{
		Trace: trace.Trace{ID: traceID(), Notes: []string{"1 object without a record in the window left out"}, Spans: []trace.Span{
			{ID: trace.SpanID{1}, Service: "deployments", Name: "shop/web", Start: *At(1000), End: *At(9000), Failed: true, Status: "409 Conflict",
				Attrs:  []trace.Attr{{Key: "cluster", Value: "prod"}, {Key: "records", Value: int64(3)}},
				Events: []trace.Event{{At: *At(2000), Name: "patch scale", Attrs: []trace.Attr{{Key: "diff", Value: "spec.replicas 1 -> 2"}, {Key: "error", Value: false}}}},
				Links:  []trace.Link{{Trace: other, Span: trace.SpanID{9}, Attrs: []trace.Attr{{Key: "why", Value: "records left out"}}}}},
			{ID: trace.SpanID{2}, Parent: trace.SpanID{1}, Service: "replicasets", Name: "shop/web-1", Start: *At(1500), End: *At(1500)},
		}},
		Object: web, Mode: "tracing", Modifier: "owned", From: from, To: to, Cut: "2 objects are left out", Pending: "links are being built", Coverage: Coverage(),
	}
}

// Traces is an answer with every member set.
func Traces() *engine.Traces {
	return &engine.Traces{Cut: "the limit of 1 traces was reached", Found: []engine.TraceFound{
		{ID: traceID().String(), Object: Web(), First: *At(1000), Last: *At(9000), Records: 3, Failed: 1}}}
}

// Services is an answer with every member set.
func Services() *engine.Services {
	return &engine.Services{Services: []string{"tracing", "tracing owned"}, Operations: []string{"prod"}}
}

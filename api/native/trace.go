package native

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
	"github.com/kubewake/kubewake/trace/otlp"
)

// around is how far a trace looks, both ways from ts, where it is not told.
const around = 30 * time.Minute

// trace answers in our form, in Jaeger's, or as OTLP JSON.
func (h *Handler) trace(ctx context.Context, p *params) (any, error) {
	q := p.trace()
	form := p.str("format")
	switch form {
	case "", "native", "jaeger", "otlp":
	default:
		p.wrong("format: %q is none of native, jaeger, otlp", form)
	}
	if err := p.done(); err != nil {
		return nil, err
	}
	t, err := h.engine.Trace(ctx, q)
	if err != nil {
		return nil, err
	}
	switch form {
	case "jaeger":
		return jaeger.Encode(&t.Trace), nil
	case "otlp":
		b, err := otlp.JSON(&t.Trace)
		return json.RawMessage(b), err
	}
	return t, nil
}

// trace reads what a redirect takes too: group and resource instead of kind, ts with window instead of from and to.
func (p *params) trace() query.Trace {
	q := query.Trace{ID: p.str("id"), Object: p.object(), Window: p.window(), At: p.time("at"), Mode: p.str("mode"), Modifier: p.str("modifier"),
		FullLife: p.bool("fullLife"), Verbose: p.bool("verbose"), Reads: p.bool("reads"), Limit: p.limit(maxListed)}
	group, resource, ts, half := p.str("group"), p.str("resource"), p.time("ts"), p.duration("window")
	if q.Object.Kind != "" && resource != "" {
		p.wrong("give kind, or group and resource, not both")
	}
	if resource != "" {
		q.Object.Kind = strings.TrimSuffix(resource+"."+group, ".")
	}
	switch named := q.Window != (query.Window{}) || !q.At.IsZero(); {
	case half != 0 && ts.IsZero():
		p.wrong("window is how far to look both ways from ts: give ts with it, or from and to")
	case !ts.IsZero() && named:
		p.wrong("give ts, or from, to and at, not both")
	case !ts.IsZero():
		half = cmp.Or(half, around)
		q.Window, q.At = query.Window{From: ts.Add(-half), To: ts.Add(half)}, ts
	}
	if q.ID != "" {
		if _, err := trace.ParseID(q.ID); err != nil {
			p.wrong("id: %v", err)
		}
		return q
	}
	if q.Object.UID == "" && (q.Object.Kind == "" || q.Object.Name == "") {
		p.wrong("which trace? give kind and name, resource and name, uid, or id")
	}
	return q
}

func (h *Handler) traces(ctx context.Context, p *params) (any, error) {
	q := query.Traces{Cluster: p.cluster(), Window: p.window(), Mode: p.str("mode"), Modifier: p.str("modifier"), Tags: p.pairs("tag"),
		MinDuration: p.duration("minDuration"), MaxDuration: p.duration("maxDuration"), Limit: p.limit(maxTraces)}
	return asked(ctx, p, q, h.engine.Traces)
}

func (h *Handler) services(ctx context.Context, p *params) (any, error) {
	if err := p.done(); err != nil {
		return nil, err
	}
	return h.engine.Services(ctx)
}

// pairs reads KEY=VALUE, given any number of times.
func (p *params) pairs(name string) map[string]string {
	p.known = append(p.known, name)
	var out map[string]string
	for _, text := range p.values[name] {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			p.wrong("%s: %q is not KEY=VALUE", name, text)
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if _, twice := out[key]; twice {
			p.wrong("%s: %s is given twice", name, key)
		}
		out[key] = value
	}
	return out
}

func (p *params) duration(name string) time.Duration {
	s := p.str(name)
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		p.wrong("%s: %q is no duration, as 1.5s or 20m", name, s)
	}
	return d
}

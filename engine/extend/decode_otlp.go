package extend

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/trace"
)

// otlpAnswer is OTLP as JSON, bare, as Jaeger's newer dialect wraps it, or as Tempo does.
type otlpAnswer struct {
	ResourceSpans []otlpResource `json:"resourceSpans"`
	Batches       []otlpResource `json:"batches"`
	Trace         struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	} `json:"trace"`
	Result struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	} `json:"result"`
}

type otlpResource struct {
	Resource struct {
		Attributes []otlpAttr `json:"attributes"`
	} `json:"resource"`
	ScopeSpans []struct {
		Spans []otlpSpan `json:"spans"`
	} `json:"scopeSpans"`
}

type otlpSpan struct {
	TraceID    string          `json:"traceId"`
	SpanID     string          `json:"spanId"`
	Parent     string          `json:"parentSpanId"`
	Name       string          `json:"name"`
	Start      json.RawMessage `json:"startTimeUnixNano"`
	End        json.RawMessage `json:"endTimeUnixNano"`
	Attributes []otlpAttr      `json:"attributes"`
	Events     []struct {
		At         json.RawMessage `json:"timeUnixNano"`
		Name       string          `json:"name"`
		Attributes []otlpAttr      `json:"attributes"`
	} `json:"events"`
	Status struct {
		Code    json.RawMessage `json:"code"`
		Message string          `json:"message"`
	} `json:"status"`
}

type otlpAttr struct {
	Key   string                     `json:"key"`
	Value map[string]json.RawMessage `json:"value"`
}

// decodeOTLP reads the spans of an answer. Those without an ID are left out.
func decodeOTLP(body []byte) ([]foreign, error) {
	var doc otlpAnswer
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, notJSON(err)
	}
	var out []foreign
	for _, list := range [][]otlpResource{doc.ResourceSpans, doc.Batches, doc.Trace.ResourceSpans, doc.Result.ResourceSpans} {
		for _, r := range list {
			service := text(otlpAttrs(r.Resource.Attributes), "service.name")
			for _, scope := range r.ScopeSpans {
				for i := range scope.Spans {
					if f, ok := scope.Spans[i].foreign(service); ok {
						out = append(out, f)
					}
				}
			}
		}
	}
	return out, nil
}

func (s *otlpSpan) foreign(service string) (foreign, bool) {
	var f foreign
	var ok, also bool
	f.trace, ok = traceIDOf(s.TraceID)
	f.span.ID, also = spanIDOf(s.SpanID)
	if !ok || !also {
		return f, false
	}
	f.span.Parent, _ = spanIDOf(s.Parent) // none: a root
	f.span.Service, f.span.Name = clip(service), clip(s.Name)
	start, _ := number(s.Start)
	end, _ := number(s.End)
	f.span.Start, f.span.End = between(moment(start), time.Duration(max(0, end)-max(0, start)))
	f.span.Attrs = otlpAttrs(s.Attributes)
	if code := string(s.Status.Code); code == "2" || code == `"STATUS_CODE_ERROR"` {
		f.span.Failed, f.span.Status = true, clip(s.Status.Message)
	}
	for _, e := range s.Events[:min(len(s.Events), maxEvents)] {
		at, _ := number(e.At)
		f.span.Events = append(f.span.Events, event(moment(at), e.Name, otlpAttrs(e.Attributes)))
	}
	f.span.Events = byTime(f.span.Events)
	return f, true
}

func otlpAttrs(list []otlpAttr) []trace.Attr {
	var out []trace.Attr
	for _, a := range list {
		if v := otlpValue(a.Value); a.Key != "" && v != nil {
			out = append(out, trace.Attr{Key: clip(a.Key), Value: v})
		}
	}
	return tidy(out)
}

// otlpValue gives a value as that of an attribute; lists and maps as JSON. Nil: there is none.
func otlpValue(v map[string]json.RawMessage) any {
	for _, kind := range slices.Sorted(maps.Keys(v)) { // there should be one
		raw := v[kind]
		switch kind {
		case "stringValue", "bytesValue":
			var s string
			if json.Unmarshal(raw, &s) == nil {
				return clip(s)
			}
		case "boolValue":
			var b bool
			if json.Unmarshal(raw, &b) == nil {
				return b
			}
		case "intValue":
			if n, ok := number(raw); ok {
				return n
			}
		case "doubleValue":
			var f float64
			if json.Unmarshal(raw, &f) == nil {
				return f
			}
			if s, err := strconv.Unquote(string(raw)); err == nil { // "NaN", "Infinity"
				return clip(s)
			}
		default:
			return clip(string(raw))
		}
	}
	return nil
}

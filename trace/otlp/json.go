package otlp

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/kubewake/kubewake/trace"
)

// JSON gives traces in OTLP's JSON form, {"resourceSpans": [...]}: IDs in hexadecimal, 64-bit numbers as strings, as its
// specification asks and the JSON of protobuf does not do.
func JSON(traces ...*trace.Trace) ([]byte, error) {
	doc := struct {
		ResourceSpans []jsonResource `json:"resourceSpans"`
	}{[]jsonResource{}}
	for _, t := range traces {
		doc.ResourceSpans = append(doc.ResourceSpans, jsonServices(t)...)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write OTLP JSON: %w", err)
	}
	return b, nil
}

type jsonResource struct {
	Resource struct {
		Attributes []jsonAttr `json:"attributes"`
	} `json:"resource"`
	ScopeSpans []*jsonScope `json:"scopeSpans"`
}

type jsonScope struct {
	Scope struct {
		Name string `json:"name"`
	} `json:"scope"`
	Spans []jsonSpan `json:"spans"`
}

type jsonSpan struct {
	TraceID    string      `json:"traceId"`
	SpanID     string      `json:"spanId"`
	Parent     string      `json:"parentSpanId,omitempty"`
	Name       string      `json:"name"`
	Kind       int         `json:"kind"`
	Start      string      `json:"startTimeUnixNano"`
	End        string      `json:"endTimeUnixNano"`
	Attributes []jsonAttr  `json:"attributes,omitempty"`
	Events     []jsonEvent `json:"events,omitempty"`
	Links      []jsonLink  `json:"links,omitempty"`
	Status     *jsonStatus `json:"status,omitempty"`
}

type jsonEvent struct {
	Time       string     `json:"timeUnixNano"`
	Name       string     `json:"name"`
	Attributes []jsonAttr `json:"attributes,omitempty"`
}

type jsonLink struct {
	TraceID    string     `json:"traceId"`
	SpanID     string     `json:"spanId"`
	Attributes []jsonAttr `json:"attributes,omitempty"`
}

type jsonStatus struct {
	Message string `json:"message,omitempty"`
	Code    int    `json:"code"`
}

type jsonAttr struct {
	Key   string         `json:"key"`
	Value map[string]any `json:"value"`
}

const (
	kindInternal = 1
	statusError  = 2
)

func jsonServices(t *trace.Trace) []jsonResource {
	var out []jsonResource
	of := map[string]*jsonScope{}
	for i := range t.Spans {
		s := &t.Spans[i]
		scope := of[s.Service]
		if scope == nil {
			scope = &jsonScope{}
			scope.Scope.Name = scopeName
			of[s.Service] = scope
			resource := jsonResource{ScopeSpans: []*jsonScope{scope}}
			resource.Resource.Attributes = jsonAttrs([]trace.Attr{{Key: "service.name", Value: s.Service}})
			out = append(out, resource)
		}
		scope.Spans = append(scope.Spans, jsonSpanOf(t.ID, s))
	}
	return out
}

func jsonSpanOf(id trace.ID, s *trace.Span) jsonSpan {
	out := jsonSpan{TraceID: id.String(), SpanID: s.ID.String(), Name: s.Name, Kind: kindInternal,
		Start: strconv.FormatUint(nanos(s.Start), 10), End: strconv.FormatUint(nanos(s.End), 10), Attributes: jsonAttrs(s.Attrs)}
	if s.Parent != (trace.SpanID{}) {
		out.Parent = s.Parent.String()
	}
	for i := range s.Events {
		e := &s.Events[i]
		out.Events = append(out.Events, jsonEvent{strconv.FormatUint(nanos(e.At), 10), e.Name, jsonAttrs(e.Attrs)})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, jsonLink{l.Trace.String(), l.Span.String(), jsonAttrs(l.Attrs)})
	}
	if s.Failed {
		out.Status = &jsonStatus{s.Status, statusError}
	}
	return out
}

func jsonAttrs(list []trace.Attr) []jsonAttr {
	out := make([]jsonAttr, 0, len(list))
	for _, a := range list {
		out = append(out, jsonAttr{a.Key, jsonValue(a.Value)})
	}
	return out
}

func jsonValue(v any) map[string]any {
	switch x := v.(type) {
	case string:
		return map[string]any{"stringValue": x}
	case bool:
		return map[string]any{"boolValue": x}
	case int64:
		return map[string]any{"intValue": strconv.FormatInt(x, 10)}
	case float64:
		return map[string]any{"doubleValue": x}
	}
	return map[string]any{"stringValue": fmt.Sprint(v)}
}

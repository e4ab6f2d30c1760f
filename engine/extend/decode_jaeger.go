package extend

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/kubewake/kubewake/trace"
)

// jaegerAnswer is a document of Jaeger's query API, as far as it is read.
type jaegerAnswer struct {
	Data []struct {
		Spans     []jaegerSpan `json:"spans"`
		Processes map[string]struct {
			Service string `json:"serviceName"`
		} `json:"processes"`
	} `json:"data"`
	Errors []struct {
		Message string `json:"msg"`
	} `json:"errors"`
}

type jaegerSpan struct {
	TraceID    string `json:"traceID"`
	SpanID     string `json:"spanID"`
	Operation  string `json:"operationName"`
	References []struct {
		Type    string `json:"refType"`
		TraceID string `json:"traceID"`
		SpanID  string `json:"spanID"`
	} `json:"references"`
	Start     int64       `json:"startTime"` // microseconds
	Duration  int64       `json:"duration"`  // microseconds
	Tags      []jaegerTag `json:"tags"`
	ProcessID string      `json:"processID"`
	Logs      []struct {
		At     int64       `json:"timestamp"`
		Fields []jaegerTag `json:"fields"`
	} `json:"logs"`
}

type jaegerTag struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// decodeJaeger reads the traces of an answer. Spans without an ID are left out.
func decodeJaeger(body []byte) ([]foreign, error) {
	var doc jaegerAnswer
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, notJSON(err)
	}
	var out []foreign
	for _, t := range doc.Data {
		for i := range t.Spans {
			if f, ok := t.Spans[i].foreign(t.Processes[t.Spans[i].ProcessID].Service); ok {
				out = append(out, f)
			}
		}
	}
	if len(doc.Errors) > 0 && len(doc.Data) == 0 {
		return nil, errors.New("it says: " + clip(doc.Errors[0].Message))
	}
	return out, nil
}

func (s *jaegerSpan) foreign(service string) (foreign, bool) {
	var f foreign
	var ok, also bool
	f.trace, ok = traceIDOf(s.TraceID)
	f.span.ID, also = spanIDOf(s.SpanID)
	if !ok || !also {
		return f, false
	}
	f.span.Service, f.span.Name = clip(service), clip(s.Operation)
	f.span.Start, f.span.End = between(micros(s.Start), time.Duration(min(max(s.Duration, 0), int64(time.Hour*24*365)/1000))*time.Microsecond)
	for _, r := range s.References {
		if r.Type == "CHILD_OF" && r.TraceID == s.TraceID {
			f.span.Parent, _ = spanIDOf(r.SpanID)
		}
	}
	f.span.Attrs = jaegerAttrs(s.Tags)
	for _, a := range f.span.Attrs {
		switch {
		case a.Key == "error" && (a.Value == true || a.Value == "true"), a.Key == "otel.status_code" && a.Value == "ERROR":
			f.span.Failed = true
		case a.Key == "otel.status_description":
			f.span.Status, _ = a.Value.(string)
		}
	}
	for _, l := range s.Logs[:min(len(s.Logs), maxEvents)] {
		attrs := jaegerAttrs(l.Fields)
		f.span.Events = append(f.span.Events, event(micros(l.At), text(attrs, "event"), attrs))
	}
	f.span.Events = byTime(f.span.Events)
	return f, true
}

func jaegerAttrs(tags []jaegerTag) []trace.Attr {
	var out []trace.Attr
	for _, t := range tags {
		if t.Key != "" && t.Value != nil {
			out = append(out, trace.Attr{Key: clip(t.Key), Value: plain(t.Value)})
		}
	}
	return tidy(out)
}

// plain gives a value of JSON as one of an attribute.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		return clip(v)
	case bool:
		return v
	case float64:
		if n := int64(v); float64(n) == v && n < 1<<53 && n > -1<<53 {
			return n
		}
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return clip(string(b))
}

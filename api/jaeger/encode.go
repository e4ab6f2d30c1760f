package jaeger

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/trace"
)

// Answer is a document of Jaeger's query API, in the dialect that Jaeger UI reads from /api/traces and from files.
type Answer struct {
	Data   any       `json:"data"`
	Total  int       `json:"total"`
	Limit  int       `json:"limit"`
	Offset int       `json:"offset"`
	Errors []Problem `json:"errors"`
	// Notes say what a limit left out. They are ours: clients of Jaeger do not look there.
	Notes []string `json:"notes,omitempty"`
}

// Problem is an error of an Answer.
type Problem struct {
	Code    int    `json:"code,omitempty"`
	Message string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

// Encode makes the document of some traces: what GET /api/traces/{id} answers, and what Jaeger UI opens as a file. Times are cut to
// microseconds, which is all that it can hold.
func Encode(traces ...*trace.Trace) *Answer {
	data := make([]*uiTrace, len(traces))
	for i, t := range traces {
		data[i] = uiTraceOf(t)
	}
	return &Answer{Data: data}
}

type uiTrace struct {
	TraceID   string               `json:"traceID"`
	Spans     []uiSpan             `json:"spans"`
	Processes map[string]uiProcess `json:"processes"`
	Warnings  []string             `json:"warnings"`
}

type uiProcess struct {
	Service string  `json:"serviceName"`
	Tags    []uiTag `json:"tags"`
}

type uiSpan struct {
	TraceID    string        `json:"traceID"`
	SpanID     string        `json:"spanID"`
	Operation  string        `json:"operationName"`
	References []uiReference `json:"references"`
	Start      int64         `json:"startTime"` // microseconds since 1970
	Duration   int64         `json:"duration"`  // microseconds
	Tags       []uiTag       `json:"tags"`
	Logs       []uiLog       `json:"logs"`
	ProcessID  string        `json:"processID"`
	Warnings   []string      `json:"warnings"`
}

type uiReference struct {
	Type    string `json:"refType"`
	TraceID string `json:"traceID"`
	SpanID  string `json:"spanID"`
}

type uiTag struct {
	Key   string `json:"key"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

type uiLog struct {
	At     int64   `json:"timestamp"`
	Fields []uiTag `json:"fields"`
}

func uiTraceOf(t *trace.Trace) *uiTrace {
	id := t.ID.String()
	out := &uiTrace{TraceID: id, Spans: make([]uiSpan, len(t.Spans)), Processes: map[string]uiProcess{}, Warnings: t.Notes}
	processes := map[string]string{} // by service
	for i := range t.Spans {
		s := &t.Spans[i]
		process, ok := processes[s.Service]
		if !ok {
			process = "p" + strconv.Itoa(len(processes)+1)
			processes[s.Service] = process
			out.Processes[process] = uiProcess{Service: s.Service, Tags: []uiTag{}}
		}
		out.Spans[i] = uiSpanOf(id, s, process)
	}
	if len(out.Spans) > 0 {
		out.Spans[0].Warnings = t.Notes // the page shows those of spans only
	}
	return out
}

func uiSpanOf(traceID string, s *trace.Span, process string) uiSpan {
	out := uiSpan{
		TraceID: traceID, SpanID: s.ID.String(), Operation: s.Name, ProcessID: process,
		Start: micros(s.Start), Duration: max(0, s.End.Sub(s.Start).Microseconds()),
		References: make([]uiReference, 0, 1+len(s.Links)), Tags: tagsOf(s.Attrs), Logs: make([]uiLog, len(s.Events)),
	}
	if s.Failed {
		out.Tags = append(out.Tags, uiTag{"error", "bool", true}, uiTag{"otel.status_code", "string", "ERROR"})
		if s.Status != "" {
			out.Tags = append(out.Tags, uiTag{"otel.status_description", "string", s.Status})
		}
	}
	if s.Parent != (trace.SpanID{}) {
		out.References = append(out.References, uiReference{"CHILD_OF", traceID, s.Parent.String()})
	}
	for _, l := range s.Links {
		out.References = append(out.References, uiReference{"FOLLOWS_FROM", l.Trace.String(), l.Span.String()})
	}
	for i, e := range s.Events {
		out.Logs[i] = uiLog{At: micros(e.At), Fields: append([]uiTag{{"event", "string", e.Name}}, tagsOf(e.Attrs)...)}
	}
	return out
}

// micros keeps times before 1970, which Jaeger can not hold, at 1970.
func micros(t time.Time) int64 { return max(0, t.UnixMicro()) }

func tagsOf(attrs []trace.Attr) []uiTag {
	tags := make([]uiTag, len(attrs), len(attrs)+3)
	for i, a := range attrs {
		tags[i] = tagOf(a)
	}
	return tags
}

func tagOf(a trace.Attr) uiTag {
	const exact = 1 << 53 // a browser rounds integers beyond
	switch v := a.Value.(type) {
	case string:
		return uiTag{a.Key, "string", v}
	case bool:
		return uiTag{a.Key, "bool", v}
	case int64:
		if v > exact || v < -exact {
			return uiTag{a.Key, "int64", strconv.FormatInt(v, 10)}
		}
		return uiTag{a.Key, "int64", v}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return uiTag{a.Key, "string", fmt.Sprint(v)} // JSON has no such number
		}
		return uiTag{a.Key, "float64", v}
	}
	return uiTag{a.Key, "string", fmt.Sprint(a.Value)}
}

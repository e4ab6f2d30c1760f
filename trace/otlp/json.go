package otlp

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/trace"
)

// JSON gives traces in OTLP's JSON form, {"resourceSpans": [...]}: IDs in hexadecimal, 64-bit numbers as strings, as its
// specification asks and the JSON of protobuf does not do.
func JSON(traces ...*trace.Trace) ([]byte, error) {
	n := 0
	for _, t := range traces {
		n += len(t.Spans)
	}
	b := make([]byte, 0, 1024*(n+1))
	b = append(b, `{"resourceSpans":[`...)
	for _, t := range traces {
		for _, service := range servicesOf(t) {
			b = sep(b)
			b = append(b, `{"resource":{"attributes":`...)
			b = jsonAttrs(b, []trace.Attr{{Key: "service.name", Value: service.name}})
			b = append(b, `},"scopeSpans":[{"scope":{"name":"`+scopeName+`"},"spans":[`...)
			for _, i := range service.spans {
				b = jsonSpan(sep(b), t.ID, &t.Spans[i])
			}
			b = append(b, `]}]}`...)
		}
	}
	return append(b, `]}`...), nil
}

// sep separates from what stands before in a list.
func sep(b []byte) []byte {
	if b[len(b)-1] == '[' {
		return b
	}
	return append(b, ',')
}

// service is a service with its spans, by their place in the trace.
type service struct {
	name  string
	spans []int
}

func servicesOf(t *trace.Trace) []service {
	var out []service
	at := map[string]int{}
	for i := range t.Spans {
		name := t.Spans[i].Service
		n, known := at[name]
		if !known {
			n = len(out)
			at[name], out = n, append(out, service{name: name})
		}
		out[n].spans = append(out[n].spans, i)
	}
	return out
}

const (
	kindInternal = "1"
	statusError  = "2"
)

func jsonSpan(b []byte, id trace.ID, s *trace.Span) []byte {
	b = jsonID(append(b, `{"traceId":"`...), id[:])
	b = jsonID(append(b, `","spanId":"`...), s.ID[:])
	if s.Parent != (trace.SpanID{}) {
		b = jsonID(append(b, `","parentSpanId":"`...), s.Parent[:])
	}
	b = text(append(b, `","name":`...), s.Name)
	b = append(b, `,"kind":`+kindInternal+`,"startTimeUnixNano":"`...)
	b = strconv.AppendUint(b, nanos(s.Start), 10)
	b = strconv.AppendUint(append(b, `","endTimeUnixNano":"`...), nanos(s.End), 10)
	b = append(b, '"')
	b = someAttrs(b, s.Attrs)
	if len(s.Events) > 0 {
		b = append(b, `,"events":[`...)
		for i := range s.Events {
			e := &s.Events[i]
			b = strconv.AppendUint(append(sep(b), `{"timeUnixNano":"`...), nanos(e.At), 10)
			b = text(append(b, `","name":`...), e.Name)
			b = append(someAttrs(b, e.Attrs), '}')
		}
		b = append(b, ']')
	}
	if len(s.Links) > 0 {
		b = append(b, `,"links":[`...)
		for i := range s.Links {
			l := &s.Links[i]
			b = jsonID(append(sep(b), `{"traceId":"`...), l.Trace[:])
			b = jsonID(append(b, `","spanId":"`...), l.Span[:])
			b = append(someAttrs(append(b, '"'), l.Attrs), '}')
		}
		b = append(b, ']')
	}
	if s.Failed {
		b = append(b, `,"status":{`...)
		if s.Status != "" {
			b = append(text(append(b, `"message":`...), s.Status), ',')
		}
		b = append(b, `"code":`+statusError+`}`...)
	}
	return append(b, '}')
}

func jsonID(b, id []byte) []byte { return hex.AppendEncode(b, id) }

// someAttrs writes the member for attributes, where there are any.
func someAttrs(b []byte, list []trace.Attr) []byte {
	if len(list) == 0 {
		return b
	}
	return jsonAttrs(append(b, `,"attributes":`...), list)
}

func jsonAttrs(b []byte, list []trace.Attr) []byte {
	b = append(b, '[')
	for _, a := range list {
		b = text(append(sep(b), `{"key":`...), a.Key)
		b = append(jsonValue(append(b, `,"value":{`...), a.Value), "}}"...)
	}
	return append(b, ']')
}

func jsonValue(b []byte, v any) []byte {
	switch x := v.(type) {
	case string:
		return text(append(b, `"stringValue":`...), x)
	case bool:
		return strconv.AppendBool(append(b, `"boolValue":`...), x)
	case int64:
		return append(strconv.AppendInt(append(b, `"intValue":"`...), x, 10), '"')
	case float64:
		b = append(b, `"doubleValue":`...)
		switch {
		case math.IsNaN(x):
			return append(b, `"NaN"`...)
		case math.IsInf(x, 1):
			return append(b, `"Infinity"`...)
		case math.IsInf(x, -1):
			return append(b, `"-Infinity"`...)
		}
		return strconv.AppendFloat(b, x, 'g', -1, 64)
	}
	return text(append(b, `"stringValue":`...), fmt.Sprint(v))
}

func text(b []byte, s string) []byte { return rawjson.AppendString(b, []byte(s)) }

package jaeger

import (
	"encoding/json"
	"io"
	"strconv"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// pieceBytes are written at once.
const pieceBytes = 64 << 10

// Traces are written without reflection: a large one has hundreds of thousands of tags. It means the same as what
// encoding/json would write, which a test holds.

// writeJSON writes an answer about traces, piece by piece: it may have many megabytes.
func (a *Answer) writeJSON(w io.Writer, traces []*uiTrace) error {
	out := pieces{w: w}
	out.b = append(out.b, `{"data":[`...)
	for i, t := range traces {
		if i > 0 {
			out.b = append(out.b, ',')
		}
		out.trace(t)
	}
	out.b = strconv.AppendInt(append(out.b, `],"total":`...), int64(a.Total), 10)
	out.b = strconv.AppendInt(append(out.b, `,"limit":`...), int64(a.Limit), 10)
	out.b = strconv.AppendInt(append(out.b, `,"offset":`...), int64(a.Offset), 10)
	out.b = appendRest(append(out.b, `,"errors":`...), a.Errors)
	if len(a.Notes) > 0 {
		out.b = appendTexts(append(out.b, `,"notes":`...), a.Notes)
	}
	out.b = append(out.b, "}\n"...)
	out.flush(0)
	return out.err
}

// pieces gathers what is written until it is worth a call. The first error ends it.
type pieces struct {
	w   io.Writer
	b   []byte
	err error
}

func (p *pieces) flush(from int) {
	if len(p.b) < from {
		return
	}
	if p.err == nil {
		_, p.err = p.w.Write(p.b)
	}
	p.b = p.b[:0]
}

func (p *pieces) trace(t *uiTrace) {
	p.b = appendText(append(p.b, `{"traceID":`...), t.TraceID)
	p.b = append(p.b, `,"spans":[`...)
	for i := range t.Spans {
		if i > 0 {
			p.b = append(p.b, ',')
		}
		p.b = t.Spans[i].appendJSON(p.b)
		p.flush(pieceBytes)
	}
	p.b = appendRest(append(p.b, `],"processes":`...), t.Processes)
	p.b = appendTexts(append(p.b, `,"warnings":`...), t.Warnings)
	p.b = append(p.b, '}')
}

func (s *uiSpan) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"traceID":`...), s.TraceID)
	b = appendText(append(b, `,"spanID":`...), s.SpanID)
	b = appendText(append(b, `,"operationName":`...), s.Operation)
	b = appendList(append(b, `,"references":`...), s.References, func(r uiReference, b []byte) []byte {
		b = appendText(append(b, `{"refType":`...), r.Type)
		b = appendText(append(b, `,"traceID":`...), r.TraceID)
		b = appendText(append(b, `,"spanID":`...), r.SpanID)
		return append(b, '}')
	})
	b = strconv.AppendInt(append(b, `,"startTime":`...), s.Start, 10)
	b = strconv.AppendInt(append(b, `,"duration":`...), s.Duration, 10)
	b = appendList(append(b, `,"tags":`...), s.Tags, uiTag.appendJSON)
	b = appendList(append(b, `,"logs":`...), s.Logs, func(l uiLog, b []byte) []byte {
		b = strconv.AppendInt(append(b, `{"timestamp":`...), l.At, 10)
		b = appendList(append(b, `,"fields":`...), l.Fields, uiTag.appendJSON)
		return append(b, '}')
	})
	b = appendText(append(b, `,"processID":`...), s.ProcessID)
	b = appendTexts(append(b, `,"warnings":`...), s.Warnings)
	return append(b, '}')
}

func (t uiTag) appendJSON(b []byte) []byte {
	b = appendText(append(b, `{"key":`...), t.Key)
	b = appendText(append(b, `,"type":`...), t.Type)
	b = append(b, `,"value":`...)
	switch v := t.Value.(type) {
	case string:
		b = appendText(b, v)
	case bool:
		b = strconv.AppendBool(b, v)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	default:
		b = appendRest(b, v)
	}
	return append(b, '}')
}

// appendList writes a list; one that is nil is null, as encoding/json has it.
func appendList[T any](b []byte, list []T, one func(T, []byte) []byte) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(v, b)
	}
	return append(b, ']')
}

func appendTexts(b []byte, list []string) []byte {
	return appendList(b, list, func(s string, b []byte) []byte { return appendText(b, s) })
}

func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return rawjson.AppendString(b, []byte(s))
		}
	}
	b = append(b, '"')
	return append(append(b, s...), '"')
}

// appendRest writes what is small with encoding/json.
func appendRest(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // no value that Encode makes
		return append(b, "null"...)
	}
	return append(b, text...)
}

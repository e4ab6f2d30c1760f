package otlp

import (
	"strings"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/kubewake/kubewake/record"
)

// logs reads what an exporter of logs sends.
func (b *batch) logs(list []*logspb.ResourceLogs) {
	for _, rl := range list {
		n := 0
		for _, sl := range rl.GetScopeLogs() {
			n += len(sl.GetLogRecords())
		}
		t, ok := b.teller(rl.GetResource(), n)
		if !ok {
			continue
		}
		for _, sl := range rl.GetScopeLogs() {
			for _, line := range sl.GetLogRecords() {
				b.line(&t, sl.GetScope(), line)
			}
		}
	}
}

// line makes a record of a log line. A body that is a map is what structured loggers write: its message is the text, its keys are attributes.
func (b *batch) line(t *teller, scope *common.InstrumentationScope, line *logspb.LogRecord) {
	s := &record.Span{Form: record.FormLog}
	id(s.TraceID[:], line.GetTraceId())
	id(s.SpanID[:], line.GetSpanId())
	list, body := line.GetAttributes(), line.GetBody()
	if inner := body.GetKvlistValue(); inner != nil {
		list, body = append(list[:len(list):len(list)], inner.GetValues()...), nil
	}
	rec, v := b.record(t, scope, s, list)
	rec.OccurredAt = moment(line.GetTimeUnixNano())
	if rec.OccurredAt.IsZero() {
		rec.OccurredAt = moment(line.GetObservedTimeUnixNano())
	}
	if v.cut || line.GetDroppedAttributesCount() > 0 {
		s.Flags |= record.SpanAttributesCut
	}
	s.Name = v.text(line.GetEventName(), maxValueBytes)
	if s.Severity = v.short(line.GetSeverityText(), 32); s.Severity == "" {
		s.Severity = severity(line.GetSeverityNumber())
	}
	v.cut = false
	text := v.plain(body, 0)
	if body == nil {
		for _, key := range []string{"msg", "message"} {
			if text = attributes(s.Attributes).text(key); text != "" {
				break
			}
		}
	}
	if s.Text = v.text(text, maxTextBytes); v.cut {
		s.Flags |= record.SpanTextCut
	}
	if line.GetSeverityNumber() >= logspb.SeverityNumber_SEVERITY_NUMBER_ERROR {
		s.Status = record.SpanError
	}
	b.finish(rec, v)
}

// severity is OTLP's word for a number: "ERROR", "INFO2".
func severity(n logspb.SeverityNumber) string {
	if n <= 0 || n > logspb.SeverityNumber_SEVERITY_NUMBER_FATAL4 {
		return ""
	}
	return strings.TrimPrefix(n.String(), "SEVERITY_NUMBER_")
}

package record

import (
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// TraceID is that of the W3C Trace Context. All zero means none.
type TraceID [16]byte

// SpanID is that of the W3C Trace Context. All zero means none.
type SpanID [8]byte

// String is 32 hexadecimal digits, empty for none.
func (id TraceID) String() string {
	if id == (TraceID{}) {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// String is 16 hexadecimal digits, empty for none.
func (id SpanID) String() string {
	if id == (SpanID{}) {
		return ""
	}
	return hex.EncodeToString(id[:])
}

// ParseTraceID reads the form of String.
func ParseTraceID(s string) (TraceID, error) {
	var id TraceID
	if b, err := hex.DecodeString(s); err != nil || len(b) != len(id) {
		return id, errors.New("a trace ID is 32 hexadecimal digits")
	}
	_, _ = hex.Decode(id[:], []byte(s)) // decoded above
	return id, nil
}

// Span is what somebody else than the apiserver's audit log, the watch and Events told: a span or a log line that was received over
// OTLP, or a record that was pushed. It is one neutral form: what differs is Form. The Record's OccurredAt is its beginning, the
// Record's Ref the object that it names first; Ref's name is empty where it names none.
type Span struct {
	Form     SpanForm
	TraceID  TraceID
	SpanID   SpanID // of a log line: the span that it was written in
	ParentID SpanID
	Service  string // service.name; of a pushed record: its source
	Scope    string // the library that told it, for example "k8s.io/apiserver"
	Name     string // of the span; of a log line or pushed record what kind of event it is, where told
	Kind     SpanKind
	End      time.Time // zero for what has no duration
	Status   SpanStatus
	// Severity is a log line's or pushed record's, as its source wrote it: "ERROR".
	Severity string
	// Text is a log line's body, a pushed record's message, a span's status message. Redacted.
	Text       string
	Attributes []KeyValue // sorted; values as text, redacted
	Resource   []KeyValue // attributes of who told it, sorted; redacted
	Events     []SpanEvent
	Links      []SpanLink
	// AuditID is the audit ID of the apiserver's request that it says it belongs to.
	AuditID string
	// Also are the further objects that it names. They are of the Record's cluster and do not tell it again.
	Also []ObjectRef
	// Key makes a pushed record one fact within its cluster and source. Others have none.
	Key   string
	Flags SpanFlags
}

// SpanForm says what a Span is.
type SpanForm uint8

// The forms. Numbers are part of the stored format.
const (
	FormSpan   SpanForm = 0 // a span, received over OTLP
	FormLog    SpanForm = 1 // a log line, received over OTLP
	FormPushed SpanForm = 2 // a record of a custom source
)

var spanFormNames = [...]string{"span", "log", "pushed"}

// String is the word used in JSON: "span", "log", "pushed".
func (f SpanForm) String() string { return word(spanFormNames[:], int(f)) }

// SpanKind is OTLP's.
type SpanKind uint8

// The kinds, with OTLP's numbers, which are part of the stored format.
const (
	SpanKindUnspecified SpanKind = 0
	SpanKindInternal    SpanKind = 1
	SpanKindServer      SpanKind = 2
	SpanKindClient      SpanKind = 3
	SpanKindProducer    SpanKind = 4
	SpanKindConsumer    SpanKind = 5
)

var spanKindNames = [...]string{"", "internal", "server", "client", "producer", "consumer"}

// String is the word used in JSON; empty for unspecified.
func (k SpanKind) String() string { return word(spanKindNames[:], int(k)) }

// SpanStatus is OTLP's.
type SpanStatus uint8

// The states, with OTLP's numbers, which are part of the stored format.
const (
	SpanUnset SpanStatus = 0
	SpanOK    SpanStatus = 1
	SpanError SpanStatus = 2
)

var spanStatusNames = [...]string{"", "ok", "error"}

// String is the word used in JSON; empty for unset.
func (s SpanStatus) String() string { return word(spanStatusNames[:], int(s)) }

// SpanEvent is something that happened within a span.
type SpanEvent struct {
	At         time.Time
	Name       string
	Attributes []KeyValue
}

// SpanLink names another span.
type SpanLink struct {
	TraceID    TraceID
	SpanID     SpanID
	Attributes []KeyValue
}

// SpanFlags marks what was cut of a Span.
type SpanFlags uint16

// Numbers are part of the stored format.
const (
	SpanAttributesCut SpanFlags = 1 << iota // attributes, or their values
	SpanEventsCut
	SpanLinksCut
	SpanTextCut
	SpanObjectsCut // it names more objects than are kept
	SpanRedacted   // something in it was redacted
)

// Has reports whether all flags of g are set.
func (f SpanFlags) Has(g SpanFlags) bool { return f&g == g }

// Names reports whether the span tells what it belongs to: an object or a request.
func (r *Record) Names() bool {
	return r.Span != nil && (r.Ref.Name != "" || r.Span.AuditID != "" || len(r.Span.Also) > 0)
}

// span hashes what makes a span one fact. What redaction put in is left out, so that the identity does not depend on the key.
func (h *hasher) span(r *Record) {
	s := r.Span
	h.num(uint64(s.Form))
	switch s.Form {
	case FormSpan:
		h.buf = append(append(h.buf, s.TraceID[:]...), s.SpanID[:]...)
	case FormPushed:
		h.str(s.Service)
		h.str(s.Key)
	default: // a log line has no name of its own: it is all that it says
		h.time(r.OccurredAt)
		h.buf = append(append(h.buf, s.TraceID[:]...), s.SpanID[:]...)
		for _, text := range [...]string{s.Service, s.Scope, s.Name, s.Severity, withoutRedacted(s.Text)} {
			h.str(text)
		}
		for _, list := range [...][]KeyValue{s.Attributes, s.Resource} {
			h.num(uint64(len(list)))
			for _, kv := range list {
				h.str(kv.Key)
				h.str(withoutRedacted(kv.Value))
			}
		}
	}
}

// withoutRedacted cuts the digests that redaction put into a text, also where they stand in a URI.
func withoutRedacted(s string) string {
	const plain, escaped = RedactedMark, "redacted%3A"
	if !strings.Contains(s, plain) && !strings.Contains(s, escaped) {
		return s
	}
	var b strings.Builder
	for s != "" {
		at, mark := strings.Index(s, plain), plain
		if n := strings.Index(s, escaped); n >= 0 && (at < 0 || n < at) {
			at, mark = n, escaped
		}
		if at < 0 {
			break
		}
		b.WriteString(s[:at+len(mark)])
		s = digits(s[at+len(mark):])
		s = strings.TrimPrefix(strings.TrimPrefix(s, ":"), "%3A")
		s = digits(s)
	}
	b.WriteString(s)
	return b.String()
}

func digits(s string) string { return strings.TrimLeft(s, "0123456789abcdef") }

func (e *encoder) span(s *Span) {
	e.num(uint64(s.Form))
	e.buf = append(append(append(e.buf, s.TraceID[:]...), s.SpanID[:]...), s.ParentID[:]...)
	for _, text := range [...]string{s.Service, s.Scope, s.Name, s.Severity, s.Text, s.AuditID, s.Key} {
		e.str(text)
	}
	e.num(uint64(s.Kind))
	e.time(s.End)
	e.num(uint64(s.Status))
	e.pairs(s.Attributes)
	e.pairs(s.Resource)
	e.num(uint64(len(s.Events)))
	for _, ev := range s.Events {
		e.time(ev.At)
		e.str(ev.Name)
		e.pairs(ev.Attributes)
	}
	e.num(uint64(len(s.Links)))
	for _, l := range s.Links {
		e.buf = append(append(e.buf, l.TraceID[:]...), l.SpanID[:]...)
		e.pairs(l.Attributes)
	}
	e.num(uint64(len(s.Also)))
	for _, ref := range s.Also {
		e.ref(ref)
	}
	e.num(uint64(s.Flags))
}

func (d *decoder) span() *Span {
	s := &Span{Form: SpanForm(d.num())}
	d.raw(s.TraceID[:])
	d.raw(s.SpanID[:])
	d.raw(s.ParentID[:])
	for _, text := range [...]*string{&s.Service, &s.Scope, &s.Name, &s.Severity, &s.Text, &s.AuditID, &s.Key} {
		*text = d.str()
	}
	s.Kind, s.End, s.Status = SpanKind(d.num()), d.time(), SpanStatus(d.num())
	s.Attributes, s.Resource = d.pairs(), d.pairs()
	if n := d.count(3); n > 0 {
		s.Events = make([]SpanEvent, n)
		for i := range s.Events {
			s.Events[i] = SpanEvent{At: d.time(), Name: d.str(), Attributes: d.pairs()}
		}
	}
	if n := d.count(len(TraceID{}) + len(SpanID{}) + 1); n > 0 {
		s.Links = make([]SpanLink, n)
		for i := range s.Links {
			d.raw(s.Links[i].TraceID[:])
			d.raw(s.Links[i].SpanID[:])
			s.Links[i].Attributes = d.pairs()
		}
	}
	if n := d.count(9); n > 0 {
		s.Also = make([]ObjectRef, n)
		for i := range s.Also {
			d.ref(&s.Also[i])
		}
	}
	s.Flags = SpanFlags(d.num())
	return s
}

// raw reads as many bytes as b has.
func (d *decoder) raw(b []byte) {
	if len(d.buf) < len(b) {
		d.fail()
		return
	}
	d.buf = d.buf[copy(b, d.buf):]
}

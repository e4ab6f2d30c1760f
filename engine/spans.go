package engine

import "time"

// Span is a span or a log line that was received over OTLP, or a record that a custom source pushed.
type Span struct {
	ID       string     `json:"id"`
	Form     string     `json:"form"`              // span, log, pushed
	TraceID  string     `json:"traceID,omitempty"` // 32 hexadecimal digits
	SpanID   string     `json:"spanID,omitempty"`  // 16; of a log line the span that it was written in
	ParentID string     `json:"parentID,omitempty"`
	Service  string     `json:"service,omitempty"` // of a pushed record its source
	Scope    string     `json:"scope,omitempty"`   // the library that told it
	Name     string     `json:"name,omitempty"`
	Kind     string     `json:"kind,omitempty"`   // internal, server, client, producer, consumer
	Status   string     `json:"status,omitempty"` // ok, error
	Severity string     `json:"severity,omitempty"`
	Text     string     `json:"text,omitempty"`
	Start    time.Time  `json:"start"`
	End      *time.Time `json:"end,omitempty"`
	// Attributes are its own, Resource those of who told it. Values are text, whatever they were.
	Attributes map[string]string `json:"attributes,omitempty"`
	Resource   map[string]string `json:"resource,omitempty"`
	Events     []SpanEvent       `json:"events,omitempty"`
	Links      []SpanLink        `json:"links,omitempty"`
	AuditID    string            `json:"auditID,omitempty"`
	Objects    []Ref             `json:"objects,omitempty"` // that it names
	Key        string            `json:"key,omitempty"`     // of a pushed record
	Notes      []string          `json:"notes,omitempty"`   // "redacted", "attributes cut at the limit"
}

// SpanEvent is something that happened within a span.
type SpanEvent struct {
	At         *time.Time        `json:"at,omitempty"`
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// SpanLink names another span.
type SpanLink struct {
	TraceID    string            `json:"traceID"`
	SpanID     string            `json:"spanID"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

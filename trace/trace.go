// SPDX-License-Identifier: Apache-2.0

// Package trace projects objects and their records on the tracing data model: spans with stable IDs, in display modes that are
// configuration.
//
// Start with [Trace], which is what faces encode (trace/otlp, api/jaeger). The same records give the same trace, byte for
// byte, on any replica: IDs are functions of identities, times are those of the records.
package trace

import (
	"encoding/hex"
	"time"
)

// ID of a trace, 16 bytes that say their own question; see docs/traces.md.
type ID [16]byte

// String is 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// SpanID is a hash of the record's or the object's identity, never all zero.
type SpanID [8]byte

// String is 16 hexadecimal digits.
func (id SpanID) String() string { return hex.EncodeToString(id[:]) }

// Trace is what became of a question. Spans stand parents first; where a parent is missing there is none: every span but the roots
// has its parent in Spans.
type Trace struct {
	ID    ID     `json:"traceID"`
	Spans []Span `json:"spans"`
	// Notes say what a reader should know: what was cut or collapsed, which objects share the hash in the ID, holes.
	Notes []string `json:"notes,omitempty"`
}

// Span is one object's life, one record, or a count of repeats.
type Span struct {
	ID      SpanID    `json:"spanID"`
	Parent  SpanID    `json:"parentSpanID"` // zero: a root
	Service string    `json:"service"`      // the resource: "deployments"
	Name    string    `json:"name"`         // operation: "shop/web"; of records what happened: "update", "ScalingReplicaSet"
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"` // not before Start
	Attrs   []Attr    `json:"attrs,omitempty"`
	Events  []Event   `json:"events,omitempty"` // by time
	Links   []Link    `json:"links,omitempty"`
	Failed  bool      `json:"failed,omitempty"`
	Status  string    `json:"status,omitempty"` // why it failed
}

// Event is a record shown within a span, a "log" in Jaeger's words.
type Event struct {
	At    time.Time `json:"at"`
	Name  string    `json:"name"`
	Attrs []Attr    `json:"attrs,omitempty"`
}

// Link points to a span of another trace, or to one of this that is no parent. Jaeger drops the attributes of links, so what is to be
// read stands in the span's own too.
type Link struct {
	Trace ID     `json:"traceID"`
	Span  SpanID `json:"spanID"`
	Attrs []Attr `json:"attrs,omitempty"`
}

// Attr is a tag. Value is a string, an int64, a float64 or a bool; keys are unique and sorted within one list.
type Attr struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

package engine

import (
	"time"

	"github.com/kubewake/kubewake/trace"
)

// Trace answers query.Trace.
type Trace struct {
	trace.Trace
	Object   Ref       `json:"object"` // the object asked for
	Mode     string    `json:"mode"`
	Modifier string    `json:"modifier,omitempty"`
	From     time.Time `json:"from"` // the window of the ID
	To       time.Time `json:"to"`
	Cut      string    `json:"cut,omitempty"`
	Pending  string    `json:"pending,omitempty"` // as in Links
	Coverage *Coverage `json:"coverage"`
}

// Traces answers query.Traces, newest last record first.
type Traces struct {
	Found []TraceFound `json:"found"`
	Cut   string       `json:"cut,omitempty"`
}

// TraceFound is an object that has a trace.
type TraceFound struct {
	ID      string    `json:"traceID"`
	Object  Ref       `json:"object"`
	First   time.Time `json:"first"` // record in the window that met the tags
	Last    time.Time `json:"last"`
	Records int       `json:"records"`
	Failed  int       `json:"failed,omitempty"`
}

// Services answers what Jaeger calls services: the display modes with their modifiers, and the operations: the clusters.
type Services struct {
	Services   []string `json:"services"`   // "tracing", "tracing owned", ...
	Operations []string `json:"operations"` // clusters
}

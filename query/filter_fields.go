package query

import (
	"errors"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/kubewake/kubewake/record"
)

// scope is one of the things a filter can read, as a bit.
type scope uint16

const (
	scopeHead scope = 1 << iota
	scopeTime
	scopeRequest
	scopeEvent
	scopeGap
	scopeSpan
	scopeObject
	scopeOldObject
)

// scopeNames maps the variables that stand for a whole scope; every other variable is of the head.
var scopeNames = map[string]scope{
	"time": scopeTime, "request": scopeRequest, "event": scopeEvent, "gap": scopeGap, "span": scopeSpan, "object": scopeObject, "oldObject": scopeOldObject,
}

// errAbsent is the evaluation error of reading what a record does not have: such a record is a miss.
var errAbsent = errors.New("the record has none")

// field reads one field of a record that has the field's scope. Exactly one function is set.
type field struct {
	typ   *types.Type
	str   func(*record.Record) string
	num   func(*record.Record) int64
	flag  func(*record.Record) bool
	at    func(*record.Record) time.Time
	list  func(*record.Record) []string
	pairs func(*record.Record) []record.KeyValue
	span  func(*record.Record) time.Duration
	part  *table
}

// table is a struct type of the filter language.
type table struct {
	name   string
	fields map[string]*field
}

func text(get func(*record.Record) string) *field {
	return &field{typ: types.StringType, str: get}
}
func number(get func(*record.Record) int64) *field { return &field{typ: types.IntType, num: get} }
func moment(get func(*record.Record) time.Time) *field {
	return &field{typ: types.TimestampType, at: get}
}
func words(get func(*record.Record) []string) *field {
	return &field{typ: types.NewListType(types.StringType), list: get}
}
func dict(get func(*record.Record) []record.KeyValue) *field {
	return &field{typ: types.NewMapType(types.StringType, types.StringType), pairs: get}
}
func part(t *table) *field { return &field{typ: types.NewObjectType(t.name), part: t} }

// headFields are the variables that every record has. "namespace" is spelt as the parser gets it: see readable.
var headFields = map[string]*field{
	"kind":            text(func(r *record.Record) string { return r.Kind.String() }),
	"cluster":         text(func(r *record.Record) string { return string(r.Ref.Cluster) }),
	"group":           text(func(r *record.Record) string { return r.Ref.Group }),
	"resource":        text(func(r *record.Record) string { return r.Ref.Resource }),
	"subresource":     text(func(r *record.Record) string { return r.Ref.Subresource }),
	namespaceVariable: text(func(r *record.Record) string { return r.Ref.Namespace }),
	"name":            text(func(r *record.Record) string { return r.Ref.Name }),
	"uid":             text(func(r *record.Record) string { return string(r.Ref.UID) }),
}

var requestTable = &table{name: "kubewake.Request", fields: map[string]*field{
	"verb":         text(func(r *record.Record) string { return r.Request.Verb }),
	"user":         text(func(r *record.Record) string { return r.Request.Actor.User }),
	"impersonator": text(func(r *record.Record) string { return r.Request.Actor.Impersonator }),
	"groups":       words(func(r *record.Record) []string { return r.Request.Actor.Groups }),
	"userAgent":    text(func(r *record.Record) string { return r.Request.Actor.UserAgent }),
	"sourceIPs":    words(func(r *record.Record) []string { return r.Request.Actor.SourceIPs }),
	"uri":          text(func(r *record.Record) string { return r.Request.URI }),
	"code":         number(func(r *record.Record) int64 { return int64(r.Request.Code) }),
	"reason":       text(func(r *record.Record) string { return r.Request.Reason }),
	"message":      text(func(r *record.Record) string { return r.Request.Message }),
	"group":        text(func(r *record.Record) string { return r.Ref.Group }),
	"version":      text(func(r *record.Record) string { return r.Ref.Version }),
	"resource":     text(func(r *record.Record) string { return r.Ref.Resource }),
	"subresource":  text(func(r *record.Record) string { return r.Ref.Subresource }),
	"namespace":    text(func(r *record.Record) string { return r.Ref.Namespace }),
	"name":         text(func(r *record.Record) string { return r.Ref.Name }),
	"stage":        text(func(r *record.Record) string { return r.Request.Stage.String() }),
	"level":        text(func(r *record.Record) string { return r.Request.Level.String() }),
	"receivedAt":   moment(func(r *record.Record) time.Time { return r.OccurredAt }),
	"latency":      {typ: types.DurationType, span: func(r *record.Record) time.Duration { return r.Latency() }},
	"dryRun":       {typ: types.BoolType, flag: func(r *record.Record) bool { return r.Request.Options().DryRun }},
	"read":         {typ: types.BoolType, flag: func(r *record.Record) bool { return r.Request.IsRead() }},
	"fieldManager": text(func(r *record.Record) string { return r.Request.Options().FieldManager }),
	"annotations":  dict(func(r *record.Record) []record.KeyValue { return r.Request.Annotated }),
	"auditID":      text(func(r *record.Record) string { return r.Request.AuditID }),
}}

var eventTable = &table{name: "kubewake.Event", fields: map[string]*field{
	"type":        text(func(r *record.Record) string { return r.KubeEvent.Type }),
	"reason":      text(func(r *record.Record) string { return r.KubeEvent.Reason }),
	"action":      text(func(r *record.Record) string { return r.KubeEvent.Action }),
	"note":        text(func(r *record.Record) string { return r.KubeEvent.Note }),
	"count":       number(func(r *record.Record) int64 { return r.KubeEvent.Count }),
	"controller":  text(func(r *record.Record) string { return r.KubeEvent.Controller }),
	"instance":    text(func(r *record.Record) string { return r.KubeEvent.Instance }),
	"firstSeen":   moment(func(r *record.Record) time.Time { return r.KubeEvent.FirstSeen }),
	"lastSeen":    moment(func(r *record.Record) time.Time { return r.KubeEvent.LastSeen }),
	"labels":      dict(func(r *record.Record) []record.KeyValue { return r.KubeEvent.Labels }),
	"annotations": dict(func(r *record.Record) []record.KeyValue { return r.KubeEvent.Annotations }),
	"regarding": part(eventObjectTable("kubewake.Event.Regarding", func(r *record.Record) *record.EventObject {
		return &r.KubeEvent.Regarding
	})),
	"related": part(eventObjectTable("kubewake.Event.Related", func(r *record.Record) *record.EventObject {
		return &r.KubeEvent.Related
	})),
}}

func eventObjectTable(name string, of func(*record.Record) *record.EventObject) *table {
	return &table{name: name, fields: map[string]*field{
		"kind":       text(func(r *record.Record) string { return of(r).Kind }),
		"apiVersion": text(func(r *record.Record) string { return of(r).APIVersion }),
		"namespace":  text(func(r *record.Record) string { return of(r).Namespace }),
		"name":       text(func(r *record.Record) string { return of(r).Name }),
		"uid":        text(func(r *record.Record) string { return string(of(r).UID) }),
		"fieldPath":  text(func(r *record.Record) string { return of(r).FieldPath }),
	}}
}

var gapTable = &table{name: "kubewake.Gap", fields: map[string]*field{
	"reason": text(func(r *record.Record) string { return string(r.Gap.Reason) }),
	"detail": text(func(r *record.Record) string { return r.Gap.Detail }),
	"until":  moment(func(r *record.Record) time.Time { return r.Gap.Until }),
	"count":  number(func(r *record.Record) int64 { return r.Gap.Count }),
}}

// spanTable: service is also a pushed record's source; duration of what has none is zero.
var spanTable = &table{name: "kubewake.Span", fields: map[string]*field{
	"form":       text(func(r *record.Record) string { return r.Span.Form.String() }),
	"traceID":    text(func(r *record.Record) string { return r.Span.TraceID.String() }),
	"spanID":     text(func(r *record.Record) string { return r.Span.SpanID.String() }),
	"parentID":   text(func(r *record.Record) string { return r.Span.ParentID.String() }),
	"service":    text(func(r *record.Record) string { return r.Span.Service }),
	"scope":      text(func(r *record.Record) string { return r.Span.Scope }),
	"name":       text(func(r *record.Record) string { return r.Span.Name }),
	"kind":       text(func(r *record.Record) string { return r.Span.Kind.String() }),
	"status":     text(func(r *record.Record) string { return r.Span.Status.String() }),
	"severity":   text(func(r *record.Record) string { return r.Span.Severity }),
	"text":       text(func(r *record.Record) string { return r.Span.Text }),
	"auditID":    text(func(r *record.Record) string { return r.Span.AuditID }),
	"key":        text(func(r *record.Record) string { return r.Span.Key }),
	"duration":   {typ: types.DurationType, span: spanDuration},
	"attributes": dict(func(r *record.Record) []record.KeyValue { return r.Span.Attributes }),
	"resource":   dict(func(r *record.Record) []record.KeyValue { return r.Span.Resource }),
}}

func spanDuration(r *record.Record) time.Duration {
	if r.Span.End.Before(r.OccurredAt) {
		return 0
	}
	return r.Span.End.Sub(r.OccurredAt)
}

// tables lists every struct type of the language.
func tables() []*table {
	return []*table{requestTable, eventTable, gapTable, spanTable, eventTable.fields["regarding"].part, eventTable.fields["related"].part}
}

// isSet is what has() answers: whether the field has a value other than the empty one.
func (f *field) isSet(r *record.Record) bool {
	switch {
	case f.str != nil:
		return f.str(r) != ""
	case f.num != nil:
		return f.num(r) != 0
	case f.flag != nil:
		return f.flag(r)
	case f.at != nil:
		return !f.at(r).IsZero()
	case f.list != nil:
		return len(f.list(r)) > 0
	case f.pairs != nil:
		return len(f.pairs(r)) > 0
	case f.span != nil:
		return f.span(r) != 0
	}
	return true
}

// value reads the field as the language's value.
func (f *field) value(r *record.Record) (ref.Val, error) {
	switch {
	case f.str != nil:
		return types.String(f.str(r)), nil
	case f.num != nil:
		return types.Int(f.num(r)), nil
	case f.flag != nil:
		return types.Bool(f.flag(r)), nil
	case f.at != nil:
		if t := f.at(r); !t.IsZero() {
			return types.Timestamp{Time: t}, nil
		}
		return nil, errAbsent
	case f.list != nil:
		return types.NewStringList(types.DefaultTypeAdapter, f.list(r)), nil
	case f.pairs != nil:
		return pairsMap(f.pairs(r)), nil
	case f.span != nil:
		return types.Duration{Duration: f.span(r)}, nil
	}
	return &body{table: f.part, rec: r}, nil
}

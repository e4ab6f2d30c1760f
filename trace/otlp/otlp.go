// SPDX-License-Identifier: Apache-2.0

// Package otlp writes traces as the messages of OpenTelemetry.
//
// [Encode] gives one trace as messages, [JSON] as OTLP's JSON; the service of each span becomes its resource's service.name. The same
// trace gives the same bytes.
package otlp

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/kubewake/kubewake/trace"
)

const scopeName = "kubewake"

// Encode gives a trace as OTLP: one ResourceSpans for each service, in the order in which they appear, with its spans in theirs. The
// W3C flags stay unset: our IDs are not random.
func Encode(t *trace.Trace) *tracepb.TracesData {
	return &tracepb.TracesData{ResourceSpans: Services(t.ID, t.Spans)}
}

// Services is Encode of some spans of a trace, for those who send a large one in pieces.
func Services(id trace.ID, spans []trace.Span) []*tracepb.ResourceSpans {
	var out []*tracepb.ResourceSpans
	of := map[string]*tracepb.ScopeSpans{}
	for i := range spans {
		s := &spans[i]
		scope := of[s.Service]
		if scope == nil {
			scope = &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: scopeName}}
			of[s.Service] = scope
			out = append(out, &tracepb.ResourceSpans{
				Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{attr(trace.Attr{Key: "service.name", Value: s.Service})}},
				ScopeSpans: []*tracepb.ScopeSpans{scope},
			})
		}
		scope.Spans = append(scope.Spans, spanOf(id, s))
	}
	return out
}

func spanOf(id trace.ID, s *trace.Span) *tracepb.Span {
	out := &tracepb.Span{
		TraceId: slices.Clone(id[:]), SpanId: slices.Clone(s.ID[:]), Name: valid(s.Name), Kind: tracepb.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanos(s.Start), EndTimeUnixNano: nanos(s.End), Attributes: attrs(s.Attrs),
	}
	if s.Parent != (trace.SpanID{}) {
		out.ParentSpanId = slices.Clone(s.Parent[:])
	}
	for i := range s.Events {
		e := &s.Events[i]
		out.Events = append(out.Events, &tracepb.Span_Event{TimeUnixNano: nanos(e.At), Name: valid(e.Name), Attributes: attrs(e.Attrs)})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, &tracepb.Span_Link{TraceId: slices.Clone(l.Trace[:]), SpanId: slices.Clone(l.Span[:]), Attributes: attrs(l.Attrs)})
	}
	if s.Failed {
		out.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: valid(s.Status)}
	}
	return out
}

// nanos since 1970; what lies before is 1970, and what lies beyond the year 2262, where they end, is that end.
func nanos(t time.Time) uint64 {
	switch s := t.Unix(); {
	case s < 0:
		return 0
	case s >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return uint64(t.UnixNano())
}

// valid replaces what is no UTF-8, which protobuf refuses to encode: one foreign letter must not cost the whole trace.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func attrs(list []trace.Attr) []*commonpb.KeyValue {
	var out []*commonpb.KeyValue
	for _, a := range list {
		out = append(out, attr(a))
	}
	return out
}

func attr(a trace.Attr) *commonpb.KeyValue {
	v := &commonpb.AnyValue{}
	switch x := a.Value.(type) {
	case string:
		v.Value = &commonpb.AnyValue_StringValue{StringValue: valid(x)}
	case bool:
		v.Value = &commonpb.AnyValue_BoolValue{BoolValue: x}
	case int64:
		v.Value = &commonpb.AnyValue_IntValue{IntValue: x}
	case float64:
		v.Value = &commonpb.AnyValue_DoubleValue{DoubleValue: x}
	default:
		v.Value = &commonpb.AnyValue_StringValue{StringValue: fmt.Sprint(x)}
	}
	return &commonpb.KeyValue{Key: valid(a.Key), Value: v}
}

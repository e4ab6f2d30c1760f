package query

import (
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

// What a filter says of spans, by the fast judgement and by CEL, and that nothing else has the variable.
func TestSpanFilters(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	span := &record.Record{Kind: record.KindSpan, OccurredAt: at, Ref: record.ObjectRef{Cluster: "c", Resource: "pods", Namespace: "shop", Name: "web-1"},
		Span: &record.Span{Form: record.FormLog, TraceID: record.TraceID{0xab}, SpanID: record.SpanID{1}, ParentID: record.SpanID{2}, Service: "apiserver", Scope: "s",
			Name: "Update", Kind: record.SpanKindServer, End: at.Add(2 * time.Second), Status: record.SpanError, Severity: "ERROR", Text: "conflict", AuditID: "a", Key: "k",
			Attributes: []record.KeyValue{{Key: "x", Value: "1"}}, Resource: []record.KeyValue{{Key: "y", Value: "2"}}}}
	pushed := &record.Record{Kind: record.KindSpan, OccurredAt: at, Span: &record.Span{Form: record.FormPushed, Service: "ci"}}
	gap := &record.Record{Kind: record.KindGap, OccurredAt: at, Gap: &record.Gap{}}
	for _, c := range []struct {
		filter            string
		span, pushed, gap Result
	}{
		{`span.service == "apiserver"`, Hit, Miss, Miss},
		{`span.duration >= duration("2s") && span.form == "log"`, Hit, Miss, Miss},
		{`span.duration == duration("0s")`, Miss, Hit, Miss},
		{`has(span.auditID) && has(span.key) && span.severity == "ERROR"`, Hit, Miss, Miss},
		{`span.attributes["x"] == "1" && span.resource.exists(k, k == "y")`, Hit, Miss, Miss},
		{`span.kind == "server" && span.status == "error" && span.text.contains("conf")`, Hit, Miss, Miss},
		{`span.traceID.startsWith("ab00") && span.spanID == "0100000000000000" && span.parentID == "0200000000000000"`, Hit, Miss, Miss},
		{`kind == "span" && namespace == "shop"`, Hit, Miss, Miss},
		{`span.name + span.scope == "Updates"`, Hit, Miss, Miss},
		{`request.verb == "get" || span.service == "ci"`, Miss, Hit, Miss},
	} {
		f, err := Compile(c.filter)
		if err != nil {
			t.Fatalf("%s: %v", c.filter, err)
		}
		for i, r := range []*record.Record{span, pushed, gap} {
			want := []Result{c.span, c.pushed, c.gap}[i]
			got, _ := f.Match(Input{Record: r, Time: at})
			if got != want {
				t.Errorf("%s of record %d: %v, want %v", c.filter, i, got, want)
			}
			if got == Hit && !f.PreMatch(r) {
				t.Errorf("%s: thrown out too early", c.filter)
			}
		}
	}
}

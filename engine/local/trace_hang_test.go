package local

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// TestSpansUnderRequests: what apiservers told of a request is nested under it; in the default mode it stands among the logs.
func TestSpansUnderRequests(t *testing.T) {
	p, web := play()
	e := engineOver(t, openStore(t), p.list, 1000)
	ask := query.Trace{Object: query.Object{UID: web.UID}, Mode: "tree", Modifier: "alone"}
	tr := traceOf(t, e, ask)
	depth := map[trace.SpanID]int{}
	var got []string
	for _, s := range tr.Spans {
		depth[s.ID] = depth[s.Parent] + 1
		if depth[s.ID] > 1 {
			got = append(got, strings.Repeat(" ", depth[s.ID]-2)+s.Name)
		}
	}
	want := []string{"create", "Reconcile", "update", " HTTP PUT", "  Update", "   etcd", "   Admit", "    log", "patch", " Patch", "about another", "deploy"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	ask.Mode = ""
	logs := traceOf(t, e, ask).Spans[0].Events
	if len(logs) < len(want) {
		t.Errorf("%d logs, want %d and perhaps a snapshot", len(logs), len(want))
	}
}

// TestCircles: foreign spans that name each other as parents are shown once each.
func TestCircles(t *testing.T) {
	span := func(id, parent byte) *record.Record {
		return &record.Record{Kind: record.KindSpan, OccurredAt: spanStart, Span: &record.Span{TraceID: record.TraceID{1}, SpanID: record.SpanID{id}, ParentID: record.SpanID{parent}, End: spanStart}}
	}
	count := 0
	var walk func(list []trace.Record)
	walk = func(list []trace.Record) {
		for i := range list {
			count++
			walk(list[i].Spans)
		}
	}
	walk(nested([]*record.Record{span(1, 2), span(2, 3), span(3, 1), span(4, 4), span(5, 9), span(6, 5)}))
	if count != 6 {
		t.Errorf("%d spans of 6", count)
	}
}

package show

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/trace"
)

// A request's spans stand below it in wide style only, each within its parent; what names the object stands on a line of its own.
func TestHistoryShowsSpans(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	end := at.Add(1500 * time.Microsecond)
	span := func(id, parent, name string) engine.Span {
		return engine.Span{Form: "span", SpanID: id, ParentID: parent, Service: "apiserver", Name: name, Start: at, End: &end, TraceID: "t"}
	}
	h := &engine.History{Object: engine.Ref{Name: "web"}, Entries: []engine.Entry{
		{Kind: "request", When: engine.When{At: &at}, Summary: "409 Conflict", Verb: "update", Code: 409, Request: &engine.Request{AuditID: "a"},
			Spans: []engine.Span{span("1", "", "HTTP PUT"), span("2", "1", "Update"), {Form: "log", SpanID: "2", Severity: "WARN", Text: "slow", Start: at}}, SpansLeft: 3},
		{Kind: "span", When: engine.When{At: &at}, Summary: "Reconcile 2s", Span: &engine.Span{Form: "span", Service: "controller", Status: "error", Start: at}},
	}}
	for _, wide := range []bool{false, true} {
		var b bytes.Buffer
		if err := History(&b, h, Style{Wide: wide}); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		for _, always := range []string{"controller", "Reconcile 2s", "span"} {
			if !strings.Contains(out, always) {
				t.Errorf("wide %v: no %q in\n%s", wide, always, out)
			}
		}
		for _, below := range []string{"  HTTP PUT 1.5ms", "    Update 1.5ms", "log WARN", "       slow", "  3 more spans"} {
			if strings.Contains(out, below) != wide {
				t.Errorf("wide %v: %q in\n%s", wide, below, out)
			}
		}
	}
}

// A span stands where it began, however long it took; wide output shows both ends.
func TestWhenOfSpan(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	end := at.Add(5 * time.Second)
	began, ended := &at, &end
	h := &engine.History{Entries: []engine.Entry{{Kind: "span", When: engine.When{At: began, NotBefore: began, NotAfter: ended},
		Span: &engine.Span{Form: "pushed", Service: "ci", Name: "deploy", Start: *began, End: ended}}}}
	for wide, want := range map[bool]string{false: " " + began.Format(clock) + " ", true: " " + began.Format(clock) + ".." + ended.Format(clock)} {
		var got bytes.Buffer
		if err := History(&got, h, Style{Zone: time.UTC, Wide: wide}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.String(), strings.TrimSpace(want)) || strings.Contains(got.String(), "≤") {
			t.Errorf("wide %t: no %q:\n%s", wide, want, got.String())
		}
	}
	if marks := HistoryMarks(h, Style{}); len(marks) > 0 {
		t.Errorf("marks %q", marks)
	}
}

// Spans that stand behind all others in an answer are drawn below their parents; what leads in a circle is drawn, too.
func TestTraceIsDrawnAsATree(t *testing.T) {
	span := func(id, parent byte) trace.Span {
		return trace.Span{ID: trace.SpanID{id}, Parent: trace.SpanID{parent}, Name: string(rune(id))}
	}
	spans := []trace.Span{span('a', 0), span('b', 'a'), span('c', 'b'), span('d', 'a'), span('x', 'c'), span('y', 'x'), span('o', 'm'),
		span('p', 'q'), span('q', 'p'), span('s', 's'), span('z', 'b')}
	var got string
	for _, span := range nested(spans) {
		got += span.Name
	}
	if diff := cmp.Diff("abcxyzdopqs", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

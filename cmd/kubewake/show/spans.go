package show

import (
	"fmt"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// spanWhat is what kind of thing was told, and its colour.
func spanWhat(s *engine.Span) (what, color string) {
	what = s.Form
	if s.Form == "log" && s.Severity != "" {
		what += " " + s.Severity
	}
	if s.Status == "error" {
		return what, red
	}
	return what, cyan
}

// shownSpans bounds the lines below one entry; -o json has all.
const shownSpans = 40

// spans are the rows below an entry, in wide style: what its request's spans tell, each indented by what it lies in.
func (s Style) spans(e *engine.Entry, layout string) (rows [][]cell) {
	if !s.Wide || len(e.Spans) == 0 {
		return nil
	}
	depth := map[string]int{}
	for i := range e.Spans[:min(len(e.Spans), shownSpans)] {
		sp := &e.Spans[i]
		above := sp.ParentID
		if sp.Form == "log" {
			above = sp.SpanID
		}
		level := 0
		if d, inside := depth[above]; inside && above != "" {
			level = d + 1
		}
		if sp.Form == "span" {
			depth[sp.SpanID] = level
		}
		what, color := spanWhat(sp)
		at := s.when(&engine.When{At: &sp.Start}, layout)
		rows = append(rows, []cell{text(at), text(" " + sp.Service), painted(color, what), text(""), text(""), text(sp.Scope), text(sp.TraceID), painted(dim, spanLine(sp, level))})
	}
	if left := len(e.Spans) - len(rows) + e.SpansLeft; left > 0 {
		rows = append(rows, []cell{text(""), text(""), painted(dim, "span"), text(""), text(""), text(""), text(""), painted(dim, fmt.Sprintf("  %d more spans", left))})
	}
	return rows
}

func spanLine(s *engine.Span, level int) string {
	line := fmt.Sprintf("%*s%s", 2*level+2, "", s.Name)
	if s.End != nil {
		line += " " + s.End.Sub(s.Start).Round(time.Microsecond).String()
	}
	if s.Text != "" {
		line += " " + s.Text
	}
	return line
}

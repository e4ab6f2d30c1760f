package show

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
)

// Bounds of the picture's columns.
const (
	chartWidth = 100 // of all, where there is no terminal
	leastChart = 20
	tailWidth  = 30
)

// Signs of the picture.
const (
	signSpan   = '━'
	signRecord = '•'
	signFailed = '×'
)

// Trace draws a trace as bars on one time axis, a line for each span; wide style lists the logs of each below it.
func Trace(w io.Writer, t *engine.Trace, s Style) error {
	if err := heading(w, s, t.Object, ""); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	spans := nested(t.Spans)
	g := newGantt(spans, s)
	mode := clean(strings.TrimSpace(t.Mode + " " + t.Modifier))
	fmt.Fprintln(out, s.paint(dim, fmt.Sprintf("trace %s · %s · %s to %s", t.ID, mode, s.stamp(&t.From), s.stamp(&t.To))))
	if len(spans) == 0 {
		fmt.Fprintln(out, "Nothing recorded here.")
		return out.Flush()
	}
	g.axis(out)
	for i, span := range spans {
		g.line(out, span, i)
		if s.Wide {
			g.logs(out, span, i)
		}
	}
	return out.Flush()
}

// nested gives the spans as a tree is read, each behind its parent and what that has before it; those of extensions stand behind all others
// in an answer. A span whose parents lead in a circle stands at the end.
func nested(spans []trace.Span) []*trace.Span {
	there := make(map[trace.SpanID]bool, len(spans))
	for i := range spans {
		there[spans[i].ID] = true
	}
	below := make(map[trace.SpanID][]int, len(spans))
	var open, all []int // open is a stack, what comes next is its last; below it lie all, for what no root leads to
	for i := len(spans) - 1; i >= 0; i-- {
		all = append(all, i)
		if parent := spans[i].Parent; there[parent] {
			below[parent] = append(below[parent], i)
		} else {
			open = append(open, i)
		}
	}
	ordered := make([]*trace.Span, 0, len(spans))
	seen := make([]bool, len(spans))
	for open = append(all, open...); len(open) > 0; {
		i := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[i] {
			continue
		}
		seen[i] = true
		ordered = append(ordered, &spans[i])
		open = append(open, below[spans[i].ID]...)
	}
	return ordered
}

// TraceMarks explains the signs that the picture of a trace has.
func TraceMarks(t *engine.Trace) []string {
	marks := append([]string(nil), t.Notes...)
	for i := range t.Spans {
		if t.Spans[i].Failed {
			return append(marks, string(signFailed)+" failed")
		}
	}
	return marks
}

// gantt is the picture of one trace.
type gantt struct {
	style      Style
	begin, end time.Time
	labels     []string
	labelWidth int
	chart      int
	tail       int
	layout     string
}

func newGantt(spans []*trace.Span, s Style) *gantt {
	g := &gantt{style: s, layout: clock, labels: make([]string, len(spans))}
	width := s.Width
	if width == 0 || s.Wide {
		width = max(s.Width, chartWidth)
	}
	depth := map[trace.SpanID]int{}
	var times []*time.Time
	for i, span := range spans {
		depth[span.ID] = depth[span.Parent] + 1
		g.labels[i] = strings.Repeat("  ", depth[span.ID]-1) + clean(s.label(span))
		g.labelWidth = max(g.labelWidth, utf8.RuneCountInString(g.labels[i]))
		if g.begin.IsZero() || span.Start.Before(g.begin) {
			g.begin = span.Start
		}
		if span.End.After(g.end) {
			g.end = span.End
		}
		times = append(times, &span.Start, &span.End)
	}
	g.layout, _ = s.layout(times)
	g.tail = min(tailWidth, width/4)
	g.labelWidth = min(g.labelWidth, max(width*2/5, 12))
	g.chart = max(width-g.labelWidth-g.tail-2*len(between), leastChart)
	return g
}

// label names a span: an object by its resource and name, a record by what happened, a group by what is common.
func (s Style) label(span *trace.Span) string {
	switch {
	case tagOf(span.Attrs, "grouped") == "user":
		return s.user(span.Name)
	case tagOf(span.Attrs, "record") != "", tagOf(span.Attrs, "grouped") != "":
		return span.Name
	}
	return span.Service + " " + span.Name
}

func tagOf(list []trace.Attr, key string) string {
	for _, a := range list {
		if a.Key == key {
			return fmt.Sprint(a.Value)
		}
	}
	return ""
}

// wordsOf says in a line what a record says: a summary, and behind it the message of an answer that failed.
func wordsOf(list []trace.Attr) string {
	summary, message := tagOf(list, "summary"), tagOf(list, "message")
	if summary == "" || message == "" {
		return summary + message
	}
	return summary + ": " + message
}

// axis tells which times the ends of the chart are.
func (g *gantt) axis(out io.Writer) {
	from, to := g.begin.In(g.style.zone()).Format(g.layout), g.end.In(g.style.zone()).Format(g.layout)
	gap := max(g.chart-utf8.RuneCountInString(from)-utf8.RuneCountInString(to), 1)
	head := g.begin.In(g.style.zone()).Format("2006-01-02 MST")
	if g.layout != clock {
		head = ""
	}
	line := pad(cut(head, g.labelWidth), g.labelWidth) + between + from + strings.Repeat(" ", gap) + to + between + query.FormatSpan(g.end.Sub(g.begin))
	fmt.Fprintln(out, g.style.paint(dim, line))
}

// column is where a moment stands on the chart.
func (g *gantt) column(at time.Time) int {
	all := g.end.Sub(g.begin)
	if all <= 0 {
		return 0
	}
	n := int(float64(at.Sub(g.begin)) / float64(all) * float64(g.chart))
	return min(max(n, 0), g.chart-1)
}

func (g *gantt) line(out io.Writer, span *trace.Span, i int) {
	isRecord := tagOf(span.Attrs, "record") != ""
	cells := []rune(strings.Repeat(" ", g.chart))
	from, to := g.column(span.Start), g.column(span.End)
	for c := from; c <= to; c++ {
		cells[c] = signSpan
	}
	sign := func(at time.Time, failed bool) {
		switch c := g.column(at); {
		case failed:
			cells[c] = signFailed
		case cells[c] != signFailed:
			cells[c] = signRecord
		}
	}
	if isRecord {
		sign(span.Start, span.Failed)
	}
	for k := range span.Events {
		sign(span.Events[k].At, tagOf(span.Events[k].Attrs, "error") == "true")
	}
	color := cyan
	if isRecord {
		color = plain
	}
	var bar strings.Builder
	for _, run := range runs(cells) {
		if run[0] == signFailed {
			bar.WriteString(g.style.paint(red, string(run)))
		} else {
			bar.WriteString(g.style.paint(color, string(run)))
		}
	}
	tail, tailColor := g.told(span, isRecord)
	line := pad(g.style.fitLabel(g.labels[i], g.labelWidth), g.labelWidth) + between + bar.String() + between + g.style.paint(tailColor, tail)
	fmt.Fprintln(out, strings.TrimRight(line, " "))
}

// fitLabel cuts a label; of a name the end tells most.
func (s Style) fitLabel(label string, width int) string {
	if utf8.RuneCountInString(label) <= width {
		return label
	}
	indent := label[:len(label)-len(strings.TrimLeft(label, " "))]
	room := width - len(indent)
	if room < 4 {
		return cut(label, width)
	}
	return indent + cutLeft(strings.TrimLeft(label, " "), room)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// runs cuts cells where failed ones begin and end, so that each piece has one colour.
func runs(cells []rune) [][]rune {
	var out [][]rune
	from := 0
	for i := 1; i <= len(cells); i++ {
		if i == len(cells) || (cells[i] == signFailed) != (cells[from] == signFailed) {
			out = append(out, cells[from:i])
			from = i
		}
	}
	return out
}

// told is what stands behind a bar: of an object how long, and how many records; of a record what it says.
func (g *gantt) told(span *trace.Span, isRecord bool) (string, string) {
	if isRecord {
		color := plain
		if span.Failed {
			color = red
		}
		who := g.style.user(tagOf(span.Attrs, "user"))
		return cut(clean(strings.TrimSpace(who+" "+wordsOf(span.Attrs))), g.room()), color
	}
	parts := []string{query.FormatSpan(span.End.Sub(span.Start))}
	if n := tagOf(span.Attrs, "records"); n != "" {
		parts = append(parts, "•"+n)
	}
	if n := tagOf(span.Attrs, "failed"); n != "" {
		parts = append(parts, "×"+n)
	}
	if tagOf(span.Attrs, "stub") != "" {
		parts = append(parts, "not recorded")
	}
	if tagOf(span.Attrs, "ended") != "" {
		parts = append(parts, "ended")
	}
	return cut(strings.Join(parts, " "), g.room()), dim
}

// room is how much the tail may take; without a terminal it is not cut.
func (g *gantt) room() int {
	if g.style.Width == 0 || g.style.Wide {
		return 0
	}
	return g.tail
}

func (g *gantt) logs(out io.Writer, span *trace.Span, i int) {
	indent := g.labels[i][:len(g.labels[i])-len(strings.TrimLeft(g.labels[i], " "))]
	for k := range span.Events {
		ev := &span.Events[k]
		color := dim
		if tagOf(ev.Attrs, "error") == "true" {
			color = red
		}
		line := fmt.Sprintf("%s    %s  %s  %s  %s", indent, ev.At.In(g.style.zone()).Format(g.layout), ev.Name, tagOf(ev.Attrs, "user"), wordsOf(ev.Attrs))
		fmt.Fprintln(out, g.style.paint(color, strings.TrimRight(clean(line), " ")))
	}
}

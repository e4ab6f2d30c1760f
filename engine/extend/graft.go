package extend

import (
	"cmp"
	"slices"

	"github.com/kubewake/kubewake/trace"
)

// Tags of the spans that were added.
const (
	extensionTag = "kubewake.extension" // the source's name
	otherTrace   = "kubewake.traceID"   // the trace that the span is part of where it comes from
)

// graft adds the spans of answers to a trace, each once, parents first, every one below something of ours.
type graft struct {
	spans []trace.Span
	seen  map[trace.SpanID]bool
	room  int // spans that may still be added
	left  int // spans for which there was no room
}

func (g *graft) begin() {
	g.seen = make(map[trace.SpanID]bool, len(g.spans))
	for i := range g.spans {
		g.seen[g.spans[i].ID] = true
	}
}

// add puts what one question found under the span that it was about. A span that is there already stays what it is: the same trace may
// answer several questions.
func (g *graft) add(q *question) {
	fresh := make([]*foreign, 0, len(q.found))
	at := make(map[trace.SpanID]int, len(q.found))
	for i := range q.found {
		f := &q.found[i]
		if _, twice := at[f.span.ID]; twice || g.seen[f.span.ID] || f.span.ID == (trace.SpanID{}) {
			continue
		}
		at[f.span.ID] = len(fresh)
		fresh = append(fresh, f)
	}
	below := make([][]int, len(fresh))
	var roots []int
	for i, f := range fresh {
		parent, here := at[f.span.Parent]
		switch {
		case here && parent != i:
			below[parent] = append(below[parent], i)
			continue
		case !g.seen[f.span.Parent]:
			f.span.Parent = q.span
		}
		roots = append(roots, i)
	}
	order := func(a, b int) int {
		x, y := &fresh[a].span, &fresh[b].span
		return cmp.Or(x.Start.Compare(y.Start), slices.Compare(x.ID[:], y.ID[:]))
	}
	slices.SortFunc(roots, order)
	placed := make([]bool, len(fresh))
	for _, i := range roots {
		g.place(q, fresh, below, placed, i, order)
	}
	for i := range fresh { // what is left goes round in circles
		if !placed[i] {
			fresh[i].span.Parent = q.span
			g.place(q, fresh, below, placed, i, order)
		}
	}
}

// place appends a span and all below it.
func (g *graft) place(q *question, fresh []*foreign, below [][]int, placed []bool, root int, order func(a, b int) int) {
	stack := []int{root}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if placed[i] {
			continue
		}
		placed[i] = true
		if g.room == 0 {
			g.left++
		} else {
			g.append(q, fresh[i])
		}
		children := slices.SortedFunc(slices.Values(below[i]), func(a, b int) int { return order(b, a) })
		stack = append(stack, children...)
	}
}

func (g *graft) append(q *question, f *foreign) {
	g.room--
	s := f.span
	if s.Service == "" {
		s.Service = q.source.settings.Name
	}
	s.Attrs = slices.DeleteFunc(slices.Clone(s.Attrs), func(a trace.Attr) bool { return a.Key == extensionTag || a.Key == otherTrace })
	s.Attrs = append(s.Attrs, trace.Attr{Key: extensionTag, Value: q.source.settings.Name}, trace.Attr{Key: otherTrace, Value: f.trace.String()})
	slices.SortFunc(s.Attrs, func(a, b trace.Attr) int { return cmp.Compare(a.Key, b.Key) })
	g.seen[s.ID] = true
	g.spans = append(g.spans, s)
}

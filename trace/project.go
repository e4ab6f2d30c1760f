package trace

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// node is a span to be: of an object, of a group of its records, or of one record (or a count of repeats).
type node struct {
	of      *Object
	record  *Record   // nil: of the object, or a group
	repeats []*Record // with record: all of the count, by time; nil: it stands alone
	group   string
	by      string  // what group is
	records []*node // records and groups below, by time
	logs    []*node // records that are shown within
	below   []*node // objects
	cut     int     // records that the limit left out
	start   time.Time
	end     time.Time
}

// projection is a trace under way.
type projection struct {
	in      *Input
	opt     Options
	mode    *Mode
	objects []*node // in the order of in.Objects, as far as they are shown
	roots   []*node
	notes   []string
	lines   int // of a diff; 0: none is shown
	flat    bool
	// snapshots: manifests are shown where lives end.
	snapshots bool
	counted   bool // repeats were counted
	bounded   bool // the limit has been looked at
}

// Project makes the trace of an input in a mode. It is a pure function: the same input gives the same trace, whatever order its records
// were given in.
func Project(in *Input, mode *Mode, opt Options) *Trace {
	p := &projection{in: in, opt: opt, mode: mode, notes: slices.Clone(in.Notes)}
	p.nest()
	for i := range mode.Steps {
		step := &mode.Steps[i]
		d, known := doing(step.Do)
		if !known {
			continue // Load lets none through
		}
		if !d.thins {
			p.bound()
		}
		d.apply(p, step)
	}
	p.bound()
	p.leaveOut()
	for _, root := range p.roots {
		p.measure(root)
	}
	return p.emit()
}

// nest makes the beginning: objects nested, records below them by time.
func (p *projection) nest() {
	nodes := make([]*node, len(p.in.Objects))
	for i := range p.in.Objects {
		o := &p.in.Objects[i]
		n := &node{of: o}
		nodes[i] = n
		n.records = recordNodes(o, o.Records)
		p.objects = append(p.objects, n)
		if o.Parent < 0 || o.Parent >= i {
			p.roots = append(p.roots, n)
			continue
		}
		above := nodes[o.Parent]
		above.below = append(above.below, n)
	}
}

func recordNodes(o *Object, list []Record) []*node {
	var out []*node
	for i := range list {
		out = append(out, &node{of: o, record: &list[i], records: recordNodes(o, list[i].Spans)})
	}
	slices.SortFunc(out, byTime)
	return out
}

// size is how many spans or logs a record is, those that hang under it among them.
func (n *node) size() int {
	size := 1
	for _, r := range n.records {
		size += r.size()
	}
	return size
}

// byTime orders records; of one moment by their identity.
func byTime(a, b *node) int {
	return cmp.Or(a.record.Start.Compare(b.record.Start), a.record.End.Compare(b.record.End), cmp.Compare(a.record.Kind, b.record.Kind),
		slices.Compare(a.record.ID[:], b.record.ID[:]))
}

// leaveOut drops the objects of which nothing was recorded in the window, unless something below was, or their whole lives are asked for.
func (p *projection) leaveOut() {
	if p.opt.FullLife || p.flat {
		return
	}
	left := 0
	var prune func(n *node) bool
	prune = func(n *node) bool {
		n.below = slices.DeleteFunc(n.below, func(b *node) bool { return !prune(b) })
		keep := len(n.records)+len(n.logs)+len(n.below)+n.cut > 0 || n.of.Asked || n.of.Left > 0
		if !keep {
			left++
		}
		return keep
	}
	p.roots = slices.DeleteFunc(p.roots, func(n *node) bool { return !prune(n) })
	if left > 0 {
		p.note("%s without a record in the window left out", plural(left, "object"))
	}
}

func (p *projection) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// measure finds when a span begins and ends: with its records, else with what is below, else with its life in the window.
func (p *projection) measure(n *node) {
	if n.record != nil {
		n.start, n.end = n.record.Start, latest(n.record.Start, n.record.End)
		for _, r := range n.repeats {
			n.end = latest(n.end, latest(r.Start, r.End))
		}
		for _, r := range n.records {
			p.measure(r)
		}
		return
	}
	for _, list := range [][]*node{n.records, n.logs} {
		for _, r := range list {
			p.measure(r)
			n.cover(r)
		}
	}
	own := !n.start.IsZero()
	for _, b := range n.below {
		p.measure(b)
		if !own {
			n.cover(b)
		}
	}
	if n.group != "" {
		return
	}
	if !p.opt.FullLife && !n.start.IsZero() {
		return
	}
	start, end := p.life(n.of)
	n.cover(&node{start: start, end: end})
}

func (n *node) cover(o *node) {
	if n.start.IsZero() || o.start.Before(n.start) {
		n.start = o.start
	}
	n.end = latest(n.end, o.end)
}

// life is an object's life as far as it lies in the window.
func (p *projection) life(o *Object) (start, end time.Time) {
	w := p.in.Question.Window
	start, end = latest(w.From, o.Created), w.To
	if !o.Ended.IsZero() && o.Ended.Before(end) {
		end = o.Ended
	}
	if start.After(w.To) {
		start = w.To
	}
	return start, latest(start, end)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

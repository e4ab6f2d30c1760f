package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// keep leaves records out that are of other kinds, or did not fail.
func (p *projection) keep(s *Step) {
	left := 0
	for _, n := range p.objects {
		before := len(n.records)
		n.records = slices.DeleteFunc(n.records, func(r *node) bool {
			return (s.Failed && !r.record.Failed) || (len(s.Kinds) > 0 && !slices.Contains(s.Kinds, r.record.Kind))
		})
		left += before - len(n.records)
	}
	if left > 0 {
		p.note("%s left out by the display mode", plural(left, "record"))
	}
}

// collapse counts repeats where the trace has many records.
func (p *projection) collapse(s *Step) {
	if p.items() > s.Over {
		p.count(s.Each)
	}
}

// items are the spans and logs that there would be.
func (p *projection) items() int {
	n := len(p.objects)
	for _, o := range p.objects {
		for _, r := range o.records {
			n += r.size()
		}
	}
	return n
}

// count makes one node of those records of an object that are alike and more than each.
func (p *projection) count(each int) {
	if p.counted {
		return
	}
	p.counted = true
	each = max(each, 1)
	counted, into := 0, 0
	for _, o := range p.objects {
		if len(o.records) <= each {
			continue
		}
		like := map[string][]*node{}
		keys := make([]string, len(o.records))
		for i, r := range o.records {
			if keys[i] = r.record.likeness(); len(r.records) > 0 {
				keys[i] = fmt.Sprint("alone ", i) // what hangs under it is its own
			}
			like[keys[i]] = append(like[keys[i]], r)
		}
		kept := o.records[:0]
		for i, r := range o.records {
			list := like[keys[i]]
			if len(list) <= each {
				kept = append(kept, r)
				continue
			}
			if list[0] != r {
				continue
			}
			for _, one := range list {
				r.repeats = append(r.repeats, one.record)
			}
			kept = append(kept, r)
			counted += len(list)
			into++
		}
		o.records = kept
	}
	if counted > 0 {
		p.note("%s that repeat others are counted in %s", plural(counted, "record"), plural(into, "span"))
	}
}

// likeness is what repeats have in common.
func (r *Record) likeness() string {
	parts := []string{r.Kind, r.Source, r.Name, r.User, r.Verb, strconv.Itoa(r.Code), strconv.FormatBool(r.Failed), strconv.FormatBool(r.NoOp)}
	if r.Failed {
		parts = append(parts, r.Status)
	}
	for i := range r.Changes {
		parts = append(parts, r.Changes[i].Path, r.Changes[i].Op)
	}
	return strings.Join(parts, "\x00")
}

const defaultLines = 40

func (p *projection) diff(s *Step) { p.lines = cmp.Or(s.Lines, defaultLines) }

func (p *projection) showSnapshots(*Step) { p.snapshots = true }

// group puts the records of each object below a node for each group, in the order in which those begin.
func (p *projection) group(s *Step) {
	for _, o := range p.objects {
		var groups []*node
		for _, r := range o.records {
			if r.record == nil {
				groups = append(groups, r) // grouped before
				continue
			}
			name := r.record.groupBy(s.By)
			i := slices.IndexFunc(groups, func(g *node) bool { return g.group == name })
			if i < 0 {
				groups = append(groups, &node{of: o.of, group: name, by: s.By})
				i = len(groups) - 1
			}
			groups[i].records = append(groups[i].records, r)
		}
		o.records = groups
	}
}

func (r *Record) groupBy(by string) string {
	name := r.Source
	switch by {
	case "kind":
		name = r.Kind
	case "user":
		name = r.User
	case "verb":
		name = r.Verb
	}
	return cmp.Or(name, "(none)")
}

// toLogs makes records logs of the span that they stand under.
func (p *projection) toLogs(s *Step) {
	for _, o := range p.objects {
		o.toLogs(s.Kinds)
	}
}

func (n *node) toLogs(kinds []string) {
	kept := n.records[:0:0]
	for _, r := range n.records {
		switch {
		case r.record == nil:
			r.toLogs(kinds)
			kept = append(kept, r)
		case len(kinds) > 0 && !slices.Contains(kinds, r.record.Kind):
			kept = append(kept, r)
		default:
			n.logs = append(n.logs, r.flat()...)
		}
	}
	slices.SortStableFunc(n.logs, byTime)
	n.records = kept
}

// flat is a record with all that hang under it.
func (n *node) flat() []*node {
	out := []*node{n}
	for _, r := range n.records {
		out = append(out, r.flat()...)
	}
	n.records = nil
	return out
}

// flatten puts all records under the first root.
func (p *projection) flatten(*Step) {
	if len(p.roots) == 0 {
		return
	}
	root := p.roots[0]
	var all []*node
	for _, o := range p.objects {
		for _, r := range o.records {
			if r.record == nil {
				all = append(all, r.records...) // of a group
			} else {
				all = append(all, r)
			}
		}
		if o != root {
			root.cut += o.cut
		}
		o.records = nil
	}
	slices.SortStableFunc(all, byTime)
	root.records, root.below = all, nil
	p.roots, p.flat = []*node{root}, true
}

// bound holds the trace to the limit: repeats are counted first, then objects with many records keep the first and the last of
// them. It is done once.
func (p *projection) bound() {
	if p.bounded {
		return
	}
	p.bounded = true
	if p.opt.Limit <= 0 || p.items() <= p.opt.Limit {
		return
	}
	p.count(1)
	if p.items() <= p.opt.Limit {
		return
	}
	if p.letHanging(); p.items() <= p.opt.Limit {
		return
	}
	most := fairShare(p.objects, p.opt.Limit-len(p.objects))
	cut, of := 0, 0
	for _, o := range p.objects {
		if over := len(o.records) - most; over > 0 {
			first, before := (most+1)/2, o.cut
			for _, r := range o.records[first : first+over] {
				o.cut += max(r.size(), len(r.repeats))
			}
			o.records = slices.Delete(o.records, first, first+over)
			cut += o.cut - before
			of++
		}
	}
	p.note("%s of %s left out to stay within the limit of %d spans and logs; each of these objects links to the trace of its own", plural(cut, "record"), plural(of, "object"), p.opt.Limit)
}

// letHanging leaves out what hangs under requests.
func (p *projection) letHanging() {
	left := 0
	for _, o := range p.objects {
		for _, r := range o.records {
			below := r.size() - 1
			r.records = nil
			o.cut += below
			left += below
		}
	}
	if left > 0 {
		p.note("%s under requests left out to stay within the limit of %d spans and logs", plural(left, "span"), p.opt.Limit)
	}
}

// fairShare is the greatest number of records that each object may keep so that all together are at most room.
func fairShare(objects []*node, room int) int {
	low, high := 0, max(room, 0)
	for low < high {
		mid := (low + high + 1) / 2
		sum := 0
		for _, o := range objects {
			sum += min(len(o.records), mid)
		}
		if sum <= room {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

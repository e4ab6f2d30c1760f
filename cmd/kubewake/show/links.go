package show

import (
	"fmt"
	"io"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/local"
)

// Links writes one line for each link, grouped by type.
func Links(w io.Writer, l *engine.Links, s Style) error {
	if len(l.Links) == 0 {
		_, err := fmt.Fprintln(w, "No links are known.")
		return err
	}
	var times []*time.Time
	for i := range l.Links {
		for _, at := range []*engine.When{l.Links[i].Since, l.Links[i].Until} {
			if at != nil {
				times = append(times, at.At)
			}
		}
	}
	layout, day := s.layout(times)
	t := &table{style: s, heads: []string{"", "OBJECT", " SINCE" + s.dayOrZone(day), " UNTIL", "STANDS IN"}, caps: []int{0, 72, 0, 0}}
	if s.Wide {
		t.heads = append(t.heads, "RULE", "UID", "REASON")
	}
	typ := ""
	for i := range l.Links {
		link := &l.Links[i]
		if link.Type != typ {
			typ = link.Type
			t.band(typ)
		}
		other, arrow := &link.Child, "→"
		if link.Child.UID == l.Object.UID && link.Child.Name == l.Object.Name && link.Child.Resource == l.Object.Resource {
			other, arrow = &link.Parent, "←"
		}
		t.add(s.linkRow(l, link, other, arrow, layout)...)
	}
	return t.write(w)
}

func (s Style) linkRow(l *engine.Links, link *engine.Link, other *engine.LinkEnd, arrow, layout string) []cell {
	name := ref(other.Ref)
	if other.Namespace != l.Object.Namespace && other.Namespace != "" {
		name = fullRef(other.Ref)
	}
	if other.Cluster != l.Object.Cluster {
		name += " (cluster " + other.Cluster + ")"
	}
	color := plain
	switch {
	case other.Stub:
		name, color = name+", never recorded", dim
	case other.Ended:
		name, color = name+", ended", dim
	}
	since, until := s.when(link.Since, layout), s.when(link.Until, layout)
	if link.Since == nil {
		since = " first state"
	}
	if link.Until == nil {
		until = " -"
	}
	certain := mark(link.Certainty)
	if link.Certainty == engine.Unknown {
		certain = markCandidate
	}
	row := []cell{text("  " + arrow), {text: certain + clean(name), color: color}, text(since), text(until), text(link.Field)}
	if link.Controller {
		row[4] = text(link.Field + ", controller")
	}
	if s.Wide {
		row = append(row, text(link.Rule), text(other.UID), text(link.Reason))
	}
	return row
}

// LinkMarks explains the marks in a list of links.
func LinkMarks(l *engine.Links, s Style) []string {
	var m marks
	unknown := false
	for i := range l.Links {
		m.certainty(l.Links[i].Certainty)
		m.when(l.Links[i].Since, s)
		m.when(l.Links[i].Until, s)
		unknown = unknown || l.Links[i].Certainty == engine.Unknown
	}
	list := m.list()
	if unknown {
		list = append(list, markCandidate+" no record tells when")
	}
	return append(list, "→ below it", "← above it")
}

// LinkCheck tells what rules link, rule by rule.
func LinkCheck(w io.Writer, c *local.CheckedLinks, s Style) error {
	if len(c.Rules) == 0 {
		_, err := fmt.Fprintln(w, "The file has no rules.")
		return err
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		words := fmt.Sprintf("%s (%s): %s among %s", r.Name, r.Type, plural(r.Total, "link", "links"), plural(r.Objects, "object", "objects"))
		if r.Stubs > 0 {
			words += fmt.Sprintf(", %d to objects that were never recorded", r.Stubs)
		}
		if _, err := fmt.Fprintln(w, s.paint(bold, clean(words))); err != nil {
			return err
		}
		if r.Failed > 0 {
			words := fmt.Sprintf("  failed %s; first on %s: %s", plural(r.Failed, "time", "times"), fullRef(*r.First), r.Error)
			if _, err := fmt.Fprintln(w, s.paint(red, clean(words))); err != nil {
				return err
			}
		}
		if len(r.Links) == 0 {
			continue
		}
		if err := s.checked(r).write(w); err != nil {
			return err
		}
		if left := r.Total - len(r.Links); left > 0 {
			if _, err := fmt.Fprintf(w, "  … and %d more\n", left); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s Style) checked(r *local.CheckedRule) *table {
	t := &table{style: s, heads: []string{"", "PARENT", "CHILD", " SINCE" + s.dayOrZone(""), " UNTIL"}, caps: []int{0, 60, 60}}
	for k := range r.Links {
		l := &r.Links[k]
		since, until := s.when(l.Since, dateTime), s.when(l.Until, dateTime)
		if l.Since == nil {
			since = " first state"
		}
		if l.Until == nil {
			until = " -"
		}
		t.add(text(""), text(endWords(&l.Parent)), text(endWords(&l.Child)), text(since), text(until))
	}
	return t
}

func endWords(n *engine.LinkEnd) string {
	words := fullRef(n.Ref) + " (" + n.Cluster + ")"
	if n.Stub {
		words += ", never recorded"
	}
	return words
}

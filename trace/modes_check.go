package trace

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/object"
)

// modeChecker finds what is wrong with a file of modes, and where.
type modeChecker struct {
	file     string
	from, to int // numbers that it may use
	doc      yaml.Node
	errs     []error
}

// complain names the place that a path of keys and positions leads to, or as far as it is there.
func (c *modeChecker) complain(path []any, format string, args ...any) {
	n := &c.doc
	if len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, p := range path {
		next := child(n, p)
		if next == nil {
			break
		}
		n = next
	}
	c.errs = append(c.errs, &settings.Error{File: c.file, Line: n.Line, Column: n.Column, Problem: fmt.Sprintf(format, args...)})
}

func child(n *yaml.Node, at any) *yaml.Node {
	switch at := at.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && at < len(n.Content) {
			return n.Content[at]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == at {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

func (c *modeChecker) mode(have *Modes, m *Mode, i int) {
	where := func(more ...any) []any { return append([]any{"modes", i}, more...) }
	switch {
	case m.Name == "" || strings.ContainsFunc(m.Name, notWord):
		c.complain(where("name"), "a mode's name is one word of lower-case letters, digits and -, not %q", m.Name)
	case slices.ContainsFunc(have.Modes, func(o Mode) bool { return o.Name == m.Name }):
		c.complain(where("name"), "there is a mode %q already", m.Name)
	}
	c.number(where("number"), m.Number, slices.ContainsFunc(have.Modes, func(o Mode) bool { return o.Number == m.Number }))
	for k := range m.Steps {
		c.step(where("steps", k), &m.Steps[k])
	}
	c.order(where("steps"), m.Steps)
}

// order refuses steps behind those that hide from them what they work on.
func (c *modeChecker) order(where []any, steps []Step) {
	var last phase
	behind := ""
	for k := range steps {
		does, _ := doing(steps[k].Do)
		switch {
		case does.phase == anyPhase:
		case does.phase < last:
			c.complain(append(slices.Clone(where), k, "do"), "step %s stands behind %s, where it would miss records: keep and collapse come first, then flatten, then group and logs", steps[k].Do, behind)
		default:
			last, behind = does.phase, steps[k].Do
		}
	}
}

func (c *modeChecker) modifier(have *Modes, m *Modifier, i int) {
	where := func(more ...any) []any { return append([]any{"modifiers", i}, more...) }
	switch {
	case m.Name == "" || strings.TrimSpace(m.Name) != m.Name || strings.ContainsFunc(m.Name, func(r rune) bool { return r != ' ' && notWord(r) }):
		c.complain(where("name"), "a modifier's name is words of lower-case letters, digits and -, not %q", m.Name)
	case slices.ContainsFunc(have.Modifiers, func(o Modifier) bool { return o.Name == m.Name }):
		c.complain(where("name"), "there is a modifier %q already", m.Name)
	}
	c.number(where("number"), m.Number, slices.ContainsFunc(have.Modifiers, func(o Modifier) bool { return o.Number == m.Number }))
}

func notWord(r rune) bool {
	return !(r >= 'a' && r <= 'z') && !(r >= '0' && r <= '9') && r != '-'
}

func (c *modeChecker) number(where []any, n int, taken bool) {
	switch {
	case n < c.from || n > c.to:
		c.complain(where, "the number is %d, want one of %d to %d", n, c.from, c.to)
	case taken:
		c.complain(where, "number %d is taken", n)
	}
}

func (c *modeChecker) tag(t *Tag, i int) {
	if t.Name == "" {
		c.complain([]any{"tags", i}, "a tag needs a name")
	}
	if slices.Contains(ownTags(), t.Name) {
		c.complain([]any{"tags", i, "name"}, "%q is a tag that every object span has", t.Name)
	}
	path, err := object.ParsePath(t.Path)
	if err != nil || len(path) == 0 {
		c.complain([]any{"tags", i, "path"}, "%q is no path of a field: write spec.nodeName", t.Path)
	}
	t.path = path
}

func (c *modeChecker) step(where []any, s *Step) {
	does, known := doing(s.Do)
	if !known {
		c.complain(append(where, "do"), "there is no step %q; there are: %s", s.Do, strings.Join(stepNames(), ", "))
		return
	}
	for _, o := range [...]struct {
		key string
		set bool
	}{{"by", s.By != ""}, {"kinds", s.Kinds != nil}, {"failed", s.Failed}, {"over", s.Over != 0}, {"each", s.Each != 0}, {"lines", s.Lines != 0}} {
		if o.set && !slices.Contains(does.takes, o.key) {
			c.complain(append(where, o.key), "step %s takes no %q", s.Do, o.key)
		}
	}
	for i, k := range s.Kinds {
		if !slices.Contains(recordKinds(), k) {
			c.complain(append(where, "kinds", i), "there is no kind of record %q; there are: %s", k, strings.Join(recordKinds(), ", "))
		}
	}
	if s.Do == "group" && !slices.Contains(groupings(), s.By) {
		c.complain(append(where, "by"), "group by what? want one of %s", strings.Join(groupings(), ", "))
	}
	if s.Over < 0 || s.Each < 0 || s.Lines < 0 {
		c.complain(where, "numbers of a step are not below zero")
	}
}

package object

import (
	"slices"
	"testing"
)

// apply carries a difference out on a, for tests: diff applied to a must give b.
func apply(t testing.TB, a *Value, d Difference, s Schema) *Value {
	t.Helper()
	if len(d.Changes) == 1 && len(d.Changes[0].Path) == 0 {
		return d.Changes[0].To
	}
	for _, c := range d.Changes {
		if c.Op == OpMove {
			a = replace(a, c.Path, reorder(a.At(c.Path), c.To, s, c.Path), 0)
		}
	}
	for i := len(d.Changes) - 1; i >= 0; i-- { // items that went by position: the last first
		if c := d.Changes[i]; c.Op == OpRemove {
			a = replace(a, c.Path, nil, 0)
		}
	}
	for _, c := range d.Changes {
		if c.Op == OpAdd || c.Op == OpChange {
			a = replace(a, c.Path, c.To, c.Place)
		}
	}
	return a
}

// reorder gives the items of list in the order of to, those that to does not have behind.
func reorder(list, to *Value, s Schema, path Path) *Value {
	for _, step := range path {
		if step.Kind == StepField {
			s = s.field(step.Name)
		} else {
			s = s.item()
		}
	}
	if by, _, _ := identify(s, list.Items(), to.Items()); by.kind == StepIndex {
		return to
	}
	m := matchItems(list.Items(), to.Items(), s)
	var items []*Value
	for _, from := range m.from {
		if from >= 0 {
			items = append(items, list.Items()[from])
		}
	}
	for _, from := range m.gone {
		items = append(items, list.Items()[from])
	}
	return NewArray(items...)
}

// replace sets, adds or (nil) removes what a path leads to.
func replace(v *Value, path Path, child *Value, place int) *Value {
	if len(path) == 0 {
		return child
	}
	step := path[0]
	if step.Kind == StepField {
		next := replace(v.member(step.Name), path[1:], child, place)
		return v.With(next, step.Name)
	}
	var items []*Value
	_, at := descend(v, step)
	for i, item := range v.Items() {
		if i != at {
			items = append(items, item)
		} else if next := replace(item, path[1:], child, place); next != nil {
			items = append(items, next)
		}
	}
	if at < 0 && child != nil {
		items = slices.Insert(items, place, child)
	}
	return NewArray(items...)
}

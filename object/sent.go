package object

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// ErrDelta is what SentBody's errors wrap.
var ErrDelta = errors.New("not a difference between request and response")

// SentBody builds the body that a create or update sent from the response and what record.Request.Sent keeps
// (record.SentDelta): {"set": {pointer: value}, "unset": [pointers]}. What such a difference leaves out (managedFields,
// resourceVersion, uid, generation, creationTimestamp) is as in the response.
func SentBody(response, delta *Value) (*Value, error) {
	if delta.Kind() != Object {
		return nil, ErrDelta
	}
	out := response
	for _, m := range delta.Get("set").Members() {
		next, ok := setAt(out, splitPointer(m.Name), m.Value)
		if !ok {
			return nil, fmt.Errorf("%w: nothing at %s", ErrDelta, clip(m.Name, 200))
		}
		out = next
	}
	unset := make([][]string, 0, len(delta.Get("unset").Items()))
	for _, p := range delta.Get("unset").Items() {
		unset = append(unset, splitPointer(p.Str()))
	}
	slices.SortFunc(unset, func(a, b []string) int { return comparePointers(b, a) }) // later items of a list go first
	for _, names := range unset {
		next, ok := setAt(out, names, nil)
		if !ok {
			return nil, fmt.Errorf("%w: nothing at %s", ErrDelta, clip(fmt.Sprint(names), 200))
		}
		out = next
	}
	return out, nil
}

// comparePointers orders places in a list by number.
func comparePointers(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		i, errI := strconv.Atoi(x)
		j, errJ := strconv.Atoi(y)
		switch {
		case errI != nil || errJ != nil || i == j:
			if x < y {
				return -1
			}
			if x > y {
				return 1
			}
			return 0
		case i < j:
			return -1
		}
		return 1
	})
}

// setAt gives a copy of v with child at a pointer, or without what is there for a nil child. A place just behind a
// list's end appends; objects on the way are made.
func setAt(v *Value, names []string, child *Value) (*Value, bool) {
	if len(names) == 0 {
		return child, child != nil
	}
	if v.Kind() != Array {
		if v.Kind() != Object && v.Kind() > Null {
			return nil, false
		}
		if len(names) == 1 {
			return v.With(child, names[0]), true
		}
		next, ok := setAt(v.member(names[0]), names[1:], child)
		if !ok {
			return nil, false
		}
		return v.With(next, names[0]), true
	}
	i, err := strconv.Atoi(names[0])
	if names[0] == "-" {
		i, err = len(v.Items()), nil
	}
	if err != nil || i < 0 || i > len(v.Items()) || (i == len(v.Items()) && (child == nil || len(names) > 1)) {
		return nil, false
	}
	items := slices.Clone(v.Items())
	switch {
	case i == len(items):
		items = append(items, child)
	case len(names) > 1:
		next, ok := setAt(items[i], names[1:], child)
		if !ok {
			return nil, false
		}
		items[i] = next
	case child == nil:
		items = slices.Delete(items, i, i+1)
	default:
		items[i] = child
	}
	return NewArray(items...), true
}

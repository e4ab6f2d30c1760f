package object

import (
	"iter"
	"strings"
)

type memberPair struct {
	name string
	a, b *Value
}

// memberPairs walks the members of two objects together, by name.
func memberPairs(a, b *Value) iter.Seq[memberPair] {
	return func(yield func(memberPair) bool) {
		ma, mb := a.Members(), b.Members()
		for len(ma) > 0 || len(mb) > 0 {
			var p memberPair
			switch {
			case len(mb) == 0 || (len(ma) > 0 && ma[0].Name < mb[0].Name):
				p, ma = memberPair{ma[0].Name, ma[0].Value, nil}, ma[1:]
			case len(ma) == 0 || mb[0].Name < ma[0].Name:
				p, mb = memberPair{mb[0].Name, nil, mb[0].Value}, mb[1:]
			default:
				p, ma, mb = memberPair{ma[0].Name, ma[0].Value, mb[0].Value}, ma[1:], mb[1:]
			}
			if !yield(p) {
				return
			}
		}
	}
}

// itemMatch says which items of two lists are the same item.
type itemMatch struct {
	from  []int // per item of the second list: its place in the first, or -1
	gone  []int // items of the first list that are not in the second
	moved bool  // items in both lists stand in another order, and the order has a meaning
	by    stepper
	how   string // what engine calls Match: empty for a key of the API
}

// stepper names the items of one list in paths.
type stepper struct {
	kind StepKind
	keys []string
}

// step to the item v at position i.
func (by stepper) step(v *Value, i int) Step {
	switch by.kind {
	case StepKeys:
		s := Step{Kind: StepKeys}
		for _, key := range by.keys {
			s.Keys = append(s.Keys, StepKey{key, keyText(v, key)})
		}
		return s
	case StepValue:
		return Step{Kind: StepValue, Value: v.String()}
	}
	return Step{Kind: StepIndex, Index: i}
}

// keyOf reads a key of a list item; dots lead into it.
func keyOf(item *Value, key string) *Value {
	if v := item.member(key); v != nil || !strings.Contains(key, ".") {
		return v
	}
	return item.Get(strings.Split(key, ".")...)
}

// keyText is a key of a list item as compact JSON, with what the API takes where it is missing.
func keyText(item *Value, key string) string {
	switch v := keyOf(item, key); {
	case !v.absent():
		return v.String()
	case key == "protocol":
		return `"TCP"`
	}
	return `""`
}

// appendKey appends what keyText gives.
func appendKey(b []byte, item *Value, key string) []byte {
	if v := keyOf(item, key); !v.absent() {
		return v.Append(b)
	}
	return append(b, keyText(item, key)...)
}

// matchItems finds which items of a and b are the same. Keys count only if every item of both lists has them and
// no two items of one list share them; otherwise items are told apart by position.
func matchItems(a, b []*Value, s Schema) itemMatch {
	by, ids, how := identify(s, a, b)
	if by.kind == StepIndex {
		return matchPositions(a, b, how)
	}
	m := itemMatch{from: make([]int, len(b)), by: by, how: how}
	found := 0
	if len(a)*len(b) <= 64 {
		for i, id := range ids[1] {
			m.from[i] = -1
			for j := range ids[0] {
				if ids[0][j] == id {
					m.from[i] = j
					found++
					break
				}
			}
		}
	} else {
		at := make(map[string]int, len(a))
		for j, id := range ids[0] {
			at[id] = j
		}
		for i, id := range ids[1] {
			j, ok := at[id]
			if !ok {
				j = -1
			} else {
				found++
			}
			m.from[i] = j
		}
	}
	m.gone = goneItems(m.from, len(a), found)
	m.moved = ordered(s) && outOfOrder(m.from)
	return m
}

// ordered reports whether the order of a list that is told apart by keys means something.
func ordered(s Schema) bool {
	switch s.node().list {
	case byOrderedKeys, byFallback, byPosition:
		return true
	}
	return false
}

func goneItems(from []int, n, found int) []int {
	if found == n {
		return nil
	}
	kept := make([]bool, n)
	for _, j := range from {
		if j >= 0 {
			kept[j] = true
		}
	}
	gone := make([]int, 0, n-found)
	for j, k := range kept {
		if !k {
			gone = append(gone, j)
		}
	}
	return gone
}

func outOfOrder(from []int) bool {
	last := -1
	for _, j := range from {
		if j < 0 {
			continue
		}
		if j < last {
			return true
		}
		last = j
	}
	return false
}

// matchPositions pairs items by place.
func matchPositions(a, b []*Value, how string) itemMatch {
	m := itemMatch{from: make([]int, len(b)), by: stepper{kind: StepIndex}, how: how}
	for i := range b {
		m.from[i] = i
		if i >= len(a) {
			m.from[i] = -1
		}
	}
	for j := len(b); j < len(a); j++ {
		m.gone = append(m.gone, j)
	}
	return m
}

// identify picks how items of all lists given are told apart: step names an item in a path, ids are equal for
// equal items (nil where position tells), how is what to say about it.
func identify(s Schema, lists ...[]*Value) (by stepper, ids [][]string, how string) {
	n := s.node()
	switch n.list {
	case byKeys, byOrderedKeys, byOwnKeys:
		if ids, ok := keyed(n.keys, lists); ok {
			if n.list == byOwnKeys {
				how = strings.Join(n.keys, ",")
			}
			return stepper{kind: StepKeys, keys: n.keys}, ids, how
		}
	case byValue, byOwnValue:
		if ids, ok := valued(lists); ok {
			if n.list == byOwnValue {
				how = "value"
			}
			return stepper{kind: StepValue}, ids, how
		}
	case byFallback:
		if named(lists) {
			if ids, ok := keyed(nameKey[:], lists); ok {
				return stepper{kind: StepKeys, keys: nameKey[:]}, ids, "name"
			}
		}
	}
	return stepper{kind: StepIndex}, nil, "position"
}

var nameKey = [...]string{"name"}

// named reports whether every item is an object with a name, and there is one.
func named(lists [][]*Value) bool {
	count := 0
	for _, list := range lists {
		for _, item := range list {
			if item.member("name").Kind() != String {
				return false
			}
			count++
		}
	}
	return count > 0
}

// keyed gives each item's keys as one text; false where an item has none of them or two items of a list share them.
func keyed(keys []string, lists [][]*Value) ([][]string, bool) {
	ids := make([][]string, len(lists))
	for l, list := range lists {
		ids[l] = make([]string, len(list))
		for i, item := range list {
			id, ok := itemID(item, keys)
			if !ok {
				return nil, false
			}
			ids[l][i] = id
		}
		if !distinct(ids[l]) {
			return nil, false
		}
	}
	return ids, true
}

func itemID(item *Value, keys []string) (string, bool) {
	if len(keys) == 1 {
		v := keyOf(item, keys[0])
		if v.Kind() == String {
			return v.text, true
		}
		return v.String(), !v.absent()
	}
	b, some := make([]byte, 0, 64), false
	for _, key := range keys {
		some = some || !keyOf(item, key).absent()
		b = append(appendKey(b, item, key), 0)
	}
	return string(b), some
}

func valued(lists [][]*Value) ([][]string, bool) {
	ids := make([][]string, len(lists))
	for l, list := range lists {
		ids[l] = make([]string, len(list))
		for i, item := range list {
			ids[l][i] = item.String()
		}
		if !distinct(ids[l]) {
			return nil, false
		}
	}
	return ids, true
}

func distinct(ids []string) bool {
	if len(ids) <= 8 {
		for i := range ids {
			for j := range i {
				if ids[i] == ids[j] {
					return false
				}
			}
		}
		return true
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return false
		}
		seen[id] = true
	}
	return true
}

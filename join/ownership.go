package join

import (
	"reflect"
	"strings"
)

// claim says how much of a change a manager owns afterwards.
type claim uint8

const (
	claimNone claim = iota // nothing of what was set
	claimSome
	claimAll
	claimOpen // nothing was set that can be owned
)

// ownership compares what was set between prev and next with what each writer's managedFields entry owns. Whoever sets a
// value by a request that keeps managedFields owns it afterwards; what an apiserver sets on its own nobody owns.
func ownership(prev, next *body, sections []string, entry *managedEntry) claim {
	fields, ok := tree(entry.fields)
	if !ok {
		return claimOpen
	}
	root, _ := fields.(map[string]any)
	var owned, foreign int
	for _, s := range sections {
		a, b, node := prev.top, next.top, root
		key, inMeta := strings.CutPrefix(s, "metadata.")
		if inMeta {
			a, b = prev.meta, next.meta
			node, _ = root["f:metadata"].(map[string]any)
		}
		old, _ := tree(find(a, key))
		value, _ := tree(find(b, key))
		var sub any
		if node != nil {
			sub = node["f:"+key]
		}
		count(sub, sub != nil, old, value, &owned, &foreign)
	}
	switch {
	case owned+foreign == 0:
		return claimOpen
	case foreign == 0:
		return claimAll
	case owned == 0:
		return claimNone
	}
	return claimSome
}

// count walks what differs between old and value: leaves that node owns, and leaves that it does not.
func count(node any, owns bool, old, value any, owned, foreign *int) {
	if value == nil || reflect.DeepEqual(old, value) {
		return // removed, or not changed
	}
	n, _ := node.(map[string]any)
	whole := owns && (len(n) == 0 || len(n) == 1 && n["."] != nil)
	switch v := value.(type) {
	case map[string]any:
		if whole && len(v) > 0 {
			*owned++
			return
		}
		o, _ := old.(map[string]any)
		for key, item := range v {
			sub, has := n["f:"+key]
			count(sub, has, o[key], item, owned, foreign)
		}
	case []any:
		if whole {
			*owned++
			return
		}
		countList(n, old, v, owned, foreign)
	default:
		if owns {
			*owned++
		} else {
			*foreign++
		}
	}
}

func countList(n map[string]any, old any, list []any, owned, foreign *int) {
	o, _ := old.([]any)
	for _, item := range list {
		sub, has := listNode(n, item)
		var before any
		for _, candidate := range o {
			if reflect.DeepEqual(candidate, item) {
				before = candidate
				break
			}
			if before == nil && sameKeys(n, item, candidate) {
				before = candidate
			}
		}
		count(sub, has, before, item, owned, foreign)
	}
}

// listNode finds the part of fieldsV1 that is about one list item: "k:{...}" by its keys, "v:..." by its value.
func listNode(n map[string]any, item any) (any, bool) {
	for key, sub := range n {
		switch {
		case strings.HasPrefix(key, "k:"):
			if keys, ok := tree([]byte(key[2:])); ok && hasKeys(item, keys) {
				return sub, true
			}
		case strings.HasPrefix(key, "v:"):
			if v, ok := tree([]byte(key[2:])); ok && reflect.DeepEqual(v, item) {
				return sub, true
			}
		}
	}
	return nil, false
}

func hasKeys(item, keys any) bool {
	m, ok := item.(map[string]any)
	k, isMap := keys.(map[string]any)
	if !ok || !isMap || len(k) == 0 {
		return false
	}
	for name, value := range k {
		if !reflect.DeepEqual(m[name], value) {
			return false
		}
	}
	return true
}

// sameKeys reports whether two items have the key of one list node, or else a common "type" or "name".
func sameKeys(n map[string]any, a, b any) bool {
	for key := range n {
		if !strings.HasPrefix(key, "k:") {
			continue
		}
		if keys, ok := tree([]byte(key[2:])); ok && hasKeys(a, keys) {
			return hasKeys(b, keys)
		}
	}
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		return false
	}
	for _, name := range [...]string{"type", "name", "uid"} {
		if x[name] != nil && reflect.DeepEqual(x[name], y[name]) {
			return true
		}
	}
	return false
}

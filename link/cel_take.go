package link

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// maxReferences bounds what one rule gives for one state.
const maxReferences = 1024

// referenceKeys are what a reference may tell.
func referenceKeys() []string {
	return []string{"cluster", "group", "version", "kind", "resource", "namespace", "name", "uid", "selector"}
}

// take reads what the expression gave. All of it is taken or, with a failure, nothing.
func (e *expression) take(r *reader, out ref.Val) {
	values, cut := references(out)
	var targets []Target
	for _, v := range values {
		t, err := e.target(r, v)
		if err != nil {
			r.fail(err)
			return
		}
		targets = append(targets, t)
	}
	for _, t := range targets {
		r.add(Claim{Target: t, Up: e.up, Field: "rule " + r.rule.name})
	}
	r.cut += cut
}

// references flattens null, an optional, one reference or a list of them.
func references(out ref.Val) (values []ref.Val, cut int) {
	switch v := out.(type) {
	case types.Null:
		return nil, 0
	case *types.Optional:
		if !v.HasValue() {
			return nil, 0
		}
		return references(v.GetValue())
	case traits.Lister:
		for i := v.Iterator(); i.HasNext() == types.True; {
			item := i.Next()
			if o, is := item.(*types.Optional); is && o.HasValue() {
				item = o.GetValue()
			}
			switch item.(type) {
			case types.Null, *types.Optional:
				continue
			}
			if len(values) == maxReferences {
				cut++
				continue
			}
			values = append(values, item)
		}
		return values, cut
	}
	return []ref.Val{out}, 0
}

// target reads one reference. What it does not tell, the rule or the state does.
func (e *expression) target(r *reader, v ref.Val) (Target, error) {
	m, ok := v.(traits.Mapper)
	if !ok {
		return Target{}, fmt.Errorf("the expression gave a %s where a reference must be: a map such as {\"name\": object.spec.owner}", v.Type().TypeName())
	}
	told := map[string]string{}
	var selector string
	selects := false
	for _, key := range keysOf(m) {
		if !slices.Contains(referenceKeys(), key) {
			return Target{}, fmt.Errorf("a reference has no key %q; it has %s", clip(key), strings.Join(referenceKeys(), ", "))
		}
		switch value := m.Get(types.String(key)).(type) {
		case types.Null:
		case types.String:
			told[key] = string(value)
		default:
			if key != "selector" {
				return Target{}, fmt.Errorf("%s of a reference is of type %s; it must be a string", key, value.Type().TypeName())
			}
			var err error
			if selector, err = selectorOf(value); err != nil {
				return Target{}, err
			}
			selects = true
		}
	}
	if text, isText := told["selector"]; isText {
		var err error
		if selector, err = canonical(text); err != nil {
			return Target{}, err
		}
		selects = true
	}
	return e.complete(r, told, selector, selects)
}

// keysOf gives the keys of a map in order, so that of several mistakes the same one is told each time. A key that is no text counts as "".
func keysOf(m traits.Mapper) []string {
	var keys []string
	for i := m.Iterator(); i.HasNext() == types.True; {
		key, _ := i.Next().(types.String)
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	return keys
}

// selectorOf reads a LabelSelector as manifests have it.
func selectorOf(v ref.Val) (string, error) {
	wrong := errors.New(`the selector must be text such as "app=web", or a LabelSelector with matchLabels and matchExpressions`)
	m, ok := v.(traits.Mapper)
	if !ok {
		return "", wrong
	}
	for _, key := range keysOf(m) {
		if key != "matchLabels" && key != "matchExpressions" {
			return "", wrong
		}
	}
	text, ok := labelSelector(valueOf(v, 0))
	if !ok {
		return "", errors.New("the selector is not valid")
	}
	return text, nil
}

// valueOf turns a value of the language back; deeper than any selector is nothing.
func valueOf(v ref.Val, depth int) *object.Value {
	if depth > 8 {
		return nil
	}
	switch v := v.(type) {
	case types.String:
		return object.NewString(string(v))
	case traits.Mapper:
		var members []object.Member
		for _, key := range keysOf(v) {
			members = append(members, object.Member{Name: key, Value: valueOf(v.Get(types.String(key)), depth+1)})
		}
		return object.NewObject(members...)
	case traits.Lister:
		var items []*object.Value
		for i := v.Iterator(); i.HasNext() == types.True; {
			items = append(items, valueOf(i.Next(), depth+1))
		}
		return object.NewArray(items...)
	}
	return nil
}

func (e *expression) complete(r *reader, told map[string]string, selector string, selects bool) (Target, error) {
	or := func(key, other string) string {
		if s, is := told[key]; is {
			return s
		}
		return other
	}
	t := Target{
		Cluster: record.Cluster(or("cluster", string(e.to.Cluster))), Group: or("group", e.to.Group), Version: or("version", e.to.Version),
		Kind: told["kind"], Resource: told["resource"], Name: told["name"], UID: record.UID(told["uid"]), Selector: selector,
	}
	if t.Kind == "" && t.Resource == "" {
		t.Kind, t.Resource = e.to.Kind, e.to.Resource
	}
	if t.Resource == "" {
		t.Resource = r.rules.plural(t.Group, t.Kind)
	}
	if t.Resource == "" {
		return Target{}, errors.New("a reference names no kind, nor does the rule")
	}
	t.Namespace = or("namespace", e.to.Namespace)
	if !has(told, "namespace") && e.to.Namespace == "" && !r.rules.isClusterScoped(record.GroupResource{Group: t.Group, Resource: t.Resource}) {
		t.Namespace = r.ref.Namespace
	}
	switch {
	case selects && !t.Selects():
		return Target{}, errors.New("a reference has a selector beside a name or UID; it must be one of them")
	case selects && (record.GroupResource{Group: t.Group, Resource: t.Resource}) != e.chosen:
		return Target{}, fmt.Errorf("a selector chooses among %s.%s; the rule itself must name that kind", t.Resource, t.Group)
	case !selects && t.Selects() && (has(told, "name") || has(told, "uid")):
		return Target{}, nil // told, and empty: there is none
	case !selects && t.Selects():
		return Target{}, errors.New("a reference has neither name, nor UID, nor selector")
	case t.Namespace == "*" && !selects:
		return Target{}, errors.New(`the namespace "*" goes with a selector only`)
	case t.Namespace == "*":
		t.Namespace, t.AllNamespaces = "", true
	}
	return t, nil
}

func has(told map[string]string, key string) bool {
	_, is := told[key]
	return is
}

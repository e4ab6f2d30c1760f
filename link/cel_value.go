package link

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/kubewake/kubewake/object"
)

// celValue gives a value of a manifest to the language. Objects and lists are read where an expression reads them; members come in the order of their names,
// so that what an expression gives does not depend on chance.
func celValue(v *object.Value) ref.Val {
	switch v.Kind() {
	case object.Object:
		return &celMap{v}
	case object.Array:
		return &celList{v}
	case object.String:
		return types.String(v.Str())
	case object.Bool:
		return types.Bool(isTrue(v))
	case object.Number:
		if n, err := strconv.ParseInt(v.Text(), 10, 64); err == nil {
			return types.Int(n)
		}
		f, err := strconv.ParseFloat(v.Text(), 64)
		if err != nil {
			return types.WrapErr(fmt.Errorf("the number %s is out of range", clip(v.Text())))
		}
		return types.Double(f)
	}
	return types.NullValue
}

// celMap is an object of a manifest.
type celMap struct{ v *object.Value }

// all gives the language's own map, for what is rarely asked.
func (m *celMap) all() ref.Val {
	out := make(map[ref.Val]ref.Val, len(m.v.Members()))
	for _, member := range m.v.Members() {
		out[types.String(member.Name)] = celValue(member.Value)
	}
	return types.NewRefValMap(types.DefaultTypeAdapter, out)
}

func (m *celMap) ConvertToNative(t reflect.Type) (any, error) { return m.all().ConvertToNative(t) }
func (m *celMap) ConvertToType(t ref.Type) ref.Val            { return m.all().ConvertToType(t) }
func (m *celMap) Equal(other ref.Val) ref.Val                 { return m.all().Equal(other) }
func (m *celMap) Type() ref.Type                              { return types.MapType }
func (m *celMap) Value() any                                  { return m.v }
func (m *celMap) Size() ref.Val                               { return types.Int(len(m.v.Members())) }

func (m *celMap) Contains(key ref.Val) ref.Val {
	_, found := m.Find(key)
	return types.Bool(found)
}

// Find gives the member with a name.
func (m *celMap) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	member := m.v.Get(string(name))
	if member == nil {
		return nil, false
	}
	return celValue(member), true
}

func (m *celMap) Get(key ref.Val) ref.Val {
	v, found := m.Find(key)
	if !found {
		return types.NewErr("no such key: %v", key.Value())
	}
	return v
}

func (m *celMap) Iterator() traits.Iterator {
	members := m.v.Members()
	return &celIterator{size: len(members), at: func(i int) ref.Val { return types.String(members[i].Name) }}
}

// celList is a list of a manifest.
type celList struct{ v *object.Value }

func (l *celList) all() traits.Lister {
	out := make([]ref.Val, 0, len(l.v.Items()))
	for _, item := range l.v.Items() {
		out = append(out, celValue(item))
	}
	return types.NewRefValList(types.DefaultTypeAdapter, out)
}

func (l *celList) ConvertToNative(t reflect.Type) (any, error) { return l.all().ConvertToNative(t) }
func (l *celList) ConvertToType(t ref.Type) ref.Val            { return l.all().ConvertToType(t) }
func (l *celList) Equal(other ref.Val) ref.Val                 { return l.all().Equal(other) }
func (l *celList) Type() ref.Type                              { return types.ListType }
func (l *celList) Value() any                                  { return l.v }
func (l *celList) Size() ref.Val                               { return types.Int(len(l.v.Items())) }
func (l *celList) Add(other ref.Val) ref.Val                   { return l.all().Add(other) }
func (l *celList) Contains(v ref.Val) ref.Val                  { return l.all().Contains(v) }

func (l *celList) Get(index ref.Val) ref.Val {
	if i, ok := index.(types.Int); ok && i >= 0 && int(i) < len(l.v.Items()) {
		return celValue(l.v.Items()[i])
	}
	return l.all().Get(index)
}

func (l *celList) Iterator() traits.Iterator {
	items := l.v.Items()
	return &celIterator{size: len(items), at: func(i int) ref.Val { return celValue(items[i]) }}
}

// celIterator goes over the names of a map, or the items of a list.
type celIterator struct {
	at   func(i int) ref.Val
	next int
	size int
}

func (i *celIterator) HasNext() ref.Val { return types.Bool(i.next < i.size) }

func (i *celIterator) Next() ref.Val {
	if i.next >= i.size {
		return nil
	}
	v := i.at(i.next)
	i.next++
	return v
}

func (i *celIterator) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("an iterator can not be converted")
}
func (i *celIterator) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("an iterator can not be converted")
}
func (i *celIterator) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(i)) }
func (i *celIterator) Type() ref.Type              { return types.IteratorType }
func (i *celIterator) Value() any                  { return i }

package query

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
)

// jsonValue makes a value of the language from raw JSON. Objects and lists stay raw until something in them is read, so that
// object.spec.replicas costs one pass over the bytes before it and no decoding.
func jsonValue(raw []byte) ref.Val {
	c := rawjson.NewCursor(raw)
	switch c.Kind() {
	case 0:
		return types.WrapErr(errJSON)
	case '{':
		return &jsonMap{raw: raw}
	case '[':
		return &jsonList{raw: raw}
	}
	value, err := c.Raw()
	if err != nil || c.End() != nil {
		return types.WrapErr(errJSON)
	}
	if s, ok := rawjson.String(value); ok {
		return types.String(s)
	}
	return jsonScalar(value)
}

func jsonScalar(raw []byte) ref.Val {
	switch string(raw) {
	case "true":
		return types.True
	case "false":
		return types.False
	case "null":
		return types.NullValue
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return types.Int(n)
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return types.WrapErr(errJSON)
	}
	return types.Double(f)
}

// jsonMap is a raw JSON object. It belongs to one evaluation.
type jsonMap struct {
	raw   []byte
	whole traits.Mapper // decoded one level, when something needs more than single keys
	err   error
}

// decoded reads all members, once; the values stay raw.
func (m *jsonMap) decoded() (traits.Mapper, error) {
	if m.whole == nil && m.err == nil {
		values := make(map[ref.Val]ref.Val)
		m.err = eachMember(m.raw, func(key, value []byte) {
			values[types.String(key)] = jsonValue(value)
		})
		m.whole = types.NewRefValMap(types.DefaultTypeAdapter, values)
	}
	return m.whole, m.err
}

func (m *jsonMap) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		if types.IsUnknownOrError(key) {
			return key, false
		}
		return nil, false
	}
	raw, err := member(m.raw, string(name))
	if err != nil {
		return types.WrapErr(err), false
	}
	if raw == nil {
		return nil, false
	}
	v := jsonValue(raw)
	return v, !types.IsError(v)
}

func (m *jsonMap) Get(key ref.Val) ref.Val {
	v, found := m.Find(key)
	switch {
	case found:
		return v
	case v != nil:
		return v
	}
	return types.NewErr("no such key: %v", key)
}

func (m *jsonMap) Contains(key ref.Val) ref.Val {
	v, found := m.Find(key)
	if v != nil && types.IsUnknownOrError(v) {
		return v
	}
	return types.Bool(found)
}

func (m *jsonMap) Size() ref.Val {
	whole, err := m.decoded()
	if err != nil {
		return types.WrapErr(err)
	}
	return whole.Size()
}

// Iterator goes over the keys in the order of the bytes, so that equal bytes give equal answers.
func (m *jsonMap) Iterator() traits.Iterator {
	var keys []ref.Val
	_ = eachMember(m.raw, func(key, _ []byte) { // of bytes that are no JSON: the members before the fault
		keys = append(keys, types.String(key))
	})
	return types.NewRefValList(types.DefaultTypeAdapter, keys).Iterator()
}

func (m *jsonMap) Equal(other ref.Val) ref.Val {
	if o, ok := other.(*jsonMap); ok && bytes.Equal(m.raw, o.raw) {
		return types.True
	}
	if _, ok := other.(traits.Mapper); !ok {
		return types.False
	}
	whole, err := m.decoded()
	if err != nil {
		return types.WrapErr(err)
	}
	return whole.Equal(other)
}

func (m *jsonMap) ConvertToType(typ ref.Type) ref.Val {
	switch typ {
	case types.MapType:
		return m
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("a JSON object can not be converted to %s", typ.TypeName())
}

func (m *jsonMap) ConvertToNative(typ reflect.Type) (any, error) {
	return nil, fmt.Errorf("a JSON object can not be converted to %v", typ)
}

func (m *jsonMap) Type() ref.Type { return types.MapType }
func (m *jsonMap) Value() any     { return m }

// jsonList is a raw JSON array. It belongs to one evaluation.
type jsonList struct {
	raw   []byte
	whole traits.Lister
	err   error
}

func (l *jsonList) decoded() (traits.Lister, error) {
	if l.whole == nil && l.err == nil {
		var values []ref.Val
		l.err = eachElement(l.raw, func(value []byte) {
			values = append(values, jsonValue(value))
		})
		l.whole = types.NewRefValList(types.DefaultTypeAdapter, values)
	}
	return l.whole, l.err
}

func (l *jsonList) Get(index ref.Val) ref.Val {
	return l.ask(func(whole traits.Lister) ref.Val { return whole.Get(index) })
}

func (l *jsonList) Contains(v ref.Val) ref.Val {
	return l.ask(func(whole traits.Lister) ref.Val { return whole.Contains(v) })
}

func (l *jsonList) Add(other ref.Val) ref.Val {
	return l.ask(func(whole traits.Lister) ref.Val { return whole.Add(other) })
}

// Size is an Int even of bytes that are no JSON: the interpreter relies on it.
func (l *jsonList) Size() ref.Val {
	whole, _ := l.decoded()
	return whole.Size()
}

func (l *jsonList) Iterator() traits.Iterator {
	whole, _ := l.decoded()
	return whole.Iterator()
}

func (l *jsonList) Equal(other ref.Val) ref.Val {
	if o, ok := other.(*jsonList); ok && bytes.Equal(l.raw, o.raw) {
		return types.True
	}
	if _, ok := other.(traits.Lister); !ok {
		return types.False
	}
	return l.ask(func(whole traits.Lister) ref.Val { return whole.Equal(other) })
}

func (l *jsonList) ask(do func(traits.Lister) ref.Val) ref.Val {
	whole, err := l.decoded()
	if err != nil {
		return types.WrapErr(err)
	}
	return do(whole)
}

func (l *jsonList) ConvertToType(typ ref.Type) ref.Val {
	switch typ {
	case types.ListType:
		return l
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("a JSON list can not be converted to %s", typ.TypeName())
}

func (l *jsonList) ConvertToNative(typ reflect.Type) (any, error) {
	return nil, fmt.Errorf("a JSON list can not be converted to %v", typ)
}

func (l *jsonList) Type() ref.Type { return types.ListType }
func (l *jsonList) Value() any     { return l }

// pairsMap is a small map of strings as a value of the language; its keys keep their order.
func pairsMap(pairs []record.KeyValue) ref.Val {
	raw := []byte{'{'}
	for i, kv := range pairs {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(rawjson.AppendString(raw, []byte(kv.Key)), ':')
		raw = rawjson.AppendString(raw, []byte(kv.Value))
	}
	return &jsonMap{raw: append(raw, '}')}
}

package object

import "sort"

// Kind is the JSON type of a Value.
type Kind uint8

// The JSON types. Absent is the kind of a nil Value.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Value is one node of a JSON document: immutable, numbers kept as written, object members sorted by name.
// All methods work on nil, which is a value that is not there.
type Value struct {
	kind Kind
	text string // String: decoded; Number: literal; Bool: "true" or "false"
	kids *kids  // nil if there are none
}

// kids are kept apart, so that the many values without any stay small.
type kids struct {
	members []Member
	items   []*Value
	late    *late // items that are read when they are asked for
}

// Member is one field of an object.
type Member struct {
	Name  string
	Value *Value
}

// Kind of the value.
func (v *Value) Kind() Kind {
	if v == nil {
		return Absent
	}
	return v.kind
}

// Text is a string's content, a number's literal, "true", "false" or "null"; empty for all others.
func (v *Value) Text() string {
	switch v.Kind() {
	case String, Number, Bool:
		return v.text
	case Null:
		return "null"
	}
	return ""
}

// Str is a string's content, empty for all other kinds.
func (v *Value) Str() string {
	if v.Kind() != String {
		return ""
	}
	return v.text
}

// Members of an object, sorted by name; they must not be changed.
func (v *Value) Members() []Member {
	if v == nil || v.kids == nil {
		return nil
	}
	return v.kids.members
}

// Items of an array; they must not be changed.
func (v *Value) Items() []*Value {
	if v == nil || v.kids == nil {
		return nil
	}
	if v.kids.late != nil {
		return v.kids.late.read()
	}
	return v.kids.items
}

// Get walks down members by name; nil where one is missing. With no names it gives v.
func (v *Value) Get(names ...string) *Value {
	for _, name := range names {
		v = v.member(name)
	}
	return v
}

func (v *Value) member(name string) *Value {
	if v == nil || v.kind != Object {
		return nil
	}
	m := v.Members()
	if len(m) <= 8 {
		for i := range m {
			if m[i].Name == name {
				return m[i].Value
			}
		}
		return nil
	}
	i := sort.Search(len(m), func(i int) bool { return m[i].Name >= name })
	if i < len(m) && m[i].Name == name {
		return m[i].Value
	}
	return nil
}

// absent reports whether a member is missing or null, which mean the same in a manifest.
func (v *Value) absent() bool { return v.Kind() <= Null }

// leaf reports whether v has nothing below it: a scalar, or an empty object or array.
func (v *Value) leaf() bool { return v == nil || v.kids == nil }

// NewString makes a string value.
func NewString(s string) *Value { return &Value{kind: String, text: s} }

// NewObject makes an object; of members with one name the last counts.
func NewObject(members ...Member) *Value {
	return object(sortMembers(append([]Member(nil), members...)))
}

// NewArray makes an array.
func NewArray(items ...*Value) *Value {
	if len(items) == 0 {
		return &Value{kind: Array}
	}
	return &Value{kind: Array, kids: &kids{items: items}}
}

// object makes an object of sorted members.
func object(members []Member) *Value {
	if len(members) == 0 {
		return &Value{kind: Object}
	}
	return &Value{kind: Object, kids: &kids{members: members}}
}

// With gives a copy in which the member that names lead to is child; missing objects on the way are
// made, other kinds on the way replaced. A nil child removes the member. What is not on the way is shared with v.
func (v *Value) With(child *Value, names ...string) *Value {
	if len(names) == 0 {
		return child
	}
	next := v.member(names[0])
	if child == nil && next == nil {
		return v
	}
	next = next.With(child, names[1:]...)
	out := make([]Member, 0, len(v.Members())+1)
	placed := next == nil
	for _, m := range v.Members() {
		if !placed && m.Name >= names[0] {
			out = append(out, Member{names[0], next})
			placed = true
		}
		if m.Name != names[0] {
			out = append(out, m)
		}
	}
	if !placed {
		out = append(out, Member{names[0], next})
	}
	return object(out)
}

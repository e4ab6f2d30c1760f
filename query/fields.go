package query

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/cel-go/common/types"
)

// Field is one word that filters may use, for help and completion.
type Field struct {
	Name string // "request.verb", "has"
	Type string // of fields as CEL names it: string, int, bool, timestamp, duration, list(string), map(string, string), dyn, object; of others macro, function, method
	Doc  string // what it is, with an example where that says more
}

// Fields lists the words of the filter language: what can be read of a record, then what can be called; each part by name.
func Fields() []Field {
	var fields []Field
	for name, f := range headFields {
		fields = append(fields, f.described(plainMessage(name)))
	}
	for _, name := range []string{"time", "object", "oldObject"} {
		typ := "dyn"
		if name == "time" {
			typ = "timestamp"
		}
		fields = append(fields, Field{Name: name, Type: typ, Doc: fieldDocs[name]})
	}
	for name, t := range map[string]*table{"request": requestTable, "event": eventTable, "gap": gapTable, "span": spanTable} {
		fields = append(fields, Field{Name: name, Type: "object", Doc: fieldDocs[name]})
		fields = t.describe(name, fields)
	}
	byName := func(a, b Field) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(fields, byName)
	calls := slices.Clone(callDocs)
	slices.SortStableFunc(calls, byName)
	return append(fields, calls...)
}

// describe adds the fields of a struct type, those within it too.
func (t *table) describe(prefix string, fields []Field) []Field {
	for _, name := range slices.Sorted(maps.Keys(t.fields)) {
		f := t.fields[name]
		fields = append(fields, f.described(prefix+"."+name))
		if f.part != nil {
			fields = f.part.describe(prefix+"."+name, fields)
		}
	}
	return fields
}

func (f *field) described(name string) Field {
	typ := f.typ.String()
	switch {
	case f.part != nil:
		typ = "object"
	case f.typ.Kind() == types.TimestampKind:
		typ = "timestamp"
	case f.typ.Kind() == types.DurationKind:
		typ = "duration"
	}
	return Field{Name: name, Type: typ, Doc: fieldDocs[name]}
}

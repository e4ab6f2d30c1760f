package query

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"

	"github.com/kubewake/kubewake/record"
)

// Limits of the language. A filter beyond them is refused when compiled, or fails on the record.
const (
	maxFilterBytes  = 16 << 10
	maxFilterDepth  = 64      // nesting
	maxFilterLoops  = 3       // nested comprehensions
	maxFilterCost   = 1 << 20 // steps on one record, counted where the filter has loops
	maxRegexProgram = 2000
)

// environment is the language with its variables and types. It is made once, at the first filter.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(&provider{Registry: registry}),
		cel.ParserExpressionSizeLimit(maxFilterBytes),
		cel.ParserRecursionLimit(maxFilterDepth),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(maxFilterLoops), PatternLimit(maxRegexProgram)),
		ext.Strings(ext.StringsVersion(2)),
		cel.Variable("time", types.TimestampType),
		cel.Variable("request", types.NewObjectType(requestTable.name)),
		cel.Variable("event", types.NewObjectType(eventTable.name)),
		cel.Variable("gap", types.NewObjectType(gapTable.name)),
		cel.Variable("span", types.NewObjectType(spanTable.name)),
		cel.Variable("object", types.DynType),
		cel.Variable("oldObject", types.DynType),
	}
	for name, f := range headFields {
		options = append(options, cel.Variable(name, f.typ))
	}
	return cel.NewEnv(options...)
})

// provider adds the struct types of the language to the standard ones; their fields are read straight from the record.
type provider struct{ *types.Registry }

func (p *provider) table(name string) *table {
	for _, t := range tables() {
		if t.name == name {
			return t
		}
	}
	return nil
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if t := p.table(name); t != nil {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if t := p.table(name); t != nil {
		return slices.Sorted(maps.Keys(t.fields)), true
	}
	return p.Registry.FindStructFieldNames(name)
}

func (p *provider) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	t := p.table(name)
	if t == nil {
		return p.Registry.FindStructFieldType(name, fieldName)
	}
	f := t.fields[fieldName]
	if f == nil {
		return nil, false
	}
	return &types.FieldType{
		Type: f.typ,
		IsSet: func(target any) bool {
			b, ok := target.(*body)
			return ok && b.rec != nil && f.isSet(b.rec)
		},
		GetFrom: func(target any) (any, error) {
			switch b := target.(type) {
			case *body:
				if b.rec == nil {
					return nil, errAbsent
				}
				return f.value(b.rec)
			case *types.Unknown:
				return b, nil
			}
			return nil, fmt.Errorf("%s has no field %s", name, fieldName)
		},
	}, true
}

func (p *provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if p.table(name) != nil {
		return types.NewErr("%s can not be made in a filter", name)
	}
	return p.Registry.NewValue(name, fields)
}

// body is a record seen through one struct type. With a nil record, reading a field is errAbsent and has() is false.
type body struct {
	table *table
	rec   *record.Record
}

func (b *body) ConvertToNative(typ reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s can not be converted to %v", b.table.name, typ)
}

func (b *body) ConvertToType(typ ref.Type) ref.Val {
	if typ == types.TypeType {
		return types.NewObjectType(b.table.name)
	}
	return types.NewErr("%s can not be converted to %s", b.table.name, typ.TypeName())
}

func (b *body) Equal(other ref.Val) ref.Val {
	o, ok := other.(*body)
	return types.Bool(ok && o.table == b.table && o.rec == b.rec)
}

func (b *body) Type() ref.Type { return types.NewObjectType(b.table.name) }
func (b *body) Value() any     { return b }

// Get and IsSet serve reads that were not resolved when compiled: dyn(request)["verb"].
func (b *body) Get(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	f := b.table.fields[string(name)]
	switch {
	case !ok || f == nil:
		return types.NewErr("no such key: %v", index)
	case b.rec == nil:
		return types.WrapErr(errAbsent)
	}
	v, err := f.value(b.rec)
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

func (b *body) IsSet(index ref.Val) ref.Val {
	name, ok := index.(types.String)
	f := b.table.fields[string(name)]
	return types.Bool(ok && f != nil && b.rec != nil && f.isSet(b.rec))
}

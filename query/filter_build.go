package query

import (
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// build turns a checked expression into a tree. Negation is pushed down to the leaves, which CEL's rules for errors allow.
func build(e ast.Expr, not bool) node {
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := e.AsLiteral().(types.Bool); ok {
			return constant(bool(b) != not)
		}
	case ast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalNot:
			return build(call.Args()[0], !not)
		case operators.LogicalAnd, operators.LogicalOr:
			children := flatten(e, call.FunctionName(), not, nil)
			if (call.FunctionName() == operators.LogicalAnd) != not {
				return allOf(children)
			}
			return anyOf(children)
		}
		if n := comparison(call, not); n != nil {
			return n
		}
	case ast.SelectKind:
		if p, ok := placeOf(e); ok {
			switch {
			case e.AsSelect().IsTestOnly():
				return &setTest{place: p, not: not}
			case p.field.flag != nil:
				return &flagTest{place: p, not: not}
			}
		}
	}
	return atom{strict: strictScopes(e)}
}

func flatten(e ast.Expr, operator string, not bool, into []node) []node {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operator {
		for _, arg := range e.AsCall().Args() {
			into = flatten(arg, operator, not, into)
		}
		return into
	}
	return append(into, build(e, not))
}

// placeOf recognizes name, request.verb, event.regarding.name; also below has().
func placeOf(e ast.Expr) (place, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		if f := headFields[name]; f != nil {
			return place{scope: scopeHead, path: name, field: f}, true
		}
	case ast.SelectKind:
		sel := e.AsSelect()
		operand := sel.Operand()
		if operand.Kind() == ast.IdentKind {
			s := scopeNames[operand.AsIdent()]
			var t *table
			switch s {
			case scopeRequest:
				t = requestTable
			case scopeEvent:
				t = eventTable
			case scopeGap:
				t = gapTable
			case scopeSpan:
				t = spanTable
			default:
				return place{}, false
			}
			f := t.fields[sel.FieldName()]
			return place{scope: s, path: operand.AsIdent() + "." + sel.FieldName(), field: f}, f != nil
		}
		if outer, ok := placeOf(operand); ok && outer.field.part != nil {
			f := outer.field.part.fields[sel.FieldName()]
			return place{scope: outer.scope, path: outer.path + "." + sel.FieldName(), field: f}, f != nil
		}
	}
	return place{}, false
}

// mirrored is the operator with its sides exchanged.
var mirrored = map[string]string{
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
	operators.Less: operators.Greater, operators.LessEquals: operators.GreaterEquals,
	operators.Greater: operators.Less, operators.GreaterEquals: operators.LessEquals,
}

var relations = map[string]relation{
	operators.Equals: isOneOf, operators.NotEquals: isOneOf, operators.In: isOneOf,
	operators.Less: less, operators.LessEquals: lessOrEqual, operators.Greater: greater, operators.GreaterEquals: greaterOrEqual,
	"startsWith": startsWith, "endsWith": endsWith, "contains": contains,
}

// comparison recognizes a field against constants; nil for everything else.
func comparison(call ast.CallExpr, not bool) node {
	function := call.FunctionName()
	rel, known := relations[function]
	if !known {
		return nil
	}
	if function == operators.NotEquals {
		not = !not
	}
	var left, right ast.Expr
	switch {
	case call.IsMemberFunction() && len(call.Args()) == 1:
		left, right = call.Target(), call.Args()[0]
	case !call.IsMemberFunction() && len(call.Args()) == 2:
		left, right = call.Args()[0], call.Args()[1]
	default:
		return nil
	}
	if turned, ok := mirrored[function]; ok && isConstant(left) {
		left, right, rel = right, left, relations[turned]
	}
	if left.Kind() == ast.SelectKind && left.AsSelect().IsTestOnly() {
		return nil
	}
	if left.Kind() == ast.IdentKind && left.AsIdent() == "time" {
		if t, ok := timeOf(right); ok && function != operators.In {
			return &timeTest{relation: rel, value: t, not: not}
		}
		return nil
	}
	if function == operators.In && isConstant(left) { // "x" in request.groups
		p, ok := placeOf(right)
		s, isText := left.AsLiteral().(types.String)
		if ok && isText && p.field.list != nil {
			return &textTest{place: p, relation: isOneOf, values: []string{string(s)}, not: not}
		}
		return nil
	}
	p, ok := placeOf(left)
	if !ok {
		literals := []ast.Expr{right}
		if function == operators.In {
			if right.Kind() != ast.ListKind {
				return nil
			}
			literals = right.AsList().Elements()
		}
		return stateTestOf(left, rel, literals, not)
	}
	return compareWith(p, rel, right, function == operators.In, not)
}

func compareWith(p place, rel relation, right ast.Expr, in, not bool) node {
	literals := []ast.Expr{right}
	if in {
		if right.Kind() != ast.ListKind {
			return nil
		}
		literals = right.AsList().Elements()
	}
	switch {
	case p.field.str != nil && (rel <= contains):
		n := &textTest{place: p, relation: rel, not: not}
		for _, l := range literals {
			s, ok := literal[types.String](l)
			if !ok {
				return nil
			}
			n.values = append(n.values, string(s))
		}
		return n
	case p.field.num != nil && (rel == isOneOf || rel > contains):
		n := &numberTest{place: p, relation: rel, not: not}
		for _, l := range literals {
			i, ok := literal[types.Int](l)
			if !ok {
				return nil
			}
			n.values = append(n.values, int64(i))
		}
		return n
	}
	return nil
}

func isConstant(e ast.Expr) bool {
	if e.Kind() == ast.LiteralKind {
		return true
	}
	_, ok := timeOf(e)
	return ok
}

func literal[T any](e ast.Expr) (value T, ok bool) {
	if e.Kind() != ast.LiteralKind {
		return value, false
	}
	value, ok = e.AsLiteral().(T)
	return value, ok
}

// timeOf reads timestamp("2026-11-20T14:03:00Z").
func timeOf(e ast.Expr) (time.Time, bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "timestamp" || len(e.AsCall().Args()) != 1 {
		return time.Time{}, false
	}
	s, ok := literal[types.String](e.AsCall().Args()[0])
	if !ok {
		return time.Time{}, false
	}
	t, ok := s.ConvertToType(types.TimestampType).(types.Timestamp)
	return t.Time, ok
}

// strictScopes lists the scopes that e reads in such a way that e is an error where they are absent.
func strictScopes(e ast.Expr) scope {
	switch e.Kind() {
	case ast.SelectKind:
		sel := e.AsSelect()
		if sel.IsTestOnly() {
			return 0
		}
		if sel.Operand().Kind() == ast.IdentKind {
			return scopeNames[sel.Operand().AsIdent()] &^ scopeTime
		}
		return strictScopes(sel.Operand())
	case ast.CallKind:
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr, operators.NotStrictlyFalse, operators.OptSelect, operators.OptIndex:
			return 0
		case operators.Conditional:
			return strictScopes(call.Args()[0])
		}
		var s scope
		if call.IsMemberFunction() {
			s = strictScopes(call.Target())
		}
		for _, arg := range call.Args() {
			s |= strictScopes(arg)
		}
		return s
	case ast.ComprehensionKind:
		return strictScopes(e.AsComprehension().IterRange())
	}
	return 0
}

// reads lists every scope that is named anywhere in e.
func reads(e ast.Expr) scope {
	var s scope
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			s |= scopeNames[e.AsIdent()]
		}
	}))
	return s
}

// hasLoop reports whether e holds a comprehension: without one, evaluation is linear in the filter and the state.
func hasLoop(e ast.Expr) bool {
	loop := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) { loop = loop || e.Kind() == ast.ComprehensionKind }))
	return loop
}

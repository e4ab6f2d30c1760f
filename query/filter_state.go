package query

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// stateTest compares one field of the state after a record with constants: object.spec.replicas > 3. It reads no further than the field. Where
// the field is not of the constants' type only CEL can tell.
type stateTest struct {
	path     []string
	relation relation
	numbers  []int64 // the constants: numbers or texts
	texts    []string
	not      bool
	// key is the last name of path as it stands in JSON, and lists how the others would stand before a list: a state in which the
	// one does not occur has no such field, unless a list stands where an object should.
	key   []byte
	lists [][]byte
}

func (n *stateTest) bounds() limits {
	l := unbounded()
	l.kinds = kindsWith(scopeObject)
	return l
}

func (n *stateTest) eval(v view) verdict {
	if v.body == nil {
		return atom{strict: scopeObject}.eval(v)
	}
	return n.judge(v.body)
}

// judge compares the field of a state.
func (n *stateTest) judge(body []byte) verdict {
	raw := body
	for _, name := range n.path {
		var err error
		if raw, err = member(raw, name); err != nil {
			return maybe
		}
		if raw == nil {
			return fails
		}
	}
	holds, ok := n.holds(raw)
	if !ok {
		return maybe
	}
	return truth(holds != n.not)
}

func (n *stateTest) holds(raw []byte) (holds, ok bool) {
	if n.texts != nil {
		if len(raw) == 0 || raw[0] != '"' {
			return false, false
		}
		s, ok := rawjson.String(raw)
		if !ok {
			return false, false
		}
		test := textTest{relation: n.relation, values: n.texts}
		return test.holds(s), true
	}
	have, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return false, false
	}
	for _, want := range n.numbers {
		if related(compare(have, want), n.relation) {
			return true, true
		}
	}
	return false, true
}

// lacks reports, from a look at the bytes, that a state has no such field.
func (n *stateTest) lacks(body []byte) bool {
	if n.key == nil || bytes.Contains(body, n.key) || bytes.Contains(body, escape) {
		return false
	}
	for _, list := range n.lists {
		if bytes.Contains(body, list) {
			return false
		}
	}
	return true
}

var escape = []byte(`\u`)

// stateTestOf recognizes object.a.b["c"] against constants of one type; nil for everything else.
func stateTestOf(left ast.Expr, rel relation, literals []ast.Expr, not bool) node {
	path, ok := statePath(left)
	if !ok || len(path) == 0 || len(literals) == 0 {
		return nil
	}
	n := &stateTest{path: path, relation: rel, not: not}
	for _, l := range literals {
		if i, ok := literal[types.Int](l); ok {
			n.numbers = append(n.numbers, int64(i))
		} else if s, ok := literal[types.String](l); ok {
			n.texts = append(n.texts, string(s))
		} else {
			return nil
		}
	}
	isText := n.texts != nil
	if (isText && n.numbers != nil) || (isText && rel > contains) || (!isText && rel != isOneOf && rel <= contains) {
		return nil
	}
	if plainKeys(path) {
		last := len(path) - 1
		n.key = []byte(`"` + path[last] + `"`)
		for _, name := range path[:last] {
			n.lists = append(n.lists, []byte(`"`+name+`":[`))
		}
	}
	return n
}

// statePath gives the names from object down to a field.
func statePath(e ast.Expr) ([]string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return nil, scopeNames[e.AsIdent()] == scopeObject
	case ast.SelectKind:
		if sel := e.AsSelect(); !sel.IsTestOnly() {
			path, ok := statePath(sel.Operand())
			return append(path, sel.FieldName()), ok
		}
	case ast.CallKind:
		if call := e.AsCall(); call.FunctionName() == operators.Index && len(call.Args()) == 2 {
			name, isText := literal[types.String](call.Args()[1])
			path, ok := statePath(call.Args()[0])
			return append(path, string(name)), ok && isText
		}
	}
	return nil, false
}

// plainKeys reports whether names can stand in JSON in no other way than as they are, but for \u escapes.
func plainKeys(path []string) bool {
	for _, name := range path {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
		}) {
			return false
		}
	}
	return true
}

// settled is true or false, not an error and not unknown: a part that reads the record's head.
const settled verdict = 100

// Misses reports whether the state after a revision alone shows that Match would say Miss of it. Body is the whole state, as valid and
// compact JSON. False says nothing. It costs a look for the names of the fields that the filter asks for, mostly no more.
func (f *Filter) Misses(body []byte) bool { return miss(misses(f.tree, body, false)) }

// MissesCarried is Misses of a state that has all but metadata, kind and apiVersion from body.
func (f *Filter) MissesCarried(body []byte) bool { return miss(misses(f.tree, body, true)) }

func miss(v verdict) bool { return v == no || v == fails }

func misses(n node, body []byte, carried bool) verdict {
	switch n := n.(type) {
	case *stateTest:
		if carried && (n.path[0] == "metadata" || n.path[0] == "kind" || n.path[0] == "apiVersion") {
			return maybe
		}
		if n.lacks(body) {
			return fails
		}
		return n.judge(body)
	case *textTest:
		if n.scope == scopeHead {
			return settled
		}
	case constant:
		return truth(bool(n))
	case allOf:
		return allMiss(n, body, carried)
	case anyOf:
		return anyMiss(n, body, carried)
	}
	return maybe
}

// allMiss: false wins whatever the rest is; an absent field is an error, which wins over what is settled and not over another error.
func allMiss(n allOf, body []byte, carried bool) verdict {
	result := yes
	for _, child := range n {
		switch got := misses(child, body, carried); {
		case got == no:
			return no
		case got == maybe || result == maybe:
			result = maybe
		case got == fails || result == fails:
			result = fails
		case got == settled:
			result = settled
		}
	}
	return result
}

// anyMiss: only where no part can be true.
func anyMiss(n anyOf, body []byte, carried bool) verdict {
	result := no
	for _, child := range n {
		switch misses(child, body, carried) {
		case no:
		case fails:
			result = fails
		default:
			return maybe
		}
	}
	return result
}

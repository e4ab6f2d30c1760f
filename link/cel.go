package link

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// Limits of the language. An expression beyond them is refused when compiled, or fails on the state.
const (
	maxExpressionBytes = 4 << 10
	maxDepth           = 64      // nesting
	maxLoops           = 3       // nested comprehensions
	maxCost            = 1 << 18 // steps on one state; characters of strings that it makes count
	maxRegexProgram    = 2000
)

// environment is the language with its variables. It is made once, at the first expression.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.ParserExpressionSizeLimit(maxExpressionBytes),
		cel.ParserRecursionLimit(maxDepth),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(maxLoops), query.PatternLimit(maxRegexProgram)),
		ext.Strings(ext.StringsVersion(5)), // from this version on, characters cost
		ext.Lists(ext.ListsVersion(3)),
		ext.Regex(),
		ext.Bindings(),
		cel.Variable("object", cel.DynType),
		cel.Variable("cluster", cel.StringType),
	)
})

// expression is a compiled rule of the operator.
type expression struct {
	program cel.Program
	to      KindRef
	chosen  record.GroupResource // the kind that selectors choose among
	up      bool
}

// compile parses and checks the expression of a rule that check let through.
func compile(c Custom, rules *Rules) (*rule, error) {
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("make the language of link rules: %w", err)
	}
	fail := func(line, column int, message string) error {
		e := &Error{Rule: c.Name, Problem: fmt.Sprintf("cel, line %d, column %d: %s", line, column, message)}
		if c.Line > 0 {
			e.Line = c.Line + line - 1
		}
		return e
	}
	if len(c.CEL) > maxExpressionBytes {
		return nil, fail(1, 1, fmt.Sprintf("the expression has %d bytes, the limit is %d", len(c.CEL), maxExpressionBytes))
	}
	checked, issues := env.Compile(c.CEL)
	if issues.Err() != nil {
		if list := issues.Errors(); len(list) > 0 {
			first := list[0]
			for _, e := range list[1:] {
				if e.Location.Line() < first.Location.Line() || (e.Location.Line() == first.Location.Line() && e.Location.Column() < first.Location.Column()) {
					first = e
				}
			}
			return nil, fail(max(first.Location.Line(), 1), max(first.Location.Column()+1, 1), plainMessage(first.Message))
		}
		return nil, fail(1, 1, plainMessage(issues.Err().Error()))
	}
	if !mayBeReferences(checked.OutputType()) {
		return nil, fail(1, 1, fmt.Sprintf("the expression must give a reference (a map), a list of them, or null; this gives %s", checked.OutputType()))
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostTracking(growth{}), cel.CostLimit(maxCost))
	if err != nil {
		return nil, fail(1, 1, plainMessage(err.Error()))
	}
	from := c.evaluated()
	e := &expression{program: program, to: c.yielded(), up: c.Yields != Children, chosen: c.yielded().groupResource(rules)}
	return &rule{name: c.Name, typ: c.typeOf(), on: []record.GroupResource{from.groupResource(rules)}, read: func(r *reader) {
		if from.holds(r.ref) {
			e.read(r)
		}
	}}, nil
}

// growth makes what calls make cost what it measures, where the language itself counts such a call as one step.
type growth struct{}

// CallCost is asked for calls without a cost of their own.
func (growth) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	made := length(result)
	if _, isList := result.(traits.Lister); isList && function == operators.Add && len(args) == 2 {
		made = min(length(args[0]), length(args[1])) // lists are not copied; a loop adds to one item by item
	}
	cost := 1 + made
	return &cost
}

func length(v ref.Val) uint64 {
	switch v := v.(type) {
	case types.String:
		return uint64(len(v))
	case types.Bytes:
		return uint64(len(v))
	case traits.Lister:
		if size, ok := v.Size().(types.Int); ok && size > 0 {
			return uint64(size)
		}
	}
	return 0
}

func plainMessage(m string) string {
	m, _, _ = strings.Cut(m, "\n")
	m = strings.ReplaceAll(m, " (in container '')", "")
	return clip3(strings.TrimSpace(m))
}

// clip3 keeps three lines' worth of a message, which may quote what it found.
func clip3(s string) string {
	if len(s) > 240 {
		return strings.ToValidUTF8(s[:240], "") + "..."
	}
	return s
}

func mayBeReferences(t *cel.Type) bool {
	switch t.Kind() {
	case cel.MapKind, cel.DynKind, cel.NullTypeKind:
		return true
	case cel.ListKind:
		return len(t.Parameters()) == 0 || mayBeReferences(t.Parameters()[0])
	case cel.OpaqueKind:
		return t.TypeName() == "optional_type"
	}
	return false
}

// read evaluates the expression for the state.
func (e *expression) read(r *reader) {
	out, _, err := e.program.Eval(map[string]any{"object": r.asValue(), "cluster": string(r.ref.Cluster)})
	switch {
	case err == nil:
		e.take(r, out)
	case strings.HasPrefix(err.Error(), "no such key"):
		// The state lacks what is read, so there is no link: as in a search, that is no mistake.
	default:
		r.fail(errors.New(plainMessage(err.Error())))
	}
}

// asValue gives the state as the language reads it, without managedFields: what a state claims does not depend on who wrote it.
func (r *reader) asValue() ref.Val {
	if r.value == nil {
		r.value = celValue(r.obj.With(nil, "metadata", "managedFields"))
	}
	return r.value
}

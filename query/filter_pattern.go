package query

import (
	"regexp/syntax"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
)

// PatternLimit refuses regular expressions, written as literals, that compile to more than max instructions. It stands for
// cel.ValidateRegexProgramSizeLimit, which panics on a repetition such as "a{8}": it compiles what was parsed without simplifying it first.
func PatternLimit(max int) cel.ASTValidator { return patternLimit(max) }

type patternLimit int

func (patternLimit) Name() string { return "kubewake.pattern_limit" }

// Validate looks at matches and, where the language has them, at the functions of regex.
func (p patternLimit) Validate(_ *cel.Env, _ cel.ValidatorConfig, a *ast.AST, issues *cel.Issues) {
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		at := 1
		switch name := call.FunctionName(); {
		case name == "matches" && call.IsMemberFunction():
			at = 0
		case name != "matches" && !strings.HasPrefix(name, "regex."):
			return
		}
		if at >= len(call.Args()) || call.Args()[at].Kind() != ast.LiteralKind {
			return
		}
		pattern, ok := call.Args()[at].AsLiteral().Value().(string)
		if !ok {
			return
		}
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			return // told by another validator
		}
		if program, err := syntax.Compile(parsed.Simplify()); err == nil && len(program.Inst) > int(p) {
			issues.ReportErrorAtID(call.Args()[at].ID(), "the pattern compiles to %d steps, the limit is %d", len(program.Inst), int(p))
		}
	}))
}

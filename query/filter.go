package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/kubewake/kubewake/record"
)

// Filter is a compiled CEL expression that matches one record. Make it with [Compile]; it never changes and may be used by any
// number of goroutines. docs/search.md describes the language.
type Filter struct {
	source  string
	program cel.Program // nil: matches all
	tree    node
	reads   scope
	// namesKind: the filter itself says which kinds of record it means.
	namesKind bool
	tests     bool // has(request.…) is used
	bounds    Bounds
}

// FilterError says what is wrong with a filter, and where.
type FilterError struct {
	Line    int // 1-based
	Column  int // 1-based, in characters
	Message string
	Source  string
}

// Error is one line; Caret shows the place.
func (e *FilterError) Error() string {
	return fmt.Sprintf("filter, line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Caret gives the line of the filter that is wrong, and below it a ^ at the column.
func (e *FilterError) Caret() string {
	lines := strings.Split(e.Source, "\n")
	if e.Line < 1 || e.Line > len(lines) {
		return ""
	}
	line := strings.ReplaceAll(lines[e.Line-1], "\t", " ")
	return line + "\n" + strings.Repeat(" ", max(e.Column-1, 0)) + "^"
}

// Compile parses and type-checks a filter. Empty source matches every record. Errors are of type *FilterError.
// It costs some tenths of a millisecond; the first call some milliseconds more.
func Compile(source string) (*Filter, error) {
	source = strings.TrimSpace(source)
	if source == "" {
		return &Filter{tree: constant(true), bounds: bounded(unbounded())}, nil
	}
	fail := func(message string) error {
		return &FilterError{Line: 1, Column: 1, Message: message, Source: source}
	}
	if len(source) > maxFilterBytes {
		return nil, fail(fmt.Sprintf("the filter has %d bytes, the limit is %d", len(source), maxFilterBytes))
	}
	env, err := environment()
	if err != nil {
		return nil, fmt.Errorf("make the filter language: %w", err)
	}
	checked, issues := env.Compile(readable(source))
	if err := issues.Err(); err != nil {
		return nil, firstIssue(issues, source)
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fail(fmt.Sprintf("a filter must give true or false, this gives %s", plainMessage(t.String())))
	}
	expr := checked.NativeRep().Expr()
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if hasLoop(expr) {
		// Counting steps slows evaluation down; without a loop every call runs once at most.
		options = append(options, cel.CostLimit(maxFilterCost))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		return nil, fail(plainMessage(err.Error()))
	}
	tree := build(expr, false)
	return &Filter{source: source, program: program, tree: tree, reads: reads(expr), namesKind: names(expr, "kind"), tests: testsRequest(expr), bounds: bounded(tree.bounds())}, nil
}

// names reports whether a variable is named anywhere in e.
func names(e ast.Expr, variable string) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		found = found || e.Kind() == ast.IdentKind && e.AsIdent() == variable
	}))
	return found
}

// testsRequest reports whether has() is asked of a field of request.
func testsRequest(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() {
			found = found || reads(e)&scopeRequest != 0
		}
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.OptSelect {
			found = true
		}
	}))
	return found
}

func firstIssue(issues *cel.Issues, source string) error {
	list := issues.Errors()
	slices.SortStableFunc(list, func(a, b *cel.Error) int {
		return cmp.Or(cmp.Compare(a.Location.Line(), b.Location.Line()), cmp.Compare(a.Location.Column(), b.Location.Column()))
	})
	if len(list) == 0 {
		return &FilterError{Line: 1, Column: 1, Message: plainMessage(issues.Err().Error()), Source: source}
	}
	first := list[0]
	return &FilterError{
		Line:    max(first.Location.Line(), 1),
		Column:  max(first.Location.Column()+1, 1),
		Message: plainMessage(first.Message) + advice(first.Message),
		Source:  source,
	}
}

// plainMessage takes our spelling of namespace and CEL's containers out of a message.
func plainMessage(m string) string {
	m = strings.ReplaceAll(m, namespaceVariable, "namespace")
	m = strings.ReplaceAll(m, " (in container '')", "")
	return strings.TrimSpace(m)
}

// advice names what may have been meant by an unknown word.
func advice(message string) string {
	var known []string
	switch {
	case strings.HasPrefix(message, "undeclared reference"):
		for name := range headFields {
			known = append(known, name)
		}
		for name := range scopeNames {
			known = append(known, name)
		}
	case strings.HasPrefix(message, "undefined field"):
		for _, t := range tables() {
			for name := range t.fields {
				known = append(known, name)
			}
		}
	default:
		return ""
	}
	_, rest, _ := strings.Cut(message, "'")
	word, _, _ := strings.Cut(rest, "'")
	slices.Sort(known)
	near := nearest(word, slices.Compact(known))
	if len(near) == 0 {
		return ""
	}
	return plainMessage("; did you mean " + strings.Join(near, " or ") + "?")
}

// String is the filter's source: compiling it again gives an equal filter.
func (f *Filter) String() string { return f.source }

// Needs tells what a filter reads, so that an engine need not provide the rest.
type Needs struct {
	Time      bool // the time of revisions and ends, which is derived
	Request   bool // of revisions and ends: the request that made them
	Event     bool
	Gap       bool
	Object    bool // the state after the record
	OldObject bool // the state before it
}

// Needs of the filter.
func (f *Filter) Needs() Needs {
	return Needs{
		Time: f.reads&scopeTime != 0, Request: f.reads&scopeRequest != 0, Event: f.reads&scopeEvent != 0, Gap: f.reads&scopeGap != 0,
		Object: f.reads&scopeObject != 0, OldObject: f.reads&scopeOldObject != 0,
	}
}

// MeantKinds are the kinds of record that a search by the filter means where the asker named none, so that one change is
// one hit: a filter that names `kind` means what it says; one that reads `request` means requests, not also the revisions
// that they made; one that reads only states means revisions and ends, not also the requests that made them.
// Progress is meant by name alone: it is no event in a cluster.
func (f *Filter) MeantKinds() []record.Kind {
	possible := f.Bounds().Kinds
	return slices.DeleteFunc(slices.Clone(possible), func(k record.Kind) bool {
		switch {
		case f.namesKind:
			return false
		case k == record.KindProgress:
			return len(possible) > 1
		case f.reads&scopeRequest != 0:
			return k == record.KindRevision || k == record.KindEnd
		case f.reads&(scopeObject|scopeOldObject) != 0:
			return k == record.KindRequest
		}
		return false
	})
}

// Bounds encloses the records that a filter can match, for an engine to scan no more than it must. Nil lists do not bound;
// an empty list that is not nil lets nothing match.
type Bounds struct {
	Kinds                                                  []record.Kind // never nil
	Clusters, Groups, Resources, Namespaces, Names, UIDs   []string      // of the record's Ref
	Verbs, Users                                           []string      // of its Request (or its maker's)
	EventTypes, EventReasons, RegardingNames, RegardingUID []string      // of its KubeEvent
	MinCode, MaxCode                                       int64         // of its Request, both included
	Window                                                 Window        // of the variable time
}

// Bounds of the filter. They never exclude a record that could match.
func (f *Filter) Bounds() Bounds { return f.bounds }

// Nothing reports that no record at all can match.
func (b Bounds) Nothing() bool {
	for _, list := range [][]string{b.Clusters, b.Groups, b.Resources, b.Namespaces, b.Names, b.UIDs, b.Verbs, b.Users, b.EventTypes,
		b.EventReasons, b.RegardingNames, b.RegardingUID} {
		if list != nil && len(list) == 0 {
			return true
		}
	}
	w := b.Window
	return len(b.Kinds) == 0 || b.MinCode > b.MaxCode || (!w.To.IsZero() && !w.From.Before(w.To))
}

func bounded(l limits) Bounds {
	set := func(path string) []string {
		values, ok := l.sets[path]
		if !ok {
			return nil
		}
		values = slices.Clone(values)
		slices.Sort(values)
		return append([]string{}, slices.Compact(values)...)
	}
	b := Bounds{
		Kinds:    []record.Kind{},
		Clusters: set("cluster"), Groups: set("group"), Resources: set("resource"), Namespaces: set(namespaceVariable),
		Names: set("name"), UIDs: set("uid"), Verbs: set("request.verb"), Users: set("request.user"), EventTypes: set("event.type"),
		EventReasons: set("event.reason"), RegardingNames: set("event.regarding.name"), RegardingUID: set("event.regarding.uid"),
		MinCode: l.min, MaxCode: l.max, Window: Window{From: l.from},
	}
	if !l.to.IsZero() {
		b.Window.To = l.to.Add(time.Nanosecond)
	}
	for k := record.KindRequest; int(k) < record.Kinds; k++ {
		if l.kinds&(1<<k) != 0 {
			b.Kinds = append(b.Kinds, k)
		}
	}
	return b
}

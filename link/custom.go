package link

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// maxCustom bounds an operator's rules.
const maxCustom = 256

// Custom is a rule of the operator, as docs/links.md describes it. Make it with [Load].
type Custom struct {
	Name   string // unique among all rules
	Type   Type   // empty: Owns
	Child  KindRef
	Parent KindRef
	// Yields says which of the two the expression gives (empty: Parents); it is evaluated for the states of the other.
	Yields Side
	CEL    string
	Line   int // of the file, where CEL begins; zero where not from one. No part of the rule
}

// KindRef names a kind by its plural (Resource) or by its Kind. Of the kind that the expression is evaluated for, Cluster and Namespace narrow the
// objects; of the one that it gives, all fields stand where a reference tells nothing better.
type KindRef struct {
	Cluster   record.Cluster
	Group     string
	Version   string
	Kind      string
	Resource  string
	Namespace string
}

// Side of a link.
type Side string

// The sides.
const (
	Parents  Side = "parents"
	Children Side = "children"
)

// Error says what is wrong with an operator's rule, and where.
type Error struct {
	Line, Column int    // of the file, from 1; zero where not known
	Rule         string // its name; empty where that is not known
	Problem      string
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ", column %d", e.Column)
		}
		b.WriteString(": ")
	}
	if e.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", e.Rule)
	}
	return b.String() + e.Problem
}

// New gives the built-in rules with the operator's beside them. Errors are of type *Error. It compiles each expression, some tenths of a
// millisecond each.
func New(custom ...Custom) (*Rules, error) {
	builtin := Builtin()
	if len(custom) == 0 {
		return builtin, nil
	}
	if len(custom) > maxCustom {
		return nil, &Error{Problem: fmt.Sprintf("there are %d rules, the limit is %d", len(custom), maxCustom)}
	}
	custom = slices.Clone(custom)
	var compiled []*rule
	for i, c := range custom {
		if j := slices.IndexFunc(custom[:i], func(o Custom) bool { return o.Name == c.Name }); j >= 0 {
			return nil, &Error{Line: c.Line, Rule: c.Name, Problem: "another rule has this name" + onLine(custom[j].Line)}
		}
		if err := c.check(builtin); err != nil {
			return nil, err
		}
		r, err := compile(c, builtin)
		if err != nil {
			return nil, err
		}
		compiled = append(compiled, r)
	}
	return assemble(custom, compiled), nil
}

func onLine(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf(" (the one whose expression is on line %d)", line)
}

// check holds a rule against what rules may be; the expression is compile's matter.
func (c Custom) check(builtin *Rules) error {
	from, to := c.evaluated(), c.yielded()
	side := "child"
	if c.Yields == Children {
		side = "parent"
	}
	problem := ""
	switch {
	case !isWord(c.Name):
		problem = fmt.Sprintf("the name %q must be small letters, digits, '-' and '.', beginning with a letter, 63 at most", clip(c.Name))
	case builtin.hasRule(c.Name):
		problem = "a built-in rule has this name; choose another"
	case c.Type != "" && !isWord(string(c.Type)):
		problem = fmt.Sprintf("the type %q must be small letters, digits, '-' and '.', beginning with a letter, 63 at most; for example owns", clip(string(c.Type)))
	case c.Yields != "" && c.Yields != Parents && c.Yields != Children:
		problem = fmt.Sprintf("yields is %q; it must be parents or children", clip(string(c.Yields)))
	case from.Kind == "" && from.Resource == "":
		problem = fmt.Sprintf("%s must name a kind: {group: apps, kind: Deployment} or {group: apps, resource: deployments}", side)
	case from.Version != "":
		problem = fmt.Sprintf("%s names a version; a rule is for every version of a kind: leave it out", side)
	case strings.ContainsAny(from.Resource+to.Resource, "/ ") || from.Resource+to.Resource != strings.ToLower(from.Resource+to.Resource):
		problem = "a resource is the plural in small letters, without subresource: deployments"
	case strings.Contains(from.Group+to.Group, "/"):
		problem = "a group has no version: write apps, not apps/v1"
	case strings.TrimSpace(c.CEL) == "":
		problem = "cel is missing: the expression that gives a reference, for example {\"name\": object.spec.owner}"
	}
	for _, s := range []string{string(from.Cluster), from.Group, from.Kind, from.Resource, from.Namespace, string(to.Cluster), to.Group, to.Version, to.Kind, to.Resource, to.Namespace} {
		if len(s) > 253 && problem == "" {
			problem = fmt.Sprintf("%q is longer than 253 bytes", clip(s))
		}
	}
	if problem != "" {
		return &Error{Line: c.Line, Rule: clip(c.Name), Problem: problem}
	}
	return nil
}

func (r *Rules) hasRule(name string) bool {
	return slices.ContainsFunc(append(builtinRules(), definitionRule()), func(b *rule) bool { return b.name == name })
}

// isWord: names and types are such.
func isWord(s string) bool {
	if s == "" || len(s) > 63 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}

func (c Custom) typeOf() Type { return cmp.Or(c.Type, Owns) }

// evaluated is the kind for whose states the expression is evaluated; yielded the one that it gives.
func (c Custom) evaluated() KindRef {
	if c.Yields == Children {
		return c.Parent
	}
	return c.Child
}

// holds reports whether an object is in the cluster and namespace that the rule is limited to.
func (k KindRef) holds(ref record.ObjectRef) bool {
	return (k.Cluster == "" || k.Cluster == ref.Cluster) && (k.Namespace == "" || k.Namespace == ref.Namespace)
}

func (c Custom) yielded() KindRef {
	if c.Yields == Children {
		return c.Child
	}
	return c.Parent
}

// resource of the kind: as told, as Kubernetes itself has it, or guessed.
func (k KindRef) groupResource(r *Rules) record.GroupResource {
	if k.Resource != "" {
		return gr(k.Group, k.Resource)
	}
	return gr(k.Group, r.plural(k.Group, k.Kind))
}

func (r *Rules) plural(group, kind string) string {
	if known, ok := r.kinds[groupKind{group, kind}]; ok {
		return known.Resource
	}
	return record.GuessResource(kind)
}

// encode gives bytes that are equal for equal rules.
func (c Custom) encode() []byte {
	var b []byte
	for _, s := range []string{c.Name, string(c.typeOf()), string(cmp.Or(c.Yields, Parents)), c.CEL,
		string(c.Child.Cluster), c.Child.Group, c.Child.Version, c.Child.Kind, c.Child.Resource, c.Child.Namespace,
		string(c.Parent.Cluster), c.Parent.Group, c.Parent.Version, c.Parent.Kind, c.Parent.Resource, c.Parent.Namespace} {
		b = append(append(b, s...), 0)
	}
	return b
}

package link

import (
	"errors"

	"github.com/kubewake/kubewake/record"
)

// Custom is a rule of the operator, as docs/links.md describes it. Make it with [Load].
type Custom struct {
	Name   string // unique among all rules
	Type   Type   // empty: Owns
	Child  KindRef
	Parent KindRef
	// Yields says which of the two the expression gives; it is evaluated for the states of the other.
	Yields Side
	CEL    string
	Line   int // of CEL in the file; zero where not from one. No part of the rule
}

// KindRef names a kind by its plural (Resource) or by its Kind, and where a rule has nothing better, where its objects are.
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

// Load reads an operator's rules from YAML. Errors name line and column.
func Load(_ []byte) ([]Custom, error) { return nil, errors.New("load link rules: being built") }

// New gives the built-in rules with the operator's beside them.
func New(custom ...Custom) (*Rules, error) {
	if len(custom) > 0 {
		return nil, errors.New("custom link rules: being built")
	}
	return Builtin(), nil
}

func (c Custom) typeOf() Type {
	if c.Type == "" {
		return Owns
	}
	return c.Type
}

// evaluated is the kind for whose states the expression is evaluated; yielded the one that it gives.
func (c Custom) evaluated() KindRef {
	if c.Yields == Children {
		return c.Parent
	}
	return c.Child
}

func (c Custom) yielded() KindRef {
	if c.Yields == Children {
		return c.Child
	}
	return c.Parent
}

func (k KindRef) groupResource(r *Rules) record.GroupResource {
	if k.Resource != "" {
		return gr(k.Group, k.Resource)
	}
	if known, ok := r.kinds[groupKind{k.Group, k.Kind}]; ok {
		return known.GroupResource()
	}
	return gr(k.Group, record.GuessResource(k.Kind))
}

// encode gives bytes that are equal for equal rules.
func (c Custom) encode() []byte {
	var b []byte
	for _, s := range []string{c.Name, string(c.typeOf()), string(c.Yields), c.CEL, string(c.Child.Cluster), c.Child.Group, c.Child.Version, c.Child.Kind, c.Child.Resource, c.Child.Namespace,
		string(c.Parent.Cluster), c.Parent.Group, c.Parent.Version, c.Parent.Kind, c.Parent.Resource, c.Parent.Namespace} {
		b = append(append(b, s...), 0)
	}
	return b
}

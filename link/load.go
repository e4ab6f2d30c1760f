package link

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/record"
)

// file is the form of an operator's rules.
type file struct {
	Rules []fileRule `yaml:"rules" doc:"The rules."`
}

type fileRule struct {
	Name   scalar   `yaml:"name" doc:"Unique among all rules."`
	Type   string   `yaml:"type" doc:"Of the links; owns if left out."`
	Child  fileKind `yaml:"child" doc:"The kind below."`
	Parent fileKind `yaml:"parent" doc:"The kind above."`
	Yields string   `yaml:"yields" doc:"Which of the two the expression gives: parents, or children."`
	CEL    scalar   `yaml:"cel" doc:"The expression."`
}

type fileKind struct {
	Cluster   string `yaml:"cluster"`
	Group     string `yaml:"group"`
	Version   string `yaml:"version"`
	Kind      string `yaml:"kind"`
	Resource  string `yaml:"resource"`
	Namespace string `yaml:"namespace"`
}

func (k fileKind) ref() KindRef {
	return KindRef{Cluster: record.Cluster(k.Cluster), Group: k.Group, Version: k.Version, Kind: k.Kind, Resource: k.Resource, Namespace: k.Namespace}
}

// scalar is a text that knows its line.
type scalar struct {
	text string
	line int
}

// UnmarshalYAML reads text; the text of a block begins on the line below its mark.
func (s *scalar) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return &settings.Error{Line: n.Line, Column: n.Column, Problem: "want text; an expression that begins with { or [ is quoted, or begins on the line below cel: |"}
	}
	s.text, s.line = n.Value, n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		s.line++
	}
	return nil
}

// Load reads an operator's rules from YAML, as docs/links.md describes them. It is strict: what it does not know is refused, with line and column (the
// error joins an *Error for each thing wrong). Expressions are compiled by [New].
func Load(text []byte) ([]Custom, error) {
	var f file
	if err := settings.Read("", text, &f); err != nil {
		return nil, located(err)
	}
	if err := single(text); err != nil {
		return nil, err
	}
	custom := make([]Custom, 0, len(f.Rules))
	for _, r := range f.Rules {
		c := Custom{
			Name: r.Name.text, Type: Type(r.Type), Child: r.Child.ref(), Parent: r.Parent.ref(), Yields: Side(r.Yields), CEL: r.CEL.text, Line: r.CEL.line,
		}
		if c.Line == 0 {
			c.Line = r.Name.line
		}
		custom = append(custom, c)
	}
	return custom, nil
}

// located takes the file's name, which is not known here, out of errors of settings.
func located(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, located(e))
		}
		return errors.Join(all...)
	}
	var e *settings.Error
	if errors.As(err, &e) {
		return &Error{Line: e.Line, Column: e.Column, Problem: strings.TrimPrefix(e.Problem, "yaml: ")}
	}
	return &Error{Problem: err.Error()}
}

// single refuses a second document, which would otherwise be left out in silence.
func single(text []byte) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var n yaml.Node
	for range 2 {
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Error{Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
		}
	}
	return &Error{Line: n.Line, Problem: "a second YAML document begins here; put all rules under one list"}
}

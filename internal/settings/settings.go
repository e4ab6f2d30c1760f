// SPDX-License-Identifier: Apache-2.0

// Package settings reads and prints configuration files: YAML, strict, with every key documented where it is declared.
//
// A configuration is a struct whose fields carry a yaml tag (the key) and a doc tag (what it is, its unit, its default).
// [Read] fills one and refuses what it does not know, with file, line and column; [Print] writes one as a file that
// [Read] reads back to the same.
package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the largest file that is read.
const MaxBytes = 1 << 20

// Error says what is wrong with a file, and where.
type Error struct {
	File         string
	Line, Column int // from 1; zero where not known
	Problem      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Problem)
}

// Read fills into, a pointer to a struct, from text. Keys that text does not name keep their values, so the caller
// sets defaults before. The error joins one *Error for each thing wrong.
func Read(file string, text []byte, into any) error {
	if len(text) > MaxBytes {
		return &Error{File: file, Problem: fmt.Sprintf("larger than %d bytes", MaxBytes)}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return &Error{File: file, Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if len(doc.Content) == 0 {
		return nil
	}
	c := &checker{file: file}
	c.check(doc.Content[0], reflect.TypeOf(into).Elem(), "")
	if len(c.errs) > 0 {
		return errors.Join(c.errs...)
	}
	if err := doc.Content[0].Decode(into); err != nil {
		return decodeError(file, err)
	}
	return nil
}

// decodeError keeps the line that the library put into its words.
func decodeError(file string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.File = file
		return e
	}
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return &Error{File: file, Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	var errs []error
	for _, text := range typed.Errors {
		out := &Error{File: file, Problem: text}
		var line int
		if n, scanErr := fmt.Sscanf(text, "line %d:", &line); n == 1 && scanErr == nil {
			_, rest, _ := strings.Cut(text, ": ")
			out.Line, out.Column, out.Problem = line, 1, rest
		}
		errs = append(errs, out)
	}
	return errors.Join(errs...)
}

// checker finds keys that no field has, and keys given twice.
type checker struct {
	file string
	errs []error
}

func (c *checker) complain(n *yaml.Node, format string, args ...any) {
	c.errs = append(c.errs, &Error{File: c.file, Line: n.Line, Column: n.Column, Problem: fmt.Sprintf(format, args...)})
}

// check walks a value beside the type it is to fill; path names it for people.
func (c *checker) check(n *yaml.Node, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n.Kind == yaml.AliasNode {
		c.complain(n, "aliases are not taken here; write the value out")
		return
	}
	switch {
	case readsItself(t) || n.Tag == "!!null":
	case t.Kind() == reflect.Struct:
		c.checkStruct(n, t, path)
	case t.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.complain(n, "%s: want a list", path)
			return
		}
		for i, item := range n.Content {
			c.check(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

func (c *checker) checkStruct(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind != yaml.MappingNode {
		c.complain(n, "%s: want keys and values, one of %s", orFile(path), strings.Join(keysOf(t), ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field, ok := fieldOf(t, key.Value)
		switch {
		case !ok:
			c.complain(key, "unknown key %q in %s; want one of %s", key.Value, orFile(path), strings.Join(keysOf(t), ", "))
		case seen[key.Value]:
			c.complain(key, "key %q is given twice", key.Value)
		default:
			c.check(value, field.Type, strings.TrimPrefix(path+"."+key.Value, "."))
		}
		seen[key.Value] = true
	}
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// readsItself reports whether values of t are read by a method of their own.
func readsItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]())
}

// fieldOf finds the field with a key, in t or in what it takes in inline.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for _, f := range fieldsOf(t) {
		if keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// fieldsOf lists the fields that have a key; inline structs give theirs.
func fieldsOf(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	for _, f := range reflect.VisibleFields(t) {
		if keyOf(f) != "" && !slices.ContainsFunc(out, func(o reflect.StructField) bool { return keyOf(o) == keyOf(f) }) {
			out = append(out, f)
		}
	}
	return out
}

func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if key == "-" {
		return ""
	}
	return key
}

func keysOf(t reflect.Type) []string {
	var out []string
	for _, f := range fieldsOf(t) {
		out = append(out, keyOf(f))
	}
	return out
}

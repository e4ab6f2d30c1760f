package settings

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Print writes v, a struct or a pointer to one, as a commented file. A list without elements shows, as a comment, what
// one would look like. It fails if a key has no documentation.
func Print(w io.Writer, v any) error {
	p := &printer{}
	value := reflect.Indirect(reflect.ValueOf(v))
	if err := p.fields(value, ""); err != nil {
		return err
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

type printer struct{ out bytes.Buffer }

const docWidth = 110

func (p *printer) fields(v reflect.Value, indent string) error {
	for i, f := range fieldsOf(v.Type()) {
		doc := f.Tag.Get("doc")
		if doc == "" {
			return fmt.Errorf("print settings: %s.%s has no doc tag", v.Type(), f.Name)
		}
		if indent == "" && i > 0 {
			p.out.WriteByte('\n')
		}
		for _, line := range wrap(doc, docWidth-len(indent)) {
			fmt.Fprintf(&p.out, "%s# %s\n", indent, line)
		}
		if err := p.field(keyOf(f), v.FieldByIndex(f.Index), indent); err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) field(key string, v reflect.Value, indent string) error {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = reflect.Zero(v.Type().Elem())
			continue
		}
		v = v.Elem()
	}
	switch {
	case readsItself(v.Type()):
	case v.Kind() == reflect.Struct:
		fmt.Fprintf(&p.out, "%s%s:\n", indent, key)
		return p.fields(v, indent+"  ")
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		return p.list(key, v, indent)
	}
	text, err := yaml.Marshal(v.Interface())
	if err != nil {
		return fmt.Errorf("print settings: %s: %w", key, err)
	}
	if n := strings.TrimSuffix(string(text), "\n"); !strings.Contains(n, "\n") && !strings.HasPrefix(n, "- ") {
		fmt.Fprintf(&p.out, "%s%s: %s\n", indent, key, n)
		return nil
	}
	fmt.Fprintf(&p.out, "%s%s:\n", indent, key)
	for line := range strings.Lines(string(text)) {
		p.out.WriteString(indent + "  " + line)
	}
	return nil
}

// list writes the elements, or a commented one where there is none.
func (p *printer) list(key string, v reflect.Value, indent string) error {
	if v.Len() > 0 {
		fmt.Fprintf(&p.out, "%s%s:\n", indent, key)
		for i := range v.Len() {
			if err := p.element(v.Index(i), indent, ""); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(&p.out, "%s%s: []\n", indent, key)
	return p.element(reflect.Zero(v.Type().Elem()), indent, "# ")
}

func (p *printer) element(v reflect.Value, indent, mark string) error {
	var inner printer
	if err := inner.fields(v, ""); err != nil {
		return err
	}
	lead := "- "
	for line := range strings.Lines(inner.out.String()) {
		if line == "\n" {
			continue
		}
		p.out.WriteString(indent + mark + lead + line)
		lead = "  "
	}
	return nil
}

// wrap breaks text into lines at blanks.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
)

// printed is one answer in the forms that -o asks for.
type printed struct {
	answer any // the JSON form
	// items and end are the lines of -o jsonl: one per item, then {"end": end}. Without items, answer is the only line.
	items []any
	end   any
	table func(io.Writer, show.Style) error
	note  show.Note
}

// print writes the answer to stdout; for people, what it does not hold goes to stderr.
func (a *app) print(p printed) error {
	switch a.output {
	case "json":
		return printJSON(a.out, p.answer)
	case "yaml":
		return printYAML(a.out, p.answer)
	case "jsonl":
		if p.items == nil {
			return printLine(a.out, p.answer)
		}
		for _, item := range p.items {
			if err := printLine(a.out, item); err != nil {
				return err
			}
		}
		return printLine(a.out, ending{p.end})
	}
	if err := p.table(a.out, a.style(a.out)); err != nil {
		return err
	}
	return show.Notes(a.err, p.note, a.style(a.err))
}

// ending is the last line of a list.
type ending struct {
	End any `json:"end"`
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func printLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func printYAML(w io.Writer, v any) error {
	doc, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	_, err = w.Write(doc)
	return err
}

// anys lists pointers to the elements, for printed.items; never nil.
func anys[T any](list []T) []any {
	out := make([]any, 0, len(list))
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}

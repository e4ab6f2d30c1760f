package trace

import (
	_ "embed" // the built-in modes
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/object"
)

//go:embed modes.yaml
var builtinModes []byte

// Numbers of modes and modifiers.
const (
	lastBuiltin = 7
	firstCustom = 8
)

// Modes are the display modes, the modifiers and the tags of object spans. They never change.
type Modes struct {
	Modes     []Mode     `yaml:"modes" doc:"Display modes."`
	Modifiers []Modifier `yaml:"modifiers" doc:"Which objects a trace shows."`
	Tags      []Tag      `yaml:"tags" doc:"Tags of object spans."`
}

// Scope is which objects a trace shows.
type Scope struct {
	Up       Depth `yaml:"up" doc:"How many links up towards owners: a number, or all. Default 0."`
	Down     Depth `yaml:"down" doc:"How many links down towards what is owned: a number, or all. Default 0."`
	Siblings bool  `yaml:"siblings" doc:"Also what the ancestors own besides."`
}

// Mode is one way to show a trace.
type Mode struct {
	Name   string `yaml:"name" doc:"One word."`
	Number int    `yaml:"number" doc:"Part of trace IDs: 8 to 15."`
	About  string `yaml:"about" doc:"One sentence for people."`
	Scope  `yaml:",inline"`
	Steps  []Step `yaml:"steps" doc:"What becomes of the spans, in order."`
}

// Modifier takes the place of a mode's own scope.
type Modifier struct {
	Name   string `yaml:"name" doc:"One word or more."`
	Number int    `yaml:"number" doc:"Part of trace IDs: 8 to 15."`
	About  string `yaml:"about" doc:"One sentence for people."`
	Scope  `yaml:",inline"`
}

// Tag is a tag of object spans by the path of a field.
type Tag struct {
	Name      string   `yaml:"name" doc:"The tag's key."`
	Path      string   `yaml:"path" doc:"The field's path in the manifest, as spec.nodeName."`
	Resources []string `yaml:"resources" doc:"Only of these, as pods or deployments.apps; none: of all."`
	path      object.Path
}

// Depth is a number of links, or All.
type Depth int

// All is a depth without end.
const All Depth = -1

// UnmarshalYAML reads a number or the word all.
func (d *Depth) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "all" {
		*d = All
		return nil
	}
	v, err := strconv.ParseUint(n.Value, 10, 16)
	if err != nil || n.Kind != yaml.ScalarNode {
		return &settings.Error{Line: n.Line, Column: n.Column, Problem: fmt.Sprintf("%q is no depth: want a number, or all", n.Value)}
	}
	*d = Depth(v)
	return nil
}

// Builtin gives the modes of kubewake alone.
func Builtin() *Modes {
	m, err := Load("", nil)
	if err != nil {
		panic(err) // the embedded file is wrong; a test reads it
	}
	return m
}

// Load reads a file of display modes, of the same form as the built-in one, and adds them to these. Its error names file and line of each
// thing that is wrong.
func Load(file string, text []byte) (*Modes, error) {
	out := &Modes{}
	if err := out.add("modes.yaml", builtinModes, 1, lastBuiltin); err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return out, nil
	}
	if err := out.add(file, text, firstCustom, maxNumber); err != nil {
		return nil, err
	}
	return out, nil
}

// With gives these modes and those of another file of one's own.
func (m *Modes) With(file string, text []byte) (*Modes, error) {
	out := &Modes{Modes: slices.Clone(m.Modes), Modifiers: slices.Clone(m.Modifiers), Tags: slices.Clone(m.Tags)}
	if err := out.add(file, text, firstCustom, maxNumber); err != nil {
		return nil, err
	}
	return out, nil
}

// add reads one file beside what there is already.
func (m *Modes) add(file string, text []byte, from, to int) error {
	var more Modes
	if err := settings.Read(file, text, &more); err != nil {
		return err
	}
	c := &modeChecker{file: file, from: from, to: to}
	if err := yaml.Unmarshal(text, &c.doc); err != nil {
		return &settings.Error{File: file, Problem: err.Error()}
	}
	for i := range more.Modes {
		c.mode(m, &more.Modes[i], i)
		m.Modes = append(m.Modes, more.Modes[i])
	}
	for i := range more.Modifiers {
		c.modifier(m, &more.Modifiers[i], i)
		m.Modifiers = append(m.Modifiers, more.Modifiers[i])
	}
	for i := range more.Tags {
		t := &more.Tags[i]
		c.tag(t, i)
		m.Tags = slices.DeleteFunc(m.Tags, func(o Tag) bool { return o.Name == t.Name })
		m.Tags = append(m.Tags, *t)
	}
	return errors.Join(c.errs...)
}

// Names lists what Jaeger's users choose as a service: each mode, alone and with each modifier.
func (m *Modes) Names() []string {
	var out []string
	for _, mode := range m.Modes {
		out = append(out, mode.Name)
		for _, mod := range m.Modifiers {
			out = append(out, mode.Name+" "+mod.Name)
		}
	}
	return out
}

// Split takes a name as Names lists them apart.
func (m *Modes) Split(service string) (mode, modifier string, err error) {
	mode, modifier, _ = strings.Cut(service, " ")
	_, _, err = m.Find(mode, modifier)
	return mode, modifier, err
}

// Find gives a mode, with the scope of the modifier where one is named, and the modifier's number. An empty mode is tracing.
func (m *Modes) Find(mode, modifier string) (Mode, uint8, error) {
	if mode == "" {
		mode = m.Modes[0].Name
	}
	i := slices.IndexFunc(m.Modes, func(o Mode) bool { return o.Name == mode })
	if i < 0 {
		return Mode{}, 0, fmt.Errorf("there is no display mode %q; there are: %s", mode, strings.Join(m.modeNames(), ", "))
	}
	if modifier == "" {
		return m.Modes[i], 0, nil
	}
	for _, mod := range m.Modifiers {
		if mod.Name == modifier {
			out := m.Modes[i]
			out.Scope = mod.Scope
			return out, uint8(mod.Number), nil
		}
	}
	var names []string
	for _, mod := range m.Modifiers {
		names = append(names, mod.Name)
	}
	return Mode{}, 0, fmt.Errorf("there is no modifier %q; there are: %s", modifier, strings.Join(names, ", "))
}

// Numbered is Find by the numbers that an ID has; it gives the modifier's name.
func (m *Modes) Numbered(mode, modifier uint8) (Mode, string, error) {
	i := slices.IndexFunc(m.Modes, func(o Mode) bool { return o.Number == int(mode) })
	if i < 0 {
		return Mode{}, "", fmt.Errorf("there is no display mode of number %d here: it may be one of another installation's configuration", mode)
	}
	if modifier == 0 {
		return m.Modes[i], "", nil
	}
	for _, mod := range m.Modifiers {
		if mod.Number == int(modifier) {
			out := m.Modes[i]
			out.Scope = mod.Scope
			return out, mod.Name, nil
		}
	}
	return Mode{}, "", fmt.Errorf("there is no modifier of number %d here: it may be one of another installation's configuration", modifier)
}

func (m *Modes) modeNames() []string {
	var names []string
	for _, mode := range m.Modes {
		names = append(names, mode.Name)
	}
	return names
}

package object

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// StepKind tells how one step of a path leads on.
type StepKind uint8

// The kinds of step.
const (
	StepField StepKind = iota // to the member with a name
	StepIndex                 // to the list item at a position
	StepKeys                  // to the list item with these keys
	StepValue                 // to the item of a set
)

// Step is one step of a Path.
type Step struct {
	Kind  StepKind
	Name  string // StepField
	Index int    // StepIndex
	// Keys in the order of the list's schema; a key that the item does not have is "" (protocol: "TCP").
	Keys  []StepKey
	Value string // StepValue: compact JSON
}

// StepKey is one key of a list item: its name and its value as compact JSON.
type StepKey struct{ Name, Value string }

// Path leads from the root of a manifest to a value. Its text looks like
//
//	spec.template.spec.containers[name=web].image
//	metadata.labels["app.kubernetes.io/name"]
//	metadata.finalizers[="kubernetes.io/pvc-protection"]
//	spec.template.spec.containers[0].ports[containerPort=8080,protocol=TCP]
type Path []Step

// ErrPath is what ParsePath's errors wrap.
var ErrPath = errors.New("not a field path")

// Field gives p with a step to a member; p is unchanged.
func (p Path) Field(name string) Path { return p.with(Step{Name: name}) }

func (p Path) with(s Step) Path { return append(p[:len(p):len(p)], s) }

// Fields makes a path of member names.
func Fields(names ...string) Path {
	p := make(Path, len(names))
	for i, n := range names {
		p[i].Name = n
	}
	return p
}

// String is the text of the path; ParsePath reads it back.
func (p Path) String() string {
	b := make([]byte, 0, 64)
	for i, s := range p {
		b = s.append(b, i == 0)
	}
	return string(b)
}

func (s Step) append(b []byte, first bool) []byte {
	switch s.Kind {
	case StepIndex:
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(s.Index), 10)
		return append(b, ']')
	case StepValue:
		b = append(b, '[', '=')
		b = append(b, s.Value...)
		return append(b, ']')
	case StepKeys:
		b = append(b, '[')
		for i, k := range s.Keys {
			if i > 0 {
				b = append(b, ',')
			}
			if bareName(k.Name) {
				b = append(b, k.Name...)
			} else {
				b = appendString(b, k.Name)
			}
			b = append(b, '=')
			b = append(b, bareValue(k.Value)...)
		}
		return append(b, ']')
	}
	if !bareField(s.Name) {
		b = append(b, '[')
		b = appendString(b, s.Name)
		return append(b, ']')
	}
	if !first {
		b = append(b, '.')
	}
	return append(b, s.Name...)
}

// bareField reports whether a member's name needs no quotes.
func bareField(s string) bool {
	for _, c := range []byte(s) {
		if !isWord(c) {
			return false
		}
	}
	return s != ""
}

// bareName is bareField for the name of a key, in which dots lead into the item.
func bareName(s string) bool { return s != "" && bareField(strings.ReplaceAll(s, ".", "_")) }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-' || c == '$' || c == '/'
}

// bareValue drops the quotes of a string that cannot be taken for anything else.
func bareValue(json string) string {
	if len(json) < 3 || json[0] != '"' {
		return json
	}
	s := json[1 : len(json)-1]
	if numberLen(s) != len(s) && s != "true" && s != "false" && s != "null" {
		ok := true
		for _, c := range []byte(s) {
			ok = ok && (isWord(c) || c == '.' || c == ':' || c == '@' || c == '+')
		}
		if ok {
			return s
		}
	}
	return json
}

// HasPrefix reports whether p lies at or below prefix.
func (p Path) HasPrefix(prefix Path) bool {
	if len(p) < len(prefix) {
		return false
	}
	for i := range prefix {
		if !p[i].Equal(prefix[i]) {
			return false
		}
	}
	return true
}

// Equal reports whether two paths are the same, step by step.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.HasPrefix(q) }

// Equal reports whether two steps are the same.
func (s Step) Equal(t Step) bool {
	if s.Kind != t.Kind || s.Name != t.Name || s.Index != t.Index || s.Value != t.Value || len(s.Keys) != len(t.Keys) {
		return false
	}
	for i := range s.Keys {
		if s.Keys[i] != t.Keys[i] {
			return false
		}
	}
	return true
}

// ParsePath reads the text of a path. A leading dot is allowed; the empty text is the root.
func ParsePath(text string) (Path, error) {
	p := pathParser{s: strings.TrimPrefix(text, ".")}
	var path Path
	for p.s != "" {
		step, ok := p.step(len(path) == 0)
		if !ok {
			return nil, fmt.Errorf("%w: %q at column %d", ErrPath, clip(text, 200), len(text)-len(p.s)+1)
		}
		path = append(path, step)
	}
	return path, nil
}

type pathParser struct{ s string }

func (p *pathParser) take(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

// run takes the longest beginning whose bytes satisfy ok.
func (p *pathParser) run(ok func(byte) bool) string {
	i := 0
	for i < len(p.s) && ok(p.s[i]) {
		i++
	}
	s := p.s[:i]
	p.s = p.s[i:]
	return s
}

func (p *pathParser) step(first bool) (Step, bool) {
	if !p.take('[') {
		if !first && !p.take('.') {
			return Step{}, false
		}
		name := p.run(isWord)
		return Step{Name: name}, name != ""
	}
	switch {
	case p.s == "":
		return Step{}, false
	case p.take('='):
		v, ok := p.json()
		return Step{Kind: StepValue, Value: v}, ok && p.take(']')
	case isDigit(p.s[0]):
		before := p.s
		n, err := strconv.Atoi(p.run(isDigit))
		if err == nil && p.take(']') {
			return Step{Kind: StepIndex, Index: n}, true
		}
		p.s = before
	case p.s[0] == '"':
		before := p.s
		if v, ok := p.value(); ok && v.kind == String && p.take(']') {
			return Step{Name: v.text}, true
		}
		p.s = before
	}
	return p.keys()
}

func (p *pathParser) keys() (Step, bool) {
	s := Step{Kind: StepKeys}
	for {
		name := p.run(func(c byte) bool { return isWord(c) || c == '.' })
		if name == "" {
			v, ok := p.value()
			if !ok || v.kind != String {
				return s, false
			}
			name = v.text
		}
		if !p.take('=') || p.s == "" {
			return s, false
		}
		value, ok := p.keyValue()
		if !ok {
			return s, false
		}
		s.Keys = append(s.Keys, StepKey{name, value})
		if p.take(']') {
			return s, true
		}
		if !p.take(',') {
			return s, false
		}
	}
}

// keyValue reads JSON, or a bare word, which is a string.
func (p *pathParser) keyValue() (string, bool) {
	word := p.s
	if i := strings.IndexAny(word, ",]"); i >= 0 {
		word = word[:i]
	}
	if quoted := appendString(nil, word); word != "" && bareValue(string(quoted)) == word {
		p.s = p.s[len(word):]
		return string(quoted), true
	}
	return p.json()
}

// json reads one JSON value and gives its compact form.
func (p *pathParser) json() (string, bool) {
	v, ok := p.value()
	if !ok {
		return "", false
	}
	return v.String(), true
}

func (p *pathParser) value() (*Value, bool) {
	in := parser{s: p.s}
	v, ok := in.value(0)
	if ok {
		p.s = p.s[in.at:]
	}
	return v, ok
}

// clip cuts a text for display.
func clip(s string, maxBytes int) string {
	if len(s) <= maxBytes {
		return s
	}
	for maxBytes > 0 && s[maxBytes]&0xC0 == 0x80 {
		maxBytes--
	}
	return s[:maxBytes] + "…"
}

package object

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep a document may nest.
const MaxDepth = 512

// ErrJSON is what Parse's errors wrap.
var ErrJSON = errors.New("not a JSON document")

// Parse reads one JSON document; metadata.managedFields is checked, and read when it is asked for. It copies data once and costs one pass; of members with one name the
// last counts, as in Kubernetes; bytes that are not UTF-8 become U+FFFD.
func Parse(data []byte) (*Value, error) {
	p := parser{s: string(data)}
	v, ok := p.value(0)
	if ok {
		p.space()
		ok = p.at == len(p.s)
	}
	if !ok {
		if p.tooDeep {
			return nil, fmt.Errorf("%w: nested deeper than %d", ErrJSON, MaxDepth)
		}
		return nil, fmt.Errorf("%w: at byte %d of %d", ErrJSON, p.at, len(p.s))
	}
	return v, nil
}

// parser reads s from at. Nodes come from chunks and lists of children from scratch stacks, so that a
// document costs few allocations.
type parser struct {
	s       string
	at      int
	tooDeep bool
	nodes   []Value
	kids    []kids
	members []Member // of the objects being read
	items   []*Value
	done    []Member // of objects that were read
	meta    bool     // what is being read at depth 1 is metadata
}

// keep moves the members of an object that was read behind those of others.
func (p *parser) keep(members []Member) []Member {
	if cap(p.done)-len(p.done) < len(members) {
		p.done = make([]Member, 0, max(len(members), min(32+len(p.s)/64, 2048)))
	}
	from := len(p.done)
	p.done = append(p.done, members...)
	return p.done[from:len(p.done):len(p.done)]
}

func (p *parser) node(v Value) *Value {
	if len(p.nodes) == cap(p.nodes) {
		p.nodes = make([]Value, 0, min(16+len(p.s)/40, 4096))
	}
	p.nodes = append(p.nodes, v)
	return &p.nodes[len(p.nodes)-1]
}

func (p *parser) kid(k kids) *kids {
	if len(p.kids) == cap(p.kids) {
		p.kids = make([]kids, 0, min(8+len(p.s)/100, 1024))
	}
	p.kids = append(p.kids, k)
	return &p.kids[len(p.kids)-1]
}

func (p *parser) space() {
	for p.at < len(p.s) {
		switch p.s[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value(depth int) (*Value, bool) {
	if depth > MaxDepth {
		p.tooDeep = true
		return nil, false
	}
	p.space()
	if p.at >= len(p.s) {
		return nil, false
	}
	switch c := p.s[p.at]; c {
	case '{':
		p.at++
		return p.object(depth)
	case '[':
		p.at++
		return p.array(depth)
	case '"':
		s, ok := p.str()
		if !ok {
			return nil, false
		}
		return p.node(Value{kind: String, text: s}), true
	case 't':
		return p.word("true", Bool)
	case 'f':
		return p.word("false", Bool)
	case 'n':
		return p.word("null", Null)
	}
	return p.number()
}

func (p *parser) word(word string, kind Kind) (*Value, bool) {
	if !strings.HasPrefix(p.s[p.at:], word) {
		return nil, false
	}
	p.at += len(word)
	return p.node(Value{kind: kind, text: word}), true
}

func (p *parser) number() (*Value, bool) {
	n := numberLen(p.s[p.at:])
	if n == 0 {
		return nil, false
	}
	text := p.s[p.at : p.at+n]
	p.at += n
	return p.node(Value{kind: Number, text: text}), true
}

// numberLen is the length of the JSON number that s begins with, zero if it begins with none.
func numberLen(s string) int {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	from := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == from || (s[from] == '0' && i > from+1) {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		i++
		from = i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == from {
			return 0
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from = i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == from {
			return 0
		}
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *parser) object(depth int) (*Value, bool) {
	base := len(p.members)
	if !p.next('}') {
		for {
			p.space()
			if p.at >= len(p.s) || p.s[p.at] != '"' {
				return nil, false
			}
			name, ok := p.str()
			if !ok || !p.next(':') {
				return nil, false
			}
			child, ok := p.field(name, depth)
			if !ok {
				return nil, false
			}
			p.members = append(p.members, Member{name, child})
			if p.next(',') {
				continue
			}
			if p.next('}') {
				break
			}
			return nil, false
		}
	}
	v := p.node(Value{kind: Object})
	if len(p.members) > base {
		v.kids = p.kid(kids{members: sortMembers(p.keep(p.members[base:]))})
		p.members = p.members[:base]
	}
	return v, true
}

// field reads the value of a member of an object at a depth.
func (p *parser) field(name string, depth int) (*Value, bool) {
	switch {
	case depth == 0:
		p.meta = name == "metadata"
	case depth == 1 && p.meta && name == "managedFields":
		if p.space(); p.at < len(p.s) && p.s[p.at] == '[' {
			return p.latter(depth + 1)
		}
	}
	return p.value(depth + 1)
}

// sortMembers sorts in place and keeps the last of members with one name.
func sortMembers(m []Member) []Member {
	if len(m) <= 12 {
		for i := 1; i < len(m); i++ {
			for j := i; j > 0 && m[j].Name < m[j-1].Name; j-- {
				m[j], m[j-1] = m[j-1], m[j]
			}
		}
	} else {
		slices.SortStableFunc(m, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	}
	kept := 0
	for i := range m {
		if i+1 < len(m) && m[i].Name == m[i+1].Name {
			continue
		}
		m[kept] = m[i]
		kept++
	}
	return m[:kept]
}

func (p *parser) array(depth int) (*Value, bool) {
	base := len(p.items)
	if !p.next(']') {
		for {
			child, ok := p.value(depth + 1)
			if !ok {
				return nil, false
			}
			p.items = append(p.items, child)
			if p.next(',') {
				continue
			}
			if p.next(']') {
				break
			}
			return nil, false
		}
	}
	v := p.node(Value{kind: Array})
	if len(p.items) > base {
		v.kids = p.kid(kids{items: append([]*Value(nil), p.items[base:]...)})
		p.items = p.items[:base]
	}
	return v, true
}

// str reads a string from its opening quote on. Without escapes it is a part of s, not a copy.
func (p *parser) str() (string, bool) {
	from := p.at + 1
	ascii := true
	for i := from; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			p.at = i + 1
			if ascii {
				return p.s[from:i], true
			}
			return strings.ToValidUTF8(p.s[from:i], "\uFFFD"), true
		case c == '\\':
			return p.escaped(from, i)
		case c < 0x20:
			p.at = i
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	p.at = len(p.s)
	return "", false
}

func (p *parser) escaped(from, i int) (string, bool) {
	b := append(make([]byte, 0, i-from+32), p.s[from:i]...)
	for i < len(p.s) {
		c := p.s[i]
		switch {
		case c == '"':
			p.at = i + 1
			return strings.ToValidUTF8(string(b), "\uFFFD"), true
		case c < 0x20:
			p.at = i
			return "", false
		case c != '\\':
			b = append(b, c)
			i++
			continue
		}
		if i+1 >= len(p.s) {
			break
		}
		if p.s[i+1] == 'u' {
			r, size := unicodeEscape(p.s[i:])
			if size == 0 {
				p.at = i
				return "", false
			}
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		plain := strings.IndexByte(`"\/bfnrt`, p.s[i+1])
		if plain < 0 {
			p.at = i
			return "", false
		}
		b = append(b, "\"\\/\b\f\n\r\t"[plain])
		i += 2
	}
	p.at = len(p.s)
	return "", false
}

// unicodeEscape reads \uXXXX, or two of them that form a surrogate pair; size zero if malformed.
func unicodeEscape(s string) (r rune, size int) {
	high, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	if low, ok := hex4(s[6:]); ok {
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

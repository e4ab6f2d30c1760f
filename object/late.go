package object

import (
	"strings"
	"sync"
)

// late is a list that is read when it is first asked for: metadata.managedFields, which is often more than half of a manifest and of which
// most questions need nothing. It was found well-formed before.
type late struct {
	raw   string
	once  sync.Once
	items []*Value
}

// asWritten reports whether a and b are such lists of the very same bytes.
func asWritten(a, b *Value) bool {
	return a.kids != nil && b.kids != nil && a.kids.late != nil && b.kids.late != nil && a.kids.late.raw == b.kids.late.raw
}

func (l *late) read() []*Value {
	l.once.Do(func() {
		p := parser{s: l.raw}
		if v, ok := p.value(0); ok {
			l.items = v.Items()
		}
	})
	return l.items
}

// latter reads over a list that stands at p.at, for later.
func (p *parser) latter(depth int) (*Value, bool) {
	from := p.at
	if !p.skip(depth) {
		return nil, false
	}
	v := p.node(Value{kind: Array})
	if raw := p.s[from:p.at]; strings.TrimLeft(raw[1:len(raw)-1], " \t\r\n") != "" {
		v.kids = p.kid(kids{late: &late{raw: raw}})
	}
	return v, true
}

// skip passes over a value; it takes what value takes and nothing else.
func (p *parser) skip(depth int) bool {
	if depth > MaxDepth {
		p.tooDeep = true
		return false
	}
	p.space()
	if p.at >= len(p.s) {
		return false
	}
	switch p.s[p.at] {
	case '{':
		return p.skipAll('}', func() bool {
			p.space()
			return p.at < len(p.s) && p.s[p.at] == '"' && p.skipStr() && p.next(':') && p.skip(depth+1)
		})
	case '[':
		return p.skipAll(']', func() bool { return p.skip(depth + 1) })
	case '"':
		return p.skipStr()
	case 't':
		return p.skipWord("true")
	case 'f':
		return p.skipWord("false")
	case 'n':
		return p.skipWord("null")
	}
	n := numberLen(p.s[p.at:])
	p.at += n
	return n > 0
}

// skipAll passes over what stands up to a closing bracket, parted by commas.
func (p *parser) skipAll(end byte, one func() bool) bool {
	p.at++
	if p.next(end) {
		return true
	}
	for one() {
		if p.next(',') {
			continue
		}
		return p.next(end)
	}
	return false
}

func (p *parser) skipWord(word string) bool {
	if !strings.HasPrefix(p.s[p.at:], word) {
		return false
	}
	p.at += len(word)
	return true
}

func (p *parser) skipStr() bool {
	for i := p.at + 1; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			p.at = i + 1
			return true
		case c < 0x20:
			p.at = i
			return false
		case c != '\\':
		case i+1 < len(p.s) && p.s[i+1] == 'u':
			if _, ok := hex4(p.s[i:]); !ok {
				p.at = i
				return false
			}
			i += 5
		case i+1 < len(p.s) && strings.IndexByte(`"\/bfnrt`, p.s[i+1]) >= 0:
			i++
		default:
			p.at = i
			return false
		}
	}
	p.at = len(p.s)
	return false
}

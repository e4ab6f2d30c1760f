package watch

import (
	"bufio"
	"errors"
	"io"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/source/manifest"
)

// errNotList says that an answer is no list with a resourceVersion.
var errNotList = errors.New("the answer is no list with a resourceVersion")

// page reads one page of a list without holding it: items one by one, the rest at the end.
type page struct {
	r    *bufio.Reader
	most int // longest item

	head  []byte // the document without its items
	depth int    // open braces and brackets outside items
	bytes int64
}

// maxHeadBytes bounds what a list says beside its items.
const maxHeadBytes = 64 << 10

// read calls item for each item; its bytes are valid during the call, and nil where the item is longer than allowed. It gives the
// list's resourceVersion and the token of the next page.
func (p *page) read(item func(raw []byte) error) (h manifest.Head, next string, err error) {
	if err := p.walk(item); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return manifest.Head{}, "", err
	}
	if h, err = manifest.Read(p.head); err != nil {
		return manifest.Head{}, "", err
	}
	if h.RV == 0 || len(h.Kind) < 4 || string(h.Kind[len(h.Kind)-4:]) != "List" {
		return manifest.Head{}, "", errNotList
	}
	next, _ = rawjson.String(rawjson.Get(p.head, "metadata", "continue"))
	return h, next, nil
}

// walk copies the document to head, but for the items.
func (p *page) walk(item func([]byte) error) error {
	var key []byte // the last string at depth 1
	var buf []byte
	for {
		c, err := p.byte()
		if err != nil {
			return err
		}
		switch c {
		case '"':
			start := len(p.head)
			if err := p.text(); err != nil {
				return err
			}
			if p.depth == 1 {
				key = p.head[start:]
			}
			continue
		case '{', '[':
			p.depth++
		case '}', ']':
			p.depth--
		}
		if err := p.keep(c); err != nil {
			return err
		}
		if c == '[' && p.depth == 2 && string(key) == `"items"` {
			if err := p.items(&buf, item); err != nil {
				return err
			}
			p.depth--
			if err := p.keep(']'); err != nil {
				return err
			}
		}
		if p.depth <= 0 && c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return nil
		}
	}
}

// items reads to the end of the array.
func (p *page) items(buf *[]byte, item func([]byte) error) error {
	for {
		c, err := p.byte()
		if err != nil {
			return err
		}
		switch c {
		case ']':
			return nil
		case ',', ' ', '\n', '\r', '\t':
			continue
		case '{':
		default:
			return errNotList
		}
		raw, tooLong, err := p.item((*buf)[:0])
		if err != nil {
			return err
		}
		*buf = raw
		if tooLong {
			raw = nil
		}
		if err := item(raw); err != nil {
			return err
		}
		if cap(*buf) > keptBuffer {
			*buf = nil
		}
	}
}

// item reads the rest of an object of which the first brace was read.
func (p *page) item(buf []byte) (raw []byte, tooLong bool, err error) {
	buf = append(buf, '{')
	depth, quoted, escaped := 1, false, false
	for depth > 0 {
		c, err := p.byte()
		if err != nil {
			return buf, false, err
		}
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if tooLong = tooLong || len(buf) >= p.most; !tooLong {
			buf = append(buf, c)
		}
	}
	return buf, tooLong, nil
}

// text copies a string whose first quote was read.
func (p *page) text() error {
	if err := p.keep('"'); err != nil {
		return err
	}
	for escaped := false; ; {
		c, err := p.byte()
		if err != nil {
			return err
		}
		if err := p.keep(c); err != nil {
			return err
		}
		if c == '"' && !escaped {
			return nil
		}
		escaped = c == '\\' && !escaped
	}
}

func (p *page) keep(c byte) error {
	if len(p.head) >= maxHeadBytes {
		return errNotList
	}
	p.head = append(p.head, c)
	return nil
}

func (p *page) byte() (byte, error) {
	c, err := p.r.ReadByte()
	if err == nil {
		p.bytes++
	}
	return c, err
}

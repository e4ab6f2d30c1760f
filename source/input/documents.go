package input

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/source/manifest"
)

// splitDocuments reads a stream of JSON values that may span lines. The items of lists go to the workers one by one,
// so that a list of any length takes little memory.
func (r *reader) splitDocuments(ctx context.Context, text *bufio.Reader, state *file) error {
	s := &documents{r: r, ctx: ctx, text: text, state: state, at: place{line: 1}}
	if bom, err := text.Peek(3); err == nil && string(bom) == "\xef\xbb\xbf" {
		_, _ = text.Discard(3)
		s.at.offset = 3
	}
	err := s.run()
	state.Bytes = s.at.offset
	return err
}

type documents struct {
	r     *reader
	ctx   context.Context
	text  *bufio.Reader
	state *file
	at    place // of the next byte

	doc      []byte // the document, without the items that were handed on
	docAt    place
	item     []byte
	itemAt   place
	depth    int
	itemsAt  int // depth of the array whose items are handed on; zero outside
	list     list
	known    bool // list is known
	inString bool
	escaped  bool

	held     []value // items whose kind is told behind them
	heldSize int
	batch    []value // items on their way to a worker
	size     int
}

const batchBytes = 256 << 10

func (s *documents) run() error {
	for {
		b, err := s.text.ReadByte()
		if err == io.EOF {
			return s.finish()
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", s.state.Path, err)
		}
		if err := s.next(b); err != nil {
			return err
		}
		s.at.offset++
		if b == '\n' {
			s.at.line++
		}
	}
}

// next takes one byte.
func (s *documents) next(b byte) error {
	if s.inString {
		s.keep(b)
		switch {
		case s.escaped:
			s.escaped = false
		case b == '\\':
			s.escaped = true
		case b == '"':
			s.inString = false
		}
		return s.bounded()
	}
	switch b {
	case ' ', '\t', '\r', '\n':
		if s.depth > 0 {
			s.keep(b)
		}
		return nil
	case '"':
		s.inString = true
	case '{', '[':
		return s.open(b)
	case '}', ']':
		return s.close(b)
	case ',':
		if s.itemsAt > 0 && s.depth == s.itemsAt {
			return nil
		}
		if s.depth == 0 {
			return nil
		}
	}
	if s.depth == 0 {
		return s.stray()
	}
	s.keep(b)
	return s.bounded()
}

// keep appends to the item inside a list, else to the document.
func (s *documents) keep(b byte) {
	if s.itemsAt > 0 && s.depth >= s.itemsAt {
		if len(s.item) == 0 {
			if b == ' ' || b == '\n' || b == '\r' || b == '\t' {
				return
			}
			s.itemAt = s.at
		}
		s.item = append(s.item, b)
		return
	}
	s.doc = append(s.doc, b)
}

func (s *documents) open(b byte) error {
	switch {
	case s.depth == 0 && b == '[':
		s.docAt, s.itemsAt, s.known = s.at, 1, true
		s.depth++
		return nil
	case s.depth == 0:
		s.docAt = s.at
	case s.depth == 1 && b == '[' && s.itemsAt == 0 && endsWithItemsKey(s.doc):
		s.doc = append(s.doc, b)
		s.depth++
		s.itemsAt = s.depth
		return nil
	}
	s.keep(b)
	s.depth++
	return s.bounded()
}

// endsWithItemsKey: the document so far ends with "items": or "records":.
func endsWithItemsKey(doc []byte) bool {
	doc = bytes.TrimRight(doc, " \t\r\n")
	if len(doc) == 0 || doc[len(doc)-1] != ':' {
		return false
	}
	doc = bytes.TrimRight(doc[:len(doc)-1], " \t\r\n")
	return bytes.HasSuffix(doc, []byte(`"items"`)) || bytes.HasSuffix(doc, []byte(`"records"`))
}

func (s *documents) close(b byte) error {
	if s.depth == 0 {
		return s.stray()
	}
	if s.itemsAt > 0 && s.depth == s.itemsAt { // the end of the list's items
		s.itemsAt = 0
		s.depth--
		if s.depth == 0 {
			s.list, s.known = list{}, false
			return s.flush()
		}
		s.doc = append(s.doc, b)
		return nil
	}
	s.keep(b)
	s.depth--
	if s.itemsAt > 0 && s.depth == s.itemsAt {
		return s.endItem()
	}
	if s.depth == 0 {
		return s.endDocument()
	}
	return nil
}

// endItem hands an item on, or holds it back until the list's kind is known.
func (s *documents) endItem() error {
	v := value{raw: bytes.Clone(s.item), place: s.itemAt}
	s.item = s.item[:0]
	if !s.known {
		s.list, s.known = listOf(append(bytes.Clone(s.doc), "]}"...))
	}
	if !s.known {
		if h, err := manifest.Read(v.raw); err != nil || len(h.Kind) == 0 {
			if s.heldSize += len(v.raw); s.heldSize > s.r.o.LineBytes {
				s.state.refuse(v.place, -1, reasonLong)
				return nil
			}
			s.held = append(s.held, v)
			return nil
		}
	}
	return s.add(v)
}

func (s *documents) add(v value) error {
	s.batch = append(s.batch, v)
	if s.size += len(v.raw); s.size >= batchBytes {
		return s.flush()
	}
	return nil
}

func (s *documents) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	of := s.list
	t := task{file: s.state, place: s.docAt, values: s.batch, list: &of}
	s.batch, s.size = nil, 0
	return s.r.put(s.ctx, t)
}

// endDocument hands on what was held back, and the document itself: for a list its head, without items.
func (s *documents) endDocument() error {
	if len(s.held) > 0 {
		s.list, _ = listOf(s.doc)
		for _, v := range s.held {
			if err := s.add(v); err != nil {
				return err
			}
		}
		s.held, s.heldSize = nil, 0
	}
	if err := s.flush(); err != nil {
		return err
	}
	t := task{file: s.state, place: s.docAt, values: []value{{raw: bytes.Clone(s.doc), place: s.docAt}}}
	s.reset()
	return s.r.put(s.ctx, t)
}

func (s *documents) reset() {
	s.doc, s.item, s.held, s.heldSize = s.doc[:0], s.item[:0], nil, 0
	s.depth, s.itemsAt, s.inString, s.escaped = 0, 0, false, false
	s.list, s.known = list{}, false
}

// listOf reads the kind of a list's items.
func listOf(doc []byte) (list, bool) {
	kind, ok := rawjson.String(rawjson.Get(doc, "kind"))
	version, okVersion := rawjson.String(rawjson.Get(doc, "apiVersion"))
	return list{apiVersion: version, kind: kind}, ok && okVersion
}

// stray is a byte that begins no object: the rest of its line is refused.
func (s *documents) stray() error {
	s.state.refuse(s.at, -1, "not JSON")
	s.reset()
	n, _, err := discardLine(s.text)
	s.at.offset += n
	s.at.line++
	if err != nil {
		return fmt.Errorf("read %s: %w", s.state.Path, err)
	}
	return nil
}

// bounded gives up a value that grows beyond what is allowed; reading goes on behind the next line end.
func (s *documents) bounded() error {
	if len(s.doc)+len(s.item) <= s.r.o.LineBytes {
		return nil
	}
	s.state.refuse(s.docAt, -1, reasonLong)
	s.reset()
	n, _, err := discardLine(s.text)
	s.at.offset += n
	s.at.line++
	return err
}

func (s *documents) finish() error {
	if err := s.flush(); err != nil {
		return err
	}
	if s.depth == 0 {
		return nil
	}
	return s.r.put(s.ctx, task{file: s.state, place: s.docAt, last: true,
		values: []value{{raw: bytes.Clone(s.doc), place: s.docAt}}})
}

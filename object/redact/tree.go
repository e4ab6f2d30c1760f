package redact

import (
	"bytes"
	"slices"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// node is a value of a document: where it stands, and what is in it.
type node struct {
	key        []byte // of a member, unescaped
	start, end int
	kind       byte // first byte: { [ " t f n or of a number
	kids       []node
}

// document is JSON with the replacements to make in it.
type document struct {
	raw   []byte
	root  node
	edits []edit
}

type edit struct {
	start, end int
	with       []byte
}

// parse reads raw once; it fails where raw is not one JSON value or nests deeper than rawjson.MaxDepth.
func parse(raw []byte) (*document, error) {
	c := rawjson.NewCursor(raw)
	root, err := parseNode(&c, nil)
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return nil, err
	}
	return &document{raw: raw, root: root}, nil
}

func parseNode(c *rawjson.Cursor, key []byte) (node, error) {
	n := node{key: key, kind: c.Kind(), start: c.Offset()}
	var err error
	switch n.kind {
	case '{':
		err = c.Object(func(key []byte) error {
			kid, err := parseNode(c, key)
			n.kids = append(n.kids, kid)
			return err
		})
	case '[':
		err = c.Array(func() error {
			kid, err := parseNode(c, nil)
			n.kids = append(n.kids, kid)
			return err
		})
	default:
		err = c.Skip()
	}
	n.end = c.Offset()
	return n, err
}

func (d *document) bytes(n *node) []byte { return d.raw[n.start:n.end] }

// string is the text of a JSON string, "" of everything else.
func (d *document) string(n *node) string {
	if n == nil || n.kind != '"' {
		return ""
	}
	s, _ := rawjson.String(d.bytes(n))
	return s
}

// member gives the last member of that name, which is the one that most readers take; nil where there is none.
func (n *node) member(name string) *node {
	if n == nil || n.kind != '{' {
		return nil
	}
	for i := len(n.kids) - 1; i >= 0; i-- {
		if string(n.kids[i].key) == name {
			return &n.kids[i]
		}
	}
	return nil
}

// has reports whether any member of that name is the string value; there may be several.
func (d *document) has(n *node, name, value string) bool {
	if n == nil || n.kind != '{' {
		return false
	}
	for i := range n.kids {
		if string(n.kids[i].key) == name && d.string(&n.kids[i]) == value {
			return true
		}
	}
	return false
}

// replace puts a string in the place of n, unless it is that string.
func (d *document) replace(n *node, with string) {
	if n.kind == '"' && d.string(n) == with {
		return
	}
	d.edits = append(d.edits, edit{n.start, n.end, rawjson.AppendString(nil, []byte(with))})
}

// result gives the document with its replacements made: raw itself where there are none.
func (d *document) result() ([]byte, bool) {
	if len(d.edits) == 0 {
		return d.raw, false
	}
	slices.SortStableFunc(d.edits, func(a, b edit) int { return a.start - b.start })
	var out bytes.Buffer
	out.Grow(len(d.raw) + len(d.edits)*64)
	at := 0
	for _, e := range d.edits {
		if e.start < at {
			continue // inside what was replaced already
		}
		out.Write(d.raw[at:e.start])
		out.Write(e.with)
		at = e.end
	}
	out.Write(d.raw[at:])
	return out.Bytes(), true
}

package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// Cursor stands before a value of a document and moves over it. The zero value is not usable: see NewCursor.
// After an error the cursor stays where it is and every call gives the same error.
type Cursor struct {
	buf    []byte
	pos    int
	depth  int
	spaced bool
	err    *SyntaxError
}

// NewCursor stands before the first value in raw. The slices it gives out alias raw.
func NewCursor(raw []byte) Cursor { return Cursor{buf: raw} }

// Offset is where the cursor stands, in bytes from the start.
func (c *Cursor) Offset() int { return c.pos }

// Spaced reports whether insignificant whitespace was passed so far; a document without any is compact.
func (c *Cursor) Spaced() bool { return c.spaced }

// Kind is the first byte of the next value: one of { [ " t f n, a digit or minus; 0 at the end.
func (c *Cursor) Kind() byte {
	if c.err != nil {
		return 0
	}
	c.pos = c.space(c.pos)
	if c.pos >= len(c.buf) {
		return 0
	}
	return c.buf[c.pos]
}

// End checks that nothing but whitespace is left. A trailing line end does not count as Spaced.
func (c *Cursor) End() error {
	if c.err != nil {
		return c.err
	}
	for i := c.pos; i < len(c.buf); i++ {
		if !isSpace(c.buf[i]) {
			c.fail(i, "more behind the value")
			return c.err
		}
	}
	return nil
}

// Skip moves behind the next value, checking it.
func (c *Cursor) Skip() error {
	if c.err != nil {
		return c.err
	}
	end := c.skip(c.space(c.pos), c.depth)
	if end < 0 {
		return c.err
	}
	c.pos = end
	return nil
}

// Raw moves behind the next value and gives its bytes.
func (c *Cursor) Raw() ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	start := c.space(c.pos)
	end := c.skip(start, c.depth)
	if end < 0 {
		return nil, c.err
	}
	c.pos = end
	return c.buf[start:end:end], nil
}

// Object calls f for each member of the next value with the unescaped key; f may move over the value, and what it
// leaves is skipped. A value that is no object is skipped without a call. An error of f ends the walk.
func (c *Cursor) Object(f func(key []byte) error) error {
	if c.Kind() != '{' {
		return c.Skip()
	}
	if !c.enter() {
		return c.err
	}
	defer func() { c.depth-- }()
	i := c.space(c.pos + 1)
	if i < len(c.buf) && c.buf[i] == '}' {
		c.pos = i + 1
		return nil
	}
	for {
		if i >= len(c.buf) || c.buf[i] != '"' {
			c.fail(i, "no member name")
			return c.err
		}
		end := c.skipString(i)
		if end < 0 {
			return c.err
		}
		key := unquoted(c.buf[i:end])
		if i = c.space(end); i >= len(c.buf) || c.buf[i] != ':' {
			c.fail(i, "no colon")
			return c.err
		}
		start := c.space(i + 1)
		c.pos = start
		if err := f(key); err != nil {
			return err
		}
		if c.pos == start {
			if err := c.Skip(); err != nil {
				return err
			}
		}
		i = c.space(c.pos)
		if i >= len(c.buf) {
			c.fail(i, "unexpected end")
			return c.err
		}
		switch c.buf[i] {
		case ',':
			i = c.space(i + 1)
		case '}':
			c.pos = i + 1
			return nil
		default:
			c.fail(i, "no comma or brace")
			return c.err
		}
	}
}

// Array calls f before each item of the next value; f may move over the item, and what it leaves is skipped.
// A value that is no array is skipped without a call. An error of f ends the walk.
func (c *Cursor) Array(f func() error) error {
	if c.Kind() != '[' {
		return c.Skip()
	}
	if !c.enter() {
		return c.err
	}
	defer func() { c.depth-- }()
	i := c.space(c.pos + 1)
	if i < len(c.buf) && c.buf[i] == ']' {
		c.pos = i + 1
		return nil
	}
	for {
		c.pos = i
		if err := f(); err != nil {
			return err
		}
		if c.pos == i {
			if err := c.Skip(); err != nil {
				return err
			}
		}
		i = c.space(c.pos)
		if i >= len(c.buf) {
			c.fail(i, "unexpected end")
			return c.err
		}
		switch c.buf[i] {
		case ',':
			i = c.space(i + 1)
		case ']':
			c.pos = i + 1
			return nil
		default:
			c.fail(i, "no comma or bracket")
			return c.err
		}
	}
}

func (c *Cursor) enter() bool {
	if c.depth >= MaxDepth {
		c.fail(c.pos, "nested too deep")
		return false
	}
	c.depth++
	return true
}

// fail keeps the first error and gives the position that means failure.
func (c *Cursor) fail(i int, reason string) int {
	if c.err == nil {
		c.err = &SyntaxError{Offset: min(i, len(c.buf)), Reason: reason}
	}
	return -1
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

func (c *Cursor) space(i int) int {
	if i < len(c.buf) && c.buf[i] > ' ' {
		return i
	}
	return c.spaceSlow(i)
}

func (c *Cursor) spaceSlow(i int) int {
	for i < len(c.buf) && isSpace(c.buf[i]) {
		c.spaced = true
		i++
	}
	return i
}

// skip gives the position behind the value at i, or -1.
func (c *Cursor) skip(i, depth int) int {
	if uint(i) >= uint(len(c.buf)) {
		return c.fail(i, "unexpected end")
	}
	switch b := c.buf[i]; b {
	case '"':
		return c.skipString(i)
	case '{':
		return c.skipObject(i, depth+1)
	case '[':
		return c.skipArray(i, depth+1)
	case 't':
		return c.skipWord(i, "true")
	case 'f':
		return c.skipWord(i, "false")
	case 'n':
		return c.skipWord(i, "null")
	default:
		return c.skipNumber(i)
	}
}

func (c *Cursor) skipObject(i, depth int) int {
	if depth > MaxDepth {
		return c.fail(i, "nested too deep")
	}
	b := c.buf
	if i = c.space(i + 1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return c.fail(i, "no member name")
		}
		if i = c.skipString(i); i < 0 {
			return i
		}
		if i = c.space(i); i >= len(b) || b[i] != ':' {
			return c.fail(i, "no colon")
		}
		if i = c.skip(c.space(i+1), depth); i < 0 {
			return i
		}
		if i = c.space(i); i >= len(b) {
			return c.fail(i, "unexpected end")
		}
		switch b[i] {
		case ',':
			i = c.space(i + 1)
		case '}':
			return i + 1
		default:
			return c.fail(i, "no comma or brace")
		}
	}
}

func (c *Cursor) skipArray(i, depth int) int {
	if depth > MaxDepth {
		return c.fail(i, "nested too deep")
	}
	b := c.buf
	if i = c.space(i + 1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = c.skip(i, depth); i < 0 {
			return i
		}
		if i = c.space(i); i >= len(b) {
			return c.fail(i, "unexpected end")
		}
		switch b[i] {
		case ',':
			i = c.space(i + 1)
		case ']':
			return i + 1
		default:
			return c.fail(i, "no comma or bracket")
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipString gives the position behind the string that begins at i. Eight bytes at a time are searched for a
// quote, a backslash or a control character.
func (c *Cursor) skipString(i int) int {
	b := c.buf
	i++
	for {
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:])
			quote := x ^ ('"' * ones)
			slash := x ^ ('\\' * ones)
			found := (((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((x - ' '*ones) &^ x)) & highs
			if found == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(found) >> 3 // the lowest byte found is one for sure
			if b[i] == '"' {
				return i + 1
			}
			if i = c.skipSpecial(i); i < 0 {
				return i
			}
		}
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		if i >= len(b) {
			return c.fail(i, "unexpected end in a string")
		}
		if b[i] == '"' {
			return i + 1
		}
		if i = c.skipSpecial(i); i < 0 {
			return i
		}
	}
}

// skipSpecial moves over an escape, and refuses a control character.
func (c *Cursor) skipSpecial(i int) int {
	if c.buf[i] != '\\' {
		return c.fail(i, "control character in a string")
	}
	return c.skipEscape(i)
}

func (c *Cursor) skipEscape(i int) int {
	b := c.buf
	if i+1 >= len(b) {
		return c.fail(i+1, "unexpected end in a string")
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(b) {
			return c.fail(len(b), "unexpected end in a string")
		}
		for _, h := range b[i+2 : i+6] {
			if !isHex(h) {
				return c.fail(i, "bad escape")
			}
		}
		return i + 6
	}
	return c.fail(i, "bad escape")
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

func (c *Cursor) skipWord(i int, word string) int {
	if len(c.buf)-i < len(word) || string(c.buf[i:i+len(word)]) != word {
		return c.fail(i, "no value")
	}
	return i + len(word)
}

func (c *Cursor) skipNumber(i int) int {
	b, start := c.buf, i
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && b[i] >= '1' && b[i] <= '9':
		i = digits(b, i)
	default:
		return c.fail(start, "no value")
	}
	if i < len(b) && b[i] == '.' {
		end := digits(b, i+1)
		if end == i+1 {
			return c.fail(i, "bad number")
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := digits(b, i)
		if end == i {
			return c.fail(i, "bad number")
		}
		i = end
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

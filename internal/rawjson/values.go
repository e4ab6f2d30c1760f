package rawjson

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Valid checks that raw is one JSON value and nothing else. On an error it gives the byte offset of the fault.
func Valid(raw []byte) (int, error) {
	c := NewCursor(raw)
	err := c.Skip()
	if err == nil {
		err = c.End()
	}
	if err != nil {
		return c.err.Offset, err
	}
	return 0, nil
}

// Object calls f for each member of raw, with the unescaped key and the value's bytes. It fails where raw is no JSON
// object or more than one; the error of f is passed on.
func Object(raw []byte, f func(key, value []byte) error) error {
	c := NewCursor(raw)
	if c.Kind() != '{' {
		return &SyntaxError{Offset: c.pos, Reason: "no object"}
	}
	err := c.Object(func(key []byte) error {
		value, err := c.Raw()
		if err != nil {
			return err
		}
		return f(key, value)
	})
	if err != nil {
		return err
	}
	return c.End()
}

// Array calls f for each item of raw. It fails where raw is no JSON array or more than one.
func Array(raw []byte, f func(value []byte) error) error {
	c := NewCursor(raw)
	if c.Kind() != '[' {
		return &SyntaxError{Offset: c.pos, Reason: "no array"}
	}
	err := c.Array(func() error {
		value, err := c.Raw()
		if err != nil {
			return err
		}
		return f(value)
	})
	if err != nil {
		return err
	}
	return c.End()
}

// found ends a walk early; it never leaves the package.
type found struct{}

func (found) Error() string { return "found" }

// Get gives the value below the member names in path, the first one where a name comes twice; nil where there is
// none or raw is not JSON up to there.
func Get(raw []byte, path ...string) []byte {
	for _, name := range path {
		c := NewCursor(raw)
		var value []byte
		_ = c.Object(func(key []byte) (err error) {
			if string(key) != name {
				return nil
			}
			if value, err = c.Raw(); err != nil {
				return err
			}
			return found{}
		})
		if value == nil {
			return nil
		}
		raw = value
	}
	return raw
}

// String unescapes a JSON string; false where value is none.
func String(value []byte) (string, bool) {
	b, ok := Unquote(value)
	return string(b), ok
}

// Unquote is String without the copy where nothing needs unescaping: the result may alias value.
func Unquote(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return nil, false
	}
	return unquoted(value), true
}

// unquoted unescapes a string that was checked.
func unquoted(value []byte) []byte {
	inner := value[1 : len(value)-1]
	if isPlain(inner) || bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner
	}
	return unescape(make([]byte, 0, len(inner)+8), inner)
}

// isPlain reports whether b is ASCII without a backslash.
func isPlain(b []byte) bool {
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		slash := x ^ ('\\' * ones)
		if ((slash-ones)&^slash|x)&highs != 0 {
			return false
		}
		b = b[8:]
	}
	for _, x := range b {
		if x == '\\' || x >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		switch b := s[i]; {
		case b == '\\' && i+1 < len(s):
			if s[i+1] == 'u' {
				r, size := unescapeRune(s[i:])
				dst = utf8.AppendRune(dst, r)
				i += size
				continue
			}
			dst = append(dst, unescapeByte(s[i+1]))
			i += 2
		case b < utf8.RuneSelf:
			dst = append(dst, b)
			i++
		default:
			r, size := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return dst
}

func unescapeByte(b byte) byte {
	switch b {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return b
}

// unescapeRune reads \uXXXX, or two that make a surrogate pair; a lone half is U+FFFD.
func unescapeRune(s []byte) (rune, int) {
	r := hex4(s)
	if r < 0 {
		return utf8.RuneError, min(2, len(s))
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if pair := utf16.DecodeRune(r, hex4(s[6:])); pair != utf8.RuneError {
		return pair, 12
	}
	return utf8.RuneError, 6
}

// hex4 reads the number in \uXXXX at the start of s, or -1.
func hex4(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

// Uint reads a JSON number that is a non-negative integer of 64 bits.
func Uint(value []byte) (uint64, bool) {
	if len(value) == 0 || len(value) > 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(value), 10, 64)
	return n, err == nil
}

// Compact gives raw, which must be valid, without insignificant whitespace: raw itself where there is none, else a copy behind dst.
func Compact(dst, raw []byte) []byte {
	if IsCompact(raw) {
		return raw
	}
	inString := false
	for i := 0; i < len(raw); i++ {
		b := raw[i]
		switch {
		case inString && b == '\\' && i+1 < len(raw):
			dst = append(dst, b)
			i++
			b = raw[i]
		case b == '"':
			inString = !inString
		case !inString && isSpace(b):
			continue
		}
		dst = append(dst, b)
	}
	return dst
}

// IsCompact reports whether raw is one value without insignificant whitespace around or inside it.
func IsCompact(raw []byte) bool {
	c := NewCursor(raw)
	return c.Skip() == nil && !c.spaced && c.pos == len(raw)
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string; bytes that are no UTF-8 become U+FFFD.
func AppendString(dst []byte, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		b := s[i]
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
			i++
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
			i++
		case b < utf8.RuneSelf:
			dst = append(dst, b)
			i++
		default:
			r, size := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return append(dst, '"')
}

package webhook

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/bits"
	"strings"

	"github.com/kubewake/kubewake/internal/rawjson"
)

// badList says why a body is no EventList. It never quotes the body.
type badList struct {
	offset int64
	reason string
}

func (e *badList) Error() string { return fmt.Sprintf("%s at byte %d", e.reason, e.offset) }

// Sizes of what is held at once.
const (
	windowBytes = 64 << 10
	nameBytes   = 1 << 10  // of a member's name
	memberBytes = 64 << 10 // of a member that is not the items
	tailBytes   = 4 << 10  // kept of an item that is too long
)

// list reads an EventList as it arrives and gives its items one by one; it never holds more than one.
type list struct {
	in     io.Reader
	buf    []byte // read and not used yet: buf[at:end]
	at     int
	end    int
	offset int64 // of buf[0] in the body
	fault  error // of in; io.EOF at its end

	itemBytes int // longer items are given without their content

	kind, apiVersion string
	hasItems         bool
}

// item is one member of items.
type item struct {
	raw    []byte // valid until the next one; of one that is too long its end
	size   int64
	offset int64 // in the body, unpacked
	long   bool
	digest [sha256.Size]byte // only of one that is too long
}

// each calls f for every item. Where the body is no list the error is a *badList; errors of f and of the reader are passed on.
// What is wrong inside an item is not found here.
func (l *list) each(f func(item) error) error {
	if b, err := l.peek(); err != nil {
		return err
	} else if b != '{' {
		return l.bad("no JSON object")
	}
	l.at++
	if err := l.members(f); err != nil {
		return err
	}
	for {
		if l.skipSpace() {
			return l.bad("more behind the list")
		}
		if !l.fill() {
			if errors.Is(l.fault, io.EOF) {
				return l.check()
			}
			return l.fault
		}
	}
}

func (l *list) check() error {
	switch {
	case l.kind != "" && l.kind != "EventList" || l.apiVersion != "" && !strings.HasPrefix(l.apiVersion, "audit.k8s.io/"):
		return l.bad("another kind than an audit.k8s.io EventList")
	case l.kind == "" && !l.hasItems:
		return l.bad("neither a kind nor items")
	}
	return nil
}

// known reports whether what was read so far says that this is an EventList.
func (l *list) known() bool {
	return l.kind == "EventList" && strings.HasPrefix(l.apiVersion, "audit.k8s.io/")
}

func (l *list) members(f func(item) error) error {
	b, err := l.peek()
	if err != nil {
		return err
	}
	if b == '}' {
		l.at++
		return nil
	}
	for {
		name, err := l.name()
		if err != nil {
			return err
		}
		if err := l.expect(':', "no colon"); err != nil {
			return err
		}
		if name == "items" {
			err = l.items(f)
		} else {
			err = l.member(name)
		}
		if err != nil {
			return err
		}
		if more, err := l.more('}'); err != nil || !more {
			return err
		}
	}
}

func (l *list) name() (string, error) {
	if b, err := l.peek(); err != nil {
		return "", err
	} else if b != '"' {
		return "", l.bad("no member name")
	}
	raw, err := l.small(nameBytes)
	if err != nil {
		return "", err
	}
	name, _ := rawjson.String(raw)
	return name, nil
}

func (l *list) member(name string) error {
	if _, err := l.peek(); err != nil {
		return err
	}
	raw, err := l.small(memberBytes)
	if err != nil {
		return err
	}
	switch name {
	case "kind":
		l.kind, _ = rawjson.String(raw)
	case "apiVersion":
		l.apiVersion, _ = rawjson.String(raw)
	}
	return nil
}

func (l *list) items(f func(item) error) error {
	b, err := l.peek()
	if err != nil {
		return err
	}
	if b != '[' {
		raw, err := l.small(nameBytes)
		if err == nil && string(raw) != "null" {
			return l.bad("items are no array")
		}
		return err
	}
	l.hasItems = true
	l.at++
	if b, err = l.peek(); err != nil {
		return err
	} else if b == ']' {
		l.at++
		return nil
	}
	for {
		if b, err = l.peek(); err != nil {
			return err
		} else if b == ',' || b == ']' || b == '}' || b == ':' {
			return l.bad("no value")
		}
		it, err := l.value(l.itemBytes)
		if err != nil {
			return err
		}
		if err := f(it); err != nil {
			return err
		}
		if more, err := l.more(']'); err != nil || !more {
			return err
		}
	}
}

// small reads a value that must be valid and short.
func (l *list) small(limit int) ([]byte, error) {
	it, err := l.value(limit)
	if err != nil {
		return nil, err
	}
	if it.long {
		return nil, l.bad("a member that is longer than any of an EventList")
	}
	if _, err := rawjson.Valid(it.raw); err != nil {
		return nil, l.bad("not JSON")
	}
	return it.raw, nil
}

// more reads what follows a value: a comma, or the closing mark.
func (l *list) more(closing byte) (bool, error) {
	b, err := l.peek()
	if err != nil {
		return false, err
	}
	if b != ',' && b != closing {
		return false, l.bad("no comma or closing bracket")
	}
	l.at++
	return b == ',', nil
}

func (l *list) expect(want byte, reason string) error {
	b, err := l.peek()
	if err != nil {
		return err
	}
	if b != want {
		return l.bad(reason)
	}
	l.at++
	return nil
}

// peek gives the next byte that is no whitespace.
func (l *list) peek() (byte, error) {
	for !l.skipSpace() {
		if !l.fill() {
			return 0, l.ended()
		}
	}
	return l.buf[l.at], nil
}

// skipSpace moves over whitespace; false where nothing else has been read.
func (l *list) skipSpace() bool {
	for l.at < l.end {
		switch l.buf[l.at] {
		case ' ', '\n', '\t', '\r':
			l.at++
		default:
			return true
		}
	}
	return false
}

func (l *list) ended() error {
	if errors.Is(l.fault, io.EOF) || errors.Is(l.fault, io.ErrUnexpectedEOF) {
		return &badList{offset: l.offset + int64(l.end), reason: "it ends early"}
	}
	return l.fault
}

func (l *list) bad(reason string) error {
	return &badList{offset: l.offset + int64(l.at), reason: reason}
}

// fill reads more; false at the end, or where it fails.
func (l *list) fill() bool {
	if l.fault != nil {
		return false
	}
	if l.at > 0 && len(l.buf)-l.end < windowBytes {
		copy(l.buf, l.buf[l.at:l.end])
		l.offset += int64(l.at)
		l.at, l.end = 0, l.end-l.at
	}
	if len(l.buf)-l.end < windowBytes/2 {
		grown := make([]byte, max(2*len(l.buf), 2*windowBytes))
		copy(grown, l.buf[:l.end])
		l.buf = grown
	}
	for range 100 { // a reader may give nothing a few times
		n, err := l.in.Read(l.buf[l.end:])
		l.end += n
		l.fault = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	l.fault = io.ErrNoProgress
	return false
}

// value reads the value that begins at the cursor.
func (l *list) value(limit int) (item, error) {
	var s scanner
	start := l.offset + int64(l.at)
	n := 0
	for {
		used, done := s.scan(l.buf[l.at+n : l.end])
		n += used
		if n > limit {
			return l.long(&s, n, done)
		}
		if done {
			break
		}
		if !l.fill() {
			return item{}, l.ended()
		}
	}
	raw := l.buf[l.at : l.at+n : l.at+n]
	l.at += n
	return item{raw: raw, size: int64(n), offset: start}, nil
}

// long moves over the rest of a value of which n bytes were read, without keeping it.
func (l *list) long(s *scanner, n int, done bool) (item, error) {
	it := item{long: true, offset: l.offset + int64(l.at)}
	digest := sha256.New()
	tail := make([]byte, 0, tailBytes)
	for {
		tail = l.discard(digest, tail, n)
		it.size += int64(n)
		if done {
			break
		}
		if l.at == l.end && !l.fill() {
			return item{}, l.ended()
		}
		n, done = s.scan(l.buf[l.at:l.end])
	}
	it.raw = tail
	digest.Sum(it.digest[:0])
	return it, nil
}

func (l *list) discard(digest hash.Hash, tail []byte, n int) []byte {
	part := l.buf[l.at : l.at+n]
	l.at += n
	_, _ = digest.Write(part)
	if len(part) >= tailBytes {
		return append(tail[:0], part[len(part)-tailBytes:]...)
	}
	if over := len(tail) + len(part) - tailBytes; over > 0 {
		tail = tail[:copy(tail, tail[over:])]
	}
	return append(tail, part...)
}

// scanner finds the end of a value in pieces, by strings and brackets alone.
type scanner struct {
	depth                            int
	begun, inString, escaped, scalar bool
}

// scan gives how many bytes of b belong to the value, and whether it ends with them.
func (s *scanner) scan(b []byte) (n int, done bool) {
	i := 0
	if !s.begun && len(b) > 0 {
		s.begun = true
		switch b[0] {
		case '{', '[':
			s.depth, i = 1, 1
		case '"':
			s.inString, i = true, 1
		default:
			s.scalar = true
		}
	}
	if s.scalar {
		end := bytes.IndexAny(b, ",]}: \n\t\r")
		if end < 0 {
			return len(b), false
		}
		return end, true
	}
	for i < len(b) {
		if s.inString {
			i += s.string(b[i:])
			if !s.inString && s.depth == 0 {
				return i, true
			}
			continue
		}
		switch b[i] {
		case '"':
			s.inString = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}

// string moves over the part of a string that is in b.
func (s *scanner) string(b []byte) int {
	i := 0
	for i < len(b) {
		if s.escaped {
			s.escaped = false
			i++
			continue
		}
		i += special(b[i:])
		if i >= len(b) {
			break
		}
		if b[i] == '"' {
			s.inString = false
			return i + 1
		}
		s.escaped = true
		i++
	}
	return len(b)
}

// special finds the first quote or backslash, eight bytes at a time; len(b) where there is none.
func special(b []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^('"'*ones), x^('\\'*ones)
		if found := ((quote-ones)&^quote | (slash-ones)&^slash) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)>>3 // the lowest byte found is one for sure
		}
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			return i
		}
	}
	return len(b)
}

// SPDX-License-Identifier: Apache-2.0

// Package corpus multiplies a real recording into a larger one for benchmarks.
//
// Each copy gets namespaces, UIDs, audit IDs, random name suffixes, resourceVersions and times of its own, so that
// the result compresses no better than life: what repeats in it is what a real cluster repeats. Several copies run
// at once, interleaved, as the work of several teams does; the next group of copies follows when they end.
package corpus

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Interleaved is how many copies run at the same time.
const Interleaved = 8

// Template is a recording taken apart once: literal bytes, and slots that each copy fills anew.
type Template struct {
	lines  [][]piece
	bytes  int64
	rvLow  uint64
	rvSpan uint64
	start  time.Time
	span   time.Duration
	seed   maphash.Seed
}

type pieceKind uint8

const (
	literal   pieceKind = iota
	uuid                // any UUID: a new one, the same for equal ones within a copy
	suffix              // a random name suffix of lower-case letters and digits
	hexSuffix           // a random suffix of hexadecimal digits
	version             // a resourceVersion
	moment              // an RFC 3339 time
	namespace           // the name of a namespace or another cluster-scoped object
)

type piece struct {
	kind   pieceKind
	text   []byte
	number uint64
	at     time.Time
	layout string
}

// slotPattern finds what each copy replaces. Random suffixes use the alphabet of apimachinery's rand.String;
// %s is the alternation of the recording's own cluster-scoped names.
const slotPattern = `(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})` +
	`|(?P<time>20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)` +
	`|(?:"resourceVersion":"(?P<rv>\d+)")|(?:[?&]|\\u0026)resourceVersion=(?P<urirv>\d+)` +
	`|-(?P<suffix>[bcdfghjklmnpqrstvwxz2456789]{5,10})\b` +
	`|\.(?P<hex>[0-9a-f]{16})\b` +
	`|"namespace":"(?P<ns>[a-z0-9-]+)"|/namespaces/(?P<urins>[a-z0-9-]+)` +
	`|"(?P<own>%[1]s)"|/(?P<uriown>%[1]s)\b`

// clusterScoped finds the name in an objectRef without a namespace.
var clusterScoped = regexp.MustCompile(`"objectRef":\{"resource":"[a-z]+","name":"([^"]+)"`)

// Read takes a recording apart: JSON lines of an audit log or a watch. Lines keep their order.
func Read(r io.Reader) (*Template, error) {
	t := &Template{seed: maphash.MakeSeed(), rvLow: ^uint64(0)}
	var rvHigh uint64
	var end time.Time
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<20), 64<<20)
	var lines [][]byte
	own := map[string]bool{"no-name-at-all": true}
	for in.Scan() {
		line := bytes.Clone(in.Bytes())
		lines = append(lines, line)
		if m := clusterScoped.FindSubmatch(line); m != nil {
			own[regexp.QuoteMeta(string(m[1]))] = true
		}
	}
	slots, err := regexp.Compile(fmt.Sprintf(slotPattern, strings.Join(slices.Sorted(maps.Keys(own)), "|")))
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		pieces, err := takeApart(slots, line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(t.lines)+1, err)
		}
		t.lines = append(t.lines, pieces)
		t.bytes += int64(len(line)) + 1
		for _, p := range pieces {
			switch p.kind {
			case version:
				t.rvLow, rvHigh = min(t.rvLow, p.number), max(rvHigh, p.number)
			case moment:
				if len(p.layout) > len(time.RFC3339) && (t.start.IsZero() || p.at.Before(t.start)) {
					t.start = p.at
				}
				if p.at.After(end) {
					end = p.at
				}
			}
		}
	}
	if len(t.lines) == 0 || t.rvLow > rvHigh {
		return nil, fmt.Errorf("no recording: %d lines, no resourceVersions", len(t.lines))
	}
	t.rvSpan = rvHigh - t.rvLow + 1
	t.span = end.Sub(t.start).Truncate(time.Second) + time.Second
	return t, in.Err()
}

func takeApart(slots *regexp.Regexp, line []byte) ([]piece, error) {
	names := slots.SubexpNames()
	var out []piece
	done := 0
	for _, m := range slots.FindAllSubmatchIndex(line, -1) {
		g := 1
		for m[2*g] < 0 { // exactly one alternative matched
			g++
		}
		from, to := m[2*g], m[2*g+1]
		p, err := slot(names[g], line[from:to])
		if err != nil {
			return nil, err
		}
		out = append(out, piece{kind: literal, text: line[done:from]}, p)
		done = to
	}
	return append(out, piece{kind: literal, text: line[done:]}), nil
}

func slot(name string, text []byte) (piece, error) {
	p := piece{text: text}
	var err error
	switch name {
	case "uuid":
		p.kind = uuid
	case "suffix":
		p.kind = suffix
	case "hex":
		p.kind = hexSuffix
	case "ns", "urins", "own", "uriown":
		p.kind = namespace
	case "rv", "urirv":
		p.kind = version
		p.number, err = strconv.ParseUint(string(text), 10, 64)
		if p.number == 0 { // "any version": stays
			p.kind = literal
		}
	case "time":
		p.kind = moment
		p.layout = time.RFC3339
		if i := bytes.IndexByte(text, '.'); i >= 0 {
			p.layout = "2006-01-02T15:04:05." + string(bytes.Repeat([]byte("0"), len(text)-i-2)) + "Z"
		}
		p.at, err = time.Parse(time.RFC3339Nano, string(text))
	}
	return p, err
}

// Bytes of one copy, about.
func (t *Template) Bytes() int64 { return t.bytes }

// Lines of one copy.
func (t *Template) Lines() int { return len(t.lines) }

// WriteCopies writes n copies from number first on; equal numbers give equal bytes within one Template.
func (t *Template) WriteCopies(w io.Writer, first, n int) error {
	out := bufio.NewWriterSize(w, 1<<20)
	buf := make([]byte, 0, 64<<10)
	for n > 0 {
		width := min(n, Interleaved-first%Interleaved)
		for _, line := range t.lines {
			for k := range width {
				buf = t.render(buf[:0], line, first+k)
				if _, err := out.Write(append(buf, '\n')); err != nil {
					return err
				}
			}
		}
		first, n = first+width, n-width
	}
	return out.Flush()
}

func (t *Template) render(dst []byte, line []piece, number int) []byte {
	group, lane := uint64(number/Interleaved), uint64(number%Interleaved)
	for _, p := range line {
		switch p.kind {
		case literal:
			dst = append(dst, p.text...)
		case uuid:
			dst = appendUUID(dst, t.random(p.text, number, 0), t.random(p.text, number, 1))
		case suffix:
			dst = appendFrom(dst, "bcdfghjklmnpqrstvwxz2456789", len(p.text), t.random(p.text, number, 0))
		case hexSuffix:
			dst = appendFrom(dst, "0123456789abcdef", len(p.text), t.random(p.text, number, 0))
		case namespace:
			dst = append(dst, p.text...)
			if string(p.text) != "kube-system" && string(p.text) != "default" {
				dst = append(dst, Namespace("", number)...)
			}
		case version:
			rv := t.rvLow + group*t.rvSpan*Interleaved + (p.number-t.rvLow)*Interleaved + lane
			dst = strconv.AppendUint(dst, rv, 10)
		case moment:
			at := p.at.Add(time.Duration(group) * t.span)
			if len(p.layout) > len(time.RFC3339) {
				at = at.Add(time.Duration(lane) * time.Microsecond)
			}
			dst = at.AppendFormat(dst, p.layout)
		}
	}
	return dst
}

// Namespace is what a copy calls a namespace of the recording.
func Namespace(name string, number int) string {
	return name + "-" + strconv.FormatInt(int64(number), 36)
}

// random is a number that depends on the text and the copy only.
func (t *Template) random(text []byte, number, salt int) uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	var n [16]byte
	binary.LittleEndian.PutUint64(n[:8], uint64(number))
	binary.LittleEndian.PutUint64(n[8:], uint64(salt))
	h.Write(n[:])
	h.Write(text)
	return h.Sum64()
}

func appendUUID(dst []byte, a, b uint64) []byte {
	return fmt.Appendf(dst, "%08x-%04x-4%03x-a%03x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0xfff, b&0xffffffffffff)
}

func appendFrom(dst []byte, alphabet string, n int, r uint64) []byte {
	for range n {
		dst = append(dst, alphabet[r%uint64(len(alphabet))])
		r = r/uint64(len(alphabet)) ^ r<<7
	}
	return dst
}

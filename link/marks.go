package link

import (
	"bytes"
	"slices"
	"strings"
)

// marks are strings that a body is searched for. Those with a rare character are found by it: all that share one are looked for in one pass.
type marks struct {
	anchored []anchored
	plain    [][]byte
}

type anchored struct {
	anchor byte
	texts  []anchoredText
}

type anchoredText struct {
	text []byte
	at   int // where the anchor stands in it
}

// with adds a mark. Manifests have few slashes and capitals, and a great many quotes and small letters.
func (m marks) with(text string) marks {
	at := strings.IndexAny(text, "/")
	if at < 0 {
		at = strings.IndexAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	if at < 0 {
		m.plain = append(m.plain, []byte(text))
		return m
	}
	t := anchoredText{[]byte(text), at}
	i := slices.IndexFunc(m.anchored, func(a anchored) bool { return a.anchor == text[at] })
	if i < 0 {
		m.anchored = append(m.anchored, anchored{anchor: text[at], texts: []anchoredText{t}})
		return m
	}
	m.anchored[i].texts = append(m.anchored[i].texts, t)
	return m
}

// in reports whether one of the marks may stand in the body: also where the body spells letters as escapes, so that a search says nothing.
func (m marks) in(body []byte) bool {
	for _, a := range m.anchored {
		if a.in(body) {
			return true
		}
	}
	for _, p := range m.plain {
		if bytes.Contains(body, p) {
			return true
		}
	}
	return spelled(body)
}

func (a anchored) in(body []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(body[at:], a.anchor)
		if i < 0 {
			return false
		}
		at += i
		for _, t := range a.texts {
			if from := at - t.at; from >= 0 && bytes.HasPrefix(body[from:], t.text) {
				return true
			}
		}
	}
}

// spelled reports whether the body spells a slash, a letter, a digit or the like as an escape, as no encoder of Kubernetes does.
func spelled(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return false
		}
		switch body[i+1] {
		case '/':
			return true
		case 'u':
			if i+6 > len(body) {
				return false
			}
			// encoding/json spells < > & so.
			if code := string(bytes.ToLower(body[i+2 : i+6])); code >= "0020" && code < "0080" && code != "003c" && code != "003e" && code != "0026" {
				return true
			}
		}
		body = body[i+2:] // a pair such as \\ or \" is one
	}
}

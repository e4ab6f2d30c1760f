// SPDX-License-Identifier: Apache-2.0

// Package leak looks for secrets where none may be: in stores, logs, answers and test data.
//
// A [Set] is filled from unredacted recordings ([Set.Read], [Set.ReadDir]) and then searches any bytes for what it
// saw, in every form a value may have taken on its way: as it is, as JSON and URLs escape it, and in base64 at
// any alignment. It knows nothing of how redaction works, so that it can judge it. It is for tests and tools: its
// cost does not matter, its thoroughness does.
package leak

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
)

// MinLength is the shortest form that is searched for; shorter ones would be found by chance.
const MinLength = 8

// Secret is one value that was seen.
type Secret struct {
	Where string // what it is, for example "Secret config/creds data.password"; never the value
	Key   string // the member it stood in: "password", "token"
	Value []byte // decoded: what the secret is
	Sent  string // as it stood in the recording: base64 in data, the value itself elsewhere
}

// Hit is one form of a secret found in searched bytes.
type Hit struct {
	Secret Secret
	Form   string // "plain", "base64", ...
	Offset int
}

// String says what was found and where, never the value.
func (h Hit) String() string {
	return fmt.Sprintf("%s as %s at byte %d", h.Secret.Where, h.Form, h.Offset)
}

// Form is one way to write a secret.
type Form struct {
	Name  string
	Bytes []byte
}

// Set holds secrets and searches for them. It is not safe for concurrent use while it is filled.
type Set struct {
	secrets []Secret
	known   map[string]bool // by value
	forms   map[uint64][]pattern
	maybe   [1 << 13]uint64 // bitmap over a hash of the first 8 bytes, to pass quickly over most positions
}

type pattern struct {
	form   Form
	secret int
}

// NewSet gives an empty set.
func NewSet() *Set {
	return &Set{known: map[string]bool{}, forms: map[uint64][]pattern{}}
}

// Secrets lists what was seen, each value once, in the order seen.
func (s *Set) Secrets() []Secret { return slices.Clone(s.secrets) }

// Searchable is how many of the secrets have a form that is long enough to be searched for.
func (s *Set) Searchable() int {
	n := 0
	for _, secret := range s.secrets {
		for _, f := range FormsOf(secret) {
			if len(f.Bytes) >= MinLength {
				n++
				break
			}
		}
	}
	return n
}

// Add puts a secret into the set; a value already there is left.
func (s *Set) Add(secret Secret) {
	if len(secret.Value) == 0 || s.known[string(secret.Value)] {
		return
	}
	s.known[string(secret.Value)] = true
	s.secrets = append(s.secrets, secret)
	seen := map[string]bool{}
	for _, f := range FormsOf(secret) {
		if len(f.Bytes) < MinLength || seen[string(f.Bytes)] {
			continue
		}
		seen[string(f.Bytes)] = true
		head := binary.LittleEndian.Uint64(f.Bytes)
		s.forms[head] = append(s.forms[head], pattern{f, len(s.secrets) - 1})
		s.maybe[slot(head)>>6] |= 1 << (slot(head) & 63)
	}
}

func slot(head uint64) uint64 { return head * 0x9e3779b97f4a7c15 >> 45 }

// Search finds every form of every secret in b, in order of position; nil means none.
func (s *Set) Search(b []byte) []Hit {
	var hits []Hit
	for i := 0; i+MinLength <= len(b); i++ {
		head := binary.LittleEndian.Uint64(b[i:])
		if s.maybe[slot(head)>>6]&(1<<(slot(head)&63)) == 0 {
			continue
		}
		for _, p := range s.forms[head] {
			if bytes.HasPrefix(b[i:], p.form.Bytes) {
				hits = append(hits, Hit{s.secrets[p.secret], p.form.Name, i})
			}
		}
	}
	return hits
}

// FormsOf lists the ways a secret may be written, the most literal first: always as many, in the same order, also
// where some are equal or too short to be searched for.
func FormsOf(secret Secret) []Form {
	v := secret.Value
	list := []Form{
		{"plain", v},
		{"as sent", []byte(secret.Sent)},
		{"JSON string", jsonEscaped(v, true)},
		{"JSON string without HTML escapes", jsonEscaped(v, false)},
		{"JSON in JSON", jsonEscaped(jsonEscaped(v, true), true)},
		{"JSON in JSON without HTML escapes", jsonEscaped(jsonEscaped(v, false), false)},
		{"URL query", []byte(url.QueryEscape(string(v)))},
		{"URL path", []byte(url.PathEscape(string(v)))},
		{"base64", []byte(base64.StdEncoding.EncodeToString(v))},
		{"base64 raw", []byte(base64.RawStdEncoding.EncodeToString(v))},
		{"base64 URL", []byte(base64.URLEncoding.EncodeToString(v))},
		{"base64 URL raw", []byte(base64.RawURLEncoding.EncodeToString(v))},
		{"base64 in URL query", []byte(url.QueryEscape(base64.StdEncoding.EncodeToString(v)))},
		{"base64 of base64", []byte(base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(v))))},
	}
	for shift := range 3 {
		list = append(list, Form{"inside base64", insideBase64(v, shift)})
	}
	return list
}

// insideBase64 gives the characters that v alone decides when it stands, shift bytes behind a multiple of three, in something encoded.
func insideBase64(v []byte, shift int) []byte {
	padded := append(make([]byte, shift), v...)
	whole := base64.RawStdEncoding.EncodeToString(padded)
	first := (shift*8 + 5) / 6
	last := len(padded) * 8 / 6
	if first >= last {
		return nil
	}
	return []byte(whole[first:last])
}

func jsonEscaped(v []byte, html bool) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	if e.Encode(string(v)) != nil {
		return nil
	}
	quoted := bytes.TrimSpace(b.Bytes())
	return quoted[1 : len(quoted)-1]
}

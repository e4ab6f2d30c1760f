// SPDX-License-Identifier: Apache-2.0

// Package redact replaces secrets by keyed digests, so that what is stored still shows whether a value changed
// and whether two are equal, but not what they are.
//
// [New] makes a [Redactor] for one [Key]; sources call its methods on every body, patch, URI, message and annotation
// before a record leaves the decoder. By default the values of Secrets (in objects, lists, tables, patches, admission
// reviews and last-applied annotations), tokens that are requested or reviewed, commands and tokens in URIs and
// what messages quote of them are replaced; operators add fields of other resources by [Rule].
//
// Where something can not be understood and may hold a secret, it is replaced as a whole: cut text is no error. Bytes without
// anything to redact are given back as they are, at the cost of a search. A Redactor is immutable and may be used from many
// goroutines. Nothing here panics on foreign bytes.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Redactor replaces secrets under one key. The zero value is not usable: see New and Off.
type Redactor struct {
	off   bool
	key   Key
	rules []rule
	text  patterns
}

// New makes a Redactor that replaces the default secrets and what rules name. It fails on a key without
// secret and on a rule that can not be read, and says which.
func New(key Key, rules []Rule) (*Redactor, error) {
	if err := key.check(); err != nil {
		return nil, err
	}
	r := &Redactor{key: key, text: compilePatterns()}
	for _, rule := range rules {
		parsed, err := parseRule(rule)
		if err != nil {
			return nil, err
		}
		r.rules = append(r.rules, parsed)
	}
	return r, nil
}

// Off gives a Redactor that changes nothing. It is for tests, and for operators who say so.
func Off() *Redactor { return &Redactor{off: true} }

// digestBytes of the HMAC are kept: enough to never meet by chance.
const digestBytes = 16

// Value is what stands in the place of s: the mark, the key's ID and a digest. A value that was
// redacted already, under whatever key, is given back.
func (r *Redactor) Value(s string) string {
	if r.off || IsValue(s) {
		return s
	}
	mac := hmac.New(sha256.New, r.key.Secret)
	mac.Write([]byte(s))
	sum := mac.Sum(nil)
	return record.RedactedMark + r.key.ID + ":" + hex.EncodeToString(sum[:digestBytes])
}

// IsValue reports whether s is exactly what Value gives, under any key.
func IsValue(s string) bool {
	rest, ok := strings.CutPrefix(s, record.RedactedMark)
	if !ok {
		return false
	}
	id, digest, ok := strings.Cut(rest, ":")
	return ok && len(id) == idBytes*2 && isHex(id) && len(digest) == digestBytes*2 && isHex(digest)
}

func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// class says what the resource alone tells about its bodies.
type class uint8

const (
	plain class = iota
	secret
	tokenRequest
	tokenReview
)

func classify(gr record.GroupResource, subresource string) class {
	switch {
	case gr.Resource == "secrets" && gr.Group == "":
		return secret
	case gr.Resource == "serviceaccounts" && subresource == "token":
		return tokenRequest
	case gr.Resource == "tokenreviews":
		return tokenReview
	}
	return plain
}

// sensitive reports whether messages and annotations about gr may quote what is redacted in its bodies.
func (r *Redactor) sensitive(gr record.GroupResource, subresource string) bool {
	return classify(gr, subresource) != plain || len(r.rulesFor(gr)) > 0
}

// patterns are compiled once per Redactor.
type patterns struct {
	open      *regexp.Regexp // secrets that show by themselves
	bearer    *regexp.Regexp // "bearer", token
	unmarshal *regexp.Regexp // what was done, the value that failed
	uri       *regexp.Regexp // in a text
	named     *regexp.Regexp // a word that names a secret, the value
}

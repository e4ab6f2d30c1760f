package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/internal/leak"
)

// swap replaces forms of secrets by the same forms of synthetic ones.
type swap struct {
	forms []pair // unmistakable wherever they stand, the longest first
	short []pair // too short for that: replaced together with the name of their member
}

type pair struct{ old, new []byte }

func newSwap(secrets *leak.Set, seed string) *swap {
	s := &swap{}
	for _, secret := range secrets.Secrets() {
		other := synthetic(secret, seed)
		old, new := leak.FormsOf(secret), leak.FormsOf(other)
		for i, f := range old {
			if len(f.Bytes) >= leak.MinLength && f.Name != "inside base64" {
				s.forms = append(s.forms, pair{f.Bytes, new[i].Bytes})
			}
		}
		if len(secret.Sent) < leak.MinLength {
			s.short = append(s.short, member(secret, other))
		}
	}
	slices.SortStableFunc(s.forms, func(a, b pair) int { return len(b.old) - len(a.old) })
	return s
}

// apply looks for every form only in lines in which one search for all of them found something: those are few.
func (s *swap) apply(text []byte, secrets *leak.Set) []byte {
	b := make([]byte, 0, len(text))
	for line := range bytes.Lines(text) {
		if len(secrets.Search(line)) > 0 {
			for _, p := range s.forms {
				line = bytes.ReplaceAll(line, p.old, p.new)
			}
		}
		b = append(b, line...)
	}
	for _, p := range s.short {
		b = bytes.ReplaceAll(b, p.old, p.new)
		b = bytes.ReplaceAll(b, quotesEscaped(p.old), quotesEscaped(p.new))
	}
	return b
}

func quotesEscaped(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"`), []byte(`\"`)) }

// member is "key":"value" as it stands in JSON.
func member(old, new leak.Secret) pair {
	write := func(key, value string) []byte {
		k, errK := json.Marshal(key)
		v, errV := json.Marshal(value)
		if errK != nil || errV != nil {
			return nil
		}
		return append(append(k, ':'), v...)
	}
	return pair{write(old.Key, old.Sent), write(old.Key, new.Sent)}
}

func isJWT(s string) bool { return strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") == 2 }

package query

import "strings"

func isGlob(s string) bool { return strings.ContainsAny(s, "*?") }

// Glob matches names: "*" stands for any letters, also none, "?" for one byte. Everything else stands for itself.
type Glob string

// Exact reports whether the pattern is a plain name.
func (g Glob) Exact() bool { return !isGlob(string(g)) }

// Prefix is what every match begins with.
func (g Glob) Prefix() string {
	if i := strings.IndexAny(string(g), "*?"); i >= 0 {
		return string(g[:i])
	}
	return string(g)
}

// Match reports whether the whole name fits. An empty pattern fits every name. It costs at most the product of the two lengths.
func (g Glob) Match(name string) bool {
	if g == "" {
		return true
	}
	p, i := 0, 0
	star, mark := -1, 0 // the last star, and where the name stood at it
	for i < len(name) {
		switch {
		case p < len(g) && g[p] == '*':
			star, mark = p, i
			p++
		case p < len(g) && (g[p] == '?' || g[p] == name[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(g) && g[p] == '*' {
		p++
	}
	return p == len(g)
}

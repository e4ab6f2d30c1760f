package query

import "strings"

// namespaceVariable stands for the word namespace, which CEL reserves. It has the same length, so that columns in errors stay right.
const namespaceVariable = "namespacE"

// readable makes the word namespace usable as a variable: outside of strings and comments, and not behind a dot.
func readable(source string) string {
	if !strings.Contains(source, "namespace") {
		return source
	}
	out := []byte(source)
	afterDot := false
	for i := 0; i < len(source); {
		switch c := source[i]; {
		case c == '"' || c == '\'':
			i = stringEnd(source, i)
			afterDot = false
		case c == '/' && strings.HasPrefix(source[i:], "//"):
			if n := strings.IndexByte(source[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(source)
			}
		case isWordByte(c):
			end := i
			for end < len(source) && isWordByte(source[end]) {
				end++
			}
			if !afterDot && source[i:end] == "namespace" {
				copy(out[i:], namespaceVariable)
			}
			i, afterDot = end, false
		default:
			if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
				afterDot = c == '.' || (c == '?' && afterDot)
			}
			i++
		}
	}
	return string(out)
}

func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// stringEnd finds the end of the string literal whose first quote is at start: "x", 'x', or three quotes; raw where an r stands before.
func stringEnd(source string, start int) int {
	quote := source[start : start+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(source[start:], triple) {
		quote = triple
	}
	raw := false
	for i := start - 1; i >= 0 && i >= start-2 && strings.IndexByte("rRbB", source[i]) >= 0; i-- {
		raw = raw || source[i] == 'r' || source[i] == 'R'
	}
	for i := start + len(quote); i < len(source); i++ {
		if source[i] == '\\' && !raw {
			i++
			continue
		}
		if strings.HasPrefix(source[i:], quote) {
			return i + len(quote)
		}
	}
	return len(source)
}

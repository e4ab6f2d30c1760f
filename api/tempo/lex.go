package tempo

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a query; Grafana's builder stays far below them.
const (
	maxQueryBytes = 8 << 10
	maxConditions = 64
	maxNesting    = 16
)

// queryError is what is wrong with a query, and where.
type queryError struct {
	Column  int // 1-based, in characters
	Message string
}

func (e *queryError) Error() string {
	return fmt.Sprintf("TraceQL, column %d: %s", e.Column, e.Message)
}

// token is a piece of a query: a sign, a word, or a string without its quotes.
type token struct {
	kind tokenKind
	text string
	at   int // byte
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenSign
	tokenWord
	tokenString
)

// signs, the longer ones before those that they begin with.
func signs() []string {
	return []string{"&&", "||", "=~", "!~", "!=", ">=", "<=", ">>", "<<", "=", ">", "<", "!", "{", "}", "(", ")", "|", ","}
}

// split gives the tokens of a query, the last one being its end.
func split(q string) ([]token, error) {
	if len(q) > maxQueryBytes {
		return nil, &queryError{1, fmt.Sprintf("the query has %d bytes, %d at most", len(q), maxQueryBytes)}
	}
	if !utf8.ValidString(q) {
		return nil, &queryError{1, "the query is no UTF-8"}
	}
	var out []token
	for i := 0; ; {
		for i < len(q) && isSpace(q[i]) {
			i++
		}
		if i == len(q) {
			return append(out, token{tokenEnd, "", i}), nil
		}
		t, end, err := next(q, i)
		if err != nil {
			return nil, err
		}
		out, i = append(out, t), end
	}
}

// next gives the token that begins at i, and where it ends.
func next(q string, i int) (token, int, error) {
	switch c := q[i]; c {
	case '"', '\'', '`':
		text, end, ok := quoted(q, i)
		if !ok {
			return token{}, 0, &queryError{column(q, i), "this string does not end"}
		}
		return token{tokenString, text, i}, end, nil
	}
	for _, s := range signs() {
		if strings.HasPrefix(q[i:], s) {
			return token{tokenSign, s, i}, i + len(s), nil
		}
	}
	return word(q, i)
}

// word reads a name, a number or a duration. Parts of a name may stand in quotes: span."a b".
func word(q string, i int) (token, int, error) {
	var b strings.Builder
	start := i
	for i < len(q) {
		c := q[i]
		if c == '"' && i > start && q[i-1] == '.' {
			text, end, ok := quoted(q, i)
			if !ok {
				return token{}, 0, &queryError{column(q, i), "this name does not end"}
			}
			b.WriteString(text)
			i = end
			continue
		}
		if isSpace(c) || strings.IndexByte("{}()=~!<>&|,\"'`", c) >= 0 {
			break
		}
		b.WriteByte(c)
		i++
	}
	if i == start { // a sign that stands for nothing, as a lone &
		return token{}, 0, &queryError{column(q, i), fmt.Sprintf("%q means nothing here", q[i:i+1])}
	}
	return token{tokenWord, b.String(), start}, i, nil
}

// quoted reads the string that begins at i. A backslash takes the next character as it is, but in backquotes; n and t are a line's end and a tab.
func quoted(q string, i int) (text string, end int, ok bool) {
	quote := q[i]
	var b strings.Builder
	for i++; i < len(q); i++ {
		switch c := q[i]; {
		case c == quote:
			return b.String(), i + 1, true
		case c == '\\' && quote != '`' && i+1 < len(q):
			i++
			switch q[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case '\\', '"', '\'':
				b.WriteByte(q[i])
			default: // not an escape: as it stands, for patterns that were not escaped twice
				b.WriteByte('\\')
				b.WriteByte(q[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// column of a byte, 1-based, in characters.
func column(q string, at int) int { return utf8.RuneCountInString(q[:at]) + 1 }

package tempo

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// spanName is the name of an object's span in the filter language.
const spanName = `(namespace == "" ? name : namespace + "/" + name)`

// filterOf says conditions in the filter language. Those that it has no word for stand only beside others, joined by &&.
func filterOf(n node) (string, error) {
	switch n.op {
	case opCond:
		return conditionFilter(&n.cond)
	case opNot:
		inner, err := filterOf(n.list[0])
		return "!(" + inner + ")", err
	}
	if len(n.list) == 0 {
		return "true", nil
	}
	parts := make([]string, len(n.list))
	for i, part := range n.list {
		text, err := filterOf(part)
		if err != nil {
			return "", err
		}
		parts[i] = text
	}
	if n.op == opAny {
		return "(" + strings.Join(parts, " || ") + ")", nil
	}
	return "(" + strings.Join(parts, " && ") + ")", nil
}

func conditionFilter(c *condition) (string, error) {
	f, err := known(c)
	if err != nil {
		return "", err
	}
	switch f.kind {
	case fieldText:
		return textFilter(c, f.cel, func(value string) string { return f.cel + " == " + strconv.Quote(value) })
	case fieldSpanName:
		return textFilter(c, spanName, namedFilter)
	case fieldNumber:
		return numberFilter(c, f.cel)
	}
	return "", c.fail("%s can only stand beside others, joined by &&", clip(c.field))
}

// namedFilter: a name without a slash is one in any namespace.
func namedFilter(value string) string {
	namespace, name, both := strings.Cut(value, "/")
	if !both {
		return "name == " + strconv.Quote(value)
	}
	return "(namespace == " + strconv.Quote(namespace) + " && name == " + strconv.Quote(name) + ")"
}

func textFilter(c *condition, expression string, equal func(string) string) (string, error) {
	var text string
	switch c.op {
	case "=", "!=":
		text = equal(c.value)
	case "=~", "!~":
		if _, err := regexp.Compile(c.value); err != nil {
			return "", c.failValue("%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		text = expression + ".matches(" + strconv.Quote("^(?:"+c.value+")$") + ")"
		if words, ok := wordsOf(c.value); ok {
			parts := make([]string, len(words))
			for i, w := range words {
				parts[i] = equal(w)
			}
			text = "(" + strings.Join(parts, " || ") + ")"
		}
	default:
		return "", c.only("=", "!=", "=~", "!~")
	}
	if c.op == "!=" || c.op == "!~" {
		text = "!(" + text + ")"
	}
	return text, nil
}

func numberFilter(c *condition, expression string) (string, error) {
	if !slices.Contains([]string{"=", "!=", ">", ">=", "<", "<="}, c.op) {
		return "", c.only("=", "!=", ">", ">=", "<", "<=")
	}
	n, err := strconv.ParseInt(c.value, 10, 32)
	if err != nil {
		return "", c.failValue("%s is no number", clip(c.value))
	}
	op := c.op
	if op == "=" {
		op = "=="
	}
	return expression + " " + op + " " + strconv.FormatInt(n, 10), nil
}

// globOf says a pattern that is letters with .* and . between them as the engine's glob.
func globOf(pattern string) (string, bool) {
	var b strings.Builder
	pattern = anchorless(pattern)
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '.' && i+1 < len(pattern) && pattern[i+1] == '*':
			b.WriteByte('*')
			i++
		case c == '.' && i+1 < len(pattern) && pattern[i+1] == '+':
			b.WriteString("?*")
			i++
		case c == '.':
			b.WriteByte('?')
		case c == '\\' && i+1 < len(pattern) && isPunctuation(pattern[i+1]):
			i++
			if pattern[i] == '*' || pattern[i] == '?' {
				return "", false // a glob can not say these
			}
			b.WriteByte(pattern[i])
		case strings.IndexByte(`\[]{}()^$+*?|`, c) >= 0:
			return "", false
		default:
			b.WriteByte(c)
		}
		if i+1 < len(pattern) && strings.IndexByte("*+?{", pattern[i+1]) >= 0 {
			return "", false // it repeats what stands before it
		}
	}
	return b.String(), b.Len() > 0
}

// wordsOf gives the alternatives of a pattern that is nothing but words: "a|b", as Grafana writes several values.
func wordsOf(pattern string) ([]string, bool) {
	var words []string
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '|':
			words = append(words, b.String())
			b.Reset()
		case c == '\\' && i+1 < len(pattern) && isPunctuation(pattern[i+1]):
			i++
			b.WriteByte(pattern[i])
		case strings.IndexByte(`\[]{}()^$+*?.`, c) >= 0:
			return nil, false
		default:
			b.WriteByte(c)
		}
	}
	return append(words, b.String()), true
}

// anchorless: every pattern fits the whole value, so that one ^ and one $ around it say nothing more.
func anchorless(pattern string) string {
	pattern = strings.TrimPrefix(pattern, "^")
	if rest, ok := strings.CutSuffix(pattern, "$"); ok && !strings.HasSuffix(rest, `\`) {
		return rest
	}
	return pattern
}

// isPunctuation: a backslash before it takes away what it means; before letters and digits it means something.
func isPunctuation(c byte) bool {
	return c < 0x80 && c > ' ' && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
}

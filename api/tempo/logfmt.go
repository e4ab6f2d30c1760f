package tempo

import "strings"

// parseTags reads the conditions of a search by tags, KEY=VALUE with spaces between them (logfmt). They all have to be met, and a value is
// the whole value.
func parseTags(s string) (node, error) {
	all := node{op: opAll}
	if len(s) > maxQueryBytes {
		return all, badParam("tags: %d bytes, %d at most", len(s), maxQueryBytes)
	}
	for i := 0; ; {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i == len(s) {
			return all, nil
		}
		if len(all.list) == maxConditions {
			return all, badParam("tags: more than %d", maxConditions)
		}
		key, rest, ok := strings.Cut(s[i:], "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t\r\n\"") {
			return all, badParam("tags: column %d: expected KEY=VALUE, as service.name=deployments", column(s, i))
		}
		at := len(s) - len(rest)
		value, end, err := tagText(s, at)
		if err != nil {
			return all, err
		}
		all.list = append(all.list, node{op: opCond, cond: tagCondition(condition{key, "=", value, true, column(s, i), column(s, at)})})
		i = end
	}
}

// tagText reads the value that begins at a byte: a string, or all up to a space.
func tagText(s string, at int) (value string, end int, err error) {
	if at < len(s) && s[at] == '"' {
		value, end, ok := quoted(s, at)
		if !ok {
			return "", 0, badParam("tags: column %d: this string does not end", column(s, at))
		}
		return value, end, nil
	}
	for end = at; end < len(s) && !isSpace(s[end]); end++ {
	}
	return s[at:end], end, nil
}

// tagCondition gives a tag the name that it has in TraceQL.
func tagCondition(c condition) condition {
	switch c.field {
	case "name", "status", "kind":
		return c
	case "status.code":
		c.field = "status"
		return c
	case "root.name", "root.service.name":
		c.field = map[string]string{"root.name": "rootName", "root.service.name": "rootServiceName"}[c.field]
		return c
	}
	if _, ok := fieldOf(c.field); !ok { // else it is written with its scope
		c.field = "." + c.field
	}
	return c
}

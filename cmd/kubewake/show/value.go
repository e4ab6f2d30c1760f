package show

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// bare strings are shown without quotes: nothing else in JSON looks like them.
var bare = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9._/:@+-]*$`)

// value shows a JSON value on one line, strings without quotes where that is clear.
func value(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if bare.MatchString(s) && s != "true" && s != "false" && s != "null" {
			return s
		}
		return string(raw)
	}
	var buf bytes.Buffer
	if json.Compact(&buf, raw) != nil {
		return string(raw)
	}
	return buf.String()
}

// lines shows a value over as many lines as it takes: objects and lists as YAML, long text as it is.
func lines(raw json.RawMessage) []string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if strings.Contains(s, "\n") {
			return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
		}
		return []string{value(raw)}
	}
	if !compound(raw) {
		return []string{value(raw)}
	}
	doc, err := yaml.JSONToYAML(raw)
	if err != nil {
		return []string{value(raw)}
	}
	return strings.Split(strings.TrimSuffix(string(doc), "\n"), "\n")
}

// compound reports whether a value needs more than one line.
func compound(raw json.RawMessage) bool {
	trimmed := bytes.TrimSpace(raw)
	if len(trimmed) == 0 {
		return false
	}
	switch trimmed[0] {
	case '{', '[':
		return len(trimmed) > 2
	case '"':
		return bytes.Contains(trimmed, []byte(`\n`))
	}
	return false
}

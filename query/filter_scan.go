package query

import (
	"bytes"
	"encoding/json"
	"errors"
)

// errJSON is the evaluation error of a state whose bytes are no JSON.
var errJSON = errors.New("the recorded state is not valid JSON")

// maxScanDepth bounds how deep a path or a decoded value may go.
const maxScanDepth = 1000

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString gives the position behind the string that starts at i; -1 where it does not end.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		back := i - 1
		for b[back] == '\\' {
			back--
		}
		if (i-back)%2 == 1 {
			return i + 1
		}
	}
	return -1
}

// skipValue gives the position behind the value that starts at i; -1 where there is none. It checks no more than it needs
// to find the end: brackets are counted, not matched.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	start := i
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
			continue
		}
		i++
	}
	return -1
}

// eachMember calls do with every key (without quotes, escapes kept) and raw value of the object in b, until do says false.
func eachMember(b []byte, do func(key, value []byte) bool) error {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return errJSON
	}
	if i = skipSpace(b, i+1); i < len(b) && b[i] == '}' {
		return nil
	}
	for i < len(b) && b[i] == '"' {
		keyEnd := skipString(b, i)
		if keyEnd < 0 {
			return errJSON
		}
		key := b[i+1 : keyEnd-1]
		i = skipSpace(b, keyEnd)
		if i >= len(b) || b[i] != ':' {
			return errJSON
		}
		i = skipSpace(b, i+1)
		end := skipValue(b, i)
		if end < 0 {
			return errJSON
		}
		if !do(key, b[i:end]) {
			return nil
		}
		i = skipSpace(b, end)
		if i < len(b) && b[i] == '}' {
			return nil
		}
		if i >= len(b) || b[i] != ',' {
			return errJSON
		}
		i = skipSpace(b, i+1)
	}
	return errJSON
}

// eachElement calls do with every raw element of the array in b, until do says false.
func eachElement(b []byte, do func(value []byte) bool) error {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return errJSON
	}
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		return nil
	}
	for i < len(b) {
		end := skipValue(b, i)
		if end < 0 {
			return errJSON
		}
		if !do(b[i:end]) {
			return nil
		}
		i = skipSpace(b, end)
		if i < len(b) && b[i] == ']' {
			return nil
		}
		if i >= len(b) || b[i] != ',' {
			return errJSON
		}
		i = skipSpace(b, i+1)
	}
	return errJSON
}

// member finds the raw value of a key; nil where the object has none.
func member(b []byte, name string) ([]byte, error) {
	var found []byte
	err := eachMember(b, func(key, value []byte) bool {
		if keyIs(key, name) {
			found = value
			return false
		}
		return true
	})
	return found, err
}

func keyIs(raw []byte, name string) bool {
	if string(raw) == name {
		return true
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return false
	}
	s, err := unquote(raw)
	return err == nil && s == name
}

// unquote decodes the inside of a JSON string.
func unquote(raw []byte) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), nil
	}
	quoted := make([]byte, 0, len(raw)+2)
	quoted = append(append(append(quoted, '"'), raw...), '"')
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", errJSON
	}
	return s, nil
}

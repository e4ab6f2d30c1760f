package redact

import (
	"strconv"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// valueLength is the length of a redacted value at the start of s, or zero.
func valueLength(s string) int {
	const n = len(record.RedactedMark) + 2*idBytes + 1 + 2*digestBytes
	if len(s) >= n && IsValue(s[:n]) {
		return n
	}
	return 0
}

// isDenial finds where an admission webhook or policy begins to speak for itself.
func isDenial(s string) bool {
	return strings.HasPrefix(s, "denied the request: ") || strings.HasPrefix(s, "denied request: ") ||
		strings.HasPrefix(s, "failed expression: ")
}

// statesValue gives the length of the words behind which a validation error states a value, or zero.
func statesValue(s string) int {
	for _, lead := range []string{"Invalid value: ", "Unsupported value: ", "Duplicate value: ", "Not found: ", "Too many: ", "Internal error: "} {
		if strings.HasPrefix(s, lead) {
			return len(lead)
		}
	}
	return 0
}

// bareLength is how far a stated value goes: to the colon before its explanation, outside of quotes and brackets.
func bareLength(s string) int {
	for i := 0; i < len(s); {
		switch s[i] {
		case '"', '`':
			i += quotedLength(s[i:])
			if i < len(s) && (s[i] == ',' || s[i] == ']') {
				return i
			}
		case '{', '[', '(':
			i += bracketLength(s[i:])
		case ':':
			if strings.HasPrefix(s[i:], ": ") {
				return i
			}
			i++
		default:
			i++
		}
	}
	return len(s)
}

// quotedLength is the length of the quoted text at the start of s, quotes included; all of s where they are not closed.
func quotedLength(s string) int {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// bracketLength is the length up to the bracket that closes the first one; all of s where there is none.
func bracketLength(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '"', '`':
			i += quotedLength(s[i:])
			continue
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
		i++
	}
	return len(s)
}

// quote puts a digest in the place of a stated or quoted value; quotes around it stay.
func (r *Redactor) quote(s string) string {
	if len(s) < 2 || !strings.ContainsRune("\"'`", rune(s[0])) || s[len(s)-1] != s[0] {
		if s == "" {
			return s
		}
		return r.Value(s)
	}
	inside := s[1 : len(s)-1]
	if s[0] == '"' {
		if plain, err := strconv.Unquote(s); err == nil {
			inside = plain
		}
	}
	if inside == "" {
		return s
	}
	return s[:1] + r.Value(inside) + s[:1]
}

// behindWord reports whether a letter, a digit or a bracket stands right before i: "don't", "data[0]".
func behindWord(s string, i int) bool {
	return i > 0 && (isLetterOrDigit(s[i-1]) || s[i-1] == ']')
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func startsNumber(s string) bool { return s != "" && '0' <= s[0] && s[0] <= '9' }

// namesThing reports whether what is quoted behind before is a name, as the apiserver writes them: secrets "creds", User "alice".
func namesThing(before, inside string) bool {
	if len(inside) > 253 || strings.Trim(inside, nameBytes) != "" && strings.IndexFunc(inside, notInName) >= 0 {
		return false
	}
	before = strings.TrimSuffix(before[max(0, len(before)-maxWord):], " ")
	word := strings.ToLower(before[strings.LastIndexAny(before, " :([,")+1:])
	switch word {
	case "secret", "secrets", "serviceaccount", "serviceaccounts", "tokenreviews", "user", "resource", "resources", "subresource", "verb",
		"group", "namespace", "namespaces", "webhook", "version", "kind", "validatingadmissionpolicy", "mutatingadmissionpolicy", "policy",
		"binding", "role", "clusterrole", "node", "pod", "pods", "path":
		return true
	case "with": // Apply failed with 1 conflict: conflict with "kubectl"
		return strings.HasSuffix(before, "conflict with") || strings.HasSuffix(before, "conflicts with")
	}
	return false
}

// maxWord bounds how far back a word before a quote is looked for.
const maxWord = 64

const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._/@*-"

func notInName(c rune) bool { return !strings.ContainsRune(nameBytes, c) }

func isRunByte(c byte) bool {
	return isLetterOrDigit(c) || c == '+' || c == '/' || c == '_' || c == '=' || c == '-'
}

func runLength(s string) int {
	for i := range len(s) {
		if !isRunByte(s[i]) {
			return i
		}
	}
	return len(s)
}

// wordLength is runLength, but of letters and digits only, and at least one byte.
func wordLength(s string) int {
	for i := 1; i < len(s); i++ {
		if !isLetterOrDigit(s[i]) {
			return i
		}
	}
	return len(s)
}

// looksEncoded tells base64 and random strings from words, names and UIDs.
func looksEncoded(s string) bool {
	if len(s) < 12 {
		return false
	}
	if strings.HasSuffix(s, "=") {
		return true
	}
	var upper, lower, digit bool
	for i := range len(s) {
		upper = upper || 'A' <= s[i] && s[i] <= 'Z'
		lower = lower || 'a' <= s[i] && s[i] <= 'z'
		digit = digit || '0' <= s[i] && s[i] <= '9'
	}
	return upper && lower && digit && len(s) >= 16
}

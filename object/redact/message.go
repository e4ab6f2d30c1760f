package redact

import (
	"regexp"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Message redacts a status' message, or one of its causes'. Tokens that show by themselves go from every message. In messages about
// redacted kinds everything that an admission, validation or decoding error quotes is cut; names and what is said stay.
func (r *Redactor) Message(gr record.GroupResource, subresource, text string) (string, bool) {
	if r.off || text == "" {
		return text, false
	}
	if r.sensitive(gr, subresource) {
		return r.cut(text)
	}
	return r.scrub(text)
}

func compilePatterns() patterns {
	p := patterns{
		open: regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}|` +
			`-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?`),
		bearer:    regexp.MustCompile(`(?i)(bearer[ +]+|bearer%20)([A-Za-z0-9._~+/=-]{8,})`),
		unmarshal: regexp.MustCompile(`(cannot unmarshal (?:number|string|bool)) (\S+) into`),
	}
	textPatterns(&p)
	return p
}

// scrub replaces what shows by itself to be a secret: JSON Web Tokens, bearer tokens, private keys.
func (r *Redactor) scrub(text string) (string, bool) {
	out := text
	if strings.Contains(text, "eyJ") || strings.Contains(text, "-----BEGIN") {
		out = r.text.open.ReplaceAllStringFunc(out, r.Value)
	}
	if strings.Contains(text, "earer") || strings.Contains(text, "EARER") {
		out = r.replaceGroup(r.text.bearer, out, func(token string) bool {
			return strings.ContainsAny(token, "0123456789") || len(token) > 24 // else a word: "bearer authentication"
		})
	}
	return out, out != text
}

// replaceGroup replaces the second group of what re finds where ok agrees; redacted values have a colon, which no group takes in.
func (r *Redactor) replaceGroup(re *regexp.Regexp, text string, ok func(string) bool) string {
	return re.ReplaceAllStringFunc(text, func(found string) string {
		m := re.FindStringSubmatchIndex(found)
		token := found[m[4]:m[5]]
		if token == strings.TrimSuffix(record.RedactedMark, ":") || IsValue(token) || !ok(token) {
			return found
		}
		return found[:m[4]] + r.Value(token) + found[m[5]:]
	})
}

// maxMessage bounds what is read closely; no apiserver says more.
const maxMessage = 64 << 10

// cut redacts a message about a redacted kind.
func (r *Redactor) cut(text string) (string, bool) {
	if text == "" || IsValue(text) {
		return text, false
	}
	if len(text) > maxMessage {
		return r.Value(text), true
	}
	out, _ := r.scrub(text)
	out = r.decodingContext(out)
	out = r.replaceGroup(r.text.unmarshal, out, func(string) bool { return true })
	out = r.scan(out)
	return out, out != text
}

// decodingContext cuts the pieces of the input that decoders show: "error found in #10 byte of ...|...|..., bigger context ...|...|...".
func (r *Redactor) decodingContext(text string) string {
	start := strings.Index(text, "...|")
	if start < 0 {
		return text
	}
	start += len("...|")
	inside, behind := text[start:], ""
	if end := strings.LastIndex(inside, "|..."); end >= 0 {
		inside, behind = inside[:end], inside[end:]
	}
	return text[:start] + r.Value(inside) + behind
}

// scan goes once over a message. It cuts what stands in quotes or brackets, unless the word before says that it is a name; what
// looks encoded; the value that a validation error names; and all that follows a denial, which may say anything.
func (r *Redactor) scan(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		rest, n := text[i:], 1
		switch c := text[i]; {
		case valueLength(rest) > 0:
			n = valueLength(rest)
			b.WriteString(rest[:n])
		case isDenial(rest):
			n = len(rest)
			lead := strings.Index(rest, ": ") + len(": ")
			b.WriteString(rest[:lead] + r.Value(rest[lead:]))
		case statesValue(rest) > 0:
			lead := statesValue(rest)
			n = lead + bareLength(rest[lead:])
			b.WriteString(rest[:lead] + r.quote(rest[lead:n]))
		case c == '"', c == '`', c == '\'' && !behindWord(text, i):
			n = quotedLength(rest)
			if namesThing(text[:i], strings.Trim(rest[:n], "\"'`")) {
				b.WriteString(rest[:n])
			} else {
				b.WriteString(r.quote(rest[:n]))
			}
		case c == '{', strings.HasPrefix(rest, "map["), c == '[' && !behindWord(text, i) && startsNumber(rest[1:]):
			n = bracketLength(rest)
			b.WriteString(r.Value(rest[:n]))
		case isRunByte(c) && (i == 0 || !isRunByte(text[i-1])):
			n = runLength(rest)
			if looksEncoded(rest[:n]) {
				b.WriteString(r.Value(rest[:n]))
			} else {
				n = wordLength(rest[:n]) // what is behind the word may be a pattern: "map["
				b.WriteString(rest[:n])
			}
		default:
			b.WriteByte(c)
		}
		i += n
	}
	return b.String()
}

package redact

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Attribute redacts one attribute of a span or a log line about gr (zero: about nothing known): as a whole where its name says that it is
// a secret ("db.password", "http.request.header.authorization"), in URIs the parameters that are secret and what stands before the host, and
// else what shows by itself.
func (r *Redactor) Attribute(gr record.GroupResource, name, value string) (string, bool) {
	switch {
	case r.off || value == "" || IsValue(value):
		return value, false
	case secretName(name):
		return r.Value(value), true
	}
	return r.Text(gr, value)
}

// Text redacts a log line, a span's name or any other text of somebody else's: URIs in it, values behind words that name secrets
// ("password=...", "token: ..."), and what Message would.
func (r *Redactor) Text(gr record.GroupResource, text string) (string, bool) {
	if r.off || text == "" || IsValue(text) {
		return text, false
	}
	out, _ := r.Message(gr, "", text)
	if strings.Contains(out, "://") || strings.HasPrefix(out, "/") || strings.Contains(out, "?") {
		out = r.text.uri.ReplaceAllStringFunc(out, r.uriInText)
	}
	out = r.text.named.ReplaceAllStringFunc(out, func(found string) string {
		m := r.text.named.FindStringSubmatchIndex(found)
		value := found[m[2]:m[3]]
		if strings.HasPrefix(value, record.RedactedMark) || strings.HasPrefix(strings.ToLower(value), "redacted%3a") || isScheme(value) {
			return found
		}
		return found[:m[2]] + r.Value(value)
	})
	return out, out != text
}

// isScheme: behind "authorization: " comes the kind of credential; Bearer's are found by Message, the others' here.
func isScheme(s string) bool { return strings.EqualFold(strings.Trim(s, `"'`), "bearer") }

func textPatterns(p *patterns) {
	p.uri = regexp.MustCompile(`(?:[a-zA-Z][a-zA-Z0-9+.-]*://|/)[^\s"'<>\\]+|\S+\?[^\s"'<>\\]*=[^\s"'<>\\]*`)
	p.named = regexp.MustCompile(`(?i)(?:pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)["']?\s*[=:]\s*` +
		`((?:basic|digest|negotiate|bearer)\s+[^\s,;&"']+|"[^"]*"|'[^']*'|[^\s,;&"'{}\[\]]+)`)
}

// uriInText redacts what stands before the host as a whole: a password has no name there.
func (r *Redactor) uriInText(uri string) string {
	if scheme, rest, ok := strings.Cut(uri, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(host, '@'); at > 0 && !IsValue(unescaped(host[:at])) {
			host = url.QueryEscape(r.Value(host[:at])) + host[at:]
			uri = scheme + "://" + host
			if slash {
				uri += "/" + path
			}
		}
	}
	out, _ := r.URI(uri, record.GroupResource{}, "")
	return out
}

// secretName reports whether an attribute's name says that its value is a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	if at := strings.LastIndexAny(name, "./"); at >= 0 {
		name = name[at+1:]
	}
	switch plain := strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", ""); plain {
	case "cookie", "setcookie", "authorization", "proxyauthorization", "passphrase", "privatekey", "accesskey", "secretkey", "credential", "credentials", "xapikey":
		return true
	case "key", "auth", "sig": // words of many meanings: of a parameter, not of an attribute
		return false
	default:
		return secretParameter(name, false) || strings.HasSuffix(plain, "password") || strings.HasSuffix(plain, "secret") || strings.HasSuffix(plain, "apikey")
	}
}

package redact

import (
	"net/url"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// URI redacts the parameters of a request's URI that are secret: commands of exec and attach, tokens and passwords by name, and
// everything that goes through a proxy; and tokens that show by themselves, anywhere. The rest stays as it is.
func (r *Redactor) URI(uri string, gr record.GroupResource, subresource string) (string, bool) {
	if r.off {
		return uri, false
	}
	path, query, ok := strings.Cut(uri, "?")
	if !ok {
		return r.scrub(uri)
	}
	out, changed := r.scrub(path)
	isProxy := subresource == "proxy" || hasSegment(path, "proxy")
	runs := subresource == "exec" || subresource == "attach" || hasSegment(path, "exec") || hasSegment(path, "attach")
	pairs := strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' })
	separators := query
	var b strings.Builder
	b.WriteString(out)
	b.WriteByte('?')
	for _, pair := range pairs {
		at := strings.Index(separators, pair)
		b.WriteString(separators[:at])
		separators = separators[at+len(pair):]
		redacted, did := r.parameter(pair, isProxy, runs)
		b.WriteString(redacted)
		changed = changed || did
	}
	b.WriteString(separators)
	if !changed {
		return uri, false
	}
	return b.String(), true
}

func hasSegment(path, segment string) bool {
	return strings.Contains(path+"/", "/"+segment+"/")
}

// parameter redacts one name=value of a query. Its value goes as a whole or stays, so that a request's identity,
// which leaves redacted parameters out, does not depend on the key.
func (r *Redactor) parameter(pair string, isProxy, runs bool) (string, bool) {
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		if !isProxy {
			return r.scrub(pair)
		}
		value, name = name, "" // a query that is all value
	}
	plainName, plainValue := unescaped(name), unescaped(value)
	if value == "" || IsValue(plainValue) {
		return pair, false
	}
	if !isProxy && !secretParameter(plainName, runs) {
		if _, found := r.scrub(plainValue); !found {
			return pair, false
		}
	}
	if !ok {
		return "redacted=" + url.QueryEscape(r.Value(plainValue)), true
	}
	return name + "=" + url.QueryEscape(r.Value(plainValue)), true
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func secretParameter(name string, runs bool) bool {
	name = strings.ToLower(name)
	if runs && (name == "command" || name == "cmd") {
		return true
	}
	switch strings.ReplaceAll(strings.ReplaceAll(name, "-", ""), "_", "") {
	case "token", "bearer", "bearertoken", "authtoken", "authorization", "auth", "accesstoken", "idtoken", "refreshtoken", "jwt",
		"password", "passwd", "secret", "clientsecret", "apikey", "key", "signature", "sig", "credential", "credentials",
		"xamzsignature", "xamzsecuritytoken", "xamzcredential":
		return true
	}
	return strings.HasSuffix(name, "token") && name != "continuetoken"
}

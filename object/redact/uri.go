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
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		var did bool
		pairs[i], did = r.parameter(pair, isProxy, runs)
		changed = changed || did
	}
	if !changed {
		return uri, false
	}
	return out + "?" + strings.Join(pairs, "&"), true
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
	if !isProxy && !secretParameter(plainName, runs) && !secretInside(plainValue, runs) {
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

// secretInside looks for parameters behind semicolons, which separated them once.
func secretInside(value string, runs bool) bool {
	parts := strings.Split(value, ";")
	for _, part := range parts[1:] {
		if name, _, ok := strings.Cut(part, "="); ok && secretParameter(name, runs) {
			return true
		}
	}
	return false
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

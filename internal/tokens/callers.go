package tokens

import (
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Why a request is not let in; each is answered 401.
var (
	// ErrNobody: the request carries neither a token nor a verified client certificate.
	ErrNobody = errors.New("no bearer token and no client certificate")
	// ErrUnknown: it carries one that is not known here.
	ErrUnknown = errors.New("unknown token or certificate")
)

// Access is what a caller may do: speak for some clusters.
type Access struct {
	Who      string // for logs: "token of line 3", "certificate prod-eu-1"; no secret
	clusters []string
}

// NewAccess gives access to the clusters that match one of the patterns, in which * stands for any characters.
func NewAccess(who string, patterns ...string) Access { return Access{Who: who, clusters: patterns} }

// Allows reports whether the caller may speak for a cluster.
func (a Access) Allows(cluster string) bool {
	for _, pattern := range a.clusters {
		if matches(pattern, cluster) {
			return true
		}
	}
	return false
}

// Only gives the one cluster that the caller may speak for; false if there may be several.
func (a Access) Only() (string, bool) {
	if len(a.clusters) != 1 || strings.Contains(a.clusters[0], "*") {
		return "", false
	}
	return a.clusters[0], true
}

// Everything reports whether the caller may speak for every cluster there may be.
func (a Access) Everything() bool { return slices.Contains(a.clusters, "*") }

// matches compares s with a pattern in which * stands for any characters, also none.
func matches(pattern, s string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	if !ok {
		return false
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s, rest = s[at+len(part):], after
	}
}

// Callers tells who calls. The zero value knows nobody.
type Callers struct {
	// Tokens: bearer tokens, and what certificates of some common names may do; nil: none.
	Tokens *File
	// Certificate tells what a verified client certificate may do of which Tokens does not speak; nil: CommonName.
	Certificate func(*x509.Certificate) (Access, bool)
}

// CommonName is the rule for client certificates: each speaks for the cluster that its common name names.
func CommonName(c *x509.Certificate) (Access, bool) {
	name := c.Subject.CommonName
	return Access{Who: "certificate " + name, clusters: []string{name}}, name != "" && !strings.Contains(name, "*")
}

// Identify tells who sent a request. A token goes before a certificate. Certificates count only where the listener verified them
// (tls.VerifyClientCertIfGiven or stricter).
func (c Callers) Identify(r *http.Request) (Access, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if c.Tokens != nil && strings.EqualFold(scheme, "Bearer") {
			if access, ok := c.Tokens.Token(strings.TrimSpace(token)); ok {
				return access, nil
			}
		}
		return Access{}, ErrUnknown
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return Access{}, ErrNobody
	}
	certificate := r.TLS.VerifiedChains[0][0]
	if c.Tokens != nil {
		if access, ok := c.Tokens.CommonName(certificate.Subject.CommonName); ok {
			return access, nil
		}
	}
	rule := c.Certificate
	if rule == nil {
		rule = CommonName
	}
	if access, ok := rule(certificate); ok {
		return access, nil
	}
	return Access{}, ErrUnknown
}

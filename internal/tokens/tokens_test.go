package tokens

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMatches(t *testing.T) {
	for _, tc := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "arn:aws:eks/x", true}, {"prod-*", "prod-eu", true}, {"prod-*", "prod", false},
		{"*-eu", "prod-eu", true}, {"*-eu", "prod-us", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "abc", true}, {"a*b*c", "acb", false}, {"a*a", "a", false},
		{"", "", true}, {"", "a", false}, {"**", "x", true},
	} {
		if got := matches(tc.pattern, tc.name); got != tc.want {
			t.Errorf("%q on %q: %v", tc.pattern, tc.name, got)
		}
	}
}

func TestFileSaysWhatIsWrong(t *testing.T) {
	const secret = "averysecrettoken123"
	for text, says := range map[string]string{
		secret:                            "no cluster",
		"short c":                         "openssl",
		"sha256:12 c":                     "64 hexadecimal",
		"cn: c":                           "common name",
		"cn:a c\ncn:a d":                  "line 2",
		secret + " c\n\n" + secret + " d": "line 3",
	} {
		_, err := Open(write(t, text))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestIdentify(t *testing.T) {
	const token, hashed = "0123456789abcdef", "fedcba9876543210"
	file, err := Open(write(t, fmt.Sprintf("%s prod-* # the first\n\nsha256:%x one\ncn:collector *\n", token, sha256.Sum256([]byte(hashed)))))
	if err != nil {
		t.Fatal(err)
	}
	known := Callers{Tokens: file}
	for name, tc := range map[string]struct {
		callers Callers
		header  string
		cn      string
		allows  string
		only    string
		err     error
	}{
		"token":                               {callers: known, header: "Bearer " + token, allows: "prod-eu"},
		"hashed, lower case":                  {callers: known, header: "bearer " + hashed, allows: "one", only: "one"},
		"unknown":                             {callers: known, header: "Bearer nobody-knows-this", err: ErrUnknown},
		"the digest is no token":              {callers: known, header: fmt.Sprintf("Bearer sha256:%x", sha256.Sum256([]byte(hashed))), err: ErrUnknown},
		"basic":                               {callers: known, header: "Basic " + token, err: ErrUnknown},
		"nothing":                             {callers: known, err: ErrNobody},
		"no tokens":                           {header: "Bearer " + token, err: ErrUnknown},
		"certificate":                         {callers: known, cn: "prod-us", allows: "prod-us", only: "prod-us"},
		"certificate in the file":             {callers: known, cn: "collector", allows: "anything"},
		"certificate with a star":             {callers: known, cn: "*", err: ErrUnknown},
		"a bad token with a good certificate": {callers: known, header: "Bearer nobody-knows-this", cn: "prod-us", err: ErrUnknown},
	} {
		r := &http.Request{Header: http.Header{}}
		if tc.header != "" {
			r.Header.Set("Authorization", tc.header)
		}
		if tc.cn != "" {
			c := &x509.Certificate{Subject: pkix.Name{CommonName: tc.cn}}
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}}}
		}
		access, err := tc.callers.Identify(r)
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		only, _ := access.Only()
		if err == nil && (!access.Allows(tc.allows) || access.Allows("elsewhere") != (tc.allows == "anything") || only != tc.only || access.Who == "" || strings.Contains(access.Who, token)) {
			t.Errorf("%s: %+v", name, access)
		}
	}
	// A certificate that was not verified counts for nothing.
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "prod-us"}}
	if _, err := known.Identify(&http.Request{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}}}); !errors.Is(err, ErrNobody) {
		t.Errorf("not verified: %v", err)
	}
}

func TestReload(t *testing.T) {
	path := write(t, "0123456789abcdef a\n")
	file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("broken\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Reload(); err == nil {
		t.Error("a broken file is read without a word")
	}
	if _, ok := file.Token("0123456789abcdef"); !ok {
		t.Error("what was read before is not in use any more")
	}
	if err := os.WriteFile(path, []byte("fedcba9876543210 b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Reload(); err != nil || file.Err() != nil {
		t.Errorf("%v, %v", err, file.Err())
	}
	if _, ok := file.Token("0123456789abcdef"); ok {
		t.Error("a token that was removed still lets in")
	}
}

func TestBearer(t *testing.T) {
	b, err := OpenBearer(write(t, "token\n"))
	if err != nil || b.Header() != "Bearer token" || b.Err() != nil {
		t.Errorf("%v", err)
	}
	for _, text := range []string{"", "two words", "two\nlines"} {
		if _, err := OpenBearer(write(t, text)); err == nil {
			t.Errorf("%q is a token", text)
		}
	}
}

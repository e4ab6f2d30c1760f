package webhook

import (
	"cmp"
	"crypto/tls"
	"crypto/x509/pkix"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/internal/fresh"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/record"
)

func TestWhoMaySendForWhichCluster(t *testing.T) {
	rule, err := CertificateRule(CertificateO, "kubewake:audit:")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *Config) {
		c.Callers.Certificate = rule
		c.Addresses = []Address{{"0.0.0.0/0", "elsewhere"}, {"127.0.0.0/8", "staging-7"}}
	})
	s.writeTokens(goodToken + " prod\n" + otherToken + " dev staging-* arn:aws:eks:eu-1:7:cluster/*\ncn:listed named\n")
	if err := s.tokens.Reload(); err != nil {
		t.Fatal(err)
	}
	byRule := s.ca.issue("rule", pkix.Name{CommonName: "x", Organization: []string{"other", "kubewake:audit:edge"}})
	two := s.ca.issue("two", pkix.Name{CommonName: "x", Organization: []string{"kubewake:audit:a", "kubewake:audit:staging-7"}})
	listed := s.ca.issue("listed", pkix.Name{CommonName: "listed"})
	nobody := s.ca.issue("nobody", pkix.Name{CommonName: "nobody", Organization: []string{"kubewake:audit:*"}})
	for _, tt := range []struct {
		name, path, token string
		cert              *tls.Certificate
		status            int
		cluster           record.Cluster
	}{
		{"nothing", "/audit/prod", "", nil, 401, ""},
		{"token", "/audit/prod", goodToken, nil, 200, "prod"},
		{"token, by itself", "/audit", goodToken, nil, 200, "prod"},
		{"token, by itself, with a slash", "/audit/", goodToken, nil, 200, "prod"},
		{"token of another cluster", "/audit/prod", otherToken, nil, 403, ""},
		{"token of several", "/audit/staging-3", otherToken, nil, 200, "staging-3"},
		{"token of several, by address", "/audit", otherToken, nil, 200, "staging-7"},
		{"wrong token", "/audit/prod", goodToken + "x", nil, 401, ""},
		{"wrong token, good certificate", "/audit/edge", "wrong", &byRule, 401, ""},
		{"certificate by rule", "/audit/edge", "", &byRule, 200, "edge"},
		{"certificate by rule, by itself", "/audit", "", &byRule, 200, "edge"},
		{"certificate by rule, another cluster", "/audit/prod", "", &byRule, 403, ""},
		{"certificate of two, by address", "/audit", "", &two, 200, "staging-7"},
		{"certificate in the file", "/audit", "", &listed, 200, "named"},
		{"certificate in the file, another cluster", "/audit/prod", "", &listed, 403, ""},
		{"certificate of no cluster", "/audit/prod", "", &nobody, 401, ""},
		{"no such path", "/audits", goodToken, nil, 404, ""},
		{"name with a slash, another cluster", "/audit/prod/x", goodToken, nil, 403, ""},
		{"name with an escaped slash, another cluster", "/audit/prod%2fx", goodToken, nil, 403, ""},
		{"ARN", "/audit/arn:aws:eks:eu-1:7:cluster/prod", otherToken, nil, 200, "arn:aws:eks:eu-1:7:cluster/prod"},
		{"ARN, escaped", "/audit/arn%3Aaws%3Aeks%3Aeu-1%3A7%3Acluster%2Fprod", otherToken, nil, 200, "arn:aws:eks:eu-1:7:cluster/prod"},
		{"up and out", "/audit/staging-3/%2e%2e/prod", otherToken, nil, 200, "staging-3/../prod"},
		{"control character", "/audit/staging-%0a", otherToken, nil, 400, ""},
	} {
		s.sink.cluster = nil
		var headers []string
		if tt.token != "" {
			headers = []string{"Authorization", "Bearer " + tt.token}
		}
		got := s.post(s.connect(tt.cert), tt.path, strings.NewReader(eventList(event(tt.name))), headers...)
		if got.status != tt.status || strings.Contains(got.text, goodToken) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if tt.cluster != "" && (len(s.sink.cluster) != 1 || s.sink.cluster[0] != tt.cluster) || tt.cluster == "" && len(s.sink.cluster) != 0 {
			t.Errorf("%s: stored for %v", tt.name, s.sink.cluster)
		}
	}
	if got := s.post(s.client, "/audit/prod", strings.NewReader("")); got.header.Get("WWW-Authenticate") == "" {
		t.Error("a 401 says how to authenticate")
	}
}

func TestStrangeCertificatesEndTheHandshake(t *testing.T) {
	s := start(t, nil)
	stranger := newAuthority(t, "test authority").issue("x", pkix.Name{CommonName: "prod"})
	if _, err := s.connect(&stranger).Post(s.url+"/audit/prod", "application/json", strings.NewReader(eventList(event("a")))); err == nil {
		t.Error("a certificate of another authority was taken")
	}
	old := s.connect(nil)
	old.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS10
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, err := old.Post(s.url+"/audit/prod", "application/json", strings.NewReader("")); err == nil {
		t.Error("TLS 1.1 was taken")
	}
}

// Certificates, authorities and tokens that are replaced under the running webhook count from the next connection or request on.
func TestRotation(t *testing.T) {
	if testing.Short() {
		t.Skip("waits until files are looked at again")
	}
	s := start(t, nil)
	serial := func() string {
		conn, err := tls.Dial("tcp", s.address, &tls.Config{InsecureSkipVerify: true}) // only looks at the certificate
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	second := newAuthority(t, "second authority")
	fromSecond := second.issue("client", pkix.Name{CommonName: "prod"})

	s.ca.issue("server", pkix.Name{CommonName: "server"})
	both := append(readFile(t, s.ca.path("ca.pem")), readFile(t, second.path("ca.pem"))...)
	if err := os.WriteFile(s.ca.path("ca.pem"), both, 0o600); err != nil {
		t.Fatal(err)
	}
	s.writeTokens("token-that-is-the-new-one prod\n")
	time.Sleep(fresh.Every + 300*time.Millisecond)

	if serial() == before {
		t.Error("the listener shows its old certificate")
	}
	if got := s.post(s.connect(&fromSecond), "/audit/prod", strings.NewReader(eventList(event("a")))); got.status != 200 {
		t.Errorf("certificate of the new authority: %+v", got)
	}
	if got := s.send(eventList(event("b"))); got.status != 401 {
		t.Errorf("old token: %+v", got)
	}
	if got := s.post(s.client, "/audit/prod", strings.NewReader(eventList(event("c"))), "Authorization", "Bearer token-that-is-the-new-one"); got.status != 200 {
		t.Errorf("new token: %+v", got)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnonymousIsThisMachineAndJSON(t *testing.T) {
	for _, tt := range []struct {
		name, remote, contentType, token string
		anonymous                        bool
		status                           int
		host                             string // empty: 127.0.0.1:7443
	}{
		{"not allowed", "127.0.0.1:5", "application/json", "", false, 401, ""},
		{"this machine", "127.0.0.1:5", "application/json", "", true, 200, ""},
		{"this machine, IPv6", "[::1]:5", "application/json", "", true, 200, ""},
		{"this machine, mapped", "[::ffff:127.0.0.1]:5", "application/json; charset=utf-8", "", true, 200, ""},
		{"another", "10.0.0.1:5", "application/json", "", true, 401, ""},
		{"a web page", "127.0.0.1:5", "text/plain", "", true, 401, ""},
		{"a web page without type", "127.0.0.1:5", "", "", true, 401, ""},
		{"by name", "127.0.0.1:5", "application/json", "", true, 200, "localhost"},
		{"by address, IPv6", "[::1]:5", "application/json", "", true, 200, "[::1]:7443"},
		{"a web page whose name leads here", "127.0.0.1:5", "application/json", "", true, 401, "evil.example:7443"},
		{"a wrong token", "127.0.0.1:5", "application/json", "wrong", true, 401, ""},
	} {
		s := start(t, func(c *Config) { c.Anonymous = tt.anonymous; c.Callers = tokens.Callers{} })
		r := httptest.NewRequest(http.MethodPost, "/audit/any", strings.NewReader(eventList(event("a"))))
		r.RemoteAddr, r.Host = tt.remote, cmp.Or(tt.host, "127.0.0.1:7443")
		r.Header.Set("Content-Type", tt.contentType)
		if tt.token != "" {
			r.Header.Set("Authorization", "Bearer "+tt.token)
		}
		rw := httptest.NewRecorder()
		s.hook.ServeHTTP(rw, r)
		if rw.Code != tt.status {
			t.Errorf("%s: %d %s", tt.name, rw.Code, rw.Body)
		}
	}
}

func TestAddresses(t *testing.T) {
	a, err := parseAddresses([]Address{{"10.0.0.0/8", "wide"}, {"10.1.2.3", "one"}, {"10.1.0.0/16", "narrow"}, {"fd00::/8", "six"}})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]record.Cluster{"10.9.9.9": "wide", "10.1.9.9": "narrow", "10.1.2.3": "one", "::ffff:10.1.2.3": "one", "fd00::1": "six", "192.0.2.1": ""} {
		if got, ok := a.cluster(netip.MustParseAddr(addr)); got != want || ok != (want != "") {
			t.Errorf("%s: %q %v", addr, got, ok)
		}
	}
	for _, bad := range []Address{{"10.0.0.0/33", "x"}, {"host", "x"}, {"10.0.0.1", ""}, {"10.0.0.1", "a b"}} {
		if _, err := parseAddresses([]Address{bad}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if _, err := CertificateRule("ou", ""); err == nil {
		t.Error("a field that is none")
	}
}

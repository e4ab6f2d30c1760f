package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{c, key}
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue writes a certificate and its key.
func (a authority) issue(t *testing.T, name, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(30 * time.Minute),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &k.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	put(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	put(t, key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: b}))
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRotation: certificates, keys and authorities of both ends are exchanged under a running listener.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	servers, clients := newAuthority(t, "servers"), newAuthority(t, "clients")
	servers.issue(t, "kubewake", at("server.crt"), at("server.key"))
	clients.issue(t, "one", at("client.crt"), at("client.key"))
	put(t, at("servers.pem"), servers.pem())
	put(t, at("clients.pem"), clients.pem())

	l, err := Server{Cert: at("server.crt"), Key: at("server.key"), ClientCA: at("clients.pem"), RequireClient: true}.Open()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Client{CA: at("servers.pem"), Cert: at("client.crt"), Key: at("client.key"), ServerName: "kubewake"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.TLS.VerifiedChains[0][0].Subject.CommonName) // the client went away
	}), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(tls.NewListener(raw, l.Config())) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	ask := func() string {
		t.Helper()
		k := &http.Client{Transport: &http.Transport{DialTLSContext: d.DialContext, ForceAttemptHTTP2: true, DisableKeepAlives: true}, Timeout: 10 * time.Second}
		answer, err := k.Get("https://" + raw.Addr().String())
		if err != nil {
			return err.Error()
		}
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := ask(); got != "HTTP/2.0 one" {
		t.Fatal(got)
	}
	if l.NotAfter().IsZero() || d.NotAfter().IsZero() {
		t.Error("nobody knows when the certificates expire")
	}
	servers, clients = newAuthority(t, "new servers"), newAuthority(t, "new clients")
	servers.issue(t, "kubewake", at("server.crt"), at("server.key"))
	put(t, at("servers.pem"), servers.pem())
	reload(t, l.pair.Reload, d.roots.Reload)
	if got := ask(); got != "HTTP/2.0 one" {
		t.Error(got)
	}
	clients.issue(t, "two", at("client.crt"), at("client.key"))
	reload(t, d.pair.Reload)
	if got := ask(); got == "HTTP/2.0 two" {
		t.Error("a certificate of an authority that nobody named is let in")
	}
	put(t, at("clients.pem"), clients.pem())
	reload(t, l.clients.Reload)
	if got := ask(); got != "HTTP/2.0 two" {
		t.Error(got)
	}
	put(t, at("server.key"), []byte("half a rotation"))
	if err := l.pair.Reload(); err == nil || l.Err() == nil {
		t.Error("a key that does not fit is taken without a word")
	}
	if got := ask(); got != "HTTP/2.0 two" {
		t.Errorf("in the middle of a rotation: %s", got)
	}
}

func reload(t *testing.T, files ...func() error) {
	t.Helper()
	for _, f := range files {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesThatAreMissing(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	newAuthority(t, "a").issue(t, "x", at("crt"), at("key"))
	put(t, at("empty"), nil)
	for name, s := range map[string]Server{"nothing": {}, "no key": {Cert: at("crt")}, "not there": {Cert: at("no"), Key: at("key")},
		"no authorities": {Cert: at("crt"), Key: at("key"), RequireClient: true}, "empty authorities": {Cert: at("crt"), Key: at("key"), ClientCA: at("empty")}} {
		if _, err := s.Open(); err == nil {
			t.Errorf("server, %s: opened", name)
		}
	}
	for name, c := range map[string]Client{"no key": {Cert: at("crt")}, "no certificate": {Key: at("key")}, "empty authorities": {CA: at("empty")}} {
		if _, err := c.Open(); err == nil {
			t.Errorf("client, %s: opened", name)
		}
	}
	if d, err := (Client{}).Open(); err != nil || !d.NotAfter().IsZero() || d.Err() != nil {
		t.Errorf("the system's authorities: %v", err)
	}
}

// TestConfig: behind a proxy the same files decide who the server is.
func TestConfig(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	good, other := newAuthority(t, "good"), newAuthority(t, "other")
	good.issue(t, "kubewake", at("crt"), at("key"))
	put(t, at("good.pem"), good.pem())
	put(t, at("other.pem"), other.pem())
	l, err := Server{Cert: at("crt"), Key: at("key")}.Open()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", l.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	for _, tt := range []struct {
		name, ca, serverName, host string
		good                       bool
	}{
		{"its name", "good.pem", "", "kubewake", true},
		{"its name, as it is set", "good.pem", "kubewake", "127.0.0.1", true},
		{"another name", "good.pem", "", "evil", false},
		{"an address that it does not bear", "good.pem", "", "127.0.0.1", false},
		{"another authority", "other.pem", "", "kubewake", false},
		{"the system's authorities", "", "", "kubewake", false},
	} {
		files := Client{ServerName: tt.serverName}
		if tt.ca != "" {
			files.CA = at(tt.ca)
		}
		d, err := files.Open()
		if err != nil {
			t.Fatal(err)
		}
		c, err := tls.Dial("tcp", listener.Addr().String(), d.Config(tt.host))
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/serve"
	"github.com/kubewake/kubewake/test/testjaeger"
)

// certificate writes one for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T) tlsfiles.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubewake"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := tlsfiles.Server{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for path, block := range map[string]*pem.Block{files.Cert: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestRealJaegerShowsItsToken: over TLS a real Jaeger with a token is answered, one without is told why not.
func TestRealJaegerShowsItsToken(t *testing.T) {
	if !testjaeger.Enabled() {
		t.Skip("needs a Jaeger")
	}
	const token = "a-token-for-everything"
	files := certificate(t)
	listener, err := files.Open()
	if err != nil {
		t.Fatal(err)
	}
	_, address, stop := startBoth(t, serve.Config{Listen: "127.0.0.1:0", Jaeger: serve.Jaeger{GRPC: "127.0.0.1:0"}, TLS: listener, Callers: serve.CallersOf(t, token+" *\n")})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for token, want := range map[string]string{token: `"data":[`, "": "send a bearer token", "another-token-0123456789": "not known to kubewake"} {
		real := testjaeger.Start(t, testjaeger.Config{Storage: address, CAFile: files.Cert, Token: token})
		response, err := http.Get(real.URL + "/api/services")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("as %q: %s %s %v, want %s", token, response.Status, body, err, want)
		}
	}
}

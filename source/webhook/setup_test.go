package webhook

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"iter"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// memory is a sink that keeps facts by identity.
type memory struct {
	mu      sync.Mutex // guards all below
	facts   map[record.ID]*record.Record
	calls   int
	before  func(ctx context.Context, b ingest.Batch) error // an error before the effect
	after   func(ctx context.Context, b ingest.Batch) error // and after it
	cluster []record.Cluster
}

func (m *memory) Deliver(ctx context.Context, b ingest.Batch) error {
	m.mu.Lock()
	before, after := m.before, m.after
	m.calls++
	m.cluster = append(m.cluster, b.Cluster)
	m.mu.Unlock()
	if before != nil {
		if err := before(ctx, b); err != nil {
			return err
		}
	}
	m.mu.Lock()
	if m.facts == nil {
		m.facts = map[record.ID]*record.Record{}
	}
	for _, r := range b.Records {
		if r.Ref.Cluster != b.Cluster {
			panic("a record of another cluster")
		}
		m.facts[r.ID()] = r
	}
	m.mu.Unlock()
	if after != nil {
		return after(ctx, b)
	}
	return nil
}

func (m *memory) Progress(context.Context, record.Cluster) ([]*record.Record, error) { return nil, nil }
func (m *memory) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}
func (m *memory) Mark(context.Context, record.Cluster, string) ([]byte, error) { return nil, nil }

func (m *memory) kinds() map[record.Kind]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[record.Kind]int{}
	for _, r := range m.facts {
		out[r.Kind]++
	}
	return out
}

func (m *memory) gaps() (out []*record.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.facts {
		if r.Kind == record.KindGap {
			out = append(out, r)
		}
	}
	return out
}

func (m *memory) fail(before, after func(context.Context, ingest.Batch) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.after = before, after
}

// authority signs certificates of a test.
type authority struct {
	tb   testing.TB
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	next int64
}

func newAuthority(tb testing.TB, name string) *authority {
	a := &authority{tb: tb, dir: tb.TempDir()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		tb.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	writePEM(tb, a.path("ca.pem"), "CERTIFICATE", der)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// issue writes NAME.pem and NAME.key.
func (a *authority) issue(file string, subject pkix.Name) tls.Certificate {
	a.tb.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.next++
	template := &x509.Certificate{SerialNumber: big.NewInt(100 + a.next), Subject: subject, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.tb.Fatal(err)
	}
	raw, _ := x509.MarshalPKCS8PrivateKey(key)
	writePEM(a.tb, a.path(file+".pem"), "CERTIFICATE", der)
	writePEM(a.tb, a.path(file+".key"), "PRIVATE KEY", raw)
	pair, err := tls.LoadX509KeyPair(a.path(file+".pem"), a.path(file+".key"))
	if err != nil {
		a.tb.Fatal(err)
	}
	return pair
}

func writePEM(tb testing.TB, path, kind string, der []byte) {
	tb.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		tb.Fatal(err)
	}
}

const (
	goodToken  = "token-of-prod-0123456789"
	otherToken = "token-of-dev-0123456789"
)

// setup is a webhook behind TLS.
type setup struct {
	t       testing.TB
	sink    *memory
	hook    *Webhook
	ca      *authority
	tokens  *tokens.File
	address string
	url     string
	client  *http.Client
}

func start(t testing.TB, change func(*Config)) *setup {
	t.Helper()
	s := &setup{t: t, sink: &memory{}, ca: newAuthority(t, "test authority")}
	s.ca.issue("server", pkix.Name{CommonName: "server"})
	s.writeTokens(goodToken + " prod\n" + otherToken + " dev staging-*\n")
	var err error
	if s.tokens, err = tokens.Open(s.ca.path("tokens")); err != nil {
		t.Fatal(err)
	}
	c := Config{Sink: s.sink, Redactor: redact.Off(), Callers: tokens.Callers{Tokens: s.tokens}}
	if change != nil {
		change(&c)
	}
	if s.hook, err = New(c); err != nil {
		t.Fatal(err)
	}
	files, err := tlsfiles.Server{Cert: s.ca.path("server.pem"), Key: s.ca.path("server.key"), ClientCA: s.ca.path("ca.pem")}.Open()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.hook.Server()
	server.TLSConfig = files.Config()
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(listener, "", "") }()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.hook.Run(ctx) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	s.address = listener.Addr().String()
	s.url = "https://" + s.address
	s.client = s.connect(nil)
	return s
}

func (s *setup) writeTokens(text string) {
	if err := os.WriteFile(s.ca.path("tokens"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// connect makes a client with connections of its own.
func (s *setup) connect(certificate *tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.ca.cert)
	c := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		c.Certificates = []tls.Certificate{*certificate}
	}
	transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

type reply struct {
	status int
	text   string
	header http.Header
}

// post sends a body; headers are pairs.
func (s *setup) post(client *http.Client, path string, body io.Reader, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		s.t.Error(err)
		return reply{}
	}
	text, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return reply{status: response.StatusCode, text: string(text), header: response.Header}
}

// send posts to /audit/prod with the token.
func (s *setup) send(body string, headers ...string) reply {
	s.t.Helper()
	return s.post(s.client, "/audit/prod", strings.NewReader(body), append([]string{"Authorization", "Bearer " + goodToken}, headers...)...)
}

func event(id string) string {
	return `{"level":"Metadata","auditID":"` + id + `","stage":"ResponseComplete","verb":"get","requestURI":"/x","requestReceivedTimestamp":"2026-11-20T15:50:00Z","stageTimestamp":"2026-11-20T15:50:01Z"}`
}

func eventList(items ...string) string {
	return `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[` + strings.Join(items, ",") + `]}`
}

func packed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

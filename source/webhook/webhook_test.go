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
	"fmt"
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

func TestBatchIsStoredBeforeItIsAcknowledged(t *testing.T) {
	s := start(t, nil)
	if got := s.send(eventList(event("a"), event("b"))); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 2 || len(k) != 1 || s.sink.cluster[0] != "prod" {
		t.Errorf("%v %v", k, s.sink.cluster)
	}
	if got := s.send(packed(eventList(event("c"))), "Content-Encoding", "gzip"); got.status != 200 || s.sink.kinds()[record.KindRequest] != 3 {
		t.Errorf("%+v %v", got, s.sink.kinds())
	}
	calls := s.sink.calls
	if got := s.send(eventList()); got.status != 200 || s.sink.calls != calls {
		t.Errorf("an empty list: %+v, %d calls", got, s.sink.calls-calls)
	}
}

// Whatever fails, before or after the effect: the batch is sent again, and every fact is there once.
func TestRepeatedBatchesAreStoredOnce(t *testing.T) {
	broken := errors.New("disk on fire in /var/lib/x")
	for _, tt := range []struct {
		name          string
		before, after error
		status        int
		retryAfter    string
	}{
		{"busy", &ingest.Busy{Reason: "the disk is full", After: 7 * time.Second}, nil, 503, "7"},
		{"busy at once", &ingest.Busy{Reason: "starting"}, nil, 503, "1"},
		{"wrapped", fmt.Errorf("deliver: %w", &ingest.Busy{Reason: "x", After: 1500 * time.Millisecond}), nil, 503, "2"},
		{"broken before", broken, nil, 503, "1"},
		{"broken after", nil, broken, 503, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, nil)
			s.sink.fail(func(context.Context, ingest.Batch) error { return tt.before }, func(context.Context, ingest.Batch) error { return tt.after })
			body := eventList(event("a"), `{"no":"event"}`, event("b"))
			got := s.send(body)
			if got.status != tt.status || got.header.Get("Retry-After") != tt.retryAfter || strings.Contains(got.text, "/var/lib") {
				t.Errorf("%+v", got)
			}
			s.sink.fail(nil, nil)
			for range 2 {
				if got := s.send(body); got.status != 200 {
					t.Errorf("%+v", got)
				}
			}
			if k := s.sink.kinds(); k[record.KindRequest] != 2 || k[record.KindGap] != 1 {
				t.Errorf("%v", k)
			}
		})
	}
}

func TestSinkThatHangsIsAnsweredInTime(t *testing.T) {
	s := start(t, nil)
	s.sink.fail(func(ctx context.Context, _ ingest.Batch) error { <-ctx.Done(); return ctx.Err() }, nil)
	began := time.Now()
	got := s.post(s.client, "/audit/prod?timeout=300ms", strings.NewReader(eventList(event("a"))), "Authorization", "Bearer "+goodToken)
	if took := time.Since(began); got.status != 503 || took < 200*time.Millisecond {
		t.Errorf("%+v after %v", got, took)
	}
}

func TestUnreadableEventsBecomeGaps(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.EventBytes = 1000 })
	secret := "hidden-in-the-event"
	long := `{"auditID":"` + strings.Repeat(secret, 100) + `","requestReceivedTimestamp":"2026-11-20T15:50:00Z","stageTimestamp":"2026-11-20T15:50:01Z"}`
	body := eventList(event("a"), `{"auditID":"`+secret+`"}`, `{"a":tru}`, long, `3`, event("b"))
	for range 2 {
		if got := s.send(body); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 2 || k[record.KindGap] != 4 {
		t.Errorf("%v", k)
	}
	reasons := map[record.GapReason]int{}
	for _, r := range s.sink.gaps() {
		reasons[r.Gap.Reason]++
		if strings.Contains(r.Gap.Detail, secret) || r.Gap.Key == "" || r.Gap.Count != 1 || r.Ref.Cluster != "prod" {
			t.Errorf("%+v", r.Gap)
		}
		if r.Gap.Reason == record.GapDropped && (r.OccurredAt.IsZero() || r.Gap.Until.Sub(r.OccurredAt) != time.Second) {
			t.Errorf("times of the long one: %v %v", r.OccurredAt, r.Gap.Until)
		}
	}
	if reasons[record.GapUndecodable] != 3 || reasons[record.GapDropped] != 1 {
		t.Errorf("%v", reasons)
	}
}

func TestManyUnreadableEventsShareAGap(t *testing.T) {
	s := start(t, nil)
	var items []string
	for i := range maxGaps + 50 {
		items = append(items, fmt.Sprint(i))
	}
	for range 2 {
		if got := s.send(eventList(items...)); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	total := int64(0)
	for _, g := range s.sink.gaps() {
		total += g.Gap.Count
	}
	if n := len(s.sink.gaps()); n != maxGaps+1 || total != int64(len(items)) {
		t.Errorf("%d gaps for %d events", n, total)
	}
}

func TestLargeBatchesGoInParts(t *testing.T) {
	s := start(t, nil)
	pad := strings.Repeat("x", 1<<20)
	var items []string
	for i := range 20 {
		items = append(items, `{"userAgent":"`+pad+`",`+event(fmt.Sprint("e", i))[1:])
	}
	if got := s.send(eventList(items...)); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 20 || s.sink.calls < 3 {
		t.Errorf("%v in %d deliveries", k, s.sink.calls)
	}
}

func TestWhatIsNoBatch(t *testing.T) {
	s := start(t, nil)
	whole := eventList(event("a"), event("b"))
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
	}{
		{"empty", "", nil, 400},
		{"text", "hello", nil, 400},
		{"another list", `{"kind":"PodList","apiVersion":"v1","items":[]}`, nil, 400},
		{"one event", event("a"), nil, 400},
		{"cut", whole[:len(whole)-40], nil, 400},
		{"more behind", whole + "{}", nil, 400},
		{"not gzip", whole, []string{"Content-Encoding", "gzip"}, 400},
		{"cut gzip", packed(whole)[:60], []string{"Content-Encoding", "gzip"}, 400},
		{"other packing", whole, []string{"Content-Encoding", "br"}, 415},
		{"protobuf", whole, []string{"Content-Type", "application/vnd.kubernetes.protobuf"}, 415},
		{"a form", whole, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
	} {
		if got := s.send(tt.body, tt.headers...); got.status != tt.status || got.text == "" {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if s.sink.calls != 0 {
		t.Errorf("%d deliveries", s.sink.calls)
	}
	r, _ := http.NewRequest(http.MethodGet, s.url+"/audit/prod", nil)
	response, err := s.client.Do(r)
	if err != nil || response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST" {
		t.Errorf("%v %+v", err, response)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.BatchBytes = 100_000 })
	bomb := packed(eventList(`"` + strings.Repeat("a", 20<<20) + `"`))
	if len(bomb) > 100_000 {
		t.Fatal("no bomb")
	}
	large := eventList(`"` + strings.Repeat("a", 200_000) + `"`)
	for name, got := range map[string]reply{
		"length":  s.send(large),
		"chunked": s.post(s.client, "/audit/prod", io.MultiReader(strings.NewReader(large)), "Authorization", "Bearer "+goodToken),
		"bomb":    s.send(bomb, "Content-Encoding", "gzip"),
	} {
		if got.status != 413 || !strings.Contains(got.text, "100000") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if g := s.sink.gaps(); len(g) == 0 || len(g) > 2 || g[0].Gap.Reason != record.GapDropped || g[0].OccurredAt.IsZero() {
		t.Errorf("the loss of events is kept: %+v", g)
	}
	if s.hook.budget.usedBytes != 0 || s.hook.budget.usedRequests != 0 {
		t.Errorf("not given back: %+v", s.hook.budget)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits = Limits{BatchBytes: 1 << 20, InFlightBytes: 1 << 20, Requests: 2} })
	held, release := make(chan struct{}, 10), make(chan struct{})
	s.sink.fail(func(context.Context, ingest.Batch) error { held <- struct{}{}; <-release; return nil }, nil)
	var wg sync.WaitGroup
	body := eventList(event("a"), `"`+strings.Repeat("x", 600_000)+`"`)
	wg.Go(func() {
		if got := s.send(body); got.status != 200 {
			t.Errorf("%+v", got)
		}
	})
	<-held
	if got := s.send(body); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("too many bytes: %+v", got)
	}
	wg.Go(func() {
		if got := s.send(eventList(event("b"))); got.status != 200 {
			t.Errorf("%+v", got)
		}
	})
	<-held
	if got := s.send(eventList(event("c"))); got.status != 429 {
		t.Errorf("too many requests: %+v", got)
	}
	close(release)
	wg.Wait()
	if s.hook.budget.usedBytes != 0 || s.hook.budget.usedRequests != 0 {
		t.Errorf("not given back: %+v", s.hook.budget)
	}
	// A body that grows while it is unpacked asks for more, and may not get it.
	s.hook.budget.usedBytes = 1<<20 - 500_000
	if got := s.send(packed(body), "Content-Encoding", "gzip"); got.status != 429 {
		t.Errorf("unpacked: %+v", got)
	}
}

// drip gives a body piece by piece, and never ends where it is to stand still.
func drip(t *testing.T, text string, every time.Duration, ends bool) io.Reader {
	in, out := io.Pipe()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop); _ = in.Close() })
	go func() {
		for _, b := range []byte(text) {
			select {
			case <-stop:
				return
			case <-time.After(every):
			}
			if _, err := out.Write([]byte{b}); err != nil {
				return
			}
		}
		if ends {
			_ = out.Close()
		}
	}()
	return in
}

func TestSlowCallersAreCutOff(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.IdleRead = 700 * time.Millisecond })
	token := []string{"Authorization", "Bearer " + goodToken}
	plain := s.connect(nil)
	plain.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	plain.Transport.(*http.Transport).TLSClientConfig.NextProtos = []string{"http/1.1"}
	for version, client := range map[string]*http.Client{"HTTP/1.1": plain, "HTTP/2": s.client} {
		began := time.Now()
		got := s.post(client, "/audit/prod", drip(t, `{"kind":"EventList",`, 0, false), token...)
		if took := time.Since(began); got.status != 408 || took > 15*time.Second {
			t.Errorf("%s stood still: %+v after %v", version, got, took)
		}
		if got := s.post(client, "/audit/prod", drip(t, eventList(event("slow")), 4*time.Millisecond, true), token...); got.status != 200 {
			t.Errorf("%s, longer than that, but it goes on: %+v", version, got)
		}
		if got := s.post(client, "/audit/prod?timeout=1500ms", drip(t, strings.Repeat(" ", 10_000), 20*time.Millisecond, false), token...); got.status != 408 {
			t.Errorf("%s, longer than it says itself: %+v", version, got)
		}
	}
	// A deadline of reading does not end a slow delivery.
	s.sink.fail(func(ctx context.Context, _ ingest.Batch) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil)
	for _, client := range []*http.Client{s.client, plain} {
		if got := s.post(client, "/audit/prod", strings.NewReader(eventList(event("late"))), token...); got.status != 200 {
			t.Errorf("%+v", got)
		}
	}
}

// TestNobodyHoldsAConnection: who was refused and sends no body is answered all the same, and soon.
func TestNobodyHoldsAConnection(t *testing.T) {
	w, err := New(Config{Sink: &memory{}, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	server := w.Server()
	if server.ReadTimeout <= 0 || server.ReadTimeout > 30*time.Second {
		t.Fatalf("bodies that nobody reads may take %v", server.ReadTimeout)
	}
	server.ReadTimeout = 200 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, "POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(conn); err != nil || !strings.Contains(string(all), " 401 ") {
		t.Errorf("%q %v", all, err)
	}
}

func TestConcurrentBatches(t *testing.T) {
	s := start(t, nil)
	var wg sync.WaitGroup
	const callers, batches, events = 8, 10, 20
	for caller := range callers {
		wg.Go(func() {
			client := s.connect(nil)
			for n := range batches {
				var items []string
				for i := range events {
					items = append(items, event(fmt.Sprintf("%d-%d-%d", caller, n, i)))
				}
				body := eventList(items...)
				for range 1 + n%2 { // some twice
					if got := s.post(client, "/audit/prod", strings.NewReader(body), "Authorization", "Bearer "+goodToken); got.status != 200 {
						t.Errorf("%+v", got)
					}
				}
			}
		})
	}
	wg.Wait()
	if k := s.sink.kinds(); k[record.KindRequest] != callers*batches*events {
		t.Errorf("%v", k)
	}
}

package intake_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubewake/kubewake/api/intake"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/store/storetest"
)

// sink answers with err where that is set, or when gate closes.
type sink struct {
	ingest.Sink
	mu   sync.Mutex
	err  error
	gate chan struct{}
}

func (s *sink) Deliver(ctx context.Context, b ingest.Batch) error {
	s.mu.Lock()
	err, gate := s.err, s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	return s.Sink.Deliver(ctx, b)
}

func (s *sink) Alive(ctx context.Context, c record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[ingest.Alive, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return s.Sink.Alive(ctx, c, gr, namespace)
	}
	return func(yield func(ingest.Alive, error) bool) {
		if yield(ingest.Alive{Ref: record.ObjectRef{Cluster: c, Name: "one"}}, nil) {
			yield(ingest.Alive{}, s.err)
		}
	}
}

func (s *sink) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// place is a receiver on a real store and a real TLS listener.
type place struct {
	sink   *sink
	server *httptest.Server
	tokens string // file
	ca     string // file
}

const token = "0123456789abcdef0123456789abcdef"

func newPlace(t *testing.T, c intake.Config) *place {
	t.Helper()
	st, err := pebble.Open("data", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &place{sink: &sink{Sink: ingest.NewLocal(st, ingest.LocalConfig{})}, tokens: filepath.Join(t.TempDir(), "tokens"), ca: filepath.Join(t.TempDir(), "ca.pem")}
	write(t, p.tokens, "# test\n"+token+" c prod-*\n")
	known, err := tokens.Open(p.tokens)
	if err != nil {
		t.Fatal(err)
	}
	c.Sink, c.Identify = p.sink, tokens.Callers{Tokens: known}.Identify
	c.Metrics = intake.NewMetrics(prometheus.NewRegistry())
	h, err := intake.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.server = httptest.NewUnstartedServer(h)
	p.server.EnableHTTP2 = true
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	write(t, p.ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})))
	return p
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *place) client(t *testing.T, token string) *wire.Client {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, token+"\n")
	c, err := wire.NewClient(wire.ClientConfig{URL: p.server.URL, TokenFile: file, TLS: tlsfiles.Client{CA: p.ca, ServerName: "example.com"}, Timeout: 5 * time.Second,
		Metrics: wire.NewMetrics(prometheus.NewRegistry())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func batch(cluster record.Cluster) ingest.Batch {
	return ingest.Batch{Cluster: cluster, Records: storetest.History(storetest.Config{Seed: 5, Objects: 10, Clusters: []record.Cluster{cluster}}),
		Marks: []ingest.Mark{{Key: "tail/a b", Value: []byte("12")}}}
}

// TestTheSameAsHere: through the wire a sink remembers what it does without.
func TestTheSameAsHere(t *testing.T) {
	p := newPlace(t, intake.Config{})
	c := p.client(t, token)
	b := batch("c")
	b.Records = append(b.Records, &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "c", Resource: "pods"}, Progress: &record.Progress{From: 3, RV: 9}})
	for range 2 { // a second time is harmless
		if err := c.Deliver(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	for _, key := range []string{"tail/a b", "tail/none"} {
		here, err1 := p.sink.Mark(ctx, "c", key)
		there, err2 := c.Mark(ctx, "c", key)
		if err1 != nil || err2 != nil || !bytes.Equal(here, there) || (here == nil) != (there == nil) {
			t.Errorf("mark %s: %q %v, %q %v", key, here, err1, there, err2)
		}
	}
	here, err1 := p.sink.Progress(ctx, "c")
	there, err2 := c.Progress(ctx, "c")
	if diff := cmp.Diff(here, there); diff != "" || err1 != nil || err2 != nil || len(here) == 0 {
		t.Errorf("progress of %d: %s %v %v", len(here), diff, err1, err2)
	}
	n := 0
	resources := map[record.GroupResource]bool{}
	for _, r := range b.Records {
		resources[r.Ref.GroupResource()] = true
	}
	for gr := range resources {
		if gr.Resource == "" {
			continue
		}
		here, there := gather(t, p.sink.Alive(ctx, "c", gr, "")), gather(t, c.Alive(ctx, "c", gr, ""))
		if diff := cmp.Diff(here, there); diff != "" {
			t.Errorf("alive %s: %s", gr, diff)
		}
		n += len(here)
	}
	if n == 0 {
		t.Error("nothing was alive: nothing was compared")
	}
}

// TestStrangeClusters: names that would harm whoever writes them down are refused, whoever sends them.
func TestStrangeClusters(t *testing.T) {
	p := newPlace(t, intake.Config{})
	write(t, p.tokens, token+" *\n")
	known, err := tokens.Open(p.tokens)
	if err != nil {
		t.Fatal(err)
	}
	h, err := intake.New(intake.Config{Sink: p.sink, Identify: tokens.Callers{Tokens: known}.Identify})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"fine/as%3Aarn": 204, "%FF%FE": 400, "a%0Ab": 400, "": 400, strings.Repeat("x", 257): 400} {
		r := httptest.NewRequest(http.MethodGet, wire.PathMark+"?key=k&cluster="+name, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		if rw.Code != want {
			t.Errorf("%q: %d %s", name, rw.Code, rw.Body)
		}
	}
}

// TestProxyBetween: what a proxy says of a batch is not what the receiver says; the batch is kept.
func TestProxyBetween(t *testing.T) {
	for _, code := range []int{400, 404, 413, 415, 408, 429, 502} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>proxy", code) }))
		c, err := wire.NewClient(wire.ClientConfig{URL: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Deliver(t.Context(), batch("c"))
		if err == nil || errors.Is(err, ingest.ErrInvalid) {
			t.Errorf("%d: %v", code, err)
		}
		if wants := code == 408 || code == 429 || code >= 500; wants != (ingest.IsBusy(err) != nil) {
			t.Errorf("%d: %v", code, err)
		}
		c.Close()
		s.Close()
	}
}

func TestAddressesOfReceivers(t *testing.T) {
	for address, good := range map[string]bool{"https://kubewake.example": true, "http://127.0.0.1:7443": true, "http://localhost": true, "http://[::1]:1": true,
		"http://kubewake.example": false, "https://u:secret@kubewake.example": false, "https://x/?a=b": false, "kubewake.example": false, "": false} {
		c, err := wire.NewClient(wire.ClientConfig{URL: address})
		if good != (err == nil) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
		if c != nil {
			c.Close()
		}
	}
}

// TestReceiverThatStopsAnswering does not hold whoever asks what is alive.
func TestReceiverThatStopsAnswering(t *testing.T) {
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"ref":{"Cluster":"c","cluster":"c"},"rv":1}`+"\n")
		_ = http.NewResponseController(w).Flush()
		<-end
	}))
	defer s.Close()
	defer close(end)
	c, err := wire.NewClient(wire.ClientConfig{URL: s.URL, Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := 0
	for _, err = range c.Alive(t.Context(), "c", record.GroupResource{Resource: "pods"}, "") {
		n++
	}
	if ingest.IsBusy(err) == nil || n != 2 {
		t.Errorf("%d: %v", n, err)
	}
}

func gather(t *testing.T, list iter.Seq2[ingest.Alive, error]) (out []ingest.Alive) {
	t.Helper()
	for a, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// TestAnswers: what the receiver's troubles are to an agent.
func TestAnswers(t *testing.T) {
	well, impatient := newPlace(t, intake.Config{}), newPlace(t, intake.Config{DeliverTimeout: 50 * time.Millisecond})
	for name, tc := range map[string]struct {
		token   string
		cluster record.Cluster
		fails   error // of the sink
		waits   bool
		busy    bool
		is      error
		says    string
		after   time.Duration
	}{
		"good":            {token: token, cluster: "c"},
		"by a pattern":    {token: token, cluster: "prod-eu"},
		"unknown token":   {token: "0000000000000000000", cluster: "c", is: wire.ErrDenied, says: "token file"},
		"other cluster":   {token: token, cluster: "test", is: wire.ErrDenied, says: `cluster "test"`},
		"busy":            {token: token, cluster: "c", fails: &ingest.Busy{Reason: "the disk is full", After: 7 * time.Second}, busy: true, says: "the disk is full", after: 7 * time.Second},
		"slow":            {token: token, cluster: "c", waits: true, busy: true, says: "in time", after: time.Second},
		"invalid":         {token: token, cluster: "c", fails: fmt.Errorf("x: %w", ingest.ErrInvalid), is: ingest.ErrInvalid},
		"secret internal": {token: token, cluster: "c", fails: errors.New("open /secret/path"), busy: true, says: "its log says why", after: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := well
			if tc.waits {
				p = impatient
				p.sink.gate = make(chan struct{})
			}
			p.sink.set(tc.fails)
			err := p.client(t, tc.token).Deliver(t.Context(), batch(tc.cluster))
			if tc.is == nil && !tc.busy {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			busy := ingest.IsBusy(err)
			if err == nil || (busy != nil) != tc.busy || (tc.is != nil && !errors.Is(err, tc.is)) || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret/path") {
				t.Fatalf("got %v", err)
			}
			if busy != nil && busy.After != tc.after {
				t.Errorf("come again after %v, want %v", busy.After, tc.after)
			}
		})
	}
}

func TestReceiverAway(t *testing.T) {
	p := newPlace(t, intake.Config{})
	c := p.client(t, token)
	if err := c.Deliver(t.Context(), batch("c")); err != nil {
		t.Fatal(err)
	}
	p.server.CloseClientConnections() // the next delivery meets a broken connection, and makes another by itself
	if err := c.Deliver(t.Context(), batch("c")); err != nil {
		t.Fatal(err)
	}
	p.server.Close()
	if err := c.Deliver(t.Context(), batch("c")); ingest.IsBusy(err) == nil {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := c.Mark(t.Context(), "c", "k"); err == nil {
		t.Error("a mark from nobody")
	}
	for _, err := range c.Alive(t.Context(), "c", record.GroupResource{Resource: "pods"}, "") {
		if err == nil {
			t.Error("somebody alive from nobody")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Deliver(ctx, batch("c")); !errors.Is(err, context.Canceled) || ingest.IsBusy(err) != nil {
		t.Errorf("a caller that gave up: %v", err)
	}
}

// TestAliveCut: a list that fails on its way is no shorter list.
func TestAliveCut(t *testing.T) {
	p := newPlace(t, intake.Config{})
	p.sink.set(errors.New("damaged"))
	var failed error
	for _, err := range p.client(t, token).Alive(t.Context(), "c", record.GroupResource{Resource: "pods"}, "") {
		failed = err
	}
	if failed == nil {
		t.Error("a list that was cut looks whole")
	}
}

// TestTokenFileRotates: a token that is removed lets nobody in any more, a new one does, without a restart.
func TestTokenFileRotates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	write(t, file, token+" c\n")
	f, err := tokens.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "fedcba9876543210fedcba9876543210 c d\n")
	if err := f.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, ok := f.Token(token); ok {
		t.Error("the old token is still good")
	}
	if a, ok := f.Token("fedcba9876543210fedcba9876543210"); !ok || !a.Allows("d") {
		t.Error("the new token is not")
	}
}

func TestBadRequests(t *testing.T) {
	p := newPlace(t, intake.Config{BodyTimeout: 200 * time.Millisecond})
	codec, err := wire.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	good, err := codec.Encode(batch("c"))
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Clone(good)
	newer[3]++ // behind the magic
	for name, tc := range map[string]struct {
		method, target, kind string
		body                 []byte
		want                 int
	}{
		"good":              {"POST", "batch?cluster=c", wire.ContentType, good, 200},
		"of another":        {"POST", "batch?cluster=prod-1", wire.ContentType, good, 400},
		"no cluster":        {"POST", "batch", wire.ContentType, good, 400},
		"of a newer agent":  {"POST", "batch?cluster=c", wire.ContentType, newer, 503}, // it keeps it until we are upgraded
		"another type":      {"POST", "batch?cluster=c", "application/json", good, 415},
		"no batch":          {"POST", "batch?cluster=c", wire.ContentType, []byte("{}"), 400},
		"cut":               {"POST", "batch?cluster=c", wire.ContentType, good[:len(good)-1], 400},
		"empty":             {"POST", "batch?cluster=c", wire.ContentType, nil, 400},
		"no key":            {"GET", "mark?cluster=c", "", nil, 400},
		"no resource":       {"GET", "alive?cluster=c", "", nil, 400},
		"no such call":      {"GET", "other?cluster=c", "", nil, 404},
		"a question posted": {"POST", "progress?cluster=c", "", nil, 405},
		"progress of none":  {"GET", "progress?cluster=prod-none", "", nil, 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tc.method, p.server.URL+wire.Prefix+tc.target, bytes.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", tc.kind)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := p.server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != tc.want {
			t.Errorf("%s: %s, want %d", name, answer.Status, tc.want)
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSlowAndLarge: a body that does not come, and one that is too large, hold nothing.
func TestSlowAndLarge(t *testing.T) {
	p := newPlace(t, intake.Config{BodyTimeout: 100 * time.Millisecond})
	for name, tc := range map[string]struct {
		length int64
		want   string
	}{"slow": {1000, "408"}, "large": {wire.MaxBytes + 1, "413"}} {
		conn, err := tls.Dial("tcp", p.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's own server
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := fmt.Fprintf(conn, "POST %s?cluster=c HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\nKWB", wire.PathBatch, token, wire.ContentType, tc.length); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 12)
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(answer); err != nil {
			var timeout net.Error
			t.Fatalf("%s: no answer: %v (timeout %v)", name, err, errors.As(err, &timeout))
		}
		if !strings.HasSuffix(string(answer), tc.want) || time.Since(began) > 50*time.Second {
			t.Errorf("%s: %s after %v", name, answer, time.Since(began))
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestTooManyAtOnce: what is in flight is bounded, and the agents beyond are told to come again.
func TestTooManyAtOnce(t *testing.T) {
	p := newPlace(t, intake.Config{InFlightBytes: 1}) // raised to what one batch may take
	p.sink.gate = make(chan struct{})
	send := func(ctx context.Context) (int, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.server.URL+wire.PathBatch+"?cluster=c", &slowBody{closed: make(chan struct{})})
		if err != nil {
			return 0, err
		}
		r.ContentLength = wire.MaxBytes // room is held by the announcement
		r.Header.Set("Content-Type", wire.ContentType)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := p.server.Client().Do(r)
		if err != nil {
			return 0, err
		}
		return answer.StatusCode, answer.Body.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	codes := make(chan int, 20)
	for range 8 { // 5 of 32 MiB fit into 160
		waiting.Go(func() {
			if code, err := send(ctx); err == nil {
				codes <- code
			}
		})
	}
	for range 3 {
		select {
		case code := <-codes:
			if code != http.StatusTooManyRequests {
				t.Errorf("status %d", code)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("all were let in")
		}
	}
	cancel()
	waiting.Wait()
	p.sink.mu.Lock()
	p.sink.gate = nil
	p.sink.mu.Unlock()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) { // all room comes back
		err := p.client(t, token).Deliver(t.Context(), batch("c"))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// slowBody never ends before it is closed.
type slowBody struct {
	begun  bool
	closed chan struct{}
	once   sync.Once
}

func (s *slowBody) Read(b []byte) (int, error) {
	if !s.begun {
		s.begun = true
		return copy(b, "K"), nil
	}
	<-s.closed
	return 0, io.ErrClosedPipe
}

func (s *slowBody) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

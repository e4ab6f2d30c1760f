package export

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// grpcReceiver takes OTLP over gRPC; answer may decide otherwise.
type grpcReceiver struct {
	collectorpb.UnimplementedTraceServiceServer
	got    *received
	answer func(ctx context.Context, r *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error)
}

func (g *grpcReceiver) Export(ctx context.Context, r *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	if g.answer != nil {
		if out, err := g.answer(ctx, r); out != nil || err != nil {
			return out, err
		}
	}
	body, err := proto.Marshal(r)
	if err == nil {
		err = g.got.add(body)
	}
	return &collectorpb.ExportTraceServiceResponse{}, err
}

func serveGRPC(t *testing.T, g *grpcReceiver, options ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(options...)
	collectorpb.RegisterTraceServiceServer(s, g)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String()
}

// someTrace has n spans.
func someTrace(n int) *trace.Trace {
	object := record.ObjectID("c", "u")
	out := &trace.Trace{ID: trace.DayID(object, noon())}
	for i := range n {
		id := record.ID{1, byte(i), byte(i >> 8)}
		out.Spans = append(out.Spans, trace.Span{ID: trace.RecordSpan(id), Parent: trace.ObjectSpan(object), Service: "pods", Name: "update", Start: noon(), End: noon(),
			Attrs: []trace.Attr{{Key: "code", Value: int64(200)}, {Key: "message", Value: strings.Repeat("x", 500)}}})
	}
	return out
}

// TestHTTPVerdicts: what is done about each answer is what OTLP says.
func TestHTTPVerdicts(t *testing.T) {
	for _, c := range []struct {
		status int
		header string
		want   verdict
		after  time.Duration
	}{
		{429, "", again, 0}, {503, "7", again, 7 * time.Second}, {502, "", again, 0}, {504, "nonsense", again, 0},
		{400, "", refused, 0}, {500, "", refused, 0}, {501, "", refused, 0}, {413, "", tooLarge, 0},
		{401, "", denied, 0}, {403, "", denied, 0}, {404, "", denied, 0}, {405, "", denied, 0}, {301, "", denied, 0},
	} {
		s := httpReceiver(t, newReceived(), func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			w.Header().Set("Retry-After", c.header)
			w.Header().Set("Location", "http://192.0.2.1/")
			http.Error(w, "no\nreally", c.status)
			return true
		})
		to := openTarget(t, Target{Endpoint: s.URL, Protocol: protocolHTTP})
		_, r := to.try(t.Context(), []byte{})
		if r == nil || r.verdict != c.want || r.after != c.after || !strings.Contains(r.Error(), "no really") {
			t.Errorf("%d: %+v", c.status, r)
		}
	}
	to := openTarget(t, Target{Endpoint: "http://" + unused(t)})
	if _, r := to.try(t.Context(), nil); r == nil || r.verdict != again {
		t.Errorf("nobody listens: %+v", r)
	}
	slow := httpReceiver(t, newReceived(), func(_ http.ResponseWriter, r *http.Request, _ []byte) bool { <-r.Context().Done(); return true })
	to = openTarget(t, Target{Endpoint: slow.URL, Protocol: protocolHTTP})
	to.timeout = 50 * time.Millisecond
	if _, r := to.try(t.Context(), nil); r == nil || r.verdict != again {
		t.Errorf("it does not answer: %+v", r)
	}
}

func TestGRPCVerdicts(t *testing.T) {
	with := func(c codes.Code, message string, wait time.Duration) error {
		st := status.New(c, message)
		if wait > 0 {
			st, _ = st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
		}
		return st.Err()
	}
	g := &grpcReceiver{got: newReceived()}
	to := openTarget(t, Target{Endpoint: serveGRPC(t, g), Insecure: true})
	for _, c := range []struct {
		err   error
		want  verdict
		after time.Duration
	}{
		{with(codes.Unavailable, "busy", 3*time.Second), again, 3 * time.Second}, {with(codes.Unavailable, "away", 0), again, 0},
		{with(codes.Canceled, "", 0), again, 0}, {with(codes.DeadlineExceeded, "", 0), again, 0}, {with(codes.Aborted, "", 0), again, 0},
		{with(codes.OutOfRange, "", 0), again, 0}, {with(codes.DataLoss, "", 0), again, 0},
		{with(codes.ResourceExhausted, "quota", time.Second), again, time.Second}, {with(codes.ResourceExhausted, "quota", 0), refused, 0},
		{with(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)", 0), tooLarge, 0},
		{with(codes.InvalidArgument, "no", 0), refused, 0}, {with(codes.Internal, "no", 0), refused, 0}, {with(codes.Unknown, "no", 0), refused, 0},
		{with(codes.Unauthenticated, "who?", 0), denied, 0}, {with(codes.PermissionDenied, "no", 0), denied, 0}, {with(codes.Unimplemented, "what?", 0), denied, 0},
	} {
		g.answer = func(context.Context, *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
			return nil, c.err
		}
		if _, r := to.try(t.Context(), nil); r == nil || r.verdict != c.want || r.after != c.after {
			t.Errorf("%v: %+v", c.err, r)
		}
	}
	to = openTarget(t, Target{Endpoint: unused(t), Insecure: true})
	if _, r := to.try(t.Context(), nil); r == nil || r.verdict != again {
		t.Errorf("nobody listens: %+v", r)
	}
}

func openTarget(t *testing.T, of Target) *target {
	t.Helper()
	of = of.WithDefaults()
	if err := of.Check(); err != nil {
		t.Fatal(err)
	}
	to, err := of.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.Close)
	return to
}

func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestSend: both protocols, with headers, in requests of bounded size, each way of compression.
func TestSend(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("Bearer hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	of := someTrace(100)
	for _, protocol := range []string{protocolHTTP, protocolGRPC} {
		for _, compression := range []string{gzipWord, noneWord} {
			got, requests := newReceived(), 0
			target := Target{Protocol: protocol, Insecure: true, Compression: compression, BatchBytes: 16 << 10,
				Headers: []Header{{Name: "X-Scope-OrgID", Value: "one"}, {Name: "Authorization", File: secret}}}
			if protocol == protocolHTTP {
				s := httpReceiver(t, got, func(_ http.ResponseWriter, r *http.Request, body []byte) bool {
					requests++
					if r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer hunter2" || r.Header.Get("X-Scope-OrgID") != "one" || len(body) > 16<<10 {
						t.Errorf("%s %v, %d bytes", r.URL, r.Header, len(body))
					}
					return false
				})
				target.Endpoint = s.URL
			} else {
				target.Endpoint = serveGRPC(t, &grpcReceiver{got: got, answer: func(ctx context.Context, _ *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
					requests++
					in, _ := metadata.FromIncomingContext(ctx)
					if in.Get("authorization")[0] != "Bearer hunter2" || in.Get("x-scope-orgid")[0] != "one" {
						t.Errorf("%v", in)
					}
					return nil, nil
				}})
			}
			sent, err := Send(t.Context(), target, of)
			if err != nil || sent.Spans != 100 || len(got.spans) != 100 || requests < 4 {
				t.Errorf("%s %s: %+v %v, %d spans in %d requests", protocol, compression, sent, err, len(got.spans), requests)
			}
		}
	}
}

// TestSendTroubles: what the receiver says is heeded.
func TestSendTroubles(t *testing.T) {
	var calls atomic.Int32
	got := newReceived()
	s := httpReceiver(t, got, func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		calls.Add(1)
		switch r.URL.Path {
		case "/busy":
			if calls.Load() < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
		case "/small":
			if len(body) > 3000 {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return true
			}
		case "/partial":
			answer, _ := proto.Marshal(&collectorpb.ExportTraceServiceResponse{PartialSuccess: &collectorpb.ExportTracePartialSuccess{RejectedSpans: 2, ErrorMessage: "too old"}})
			w.Header().Set("Content-Type", "application/x-protobuf")
			_, _ = w.Write(answer)
			return true
		case "/no":
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		return false
	})
	for path, want := range map[string]string{"/busy": "20 0 <nil>", "/small": "20 0 <nil>", "/partial": "20 2 <nil>", "/no": "0 0 send to"} {
		calls.Store(0)
		sent, err := Send(t.Context(), Target{Endpoint: s.URL + path, BatchBytes: 1 << 20}, someTrace(20))
		if got := fmt.Sprint(sent.Spans, sent.Rejected, " ", err); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if len(got.spans) != 20 {
		t.Errorf("%d spans", len(got.spans))
	}
	gone, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Send(gone, Target{Endpoint: "http://" + unused(t) + "/v1/traces"}, someTrace(1)); !errors.Is(err, context.DeadlineExceeded) && err == nil {
		t.Errorf("sent to nobody: %v", err)
	}
}

// TestInsist: the continuous export goes on until the receiver takes it, heeds refusals, cuts what is too large, and stops at once.
func TestInsist(t *testing.T) {
	got := newReceived()
	first := true
	s := httpReceiver(t, got, func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if first {
			first = false
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		if len(body) > 8<<10 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return true
		}
		return false
	})
	clock := &fakeClock{}
	c := config(t.TempDir(), newNotes(), clock)
	c.Settings.OTLP.Endpoint = s.URL
	e := open(t, c)
	enqueue(t, e, scene(10)...)
	clock.add(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- e.Run(ctx) }()
	for deadline := time.Now().Add(time.Minute); e.out.Status().Batches > 0 || e.in.Status().Batches > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d spans came", len(got.spans))
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if len(got.torn) > 0 || got.names["update"] != 20 || got.names["changed"] != 20 {
		t.Errorf("%v %v", got.names, got.torn)
	}
}

// TestTLS: the receiver's certificate is verified by the authorities given, and a client certificate is shown.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(cert)
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	got := newReceived()
	address := serveGRPC(t, &grpcReceiver{got: got}, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert})))
	target := Target{Endpoint: address, TLS: tlsfiles.Client{CA: cert, Cert: cert, Key: key}}
	if sent, err := Send(t.Context(), target, someTrace(3)); err != nil || sent.Spans != 3 || len(got.spans) != 3 {
		t.Fatalf("%+v %v", sent, err)
	}
	for what, tls := range map[string]tlsfiles.Client{"no client certificate": {CA: cert}, "unknown authority": {Cert: cert, Key: key}, "another name": {CA: cert, Cert: cert, Key: key, ServerName: "other"}} {
		target.TLS = tls
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if _, err := Send(ctx, target, someTrace(3)); err == nil {
			t.Errorf("%s: it was sent", what)
		}
		cancel()
	}
}

func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(cryptorand.Reader, of, of, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestSettings(t *testing.T) {
	for want, change := range map[string]func(*OTLP){
		"":                          func(*OTLP) {},
		"endpoint":                  func(o *OTLP) { o.Endpoint = "ftp://h:1" },
		"gRPC wants HOST:PORT":      func(o *OTLP) { o.Endpoint = "host" },
		"gRPC has no path":          func(o *OTLP) { o.Endpoint, o.Protocol = "host:1/x", "grpc" },
		"without user and query":    func(o *OTLP) { o.Endpoint = "http://u:p@h:4318" },
		"protocol":                  func(o *OTLP) { o.Protocol = "udp" },
		"not both":                  func(o *OTLP) { o.Insecure, o.TLS.CA = true, "ca.pem" },
		"compression":               func(o *OTLP) { o.Compression = "zip" },
		"batchSize":                 func(o *OTLP) { o.BatchBytes = 5 },
		`"a b" is no name`:          func(o *OTLP) { o.Headers = []Header{{Name: "a b", Value: "x"}} },
		"a value, or a file":        func(o *OTLP) { o.Headers = []Header{{Name: "a"}} },
		"ours to set":               func(o *OTLP) { o.Headers = []Header{{Name: "content-type", Value: "x"}} },
		`kinds: "gap"`:              func(o *OTLP) { o.Records.Kinds = []string{"gap"} },
		"filter":                    func(o *OTLP) { o.Records.Filter = "verb ==" },
		"reads object":              func(o *OTLP) { o.Records.Filter = "object.spec.replicas > 1" },
		"queue.bytes: at least":     func(o *OTLP) { o.Queue.Bytes = 5 },
		`queue.whenFull: "perhaps"`: func(o *OTLP) { o.Queue.WhenFull = "perhaps" },
	} {
		s := Settings{OTLP: OTLP{Target: Target{Endpoint: "localhost:4317"}}}
		s = s.WithDefaults()
		change(&s.OTLP)
		err := s.Check()
		if (want == "") != (err == nil) || (err != nil && (!strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "export.otlp"))) {
			t.Errorf("%q: %v", want, err)
		}
	}
	for endpoint, want := range map[string]string{"h:4317": "grpc", "https://h:4317": "grpc", "h:4318": "http", "http://h:9/otlp/v1/traces": "http"} {
		if got := (Target{Endpoint: endpoint}).speaks(); got != want {
			t.Errorf("%s: %s, want %s", endpoint, got, want)
		}
	}
	if u := (Target{Endpoint: "http://h:9/otlp"}).url(); u != "http://h:9/otlp" {
		t.Error(u)
	}
	if u := (Target{Endpoint: "h:4318"}).url(); u != "https://h:4318/v1/traces" {
		t.Error(u)
	}
}

func FuzzFrame(f *testing.F) {
	p, err := newPacker()
	if err != nil {
		f.Fatal(err)
	}
	clock := &fakeClock{}
	e, err := newExporter(config("", newNotes(), clock))
	if err != nil {
		f.Fatal(err)
	}
	s, err := e.build(f.Context(), scene(2))
	if err != nil {
		f.Fatal(err)
	}
	whole := p.encode(s.frame)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("KWX\x01\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := p.decode(b)
		if err != nil {
			if !errors.Is(err, errFrame) {
				t.Fatal(err)
			}
			return
		}
		again, err := p.decode(p.encode(got))
		if err != nil || len(again.notes) != len(got.notes) || len(again.requests) != len(got.requests) {
			t.Fatal(err)
		}
	})
}

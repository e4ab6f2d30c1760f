package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
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

	"github.com/google/go-cmp/cmp"
	logscol "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// sink keeps what it gets, or fails.
type sink struct {
	mu   sync.Mutex
	got  []*record.Record
	fail error
}

func (s *sink) Deliver(_ context.Context, b ingest.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if err := ingest.Check(b); err != nil {
		return err
	}
	s.got = append(s.got, b.Records...)
	return nil
}

func (s *sink) Progress(context.Context, record.Cluster) ([]*record.Record, error) { return nil, nil }
func (s *sink) Mark(context.Context, record.Cluster, string) ([]byte, error)       { return nil, nil }
func (s *sink) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}

func (s *sink) take() []*record.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func receiver(t testing.TB, change func(*Config)) (*Receiver, *sink) {
	t.Helper()
	key, err := redact.NewKey(strings.NewReader(strings.Repeat("k", 64)))
	if err != nil {
		t.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	c := Config{Sink: s, Redactor: redactor, Anonymous: true, Now: func() time.Time { return now }, Metrics: NewMetrics(nil)}
	if change != nil {
		change(&c)
	}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func number(key string, n int64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: n}}}
}

func dict(key string, list ...*common.KeyValue) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: list}}}}
}

func nanos(after time.Duration) uint64 { return uint64(now.Add(after).UnixNano()) }

func bytesOf(hexadecimal string) []byte {
	b, _ := hex.DecodeString(hexadecimal)
	return b
}

const traceHex = "0102030405060708090a0b0c0d0e0f10"

// apiserverSpans is what an apiserver sends, with a span of a controller and one that names nothing.
func apiserverSpans() *tracecol.ExportTraceServiceRequest {
	span := func(id, parent, name string, list ...*common.KeyValue) *tracepb.Span {
		return &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: bytesOf(id), ParentSpanId: bytesOf(parent), Name: name, Kind: tracepb.Span_SPAN_KIND_SERVER,
			StartTimeUnixNano: nanos(0), EndTimeUnixNano: nanos(3 * time.Millisecond), Attributes: list}
	}
	root := span("0000000000000001", "", "PUT /apis/apps/v1/deployments/{:name}", text("http.target", "/apis/apps/v1/x?token=hunter2hunter2"), text("audit-id", "a-1"), number("http.status_code", 409))
	root.Status = &tracepb.Status{Code: tracepb.Status_STATUS_CODE_ERROR, Message: "conflict"}
	root.Events = []*tracepb.Span_Event{{TimeUnixNano: nanos(time.Millisecond), Name: "stored", Attributes: []*common.KeyValue{text("k", "v")}}}
	root.Links = []*tracepb.Span_Link{{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000009")}}
	reconcile := span("0000000000000003", "", "Reconcile", text("k8s.deployment.name", "web"), text("k8s.namespace.name", "shop"), text("k8s.pod.name", "web-1"))
	noise := span("0000000000000004", "", "nothing")
	of := func(service string, spans ...*tracepb.Span) *tracepb.ResourceSpans {
		return &tracepb.ResourceSpans{Resource: &resourcepb.Resource{Attributes: []*common.KeyValue{text("service.name", service), text("k8s.cluster.name", "prod")}},
			ScopeSpans: []*tracepb.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "k8s.io/apiserver"}, Spans: spans}}}
	}
	return &tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{of("apiserver", root, span("0000000000000002", "0000000000000001", "etcd")), of("controller", reconcile, noise)}}
}

func want(redactor *redact.Redactor) []*record.Record {
	id, _ := record.ParseTraceID(traceHex)
	from := record.Provenance{ReceivedAt: now, Sources: record.FromOTLP}
	resource := func(service string) []record.KeyValue {
		return []record.KeyValue{{Key: "k8s.cluster.name", Value: "prod"}, {Key: "service.name", Value: service}}
	}
	target, _ := redactor.URI("/apis/apps/v1/x?token=hunter2hunter2", record.GroupResource{}, "")
	end := now.Add(3 * time.Millisecond)
	return []*record.Record{
		{Kind: record.KindSpan, OccurredAt: now, Ref: record.ObjectRef{Cluster: "prod"}, Provenance: from, Span: &record.Span{TraceID: id, SpanID: record.SpanID{7: 1}, Service: "apiserver",
			Scope: "k8s.io/apiserver", Name: "PUT /apis/apps/v1/deployments/{:name}", Kind: record.SpanKindServer, End: end, Status: record.SpanError, Text: "conflict", AuditID: "a-1",
			Attributes: []record.KeyValue{{Key: "audit-id", Value: "a-1"}, {Key: "http.status_code", Value: "409"}, {Key: "http.target", Value: target}}, Resource: resource("apiserver"),
			Events: []record.SpanEvent{{At: now.Add(time.Millisecond), Name: "stored", Attributes: []record.KeyValue{{Key: "k", Value: "v"}}}},
			Links:  []record.SpanLink{{TraceID: id, SpanID: record.SpanID{7: 9}}}, Flags: record.SpanRedacted}},
		{Kind: record.KindSpan, OccurredAt: now, Ref: record.ObjectRef{Cluster: "prod"}, Provenance: from, Span: &record.Span{TraceID: id, SpanID: record.SpanID{7: 2}, ParentID: record.SpanID{7: 1},
			Service: "apiserver", Scope: "k8s.io/apiserver", Name: "etcd", Kind: record.SpanKindServer, End: end, Resource: resource("apiserver")}},
		{Kind: record.KindSpan, OccurredAt: now, Ref: record.ObjectRef{Cluster: "prod", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: "web-1"}, Provenance: from,
			Span: &record.Span{TraceID: id, SpanID: record.SpanID{7: 3}, Service: "controller", Scope: "k8s.io/apiserver", Name: "Reconcile", Kind: record.SpanKindServer, End: end,
				Attributes: []record.KeyValue{{Key: "k8s.deployment.name", Value: "web"}, {Key: "k8s.namespace.name", Value: "shop"}, {Key: "k8s.pod.name", Value: "web-1"}},
				Resource:   resource("controller"), Also: []record.ObjectRef{{Group: "apps", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "web"}}}},
	}
}

func post(t testing.TB, h http.Handler, path, kind, packed string, body []byte, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	if packed == "gzip" {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		body = b.Bytes()
	}
	req := httptest.NewRequest(http.MethodPost, "http://localhost:4318"+path, bytes.NewReader(body))
	req.Header.Set("Content-Type", kind)
	if packed != "" {
		req.Header.Set("Content-Encoding", packed)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// asOTLPJSON is a message as exporters write it: protobuf's JSON, with hexadecimal IDs.
func asOTLPJSON(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := protojson.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := string(b)
	for _, id := range []string{traceHex, "0000000000000001", "0000000000000002", "0000000000000003", "0000000000000004", "0000000000000009"} {
		out = strings.ReplaceAll(out, base64Of(id), id)
	}
	return []byte(out)
}

// The same spans give the same records, whatever way they come.
func TestEveryWayIn(t *testing.T) {
	r, s := receiver(t, nil)
	in := apiserverSpans()
	raw, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, r)
	over := map[string]func() error{
		"gRPC": func() error {
			_, err := tracecol.NewTraceServiceClient(conn).Export(t.Context(), in)
			return err
		},
		"gRPC, packed": func() error {
			_, err := tracecol.NewTraceServiceClient(conn).Export(t.Context(), in, grpc.UseCompressor(grpcgzip.Name))
			return err
		},
		"HTTP":         func() error { return ok(post(t, r.Handler(), "/v1/traces", protobufType, "", raw)) },
		"HTTP, packed": func() error { return ok(post(t, r.Handler(), "/v1/traces", protobufType, "gzip", raw)) },
		"HTTP, JSON":   func() error { return ok(post(t, r.Handler(), "/v1/traces", jsonType, "", asOTLPJSON(t, in))) },
	}
	for name, send := range over {
		if err := send(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want(r.decode.redactor), s.take()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func ok(w *httptest.ResponseRecorder) error {
	if w.Code != http.StatusOK {
		return errors.New(w.Result().Status + " " + w.Body.String())
	}
	return nil
}

func dial(t *testing.T, r *Receiver) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.ServeGRPC(ctx, l, nil) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return conn
}

func TestLogs(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Cluster = "dev" })
	body := &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{
		text("msg", "synced with password=hunter2hunter2"), text("controllerKind", "Deployment"), text("controllerGroup", "apps"), text("name", "web"), text("namespace", "shop"),
		dict("request", text("token", "hunter2hunter2"), number("n", 3))}}}}
	line := &logspb.LogRecord{ObservedTimeUnixNano: nanos(time.Second), SeverityNumber: logspb.SeverityNumber_SEVERITY_NUMBER_ERROR, Body: body, TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000001")}
	raw, err := proto.Marshal(&logscol.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{{LogRecords: []*logspb.LogRecord{line, {Body: body}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	w := post(t, r.Handler(), "/v1/logs", protobufType, "", raw)
	var answer logscol.ExportLogsServiceResponse
	if err := proto.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.GetPartialSuccess().GetRejectedLogRecords() != 1 {
		t.Errorf("the line without a time: %v, %v", &answer, err)
	}
	got := s.take()
	if len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
	g := got[0]
	if g.Span.Form != record.FormLog || g.Span.Severity != "ERROR" || g.Span.Status != record.SpanError || !g.OccurredAt.Equal(now.Add(time.Second)) || g.Ref.Cluster != "dev" ||
		g.Ref.Resource != "deployments" || g.Ref.Group != "apps" || g.Ref.Namespace != "shop" || g.Ref.Name != "web" || !strings.HasPrefix(g.Span.Text, "synced with password=redacted:") {
		t.Errorf("got %+v %+v", g.Ref, g.Span)
	}
	if v := attributes(g.Span.Attributes).text("request.n"); v != "3" {
		t.Errorf("request.n is %q in %v", v, g.Span.Attributes)
	}
	if bytes.Contains(record.Append(nil, g), []byte("hunter2")) {
		t.Errorf("a secret is kept: %+v", g.Span)
	}
}

// Who may speak for what, and what comes of what may not.
func TestAccess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("one-token-of-prod-0123456789 prod\nmany-token-0123456789abcdef dev-*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	known, err := tokens.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	r, s := receiver(t, func(c *Config) { c.Anonymous, c.Callers = false, tokens.Callers{Tokens: known} })
	untold := apiserverSpans()
	untold.ResourceSpans = untold.ResourceSpans[:1]
	untold.ResourceSpans[0].Resource.Attributes = untold.ResourceSpans[0].Resource.Attributes[:1]
	conn := dial(t, r)
	for _, c := range []struct {
		name, token string
		in          *tracecol.ExportTraceServiceRequest
		status      int
		code        codes.Code
		kept        int
		rejected    int64
	}{
		{"nobody", "", apiserverSpans(), 401, codes.Unauthenticated, 0, 0},
		{"unknown", "wrong", apiserverSpans(), 401, codes.Unauthenticated, 0, 0},
		{"its own cluster", "one-token-of-prod-0123456789", apiserverSpans(), 200, codes.OK, 3, 0},
		{"untold, by the token", "one-token-of-prod-0123456789", untold, 200, codes.OK, 2, 0},
		{"another's", "many-token-0123456789abcdef", apiserverSpans(), 200, codes.OK, 0, 4},
		{"untold, of several", "many-token-0123456789abcdef", untold, 200, codes.OK, 0, 2},
	} {
		raw, err := proto.Marshal(c.in)
		if err != nil {
			t.Fatal(err)
		}
		w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw, "Authorization", "Bearer "+c.token)
		var answer tracecol.ExportTraceServiceResponse
		if w.Code == http.StatusOK {
			err = proto.Unmarshal(w.Body.Bytes(), &answer)
		}
		if kept := len(s.take()); err != nil || w.Code != c.status || kept != c.kept || answer.GetPartialSuccess().GetRejectedSpans() != c.rejected {
			t.Errorf("%s over HTTP: %d, %d kept, %v, %v", c.name, w.Code, kept, &answer, err)
		}
		ctx := t.Context()
		if c.token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
		}
		out, err := tracecol.NewTraceServiceClient(conn).Export(ctx, c.in)
		if kept := len(s.take()); status.Code(err) != c.code || kept != c.kept || out.GetPartialSuccess().GetRejectedSpans() != c.rejected {
			t.Errorf("%s over gRPC: %v, %d kept, %v", c.name, err, kept, out)
		}
	}
}

// What can not be taken now is asked for again; what never can is not.
func TestRefusals(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.MaxBytes = 2000 })
	raw, err := proto.Marshal(apiserverSpans())
	if err != nil {
		t.Fatal(err)
	}
	large := append(bytes.Clone(raw), bytes.Repeat([]byte{0}, 3000)...)
	for _, c := range []struct {
		name, kind, packed string
		body               []byte
		header             []string
		fail               error
		code               int
		retry              bool
	}{
		{"busy", protobufType, "", raw, nil, &ingest.Busy{Reason: "the disk is full"}, 503, true},
		{"failed", protobufType, "", raw, nil, errors.New("no"), 503, true},
		{"text", "text/plain", "", raw, nil, nil, 415, false},
		{"zstd", protobufType, "zstd", raw, nil, nil, 415, false},
		{"no gzip", protobufType, "gzip ", raw, nil, nil, 415, false},
		{"no protobuf", protobufType, "", []byte("{}x"), nil, nil, 400, false},
		{"no JSON", jsonType, "", []byte("{"), nil, nil, 400, false},
		{"JSON with an ID in base64", jsonType, "", []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"!!"}]}]}]}`), nil, nil, 400, false},
		{"too large", protobufType, "", large, nil, nil, 413, false},
		{"too large once unpacked", protobufType, "gzip", large, nil, nil, 413, false},
		{"of a web page", protobufType, "", raw, []string{"Host", "evil.example"}, nil, 403, false},
	} {
		s.mu.Lock()
		s.fail = c.fail
		s.mu.Unlock()
		handler := r.Handler()
		if c.header != nil {
			inner := handler
			handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { req.Host = c.header[1]; inner.ServeHTTP(w, req) })
		}
		w := post(t, handler, "/v1/traces", c.kind, c.packed, c.body)
		if w.Code != c.code || (w.Header().Get("Retry-After") != "") != c.retry {
			t.Errorf("%s: %d %q", c.name, w.Code, w.Header())
		}
		if n := len(s.take()); n != 0 {
			t.Errorf("%s: %d records kept", c.name, n)
		}
	}
	s.fail = &ingest.Busy{Reason: "the disk is full"}
	if _, err := tracecol.NewTraceServiceClient(dial(t, r)).Export(t.Context(), apiserverSpans()); status.Code(err) != codes.Unavailable {
		t.Errorf("busy over gRPC: %v", err)
	}
	for range cap(r.room) {
		r.enter()
	}
	if w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw); w.Code != http.StatusTooManyRequests {
		t.Errorf("with no place left: %d", w.Code)
	}
}

func TestBadSpansAreRefused(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Keep = keepAll; c.Cluster = "c" })
	good := func() *tracepb.Span {
		return &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000001"), StartTimeUnixNano: nanos(0)}
	}
	for name, spoil := range map[string]func(*tracepb.Span){
		"no trace ID": func(s *tracepb.Span) { s.TraceId = nil }, "a zero trace ID": func(s *tracepb.Span) { s.TraceId = make([]byte, 16) },
		"a short span ID": func(s *tracepb.Span) { s.SpanId = s.SpanId[:7] }, "no time": func(s *tracepb.Span) { s.StartTimeUnixNano = 0 },
		"a time ahead": func(s *tracepb.Span) { s.StartTimeUnixNano = nanos(2 * time.Hour) }, "a time beyond all": func(s *tracepb.Span) { s.StartTimeUnixNano = 1 << 63 },
	} {
		bad := good()
		spoil(bad)
		in := &tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{bad, good()}}}}}}
		raw, err := proto.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw)
		var answer tracecol.ExportTraceServiceResponse
		if err := proto.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.GetPartialSuccess().GetRejectedSpans() != 1 || len(s.take()) != 1 {
			t.Errorf("%s: %v %v", name, &answer, err)
		}
	}
}

// The listener stops when its context ends, with what is under way stored.
func TestServeHTTPStops(t *testing.T) {
	r, s := receiver(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.ServeHTTP(ctx, l) }()
	raw, err := proto.Marshal(apiserverSpans())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post("http://"+l.Addr().String()+"/v1/traces", protobufType, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK || len(s.take()) != 3 {
		t.Errorf("%s, %v", answer.Status, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

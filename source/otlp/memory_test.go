package otlp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/ingest"
)

// held is a sink that takes nothing until it is let go.
type held struct {
	sink
	inside  chan struct{}
	proceed chan struct{}
}

func (h *held) Deliver(ctx context.Context, b ingest.Batch) error {
	h.inside <- struct{}{}
	select {
	case <-h.proceed:
		return h.sink.Deliver(ctx, b)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// throttled reports whether an exporter that keeps to OTLP comes back after an error.
func throttled(err error) bool {
	st := status.Convert(err)
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			return st.Code() == codes.ResourceExhausted
		}
	}
	return false
}

func (m *memory) now() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

func settles(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came: ", what)
		}
	}
}

// sized is a request of about so many bytes.
func sized(n int) *tracecol.ExportTraceServiceRequest {
	span := &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000001"), StartTimeUnixNano: nanos(0), Attributes: []*common.KeyValue{text("a", strings.Repeat("x", n))}}
	return &tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{span}}}}}}
}

// What all requests under way take is bounded, however they come: what does not fit is told to come back, counted, and taken once there is room.
func TestMemoryOfAll(t *testing.T) {
	const size = 256 << 10
	slow := &held{inside: make(chan struct{}, 64), proceed: make(chan struct{})}
	metrics := NewMetrics(nil)
	r, _ := receiver(t, func(c *Config) {
		c.Sink, c.Metrics, c.Keep, c.Cluster, c.Requests = slow, metrics, keepAll, "c", 64
		c.MaxBytes, c.InFlightBytes = 2*size, int(most(2*size)) // as little as may be: of such requests some fit, and not all
	})
	client := tracecol.NewTraceServiceClient(dial(t, r))
	raw, err := proto.Marshal(sized(size))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	taken, refused := 0, map[string]int{}
	count := func(protocol string, isTaken, isThrottled bool, said any) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case isTaken:
			taken++
		case isThrottled:
			refused[protocol]++
		default:
			t.Errorf("over %s: %v", protocol, said)
		}
	}
	for range 32 {
		all.Go(func() {
			_, err := client.Export(t.Context(), sized(size))
			count("grpc", err == nil, throttled(err), err)
		})
		all.Go(func() {
			w := post(t, r.Handler(), "/v1/traces", protobufType, "gzip", raw)
			count("http", w.Code == http.StatusOK, w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "1", w)
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	settles(t, "that some wait for the sink and the others are refused", func() bool {
		if now := r.memory.now(); now > r.memory.bytes {
			t.Fatalf("%d of %d bytes", now, r.memory.bytes)
		}
		mu.Lock()
		defer mu.Unlock()
		return len(slow.inside) > 0 && len(slow.inside)+refused["grpc"]+refused["http"] == 64
	})
	if now := testutil.ToFloat64(metrics.bytes); now < size || int64(now) != r.memory.now() {
		t.Errorf("the metric says %v bytes of %d", now, r.memory.now())
	}
	close(slow.proceed)
	<-done
	if taken == 0 || refused["grpc"] == 0 || refused["http"] == 0 || len(slow.take()) != taken {
		t.Errorf("%d taken, refused %v", taken, refused)
	}
	for protocol, n := range refused {
		if got := testutil.ToFloat64(metrics.requests.WithLabelValues("traces", protocol, outcomeOverload)); int(got) != n {
			t.Errorf("%v refusals over %s are counted of %d", got, protocol, n)
		}
	}
	settles(t, "that all memory is given back", func() bool { return r.memory.now() == 0 })
	if _, err := client.Export(t.Context(), sized(size)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// stalled opens a call that sends nothing. What it is answered comes from the channel.
func stalled(ctx context.Context, t *testing.T, conn *grpc.ClientConn) <-chan error {
	t.Helper()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, exportTraces)
	if err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- stream.RecvMsg(&tracecol.ExportTraceServiceResponse{}) }()
	return answer
}

// Senders that open calls and send nothing take no more room than there is, and give it back when they go.
func TestStalledCalls(t *testing.T) {
	r, _ := receiver(t, func(c *Config) { c.MaxBytes, c.InFlightBytes = 1<<20, int(most(1<<20)) })
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	conns := []*grpc.ClientConn{dial(t, r), dial(t, r)} // of each a few calls at once
	fits := int(r.memory.bytes / (bodyTwice << 20))
	for i := range fits {
		stalled(ctx, t, conns[i/maxStreams])
	}
	settles(t, "that all room is taken", func() bool { return r.memory.now() == r.memory.bytes })
	if err := <-stalled(t.Context(), t, conns[1]); !throttled(err) {
		t.Errorf("beyond the room: %v", err)
	}
	raw, err := proto.Marshal(sized(readStep))
	if err != nil {
		t.Fatal(err)
	}
	if w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw); w.Code != http.StatusTooManyRequests {
		t.Errorf("beyond the room, over HTTP: %d %s", w.Code, w.Body)
	}
	leave()
	settles(t, "that the room is given back", func() bool { return r.memory.now() == 0 })
}

// A sender that stays and sends nothing loses its room after a while.
func TestStalledCallEnds(t *testing.T) {
	r, _ := receiver(t, nil)
	r.readWithin = 100*time.Millisecond - deliverWithin
	if err := <-stalled(t.Context(), t, dial(t, r)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("%v", err)
	}
	settles(t, "that the room is given back", func() bool { return r.memory.now() == 0 })
}

// A claim that is given back with its call is taken up by nobody.
func TestClaim(t *testing.T) {
	m := &memory{bytes: 10}
	a, b := m.claim(), m.claim()
	if !a.becomes(6) || b.becomes(5) || !b.more(4) || !a.hold() {
		t.Fatal(m.used)
	}
	a.letGo()
	if m.used != 10 {
		t.Errorf("%d bytes while the handler holds them", m.used)
	}
	if a.letGo(); m.used != 4 || a.hold() || a.more(1) {
		t.Errorf("%d bytes when nobody does", m.used)
	}
}

// Whoever asks for more of one claim at once gets all of it.
func TestClaimAtOnce(t *testing.T) {
	const askers, times = 8, 50_000
	m := &memory{bytes: askers * times}
	c := m.claim()
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for range times {
				if !c.more(1) {
					t.Error("no room")
				}
			}
		})
	}
	if all.Wait(); c.has != askers*times || m.used != c.has {
		t.Errorf("the claim has %d of %d asked for, the memory says %d", c.has, askers*times, m.used)
	}
	if c.letGo(); m.used != 0 {
		t.Errorf("%d bytes are left", m.used)
	}
}

// Less than one request may take would refuse it for ever.
func TestMemorySettings(t *testing.T) {
	if err := (Settings{InFlightBytes: 64 << 20}).Check(); err == nil || !strings.Contains(err.Error(), "otlp.inFlightBytes") {
		t.Error(err)
	}
	if err := errors.Join((Settings{}).Check(), (Settings{InFlightBytes: 64 << 20, MaxBytes: 1 << 20}).Check(), (Settings{MaxBytes: 64 << 20}).Check()); err != nil {
		t.Error(err)
	}
	if s := (Settings{MaxBytes: 64 << 20}).withDefaults(); int64(s.InFlightBytes) < most(s.MaxBytes) {
		t.Errorf("the default of %d is less than one request may take", s.InFlightBytes)
	}
}

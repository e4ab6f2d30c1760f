package otlp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// within wraps bytes as field 1 of a message, field 2 of that, and so on.
func within(body []byte, fields ...protowire.Number) []byte {
	for _, n := range fields {
		body = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), body)
	}
	return body
}

// Two bytes of a body must not become hundreds of memory: a few kilobytes of gzip would then be gigabytes.
func TestManySmallParts(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Cluster = "c" })
	const size = 7 << 20
	empty := func(field protowire.Number, size int) []byte {
		return bytes.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), nil), size/2)
	}
	jsonOf := func(part string) []byte {
		return []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Repeat(part+",", size/(len(part)+1)) + part + `]}]}]}`)
	}
	for name, c := range map[string]struct {
		kind string
		body []byte
	}{
		"resources":  {protobufType, empty(1, size)},
		"spans":      {protobufType, within(empty(2, size), 2, 1)},
		"events":     {protobufType, within(empty(11, size), 2, 2, 1)},
		"attributes": {protobufType, within(empty(9, size), 2, 2, 1)},
		"values":     {protobufType, within(empty(1, size), 5, 2, 9, 2, 2, 1)},
		"JSON spans": {jsonType, jsonOf("{}")},
		"JSON lists": {jsonType, jsonOf("[]")},
	} {
		var code int
		took := allocated(func() { code = post(t, r.Handler(), "/v1/traces", c.kind, "gzip", c.body).Code })
		if code != http.StatusRequestEntityTooLarge || took > 128<<20 {
			t.Errorf("%s: %d, and %d MiB for %d", name, code, took>>20, len(c.body)>>20)
		}
	}
	body := within(empty(2, 3<<20), 2, 1)
	conn := dial(t, r)
	took := allocated(func() {
		err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export", body, &tracecol.ExportTraceServiceResponse{}, grpc.ForceCodecV2(asItIs{}))
		if err == nil || status.Code(err) == codes.Unavailable {
			t.Errorf("over gRPC: %v", err)
		}
	})
	if took > 128<<20 {
		t.Errorf("over gRPC: %d MiB for %d", took>>20, len(body)>>20)
	}
	// What exporters really send, as large as it may be, is taken.
	one, err := proto.Marshal(apiserverSpans())
	if err != nil {
		t.Fatal(err)
	}
	raw := bytes.Repeat(one, size/len(one)) // which is a message of that many resources
	if w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw); w.Code != http.StatusOK || len(s.take()) == 0 {
		t.Errorf("large and honest: %d %s", w.Code, w.Body)
	}
}

// asItIs sends bytes.
type asItIs struct{}

func (asItIs) Name() string { return "proto" }
func (asItIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}
func (asItIs) Unmarshal(data mem.BufferSlice, v any) error {
	return encoding.GetCodecV2("proto").Unmarshal(data, v)
}

// What a resource says is kept with each of its spans, and many small spans must not multiply it without bound.
func TestOneResourceOfManySpans(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Cluster = "c" })
	res := &resourcepb.Resource{Attributes: []*common.KeyValue{text("k8s.pod.name", "p")}}
	for i := range 31 {
		res.Attributes = append(res.Attributes, text(fmt.Sprintf("a%d", i), strings.Repeat("x", 2000)))
	}
	rs := &tracepb.ResourceSpans{Resource: res, ScopeSpans: []*tracepb.ScopeSpans{{}}}
	for i := range 20_000 {
		rs.ScopeSpans[0].Spans = append(rs.ScopeSpans[0].Spans, &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: []byte(fmt.Sprintf("%08d", i)), StartTimeUnixNano: nanos(0)})
	}
	raw, err := proto.Marshal(&tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{rs}})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	got, size := s.take(), 0
	for _, rec := range got {
		size += len(record.Append(nil, rec))
	}
	if len(got) != 20_000 || size > 100<<20 {
		t.Errorf("%d spans and %d MiB of %d KiB", len(got), size>>20, len(raw)>>10)
	}
	if first, last := got[0].Span, got[len(got)-1].Span; len(first.Resource) != 32 || len(last.Resource) != 0 || last.Flags&record.SpanAttributesCut == 0 {
		t.Errorf("the first has %d attributes of its resource, the last %d, flags %b", len(first.Resource), len(last.Resource), last.Flags)
	}
}

type panicking struct{ sink }

func (*panicking) Deliver(context.Context, ingest.Batch) error { panic("no") }

// What goes wrong with one request ends that request, over gRPC as over HTTP, and its place is free again.
func TestPanicEndsOneCall(t *testing.T) {
	r, _ := receiver(t, func(c *Config) { c.Sink = &panicking{} })
	client := tracecol.NewTraceServiceClient(dial(t, r))
	for range 2 * cap(r.room) {
		if _, err := client.Export(t.Context(), apiserverSpans()); status.Code(err) != codes.Internal {
			t.Fatalf("%v", err)
		}
	}
}

// A sender that stops in the middle of a body that is refused already does not keep its connection.
func TestStalledBody(t *testing.T) {
	r, _ := receiver(t, nil)
	r.readWithin, r.answerWithin = 100*time.Millisecond, 100*time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.ServeHTTP(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Encoding: gzip\r\nContent-Length: 1000\r\n\r\nthis is not gzip", protobufType); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("%v %v", answer, err)
	} else if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A clock that was never set, or an end that is no end, would stretch what every answer spans.
func TestTimesThatAreNone(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Keep, c.Cluster = keepAll, "c" })
	for name, c := range map[string]struct{ start, end uint64 }{
		"1970": {1, 2}, "1999": {uint64(time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC).UnixNano()), nanos(0)}, "an end ahead": {nanos(0), nanos(2 * time.Hour)},
	} {
		span := &tracepb.Span{TraceId: bytesOf(traceHex), SpanId: bytesOf("0000000000000001"), StartTimeUnixNano: c.start, EndTimeUnixNano: c.end}
		raw, err := proto.Marshal(&tracecol.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{span}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		w := post(t, r.Handler(), "/v1/traces", protobufType, "", raw)
		var answer tracecol.ExportTraceServiceResponse
		if err := proto.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.GetPartialSuccess().GetRejectedSpans() != 1 || len(s.take()) != 0 {
			t.Errorf("%s: %v %v", name, &answer, err)
		}
	}
}

// Protobuf's JSON lets null stand for what is not there.
func TestNullIDs(t *testing.T) {
	r, s := receiver(t, func(c *Config) { c.Keep, c.Cluster = keepAll, "c" })
	body := fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":%q,"spanId":"0000000000000001","parentSpanId":null,"startTimeUnixNano":"%d"}]}]}]}`, traceHex, nanos(0))
	if w := post(t, r.Handler(), "/v1/traces", jsonType, "", []byte(body)); w.Code != http.StatusOK || len(s.take()) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

package otlp

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/kubewake/kubewake/trace"
)

func example() *trace.Trace {
	begin := time.Date(2026, 11, 20, 14, 3, 5, 123456789, time.UTC)
	return &trace.Trace{ID: trace.ID{0x11, 2, 15: 3}, Spans: []trace.Span{
		{ID: trace.SpanID{1}, Service: "deployments", Name: "shop/web", Start: begin, End: begin.Add(time.Minute), Failed: true, Status: "409 Conflict",
			Attrs: []trace.Attr{{Key: "cluster", Value: "east"}, {Key: "records", Value: int64(3)}, {Key: "x", Value: 1.5}, {Key: "y", Value: true},
				{Key: "a \"quoted\" <key>\n", Value: "é\x00\u2028"}, {Key: "tiny", Value: 1e-300}, {Key: "inf", Value: math.Inf(-1)}, {Key: "other", Value: []int{1}}},
			Events: []trace.Event{{At: begin.Add(time.Second), Name: "update", Attrs: []trace.Attr{{Key: "code", Value: int64(409)}}}},
			Links:  []trace.Link{{Trace: trace.ID{0x11, 9}, Span: trace.SpanID{7}, Attrs: []trace.Attr{{Key: "why", Value: "more"}}}}},
		{ID: trace.SpanID{2}, Parent: trace.SpanID{1}, Service: "replicasets", Name: "shop/web-1", Start: begin, End: begin},
		{ID: trace.SpanID{3}, Parent: trace.SpanID{1}, Service: "deployments", Name: "update", Start: begin, End: begin},
	}}
}

func TestEncode(t *testing.T) {
	got := Encode(example())
	if n := len(got.ResourceSpans); n != 2 {
		t.Fatalf("%d services, want 2", n)
	}
	spans := got.ResourceSpans[0].ScopeSpans[0].Spans
	if len(spans) != 2 || spans[1].Name != "update" {
		t.Fatalf("spans of deployments: %v", spans)
	}
	first := spans[0]
	if first.Flags != 0 || len(first.ParentSpanId) != 0 || first.Status.Code != tracepb.Status_STATUS_CODE_ERROR {
		t.Errorf("first span: flags %d, parent %x, status %v", first.Flags, first.ParentSpanId, first.Status)
	}
	if got.ResourceSpans[1].ScopeSpans[0].Spans[0].Status != nil {
		t.Error("a span that did not fail has a status")
	}
	deterministic := proto.MarshalOptions{Deterministic: true}
	if a, err := deterministic.Marshal(got); err != nil || len(a) == 0 {
		t.Errorf("marshal: %d bytes, %v", len(a), err)
	}
}

// TestJSONIsTheSame: read back as protobuf's own JSON (IDs in base64), our JSON is what Encode gives.
func TestJSONIsTheSame(t *testing.T) {
	b, err := JSON(example())
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	toBytes(t, doc)
	if b, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	var got tracepb.TracesData
	if err := protojson.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Encode(example()), &got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

// toBytes turns hexadecimal IDs into the base64 that protobuf reads.
func toBytes(t *testing.T, v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			toBytes(t, item)
		}
	case map[string]any:
		for key, item := range v {
			if key != "traceId" && key != "spanId" && key != "parentSpanId" {
				toBytes(t, item)
				continue
			}
			b, err := hex.DecodeString(item.(string))
			if err != nil {
				t.Errorf("%s: %v", key, err)
			}
			v[key] = b
		}
	}
}

// What is no UTF-8 is replaced: protobuf would refuse the whole trace for it.
func TestForeignText(t *testing.T) {
	const bad = "a\xffb"
	attrs := []trace.Attr{{Key: bad, Value: bad}}
	in := &trace.Trace{ID: trace.ID{1}, Spans: []trace.Span{{ID: trace.SpanID{1}, Service: bad, Name: bad, Failed: true, Status: bad, Attrs: attrs,
		Events: []trace.Event{{Name: bad, Attrs: attrs}}, Links: []trace.Link{{Attrs: attrs}}}}}
	b, err := proto.Marshal(Encode(in))
	if err != nil {
		t.Fatal(err)
	}
	var back tracepb.TracesData
	if err := proto.Unmarshal(b, &back); err != nil || back.ResourceSpans[0].ScopeSpans[0].Spans[0].Name != "a\ufffdb" {
		t.Errorf("%v: %v", err, &back)
	}
	if b, err := JSON(in); err != nil || !json.Valid(b) || !utf8.Valid(b) {
		t.Errorf("%q %v", b, err)
	}
}

func TestFarTimes(t *testing.T) {
	for at, want := range map[time.Time]uint64{
		{}: 0, time.Unix(0, 0): 0, time.Unix(-1, 0): 0, time.Unix(1, 5): 1e9 + 5, time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC): 0, time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC): 0,
		time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC): math.MaxInt64, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC): math.MaxInt64,
	} {
		if got := nanos(at); got != want {
			t.Errorf("%s: %d, want %d", at, got, want)
		}
	}
}

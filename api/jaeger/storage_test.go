package jaeger_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/api/jaeger/storagepb"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/trace"
)

// storing serves jaeger.storage.v2 until the test ends, and gives its address.
func storing(t testing.TB, c jaeger.Config) string {
	t.Helper()
	face, err := jaeger.New(c)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	face.RegisterStorage(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }() // ends with Stop below
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) { // a short test may end before it has begun
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, c jaeger.Config) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(storing(t, c), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// receive reads a stream of spans to its end.
func receive(t *testing.T, stream grpc.ServerStreamingClient[tracepb.TracesData], err error) ([]*tracepb.TracesData, error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var list []*tracepb.TracesData
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		list = append(list, message)
	}
}

func spansOf(messages ...*tracepb.TracesData) (spans []*tracepb.Span) {
	for _, m := range messages {
		for _, r := range m.ResourceSpans {
			for _, s := range r.ScopeSpans {
				spans = append(spans, s.Spans...)
			}
		}
	}
	return spans
}

// large is a trace of n spans, each with a text of some bytes.
func large(n, bytes int) *engine.Trace {
	t := &engine.Trace{Trace: trace.Trace{ID: idOf(1000 + n)}}
	for i := range n {
		s := trace.Span{ID: spanID(i + 1), Service: []string{"pods", "jobs"}[i*2/n], Name: fmt.Sprintf("shop/%d", i), Start: at(i), End: at(i + 1),
			Attrs: []trace.Attr{{Key: "snapshot", Value: strings.Repeat("x", bytes)}}}
		if i > 0 {
			s.Parent = spanID(1)
		}
		t.Spans = append(t.Spans, s)
	}
	return t
}

func TestGetTraces(t *testing.T) {
	first, second := story(1), story(2)
	client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: newFake(first, second)}))
	unknown := idOf(77)
	stream, err := client.GetTraces(t.Context(), &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{
		{TraceId: second.ID[:], StartTime: timestamppb.New(time.Time{}), EndTime: timestamppb.New(time.Time{})}, {TraceId: unknown[:]}, {TraceId: first.ID[:]}}})
	got, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(spansOf(got[0])) != 3 || !slices.Equal(spansOf(got[0])[0].TraceId, second.ID[:]) || !slices.Equal(spansOf(got[1])[0].TraceId, first.ID[:]) {
		t.Errorf("answered %v", got)
	}
	root := spansOf(got[0])[0]
	if last := root.Attributes[len(root.Attributes)-1]; last.Key != "@jaeger@warnings" || len(last.Value.GetArrayValue().GetValues()) != 2 {
		t.Errorf("the notes are not on the root: %v", last)
	}
	for name, id := range map[string][]byte{"short": {1, 2, 3}, "none": nil} {
		stream, err := client.GetTraces(t.Context(), &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{{TraceId: id}}})
		if _, err := receive(t, stream, err); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s ID: %v", name, err)
		}
	}
}

// A large trace comes in several messages, each below what clients take, in order and whole.
func TestLargeTraces(t *testing.T) {
	for least, big := range map[int]*engine.Trace{8: large(10_000, 2000), 3: large(2, 3<<20-1000), 2: large(3, 3<<20), 14: large(40, 900<<10)} {
		f := newFake(big, story(1))
		client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: f, SearchSpans: 1 << 20}))
		stream, err := client.FindTraces(t.Context(), &storagepb.FindTracesRequest{Query: &storagepb.TraceQueryParameters{ServiceName: "tracing"}})
		got, err := receive(t, stream, err)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i, message := range got {
			if n := proto.Size(message); n > 4<<20 {
				t.Errorf("a message has %d bytes", n)
			}
			spans := spansOf(message)
			if len(spans) == 0 {
				t.Errorf("message %d is empty", i)
			}
			for _, s := range spans {
				if !slices.Equal(s.TraceId, spans[0].TraceId) {
					t.Fatalf("message %d has spans of two traces", i)
				}
				if slices.Equal(s.TraceId, big.ID[:]) {
					names = append(names, s.Name)
				}
			}
		}
		var want []string
		for _, s := range big.Spans {
			want = append(want, s.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("spans (-want +got):\n%s", diff)
		}
		if len(got) < least {
			t.Errorf("%d messages, not %d", len(got), least)
		}
	}
}

// A span that is too large for any message is shortened, and says so.
func TestHugeSpan(t *testing.T) {
	huge := large(1, 10)
	span := &huge.Spans[0]
	for i := range 5000 {
		span.Events = append(span.Events, trace.Event{At: at(i), Name: "update", Attrs: []trace.Attr{{Key: "diff", Value: strings.Repeat("é", 40_000)}}})
	}
	client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: newFake(huge)}))
	stream, err := client.GetTraces(t.Context(), &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{{TraceId: huge.ID[:]}}})
	got, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	root := spansOf(got...)[0]
	note := root.Attributes[len(root.Attributes)-1]
	if note.Key != "kubewake.cut" || !strings.Contains(note.Value.GetStringValue(), "of 5000 events") || len(root.Events) == 0 {
		t.Errorf("%d events, last tag %v", len(root.Events), note)
	}
}

// Bytes that are no UTF-8 do not keep a trace from being sent.
func TestForeignBytes(t *testing.T) {
	bad := large(2, 10)
	bad.Notes = []string{"\xff"}
	s := &bad.Spans[1]
	s.Name, s.Status, s.Failed = "a\xffb", "\xc3", true
	s.Attrs = []trace.Attr{{Key: "k\xfe", Value: "v\xff"}}
	s.Events = []trace.Event{{Name: "\xff", Attrs: s.Attrs}}
	s.Links = []trace.Link{{Attrs: s.Attrs}}
	client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: newFake(bad)}))
	stream, err := client.GetTraces(t.Context(), &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{{TraceId: bad.ID[:]}}})
	got, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	if spans := spansOf(got...); len(spans) != 2 || spans[1].Name != "a\uFFFDb" || spans[1].Attributes[0].Key != "k\uFFFD" {
		t.Errorf("received %v", spans)
	}
}

func TestStorageSearch(t *testing.T) {
	f := newFake(story(1), story(2))
	f.found.Cut = "limit of 2 objects, öfter"
	client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: f}))
	text := func(s string) *storagepb.AnyValue {
		return &storagepb.AnyValue{Value: &storagepb.AnyValue_StringValue{StringValue: s}}
	}
	q := &storagepb.TraceQueryParameters{ServiceName: "tracing owned", OperationName: "prod", SearchDepth: 5,
		Attributes: []*storagepb.KeyValue{
			{Key: "name", Value: text("web")},
			{Key: "error", Value: &storagepb.AnyValue{Value: &storagepb.AnyValue_BoolValue{BoolValue: true}}},
			{Key: "code", Value: &storagepb.AnyValue{Value: &storagepb.AnyValue_IntValue{IntValue: 409}}},
		},
		StartTimeMin: timestamppb.New(at(0)), StartTimeMax: timestamppb.New(time.Time{}), DurationMin: durationpb.New(time.Second)}
	var trailer metadata.MD
	ids, err := client.FindTraceIDs(t.Context(), &storagepb.FindTraceIDsRequest{Query: q}, grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	first := idOf(1)
	if len(ids.TraceIds) != 2 || !slices.Equal(ids.TraceIds[0].TraceId, first[:]) {
		t.Errorf("IDs: %v", ids)
	}
	if got := trailer.Get("kubewake-cut"); len(got) != 1 || !strings.HasPrefix(got[0], "limit of 2 objects") {
		t.Errorf("what was cut is not said: %v", trailer)
	}
	want := query.Traces{Cluster: "prod", Mode: "tracing", Modifier: "owned", Window: query.Window{From: at(0)},
		Tags: map[string]string{"name": "web", "error": "true", "code": "409"}, MinDuration: time.Second, Limit: 5}
	if diff := cmp.Diff(any(want), f.asked[0]); diff != "" {
		t.Errorf("question (-want +got):\n%s", diff)
	}
	stream, err := client.FindTraceSummaries(t.Context(), &storagepb.FindTraceSummariesRequest{Query: &storagepb.TraceQueryParameters{}})
	if err != nil {
		t.Fatal(err)
	}
	summaries, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if s := summaries.Summaries[0]; s.RootServiceName != "deployments" || s.RootOperationName != "shop/web0" || s.SpanCount != 12 || s.ErrorSpanCount != 1 || s.MinStartTimeUnixNano != uint64(at(0).UnixNano()) {
		t.Errorf("summary: %v", s)
	}
}

func TestStorageErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		ask  func(context.Context, *grpc.ClientConn) error
		code codes.Code
		want string
	}{
		{"unknown service", nil, search(&storagepb.TraceQueryParameters{ServiceName: "deployments"}), codes.InvalidArgument, "there are: tracing"},
		{"filter", nil, search(&storagepb.TraceQueryParameters{Filter: &storagepb.Call{}}), codes.InvalidArgument, "structured filters"},
		{"page", nil, search(&storagepb.TraceQueryParameters{Pagination: &storagepb.Pagination{PageToken: "x"}}), codes.InvalidArgument, "page_token"},
		{"tag", nil, search(&storagepb.TraceQueryParameters{Attributes: []*storagepb.KeyValue{{Key: "a"}}}), codes.InvalidArgument, "attribute a"},
		{"too much", engine.Errorf(engine.KindTooMuch, "cost"), search(&storagepb.TraceQueryParameters{}), codes.ResourceExhausted, "cost"},
		{"ours", errors.New("disk /var/secret"), search(&storagepb.TraceQueryParameters{}), codes.Internal, "internal error; kubewake's log says more"},
		{"slow", context.DeadlineExceeded, search(&storagepb.TraceQueryParameters{}), codes.DeadlineExceeded, "took too long"},
		{"unknown cluster", nil, search(&storagepb.TraceQueryParameters{OperationName: "nowhere"}), codes.OK, ""},
		{"spans", nil, func(ctx context.Context, c *grpc.ClientConn) error {
			stream, err := storagepb.NewTraceReaderClient(c).FindSpans(ctx, &storagepb.FindSpansRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}, codes.Unimplemented, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(story(1))
			f.err = tc.err
			err := tc.ask(t.Context(), dial(t, jaeger.Config{Engine: f}))
			if status.Code(err) != tc.code || !strings.Contains(status.Convert(err).Message(), tc.want) {
				t.Errorf("%v, want %s %q", err, tc.code, tc.want)
			}
		})
	}
}

func search(q *storagepb.TraceQueryParameters) func(context.Context, *grpc.ClientConn) error {
	return func(ctx context.Context, c *grpc.ClientConn) error {
		_, err := storagepb.NewTraceReaderClient(c).FindTraceIDs(ctx, &storagepb.FindTraceIDsRequest{Query: q})
		return err
	}
}

// Who waits only so long learns in time why there is no answer.
func TestDeadline(t *testing.T) {
	f := newFake(story(1))
	f.wait = time.Minute
	client := storagepb.NewTraceReaderClient(dial(t, jaeger.Config{Engine: f}))
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	id := idOf(1)
	stream, err := client.GetTraces(ctx, &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{{TraceId: id[:]}}})
	if _, err := receive(t, stream, err); status.Code(err) != codes.DeadlineExceeded || !strings.Contains(err.Error(), "ask for a shorter time") {
		t.Errorf("answered %v", err)
	}
}

func TestStorageRest(t *testing.T) {
	conn := dial(t, jaeger.Config{Engine: newFake()})
	services, err := storagepb.NewTraceReaderClient(conn).GetServices(t.Context(), &storagepb.GetServicesRequest{})
	if err != nil || !slices.Equal(services.Services, []string{"tracing", "tracing owned", "timeline"}) {
		t.Errorf("services: %v %v", services, err)
	}
	operations, err := storagepb.NewTraceReaderClient(conn).GetOperations(t.Context(), &storagepb.GetOperationsRequest{Service: "timeline"})
	if err != nil || len(operations.Operations) != 2 || operations.Operations[0].Name != "prod" {
		t.Errorf("operations: %v %v", operations, err)
	}
	graph, err := storagepb.NewDependencyReaderClient(conn).GetDependencies(t.Context(), &storagepb.GetDependenciesRequest{StartTime: timestamppb.New(at(0))})
	if err != nil || len(graph.Dependencies) != 2 || graph.Dependencies[1].CallCount != 14 {
		t.Errorf("dependencies: %v %v", graph, err)
	}
	capabilities, err := storagepb.NewCapabilitiesClient(conn).GetCapabilities(t.Context(), &storagepb.GetCapabilitiesRequest{})
	if err != nil || !capabilities.Search.WithoutServiceName || capabilities.Search.SpanSearch {
		t.Errorf("capabilities: %v %v", capabilities, err)
	}
}

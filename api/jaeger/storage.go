package jaeger

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kubewake/kubewake/api/jaeger/storagepb"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// storage is jaeger.storage.v2. FindSpans, which is about single spans, is not served: Jaeger is told so by the capabilities.
type storage struct {
	storagepb.UnimplementedTraceReaderServer
	storagepb.UnimplementedDependencyReaderServer
	storagepb.UnimplementedCapabilitiesServer

	face *Face
}

// RegisterStorage puts jaeger.storage.v2 on a gRPC server: TraceReader, DependencyReader and Capabilities.
func (f *Face) RegisterStorage(server grpc.ServiceRegistrar) {
	s := &storage{face: f}
	storagepb.RegisterTraceReaderServer(server, s)
	storagepb.RegisterDependencyReaderServer(server, s)
	storagepb.RegisterCapabilitiesServer(server, s)
}

// cutKey is the trailing metadata that says what a limit left out; Jaeger's messages have no place for it.
const cutKey = "kubewake-cut"

// ask runs one question in its turn, and answers a little before the asker stops waiting, so that it learns why.
func (s *storage) ask(ctx context.Context, what string, question func(context.Context) error) error {
	ctx, leave, err := s.face.enter(ctx)
	if err != nil {
		return s.face.grpcError(what, err)
	}
	defer leave()
	if deadline, ok := ctx.Deadline(); ok {
		early := min(500*time.Millisecond, time.Until(deadline)/5)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-early))
		defer cancel()
	}
	return s.face.grpcError(what, question(ctx))
}

func (s *storage) GetServices(ctx context.Context, _ *storagepb.GetServicesRequest) (*storagepb.GetServicesResponse, error) {
	out := &storagepb.GetServicesResponse{}
	return out, s.ask(ctx, "GetServices", func(ctx context.Context) error {
		answer, err := s.face.config.Engine.Services(ctx)
		if err == nil {
			out.Services = answer.Services
		}
		return err
	})
}

func (s *storage) GetOperations(ctx context.Context, r *storagepb.GetOperationsRequest) (*storagepb.GetOperationsResponse, error) {
	out := &storagepb.GetOperationsResponse{}
	return out, s.ask(ctx, "GetOperations", func(ctx context.Context) error {
		names, err := s.face.operationsOf(ctx, r.GetService())
		for _, name := range names {
			out.Operations = append(out.Operations, &storagepb.Operation{Name: name, SpanKind: "internal"})
		}
		return err
	})
}

// GetTraces gives traces by their IDs alone; the times of a query only help those who need help.
func (s *storage) GetTraces(r *storagepb.GetTracesRequest, stream grpc.ServerStreamingServer[tracepb.TracesData]) error {
	return s.ask(stream.Context(), "GetTraces", func(ctx context.Context) error {
		if n := len(r.GetQuery()); n > maxTraceIDs {
			return badParam("%d trace IDs; %d at most", n, maxTraceIDs)
		}
		for _, q := range r.GetQuery() {
			id, err := idFromBytes(q.GetTraceId())
			if err != nil {
				return err
			}
			t, err := s.face.traceByID(ctx, id)
			if isNoTrace(err) {
				continue
			}
			if err != nil {
				return err
			}
			if err := sendTrace(t, stream.Send); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *storage) FindTraces(r *storagepb.FindTracesRequest, stream grpc.ServerStreamingServer[tracepb.TracesData]) error {
	return s.ask(stream.Context(), "FindTraces", func(ctx context.Context) error {
		q, err := searchOf(r.GetQuery())
		if err == nil && r.GetQuery().GetPagination() != nil {
			err = badParam("FindTraces has no pages; give search_depth")
		}
		if err != nil {
			return err
		}
		cut, err := s.face.findTraces(ctx, q, func(t *trace.Trace) error { return sendTrace(t, stream.Send) })
		setCut(stream.SetTrailer, cut)
		return err
	})
}

func (s *storage) FindTraceIDs(ctx context.Context, r *storagepb.FindTraceIDsRequest) (*storagepb.FindTraceIDsResponse, error) {
	out := &storagepb.FindTraceIDsResponse{}
	return out, s.ask(ctx, "FindTraceIDs", func(ctx context.Context) error {
		found, err := s.search(ctx, r.GetQuery())
		if err != nil {
			return err
		}
		for i := range found.Found {
			t := &found.Found[i]
			id, err := trace.ParseID(t.ID)
			if err != nil {
				return fmt.Errorf("result of a search: %w", err)
			}
			out.TraceIds = append(out.TraceIds, &storagepb.FoundTraceID{TraceId: id[:], Start: timestamppb.New(t.First), End: timestamppb.New(t.Last)})
		}
		setCut(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, found.Cut) // only the test of a method has no stream
		return nil
	})
}

// FindTraceSummaries answers from what the search found, without drawing any trace: it counts records of the object, not spans.
func (s *storage) FindTraceSummaries(r *storagepb.FindTraceSummariesRequest, stream grpc.ServerStreamingServer[storagepb.FindTraceSummariesResponse]) error {
	const perMessage = 500
	return s.ask(stream.Context(), "FindTraceSummaries", func(ctx context.Context) error {
		found, err := s.search(ctx, r.GetQuery())
		if err != nil {
			return err
		}
		setCut(stream.SetTrailer, found.Cut)
		for chunk := range slices.Chunk(found.Found, perMessage) {
			message := &storagepb.FindTraceSummariesResponse{}
			for i := range chunk {
				one, err := summaryOf(&chunk[i])
				if err != nil {
					return err
				}
				message.Summaries = append(message.Summaries, one)
			}
			if err := stream.Send(message); err != nil {
				return err
			}
		}
		return nil
	})
}

func summaryOf(t *engine.TraceFound) (*storagepb.TraceSummary, error) {
	id, err := trace.ParseID(t.ID)
	if err != nil {
		return nil, fmt.Errorf("result of a search: %w", err)
	}
	records, failed := int32(min(t.Records, 1<<31-1)), int32(min(t.Failed, 1<<31-1))
	return &storagepb.TraceSummary{
		TraceId: id[:], RootServiceName: t.Object.Resource, RootOperationName: nameOf(t.Object),
		MinStartTimeUnixNano: uint64(max(0, t.First.UnixNano())), MaxEndTimeUnixNano: uint64(max(0, t.Last.UnixNano())),
		SpanCount: records, ErrorSpanCount: failed,
		Services: []*storagepb.ServiceSummary{{Name: t.Object.Resource, SpanCount: records, ErrorSpanCount: failed}},
	}, nil
}

func (s *storage) GetDependencies(ctx context.Context, r *storagepb.GetDependenciesRequest) (*storagepb.GetDependenciesResponse, error) {
	out := &storagepb.GetDependenciesResponse{}
	return out, s.ask(ctx, "GetDependencies", func(ctx context.Context) error {
		window, err := windowOf(timeOf(r.GetStartTime()), timeOf(r.GetEndTime()))
		if err != nil {
			return err
		}
		answer, err := s.face.config.Engine.Dependencies(ctx, query.Dependencies{Window: window})
		if err != nil {
			return err
		}
		for _, l := range merged(answer.Links) {
			out.Dependencies = append(out.Dependencies, &storagepb.Dependency{Parent: l.Parent, Child: l.Child, CallCount: uint64(l.Count), Source: "kubewake"})
		}
		setCut(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, strings.Join(notEmpty(answer.Cut, answer.Pending), "; ")) // as above
		return nil
	})
}

// GetCapabilities: a search needs no service, the tags of one may be met by different records, and the rest is as in the beginning.
func (s *storage) GetCapabilities(context.Context, *storagepb.GetCapabilitiesRequest) (*storagepb.GetCapabilitiesResponse, error) {
	return &storagepb.GetCapabilitiesResponse{Search: &storagepb.SearchCapabilities{WithoutServiceName: true}}, nil
}

func (s *storage) search(ctx context.Context, p *storagepb.TraceQueryParameters) (*engine.Traces, error) {
	q, err := searchOf(p)
	if err != nil {
		return nil, err
	}
	return s.face.find(ctx, q)
}

// searchOf reads the parameters of a search.
func searchOf(p *storagepb.TraceQueryParameters) (q query.Traces, err error) {
	if p.GetFilter() != nil {
		return q, badParam("structured filters are not served here; give attributes, where cel takes an expression")
	}
	if p.GetPagination().GetPageToken() != "" {
		return q, badParam("page_token: this storage gives none")
	}
	q.Mode, q.Modifier = modeOf(p.GetServiceName())
	q.Cluster = record.Cluster(p.GetOperationName())
	q.Tags = map[string]string{}
	for _, a := range p.GetAttributes() {
		if q.Tags[a.GetKey()], err = textOf(a.GetValue()); err != nil {
			return q, badParam("attribute %s: %v", a.GetKey(), err)
		}
	}
	if q.Window, err = windowOf(timeOf(p.GetStartTimeMin()), timeOf(p.GetStartTimeMax())); err != nil {
		return q, err
	}
	q.MinDuration, q.MaxDuration = p.GetDurationMin().AsDuration(), p.GetDurationMax().AsDuration()
	q.Limit = int(p.GetSearchDepth())
	if size := p.GetPagination().GetPageSize(); size > 0 {
		q.Limit = int(min(size, maxResults))
	}
	return q, nil
}

// timeOf gives the zero time for one that is absent or not valid; windowOf takes those of year 1 as unset.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if !t.IsValid() {
		return time.Time{}
	}
	return t.AsTime()
}

// textOf writes a value as the tags of a search are written.
func textOf(v *storagepb.AnyValue) (string, error) {
	switch v := v.GetValue().(type) {
	case *storagepb.AnyValue_StringValue:
		return v.StringValue, nil
	case *storagepb.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue), nil
	case *storagepb.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10), nil
	case *storagepb.AnyValue_DoubleValue:
		return strconv.FormatFloat(v.DoubleValue, 'g', -1, 64), nil
	}
	return "", badParam("a search takes strings, numbers and booleans")
}

// setCut says in the trailing metadata what was left out. Header values are ASCII.
func setCut(set func(metadata.MD), cut string) {
	if cut == "" {
		return
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, cut)
	set(metadata.Pairs(cutKey, ascii))
}

// sendTrace sends a trace in as many messages as it takes.
func sendTrace(t *trace.Trace, send func(*tracepb.TracesData) error) error {
	for _, message := range messages(t, maxMessage) {
		if err := send(message); err != nil {
			return err
		}
	}
	return nil
}

// warn puts the notes where Jaeger looks for warnings.
func warn(span *tracepb.Span, notes []string) {
	list := make([]*commonpb.AnyValue, len(notes))
	for i, note := range notes {
		list[i] = &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: note}}
	}
	span.Attributes = append(span.Attributes, &commonpb.KeyValue{Key: warningsAttr,
		Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: list}}}})
}

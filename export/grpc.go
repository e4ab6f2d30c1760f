package export

import (
	"context"
	"fmt"
	"strings"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/internal/tlsfiles"
)

const exportMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// grpcSender speaks OTLP over gRPC.
type grpcSender struct {
	conn    *grpc.ClientConn
	headers headers
	options []grpc.CallOption
}

func newGRPC(t Target, h headers, dialer *tlsfiles.Dialer) (*grpcSender, error) {
	host, _, _ := t.split()
	creds := insecure.NewCredentials()
	if dialer != nil {
		name := host
		if i := strings.LastIndexByte(host, ':'); i > 0 {
			name = strings.Trim(host[:i], "[]")
		}
		creds = credentials.NewTLS(dialer.Config(name))
	}
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(creds), grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("kubewake"), grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 5 * time.Minute, Timeout: 20 * time.Second}))
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: %w", t.Endpoint, err)
	}
	s := &grpcSender{conn: conn, headers: h, options: []grpc.CallOption{grpc.ForceCodec(frozen{}), grpc.MaxCallRecvMsgSize(maxAnswer)}}
	if t.Compression == gzipWord {
		s.options = append(s.options, grpc.UseCompressor(gzip.Name))
	}
	return s, nil
}

func (s *grpcSender) Close() { _ = s.conn.Close() } // only calls under way could mind

func (s *grpcSender) send(ctx context.Context, body []byte) (partial, error) {
	for _, h := range s.headers {
		ctx = metadata.AppendToOutgoingContext(ctx, strings.ToLower(h.name), h.now())
	}
	var answer collectorpb.ExportTraceServiceResponse
	if err := s.conn.Invoke(ctx, exportMethod, body, &answer, s.options...); err != nil {
		return partial{}, grpcRefusal(err)
	}
	return partial{answer.GetPartialSuccess().GetRejectedSpans(), answer.GetPartialSuccess().GetErrorMessage()}, nil
}

// grpcRefusal sorts an error as OTLP says; see httpRefusal for those who do not let us in.
func grpcRefusal(err error) *refusal {
	st := status.Convert(err)
	r := &refusal{verdict: refused, err: fmt.Errorf("the receiver answers %s%s", st.Code(), said(st.Message()))}
	advice := false
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			advice, r.after = true, max(info.GetRetryDelay().AsDuration(), 0)
		}
	}
	switch st.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		r.verdict = again
	case codes.ResourceExhausted:
		switch {
		case advice:
			r.verdict = again
		case strings.Contains(st.Message(), "larger than max"): // how gRPC itself says it
			r.verdict = tooLarge
		}
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		r.verdict = denied
	}
	return r
}

// frozen is the codec of requests that are bytes already: they are sent as they were made.
type frozen struct{}

func (frozen) Name() string { return "proto" }

func (frozen) Marshal(v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("send %T: not the bytes of a request", v)
	}
	return b, nil
}

func (frozen) Unmarshal(data []byte, v any) error {
	m, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("receive %T: not a message", v)
	}
	return proto.Unmarshal(data, m)
}

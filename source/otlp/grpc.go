package otlp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	logscol "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	tracecol "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // exporters may pack what they send
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kubewake/kubewake/internal/tokens"
)

const (
	maxGRPCBytes = 4 << 20
	// maxStreams at once on one connection: exporters send one after the other.
	maxStreams   = 8
	streamWindow = 64 << 10
)

// callKey is where a call's context holds who calls, and what memory is set aside for it.
type callKey struct{}

type call struct {
	access tokens.Access
	claim  *claim
}

// ServeGRPC answers on the listener until ctx ends, then lets what is under way be stored. With config nil it speaks without TLS.
func (r *Receiver) ServeGRPC(ctx context.Context, l net.Listener, config *tls.Config) error {
	limit := r.settings.grpcLimit()
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(limit), grpc.MaxConcurrentStreams(maxStreams), grpc.MaxHeaderListSize(64 << 10), grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 5 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.InTapHandle(r.admit), // before any of the body is read
		// Of a call that is not admitted yet, or sends more than its message, no more than this is taken in.
		grpc.StaticStreamWindowSize(streamWindow), grpc.StaticConnWindowSize(maxStreams * streamWindow),
		grpc.ForceServerCodecV2(weighing{encoding.GetCodecV2(grpcproto.Name), limit}),
	}
	if config != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(r.inRoom(tracecol.TraceService_ServiceDesc, "traces"), &traceService{r: r})
	server.RegisterService(r.inRoom(logscol.LogsService_ServiceDesc, "logs"), &logsService{r: r})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }() // ends with Stop below
	select {
	case err := <-served:
		return fmt.Errorf("otlp over gRPC on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	force := time.AfterFunc(stopWithin, server.Stop) // what is cut off is not acknowledged: its sender sends again
	defer force.Stop()
	server.GracefulStop()
	if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("otlp over gRPC: %w", err)
	}
	return nil
}

// admit lets in who may send, and sets aside what a message may take before it is read: grpc holds it as it comes and unpacked. Whoever does not
// send it in time gives that back.
func (r *Receiver) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	in := &call{access: anybody(), claim: r.memory.claim()}
	signal := signalOf(info.FullMethodName)
	if !r.anonymous {
		var err error
		if in.access, err = r.callers.Identify(asRequest(ctx, info.Header)); err != nil {
			r.metrics.answered(signal, "grpc", outcomeUnauthorized, 0)
			return ctx, status.Error(codes.Unauthenticated, "not authenticated: "+err.Error())
		}
	}
	if !in.claim.becomes(int64(bodyTwice * r.settings.grpcLimit())) {
		return ctx, r.refuse(ctx, signal, in.access, overloaded(), 0)
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, callKey{}, in), r.readWithin+deliverWithin)
	context.AfterFunc(ctx, func() { // the call ends its context
		cancel()
		in.claim.letGo()
	})
	return ctx, nil
}

func signalOf(method string) string {
	switch {
	case strings.HasPrefix(method, "/"+tracecol.TraceService_ServiceDesc.ServiceName+"/"):
		return "traces"
	case strings.HasPrefix(method, "/"+logscol.LogsService_ServiceDesc.ServiceName+"/"):
		return "logs"
	}
	return ""
}

// refuse counts a call that is not taken, tells the log, and gives what the caller hears. OTLP's senders come back after RESOURCE_EXHAUSTED only
// where it says when.
func (r *Receiver) refuse(ctx context.Context, signal string, access tokens.Access, err error, took time.Duration) error {
	f := r.refusalOf(ctx, err)
	r.metrics.answered(signal, "grpc", f.outcome, took)
	r.warning.Do(func() {
		r.log.Warn("OTLP not taken", "signal", signal, "who", access.Who, "reason", f.words, "error", err)
	})
	out := status.New(grpcCode(f.code), f.words)
	if f.after {
		if when, err := out.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}); err == nil { // it is no success, to which nothing may be added
			out = when
		}
	}
	return out.Err()
}

// asRequest shows a call's credentials as those of an HTTP request, so that one rule reads both.
func asRequest(ctx context.Context, header metadata.MD) *http.Request {
	req := &http.Request{Header: http.Header{}}
	if list := header.Get("authorization"); len(list) > 0 {
		req.Header.Set("Authorization", list[0])
	}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			req.TLS = &info.State
		}
	}
	return req
}

// inRoom takes a place before a message is read, for what it becomes in memory is more than what came, and makes a panic the end of one call, as it
// is over HTTP.
func (r *Receiver) inRoom(desc grpc.ServiceDesc, signal string) *grpc.ServiceDesc {
	desc.Methods = slices.Clone(desc.Methods)
	for i := range desc.Methods {
		next := desc.Methods[i].Handler
		desc.Methods[i].Handler = func(service any, ctx context.Context, read func(any) error, in grpc.UnaryServerInterceptor) (_ any, err error) {
			began := time.Now()
			this, ok := ctx.Value(callKey{}).(*call)
			if !ok || !this.claim.hold() {
				return nil, status.Error(codes.Canceled, "the call is over")
			}
			defer this.claim.letGo()
			if !r.enter() {
				return nil, r.refuse(ctx, signal, this.access, overloaded(), time.Since(began))
			}
			defer r.leave()
			defer func() {
				if p := recover(); p != nil {
					r.metrics.answered(signal, "grpc", outcomeFailed, time.Since(began))
					r.log.Error("taking OTLP panicked", "signal", signal, "panic", p, "stack", string(debug.Stack()))
					err = status.Error(codes.Internal, "internal error; the receiver's log says more")
				}
			}()
			return next(service, ctx, func(into any) error { return r.read(ctx, read, into, this, signal, began) }, in)
		}
	}
	return &desc
}

// read reads a call's message, if there is room for what it becomes.
func (r *Receiver) read(ctx context.Context, read func(any) error, into any, this *call, signal string, began time.Time) error {
	m, ok := into.(proto.Message)
	if !ok { // which the services' own messages are
		return status.Error(codes.Internal, "no message")
	}
	c := &claimed{into: m, claim: this.claim}
	err := read(c)
	switch {
	case c.err != nil:
		return r.refuse(ctx, signal, this.access, c.err, time.Since(began))
	case err != nil:
		r.metrics.answered(signal, "grpc", outcomeBad, time.Since(began))
		r.warning.Do(func() { r.log.Warn("OTLP not taken", "signal", signal, "reason", "it can not be read", "error", err) })
	}
	return err
}

type traceService struct {
	tracecol.UnimplementedTraceServiceServer
	r *Receiver
}

// Export implements the OTLP service.
func (s *traceService) Export(ctx context.Context, in *tracecol.ExportTraceServiceRequest) (*tracecol.ExportTraceServiceResponse, error) {
	var out *tracecol.ExportTraceServiceResponse
	err := s.r.export(ctx, "traces", func(b *batch) {
		b.traces(in.GetResourceSpans())
		out = traceAnswer(b)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

type logsService struct {
	logscol.UnimplementedLogsServiceServer
	r *Receiver
}

// Export implements the OTLP service.
func (s *logsService) Export(ctx context.Context, in *logscol.ExportLogsServiceRequest) (*logscol.ExportLogsServiceResponse, error) {
	var out *logscol.ExportLogsServiceResponse
	err := s.r.export(ctx, "logs", func(b *batch) {
		b.logs(in.GetResourceLogs())
		out = logsAnswer(b)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Receiver) export(ctx context.Context, signal string, take func(*batch)) error {
	began := time.Now()
	this, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return status.Error(codes.Unauthenticated, "not authenticated")
	}
	b := r.batch(this.access)
	take(b)
	if err := b.deliver(ctx, signal); err != nil {
		return r.refuse(ctx, signal, this.access, err, time.Since(began))
	}
	r.metrics.answered(signal, "grpc", outcomeStored, time.Since(began))
	return nil
}

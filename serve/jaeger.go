package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // a Jaeger that is told to compress is answered alike; grpc takes it by import only
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/internal/tokens"
)

// Bounds of the listener for Jaeger's storage protocol: what is asked is small, only answers are large.
const (
	storageConnections = 128
	storageStreams     = 64 // at once on one connection
	storageRequest     = 256 << 10
	storageHeader      = 32 << 10
)

// Jaeger is what a server does for Jaeger beside its query API, which is always there.
type Jaeger struct {
	// GRPC is host:port to listen on for jaeger.storage.v2; empty: not. TLS and Callers of the server hold there too.
	GRPC string
	// UI is the address of a Jaeger UI, for /redirect.
	UI string
}

// storage serves jaeger.storage.v2.
type storage struct {
	server   *grpc.Server
	listener net.Listener
}

func (s *Server) listenStorage(ctx context.Context) (*storage, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.config.Jaeger.GRPC)
	if err != nil {
		return nil, fmt.Errorf("listen for Jaeger: %w; choose another address with --jaeger-grpc", err)
	}
	options := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(s.unary), grpc.ChainStreamInterceptor(s.stream),
		grpc.MaxConcurrentStreams(storageStreams), grpc.MaxRecvMsgSize(storageRequest), grpc.MaxHeaderListSize(storageHeader),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 2 * time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if s.config.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.config.TLS.Config())))
	}
	out := &storage{server: grpc.NewServer(options...), listener: netutil.LimitListener(listener, storageConnections)}
	s.jaeger.RegisterStorage(out.server)
	return out, nil
}

// stop lets answers under way finish until ctx ends.
func (s *storage) stop(ctx context.Context) {
	done := make(chan struct{})
	go func() { s.server.GracefulStop(); close(done) }() // ends at the latest with Stop
	select {
	case <-done:
	case <-ctx.Done():
		s.server.Stop()
		<-done
	}
}

func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
	defer s.recovered(info.FullMethod, &err)
	if err := s.admit(ctx); err != nil {
		return nil, err
	}
	return next(ctx, request)
}

func (s *Server) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recovered(info.FullMethod, &err)
	if err := s.admit(stream.Context()); err != nil {
		return err
	}
	return next(service, stream)
}

// recovered makes a panic the end of one call, as it is over HTTP.
func (s *Server) recovered(method string, err *error) {
	if p := recover(); p != nil {
		s.config.Log.Error("a question of Jaeger's panicked", "method", method, "panic", p, "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "internal error; kubewake's log says more")
	}
}

// admit lets in those who may ask about every cluster, by the same tokens as over HTTP.
func (s *Server) admit(ctx context.Context) error {
	if s.config.Callers == nil {
		return nil
	}
	access, err := s.config.Callers.Identify(requestOf(ctx))
	switch {
	case errors.Is(err, tokens.ErrNobody):
		return status.Error(codes.Unauthenticated, "say who you are: send a bearer token that kubewake's api.tokens names, in the metadata authorization")
	case err != nil:
		return status.Error(codes.Unauthenticated, "this token or certificate is not known to kubewake")
	case !access.Everything():
		return status.Error(codes.PermissionDenied, "this token may not ask kubewake about all clusters; api.tokens gives it *")
	}
	return nil
}

// requestOf gives what tells who calls in the form in which an HTTP request has it.
func requestOf(ctx context.Context) *http.Request {
	r := &http.Request{Header: http.Header{}}
	for _, value := range metadata.ValueFromIncomingContext(ctx, "authorization") {
		r.Header.Add("Authorization", value)
	}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			r.TLS = &info.State
		}
	}
	return r
}

// face is the part of the server that speaks as Jaeger does.
func face(c Config) (*jaeger.Face, error) {
	return jaeger.New(jaeger.Config{Engine: c.Engine, Timeout: c.Timeout, UI: c.Jaeger.UI, Log: c.Log})
}

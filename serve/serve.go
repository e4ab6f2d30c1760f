// SPDX-License-Identifier: Apache-2.0

// Package serve is the role that answers over HTTP: the API, the page, and a health check, in one process.
//
// [New] checks the configuration, [Server.Run] listens and blocks until its context ends.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
)

// DefaultListen is where kubewake serves unless told otherwise: this machine only.
const DefaultListen = "127.0.0.1:7575"

// DefaultJaegerGRPC is where Jaeger looks for a remote storage unless told otherwise.
const DefaultJaegerGRPC = "127.0.0.1:17271"

const (
	maxHeaderBytes = 64 << 10
	// stopFor bounds how long answers that are under way may take when the server stops.
	stopFor = 5 * time.Second
)

// Config of the role.
type Config struct {
	Engine engine.Engine
	// Listen is host:port. Empty: DefaultListen. Anything but a loopback address lets everyone who can reach it
	// read everything: there is no authentication.
	Listen string
	// AnyPort takes a free port of the same host if the one asked for is in use.
	AnyPort bool
	// Ready is called once, when the server can be asked at url; an error stops it. Nil: nobody is told.
	Ready func(url string) error
	// Timeout of one question. Zero: the API's default.
	Timeout time.Duration
	// TLS of the listener; nil: plain HTTP.
	TLS *tlsfiles.Listener
	// Callers that may ask; nil: nobody is asked who they are.
	Callers *tokens.Callers
	// Readiness is nil while data can be stored, else a sentence; nil: always ready.
	Readiness func(context.Context) error
	// Metrics answers /metrics; nil: there are none.
	Metrics http.Handler
	// Pprof serves Go's profiles at /debug/pprof/.
	Pprof bool
	// Jaeger is what is done for a Jaeger.
	Jaeger Jaeger
	// Version of kubewake, and whether recording goes on: what the UI tells and does.
	Version string
	Live    bool
	// Log of the server; nil: nothing is logged.
	Log *slog.Logger
}

// Server is the role. Make one with New, run it once.
type Server struct {
	config   Config
	host     string
	jaeger   *jaeger.Face
	stopping chan struct{} // closed when Run begins to stop, for answers that have no end of their own
	storage  atomic.Value  // of string: where Jaeger's storage protocol is answered
}

// New checks the configuration.
func New(c Config) (*Server, error) {
	if c.Engine == nil {
		return nil, errors.New("serve: no engine")
	}
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: want HOST:PORT, for example %s", c.Listen, DefaultListen)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Jaeger.GRPC != "" {
		if _, _, err := net.SplitHostPort(c.Jaeger.GRPC); err != nil {
			return nil, fmt.Errorf("address for Jaeger %q: want HOST:PORT, for example %s", c.Jaeger.GRPC, DefaultJaegerGRPC)
		}
	}
	face, err := face(c)
	if err != nil {
		return nil, err
	}
	return &Server{config: c, host: host, jaeger: face, stopping: make(chan struct{})}, nil
}

// JaegerAddr is where a Jaeger finds its storage, from when Ready is called; empty: nowhere.
func (s *Server) JaegerAddr() string {
	addr, _ := s.storage.Load().(string)
	return addr
}

// Run listens, calls Ready, and serves until ctx ends; then it lets answers under way finish for a few seconds.
// It returns nil after an orderly stop.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	var storage *storage
	if s.config.Jaeger.GRPC != "" {
		if storage, err = s.listenStorage(ctx); err != nil {
			return errors.Join(err, listener.Close())
		}
		s.storage.Store(storage.listener.Addr().String())
	}
	server := &http.Server{
		Handler:           s.Handler(isLoopback(listener.Addr())),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute, // answers that take longer extend it as they write
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	scheme := "http://"
	if s.config.TLS != nil {
		scheme, server.TLSConfig = "https://", s.config.TLS.Config()
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	served, stored := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with Shutdown or Close below
	if storage != nil {
		go func() { stored <- storage.server.Serve(storage.listener) }() // ends with stop, at the latest when Run does
		defer storage.server.Stop()
	}
	if s.config.Ready != nil {
		if err := s.config.Ready(scheme + listener.Addr().String()); err != nil {
			return errors.Join(err, server.Close(), ignoreClosed(<-served))
		}
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case err := <-stored:
		return errors.Join(fmt.Errorf("serve Jaeger on %s: %w", s.config.Jaeger.GRPC, err), server.Close(), ignoreClosed(<-served))
	case <-ctx.Done():
	}
	return s.stop(server, served, storage)
}

func (s *Server) stop(server *http.Server, served <-chan error, storage *storage) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopFor)
	defer cancel()
	if storage != nil {
		defer storage.stop(ctx)
	}
	close(s.stopping)
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.config.Log.Warn("answers under way were cut off", "after", stopFor)
		err = server.Close()
	}
	return errors.Join(err, ignoreClosed(<-served))
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.config.Listen)
	if err == nil {
		return listener, nil
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if !s.config.AnyPort {
		return nil, fmt.Errorf("listen on %s: the port is in use by another program; choose another with --listen", s.config.Listen)
	}
	listener, err = config.Listen(ctx, "tcp", net.JoinHostPort(s.host, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listener, nil
}

// Loopback reports whether a listen address is reached from this machine only.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && isLocalHost(host)
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// isLocalHost reports whether a Host header names this machine by a name that nobody else can give out.
func isLocalHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(host, "."), "["), "]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

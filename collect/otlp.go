package collect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/source/otlp"
)

// OTLP is the listeners that take spans and logs.
type OTLP struct {
	GRPC          string          `yaml:"grpc" doc:"HOST:PORT for OTLP over gRPC, usually port 4317. Empty: no listener."`
	HTTP          string          `yaml:"http" doc:"HOST:PORT for OTLP over HTTP, usually port 4318: /v1/traces and /v1/logs. Empty: no listener."`
	TLS           tlsfiles.Server `yaml:"tls" doc:"Certificates of both listeners; files are read again when they change."`
	Tokens        string          `yaml:"tokens" doc:"File of bearer tokens, as receive.tokens; exporters send one in the header authorization."`
	Insecure      bool            `yaml:"insecure" doc:"Without TLS, and nobody is asked who they are. On loopback addresses only. kube-apiserver's exporter knows no other way."`
	otlp.Settings `yaml:",inline"`
}

func (o OTLP) check() error {
	return errors.Join(o.Settings.Check(), entrance{setting: "otlp", listeners: []listener{{"grpc", o.GRPC}, {"http", o.HTTP}}, loopback: "loopback addresses",
		tls: o.TLS, tokens: o.Tokens, insecure: o.Insecure}.check())
}

// maxExporters bounds the connections of each listener; further ones wait.
const maxExporters = 256

// spanReceiver listens for OTLP.
type spanReceiver struct {
	receiver   *otlp.Receiver
	grpc, http net.Listener // nil: none
	tls        *tlsfiles.Listener
}

// newSpanReceiver listens where the settings say; nil: nowhere.
func newSpanReceiver(c OTLP, p Process) (_ *spanReceiver, err error) {
	if c.GRPC == "" && c.HTTP == "" {
		return nil, nil
	}
	config := otlp.Config{Settings: c.Settings, Sink: p.Sink, Redactor: p.Redactor, Anonymous: c.Insecure, Log: p.Log}
	if c.Tokens != "" {
		if config.Callers.Tokens, err = tokens.Open(c.Tokens); err != nil {
			return nil, settings.Faulty(fmt.Errorf("otlp: %w", err))
		}
	}
	if p.Metrics != nil {
		config.Metrics = otlp.NewMetrics(p.Metrics)
	}
	s := &spanReceiver{}
	if s.receiver, err = otlp.New(config); err != nil {
		return nil, err
	}
	if c.TLS.Cert != "" {
		if s.tls, err = c.TLS.Open(); err != nil {
			return nil, settings.Faulty(fmt.Errorf("otlp: %w", err))
		}
	}
	if s.grpc, err = listen(c.GRPC); err == nil {
		s.http, err = listen(c.HTTP)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("otlp: %w", err), s.close())
	}
	return s, nil
}

func listen(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return netutil.LimitListener(l, maxExporters), nil
}

// close lets the listeners go that nothing was served on.
func (s *spanReceiver) close() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, l := range []net.Listener{s.grpc, s.http} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// run serves until ctx ends and what was under way is acknowledged.
func (s *spanReceiver) run(ctx context.Context) error {
	var config *tls.Config
	if s.tls != nil {
		config = s.tls.Config()
	}
	group, ctx := errgroup.WithContext(ctx)
	if s.grpc != nil {
		group.Go(func() error { return s.receiver.ServeGRPC(ctx, s.grpc, config) })
	}
	if s.http != nil {
		l := s.http
		if config != nil {
			l = tls.NewListener(l, config)
		}
		group.Go(func() error { return s.receiver.ServeHTTP(ctx, l) })
	}
	return group.Wait()
}

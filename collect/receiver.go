package collect

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/source/push"
	"github.com/kubewake/kubewake/source/webhook"
)

// stopReceiving bounds how long answers under way may take when the receiver stops. Their senders wait 30 seconds.
const stopReceiving = 10 * time.Second

// maxConnections bounds what connections may cost; further ones wait. Apiservers and agents keep a few each.
const maxConnections = 4096

// receiver is the listener that takes data in.
type receiver struct {
	listener net.Listener
	server   *http.Server
	webhook  *webhook.Webhook
	tls      *tlsfiles.Listener // nil: plain HTTP on loopback
}

func newReceiver(c Receive, p Process, metrics *webhook.Metrics) (*receiver, error) {
	callers := tokens.Callers{}
	if c.Tokens != "" {
		file, err := tokens.Open(c.Tokens)
		if err != nil {
			return nil, settings.Faulty(fmt.Errorf("receive: %w", err))
		}
		callers.Tokens = file
	}
	hook, err := webhook.New(webhook.Config{Settings: c.Settings, Sink: p.Sink, Redactor: p.Redactor, Callers: callers,
		Anonymous: c.Insecure, Log: p.Log, Metrics: metrics})
	if err != nil {
		return nil, settings.Faulty(fmt.Errorf("receive: %w", err))
	}
	r := &receiver{webhook: hook, server: hook.Server()}
	mux := http.NewServeMux()
	mux.Handle("/audit", hook)
	mux.Handle("/audit/", hook)
	identify := callers.Identify
	if c.Insecure {
		identify = everybody
	}
	pushed := push.Config{Sink: p.Sink, Redactor: p.Redactor, Identify: byLocalName(identify, c.Insecure), Log: p.Log}
	if p.Metrics != nil {
		pushed.Metrics = push.NewMetrics(p.Metrics)
	}
	custom, err := push.New(pushed)
	if err != nil {
		return nil, err
	}
	mux.Handle(push.Path, custom)
	if p.Intake != nil {
		agents, err := p.Intake(identify)
		if err != nil {
			return nil, err
		}
		mux.Handle("/intake/", agents)
	}
	r.server.Handler = mux
	if c.TLS.Cert != "" {
		if r.tls, err = c.TLS.Open(); err != nil {
			return nil, settings.Faulty(fmt.Errorf("receive: %w", err))
		}
		r.server.TLSConfig = r.tls.Config()
	}
	r.listener, err = net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	r.listener = netutil.LimitListener(r.listener, maxConnections)
	if r.tls != nil {
		r.listener = tls.NewListener(r.listener, r.server.TLSConfig)
	}
	return r, nil
}

// everybody may speak for every cluster: on loopback, where the operator said so.
func everybody(*http.Request) (tokens.Access, error) {
	return tokens.NewAccess("this machine", "*"), nil
}

// byLocalName is for a listener that asks nobody who they are: a web page whose own name was made to lead to this machine could send records.
func byLocalName(identify Identify, anonymous bool) Identify {
	if !anonymous {
		return identify
	}
	return func(r *http.Request) (tokens.Access, error) {
		if !IsLoopback(r.Host) {
			return tokens.Access{}, errors.New("without authentication this machine is called localhost, or by a loopback address")
		}
		return identify(r)
	}
}

// run serves until ctx ends, then lets what is under way be acknowledged, and forwards what still waits.
func (r *receiver) run(ctx context.Context) error {
	outlets := make(chan struct{})
	forwarding, stopForwarding := context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		stopForwarding()
		<-outlets
	}()
	go func() {
		defer close(outlets)
		_ = r.webhook.Run(forwarding) // ends with its context only
	}()
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(r.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("receive on %s: %w", r.listener.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), stopReceiving)
	defer cancel()
	err := r.server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) { // not acknowledged: their senders send again
		err = r.server.Close()
	}
	if served := <-served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

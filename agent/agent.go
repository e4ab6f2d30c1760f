// SPDX-License-Identifier: Apache-2.0

// Package agent is the role that collects in a cluster and delivers elsewhere: the sources, an optional spool, and one
// connection outwards. It holds no state that matters: the receiver remembers how far each watch and file has come.
//
// [New] reads what the settings name, [Agent.Run] blocks until its context ends.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/object/redact"
)

// Options are what the process gives to the role.
type Options struct {
	Log *slog.Logger
	// Ready is called once it collects; status is where it tells how it is, received where data is taken in, or empty.
	Ready func(status, received string)
}

// Agent is the role. Make one with New, run it once, then Close it.
type Agent struct {
	settings  Settings
	options   Options
	log       *slog.Logger
	client    *wire.Client
	spool     *spool.Sink
	metrics   *prometheus.Registry
	status    net.Listener // nil: none
	collector *collect.Collector
	stopping  atomic.Bool
}

// New reads the files that the settings name, asks the receiver for the redaction key unless there is one here, and
// listens. It waits for the receiver until ctx ends.
func New(ctx context.Context, s Settings, o Options) (_ *Agent, err error) {
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return nil, settings.Faulty(err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Agent{settings: s, options: o, log: o.Log, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if a.client, err = wire.NewClient(wire.ClientConfig{URL: s.To.URL, TLS: s.To.TLS, TokenFile: s.To.Token, Metrics: wire.NewMetrics(a.metrics)}); err != nil {
		return nil, err
	}
	a.spool, err = spool.New(spool.Config{Dir: s.Spool.Dir, MaxBytes: int64(s.Spool.Bytes), Slow: time.Duration(s.Spool.Slow),
		Next: a.client, Metrics: spool.NewMetrics(a.metrics), Log: o.Log})
	if err != nil {
		return nil, err
	}
	redactor, err := a.redactor(ctx)
	if err != nil {
		return nil, err
	}
	a.collector, err = collect.New(s.Config, collect.Process{Sink: a.spool, Redactor: redactor, Metrics: a.metrics, Log: o.Log})
	if err != nil || s.Listen == "" {
		return a, err
	}
	if a.status, err = net.Listen("tcp", s.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return a, nil
}

// redactor uses the key of a file, or the receiver's.
func (a *Agent) redactor(ctx context.Context) (*redact.Redactor, error) {
	rules, err := collect.ReadRules(a.settings.Redact.Rules)
	if err != nil {
		return nil, settings.Faulty(err)
	}
	var key redact.Key
	if a.settings.Redact.Key != "" {
		key, err = collect.ReadKey(a.settings.Redact.Key)
		err = settings.Faulty(err)
	} else {
		key, err = a.receiversKey(ctx)
	}
	if err != nil {
		return nil, err
	}
	r, err := redact.New(key, rules)
	if err != nil {
		return nil, settings.Faulty(fmt.Errorf("redaction rules %s: %w", a.settings.Redact.Rules, err))
	}
	return r, nil
}

// askAgain is the pause between attempts to reach a receiver that does not answer.
const askAgain = 2 * time.Second

// receiversKey asks the receiver, and waits for one that is away: nothing may be taken in before the key is known. With a spool the key
// is kept beside it, so that an agent that is started again while the receiver is away goes on at once.
func (a *Agent) receiversKey(ctx context.Context) (redact.Key, error) {
	kept := ""
	if a.settings.Spool.Dir != "" {
		kept = filepath.Join(a.settings.Spool.Dir, collect.KeyFile)
	}
	for said := false; ; {
		text, err := a.client.RedactionKey(ctx)
		if err == nil {
			key, err := redact.ParseKey(text)
			if err != nil {
				return redact.Key{}, fmt.Errorf("the redaction key of %s: %w", a.settings.To.URL, err)
			}
			return key, collect.WriteKey(kept, key)
		}
		if key, keptErr := collect.ReadKey(kept); kept != "" && keptErr == nil && ctx.Err() == nil {
			a.log.Error("the receiver does not take what is collected: it goes to the spool, redacted with the key kept beside that", "to", a.settings.To.URL, "error", err)
			return key, nil
		}
		if stopped := ctx.Err(); stopped != nil {
			return redact.Key{}, fmt.Errorf("%s: %w; %w", a.settings.To.URL, stopped, err)
		}
		if errors.Is(err, wire.ErrDenied) {
			return redact.Key{}, fmt.Errorf("%s: %w", a.settings.To.URL, err)
		}
		if !said {
			a.log.Warn("waiting for the receiver, to get the redaction key from it", "to", a.settings.To.URL, "error", err)
			said = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(askAgain):
		}
	}
}

// Run collects until ctx ends, then stops in order, within the bound of the settings: sources first, then the spool.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		a.stopping.Store(true)
		time.AfterFunc(time.Duration(a.settings.StopWithin), func() { close(late) })
	})()
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, cancel) }()
	select {
	case err := <-ended:
		return err
	case <-late:
		err := fmt.Errorf("the stop took longer than stopWithin, %s; what was not acknowledged is sent again by its sender", time.Duration(a.settings.StopWithin))
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return errors.Join(cause, err)
		}
		return err
	}
}

func (a *Agent) run(ctx context.Context, cancel context.CancelCauseFunc) error {
	behind, stopBehind := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 2)
	services := 0
	start := func(f func(context.Context) error) {
		services++
		go func() {
			err := f(behind)
			if err != nil && behind.Err() == nil {
				cancel(err)
			}
			done <- err
		}()
	}
	start(a.spool.Run)
	if a.status != nil {
		start(a.tell)
	}
	if a.options.Ready != nil {
		status := ""
		if a.status != nil {
			status = "http://" + a.status.Addr().String()
		}
		a.options.Ready(status, a.collector.Addr())
	}
	err := a.collector.Run(ctx)
	stopBehind()
	for range services {
		if err := <-done; err != nil { // told by cancel already
			a.log.Debug("a service of the agent ended", "error", err)
		}
	}
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

// tell serves /metrics, /healthz and /readyz.
func (a *Agent) tell(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{Timeout: 20 * time.Second}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := a.ready(r.Context()); err != nil {
			http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // who asks how it is can ask again
	defer stop()
	if err := server.Serve(a.status); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ready: the receiver lets us in and answers, or a spool bridges that it does not.
func (a *Agent) ready(ctx context.Context) error {
	if a.stopping.Load() {
		return errors.New("stopping")
	}
	a.collector.Watches() // sets the gauges of their states
	if s := a.spool.Status(); s.MaxBytes > 0 && !s.Refuses {
		return nil
	}
	_, err := a.client.RedactionKey(ctx)
	if errors.Is(err, wire.ErrDenied) && a.settings.Redact.Key != "" {
		return nil // it answers
	}
	return err
}

// Reload takes over what can change while it runs, and gives the names of what needs a restart.
func (a *Agent) Reload(s Settings) (needRestart []string, err error) {
	s = s.WithDefaults()
	if err := s.Check(); err != nil {
		return nil, err
	}
	if needRestart, err = a.collector.Reload(s.Config); err != nil {
		return nil, err
	}
	old := a.settings
	for name, same := range map[string]bool{"to": s.To == old.To, "listen": s.Listen == old.Listen, "spool": s.Spool == old.Spool, "redact": s.Redact == old.Redact,
		"log": s.Log == old.Log, "stopWithin": s.StopWithin == old.StopWithin} {
		if !same {
			needRestart = append(needRestart, name)
		}
	}
	slices.Sort(needRestart)
	return needRestart, nil
}

// Close lets the listeners, the spool and the connection go. What was acknowledged is durable.
func (a *Agent) Close() error {
	var errs []error
	if a.collector != nil {
		errs = append(errs, a.collector.Close())
	}
	if a.status != nil {
		if err := a.status.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.spool != nil {
		errs = append(errs, a.spool.Close())
	}
	if a.client != nil {
		a.client.Close()
	}
	return errors.Join(errs...)
}

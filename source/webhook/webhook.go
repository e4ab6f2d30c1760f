// SPDX-License-Identifier: Apache-2.0

// Package webhook receives audit events as apiservers send them: batches posted to /audit/CLUSTER, or to /audit where the
// caller's token, certificate or address names the cluster.
//
// [New] makes the http.Handler; its owner serves it over TLS (internal/tlsfiles) and runs [Webhook.Run] beside it, which forwards
// and dumps. 200 means that the sink took every event of the batch for good. What can not be taken now is answered
// 429 or 503 with Retry-After. An event that can not be read is kept as a Gap, without its content, and does not
// harm its batch: the apiserver would repeat it a few times and then drop it whole. 4xx is for what is no batch.
package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/audit"
)

// Config of a Webhook.
type Config struct {
	Settings
	Sink     ingest.Sink      // required
	Redactor *redact.Redactor // required; redact.Off() to keep secrets
	// Callers tells who calls and for which clusters. The zero value lets nobody in.
	Callers tokens.Callers
	// Anonymous lets callers on this machine in without token or certificate, for any cluster. Behind a proxy on this machine
	// that is everybody.
	Anonymous bool
	Log       *slog.Logger // nil: nothing is logged
	Metrics   *Metrics     // nil: nothing is counted
}

// Webhook is the handler. Its methods may be called concurrently.
type Webhook struct {
	sink      ingest.Sink
	callers   tokens.Callers
	anonymous bool
	addresses addresses
	limits    Limits
	log       *slog.Logger
	metrics   *Metrics
	budget    *budget
	redactor  *redact.Redactor
	decoders  chan *audit.Decoder // kept for reuse: what they remember makes them fast
	outlets   []*outlet
	seen      *recent
	warning   rate.Sometimes // anybody can make us warn of what is not taken
}

// New checks the configuration and reads the files that it names. It starts nothing.
func New(c Config) (*Webhook, error) {
	if c.Sink == nil || c.Redactor == nil {
		return nil, errors.New("webhook: a sink and a redactor are needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Webhook{sink: c.Sink, callers: c.Callers, anonymous: c.Anonymous, limits: c.Limits.withDefaults(), log: c.Log, metrics: c.Metrics,
		redactor: c.Redactor, decoders: make(chan *audit.Decoder, 2*runtime.GOMAXPROCS(0)), seen: newRecent(),
		warning: rate.Sometimes{First: 5, Interval: time.Second}}
	var err error
	if w.addresses, err = parseAddresses(c.Addresses); err != nil {
		return nil, err
	}
	w.budget = &budget{bytes: w.limits.InFlightBytes, requests: w.limits.Requests, metrics: c.Metrics}
	names := map[string]bool{}
	for _, f := range c.Forward {
		o, err := newForward(f, c.Log, c.Metrics)
		if err != nil {
			return nil, err
		}
		if names[o.name] {
			return nil, errors.New("forward: two are called " + o.name + "; give them names")
		}
		names[o.name] = true
		w.outlets = append(w.outlets, o)
	}
	if c.Dump.Directory != "" {
		o, err := newDump(c.Dump, w.limits, audit.Options{Redactor: c.Redactor, Limits: w.limits.Audit}, c.Log, c.Metrics)
		if err != nil {
			return nil, err
		}
		w.outlets = append(w.outlets, o)
	}
	return w, nil
}

// Server serves the webhook with bounds on slow and idle connections. The caller sets TLSConfig and starts it.
func (w *Webhook) Server() *http.Server {
	return &http.Server{
		Handler: w, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 3 * time.Minute, MaxHeaderBytes: 64 << 10,
		// Of bodies that nobody reads, those of callers who were refused. Whoever reads one sets a time of his own.
		ReadTimeout: 15 * time.Second,
		ErrorLog:    slog.NewLogLogger(w.log.Handler(), slog.LevelDebug), // handshakes that failed: anybody can make them
	}
}

// Run forwards and dumps until ctx ends; then it sends on for a few seconds what still waits, and counts the rest as dropped.
func (w *Webhook) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, o := range w.outlets {
		wg.Go(func() { o.run(ctx) })
	}
	wg.Wait()
	<-ctx.Done()
	return nil
}

// decoder takes one that is free, or makes one.
func (w *Webhook) decoder() *audit.Decoder {
	select {
	case d := <-w.decoders:
		return d
	default:
		return audit.New(audit.Options{Redactor: w.redactor, Limits: w.limits.Audit})
	}
}

func (w *Webhook) release(d *audit.Decoder) {
	select {
	case w.decoders <- d:
	default:
	}
}

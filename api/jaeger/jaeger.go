// SPDX-License-Identifier: Apache-2.0

// Package jaeger answers as Jaeger does: its query API over HTTP in both dialects, /api and /api/v3, and the protocol of a remote
// storage, jaeger.storage.v2 over gRPC, behind which an unmodified Jaeger shows kubewake's traces.
//
// [New] gives the face; [Face.Register] puts its HTTP paths on a mux, [Face.RegisterStorage] its services on a gRPC server. In the search
// box a service is a display mode with its modifier ("tracing owned"), an operation is a cluster; in a trace a service is a resource and
// an operation an object. docs/jaeger.md says it for users.
package jaeger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Config of the face.
type Config struct {
	Engine engine.Engine
	// Timeout of one question; zero: one minute. An earlier deadline of the asker goes before.
	Timeout time.Duration
	// Concurrent questions, HTTP and gRPC together; more wait for their turn, at most for Timeout. Zero: 8.
	Concurrent int
	// SearchSpans bounds the spans in the answer to one search: what is found beyond it comes as one span that says so. Zero: 20,000.
	SearchSpans int
	// SearchFor is how long a search draws traces: what it does not reach comes as one span that says so. Jaeger and Grafana wait a
	// few seconds. Zero: 3 s.
	SearchFor time.Duration
	// UI is the address of a Jaeger UI, for /redirect; empty: that answers 404.
	UI string
	// Log gets the errors that askers are not shown; nil: they are dropped.
	Log *slog.Logger
}

// Face answers. Make one with New; it keeps no state between calls.
type Face struct {
	config Config
	ui     *url.URL
	turns  chan struct{}
}

// New checks the configuration; nothing runs until it is asked.
func New(c Config) (*Face, error) {
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.Concurrent <= 0 {
		c.Concurrent = 8
	}
	if c.SearchSpans <= 0 {
		c.SearchSpans = 20_000
	}
	if c.SearchFor <= 0 {
		c.SearchFor = 3 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	f := &Face{config: c, turns: make(chan struct{}, c.Concurrent)}
	if c.UI == "" {
		return f, nil
	}
	ui, err := url.Parse(c.UI)
	if err != nil || ui.Host == "" || ui.Scheme != "http" && ui.Scheme != "https" {
		return nil, fmt.Errorf("address of the Jaeger UI %q: want http(s)://HOST:PORT", c.UI)
	}
	f.ui = ui
	return f, nil
}

// Register puts the HTTP paths on a mux: both dialects of the query API and /redirect. None lies below /api/v1/.
func (f *Face) Register(mux *http.ServeMux) {
	for pattern, answer := range map[string]answerer{
		"/api/services":                      f.services,
		"/api/services/{service}/operations": f.serviceOperations,
		"/api/operations":                    f.operations,
		"/api/traces":                        f.search,
		"/api/traces/{id}":                   f.trace,
		"/api/dependencies":                  f.dependencies,
	} {
		mux.HandleFunc("GET "+pattern, f.handle(answer, failV1))
		mux.HandleFunc(pattern, f.refuse(failV1))
	}
	for pattern, answer := range map[string]answerer{
		"services":        f.servicesV3,
		"operations":      f.operationsV3,
		"traces":          f.searchV3,
		"traces/{id}":     f.traceV3,
		"trace-summaries": f.summariesV3,
		"dependencies":    f.dependenciesV3,
		"capabilities":    f.capabilitiesV3,
	} {
		mux.HandleFunc("GET /api/v3/"+pattern, f.handle(answer, failV3))
		mux.HandleFunc("/api/v3/"+pattern, f.refuse(failV3))
	}
	mux.HandleFunc("GET /redirect", f.redirect)
}

// answerer reads a question, asks it, and gives what is encoded as JSON.
type answerer func(ctx context.Context, r *http.Request) (any, error)

// errBusy: no turn came free in time.
var errBusy = errors.New("too many questions at once; ask again")

// enter waits for a turn and bounds what is done in it. The leave that it gives is to be called where err is nil.
func (f *Face) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.Timeout)
	select {
	case f.turns <- struct{}{}:
		return ctx, func() { <-f.turns; cancel() }, nil
	case <-ctx.Done():
		cancel()
		return nil, nil, errBusy
	}
}

// handle answers one question with one JSON document, under the timeout and in its turn.
func (f *Face) handle(answer answerer, fail func(status int, message string) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		document, err := f.answer(r, answer)
		status := http.StatusOK
		if err != nil {
			var message string
			status, message = f.statusOf(r.URL.Path, err)
			document = fail(status, message)
		}
		f.send(w, r, status, document)
	}
}

// refuse answers other methods than GET: without it a path that there is would be said not to be there.
func (f *Face) refuse(fail func(status int, message string) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", "GET, HEAD")
		f.send(w, r, http.StatusMethodNotAllowed, fail(http.StatusMethodNotAllowed, "this API only answers questions: use GET"))
	}
}

func (f *Face) answer(r *http.Request, answer answerer) (any, error) {
	ctx, leave, err := f.enter(r.Context())
	if err != nil {
		return nil, err
	}
	defer leave()
	return answer(ctx, r)
}

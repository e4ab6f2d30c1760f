// SPDX-License-Identifier: Apache-2.0

// Package remote is an engine that asks a running kubewake over its HTTP API.
//
// [New] takes the server's address; every method is one GET on /api/v1. The answers are those of the server's
// engine, and what the asker can do something about comes back as the same *engine.Error.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// maxAnswerBytes bounds one JSON document; a search is streamed and not bounded as a whole.
const maxAnswerBytes = 1 << 30

// Engine asks one server. It holds no state but the connections of its client.
type Engine struct {
	base   url.URL
	client *http.Client
}

var _ engine.Engine = (*Engine)(nil)

// New takes a server's address: "http://127.0.0.1:7575", or host:port for plain HTTP. Nothing is asked yet.
// Client nil stands for one that waits as long as the contexts of the calls do.
func New(server string, client *http.Client) (*Engine, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	base, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("server address %q: %w", server, err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("server address %q: want http://HOST:PORT", server)
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	base.RawQuery, base.Fragment = "", ""
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     30 * time.Second,
			ForceAttemptHTTP2:   true,
		}}
	}
	return &Engine{base: *base, client: client}, nil
}

// Server is the address that is asked.
func (e *Engine) Server() string { return e.base.String() }

// Info asks GET /api/v1/info.
func (e *Engine) Info(ctx context.Context) (*engine.Info, error) {
	return ask[engine.Info](ctx, e, "info", nil)
}

// Objects asks GET /api/v1/objects.
func (e *Engine) Objects(ctx context.Context, q query.Objects) (*engine.Objects, error) {
	return ask[engine.Objects](ctx, e, "objects", objectsValues(q))
}

// History asks GET /api/v1/history.
func (e *Engine) History(ctx context.Context, q query.History) (*engine.History, error) {
	return ask[engine.History](ctx, e, "history", historyValues(q))
}

// State asks GET /api/v1/state.
func (e *Engine) State(ctx context.Context, q query.State) (*engine.State, error) {
	return ask[engine.State](ctx, e, "state", stateValues(q))
}

// Diff asks GET /api/v1/diff.
func (e *Engine) Diff(ctx context.Context, q query.Diff) (*engine.Diff, error) {
	return ask[engine.Diff](ctx, e, "diff", diffValues(q))
}

// Blame asks GET /api/v1/blame.
func (e *Engine) Blame(ctx context.Context, q query.Blame) (*engine.Blame, error) {
	return ask[engine.Blame](ctx, e, "blame", blameValues(q))
}

// Coverage asks GET /api/v1/coverage.
func (e *Engine) Coverage(ctx context.Context, q query.Coverage) (*engine.Coverage, error) {
	return ask[engine.Coverage](ctx, e, "coverage", coverageValues(q))
}

// Stat asks GET /api/v1/stat.
func (e *Engine) Stat(ctx context.Context, q query.Stat) (*engine.Stat, error) {
	return ask[engine.Stat](ctx, e, "stat", statValues(q))
}

func ask[T any](ctx context.Context, e *Engine, question string, values url.Values) (*T, error) {
	body, err := e.get(ctx, question, values, "application/json")
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	answer := new(T)
	if err := json.NewDecoder(io.LimitReader(body, maxAnswerBytes)).Decode(answer); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", e.Server(), ctxOr(ctx, err))
	}
	return answer, nil
}

func (e *Engine) get(ctx context.Context, question string, values url.Values, accept string) (io.ReadCloser, error) {
	address := e.base
	address.Path += "/api/v1/" + question
	address.RawQuery = values.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", e.Server(), err)
	}
	request.Header.Set("Accept", accept)
	response, err := e.client.Do(request)
	if err != nil {
		return nil, e.unreachable(ctx, err)
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		return nil, e.refused(response)
	}
	return response.Body, nil
}

// unreachable says what to do when nobody answers.
func (e *Engine) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("ask %s: %w (is kubewake still serving there?)", e.Server(), err)
}

// ctxOr gives the context's own error where it ended: the reader's error is then only its echo.
func ctxOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

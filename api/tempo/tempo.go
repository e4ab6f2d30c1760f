// SPDX-License-Identifier: Apache-2.0

// Package tempo answers as Grafana Tempo does, as far as Grafana's Tempo data source asks: traces by their ID, search with the part of
// TraceQL that its query builder writes, tags with their values, and health.
//
// [New] gives the face; [Face.Register] puts its paths on a mux, all below [Prefix], because /api/traces/{id} is Jaeger's there.
// docs/tempo.md says it for users.
package tempo

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Prefix is the path of the address that a Tempo data source is given: http://HOST:7575/tempo.
const Prefix = "/tempo"

// speaksAs is the version of Tempo that /api/status/buildinfo names: the last one of which Grafana does not expect that it streams
// answers over gRPC, and what Grafana itself assumes where nothing answers.
const speaksAs = "2.1.0"

// Config of the face.
type Config struct {
	Engine engine.Engine
	// Timeout of one question; zero: one minute. An earlier deadline of the asker goes before.
	Timeout time.Duration
	// Concurrent questions; more wait for their turn, at most for Timeout. Zero: 8.
	Concurrent int
	// SuggestFor bounds how long the values of a tag are looked for: a list that is not there by then is short, and says so. Zero: 3 s.
	SuggestFor time.Duration
	// Log gets the errors that askers are not shown; nil: they are dropped.
	Log *slog.Logger
}

// Face answers. Make one with New; it keeps no state between calls.
type Face struct {
	config Config
	turns  chan struct{}
}

// New fills in what the configuration leaves open; nothing runs until it is asked.
func New(c Config) *Face {
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.Concurrent <= 0 {
		c.Concurrent = 8
	}
	if c.SuggestFor <= 0 {
		c.SuggestFor = 3 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Face{config: c, turns: make(chan struct{}, c.Concurrent)}
}

// Register puts the paths on a mux, all below Prefix. What Tempo has and this has not answers 404 there.
func (f *Face) Register(mux *http.ServeMux) {
	for pattern, answer := range map[string]answerer{
		"/api/traces/{id}":                f.traceV1,
		"/api/v2/traces/{id}":             f.traceV2,
		"/api/search":                     f.search,
		"/api/search/tags":                f.tagsV1,
		"/api/v2/search/tags":             f.tagsV2,
		"/api/search/tag/{tag}/values":    f.valuesV1,
		"/api/v2/search/tag/{tag}/values": f.valuesV2,
		"/api/status/buildinfo":           buildInfo,
	} {
		mux.HandleFunc("GET "+Prefix+pattern, f.handle(answer))
	}
	mux.HandleFunc("GET "+Prefix+"/api/echo", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "echo") })
	mux.HandleFunc(Prefix+"/", func(w http.ResponseWriter, _ *http.Request) {
		say(w, http.StatusNotFound, "kubewake does not answer this part of Tempo's API; it searches, finds traces by ID, and lists tags")
	})
}

// answerer reads a question, asks it, and gives what is sent.
type answerer func(ctx context.Context, r *http.Request) (*document, error)

// errBusy: no turn came free in time.
var errBusy = errors.New("too many questions at once; ask again")

// handle answers one question under the timeout and in its turn. Errors are plain text, as Tempo's are.
func (f *Face) handle(answer answerer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), f.config.Timeout)
		defer cancel()
		doc, err := f.inTurn(ctx, r, answer)
		if err != nil {
			status, message := f.statusOf(r.URL.Path, err)
			say(w, status, message)
			return
		}
		f.send(w, r, doc)
	}
}

func (f *Face) inTurn(ctx context.Context, r *http.Request, answer answerer) (*document, error) {
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
		return answer(ctx, r)
	case <-ctx.Done():
		return nil, errBusy
	}
}

func buildInfo(context.Context, *http.Request) (*document, error) {
	return jsonDocument(map[string]string{"version": speaksAs, "revision": "kubewake", "branch": "", "buildDate": "", "buildUser": "", "goVersion": ""})
}

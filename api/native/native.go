// SPDX-License-Identifier: Apache-2.0

// Package native is kubewake's own HTTP API, /api/v1: every question of the engine as one GET, answered in JSON.
//
// [New] gives the handler; a search can be had line by line, and follow is a stream of server-sent events. openapi.yaml is its description, served as /api/v1/openapi.json and tested against it;
// errors are problem documents (RFC 9457). The handler reads its engine only and keeps no state between calls.
package native

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Prefix is the path below which everything is served.
const Prefix = "/api/v1/"

// Config of the API.
type Config struct {
	Engine engine.Engine
	// Timeout of one question; a search that streams may take as long as it keeps finding. Zero: one minute.
	Timeout time.Duration
	// Concurrent questions; more wait for their turn, at most for Timeout. Zero: 8.
	Concurrent int
	// Log gets the errors that askers are not shown; nil: they are dropped.
	Log *slog.Logger
	// Heartbeat is how long a follower hears nothing at most. Zero: 15 seconds.
	Heartbeat time.Duration
	// Stopping is closed when the server stops: followers, who would hold that up, are let go then. Nil: they end with their requests.
	Stopping <-chan struct{}
}

// Handler serves the API. Make one with New.
type Handler struct {
	engine    engine.Engine
	timeout   time.Duration
	heartbeat time.Duration
	turns     chan struct{}
	followers chan struct{} // one for each
	stopping  <-chan struct{}
	log       *slog.Logger
	mux       *http.ServeMux
	openapi   []byte
}

// New makes the handler; nothing runs until it is called.
func New(c Config) *Handler {
	h := &Handler{engine: c.Engine, timeout: c.Timeout, heartbeat: c.Heartbeat, followers: make(chan struct{}, maxFollowers), stopping: c.Stopping, log: c.Log,
		mux: http.NewServeMux(), openapi: openAPI()}
	if h.timeout <= 0 {
		h.timeout = time.Minute
	}
	if h.heartbeat <= 0 {
		h.heartbeat = 15 * time.Second
	}
	if c.Concurrent <= 0 {
		c.Concurrent = 8
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	h.turns = make(chan struct{}, c.Concurrent)
	for question, answer := range h.questions() {
		h.mux.HandleFunc("GET "+Prefix+question, h.document(answer))
	}
	h.mux.HandleFunc("GET "+Prefix+"search", h.search)
	h.mux.HandleFunc("GET "+Prefix+"follow", h.follow)
	h.mux.HandleFunc("GET "+Prefix+"openapi.json", h.describe)
	h.mux.HandleFunc(Prefix, h.unknown)
	return h
}

// answerer reads a question from its parameters and asks it.
type answerer func(ctx context.Context, p *params) (any, error)

// questions lists everything that is answered by one document.
func (h *Handler) questions() map[string]answerer {
	return map[string]answerer{
		"info":         h.info,
		"objects":      h.objects,
		"history":      h.history,
		"state":        h.state,
		"diff":         h.diff,
		"blame":        h.blame,
		"coverage":     h.coverage,
		"stat":         h.stat,
		"dependencies": h.dependencies,
		"links":        h.links,
		"tree":         h.tree,
		"trace":        h.trace,
		"traces":       h.traces,
		"services":     h.services,
		"rows":         h.rows,
		"lanes":        h.lanes,
		"entry":        h.entry,
		"activity":     h.activity,
		"failing":      h.failing,
		"fields":       h.fields,
	}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	h.mux.ServeHTTP(w, r)
}

// document answers one question with one JSON document, under the timeout and in its turn.
func (h *Handler) document(answer answerer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
		defer cancel()
		if err := h.enter(ctx); err != nil {
			h.fail(w, r, err)
			return
		}
		defer h.leave()
		doc, err := answer(ctx, h.params(ctx, r))
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.send(w, r, http.StatusOK, "application/json", doc)
	}
}

func (h *Handler) enter(ctx context.Context) error {
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errBusy
	}
}

func (h *Handler) leave() { <-h.turns }

func (h *Handler) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	h.body(w, r, http.StatusOK, h.openapi)
}

// unknown answers what no route took: another method, or another path.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, Prefix)
	_, known := h.questions()[name]
	if known || name == "search" || name == "follow" || name == "openapi.json" {
		w.Header().Set("Allow", "GET, HEAD")
		h.problem(w, r, problem{Status: http.StatusMethodNotAllowed, Title: "Method not allowed", Detail: "This API only answers questions: use GET."})
		return
	}
	h.problem(w, r, problem{Status: http.StatusNotFound, Title: "No such question",
		Detail: "There is no " + r.URL.Path + "; see " + Prefix + "openapi.json for what there is."})
}

// SPDX-License-Identifier: Apache-2.0

// Package push takes in records of custom sources: POST /api/v1/records, as schema.json says (GET gives that schema).
//
// [New] makes the handler. 200 means that the sink took every record for good; a batch with anything wrong in it is refused whole, and the answer says
// what is wrong with which record. A record is one fact within its cluster and source by its key and time: it may be sent any number of times.
package push

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// Path of the handler.
const Path = "/api/v1/records"

//go:embed schema.json
var schema []byte

// Config of the handler.
type Config struct {
	Sink     ingest.Sink      // required
	Redactor *redact.Redactor // required; redact.Off() to keep secrets
	// Identify tells who calls and for which clusters he may; tokens.Callers.Identify.
	Identify func(*http.Request) (tokens.Access, error)
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
	Metrics  *Metrics         // nil: nothing is counted
}

// Limits of a request.
const (
	maxBody    = 4 << 20
	maxParts   = maxBody / 16 // objects, lists and commas: more are many tiny things, which are large once they are read
	maxUnder   = 16           // requests at once
	bodyWithin = 15 * time.Second
	// deliverWithin bounds how long a sender waits for the sink.
	deliverWithin = 25 * time.Second
	answerWithin  = deliverWithin + 5*time.Second
)

// New makes the handler; nothing runs until it is called.
func New(c Config) (http.Handler, error) {
	if c.Sink == nil || c.Redactor == nil || c.Identify == nil {
		return nil, errors.New("push: a sink, a redactor and a rule of who may send are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &handler{conf: c, room: make(chan struct{}, maxUnder), warning: rate.Sometimes{First: 5, Interval: time.Second}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, h.post)
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/schema+json")
		_, _ = w.Write(schema) // the asker may have gone
	})
	return mux, nil
}

type handler struct {
	conf    Config
	room    chan struct{}
	warning rate.Sometimes // anybody can make us warn of what is not taken
}

// problem is an answer that is no success, as RFC 9457 has it.
type problem struct {
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail"`
	Errors []wrong `json:"errors,omitempty"` // what is wrong with which record
}

func (p *problem) Error() string { return p.Detail }

func refuse(status int, format string, args ...any) *problem {
	return &problem{Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

func (h *handler) post(w http.ResponseWriter, r *http.Request) {
	n, err := h.take(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err == nil {
		h.conf.Metrics.stored(n)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"stored": n}) // the sender may have gone
		return
	}
	p := h.problemOf(r.Context(), err)
	h.conf.Metrics.refused(p.Status)
	h.warning.Do(func() {
		h.conf.Log.Warn("pushed records not taken", "remote", r.RemoteAddr, "status", p.Status, "outcome", outcomeOf(p.Status))
	}) // what is wrong may quote a secret
	switch p.Status {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the sender may have gone
}

func (h *handler) problemOf(ctx context.Context, err error) *problem {
	var p *problem
	var large *http.MaxBytesError
	switch busy := ingest.IsBusy(err); {
	case errors.As(err, &p):
		return p
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "a request may have %d bytes: send fewer records at once", maxBody)
	case busy != nil:
		return refuse(http.StatusServiceUnavailable, "it can not be stored now: %s", busy.Reason)
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return refuse(http.StatusServiceUnavailable, "the store did not answer in time")
	}
	h.conf.Log.Error("pushed records not stored", "error", err)
	return refuse(http.StatusServiceUnavailable, "it could not be stored; the receiver's log says why")
}

func (h *handler) take(w http.ResponseWriter, r *http.Request) (int, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return 0, refuse(http.StatusUnsupportedMediaType, "want Content-Type: application/json")
	}
	access, err := h.conf.Identify(r)
	if err != nil {
		return 0, refuse(http.StatusUnauthorized, "not authenticated: %s", err)
	}
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
	default:
		return 0, refuse(http.StatusTooManyRequests, "too much is being received")
	}
	in, err := read(w, r)
	if err != nil {
		return 0, err
	}
	if in.Cluster == "" {
		only, ok := access.Only()
		if !ok {
			return 0, refuse(http.StatusBadRequest, "which cluster? Say it in the field cluster")
		}
		in.Cluster = only
	}
	if err := ingest.CheckCluster(record.Cluster(in.Cluster)); err != nil {
		return 0, refuse(http.StatusBadRequest, "cluster: %s", err)
	}
	if !access.Allows(in.Cluster) {
		return 0, refuse(http.StatusForbidden, "%s may not speak for cluster %q", access.Who, in.Cluster)
	}
	now := h.conf.Now().UTC()
	if list := in.check(now); len(list) > 0 {
		p := refuse(http.StatusUnprocessableEntity, "nothing was stored: %s", list[0].String())
		p.Errors = list
		return 0, p
	}
	batch := ingest.Batch{Cluster: record.Cluster(in.Cluster)}
	for i := range in.Records {
		batch.Records = append(batch.Records, in.record(&in.Records[i], h.conf.Redactor, now))
	}
	ctx, cancel := context.WithTimeout(r.Context(), deliverWithin)
	defer cancel()
	return len(batch.Records), h.conf.Sink.Deliver(ctx, batch)
}

// read decodes a body strictly: an unknown field is a mistake that its sender wants to know of.
func read(w http.ResponseWriter, r *http.Request) (*request, error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyWithin)) // not supported: a server of a test
	// The deadline must not end the request while it is stored; but what is left of a body that is refused is read before the answer goes out.
	defer func() { _ = control.SetReadDeadline(time.Now().Add(answerWithin)) }()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, err
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read")
	case rawjson.Parts(body) > maxParts:
		return nil, refuse(http.StatusRequestEntityTooLarge, "a request may have %d objects, lists and fields: send fewer records at once", maxParts)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	in := &request{}
	if err := d.Decode(in); err != nil {
		return nil, refuse(http.StatusBadRequest, "the body is not as the schema says (GET %s): %s", Path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(http.StatusBadRequest, "something stands behind the JSON document")
	}
	return in, nil
}

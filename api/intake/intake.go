// SPDX-License-Identifier: Apache-2.0

// Package intake is where agents deliver: /intake/v1, the other end of ingest/wire. A batch is answered 200 once the sink behind
// has made it durable; an agent speaks only for the clusters that its token or certificate names.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/record"
)

// Config of the handler. Sink and Identify are needed; zero limits mean their defaults.
type Config struct {
	Sink ingest.Sink
	// Identify tells who calls and for which clusters he may; tokens.Callers.Identify, or what a tenancy puts in its place.
	Identify func(*http.Request) (tokens.Access, error)
	// RedactionKey is given to agents that ask for it; nil: none is.
	RedactionKey []byte
	// InFlightBytes bounds the memory of batches being received, packed and unpacked. Default 256 MiB; never less than one batch takes.
	InFlightBytes int64
	// BodyTimeout ends a request whose body does not arrive. Default 30s.
	BodyTimeout time.Duration
	// DeliverTimeout bounds how long a batch waits for the sink. Default 25s, less than an agent waits.
	DeliverTimeout time.Duration
	Metrics        *Metrics
	Log            *slog.Logger // nil: discarded
}

// Handler serves wire.Prefix. Make one with New.
type Handler struct {
	conf  Config
	codec *wire.Codec
	room  room
	mux   *http.ServeMux

	warning rate.Sometimes // anybody can make us warn
}

// New makes the handler; nothing runs until it is called.
func New(c Config) (*Handler, error) {
	if c.Sink == nil || c.Identify == nil {
		return nil, errors.New("intake: a sink and a rule of who may deliver are needed")
	}
	if c.InFlightBytes <= 0 {
		c.InFlightBytes = 256 << 20
	}
	c.InFlightBytes = max(c.InFlightBytes, wire.MaxBytes+wire.MaxRawBytes)
	if c.BodyTimeout <= 0 {
		c.BodyTimeout = 30 * time.Second
	}
	if c.DeliverTimeout <= 0 {
		c.DeliverTimeout = 25 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	h := &Handler{conf: c, codec: codec, room: room{free: c.InFlightBytes}, mux: http.NewServeMux(), warning: rate.Sometimes{First: 5, Interval: time.Second}}
	h.mux.HandleFunc("POST "+wire.PathBatch, h.call("batch", h.batch))
	h.mux.HandleFunc("GET "+wire.PathProgress, h.call("progress", h.progress))
	h.mux.HandleFunc("GET "+wire.PathAlive, h.call("alive", h.alive))
	h.mux.HandleFunc("GET "+wire.PathMark, h.call("mark", h.mark))
	h.mux.HandleFunc("GET "+wire.PathKey, h.key)
	return h, nil
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	h.mux.ServeHTTP(w, r)
}

// status is an error that has its answer.
type status struct {
	code   int
	reason string
	after  time.Duration
}

func (s *status) Error() string { return s.reason }

// call lets in who may speak for the cluster, and turns an error into its answer.
func (h *Handler) call(name string, serve func(w http.ResponseWriter, r *http.Request, cluster record.Cluster) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		cluster, who, err := h.admit(r)
		if err == nil {
			err = serve(w, r, cluster)
		}
		code := http.StatusOK
		if err != nil {
			code = h.fail(w, r, err, name, who)
		}
		h.conf.Metrics.called(name, code, time.Since(began))
	}
}

func (h *Handler) admit(r *http.Request) (record.Cluster, string, error) {
	access, err := h.conf.Identify(r)
	if err != nil {
		return "", "", &status{code: http.StatusUnauthorized, reason: err.Error()}
	}
	cluster := r.URL.Query().Get("cluster")
	if err := ingest.CheckCluster(record.Cluster(cluster)); err != nil {
		return "", access.Who, &status{code: http.StatusBadRequest, reason: "the parameter cluster: " + err.Error()}
	}
	if !access.Allows(cluster) {
		return "", access.Who, &status{code: http.StatusForbidden, reason: fmt.Sprintf("%s may not speak for cluster %q", access.Who, cluster)}
	}
	return record.Cluster(cluster), access.Who, nil
}

// fail answers an error. What is none of the caller's business is logged and not shown.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error, name, who string) int {
	var s *status
	if !errors.As(err, &s) {
		s = h.statusOf(r.Context(), err)
	}
	switch s.code {
	case http.StatusInternalServerError:
		h.conf.Log.Error("intake failed", "call", name, "who", who, "err", err)
	case http.StatusUnauthorized, http.StatusForbidden:
		h.warning.Do(func() {
			h.conf.Log.Warn("intake refused a caller", "call", name, "who", who, "address", r.RemoteAddr, "why", s.reason)
		})
	}
	if s.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(s.after.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.code)
	if err := json.NewEncoder(w).Encode(wire.Problem{Reason: s.reason}); err != nil {
		h.conf.Log.Debug("intake could not answer", "call", name, "err", err)
	}
	return s.code
}

func (h *Handler) statusOf(ctx context.Context, err error) *status {
	if busy := ingest.IsBusy(err); busy != nil {
		return &status{http.StatusServiceUnavailable, busy.Reason, max(busy.After, time.Second)}
	}
	var cut *http.MaxBytesError
	switch {
	case errors.Is(err, wire.ErrBatch), errors.Is(err, ingest.ErrInvalid):
		return &status{code: http.StatusBadRequest, reason: err.Error()}
	case errors.As(err, &cut):
		return &status{code: http.StatusRequestEntityTooLarge, reason: fmt.Sprintf("a batch may have %d bytes", cut.Limit)}
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return &status{http.StatusServiceUnavailable, "the store did not answer in time", time.Second}
	}
	return &status{code: http.StatusInternalServerError, reason: "the receiver failed; its log says why", after: 5 * time.Second}
}

// batch takes one delivery. The answer is sent only after Deliver: a crash before it lets the agent deliver again what may be there already.
func (h *Handler) batch(w http.ResponseWriter, r *http.Request, cluster record.Cluster) error {
	if t := r.Header.Get("Content-Type"); t != wire.ContentType {
		return &status{code: http.StatusUnsupportedMediaType, reason: "want Content-Type: " + wire.ContentType}
	}
	if r.ContentLength < 0 {
		return &status{code: http.StatusLengthRequired, reason: "want Content-Length"}
	}
	if r.ContentLength > wire.MaxBytes {
		return &http.MaxBytesError{Limit: wire.MaxBytes}
	}
	held, ok := h.room.take(r.ContentLength)
	defer func() { h.room.give(held); h.conf.Metrics.inFlight(-held) }()
	if !ok {
		return &status{http.StatusTooManyRequests, "too many deliveries at once", time.Second}
	}
	h.conf.Metrics.inFlight(held)
	body, err := h.body(w, r)
	if err != nil {
		return err
	}
	raw, err := wire.RawSize(body)
	if errors.Is(err, wire.ErrVersion) { // of a newer agent: it keeps the batch until this server is of its release
		return &status{http.StatusServiceUnavailable, err.Error(), time.Minute}
	}
	if err != nil {
		return err
	}
	more, ok := h.room.take(int64(raw))
	if !ok {
		return &status{http.StatusTooManyRequests, "too many deliveries at once", time.Second}
	}
	held += more
	h.conf.Metrics.inFlight(more)
	b, err := h.codec.Decode(body)
	if err != nil {
		return err
	}
	if b.Cluster != cluster {
		return &status{code: http.StatusBadRequest, reason: "the batch is of another cluster than its address"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.conf.DeliverTimeout)
	defer cancel()
	if err := h.conf.Sink.Deliver(ctx, b); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// body reads the request's body, no longer than BodyTimeout.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(h.conf.BodyTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("limit the time of a body: %w", err)
	}
	body := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(http.MaxBytesReader(w, r.Body, wire.MaxBytes), body); err != nil {
		return nil, &status{code: http.StatusRequestTimeout, reason: "the body did not arrive whole and in time", after: time.Second}
	}
	_ = control.SetReadDeadline(time.Time{}) // else it ends the request while the batch is stored; what can not be set was told above
	return body, nil
}

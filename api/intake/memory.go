package intake

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

func (h *Handler) progress(w http.ResponseWriter, r *http.Request, cluster record.Cluster) error {
	records, err := h.conf.Sink.Progress(r.Context(), cluster)
	if err != nil {
		return err
	}
	b, err := h.codec.Encode(ingest.Batch{Cluster: cluster, Records: records})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", wire.ContentType)
	h.send(w, b)
	return nil
}

func (h *Handler) mark(w http.ResponseWriter, r *http.Request, cluster record.Cluster) error {
	key := r.URL.Query().Get("key")
	if key == "" || len(key) > ingest.MaxMarkKeyBytes {
		return &status{code: http.StatusBadRequest, reason: "the parameter key is missing, or too long"}
	}
	value, err := h.conf.Sink.Mark(r.Context(), cluster, key)
	if err != nil {
		return err
	}
	if value == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	h.send(w, value)
	return nil
}

// sendWithin is how long an agent may take to read a piece of an answer. One that stands still would hold a view of the store open.
const sendWithin = 30 * time.Second

func (h *Handler) send(w http.ResponseWriter, b []byte) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendWithin)) // not supported: a server of a test
	if _, err := w.Write(b); err != nil {
		h.conf.Log.Debug("intake could not answer", "err", err)
	}
}

// alive streams objects. An error before the first is answered as one; behind it the list just has no last line, and the agent sees that.
func (h *Handler) alive(w http.ResponseWriter, r *http.Request, cluster record.Cluster) error {
	q := r.URL.Query()
	gr := record.GroupResource{Group: q.Get("group"), Resource: q.Get("resource")}
	if gr.Resource == "" {
		return &status{code: http.StatusBadRequest, reason: "the parameter resource is missing"}
	}
	buffered := bufio.NewWriterSize(pieces{w, http.NewResponseController(w)}, 32<<10)
	out := json.NewEncoder(buffered)
	begun := false
	for a, err := range h.conf.Sink.Alive(r.Context(), cluster, gr, q.Get("namespace")) {
		if err != nil {
			if !begun {
				return err
			}
			h.conf.Log.Error("intake could not list what is alive", "cluster", cluster, "resource", gr.String(), "err", err)
			return nil
		}
		if !begun {
			w.Header().Set("Content-Type", "application/x-ndjson")
			begun = true
		}
		if err := out.Encode(wire.AliveLine{Ref: &a.Ref, RV: a.RV}); err != nil {
			return nil //nolint:nilerr // the agent went away
		}
	}
	if err := out.Encode(wire.AliveLine{End: true}); err == nil {
		err = buffered.Flush()
		_ = err // the agent went away
	}
	return nil
}

// pieces gives each piece of an answer its own time.
type pieces struct {
	to      io.Writer
	control *http.ResponseController
}

func (p pieces) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(sendWithin)) // not supported: a server of a test
	return p.to.Write(b)
}

// room is the memory that is left for bodies.
type room struct {
	mu   sync.Mutex // guards free
	free int64
}

// take gives what it took: n, or nothing if there is less.
func (r *room) take(n int64) (int64, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > r.free {
		return 0, false
	}
	r.free -= n
	return n, true
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
}

package intake

import (
	"net/http"
	"time"
)

// key gives the redaction key to whoever may deliver: agents that share it redact equal values equally. It is as secret as the
// token that asks for it, and is answered over TLS, or to this machine.
func (h *Handler) key(w http.ResponseWriter, r *http.Request) {
	began, code := time.Now(), http.StatusOK
	access, err := h.conf.Identify(r)
	switch {
	case err != nil:
		err = &status{code: http.StatusUnauthorized, reason: err.Error()}
	case len(h.conf.RedactionKey) == 0:
		err = &status{code: http.StatusNotFound, reason: "this receiver gives no redaction key; give the agent one of its own"}
	}
	if err != nil {
		code = h.fail(w, r, err, "key", access.Who)
	} else {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		h.send(w, h.conf.RedactionKey)
	}
	h.conf.Metrics.called("key", code, time.Since(began))
}

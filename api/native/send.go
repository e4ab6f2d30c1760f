package native

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// gzipFrom is the size from which a document is worth compressing.
	gzipFrom = 1400
	// writeFor bounds how long one write may wait for a slow reader.
	writeFor = 30 * time.Second
)

// send encodes doc and answers with it.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, status int, contentType string, doc any) {
	var buf bytes.Buffer
	if err := encode(&buf, doc); err != nil {
		h.log.Error("encode answer", "path", r.URL.Path, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	h.body(w, r, status, buf.Bytes())
}

// encode writes one line of JSON, without escaping what only matters inside HTML.
func encode(buf *bytes.Buffer, doc any) error {
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

// body writes a whole document, compressed where the asker takes it and it is worth it.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Add("Vary", "Accept-Encoding, Accept")
	if len(body) >= gzipFrom && takesGzip(r) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, err := z.Write(body)
		if cerr := z.Close(); err == nil && cerr == nil {
			w.Header().Set("Content-Encoding", "gzip")
			body = packed.Bytes()
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.timeout + writeFor)) // not every writer has one
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(body); err != nil {
		h.log.Debug("asker went away", "path", r.URL.Path, "error", err)
	}
}

// takesGzip reads Accept-Encoding; "gzip;q=0" refuses it.
func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name != "gzip" {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return err != nil || q > 0
	}
	return false
}

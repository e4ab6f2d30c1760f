package jaeger

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

const (
	gzipFrom = 4 << 10          // bytes from which compression is worth it
	writeFor = 30 * time.Second // bounds how long a slow reader is written to, beyond the question's own time
)

// send writes one document. prettyPrint indents it, as Jaeger does.
func (f *Face) send(w http.ResponseWriter, r *http.Request, status int, document any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if pretty := r.URL.Query().Get("prettyPrint"); pretty != "" && pretty != "false" {
		encoder.SetIndent("", "    ")
	}
	if err := encoder.Encode(document); err != nil {
		f.config.Log.Error("answer can not be encoded", "path", r.URL.Path, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	head.Set("Vary", "Accept-Encoding")
	if status == http.StatusServiceUnavailable {
		head.Set("Retry-After", "1")
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(f.config.Timeout + writeFor)) // not every writer has one
	if body.Len() < gzipFrom || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes()) // the asker may have gone
		return
	}
	head.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a right one
	_, _ = z.Write(body.Bytes())
	_ = z.Close()
}

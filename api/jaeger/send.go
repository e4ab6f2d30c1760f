package jaeger

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
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
	pretty := r.URL.Query().Get("prettyPrint")
	indent := pretty != "" && pretty != "false"
	if answer, ok := document.(*Answer); ok && !indent {
		if traces, ok := answer.Data.([]*uiTrace); ok {
			f.write(w, r, status, gzipFrom, func(w io.Writer) error { return answer.writeJSON(w, traces) })
			return
		}
	}
	if doc, ok := document.(written); ok && !indent {
		f.write(w, r, status, len(doc.otlp), doc.writeJSON)
		return
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if indent {
		encoder.SetIndent("", "    ")
	}
	if err := encoder.Encode(document); err != nil {
		f.config.Log.Error("answer can not be encoded", "path", r.URL.Path, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	f.write(w, r, status, body.Len(), func(w io.Writer) error {
		_, err := w.Write(body.Bytes())
		return err
	})
}

// write sends the head, and what body writes, compressed where the asker takes that and its size is worth it.
func (f *Face) write(w http.ResponseWriter, r *http.Request, status, size int, body func(io.Writer) error) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	head.Set("Vary", "Accept-Encoding")
	if status == http.StatusServiceUnavailable {
		head.Set("Retry-After", "1")
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(f.config.Timeout + writeFor)) // not every writer has one
	if size < gzipFrom || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		f.gone(r, body(w))
		return
	}
	head.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a right one
	f.gone(r, errors.Join(body(z), z.Close()))
}

// gone tells of an asker who did not wait for the end of an answer.
func (f *Face) gone(r *http.Request, err error) {
	if err != nil {
		f.config.Log.Debug("asker went away", "path", r.URL.Path, "error", err)
	}
}

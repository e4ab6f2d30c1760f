package tempo

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	gzipFrom = 4 << 10          // bytes from which compression is worth it
	writeFor = 30 * time.Second // bounds how long a slow reader is written to, beyond the question's own time
)

const (
	typeJSON     = "application/json"
	typeProtobuf = "application/protobuf"
)

// document is an answer on its way out.
type document struct {
	kind string // its media type
	body []byte
}

func jsonDocument(v any) (*document, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return &document{typeJSON, body.Bytes()}, nil
}

// say answers with plain text.
func say(w http.ResponseWriter, status int, text string) {
	head := w.Header()
	head.Set("Content-Type", "text/plain; charset=utf-8")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		head.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the asker may have gone
}

func (f *Face) send(w http.ResponseWriter, r *http.Request, d *document) {
	head := w.Header()
	head.Set("Content-Type", d.kind)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	head.Set("Vary", "Accept, Accept-Encoding")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(f.config.Timeout + writeFor)) // not every writer has one
	if len(d.body) < gzipFrom || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_, _ = w.Write(d.body) // the asker may have gone
		return
	}
	head.Set("Content-Encoding", "gzip")
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is a right one
	_, _ = z.Write(d.body)
	_ = z.Close()
}

package native

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// flushFirst hits are sent one by one, so that the first ones show at once; then every flushEvery-th.
const (
	flushFirst = 100
	flushEvery = 50
)

// search answers with one document, or line by line where the asker takes application/x-ndjson.
func (h *Handler) search(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
	defer cancel()
	if err := h.enter(ctx); err != nil {
		h.fail(w, r, err)
		return
	}
	defer h.leave()
	p := h.params(ctx, r)
	q := p.search()
	if err := p.done(); err != nil {
		h.fail(w, r, err)
		return
	}
	if takesLines(r) {
		h.stream(w, r, q)
		return
	}
	q.Limit = min(q.Limit, maxRecords)
	found := engine.Found{Hits: []*engine.Hit{}}
	end, err := h.engine.Search(ctx, q, func(hit *engine.Hit) error {
		found.Hits = append(found.Hits, hit)
		return nil
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	found.End = end
	h.send(w, r, http.StatusOK, "application/json", found)
}

func takesLines(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept"), ",") {
		if t, _, err := mime.ParseMediaType(part); err == nil && t == "application/x-ndjson" {
			return true
		}
	}
	return false
}

// stream sends each hit as it is found. The timeout is renewed by every hit: it bounds the wait for the next.
// An error before the first line is a problem document with its status; one after it is the last line.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, q query.Search) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	quiet := time.AfterFunc(h.timeout, func() { cancel(context.DeadlineExceeded) })
	defer quiet.Stop()
	lines := &lineWriter{w: w, r: r}
	hits := 0
	end, err := h.engine.Search(ctx, q, func(hit *engine.Hit) error {
		quiet.Reset(h.timeout)
		hits++
		return lines.write(hit, hits <= flushFirst || hits%flushEvery == 0)
	})
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		err = context.DeadlineExceeded
	}
	switch {
	case err == nil:
		err = lines.write(struct {
			End *engine.SearchEnd `json:"end"`
		}{end}, true)
	case !lines.begun:
		h.fail(w, r, err)
		return
	case r.Context().Err() == nil:
		err = lines.write(struct {
			Error problem `json:"error"`
		}{h.sort(r, err)}, true)
	}
	if cerr := lines.close(); err != nil || cerr != nil {
		h.log.Debug("asker went away", "path", r.URL.Path, "error", errors.Join(err, cerr))
	}
}

// lineWriter writes NDJSON; the header goes out with the first line.
type lineWriter struct {
	w     http.ResponseWriter
	r     *http.Request
	begun bool
	zip   *gzip.Writer
	buf   bytes.Buffer
}

func (l *lineWriter) begin() {
	l.begun = true
	header := l.w.Header()
	header.Set("Content-Type", "application/x-ndjson")
	header.Add("Vary", "Accept-Encoding, Accept")
	if takesGzip(l.r) {
		header.Set("Content-Encoding", "gzip")
		l.zip = gzip.NewWriter(l.w)
	}
	l.w.WriteHeader(http.StatusOK)
}

func (l *lineWriter) write(doc any, flush bool) error {
	if !l.begun {
		l.begin()
	}
	l.buf.Reset()
	if err := encode(&l.buf, doc); err != nil {
		return err
	}
	control := http.NewResponseController(l.w)
	_ = control.SetWriteDeadline(time.Now().Add(writeFor)) // not every writer has one
	if l.zip == nil {
		if _, err := l.w.Write(l.buf.Bytes()); err != nil || !flush {
			return err
		}
		return flushed(control)
	}
	if _, err := l.zip.Write(l.buf.Bytes()); err != nil || !flush {
		return err
	}
	if err := l.zip.Flush(); err != nil {
		return err
	}
	return flushed(control)
}

// flushed pushes what is buffered; a writer that cannot is none to complain about.
func flushed(control *http.ResponseController) error {
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

func (l *lineWriter) close() error {
	if l.zip == nil {
		return nil
	}
	return l.zip.Close()
}

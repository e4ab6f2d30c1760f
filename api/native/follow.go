package native

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// maxFollowers bounds the connections that wait for news. Each is a goroutine and a socket that last as long as a page is open; they take
// no turn from questions.
const maxFollowers = 32

// minPause is the shortest pause that an asker may ask for: whatever is told of at once is looked for all the time.
const minPause = 100 * time.Millisecond

// errFollowers: every place is taken.
var errFollowers = errors.New("too many follow at once")

// follow sends server-sent events until the asker goes or the server stops: a tick at the begin and whenever something was recorded.
// An error before the first one is a problem document with its status; one after it is the event "problem".
func (h *Handler) follow(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p := h.params(ctx, r)
	q := query.Follow{Cluster: p.cluster(), Pause: p.duration("pause")}
	if q.Pause > 0 && q.Pause < minPause {
		p.wrong("pause: %s is too short, %s is the least", q.Pause, minPause)
	}
	if err := p.done(); err != nil {
		h.fail(w, r, err)
		return
	}
	select {
	case h.followers <- struct{}{}:
		defer func() { <-h.followers }()
	default:
		h.fail(w, r, errFollowers)
		return
	}
	events := &eventWriter{w: w, control: http.NewResponseController(w)}
	if r.Method == http.MethodHead {
		events.begin()
		return
	}
	ticks, ended := make(chan *engine.Tick), make(chan error, 1)
	go func() { // ends with ctx, at the latest when this call returns
		ended <- h.engine.Follow(ctx, q, func(t *engine.Tick) error {
			select {
			case ticks <- t:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	h.relay(r, events, ticks, ended)
}

// relay writes ticks, and a comment while there are none, so that both ends see a connection that is dead.
func (h *Handler) relay(r *http.Request, events *eventWriter, ticks <-chan *engine.Tick, ended <-chan error) {
	beat := time.NewTicker(h.heartbeat)
	defer beat.Stop()
	var err error
	for err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-h.stopping:
			if !events.begun {
				h.fail(events.w, r, context.Canceled)
			}
			return
		case tick := <-ticks:
			err = events.event("tick", strconv.FormatUint(tick.Number, 10), tick)
			beat.Reset(h.heartbeat)
		case <-beat.C:
			err = events.comment()
		case failed := <-ended:
			if failed == nil || r.Context().Err() != nil {
				return
			}
			if !events.begun {
				h.fail(events.w, r, failed)
				return
			}
			_ = events.event("problem", "", h.sort(r, failed)) // nobody is told where that fails, too
			return
		}
	}
	h.log.Debug("follower went away", "path", r.URL.Path, "error", err)
}

// eventWriter writes server-sent events, each at once and within writeFor; between them the connection has no deadline.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
	buf     bytes.Buffer
}

func (e *eventWriter) begin() {
	if e.begun {
		return
	}
	e.begun = true
	e.w.Header().Set("Content-Type", "text/event-stream")
	e.w.Header().Set("X-Accel-Buffering", "no") // nginx collects answers otherwise
	e.w.WriteHeader(http.StatusOK)
}

// event writes doc, which is one line of JSON.
func (e *eventWriter) event(kind, id string, doc any) error {
	e.buf.Reset()
	e.buf.WriteString("event: " + kind + "\n")
	if id != "" {
		e.buf.WriteString("id: " + id + "\n")
	}
	e.buf.WriteString("data: ")
	if err := encode(&e.buf, doc); err != nil {
		return err
	}
	e.buf.WriteByte('\n')
	return e.flush()
}

func (e *eventWriter) comment() error {
	e.buf.Reset()
	e.buf.WriteString(": still here\n\n")
	return e.flush()
}

func (e *eventWriter) flush() error {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeFor)) // not every writer has one
	e.begin()
	if _, err := e.w.Write(e.buf.Bytes()); err != nil {
		return err
	}
	if err := flushed(e.control); err != nil {
		return err
	}
	_ = e.control.SetWriteDeadline(time.Time{})
	return nil
}

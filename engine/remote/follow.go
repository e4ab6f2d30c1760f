package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

const (
	// maxEventBytes bounds one server-sent event.
	maxEventBytes = 1 << 20
	// silentFor is how long nothing may come, not even a comment, before the server is taken for gone: three of its heartbeats.
	silentFor = 45 * time.Second
)

// errSilent: the connection stands and nothing comes.
var errSilent = errors.New("nothing was heard for " + silentFor.String())

// Follow asks GET /api/v1/follow and hands on each tick as it comes. It does not ask again by itself: where the connection breaks, or
// the server stops, it returns an error, and calling it once more goes on with where the recording is then.
func (e *Engine) Follow(ctx context.Context, q query.Follow, emit func(*engine.Tick) error) error {
	asked, cancel := context.WithCancelCause(ctx)
	defer cancel(nil) // ends the server's work when emit gives up
	silent := time.AfterFunc(silentFor, func() { cancel(errSilent) })
	defer silent.Stop()
	v := values{}
	v.str("cluster", string(q.Cluster))
	if q.Pause > 0 {
		v.str("pause", q.Pause.String())
	}
	body, err := e.get(asked, "follow", url.Values(v), "text/event-stream")
	if err != nil {
		return followErr(ctx, asked, err)
	}
	defer func() { _ = body.Close() }()
	events := bufio.NewScanner(body)
	events.Buffer(make([]byte, 0, 4096), maxEventBytes)
	var kind string
	var data []byte
	for events.Scan() {
		silent.Reset(silentFor)
		name, value, _ := bytes.Cut(events.Bytes(), []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case string(name) == "event":
			kind = string(value)
		case string(name) == "data" && len(data)+len(value) < maxEventBytes:
			data = append(append(data, value...), '\n')
		case len(events.Bytes()) == 0:
			if err := e.event(kind, data, emit); err != nil {
				return err
			}
			kind, data = "", data[:0]
		}
	}
	err = events.Err()
	if err == nil {
		err = fmt.Errorf("the server ended the stream: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("follow %s: %w", e.Server(), followErr(ctx, asked, err))
}

// followErr gives what ended the stream, where err is only its echo.
func followErr(ctx, asked context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(context.Cause(asked), errSilent):
		return errSilent
	}
	return err
}

// event takes one whole event; kinds that are not known are left to later versions.
func (e *Engine) event(kind string, data []byte, emit func(*engine.Tick) error) error {
	switch kind {
	case "tick":
		tick := new(engine.Tick)
		if err := json.Unmarshal(data, tick); err != nil {
			return fmt.Errorf("read a tick of %s: %w", e.Server(), err)
		}
		return emit(tick)
	case "problem":
		var p problem
		if err := json.Unmarshal(data, &p); err != nil {
			return fmt.Errorf("read a problem of %s: %w", e.Server(), err)
		}
		if err := p.err(); err != nil {
			return err
		}
		return fmt.Errorf("ask %s: %s", e.Server(), p.text())
	}
	return nil
}

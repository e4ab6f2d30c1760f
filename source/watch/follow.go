package watch

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/internal/rawjson"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

const (
	// initialPatience is how long a watch that should begin with a list may be silent before it is taken for one that does not.
	initialPatience = 20 * time.Second
	// watchPatience is how much longer than asked a watch may last.
	watchPatience = time.Minute
)

// stream is one open watch.
type stream struct {
	*runner
	listed  uids   // of the list that it begins with; nil once that is complete
	heard   bool   // it told an event or a bookmark
	release func() // gives the list's slot back; nil after
}

// follow opens a watch and reads it until it ends, which it always tells by an error.
func (r *runner) follow(ctx context.Context, s step) (heard bool, err error) {
	st := &stream{runner: r}
	last := r.watchFor()
	r.m.least = last - 2*time.Second
	query := url.Values{"watch": {"1"}, "allowWatchBookmarks": {"true"}, "timeoutSeconds": {strconv.Itoa(int(last.Seconds()))}}
	if s.do == doStream {
		query.Set("sendInitialEvents", "true")
		query.Set("resourceVersionMatch", "NotOlderThan")
		if st.release, err = r.w.listSlot(ctx); err != nil {
			return false, err
		}
		st.listed = make(uids)
	} else {
		query.Set("resourceVersion", strconv.FormatUint(uint64(s.from), 10))
	}
	defer st.end()
	open, cancel := context.WithTimeout(ctx, last+watchPatience)
	defer cancel()
	body, err := r.w.client.open(open, r.w.client.path(r.resource, r.scope.namespace), query, acceptJSON)
	if err != nil {
		return false, err
	}
	r.status.opened(s.do)
	lines := readLines(open, body, r.w.options.LineBytes)
	err = st.read(ctx, lines)
	cancel()
	body.Close()
	for range lines.next { // the reader ends with its body
	}
	return st.heard, err
}

func (st *stream) end() {
	if st.release != nil {
		st.release()
	}
}

// read takes lines until the watch ends. ctx is that of the runner: the watch may end, what it told is delivered all the same.
func (st *stream) read(ctx context.Context, l *lines) error {
	timer := time.NewTimer(quietWatch)
	defer timer.Stop()
	for {
		wait := quietWatch
		switch {
		case !st.out.due.IsZero():
			wait = time.Until(st.out.due)
		case st.listed != nil:
			wait = initialPatience
		}
		timer.Reset(max(wait, 0))
		select {
		case ln, ok := <-l.next:
			if !ok {
				return st.over(ctx, l.err)
			}
			err := st.line(ctx, ln)
			if err != nil {
				if flushErr := st.flush(ctx, st.w.now()); flushErr != nil {
					return flushErr
				}
				return err
			}
			select {
			case l.done <- struct{}{}:
			case <-ctx.Done():
			}
		case <-timer.C:
			if st.out.due.IsZero() {
				if st.listed != nil {
					return errNoEnd
				}
				return errQuiet
			}
			if err := st.flush(ctx, st.w.now()); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// over delivers the rest of a watch that has ended.
func (st *stream) over(ctx context.Context, why error) error {
	if err := st.flush(ctx, st.w.now()); err != nil {
		return err
	}
	if st.listed == nil && (errors.Is(why, io.EOF) || errors.Is(why, context.DeadlineExceeded)) {
		return errEnded
	}
	return why
}

// line takes one line; what it returns ends the watch.
func (st *stream) line(ctx context.Context, ln line) error {
	now := st.w.now()
	st.w.conf.Metrics.bytes(st.w.conf.Cluster, int64(ln.bytes))
	if ln.tooLong {
		return st.add(ctx, st.unread(now, nil, "a watch event of "+strconv.Itoa(ln.bytes)+" bytes is longer than the limit"), now)
	}
	t, err := st.live.Event(ln.raw, now)
	if err != nil {
		return st.strange(ctx, ln.raw, err, now)
	}
	switch t.Type {
	case recording.Error:
		return refused(t)
	case recording.Bookmark:
		return st.bookmark(ctx, t, now)
	}
	if st.listed != nil {
		st.listed.add(t.UID)
		if t.Record != nil {
			t.Record.Provenance.Sources = record.FromList
		}
		return st.take(ctx, t, now)
	}
	// The position moves before the record is gathered: a batch tells the run up to the last record in it.
	st.heard = true
	st.m.saw(t.RV, now)
	st.status.saw(st.m.position, now)
	st.w.noticed(st.scope.GroupResource)
	if t.Type == recording.Deleted && st.scope.GroupResource == crds() && t.Record != nil {
		st.definitionGone(t.Record.Ref.Name, t.RV)
	}
	if err := st.take(ctx, t, now); err != nil {
		return err
	}
	st.quiet(now)
	return nil
}

// quiet lets the run be told that moved on without a record.
func (st *stream) quiet(now time.Time) {
	if len(st.out.records) > 0 {
		return
	}
	if run := st.run(now); run != nil {
		st.w.idle.put(st.scope, run)
		st.durable = st.m.at()
	}
}

func (st *stream) bookmark(ctx context.Context, t recording.Told, now time.Time) error {
	st.w.conf.Metrics.event(st.w.conf.Cluster, t.Type)
	if st.listed == nil {
		st.heard = true
		st.m.saw(t.RV, now)
		st.status.reached(st.m.position)
		st.quiet(now)
		return nil
	}
	if !t.InitialEnd {
		return errNoEnd // an apiserver that does not know sendInitialEvents
	}
	if err := st.finish(ctx, t.RV, st.listed); err != nil {
		return err
	}
	st.listed = nil
	st.release()
	st.release = nil
	st.status.doing(doWatch, st.m.position)
	return nil
}

// strange is a line that can not be read. One that is no JSON was damaged on its way, and the watch is opened again; if it
// comes again, and for what is JSON but no object of the resource, a gap tells of it.
func (st *stream) strange(ctx context.Context, raw []byte, err error, now time.Time) error {
	var syntax *rawjson.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, recording.ErrNotWatch) {
		return err
	}
	return st.add(ctx, st.unread(now, raw, "a watch event can not be read: "+err.Error()), now)
}

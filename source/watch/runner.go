package watch

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// runner lists and watches one resource in one scope: it does what its machine says and tells it how that went.
type runner struct {
	w        *Watcher
	scope    scope
	resource recording.Resource
	m        machine
	live     *recording.Live
	out      outbox
	durable  position // of the machine, as far as it was delivered
	status   *resourceStatus
	kick     chan struct{} // ends a wait: something changed
	stop     context.CancelFunc
	done     chan struct{} // closed when loop has returned
	goneAt   time.Time     // when discovery first missed the resource; owned by the watcher
}

// loop runs until ctx ends.
func (r *runner) loop(ctx context.Context) {
	defer close(r.done)
	defer r.out.drop()
	for ctx.Err() == nil {
		s := r.m.next()
		if !r.pause(ctx, s.wait) {
			return
		}
		r.status.doing(s.do, r.m.position)
		began := r.w.now()
		var err error
		heard := false
		switch s.do {
		case doVerify:
			err = r.verify(ctx)
		case doList:
			err = r.list(ctx)
		case doStream:
			heard, err = r.follow(ctx, s)
		case doWatch:
			heard, err = r.follow(ctx, s)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			continue
		}
		f, after := failureOf(err)
		switch {
		case errors.Is(err, errEnded):
			f = ended
		case errors.Is(err, errQuiet):
			f = quiet
		case errors.Is(err, errNoEnd):
			f = noEnd
		}
		now := r.w.now()
		if s.do == doWatch || s.do == doStream && !r.m.covered.Before(began) { // a list that went on as a watch
			r.m.heldUntil(now, f, now.Sub(began))
		}
		r.m.failed(s, f, now.Sub(began), heard, after)
		r.failed(s, f, err)
	}
}

var (
	errEnded = errors.New("the apiserver ended the watch")
	errNoEnd = errors.New("the apiserver does not stream lists")
	errQuiet = errors.New("the watch told nothing, not even a bookmark")
)

// failed shows a failure, once: a lasting one is not told again and again.
func (r *runner) failed(s step, f failure, err error) {
	r.w.conf.Metrics.restart(r.w.conf.Cluster, f)
	if r.status.failed(s.do, f, err) {
		r.w.log.Warn("watch", "resource", r.scope.String(), "namespace", r.scope.namespace, "failure", f.String(), "error", err)
	}
	if f == missing {
		r.w.nudge()
	}
}

// pause waits, or until something changed that may help.
func (r *runner) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.kick:
		return sleep(ctx, time.Duration(r.w.jitter()*float64(time.Second)))
	case <-ctx.Done():
		return false
	}
	return true
}

// verify asks whether the cluster has reached the position: a watch from beyond its end would wait in silence.
func (r *runner) verify(ctx context.Context) error {
	rv, err := r.w.client.now(ctx, r.resource, r.scope.namespace)
	if err != nil {
		return err
	}
	r.m.reached(rv)
	return nil
}

// list reads all pages; a list that breaks off begins anew.
func (r *runner) list(ctx context.Context) error {
	release, err := r.w.listSlot(ctx)
	if err != nil {
		return err
	}
	defer release()
	listed := make(uids)
	query := url.Values{"limit": {strconv.Itoa(r.w.options.PageItems)}}
	for {
		rv, next, err := r.page(ctx, query, listed)
		if err != nil {
			return err
		}
		if next == "" {
			return r.finish(ctx, rv, listed)
		}
		query.Set("continue", next)
	}
}

func (r *runner) page(ctx context.Context, query url.Values, listed uids) (record.ResourceVersion, string, error) {
	body, err := r.w.client.open(ctx, r.w.client.path(r.resource, r.scope.namespace), query, acceptJSON)
	if err != nil {
		return 0, "", err
	}
	defer body.Close()
	r.status.opened(doList)
	p := page{r: bufio.NewReaderSize(body, readBuffer), most: r.w.options.LineBytes}
	h, next, err := p.read(func(raw []byte) error {
		now := r.w.now()
		if raw == nil {
			return r.add(ctx, r.unread(now, nil, "an object of a list is longer than the limit"), now)
		}
		told, err := r.live.Item(raw, now)
		if err != nil {
			return r.add(ctx, r.unread(now, raw, "an object of a list can not be read: "+err.Error()), now)
		}
		listed.add(told.UID)
		return r.take(ctx, told, now)
	})
	r.w.conf.Metrics.bytes(r.w.conf.Cluster, p.bytes)
	return h.RV, next, err
}

// finish delivers the rest of a list, the ends of what it no longer held, what was missed before it, and the run that begins.
// All before was delivered or is in the same batch, so a crash before leaves the list to be done again.
func (r *runner) finish(ctx context.Context, rv record.ResourceVersion, listed uids) error {
	if err := r.endGone(ctx, listed, rv); err != nil {
		return err
	}
	now := r.w.now()
	f := r.m.listed(rv, now)
	var marks []ingest.Mark
	more := make([]*record.Record, 0, 3)
	if f.gap != nil {
		more = append(more, &record.Record{Kind: record.KindGap, OccurredAt: f.begin, Ref: r.ref(), Gap: f.gap,
			Provenance: record.Provenance{ReceivedAt: now, Sources: record.FromWatch}})
		r.status.gap()
		r.w.conf.Metrics.gap(r.w.conf.Cluster, f.gap.Reason)
	}
	if f.ranBack {
		marks = append(marks, r.w.memory.ranBack(record.StorageOf(r.scope.GroupResource), rv, f.since, now))
	}
	more = append(more, r.progress(record.Progress{RV: rv, List: true}, record.FromList, now), r.run(now))
	r.w.conf.Metrics.list(r.w.conf.Cluster)
	r.status.listed(len(listed))
	if err := r.out.deliver(ctx, marks, r.status.blocked, more...); err != nil {
		return err
	}
	r.durable = r.m.at()
	return nil
}

// take gathers what an event or an item told.
func (r *runner) take(ctx context.Context, t recording.Told, now time.Time) error {
	r.w.conf.Metrics.event(r.w.conf.Cluster, t.Type)
	if t.Record == nil || r.w.options.skips(t.Namespace) {
		return nil
	}
	return r.add(ctx, t.Record, now)
}

func (r *runner) add(ctx context.Context, rec *record.Record, now time.Time) error {
	if !r.out.add(rec, now) {
		return nil
	}
	return r.flush(ctx, now)
}

// flush delivers what was gathered, with the run that it is part of.
func (r *runner) flush(ctx context.Context, now time.Time) error {
	run := r.run(now)
	if run == nil {
		return r.out.deliver(ctx, nil, r.status.blocked)
	}
	if len(r.out.records) == 0 {
		return nil
	}
	if err := r.out.deliver(ctx, nil, r.status.blocked, run); err != nil {
		return err
	}
	r.durable = r.m.at()
	return nil
}

// unread is the gap of something that could not be read. The same thing read again is the same gap.
func (r *runner) unread(now time.Time, raw []byte, detail string) *record.Record {
	sum := sha256.Sum256(raw)
	r.w.conf.Metrics.unread(r.w.conf.Cluster)
	r.w.conf.Metrics.gap(r.w.conf.Cluster, record.GapUndecodable)
	return &record.Record{Kind: record.KindGap, Ref: r.ref(),
		Gap:        &record.Gap{Reason: record.GapUndecodable, FromRV: r.m.position, Detail: detail, Key: hex.EncodeToString(sum[:8]), Count: 1},
		Provenance: record.Provenance{ReceivedAt: now, Sources: record.FromWatch}}
}

// watchFor spreads the ends of watches, so that they are not all opened again at once.
func (r *runner) watchFor() time.Duration { return r.m.spread(r.w.options.WatchFor) }

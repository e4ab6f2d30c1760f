package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

// How a queue is emptied.
const (
	togetherBytes = 4 << 20 // unpacked bytes of batches that are delivered as one
	firstRetry    = 200 * time.Millisecond
	lastRetry     = 30 * time.Second
	positionEvery = time.Second
	readAgain     = time.Second // after the disk could not be read
	deliverWithin = time.Minute
)

// drain empties one queue, a group at a time. It is its reader's alone.
type drain struct {
	s       *Sink
	q       *queue
	at      position // delivered up to here
	saved   position
	savedAt time.Time

	notBefore time.Time // when to try again
	wait      time.Duration
	troubled  trouble

	alone  int  // so many batches go each on its own: one of them spoils what they are delivered with
	spoilt bool // the first batch will never be taken: a Gap goes in its place

	lost     []loss    // to be told with the next group
	lostUpTo position  // places up to here are in lost, or were
	last     time.Time // when the last batch that was read was taken
	fault    error     // the disk could not be read the last time
}

// trouble is what the log was told last.
type trouble int

const (
	well trouble = iota
	late         // the next sink is busy or away
	denied
)

func (s *Sink) newDrain(q *queue) *drain {
	d := &drain{s: s, q: q, at: q.at}
	for _, l := range q.losses {
		d.lose(l)
	}
	return d
}

// step delivers one group, or finds that it can not now; false if there is nothing to do before something changes.
func (d *drain) step(ctx context.Context) (again bool) {
	g := d.gather()
	switch {
	case g.frames > 0 || g.losses > 0:
		return d.deliver(ctx, g)
	case d.fault != nil:
		d.notBefore = time.Now().Add(d.s.rest)
		return true
	}
	d.at = g.next // behind what was lost
	d.advance(g.skipped)
	d.q.sweep()
	return false
}

// group is what is delivered as one.
type group struct {
	batch   ingest.Batch
	frames  int
	skipped int // batches that do not decode
	next    position
	losses  int // told by it
}

// gather reads batches of one cluster, as many as go together. It changes nothing: what is not delivered is read again.
func (d *drain) gather() (g group) {
	size := 0
	g.next = d.at
	for g.frames == 0 || d.alone == 0 && !d.spoilt {
		e, ok := d.read(g.next)
		if !ok {
			if g.frames == 0 {
				g.next = e.next
			}
			break
		}
		raw, err := wire.RawSize(e.payload)
		if err == nil && g.frames > 0 && size+raw > togetherBytes {
			break
		}
		var b ingest.Batch
		if err == nil {
			b, err = d.s.codec.Decode(e.payload)
		}
		if err != nil {
			d.lose(loss{at: e.start, place: e.place, why: err.Error()})
			d.q.damageAt(e.next)
			g.next = e.next
			g.skipped++
			continue
		}
		if g.frames > 0 && (b.Cluster != g.batch.Cluster || len(g.batch.Marks)+len(b.Marks) > ingest.MaxMarks) {
			break
		}
		if g.frames == 0 {
			d.q.setOldest(e.at)
		}
		d.last = e.at
		g.batch.Cluster = b.Cluster
		if !d.spoilt {
			g.batch.Records = append(g.batch.Records, b.Records...)
			g.batch.Marks = append(g.batch.Marks, b.Marks...)
		}
		size += raw
		g.frames++
		g.next = e.next
	}
	d.tell(&g)
	return g
}

// read gives the next batch.
func (d *drain) read(p position) (entry, bool) {
	e, ok := d.q.read(p)
	if e.lost != nil {
		d.lose(*e.lost)
	}
	if e.fault != nil && d.fault == nil {
		d.s.log.Error("the spool can not be read now; trying again", "err", e.fault)
	}
	d.fault = e.fault
	return e, ok
}

// maxLosses bounds how many places are told one by one.
const maxLosses = 100

// lose notes a place that is lost, once however often it is read.
func (d *drain) lose(l loss) {
	if l.at != (position{}) && !d.lostUpTo.before(l.at) {
		return
	}
	d.lostUpTo = l.at
	d.s.conf.Metrics.count(func(m *Metrics) counter { return m.damaged })
	d.s.log.Error("a place in the spool is lost", "place", l.place, "why", l.why)
	l.from = d.last
	if l.until.IsZero() {
		l.until = d.s.spool.bounds.now()
	}
	if len(d.lost) < maxLosses {
		d.lost = append(d.lost, l)
	}
}

// tell adds what was lost to a group, as Gaps of its cluster.
func (d *drain) tell(g *group) {
	if g.batch.Cluster == "" {
		g.batch.Cluster = d.q.clusterName()
	}
	if g.batch.Cluster == "" { // nothing in the queue can be read: whoever adds to it tells
		return
	}
	for _, l := range d.lost {
		g.batch.Records = append(g.batch.Records, l.gap(g.batch.Cluster))
	}
	g.losses = len(d.lost)
}

func (l loss) gap(c record.Cluster) *record.Record {
	return &record.Record{Kind: record.KindGap, Ref: record.ObjectRef{Cluster: c}, OccurredAt: l.from, Provenance: record.Provenance{ReceivedAt: l.until}, Gap: &record.Gap{
		Reason: record.GapDropped, Key: "spool/" + l.place, Until: l.until, Count: 1,
		Detail: fmt.Sprintf("A batch in a spool was lost (%s): %s", l.place, l.why)}}
}

// deliver hands a group on, once. Whatever it comes to, the queue is to be asked again.
func (d *drain) deliver(ctx context.Context, g group) (again bool) {
	err := d.try(ctx, g.batch)
	switch {
	case ctx.Err() != nil:
		return true
	case errors.Is(err, ingest.ErrInvalid) && g.frames > 1: // one of them spoils all
		d.alone = g.frames
		return true
	case errors.Is(err, ingest.ErrInvalid) && g.frames == 1 && !d.spoilt: // a Gap goes in its place before the batch is done with
		d.spoilt = true
		d.lost = append(d.lost, d.refused(g, err))
		return true
	case err != nil && !errors.Is(err, ingest.ErrInvalid): // a Gap that is refused is in the log
		d.pause(err)
		return true
	}
	d.delivered(g)
	return true
}

func (d *drain) try(ctx context.Context, b ingest.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	return d.s.conf.Next.Deliver(ctx, b)
}

// refused is the loss of a batch that the next sink will never take.
func (d *drain) refused(g group, err error) loss {
	l := loss{place: fmt.Sprintf("%s before %d", segmentName(g.next.number), g.next.offset), why: err.Error(), from: d.last, until: d.s.spool.bounds.now()}
	d.s.conf.Metrics.count(func(m *Metrics) counter { return m.damaged })
	d.s.log.Error("a batch in the spool is refused for good", "cluster", g.batch.Cluster, "place", l.place, "why", l.why)
	d.q.damageAt(g.next)
	return l
}

// delivered goes on behind a group.
func (d *drain) delivered(g group) {
	switch d.troubled {
	case late:
		d.s.log.Info("the spool is delivered again", "cluster", g.batch.Cluster)
	case denied:
		d.s.log.Info("the receiver takes the cluster's batches again", "cluster", g.batch.Cluster)
	}
	d.q.setDenied(nil)
	d.troubled, d.wait, d.notBefore = well, 0, time.Time{}
	d.lost = d.lost[g.losses:]
	d.spoilt, d.alone = false, max(d.alone-g.frames, 0)
	for range g.frames {
		d.s.conf.Metrics.count(func(m *Metrics) counter { return m.delivered })
	}
	d.at = g.next
	d.advance(g.frames + g.skipped)
	if time.Since(d.savedAt) > positionEvery {
		d.save()
	}
}

// pause lets the queue rest after its oldest batch was not taken; others go on.
func (d *drain) pause(err error) {
	d.wait = min(max(2*d.wait, d.s.retry), lastRetry)
	pause := d.wait
	busy := ingest.IsBusy(err)
	switch {
	case busy != nil:
		pause = max(busy.After, pause)
		fallthrough
	case errors.Is(err, context.DeadlineExceeded):
		d.s.conf.Metrics.retry("busy")
		d.q.setDenied(nil)
		if d.troubled != late {
			d.s.log.Warn("the spool can not be delivered now", "cluster", d.q.clusterName(), "why", err)
		}
		d.troubled = late
	default:
		d.s.conf.Metrics.retry("refused")
		if d.troubled != denied {
			d.s.log.Error("the receiver refuses the cluster's batches; they stay in the spool", "cluster", d.q.clusterName(), "why", err)
			d.q.setDenied(&Denied{Since: d.s.spool.bounds.now()})
		}
		d.troubled = denied
	}
	d.notBefore = time.Now().Add(pause - time.Duration(rand.Int64N(int64(pause)/4+1)))
}

func (d *drain) advance(frames int) {
	if err := d.q.advance(d.at, frames); err != nil {
		d.s.log.Error("the spool can not remove what it delivered", "err", err)
	}
}

// save makes the position durable. Without it the next process delivers again what is there already, so a failure is only told.
func (d *drain) save() {
	if err := d.remember(); err != nil {
		d.s.log.Warn("how far the spool was delivered is not kept", "err", err)
	}
}

func (d *drain) remember() error {
	d.savedAt = time.Now()
	if d.at == d.saved || d.at == (position{}) || d.q.empty() {
		return nil
	}
	err := d.q.writePosition(d.at)
	if err == nil {
		d.saved = d.at
	}
	return err
}

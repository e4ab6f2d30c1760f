package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// How the spool is emptied.
const (
	togetherBytes = 4 << 20 // estimated memory of batches that are delivered as one
	firstRetry    = 200 * time.Millisecond
	lastRetry     = 30 * time.Second
	positionEvery = time.Second
	readAgain     = time.Second // after the disk could not be read
	deliverWithin = time.Minute
)

// mark is a moment in the spool's life: all that is durable now. What is on its way in is counted too.
func (s *Spool) mark() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *Spool) reached(mark uint64) (bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done >= mark, s.changed
}

// Run delivers what is in the spool, oldest first, until ctx ends; then it returns nil. A batch that the next sink does not take now is tried again
// for ever; one that it never will (ingest.ErrInvalid), and what can not be read any more, becomes a Gap.
func (s *Sink) Run(ctx context.Context) error {
	if s.spool == nil {
		<-ctx.Done()
		return nil
	}
	d := s.newDrain()
	for ctx.Err() == nil {
		s.conf.Metrics.fill(s.spool.Status())
		_, changed := s.spool.reached(0)
		group, ok := d.gather()
		if ok || group.losses > 0 {
			if err := d.deliver(ctx, group); err != nil {
				break // ctx ended
			}
			continue
		}
		if d.fault != nil {
			select {
			case <-time.After(s.rest):
			case <-ctx.Done():
			}
			continue
		}
		d.settle()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return d.remember()
}

func (s *Sink) newDrain() *drain {
	d := &drain{s: s, at: s.spool.at}
	for _, l := range s.spool.losses {
		d.lose(l)
	}
	return d
}

// drain is Run's own state.
type drain struct {
	s        *Sink
	at       position // delivered up to here
	saved    position
	savedAt  time.Time
	held     *entry // read, and left for the next group
	heldWhat ingest.Batch
	lost     []loss
	cluster  record.Cluster // of the last batch
	last     time.Time      // when the last batch that was read was taken
	skipped  int            // batches that do not decode, since the last delivery
	troubled bool
	fault    error // the disk could not be read the last time
}

// group is what is delivered as one.
type group struct {
	batch  ingest.Batch
	frames int
	next   position
	parts  []ingest.Batch
	losses int // told by it
}

// gather reads batches of one cluster; false if there is none.
func (d *drain) gather() (g group, ok bool) {
	size := int64(0)
	g.next = d.at
	for {
		e, b, ok := d.read(g.next)
		if !ok {
			if g.frames == 0 {
				d.at = e.next
			}
			break
		}
		if g.frames > 0 && (b.Cluster != g.batch.Cluster || size+b.Size() > togetherBytes || len(g.batch.Marks)+len(b.Marks) > ingest.MaxMarks) {
			d.held, d.heldWhat = &e, b
			break
		}
		if g.frames == 0 {
			d.s.spool.setOldest(e.at)
			g.batch.Cluster = b.Cluster
		}
		size += b.Size()
		g.batch.Records = append(g.batch.Records, b.Records...)
		g.batch.Marks = append(g.batch.Marks, b.Marks...)
		g.parts = append(g.parts, b)
		g.frames++
		g.next = e.next
	}
	if g.frames > 0 {
		d.cluster = g.batch.Cluster
	}
	if g.frames == 0 {
		g.next = d.at
	}
	d.tell(&g)
	return g, g.frames > 0
}

// read gives the next batch that decodes.
func (d *drain) read(p position) (entry, ingest.Batch, bool) {
	if d.held != nil {
		e := *d.held
		d.held = nil
		return e, d.heldWhat, true
	}
	for {
		e, ok := d.s.spool.read(p)
		if e.lost != nil {
			d.lose(*e.lost)
		}
		if e.fault != nil && d.fault == nil {
			d.s.log.Error("the spool can not be read now; trying again", "err", e.fault)
		}
		d.fault = e.fault
		if !ok {
			return e, ingest.Batch{}, false
		}
		b, err := d.s.codec.Decode(e.payload)
		if err == nil {
			d.last = e.at
			return e, b, true
		}
		d.lose(loss{place: e.place, why: err.Error()})
		d.skipped++
		d.s.spool.damageAt(e.next)
		p = e.next
	}
}

// maxLosses bounds how many places are told one by one.
const maxLosses = 100

func (d *drain) lose(l loss) {
	d.s.conf.Metrics.count(func(m *Metrics) counter { return m.damaged })
	d.s.log.Error("a place in the spool is lost", "place", l.place, "why", l.why)
	l.from = d.last
	if l.until.IsZero() {
		l.until = d.s.spool.now()
	}
	if len(d.lost) < maxLosses {
		d.lost = append(d.lost, l)
	}
}

// tell adds what was lost to a group, as Gaps of its cluster: of which cluster it was can not be read any more.
func (d *drain) tell(g *group) {
	if d.cluster == "" { // not even a neighbour is known yet
		return
	}
	g.batch.Cluster = d.cluster
	for _, l := range d.lost {
		g.batch.Records = append(g.batch.Records, l.gap(d.cluster))
	}
	g.losses = len(d.lost)
}

func (l loss) gap(c record.Cluster) *record.Record {
	return &record.Record{Kind: record.KindGap, Ref: record.ObjectRef{Cluster: c}, OccurredAt: l.from, Provenance: record.Provenance{ReceivedAt: l.until}, Gap: &record.Gap{
		Reason: record.GapDropped, Key: "spool/" + l.place, Until: l.until, Count: 1,
		Detail: fmt.Sprintf("A batch in an agent's spool was lost (%s): %s", l.place, l.why)}}
}

// deliver hands on until it is taken; its only error is that ctx ended.
func (d *drain) deliver(ctx context.Context, g group) error {
	err := d.insist(ctx, g.batch)
	if errors.Is(err, ingest.ErrInvalid) { // one of them spoils all
		err = d.oneByOne(ctx, &g)
	}
	if err != nil {
		return err
	}
	d.lost = d.lost[g.losses:]
	for range g.frames {
		d.s.conf.Metrics.count(func(m *Metrics) counter { return m.delivered })
	}
	d.at = g.next
	d.advance(g.frames + d.skipped)
	d.skipped = 0
	if time.Since(d.savedAt) > positionEvery {
		d.save()
	}
	return nil
}

// oneByOne delivers a group's batches each on its own, and tells of those that are refused before the group is done with.
func (d *drain) oneByOne(ctx context.Context, g *group) error {
	for _, b := range g.parts {
		err := d.insist(ctx, b)
		if errors.Is(err, ingest.ErrInvalid) {
			d.lose(loss{place: fmt.Sprintf("%s before %d", segmentName(g.next.number), g.next.offset), why: err.Error()})
			d.s.spool.damageAt(g.next)
		} else if err != nil {
			return err
		}
	}
	told := group{}
	d.tell(&told)
	err := d.insist(ctx, told.batch)
	g.losses = told.losses
	if errors.Is(err, ingest.ErrInvalid) { // the log has it
		return nil
	}
	return err
}

func (d *drain) advance(frames int) {
	if err := d.s.spool.advance(d.at, frames); err != nil {
		d.s.log.Error("the spool can not remove what it delivered", "err", err)
	}
}

// insist delivers until the next sink takes the batch, or says that it never will, or ctx ends.
func (d *drain) insist(ctx context.Context, b ingest.Batch) error {
	for wait := d.s.retry; ; wait = min(2*wait, lastRetry) {
		err := d.try(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if d.troubled {
				d.s.log.Info("the spool is delivered again", "batches", d.s.spool.Status().Batches)
			}
			d.troubled = false
			return nil
		}
		if errors.Is(err, ingest.ErrInvalid) {
			return err
		}
		pause := wait
		busy := ingest.IsBusy(err)
		if busy != nil {
			d.s.conf.Metrics.retry("busy")
			pause = max(busy.After, wait)
		} else {
			d.s.conf.Metrics.retry("refused")
		}
		if !d.troubled {
			d.s.log.Warn("the spool can not be delivered now", "why", err)
		}
		d.troubled = true
		d.s.conf.Metrics.fill(d.s.spool.Status())
		select {
		case <-time.After(pause - time.Duration(rand.Int64N(int64(pause)/4+1))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *drain) try(ctx context.Context, b ingest.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	return d.s.conf.Next.Deliver(ctx, b)
}

// settle is for when nothing is left to deliver.
func (d *drain) settle() {
	d.advance(0)
	d.save()
}

// save makes the position durable. Without it the next process delivers again what is there already, so a failure is only told.
func (d *drain) save() {
	if err := d.remember(); err != nil {
		d.s.log.Warn("how far the spool was delivered is not kept", "err", err)
	}
}

func (d *drain) remember() error {
	d.savedAt = time.Now()
	if d.at == d.saved {
		return nil
	}
	err := d.s.spool.writePosition(d.at)
	if err == nil {
		d.saved = d.at
	}
	return err
}

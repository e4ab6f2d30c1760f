package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// move puts what a release before the queues of clusters left, segments of all clusters in the directory itself, into their queues. A segment is
// removed once all of it is durable there: a crash before that moves it again, and it is delivered twice.
func (s *Sink) move() error {
	names, err := s.spool.disk.List()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(names, func(n string) bool { _, ok := segmentNumber(n); return ok }) {
		if slices.Contains(names, positionName) {
			return s.spool.disk.Remove(positionName)
		}
		return nil
	}
	old, err := openQueue(s.spool.disk, s.spool.bounds, s.spool.segBytes)
	if err != nil {
		return err
	}
	s.log.Info("what an earlier release spooled is put into queues of its clusters", "batches", old.batches)
	m := &mover{s: s, old: old, at: old.at, touched: map[*queue]bool{}, lost: old.losses}
	if err := errors.Join(m.run(), old.close()); err != nil {
		return err
	}
	if slices.Contains(names, positionName) {
		return s.spool.disk.Remove(positionName)
	}
	return nil
}

type mover struct {
	s       *Sink
	old     *queue
	at      position
	frames  int
	touched map[*queue]bool // written to, and not durable yet
	lost    []loss          // not told yet: of which cluster they are, the next batch says
	cluster record.Cluster  // of the last batch
}

func (m *mover) run() error {
	for {
		e, ok := m.old.read(m.at)
		if e.lost != nil {
			m.lost = append(m.lost, *e.lost)
		}
		if e.fault != nil {
			time.Sleep(m.s.retry) // at most readTries times
			continue
		}
		if !ok {
			return m.settle(e.next)
		}
		if err := m.take(e); err != nil {
			return err
		}
		m.frames++
		if e.start.number != m.at.number {
			if err := m.settle(position{e.start.number, headBytes}); err != nil {
				return err
			}
		}
		m.at = e.next
	}
}

// take writes a batch into its cluster's queue.
func (m *mover) take(e entry) error {
	b, err := m.s.codec.Decode(e.payload)
	if err != nil {
		m.lost = append(m.lost, loss{place: e.place, why: err.Error()})
		m.old.damageAt(e.next)
		return nil
	}
	m.cluster = b.Cluster
	return m.write(b.Cluster, e.payload, e.at)
}

func (m *mover) write(c record.Cluster, payload []byte, at time.Time) error {
	q, err := m.s.spool.queue(c)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bounds.grow(int64(frameBytes + len(payload))) // the bound was kept when it was taken
	if _, err := q.write(payload, at); err != nil {
		return fmt.Errorf("%w; a segment's room, 16 MiB, must be free on the disk", err)
	}
	m.touched[q] = true
	return nil
}

// settle makes durable what was moved, and what was lost as Gaps, and removes the segments it came from.
func (m *mover) settle(upTo position) error {
	for _, l := range m.lost {
		m.s.conf.Metrics.count(func(m *Metrics) counter { return m.damaged })
		m.s.log.Error("a place in the spool is lost", "place", l.place, "why", l.why)
		if m.cluster == "" { // no batch was ever read
			continue
		}
		l.until = m.s.spool.bounds.now()
		payload, err := m.s.codec.Encode(ingest.Batch{Cluster: m.cluster, Records: []*record.Record{l.gap(m.cluster)}})
		if err == nil {
			err = m.write(m.cluster, payload, l.until)
		}
		if err != nil {
			return err
		}
	}
	m.lost = nil
	for q := range m.touched {
		if err := q.flush(); err != nil {
			return err
		}
	}
	clear(m.touched)
	err := m.old.advance(upTo, m.frames)
	m.frames = 0
	return err
}

package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// entry is a batch read from the spool.
type entry struct {
	frame
	place string   // for people: segment and offset
	start position // of it
	next  position // behind it
	lost  *loss    // what before it could not be read
	fault error    // the disk can not be read now; the same is to be asked again
}

// readTries is how often the disk is asked, a second apart, for what it can not give before that counts as lost: that no more files may be
// open passes, a bad block does not.
const readTries = 60

// read gives the first batch behind a position; false if none is durable. Either way next is the position behind what was read, and lost what could
// not be. Only the reader calls it.
func (q *queue) read(p position) (e entry, ok bool) {
	for {
		e.next = p
		seg, limit := q.segmentAt(&p)
		if seg == nil {
			return e, false
		}
		fr, next, err := q.readAt(seg, p.offset, limit)
		if err != nil && !errors.Is(err, errFrame) && q.faults < readTries {
			q.faults++
			e.fault = err
			return e, false
		}
		q.faults = 0
		switch {
		case err != nil:
			e.lost = &loss{at: p, place: fmt.Sprintf("%s at %d", segmentName(seg.number), p.offset), why: "it can not be read"}
			q.damage(seg)
			if next == 0 {
				next = limit
			}
		case len(fr.payload) > 0:
			e.place, e.start = fmt.Sprintf("%s at %d", segmentName(seg.number), p.offset), p
			p.offset = next
			e.frame, e.next = fr, p
			return e, true
		}
		p.offset = next // behind a seal, or damage
	}
}

// readAt reads the frame at an offset. With an error, next is where the next whole one lies, or 0.
func (q *queue) readAt(seg *segment, offset, limit int64) (fr frame, next int64, err error) {
	f, err := q.disk.Open(segmentName(seg.number))
	if err != nil {
		return fr, 0, err
	}
	fr, next, err = readFrame(f, offset, limit)
	if errors.Is(err, errFrame) {
		if _, at, found, _ := findFrame(f, offset+1, limit); found {
			next = at
		}
	}
	return fr, next, errors.Join(err, f.Close())
}

// segmentAt finds the first segment with something behind a position, which it moves there, and up to where it may be read.
func (q *queue) segmentAt(p *position) (seg *segment, limit int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, seg := range q.segs {
		offset := int64(headBytes)
		if seg.number == p.number {
			offset = max(offset, p.offset)
		}
		if seg.number >= p.number && offset < seg.limit {
			*p = position{seg.number, offset}
			return seg, seg.limit
		}
	}
	return nil, 0
}

// damageAt sets aside the segment that a position lies in, once it is done with.
func (q *queue) damageAt(p position) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, seg := range q.segs {
		if seg.number == p.number {
			seg.damaged = true
		}
	}
}

func (q *queue) damage(seg *segment) {
	q.mu.Lock()
	defer q.mu.Unlock()
	seg.damaged = true
}

// advance says that everything before a position was delivered, n batches since the last time, and removes the segments that are done with.
func (q *queue) advance(p position, n int) error {
	q.mu.Lock()
	q.at = p
	q.batches = max(q.batches-n, 0)
	q.done += uint64(n)
	var gone []*segment
	for len(q.segs) > 0 {
		seg := q.segs[0]
		ahead := seg.number > p.number || (seg.number == p.number && p.offset < seg.limit)
		if seg.syncing || (ahead && (seg.limit > headBytes || seg == q.cur)) { // one that could not be written is empty
			break
		}
		if seg == q.cur {
			if seg.limit != seg.written || q.adding > 0 {
				break
			}
			q.cur = nil // all of it is delivered: the next batch begins another
		}
		q.segs = q.segs[1:]
		q.grow(-seg.written)
		gone = append(gone, seg)
	}
	if len(q.segs) == 0 {
		q.batches = 0 // what was damaged is not counted as delivered
		q.grow(-q.bytes)
		q.done = q.taken
	}
	q.notify()
	q.mu.Unlock()
	var err error
	for _, seg := range gone {
		err = errors.Join(err, q.discard(seg))
	}
	return err
}

// setOldest notes when the batch was taken that is delivered next.
func (q *queue) setOldest(at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.oldest = at
}

func (q *queue) setCluster(c record.Cluster) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.cluster = c
}

func (q *queue) clusterName() record.Cluster {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cluster
}

// setDenied notes that the receiver refuses the queue's oldest batch, or that it does no more (nil).
func (q *queue) setDenied(to *Denied) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if to != nil {
		to.Cluster = q.cluster
	}
	q.denied = to
}

func (q *queue) isGone() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.gone
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.segs) == 0
}

// mark is a moment in the queue's life: all that is durable now.
func (q *queue) mark() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.taken
}

// reached tells whether all up to a mark is delivered; if not, the channel is closed when something changed.
func (q *queue) reached(mark uint64) (bool, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.done >= mark, q.changed
}

// discard removes a segment's file, or sets it aside if it is damaged.
func (q *queue) discard(seg *segment) error {
	var err error
	if seg.f != nil {
		err = seg.f.Close()
		seg.f = nil
	}
	name := segmentName(seg.number)
	if !seg.damaged {
		return errors.Join(err, q.disk.Remove(name))
	}
	err = errors.Join(err, q.disk.Rename(name, name+damagedSuffix))
	if err != nil {
		return err
	}
	names, err := q.disk.List()
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, damagedSuffix) })
	slices.Sort(names)
	for len(names) > maxDamaged {
		err = errors.Join(err, q.disk.Remove(names[0]))
		names = names[1:]
	}
	return err
}

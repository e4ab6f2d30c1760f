package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// queue is what waits of one cluster, in a directory of its own, which is there while something waits. Its methods may be called concurrently; one reads.
type queue struct {
	disk     disk
	bounds   *bounds
	segBytes int64

	mu      sync.Mutex     // guards all below; released while a sync is under way
	cluster record.Cluster // empty: found on disk, and not known yet
	synced  *sync.Cond     // a sync ended
	segs    []*segment     // oldest first
	cur     *segment       // the last of segs, being written; nil: the next Add makes one
	next    uint64         // number of the next segment
	bytes   int64          // of all files
	adding  int            // calls of add under way
	batches int            // durable and not yet done with
	taken   uint64         // batches that ever became durable
	done    uint64         // of which done with
	changed chan struct{}
	denied  *Denied // the receiver's refusal of the oldest batch; nil: there is none
	made    bool    // the directory is durable
	swept   bool    // the directory was tried to be removed since the last segment was made
	closed  bool
	gone    bool // the directory was removed: whoever wants to add needs another queue
	at      position
	oldest  time.Time
	losses  []loss // found while opening, to be told

	faults int // of the disk in a row while reading; the reader's
}

// segment is one file.
type segment struct {
	number  uint64
	limit   int64 // up to which it may be read: durable
	damaged bool

	// While it is written:
	f       file
	written int64
	pending []time.Time // frames behind limit: when each was written
	syncing bool
	err     error // it could not be written: what is behind limit is not taken
}

// position is how far a queue was read.
type position struct {
	number uint64
	offset int64
}

func (p position) before(o position) bool {
	return p.number < o.number || p.number == o.number && p.offset < o.offset
}

// loss is a place that could not be read.
type loss struct {
	place, why  string
	at          position
	from, until time.Time // what was taken between these is lost, as far as it is known
}

// pending counts the batches that are in the queue or on their way into it.
func (q *queue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.batches + q.adding
}

// add takes an encoded batch: it survives a power cut once add returned nil. Concurrent calls share their syncs.
func (q *queue) add(payload []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.adding++
	defer func() { q.adding-- }()
	n := int64(frameBytes + len(payload))
	switch {
	case q.gone:
		return errGone
	case q.closed:
		return ErrClosed
	case len(payload) == 0 || len(payload) > maxPayload:
		return fmt.Errorf("spool a batch of %d bytes: 1 to %d are possible", len(payload), maxPayload)
	}
	if err := q.bounds.take(n, q.denied != nil); err != nil {
		return err
	}
	seg, err := q.write(payload, q.bounds.now())
	if err == nil {
		err = q.syncTo(seg, seg.written)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	q.bounds.well()
	return nil
}

// write appends a batch of which the bytes are taken already, or gives them back. q.mu is held, and may be released meanwhile.
func (q *queue) write(payload []byte, at time.Time) (*segment, error) {
	n := int64(frameBytes + len(payload))
	seg, err := q.writable(n)
	if err != nil {
		q.bounds.ill()
		q.bounds.grow(-n)
		return nil, err
	}
	if _, err := seg.f.Write(appendFrame(nil, seg.limit, at, payload)); err != nil {
		q.broken(seg, err)
		q.bounds.grow(-n)
		return nil, err
	}
	seg.written += n
	q.bytes += n
	seg.pending = append(seg.pending, at)
	return seg, nil
}

// syncTo returns once the segment is durable up to an offset, by this call or another'q. q.mu is held, and released meanwhile.
func (q *queue) syncTo(seg *segment, to int64) error {
	for seg.limit < to {
		if seg.err != nil {
			return seg.err
		}
		if seg.syncing {
			q.synced.Wait()
			continue
		}
		seg.syncing = true
		upTo, frames := seg.written, len(seg.pending)
		q.mu.Unlock()
		err := seg.f.Sync()
		q.mu.Lock()
		seg.syncing = false
		if err != nil {
			q.broken(seg, err)
		} else {
			q.publish(seg, upTo, frames)
		}
		q.synced.Broadcast()
	}
	return nil
}

// publish lets the reader see what is durable. q.mu is held.
func (q *queue) publish(seg *segment, upTo int64, frames int) {
	if q.batches == 0 && frames > 0 {
		q.oldest = seg.pending[0]
	}
	seg.limit = upTo
	seg.pending = slices.Delete(seg.pending, 0, frames)
	q.batches += frames
	q.taken += uint64(frames)
	q.notify()
	q.bounds.nudge()
}

// notify wakes whoever waits for a change. q.mu is held.
func (q *queue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// broken gives a segment up to which writing failed; another is made for what comes next. What is behind limit is told to nobody as
// taken; whether it is there after a crash does not matter. q.mu is held.
func (q *queue) broken(seg *segment, err error) {
	q.bounds.ill()
	if seg.err == nil {
		seg.err = err
	}
	if q.cur == seg {
		q.cur = nil
	}
	q.notify()
}

// writable gives the segment for n more bytes. q.mu is held, and may be released meanwhile.
func (q *queue) writable(n int64) (*segment, error) {
	for q.cur != nil && q.cur.written > headBytes && q.cur.written+n > q.segBytes {
		if q.cur.syncing {
			q.synced.Wait()
			continue
		}
		q.seal(q.cur)
	}
	if q.cur != nil {
		return q.cur, nil
	}
	seg := &segment{number: q.next, limit: headBytes, written: headBytes}
	q.next++ // a number that failed is not used again
	var err error
	if seg.f, err = q.begin(segmentName(seg.number)); err != nil {
		return nil, err
	}
	q.grow(headBytes)
	q.swept = false
	q.segs = append(q.segs, seg)
	q.cur = seg
	return seg, nil
}

// begin makes a segment's file. Its name is durable before anything in it is promised.
func (q *queue) begin(name string) (file, error) {
	if !q.made {
		if err := q.disk.Make(); err != nil {
			return nil, err
		}
		q.made = true
	}
	f, err := q.disk.Create(name)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(segmentHead(q.bounds.now()))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = q.disk.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), q.disk.Remove(name))
	}
	return f, nil
}

// seal ends the segment that is written with an empty frame, which says that all before it is durable. q.mu is held and kept.
func (q *queue) seal(seg *segment) {
	err := seg.f.Sync()
	if err == nil {
		q.publish(seg, seg.written, len(seg.pending))
		_, err = seg.f.Write(appendFrame(nil, seg.limit, q.bounds.now(), nil))
	}
	if err == nil {
		seg.written, seg.limit = seg.written+frameBytes, seg.limit+frameBytes
		q.grow(frameBytes)
		err = seg.f.Sync()
	}
	if err != nil {
		q.broken(seg, err)
	}
	q.cur = nil
	q.synced.Broadcast()
	q.notify()
}

// grow counts bytes of files. q.mu is held.
func (q *queue) grow(n int64) {
	q.bytes += n
	q.bounds.grow(n)
}

// flush makes durable what was written.
func (q *queue) flush() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cur == nil {
		return nil
	}
	return q.syncTo(q.cur, q.cur.written)
}

// sweep removes the directory if nothing is in it, not even on its way; then the queue is gone. One that keeps damaged segments stays.
func (q *queue) sweep() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.segs) > 0 || q.adding > 0 || q.swept || q.closed || q.gone {
		return
	}
	q.swept, q.made = true, false
	names, err := q.disk.List()
	if err != nil || slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, damagedSuffix) }) {
		return
	}
	for _, name := range names { // the position, which tells of segments that are no more
		_ = q.disk.Remove(name)
	}
	q.gone = q.disk.Erase() == nil
}

// close ends writing; what is left is delivered by whoever opens the directory next.
func (q *queue) close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	for q.cur != nil && q.cur.syncing {
		q.synced.Wait()
	}
	if q.cur != nil {
		q.seal(q.cur)
	}
	var err error
	for _, seg := range q.segs {
		for seg.syncing {
			q.synced.Wait()
		}
		if seg.f != nil {
			err = errors.Join(err, seg.f.Close())
			seg.f = nil
		}
	}
	q.notify()
	return err
}

// SPDX-License-Identifier: Apache-2.0

// Package spool bridges the time in which a Sink is slow or away: a bounded queue of batches on disk that survives kill -9
// and power cuts. [Sink] puts it in front of any Sink; [Spool] is the queue itself.
//
// It promises delivery at least once, in the order in which batches were taken: facts are merged, so a batch delivered twice is harmless.
package spool

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Errors of Add; each says that the batch was not taken, and may be another time.
var (
	ErrFull   = errors.New("the spool is full")
	ErrDisk   = errors.New("the spool's disk does not take it")
	ErrClosed = errors.New("the spool is closed")
)

// maxPayload bounds one batch, encoded.
const maxPayload = 64 << 20

// retryDisk is how long nothing is taken after the disk refused something.
const retryDisk = time.Second

// Spool is a queue of encoded batches in a directory. Its methods may be called concurrently; one reads.
type Spool struct {
	disk     disk
	lock     io.Closer
	max      int64
	segBytes int64
	now      func() time.Time

	mu      sync.Mutex // guards all below; released while a sync is under way
	synced  *sync.Cond // a sync ended
	segs    []*segment // oldest first
	cur     *segment   // the last of segs, being written; nil: the next Add makes one
	next    uint64     // number of the next segment
	bytes   int64      // of all files
	adding  int        // calls of Add under way
	batches int        // durable and not yet done with
	taken   uint64     // batches that ever became durable
	done    uint64     // of which done with
	changed chan struct{}
	refused time.Time // when the disk last refused something
	full    bool      // the last batch found no room, and none was made since
	closed  bool
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

// position is how far the queue was read.
type position struct {
	number uint64
	offset int64
}

// loss is a place that could not be read.
type loss struct {
	place, why  string
	from, until time.Time // what was taken between these is lost, as far as it is known
}

// Status says how full a spool is.
type Status struct {
	Bytes, MaxBytes int64
	Batches         int
	Oldest          time.Time // when the oldest batch was taken; zero: there is none
	Refuses         bool      // the last batch was not taken: the spool or its disk is full, or the disk failed
}

// Status of the spool now.
func (s *Spool) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{Bytes: s.bytes, MaxBytes: s.max, Batches: s.batches, Refuses: s.full || !s.refused.IsZero()}
	if s.batches > 0 {
		st.Oldest = s.oldest
	}
	return st
}

// Pending counts the batches that are in the spool or on their way into it.
func (s *Spool) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches + s.adding
}

// Add takes an encoded batch: it survives a power cut once Add returned nil. Concurrent calls share their syncs.
func (s *Spool) Add(payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adding++
	defer func() { s.adding-- }()
	n := int64(frameBytes + len(payload))
	switch {
	case s.closed:
		return ErrClosed
	case len(payload) == 0 || len(payload) > maxPayload:
		return fmt.Errorf("spool a batch of %d bytes: 1 to %d are possible", len(payload), maxPayload)
	case s.bytes+n+headBytes+frameBytes > s.max:
		s.full = true
		return fmt.Errorf("%w: %d of %d MiB", ErrFull, s.bytes>>20, s.max>>20)
	case !s.refused.IsZero() && s.now().Sub(s.refused) < retryDisk:
		return ErrDisk
	}
	seg, err := s.writable(n)
	if err != nil {
		s.refused = s.now()
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	now := s.now()
	if _, err := seg.f.Write(appendFrame(nil, seg.limit, now, payload)); err != nil {
		s.broken(seg, err)
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	seg.written += n
	s.bytes += n
	seg.pending = append(seg.pending, now)
	if err := s.syncTo(seg, seg.written); err != nil {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	s.refused, s.full = time.Time{}, false
	return nil
}

// syncTo returns once the segment is durable up to an offset, by this call or another's. s.mu is held, and released meanwhile.
func (s *Spool) syncTo(seg *segment, to int64) error {
	for seg.limit < to {
		if seg.err != nil {
			return seg.err
		}
		if seg.syncing {
			s.synced.Wait()
			continue
		}
		seg.syncing = true
		upTo, frames := seg.written, len(seg.pending)
		s.mu.Unlock()
		err := seg.f.Sync()
		s.mu.Lock()
		seg.syncing = false
		if err != nil {
			s.broken(seg, err)
		} else {
			s.publish(seg, upTo, frames)
		}
		s.synced.Broadcast()
	}
	return nil
}

// publish lets the reader see what is durable. s.mu is held.
func (s *Spool) publish(seg *segment, upTo int64, frames int) {
	if s.batches == 0 && frames > 0 {
		s.oldest = seg.pending[0]
	}
	seg.limit = upTo
	seg.pending = slices.Delete(seg.pending, 0, frames)
	s.batches += frames
	s.taken += uint64(frames)
	s.notify()
}

// notify wakes whoever waits for a change. s.mu is held.
func (s *Spool) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// broken gives a segment up to which writing failed; another is made for what comes next. What is behind limit is told to nobody as
// taken; whether it is there after a crash does not matter. s.mu is held.
func (s *Spool) broken(seg *segment, err error) {
	s.refused = s.now()
	if seg.err == nil {
		seg.err = err
	}
	if s.cur == seg {
		s.cur = nil
	}
	s.notify()
}

// writable gives the segment for n more bytes. s.mu is held, and may be released meanwhile.
func (s *Spool) writable(n int64) (*segment, error) {
	for s.cur != nil && s.cur.written > headBytes && s.cur.written+n > s.segBytes {
		if s.cur.syncing {
			s.synced.Wait()
			continue
		}
		s.seal(s.cur)
	}
	if s.cur != nil {
		return s.cur, nil
	}
	seg := &segment{number: s.next, limit: headBytes, written: headBytes}
	s.next++ // a number that failed is not used again
	var err error
	if seg.f, err = s.begin(segmentName(seg.number)); err != nil {
		return nil, err
	}
	s.bytes += headBytes
	s.segs = append(s.segs, seg)
	s.cur = seg
	return seg, nil
}

// begin makes a segment's file. Its name is durable before anything in it is promised.
func (s *Spool) begin(name string) (file, error) {
	f, err := s.disk.Create(name)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(segmentHead(s.now()))
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = s.disk.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), s.disk.Remove(name))
	}
	return f, nil
}

// seal ends the segment that is written with an empty frame, which says that all before it is durable. s.mu is held and kept.
func (s *Spool) seal(seg *segment) {
	err := seg.f.Sync()
	if err == nil {
		s.publish(seg, seg.written, len(seg.pending))
		_, err = seg.f.Write(appendFrame(nil, seg.limit, s.now(), nil))
	}
	if err == nil {
		seg.written, seg.limit, s.bytes = seg.written+frameBytes, seg.limit+frameBytes, s.bytes+frameBytes
		err = seg.f.Sync()
	}
	if err != nil {
		s.broken(seg, err)
	}
	s.cur = nil
	s.synced.Broadcast()
	s.notify()
}

// Close ends writing; what is left is delivered by whoever opens the directory next.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for s.cur != nil && s.cur.syncing {
		s.synced.Wait()
	}
	if s.cur != nil {
		s.seal(s.cur)
	}
	var err error
	for _, seg := range s.segs {
		for seg.syncing {
			s.synced.Wait()
		}
		if seg.f != nil {
			err = errors.Join(err, seg.f.Close())
			seg.f = nil
		}
	}
	s.notify()
	return errors.Join(err, s.lock.Close())
}

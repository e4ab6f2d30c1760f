package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// entry is a batch read from the spool.
type entry struct {
	frame
	place string   // for people: segment and offset
	next  position // behind it
	lost  *loss    // what before it could not be read
	fault error    // the disk can not be read now; the same is to be asked again
}

// readTries is how often the disk is asked, a second apart, for what it can not give before that counts as lost: that no more files may be
// open passes, a bad block does not.
const readTries = 60

// read gives the first batch behind a position; false if none is durable. Either way next is the position behind what was read, and lost what could
// not be. Only the reader calls it.
func (s *Spool) read(p position) (e entry, ok bool) {
	for {
		e.next = p
		seg, limit := s.segmentAt(&p)
		if seg == nil {
			return e, false
		}
		fr, next, err := s.readAt(seg, p.offset, limit)
		if err != nil && !errors.Is(err, errFrame) && s.faults < readTries {
			s.faults++
			e.fault = err
			return e, false
		}
		s.faults = 0
		switch {
		case err != nil:
			e.lost = &loss{place: fmt.Sprintf("%s at %d", segmentName(seg.number), p.offset), why: "it can not be read"}
			s.damage(seg)
			if next == 0 {
				next = limit
			}
		case len(fr.payload) > 0:
			e.place = fmt.Sprintf("%s at %d", segmentName(seg.number), p.offset)
			p.offset = next
			e.frame, e.next = fr, p
			return e, true
		}
		p.offset = next // behind a seal, or damage
	}
}

// readAt reads the frame at an offset. With an error, next is where the next whole one lies, or 0.
func (s *Spool) readAt(seg *segment, offset, limit int64) (fr frame, next int64, err error) {
	f, err := s.disk.Open(segmentName(seg.number))
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
func (s *Spool) segmentAt(p *position) (seg *segment, limit int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segs {
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
func (s *Spool) damageAt(p position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segs {
		if seg.number == p.number {
			seg.damaged = true
		}
	}
}

func (s *Spool) damage(seg *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.damaged = true
}

// advance says that everything before a position was delivered, n batches since the last time, and removes the segments that are done with.
func (s *Spool) advance(p position, n int) error {
	s.mu.Lock()
	s.at = p
	s.batches = max(s.batches-n, 0)
	s.done += uint64(n)
	var gone []*segment
	for len(s.segs) > 0 {
		seg := s.segs[0]
		ahead := seg.number > p.number || (seg.number == p.number && p.offset < seg.limit)
		if seg.syncing || (ahead && (seg.limit > headBytes || seg == s.cur)) { // one that could not be written is empty
			break
		}
		if seg == s.cur {
			if seg.limit != seg.written || s.adding > 0 {
				break
			}
			s.cur = nil // all of it is delivered: the next batch begins another
		}
		s.segs = s.segs[1:]
		s.bytes -= seg.written
		s.full = false
		gone = append(gone, seg)
	}
	if len(s.segs) == 0 {
		s.batches, s.bytes = 0, 0 // what was damaged is not counted as delivered
		s.done = s.taken
	}
	s.notify()
	s.mu.Unlock()
	var err error
	for _, seg := range gone {
		err = errors.Join(err, s.discard(seg))
	}
	return err
}

// setOldest notes when the batch was taken that is delivered next.
func (s *Spool) setOldest(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldest = at
}

// discard removes a segment's file, or sets it aside if it is damaged.
func (s *Spool) discard(seg *segment) error {
	var err error
	if seg.f != nil {
		err = seg.f.Close()
		seg.f = nil
	}
	name := segmentName(seg.number)
	if !seg.damaged {
		return errors.Join(err, s.disk.Remove(name))
	}
	err = errors.Join(err, s.disk.Rename(name, name+damagedSuffix))
	if err != nil {
		return err
	}
	names, err := s.disk.List()
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasSuffix(n, damagedSuffix) })
	slices.Sort(names)
	for len(names) > maxDamaged {
		err = errors.Join(err, s.disk.Remove(names[0]))
		names = names[1:]
	}
	return err
}

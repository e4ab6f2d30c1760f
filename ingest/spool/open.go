package spool

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of a spool where they are not given.
const (
	defaultMaxBytes     = 1 << 30
	defaultSegmentBytes = 16 << 20
)

// maxDamaged is how many damaged segments are kept for whoever wants to look at them.
const maxDamaged = 4

// Open opens the spool in dir, or makes one there; maxBytes bounds its files (zero: 1 GiB). What a crash left half-written is cut off: nobody was
// promised it. Places that were whole once and are not any more are told by the reader. It fails with ErrFormat where another version wrote.
func Open(dir string, maxBytes int64) (*Spool, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	s, err := open(d, maxBytes, 0, time.Now)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", dir, err), l.Close())
	}
	s.lock = l
	return s, nil
}

func open(d disk, maxBytes, segBytes int64, now func() time.Time) (*Spool, error) {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	if segBytes <= 0 {
		segBytes = min(defaultSegmentBytes, max(maxBytes/8, 64<<10))
	}
	s := &Spool{disk: d, lock: io.NopCloser(nil), max: maxBytes, segBytes: segBytes, now: now, changed: make(chan struct{})}
	s.synced = sync.NewCond(&s.mu)
	names, err := d.List()
	if err != nil {
		return nil, err
	}
	s.at = s.readPosition()
	s.next = s.at.number + 1
	var numbers []uint64
	for _, name := range names {
		n, ok := segmentNumber(strings.TrimSuffix(name, damagedSuffix))
		if !ok {
			continue
		}
		s.next = max(s.next, n+1)
		if !strings.HasSuffix(name, damagedSuffix) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if err := s.adopt(n, i == len(numbers)-1); err != nil {
			return nil, fmt.Errorf("read %s: %w", segmentName(n), err)
		}
	}
	return s, nil
}

// adopt takes up a segment that an earlier process wrote.
func (s *Spool) adopt(n uint64, last bool) error {
	name := segmentName(n)
	if n < s.at.number { // delivered; the process ended before it removed it
		return s.disk.Remove(name)
	}
	f, err := s.disk.Open(name)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	seg, err := s.inspect(f, n, size)
	err = errors.Join(err, f.Close())
	if err != nil {
		return err
	}
	switch {
	case seg == nil && (last || size <= headBytes): // it could not be begun: nothing in it was promised
		return s.disk.Remove(name)
	case seg != nil && !seg.damaged && seg.limit <= headBytes:
		s.bytes -= seg.written
		return s.disk.Remove(name)
	case seg == nil:
		s.losses = append(s.losses, loss{place: name, why: "it is no segment any more"})
		return s.disk.Rename(name, name+damagedSuffix)
	}
	s.segs = append(s.segs, seg)
	return nil
}

// inspect looks through a segment; nil if it does not even begin like one and holds nothing whole.
func (s *Spool) inspect(f file, n uint64, size int64) (*segment, error) {
	seg := &segment{number: n}
	from := int64(headBytes)
	if n == s.at.number && s.at.offset > from && s.at.offset <= size {
		from = s.at.offset
	}
	err := checkHead(f, size)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, nil //nolint:nilnil // there is none
	case errors.Is(err, errFrame):
		if _, _, found, err := findFrame(f, 0, size); err != nil || !found {
			return nil, err
		}
		seg.damaged = true
		s.losses = append(s.losses, loss{place: segmentName(n), why: "its beginning can not be read"})
	case err != nil:
		return nil, err
	}
	c, err := look(f, from, size)
	if err != nil {
		return nil, err
	}
	seg.limit, seg.damaged = c.end, seg.damaged || c.damaged
	if s.batches == 0 {
		s.oldest = c.first
	}
	s.batches += c.frames
	s.taken += uint64(c.frames)
	s.bytes += size
	seg.written = size
	return seg, nil
}

// readPosition gives how far an earlier process had delivered; the very beginning where that can not be read: what is delivered again does no harm.
func (s *Spool) readPosition() (p position) {
	f, err := s.disk.Open(positionName)
	if err != nil {
		return p
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 256))
	if errors.Join(err, f.Close()) != nil {
		return p
	}
	var sum uint32
	if _, err := fmt.Sscanf(string(b), "kubewake spool 1 %d %d %x\n", &p.number, &p.offset, &sum); err != nil || sum != p.sum() {
		return position{}
	}
	return p
}

func (p position) sum() uint32 {
	return crc32.Checksum(fmt.Appendf(nil, "%d %d", p.number, p.offset), castagnoli())
}

// writePosition makes durable how far was delivered: a crash during it leaves the old one or the new.
func (s *Spool) writePosition(p position) (err error) {
	const fresh = positionName + ".new"
	_ = s.disk.Remove(fresh) // it may lie there from a crash
	f, err := s.disk.Create(fresh)
	if err != nil {
		return fmt.Errorf("write position: %w", err)
	}
	_, err = f.Write(fmt.Appendf(nil, "kubewake spool 1 %d %d %08x\n", p.number, p.offset, p.sum()))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.disk.Rename(fresh, positionName)
	}
	if err == nil {
		err = s.disk.Sync()
	}
	if err != nil {
		return fmt.Errorf("write position: %w", err)
	}
	return nil
}

package spool

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"sync"
)

// maxDamaged is how many damaged segments are kept for whoever wants to look at them.
const maxDamaged = 4

// openQueue opens the queue in a directory. What a crash left half-written is cut off: nobody was promised it. Places that were whole once and are
// not any more are told by the reader. It fails with ErrFormat where another version wrote.
func openQueue(d disk, b *bounds, segBytes int64) (*queue, error) {
	q := newQueue(d, b, segBytes)
	names, err := d.List()
	if err != nil {
		return nil, err
	}
	q.at = q.readPosition()
	q.next = q.at.number + 1
	var numbers []uint64
	for _, name := range names {
		n, ok := segmentNumber(strings.TrimSuffix(name, damagedSuffix))
		if !ok {
			continue
		}
		q.next = max(q.next, n+1)
		if !strings.HasSuffix(name, damagedSuffix) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if err := q.adopt(n, i == len(numbers)-1); err != nil {
			return nil, fmt.Errorf("read %s: %w", segmentName(n), err)
		}
	}
	return q, nil
}

// newQueue is one of which nothing is on the disk.
func newQueue(d disk, b *bounds, segBytes int64) *queue {
	q := &queue{disk: d, bounds: b, segBytes: segBytes, next: 1, changed: make(chan struct{})}
	q.synced = sync.NewCond(&q.mu)
	return q
}

// adopt takes up a segment that an earlier process wrote.
func (q *queue) adopt(n uint64, last bool) error {
	name := segmentName(n)
	if n < q.at.number { // delivered; the process ended before it removed it
		return q.disk.Remove(name)
	}
	f, err := q.disk.Open(name)
	if err != nil {
		return err
	}
	size, err := f.Size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	seg, err := q.inspect(f, n, size)
	err = errors.Join(err, f.Close())
	if err != nil {
		return err
	}
	switch {
	case seg == nil && (last || size <= headBytes): // it could not be begun: nothing in it was promised
		return q.disk.Remove(name)
	case seg != nil && !seg.damaged && seg.limit <= headBytes:
		q.grow(-seg.written)
		return q.disk.Remove(name)
	case seg == nil:
		q.losses = append(q.losses, loss{place: name, why: "it is no segment any more"})
		return q.disk.Rename(name, name+damagedSuffix)
	}
	q.segs = append(q.segs, seg)
	return nil
}

// inspect looks through a segment; nil if it does not even begin like one and holds nothing whole.
func (q *queue) inspect(f file, n uint64, size int64) (*segment, error) {
	seg := &segment{number: n}
	from := int64(headBytes)
	if n == q.at.number && q.at.offset > from && q.at.offset <= size {
		from = q.at.offset
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
		q.losses = append(q.losses, loss{place: segmentName(n), why: "its beginning can not be read"})
	case err != nil:
		return nil, err
	}
	c, err := look(f, from, size)
	if err != nil {
		return nil, err
	}
	seg.limit, seg.damaged = c.end, seg.damaged || c.damaged
	if q.batches == 0 {
		q.oldest = c.first
	}
	q.batches += c.frames
	q.taken += uint64(c.frames)
	q.grow(size)
	seg.written = size
	return seg, nil
}

// readPosition gives how far an earlier process had delivered; the very beginning where that can not be read: what is delivered again does no harm.
func (q *queue) readPosition() (p position) {
	f, err := q.disk.Open(positionName)
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
func (q *queue) writePosition(p position) (err error) {
	const fresh = positionName + ".new"
	_ = q.disk.Remove(fresh) // it may lie there from a crash
	f, err := q.disk.Create(fresh)
	if err != nil {
		return fmt.Errorf("write position: %w", err)
	}
	_, err = f.Write(fmt.Appendf(nil, "kubewake spool 1 %d %d %08x\n", p.number, p.offset, p.sum()))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = q.disk.Rename(fresh, positionName)
	}
	if err == nil {
		err = q.disk.Sync()
	}
	if err != nil {
		return fmt.Errorf("write position: %w", err)
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

// Package spool bridges the time in which a Sink is slow or away: bounded queues of batches on disk that survive kill -9
// and power cuts, one for each cluster. [Sink] puts them in front of any Sink; [Spool] is the queues themselves.
//
// It promises delivery at least once, in the order in which the batches of a cluster were taken: facts are merged, so a batch delivered
// twice is harmless. Clusters do not wait for each other.
package spool

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Errors of Add; each says that the batch was not taken, and may be another time.
var (
	ErrFull   = errors.New("the spool is full")
	ErrDisk   = errors.New("the spool's disk does not take it")
	ErrClosed = errors.New("the spool is closed")
)

// errGone says that a queue ended while somebody wanted to add to it.
var errGone = errors.New("the queue is gone")

// Limits of a spool where they are not given.
const (
	defaultMaxBytes     = 1 << 30
	defaultSegmentBytes = 16 << 20
)

// maxPayload bounds one batch, encoded.
const maxPayload = 64 << 20

// Spool is a directory with a queue for each cluster of which something waits, below one bound. Its methods may be called concurrently.
type Spool struct {
	disk     disk
	lock     io.Closer
	segBytes int64
	bounds   *bounds

	mu     sync.Mutex // guards all below; never held while the disk works
	queues map[string]*queue
	closed bool
}

// Status says how full a spool is.
type Status struct {
	Bytes, MaxBytes int64
	Batches         int
	Oldest          time.Time // when the oldest batch was taken; zero: there is none
	Refuses         bool      // the last batch was not taken: the spool or its disk is full, or the disk failed
	Denied          []Denied  // clusters whose batches wait because the receiver refuses them, by name
}

// Denied is a cluster of which the receiver takes no batches, and will not without somebody's help.
type Denied struct {
	Cluster record.Cluster
	Since   time.Time
}

// Open opens the spool in dir, or makes one there; maxBytes bounds its files (zero: 1 GiB). It fails with ErrFormat where another version wrote.
func Open(dir string, maxBytes int64) (*Spool, error) {
	d := &osDisk{dir}
	if err := d.Make(); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
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
	s := &Spool{disk: d, lock: io.NopCloser(nil), segBytes: segBytes, bounds: newBounds(maxBytes, now), queues: map[string]*queue{}}
	names, err := d.List()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, queueSuffix) {
			continue
		}
		q, err := openQueue(d.Sub(name), s.bounds, segBytes)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
		q.cluster = queueCluster(name)
		if len(q.losses) == 0 {
			q.sweep()
		}
		if !q.gone {
			s.queues[name] = q
		}
	}
	return s, nil
}

// queue of a cluster; it is on disk once something is in it.
func (s *Spool) queue(c record.Cluster) (*queue, error) {
	name := queueName(c)
	s.mu.Lock()
	q := s.queues[name]
	if q == nil && !s.closed {
		q = newQueue(s.disk.Sub(name), s.bounds, s.segBytes)
		s.queues[name] = q
	}
	s.mu.Unlock()
	if q == nil {
		return nil, ErrClosed
	}
	q.setCluster(c)
	return q, nil
}

// find gives the queue of a cluster, nil if nothing of it was there lately.
func (s *Spool) find(c record.Cluster) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[queueName(c)]
}

// forget lets go of a queue that is gone.
func (s *Spool) forget(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.queues, func(_ string, other *queue) bool { return other == q })
}

// all queues, in the order of their names.
func (s *Spool) all() []*queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*queue, 0, len(s.queues))
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		out = append(out, s.queues[name])
	}
	return out
}

// Add takes an encoded batch of a cluster: it survives a power cut once Add returned nil.
func (s *Spool) Add(c record.Cluster, payload []byte) error {
	for {
		q, err := s.queue(c)
		if err != nil {
			return err
		}
		if err = q.add(payload); !errors.Is(err, errGone) {
			return err
		}
		s.forget(q)
	}
}

// Pending counts the batches of a cluster that are in the spool or on their way into it.
func (s *Spool) Pending(c record.Cluster) int {
	if q := s.find(c); q != nil {
		return q.pending()
	}
	return 0
}

// Status of the spool now.
func (s *Spool) Status() Status {
	st := s.bounds.status()
	for _, q := range s.all() {
		q.mu.Lock()
		st.Batches += q.batches
		if q.batches > 0 && (st.Oldest.IsZero() || q.oldest.Before(st.Oldest)) {
			st.Oldest = q.oldest
		}
		if q.denied != nil {
			st.Denied = append(st.Denied, *q.denied)
		}
		q.mu.Unlock()
	}
	return st
}

// Close ends writing; what is left is delivered by whoever opens the directory next.
func (s *Spool) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	for _, q := range s.all() {
		err = errors.Join(err, q.close())
	}
	return errors.Join(err, s.lock.Close())
}

package spool

import (
	"fmt"
	"sync"
	"time"
)

// retryDisk is how long nothing is taken after the disk refused something.
const retryDisk = time.Second

// deniedShare is the part of the bound, in quarters, that a cluster may fill which the receiver denies: the rest is kept for those that are only late.
const deniedShare = 3

// bounds is what the queues of a spool share: its bytes, and how its disk is.
type bounds struct {
	max  int64
	now  func() time.Time
	wake chan struct{} // something changed in a queue; the reader's

	mu      sync.Mutex // guards all below
	used    int64      // bytes of all files
	full    bool       // the last batch found no room, and none was made since
	refused time.Time  // when the disk last refused something; zero: it took the last batch
}

func newBounds(maxBytes int64, now func() time.Time) *bounds {
	return &bounds{max: maxBytes, now: now, wake: make(chan struct{}, 1)}
}

// take counts the bytes of a batch if it may be written. A batch that is not written after all gives them back, with grow.
func (b *bounds) take(n int64, denied bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	after := b.used + n + headBytes + frameBytes
	switch {
	case after > b.max:
		b.full = true
		return fmt.Errorf("%w: %d of %d MiB", ErrFull, b.used>>20, b.max>>20)
	case denied && after > b.max/4*deniedShare:
		return fmt.Errorf("%w: %d of %d MiB, and the rest is kept for clusters that the receiver does not deny", ErrFull, b.used>>20, b.max>>20)
	case !b.refused.IsZero() && b.now().Sub(b.refused) < retryDisk:
		return ErrDisk
	}
	b.used += n
	return nil
}

// grow counts bytes that were written without being asked for, or are there no more.
func (b *bounds) grow(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used += n; n < 0 {
		b.full = false
	}
}

// ill notes that the disk refused something.
func (b *bounds) ill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = b.now()
}

// well notes that a batch is durable.
func (b *bounds) well() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused, b.full = time.Time{}, false
}

// nudge lets the reader look again.
func (b *bounds) nudge() {
	select {
	case b.wake <- struct{}{}:
	default: // it will
	}
}

func (b *bounds) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Status{Bytes: b.used, MaxBytes: b.max, Refuses: b.full || !b.refused.IsZero()}
}

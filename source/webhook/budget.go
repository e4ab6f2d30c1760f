package webhook

import "sync"

// budget bounds bytes and requests under way. It never waits: who gets nothing comes back later.
type budget struct {
	bytes    int64
	requests int
	metrics  *Metrics

	mu           sync.Mutex // guards all below
	usedBytes    int64
	usedRequests int
}

// enter lets a request with a body of n bytes in; false if there is no room.
func (b *budget) enter(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.usedRequests >= b.requests || b.usedBytes+n > b.bytes {
		return false
	}
	b.usedRequests++
	b.usedBytes += n
	b.metrics.inFlightRequests(1)
	b.metrics.inFlightBytes(n)
	return true
}

// more gives a request that is in n more bytes.
func (b *budget) more(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.usedBytes+n > b.bytes {
		return false
	}
	b.usedBytes += n
	b.metrics.inFlightBytes(n)
	return true
}

// leave gives back what a request got.
func (b *budget) leave(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.usedRequests--
	b.usedBytes -= n
	b.metrics.inFlightRequests(-1)
	b.metrics.inFlightBytes(-n)
}

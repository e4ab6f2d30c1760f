package otlp

import (
	"io"
	"sync"
)

const (
	// bodyTwice: a body is there as it came and unpacked, or in a buffer and in a larger one; later in the buffer and in what was read from it.
	bodyTwice = 2
	// readStep is how much of a body is asked room for at once.
	readStep = 64 << 10
	// defaultMemory of all requests under way.
	defaultMemory = 256 << 20
)

// most is what one request of so many bytes may take in memory.
func most(limit int) int64 { return int64(limit) * (bodyTwice + memoryPerByte) }

// memory bounds what all requests under way take together: their bodies, and what these become once they are read. It never waits: who gets none
// comes back later.
type memory struct {
	bytes   int64
	metrics *Metrics

	mu   sync.Mutex
	used int64 // guarded by mu
}

func (m *memory) change(by int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if by > 0 && m.used+by > m.bytes {
		return false
	}
	m.used += by
	m.metrics.holds(by)
	return true
}

// claim is what one request has of it. It goes back when the last who holds the claim lets go.
type claim struct {
	memory *memory

	mu      sync.Mutex // guards all below
	holders int
	has     int64
}

func (m *memory) claim() *claim { return &claim{memory: m, holders: 1} }

// becomes changes how much the claim is for; false if there is no room, or nobody holds it any more: then it stays what it was.
func (c *claim) becomes(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.change(n - c.has)
}

// more asks for more.
func (c *claim) more(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.change(n)
}

// change is for who has the lock.
func (c *claim) change(by int64) bool {
	if c.holders == 0 || !c.memory.change(by) {
		return false
	}
	c.has += by
	return true
}

// hold keeps the claim until another letGo; false if it is given back already.
func (c *claim) hold() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holders == 0 {
		return false
	}
	c.holders++
	return true
}

func (c *claim) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holders--; c.holders == 0 {
		c.memory.change(-c.has)
		c.has = 0
	}
}

// metered asks for room as a body is read.
type metered struct {
	from  io.Reader
	claim *claim
	room  int // already asked for
}

func (m *metered) Read(b []byte) (int, error) {
	n, err := m.from.Read(b)
	for m.room -= n; m.room < 0; m.room += readStep {
		if !m.claim.more(bodyTwice * readStep) {
			return 0, overloaded()
		}
	}
	return n, err
}

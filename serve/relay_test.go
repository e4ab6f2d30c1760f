package serve

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay is an address that stays while what it leads to goes and comes again elsewhere: a port that a server gave back may be another program's.
type relay struct {
	listener net.Listener

	mu    sync.Mutex
	to    string              // guarded by mu; empty: nowhere
	conns map[net.Conn]string // and where they lead; guarded by mu
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l, conns: map[net.Conn]string{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { r.pass(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.leadTo("")
		all.Wait()
	})
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

// leadTo leads further connections to another address; those to the old one end.
func (r *relay) leadTo(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = address
	for c, to := range r.conns {
		if to != address {
			_ = c.Close()
		}
	}
}

func (r *relay) pass(c net.Conn) {
	defer c.Close()
	r.mu.Lock()
	to := r.to
	r.conns[c] = to
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
	}()
	if to == "" {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, c); _ = server.Close() })
	both.Go(func() { _, _ = io.Copy(c, server); _ = c.Close() })
	both.Wait()
}

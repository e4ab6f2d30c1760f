package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy is the network between two processes: it can be cut and mended.
type proxy struct {
	listener net.Listener

	mu    sync.Mutex
	to    string                // guarded by mu
	cut   bool                  // guarded by mu
	conns map[net.Conn]struct{} // guarded by mu
}

// newProxy listens on loopback and passes every connection on.
func newProxy(tb testing.TB, to string) *proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &proxy{listener: l, to: to, conns: map[net.Conn]struct{}{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.accept()
	}()
	tb.Cleanup(func() {
		_ = l.Close()
		p.cutOff()
		<-done
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// cutOff breaks every connection and refuses new ones.
func (p *proxy) cutOff() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

// turn sends new connections elsewhere, and breaks those that there are: as a Service does when its endpoint died.
func (p *proxy) turn(to string) {
	p.cutOff()
	p.mu.Lock()
	p.to = to
	p.mu.Unlock()
	p.mend()
}

func (p *proxy) target() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// mend lets connections through again.
func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.pass(in)
	}
}

func (p *proxy) pass(in net.Conn) {
	out, err := net.Dial("tcp", p.target())
	if err != nil || !p.keep(in, out) {
		_ = in.Close()
		if err == nil {
			_ = out.Close()
		}
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1]) // a broken connection is what this is for
			_ = way[0].Close()
			_ = way[1].Close()
		})
	}
	both.Wait()
	p.forget(in, out)
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}

//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubewake/kubewake/agent"
	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/source/tail"
)

// heard is written to by one and read by another.
type heard struct {
	mu  sync.Mutex
	all strings.Builder
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Write(b)
}

func (h *heard) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(h.all.String(), text)
}

// TestHangupAtStart: SIGHUP does not end a role that is being made; here an agent that waits for its server.
func TestHangupAtStart(t *testing.T) {
	out := &heard{}
	a := &app{streams: streams{out: io.Discard, err: out}}
	s := agent.Settings{To: agent.To{URL: "http://127.0.0.1:1"},
		Config: collect.Config{Tails: []collect.Tail{{Cluster: "prod", Settings: tail.Settings{Paths: []string{filepath.Join(t.TempDir(), "audit.log")}}}}}}.WithDefaults()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.agent(ctx, s, func() (agent.Settings, error) { return s, nil }) }()
	for deadline := time.Now().Add(time.Minute); !out.has("127.0.0.1:1"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not wait for its server")
		}
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // it would be dead
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

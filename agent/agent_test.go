package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/tail"
)

// receiver answers with a status, and its key if that is 200.
type receiver struct {
	*httptest.Server
	status atomic.Int64
	asked  atomic.Int64
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	key, err := redact.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	r.status.Store(http.StatusOK)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.asked.Add(1)
		switch code := int(r.status.Load()); {
		case code != http.StatusOK:
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(wire.Problem{Reason: "told so"})
		case q.URL.Path == wire.PathKey:
			_, _ = w.Write(key.Encode())
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func settingsFor(t *testing.T, to string) Settings {
	t.Helper()
	return Settings{To: To{URL: to}, Config: collect.Config{Tails: []collect.Tail{{Cluster: "c",
		Settings: tail.Settings{Paths: []string{filepath.Join(t.TempDir(), "audit.log")}, Poll: 5 * time.Millisecond}}}}}
}

// start runs an agent and gives where it tells how it is.
func start(t *testing.T, s Settings) (a *Agent, url string, stop func() error) {
	t.Helper()
	s.Listen = "127.0.0.1:0"
	ready := make(chan string, 1)
	a, err := New(t.Context(), s, Options{Ready: func(status, _ string) { ready <- status }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(a.Run(ctx), a.Close()) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return a, <-ready, stop
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	answer, err := http.Get(url) //nolint:noctx // the test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// TestReady: without a spool an agent is as ready as its receiver, with one while that takes batches.
func TestReady(t *testing.T) {
	for _, spooled := range []bool{false, true} {
		r := newReceiver(t)
		s := settingsFor(t, r.URL)
		if spooled {
			s.Spool.Dir = t.TempDir()
		}
		a, url, stop := start(t, s)
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			if code, text := get(t, url+path); code != http.StatusOK {
				t.Errorf("%s: %d %s", path, code, text)
			}
		}
		r.status.Store(http.StatusServiceUnavailable)
		want := http.StatusServiceUnavailable
		if spooled {
			want = http.StatusOK
		}
		if code, text := get(t, url+"/readyz"); code != want {
			t.Errorf("the receiver is away, spool %v: %d %s", spooled, code, text)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if err := a.ready(t.Context()); err == nil || err.Error() != "stopping" {
			t.Errorf("stopped: %v", err)
		}
	}
}

// TestReceiverThatIsAway: an agent waits for the key it redacts with, but for one that keeps it beside its spool.
func TestReceiverThatIsAway(t *testing.T) {
	r := newReceiver(t)
	s := settingsFor(t, r.URL)
	r.status.Store(http.StatusServiceUnavailable)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for r.asked.Load() == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := New(ctx, s, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("without a key: %v", err)
	}
	s.Spool.Dir = filepath.Join(t.TempDir(), "spool")
	r.status.Store(http.StatusOK)
	_, _, stop := start(t, s)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int64{http.StatusServiceUnavailable, http.StatusUnauthorized} { // what it takes in is kept until that is mended
		r.status.Store(status)
		_, _, stop = start(t, s)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	s.Spool.Dir = filepath.Join(t.TempDir(), "another")
	if _, err := New(t.Context(), s, Options{}); !errors.Is(err, wire.ErrDenied) {
		t.Errorf("refused: %v", err)
	}
}

// TestOneSpoolOneAgent: a second process does not write into the same spool.
func TestOneSpoolOneAgent(t *testing.T) {
	s := settingsFor(t, newReceiver(t).URL)
	s.Spool.Dir = t.TempDir()
	start(t, s)
	if _, err := New(t.Context(), s, Options{}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Error(err)
	}
}

func TestReload(t *testing.T) {
	s := settingsFor(t, newReceiver(t).URL)
	a, _, _ := start(t, s)
	s.Listen = "127.0.0.1:0"
	for name, change := range map[string]func(*Settings){
		"": func(s *Settings) {
			s.Tails = []collect.Tail{{Cluster: "d", Settings: tail.Settings{Paths: []string{"/nowhere"}}}}
		},
		"listen":     func(s *Settings) { s.Listen = "" },
		"log":        func(s *Settings) { s.Log.Level = "debug" },
		"receive":    func(s *Settings) { s.Receive.Listen, s.Receive.Insecure = "127.0.0.1:0", true },
		"redact":     func(s *Settings) { s.Redact.Key = "x" },
		"spool":      func(s *Settings) { s.Spool.Bytes = 5 },
		"stopWithin": func(s *Settings) { s.StopWithin = 5 },
		"to":         func(s *Settings) { s.To.Token = "x" },
	} {
		other := s
		change(&other)
		if restart, err := a.Reload(other); err != nil || strings.Join(restart, " ") != name {
			t.Errorf("%s: %q %v", name, restart, err)
		}
	}
	if _, err := a.Reload(Settings{}); err == nil {
		t.Error("settings that are wrong were taken over")
	}
}

// TestStopTakesTooLong: Run comes back within its bound although the receiver holds what was asked of it.
func TestStopTakesTooLong(t *testing.T) {
	s := settingsFor(t, newReceiver(t).URL)
	s.StopWithin = 1
	hold := make(chan struct{})
	a, err := New(t.Context(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan struct{})
	a.options.Ready = func(string, string) { close(held); <-hold }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	<-held
	cancel()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "stopWithin") {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not come back")
	}
	close(hold)
}

func TestSettingsThatAreWrong(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"":                                      func(*Settings) {},
		"to.url: the address of a receiver":     func(s *Settings) { s.To.URL = "" },
		`to.url: "ftp://x"`:                     func(s *Settings) { s.To.URL = "ftp://x" },
		`"https://u:xxxxx@kubewake.example"`:    func(s *Settings) { s.To.URL = "https://u:secret@kubewake.example" },
		`to.url: ""`:                            func(s *Settings) { s.To.URL = "https://[::1" },
		"plain http is for a receiver on this":  func(s *Settings) { s.To.URL = "http://kubewake.example" },
		"nothing to collect":                    func(s *Settings) { s.Tails = nil },
		"tails[0]: a cluster and paths":         func(s *Settings) { s.Tails = []collect.Tail{{}} },
		`log.level: "loud"`:                     func(s *Settings) { s.Log.Level = "loud" },
		"election: objects and events":          func(s *Settings) { s.Election.Events = -1 },
		"clusters[0]: a cluster's name that is": func(s *Settings) { s.Clusters = []collect.Cluster{{Name: "\xff"}} },
	} {
		s := settingsFor(t, "https://kubewake.example").WithDefaults()
		change(&s)
		err := s.Check()
		if (err == nil) != (want == "") || want != "" && !strings.Contains(fmt.Sprint(err), want) || strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	spans := settingsFor(t, "https://kubewake.example").WithDefaults()
	if spans.Tails, spans.OTLP.GRPC, spans.OTLP.Insecure = nil, "127.0.0.1:4317", true; spans.Check() != nil {
		t.Errorf("spans alone are nothing to collect: %v", spans.Check())
	}
	var s Settings
	if err := settings.Read("agent.yaml", []byte("to:\n  url: https://x\n  tokn: y\n"), &s); err == nil || !strings.Contains(err.Error(), "agent.yaml:3:3") {
		t.Error(err)
	}
}

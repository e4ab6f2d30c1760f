package webhook

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

func TestLargeBatchesGoInParts(t *testing.T) {
	s := start(t, nil)
	pad := strings.Repeat("x", 1<<20)
	var items []string
	for i := range 20 {
		items = append(items, `{"userAgent":"`+pad+`",`+event(fmt.Sprint("e", i))[1:])
	}
	if got := s.send(eventList(items...)); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if k := s.sink.kinds(); k[record.KindRequest] != 20 || s.sink.calls < 3 {
		t.Errorf("%v in %d deliveries", k, s.sink.calls)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.BatchBytes = 100_000 })
	bomb := packed(eventList(`"` + strings.Repeat("a", 20<<20) + `"`))
	if len(bomb) > 100_000 {
		t.Fatal("no bomb")
	}
	large := eventList(`"` + strings.Repeat("a", 200_000) + `"`)
	for name, got := range map[string]reply{
		"length":  s.send(large),
		"chunked": s.post(s.client, "/audit/prod", io.MultiReader(strings.NewReader(large)), "Authorization", "Bearer "+goodToken),
		"bomb":    s.send(bomb, "Content-Encoding", "gzip"),
	} {
		if got.status != 413 || !strings.Contains(got.text, "100000") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if g := s.sink.gaps(); len(g) == 0 || len(g) > 2 || g[0].Gap.Reason != record.GapDropped || g[0].OccurredAt.IsZero() {
		t.Errorf("the loss of events is kept: %+v", g)
	}
	if s.hook.budget.usedBytes != 0 || s.hook.budget.usedRequests != 0 {
		t.Errorf("not given back: %+v", s.hook.budget)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits = Limits{BatchBytes: 1 << 20, InFlightBytes: 1 << 20, Requests: 2} })
	held, release := make(chan struct{}, 10), make(chan struct{})
	s.sink.fail(func(context.Context, ingest.Batch) error { held <- struct{}{}; <-release; return nil }, nil)
	var wg sync.WaitGroup
	body := eventList(event("a"), `"`+strings.Repeat("x", 600_000)+`"`)
	wg.Go(func() {
		if got := s.send(body); got.status != 200 {
			t.Errorf("%+v", got)
		}
	})
	<-held
	if got := s.send(body); got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("too many bytes: %+v", got)
	}
	wg.Go(func() {
		if got := s.send(eventList(event("b"))); got.status != 200 {
			t.Errorf("%+v", got)
		}
	})
	<-held
	if got := s.send(eventList(event("c"))); got.status != 429 {
		t.Errorf("too many requests: %+v", got)
	}
	close(release)
	wg.Wait()
	if s.hook.budget.usedBytes != 0 || s.hook.budget.usedRequests != 0 {
		t.Errorf("not given back: %+v", s.hook.budget)
	}
	// A body that grows while it is unpacked asks for more, and may not get it.
	s.hook.budget.usedBytes = 1<<20 - 500_000
	if got := s.send(packed(body), "Content-Encoding", "gzip"); got.status != 429 {
		t.Errorf("unpacked: %+v", got)
	}
}

// drip gives a body piece by piece, and never ends where it is to stand still.
func drip(t *testing.T, text string, every time.Duration, ends bool) io.Reader {
	in, out := io.Pipe()
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop); _ = in.Close() })
	go func() {
		for _, b := range []byte(text) {
			select {
			case <-stop:
				return
			case <-time.After(every):
			}
			if _, err := out.Write([]byte{b}); err != nil {
				return
			}
		}
		if ends {
			_ = out.Close()
		}
	}()
	return in
}

func TestSlowCallersAreCutOff(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.IdleRead = 700 * time.Millisecond })
	token := []string{"Authorization", "Bearer " + goodToken}
	plain := s.connect(nil)
	plain.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	plain.Transport.(*http.Transport).TLSClientConfig.NextProtos = []string{"http/1.1"}
	for version, client := range map[string]*http.Client{"HTTP/1.1": plain, "HTTP/2": s.client} {
		began := time.Now()
		got := s.post(client, "/audit/prod", drip(t, `{"kind":"EventList",`, 0, false), token...)
		if took := time.Since(began); got.status != 408 || took > time.Minute {
			t.Errorf("%s stood still: %+v after %v", version, got, took)
		}
		if got := s.post(client, "/audit/prod", drip(t, eventList(event("slow")), 4*time.Millisecond, true), token...); got.status != 200 {
			t.Errorf("%s, longer than that, but it goes on: %+v", version, got)
		}
		if got := s.post(client, "/audit/prod?timeout=1500ms", drip(t, strings.Repeat(" ", 10_000), 20*time.Millisecond, false), token...); got.status != 408 {
			t.Errorf("%s, longer than it says itself: %+v", version, got)
		}
	}
	// A deadline of reading does not end a slow delivery.
	s.sink.fail(func(ctx context.Context, _ ingest.Batch) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil)
	for _, client := range []*http.Client{s.client, plain} {
		if got := s.post(client, "/audit/prod", strings.NewReader(eventList(event("late"))), token...); got.status != 200 {
			t.Errorf("%+v", got)
		}
	}
}

// TestNobodyHoldsAConnection: who was refused and sends no body is answered all the same, and soon.
func TestNobodyHoldsAConnection(t *testing.T) {
	w, err := New(Config{Sink: &memory{}, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	server := w.Server()
	if server.ReadTimeout <= 0 || server.ReadTimeout > 30*time.Second {
		t.Fatalf("bodies that nobody reads may take %v", server.ReadTimeout)
	}
	server.ReadTimeout = 200 * time.Millisecond
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, "POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(conn); err != nil || !strings.Contains(string(all), " 401 ") {
		t.Errorf("%q %v", all, err)
	}
}

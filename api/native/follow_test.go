package native_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/query"
)

// quiet ticks once and then stays until it is left.
type quiet struct {
	enginetest.Fake
	following atomic.Int32
	more      chan *engine.Tick
}

func (q *quiet) Follow(ctx context.Context, _ query.Follow, emit func(*engine.Tick) error) error {
	q.following.Add(1)
	defer q.following.Add(-1)
	if err := emit(enginetest.Ticks()[0]); err != nil {
		return err
	}
	for {
		select {
		case t := <-q.more:
			if err := emit(t); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// The bytes of a stream, as browsers read them.
func TestFollow(t *testing.T) {
	h := native.New(native.Config{Engine: &enginetest.Fake{Err: engine.Errorf(engine.KindTooMuch, "enough"), FailAfter: 2}})
	got := ask(t, h, native.Prefix+"follow?cluster=prod", "Accept-Encoding", "gzip")
	want := `event: tick
id: 7
data: {"number":7,"newest":{"prod":1795183260000000},"added":0}

event: tick
id: 9
data: {"number":9,"newest":{"prod":1795183261000000},"added":2}

event: problem
data: {"type":"about:blank","title":"A limit was reached","status":422,"detail":"enough","kind":"too-much"}

`
	if body := text(t, got); body != want || got.Header.Get("Content-Type") != "text/event-stream" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v\n%s", got.Header, body)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, native.Prefix+"follow", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %s", w.Code, w.Body)
	}
}

// While nothing is recorded a comment comes, and the stream ends with the server.
func TestFollowBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopping := make(chan struct{})
		h := native.New(native.Config{Engine: new(quiet), Stopping: stopping})
		w, done := httptest.NewRecorder(), make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, native.Prefix+"follow", nil))
		}()
		time.Sleep(46 * time.Second)
		close(stopping)
		<-done
		if got := strings.Count(w.Body.String(), "\n: still here\n"); got != 3 {
			t.Errorf("%d comments in 46 seconds:\n%s", got, w.Body)
		}
	})
}

func follower(t *testing.T, server string) (*http.Response, *bufio.Reader) {
	t.Helper()
	r, err := http.Get(server + native.Prefix + "follow")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Body.Close() })
	return r, bufio.NewReader(r.Body)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal(what)
}

// Followers are bounded, take no turn from questions, and give their place back when they go.
func TestFollowersAreBounded(t *testing.T) {
	fake := new(quiet)
	server := httptest.NewServer(native.New(native.Config{Engine: fake, Concurrent: 1}))
	t.Cleanup(server.Close)
	var all []*http.Response
	for range 32 {
		r, lines := follower(t, server.URL)
		if line, err := lines.ReadString('\n'); err != nil || line != "event: tick\n" {
			t.Fatalf("%q %v", line, err)
		}
		all = append(all, r)
	}
	r, _ := follower(t, server.URL)
	if body := text(t, r); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(body, "32 follow already") {
		t.Errorf("one too many: %d %s", r.StatusCode, body)
	}
	if r, err := http.Get(server.URL + native.Prefix + "stat"); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("a question meanwhile: %v %v", r, err)
	}
	for _, r := range all {
		_ = r.Body.Close()
	}
	eventually(t, "followers that went are still followed for", func() bool { return fake.following.Load() == 0 })
	eventually(t, "their places are not given back", func() bool {
		r, _ := follower(t, server.URL)
		return r.StatusCode == http.StatusOK
	})
}

// A follower outlives the server's own deadlines.
func TestFollowDeadlines(t *testing.T) {
	fake := &quiet{more: make(chan *engine.Tick)}
	server := httptest.NewUnstartedServer(native.New(native.Config{Engine: fake, Heartbeat: 50 * time.Millisecond}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	_, lines := follower(t, server.URL)
	time.Sleep(400 * time.Millisecond)
	fake.more <- enginetest.Ticks()[1]
	ticks, comments := 0, 0
	for ticks < 2 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("after %d ticks, %d comments: %v", ticks, comments, err)
		}
		if strings.HasPrefix(line, "event: tick") {
			ticks++
		} else if strings.HasPrefix(line, ":") {
			comments++
		}
	}
	if comments < 3 {
		t.Errorf("%d comments in 400 ms", comments)
	}
}

// pipes is a listener of connections in memory, which a bubble of synctest can wait for.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// A follower that does not read is let go after half a minute, and its place is free again.
func TestFollowerThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &quiet{more: make(chan *engine.Tick)}
		listener := make(pipes, 1)
		server := &http.Server{Handler: native.New(native.Config{Engine: fake}), WriteTimeout: time.Hour}
		go func() { _ = server.Serve(listener) }()
		ours, theirs := net.Pipe()
		listener <- theirs
		if _, err := io.WriteString(ours, "GET "+native.Prefix+"follow HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReaderSize(ours, 16).ReadString('\n'); err != nil || line != "HTTP/1.1 200 OK\r\n" {
			t.Fatalf("%q %v", line, err)
		}
		begin := time.Now()
		for fake.following.Load() > 0 && time.Since(begin) < time.Hour {
			select {
			case fake.more <- enginetest.Ticks()[1]:
			case <-time.After(time.Second):
			}
		}
		if took := time.Since(begin); took < 20*time.Second || took > time.Minute {
			t.Errorf("let go after %s", took)
		}
		_ = ours.Close()
		close(listener)
	})
}

// An engine over HTTP says why it ended, whatever it was that ended it.
func TestRemoteFollowEnds(t *testing.T) {
	if err := overHTTP(t, new(enginetest.Fake)).Follow(t.Context(), query.Follow{}, func(*engine.Tick) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the server ended it: %v", err)
	}
	stop := errors.New("enough")
	if err := overHTTP(t, new(enginetest.Fake)).Follow(t.Context(), query.Follow{}, func(*engine.Tick) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("emit ended it: %v", err)
	}
	fake := new(quiet)
	r := overHTTP(t, fake)
	ctx, cancel := context.WithCancel(t.Context())
	err := r.Follow(ctx, query.Follow{}, func(*engine.Tick) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the asker ended it: %v", err)
	}
	eventually(t, "the server still follows", func() bool { return fake.following.Load() == 0 })
}

package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/agent"
	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/tail"
	"github.com/kubewake/kubewake/store"
)

// auditLines are the first n events of the recording, a line each.
func auditLines(t *testing.T, n int) [][]byte {
	t.Helper()
	packed, err := os.Open(filepath.Join("..", "testdata", "recordings", "deployment", "audit.jsonl.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	z, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(all, []byte("\n"))
	return lines[:n]
}

func appendTo(t *testing.T, path string, lines [][]byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(bytes.Join(lines, nil))
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// running is a role under way.
type running struct {
	url  string
	stop func() error // once; the error of Run and Close
}

type role interface {
	Run(ctx context.Context) error
	Close() error
}

func run(t *testing.T, r role, ready <-chan string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(r.Run(ctx), r.Close()) }()
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(time.Minute):
			return errors.New("it does not stop")
		}
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	select {
	case url := <-ready:
		return running{url, stop}
	case err := <-ended:
		stopped = true
		t.Fatal("it ended: ", err)
	case <-time.After(time.Minute):
		t.Fatal("it is not ready")
	}
	return running{}
}

func startLive(t *testing.T, s Settings) (*Live, running) {
	t.Helper()
	ready := make(chan string, 1)
	if s.API.Listen == "" {
		s.API.Listen = "127.0.0.1:0"
	}
	l, err := NewLive(s, LiveOptions{Version: "test", Ready: func(url, _ string) error { ready <- url; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return l, run(t, l, ready)
}

func startAgent(t *testing.T, s agent.Settings) (*agent.Agent, running) {
	t.Helper()
	ready := make(chan string, 1)
	a, err := agent.New(t.Context(), s, agent.Options{Ready: func(status, _ string) { ready <- status }})
	if err != nil {
		t.Fatal(err)
	}
	return a, run(t, a, ready)
}

func get(t *testing.T, url, token string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
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

// requests counts the audit events of a cluster that the store holds, each once.
func (l *Live) requests(t *testing.T, c record.Cluster) map[string]int {
	t.Helper()
	got := map[string]int{}
	for r, err := range l.store.Window(t.Context(), store.WindowScan{Cluster: c, Kinds: []record.Kind{record.KindRequest}, Reads: true}) {
		if err != nil {
			t.Fatal(err)
		}
		got[r.Request.AuditID+" "+r.Request.Stage.String()]++
	}
	return got
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came: ", what)
		}
	}
}

func auditTail(cluster, path string) collect.Tail {
	return collect.Tail{Cluster: cluster, Settings: tail.Settings{Paths: []string{path}, Poll: 10 * time.Millisecond}}
}

// TestAgentAndServer: what an agent collects is stored once, whatever is restarted meanwhile.
func TestAgentAndServer(t *testing.T) {
	lines := auditLines(t, 240)
	dir := t.TempDir()
	first, second, receive := filepath.Join(dir, "first.log"), filepath.Join(dir, "second.log"), newRelay(t)
	server := Settings{Data: filepath.Join(dir, "data"), Config: collect.Config{Receive: collect.Receive{Listen: "127.0.0.1:0", Insecure: true}}}
	live, serving := startLive(t, server)
	receive.leadTo(live.collector.Addr())

	collecting := agent.Settings{Listen: "127.0.0.1:0", To: agent.To{URL: "http://" + receive.address()}, Spool: collect.Spool{Dir: filepath.Join(dir, "spool")},
		Config: collect.Config{Tails: []collect.Tail{auditTail("one", first)}}}
	a, agentRuns := startAgent(t, collecting)
	appendTo(t, first, lines[:60])
	until(t, "what was tailed", func() bool { return len(live.requests(t, "one")) == 60 })
	until(t, "60 requests counted", func() bool {
		code, text := get(t, serving.url+"/metrics", "")
		return code == 200 && strings.Contains(text, `kubewake_ingest_records_total{cluster="one",kind="request"} 60`)
	})

	// While the server is away the spool takes over.
	if err := serving.stop(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, first, lines[60:120])
	until(t, "a filled spool", func() bool {
		_, text := get(t, agentRuns.url+"/metrics", "")
		return strings.Contains(text, "kubewake_tail_events_total{cluster=\"one\"} 120")
	})
	if code, text := get(t, agentRuns.url+"/readyz", ""); code != 200 {
		t.Errorf("the spool bridges, and yet: %d %s", code, text)
	}
	live, serving = startLive(t, server)
	receive.leadTo(live.collector.Addr())
	until(t, "what was spooled", func() bool { return len(live.requests(t, "one")) == 120 })

	// A tail is taken away and another one comes, without a restart.
	changed := collecting
	changed.Tails = []collect.Tail{auditTail("two", second)}
	if restart, err := a.Reload(changed); err != nil || len(restart) > 0 {
		t.Fatal(restart, err)
	}
	appendTo(t, second, lines[120:180])
	until(t, "the new tail", func() bool { return len(live.requests(t, "two")) == 60 })
	appendTo(t, first, lines[120:121]) // nobody looks

	// Stopped while there is more to read: the next agent goes on where this one was.
	appendTo(t, second, lines[180:240])
	if err := agentRuns.stop(); err != nil {
		t.Fatal(err)
	}
	_, agentRuns = startAgent(t, changed)
	until(t, "the rest", func() bool { return len(live.requests(t, "two")) == 120 })
	if err := agentRuns.stop(); err != nil {
		t.Fatal(err)
	}
	if got := live.requests(t, "one"); len(got) != 120 {
		t.Errorf("the tail that was taken away: %d", len(got))
	}
	for c, part := range map[record.Cluster][][]byte{"one": lines[:120], "two": lines[120:]} {
		if diff := cmp.Diff(identities(part), live.requests(t, c)); diff != "" {
			t.Errorf("%s: %s", c, diff)
		}
		for gap, err := range live.store.Gaps(t.Context(), c, store.TimeRange{}) {
			t.Errorf("%s: a gap where nothing is missing: %+v %v", c, gap.Gap, err)
		}
	}
}

// identities are what Live.requests gives for these lines.
func identities(lines [][]byte) map[string]int {
	out := map[string]int{}
	for _, l := range lines {
		out[field(l, "auditID")+" "+field(l, "stage")] = 1
	}
	return out
}

func field(line []byte, name string) string {
	_, rest, _ := bytes.Cut(line, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// TestWhoMayAsk: with tokens nobody else is answered, but for whether it lives.
func TestWhoMayAsk(t *testing.T) {
	const all, some = "a-token-for-everything", "a-token-for-a-cluster"
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens")
	if err := os.WriteFile(tokens, []byte(all+" *\n"+some+" prod\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, serving := startLive(t, Settings{Data: filepath.Join(dir, "data"), API: API{Tokens: tokens, Pprof: true}})
	for _, path := range []string{"/api/v1/info", "/metrics", "/api/services", "/debug/pprof/"} {
		for token, want := range map[string]int{"": 401, "unknown-token-0123456789": 401, some: 403, all: 200} {
			if code, text := get(t, serving.url+path, token); code != want || strings.Contains(text, token) && token != "" {
				t.Errorf("%s as %q: %d, want %d", path, token, code, want)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := get(t, serving.url+path, ""); code != 200 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
}

// TestReceiverCalledByAnotherName: where nobody is asked who they are, a page in a browser is not taken for this machine.
func TestReceiverCalledByAnotherName(t *testing.T) {
	l, _ := startLive(t, Settings{Data: t.TempDir(), Config: collect.Config{Receive: collect.Receive{Listen: "127.0.0.1:0", Insecure: true}}})
	for host, want := range map[string]int{"": 200, "localhost:7443": 200, "evil.example:7443": 401} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.collector.Addr()+wire.PathKey, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%q: %s", host, answer.Status)
		}
	}
}

// TestStopAndStartAgain: once it has stopped it is not ready, and a second process finds the directory free.
func TestStopAndStartAgain(t *testing.T) {
	dir := t.TempDir()
	l, serving := startLive(t, Settings{Data: dir})
	if err := l.readiness(t.Context()); err != nil {
		t.Error(err)
	}
	if err := serving.stop(); err != nil {
		t.Fatal(err)
	}
	if err := l.readiness(t.Context()); err == nil {
		t.Error("stopped, and ready")
	}
	_, serving = startLive(t, Settings{Data: dir})
	if err := serving.stop(); err != nil {
		t.Error(err)
	}
}

// TestStopTakesTooLong: Run comes back within its bound although something does not end.
func TestStopTakesTooLong(t *testing.T) {
	l, err := NewLive(Settings{Data: t.TempDir(), StopWithin: 1, API: API{Listen: "127.0.0.1:0"}}, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	held := make(chan struct{})
	l.options.Ready = func(string, string) error { close(held); <-hold; return nil } // answering never begins, and never ends
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
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
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestReloadOfServe(t *testing.T) {
	dir := t.TempDir()
	s := Settings{Data: filepath.Join(dir, "data"), Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}}
	l, serving := startLive(t, s)
	lines := auditLines(t, 20)
	appendTo(t, filepath.Join(dir, "a.log"), lines[:10])
	until(t, "the first tail", func() bool { return len(l.requests(t, "one")) == 10 })

	s.API.Listen = "127.0.0.1:0"
	s.Tails = []collect.Tail{auditTail("two", filepath.Join(dir, "b.log"))}
	if restart, err := l.Reload(s); err != nil || len(restart) > 0 {
		t.Error(restart, err)
	}
	appendTo(t, filepath.Join(dir, "b.log"), lines[10:])
	until(t, "the other tail", func() bool { return len(l.requests(t, "two")) == 10 })

	for name, change := range map[string]func(*Settings){
		"":           func(s *Settings) { s.Retention.Age = 1 << 50 },
		"api":        func(s *Settings) { s.API.Pprof = true },
		"data":       func(s *Settings) { s.Data += "2" },
		"extensions": func(s *Settings) { s.Extensions.Spans = 5 },
		"log":        func(s *Settings) { s.Log.Level = "debug" },
		"receive":    func(s *Settings) { s.Receive.Listen, s.Receive.Insecure = "127.0.0.1:0", true },
		"redact":     func(s *Settings) { s.Redact.Rules = "x" },
		"spool":      func(s *Settings) { s.Spool.Bytes = 5 },
		"stopWithin": func(s *Settings) { s.StopWithin = 5 },
	} {
		other := s
		change(&other)
		if restart, err := l.Reload(other); err != nil || strings.Join(restart, " ") != name {
			t.Errorf("%s: %q %v", name, restart, err)
		}
	}
	bad := s
	bad.Tails = []collect.Tail{{Cluster: "x"}}
	if _, err := l.Reload(bad); err == nil {
		t.Error("settings that are wrong were taken over")
	}
	if err := serving.stop(); err != nil {
		t.Error(err)
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"":                                      func(*Settings) {},
		"data: a directory is needed":           func(s *Settings) { s.Data = "" },
		`api.listen: "x": want HOST:PORT`:       func(s *Settings) { s.API.Listen = "x" },
		"api: cert and key, or neither":         func(s *Settings) { s.API.Cert = "c" },
		"api: 0.0.0.0:1 is reached from other":  func(s *Settings) { s.API.Listen = "0.0.0.0:1" },
		"api: :1 is reached from other":         func(s *Settings) { s.API.Listen = ":1" },
		"api: tokens would cross the network":   func(s *Settings) { s.API.Listen, s.API.Tokens = "10.0.0.1:1", "t" },
		"api: tokens would cross":               func(s *Settings) { s.API.Listen, s.API.Tokens, s.API.Open = ":1", "t", true },
		`jaeger.grpc: "17271"`:                  func(s *Settings) { s.Jaeger.GRPC = "17271" },
		"jaeger: 0.0.0.0:17271 is reached":      func(s *Settings) { s.Jaeger.GRPC = "0.0.0.0:17271" },
		"jaeger: tokens would cross":            func(s *Settings) { s.Jaeger.GRPC, s.API.Tokens = ":17271", "t" },
		`log.level: "loud"`:                     func(s *Settings) { s.Log.Level = "loud" },
		`log.format: "xml"`:                     func(s *Settings) { s.Log.Format = "xml" },
		"receive.insecure: 10.0.0.1:1":          func(s *Settings) { s.Receive.Listen, s.Receive.Insecure = "10.0.0.1:1", true },
		"receive.tls: cert and key are needed":  func(s *Settings) { s.Receive.Listen = "127.0.0.1:1" },
		"receive: tokens or tls.clientCA":       func(s *Settings) { s.Receive.Listen, s.Receive.TLS.Cert, s.Receive.TLS.Key = ":1", "c", "k" },
		`receive.listen: "7443"`:                func(s *Settings) { s.Receive.Listen = "7443" },
		"tails[0]: a cluster and paths":         func(s *Settings) { s.Tails = []collect.Tail{{Cluster: "x"}} },
		"tails[0]: a cluster's name that is no": func(s *Settings) { s.Tails = []collect.Tail{auditTail("a\nb", "/x")} },
		"clusters[1]: there is another cluster": func(s *Settings) { s.Clusters = []collect.Cluster{{Name: "a"}, {Name: "a"}} },
		"clusters[0]: inCluster, or a":          func(s *Settings) { s.Clusters = []collect.Cluster{{Name: "a", InCluster: true, Context: "b"}} },
		"clusters[0]: inCluster does not tell":  func(s *Settings) { s.Clusters = []collect.Cluster{{InCluster: true}} },
		"election.lease: at least 2s":           func(s *Settings) { s.Election.Lease = 1 },
		"election: objects and events":          func(s *Settings) { s.Election.Objects = -1 },
	} {
		s := Settings{Data: "d"}.WithDefaults()
		change(&s)
		if err := s.Check(); (err == nil) != (want == "") || want != "" && !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, api := range []API{{Listen: "127.0.0.1:1", Tokens: "t"}, {Listen: ":1", Tokens: "t", Cert: "c", Key: "k"}, {Listen: ":1", Tokens: "t", Insecure: true}, {Listen: ":1", Open: true}} {
		if err := (Settings{Data: "d", API: api}).WithDefaults().Check(); err != nil {
			t.Errorf("%+v: %v", api, err)
		}
	}
}

// TestListenerOfWhatFails: what was listened on is free again when the role could not be made after all.
func TestListenerOfWhatFails(t *testing.T) {
	s := Settings{Data: t.TempDir(), API: API{Tokens: filepath.Join(t.TempDir(), "none")}, Config: collect.Config{Receive: collect.Receive{Insecure: true}}}
	free := func() bool {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.Receive.Listen = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := NewLive(s, LiveOptions{}); err == nil || !strings.Contains(err.Error(), "none") {
			t.Log(err)
			return false
		}
		if l, err = net.Listen("tcp", s.Receive.Listen); err != nil {
			t.Log(err)
			return false
		}
		return l.Close() == nil
	}
	isFree := false
	for range 3 { // another program may take a port meanwhile, but not each time
		isFree = isFree || free()
	}
	if !isFree {
		t.Fatal("the listener is left")
	}
	s.API.Tokens, s.Receive.Listen = "", "127.0.0.1:0"
	live, err := NewLive(s, LiveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(live.Close(), live.Close()); err != nil { // it never ran
		t.Error(err)
	}
}

package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// next is the next webhook of a chain.
type next struct {
	*httptest.Server
	mu     sync.Mutex // guards all below
	status int
	bodies []string
	heads  []http.Header
	paths  []string
}

func newNext(t *testing.T, status int) *next {
	n := &next{status: status}
	n.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.bodies, n.heads, n.paths = append(n.bodies, string(body)), append(n.heads, r.Header), append(n.paths, r.URL.Path)
		rw.WriteHeader(n.status)
	}))
	t.Cleanup(n.Close)
	return n
}

func (n *next) set(status int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = status
}

func (n *next) got() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.bodies...)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not in time: " + what)
}

func TestForwardsEveryBatchAsReceived(t *testing.T) {
	well, flaky, refusing, dead := newNext(t, 200), newNext(t, 503), newNext(t, 400), newNext(t, 200)
	dead.Close()
	m := NewMetrics(prometheus.NewRegistry())
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("forward-token-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *Config) {
		c.Metrics = m
		c.Forward = []Forward{
			{Name: "well", URL: well.URL + "/x/{cluster}", TokenFile: token}, {Name: "flaky", URL: flaky.URL}, {Name: "refusing", URL: refusing.URL},
			{Name: "dead", URL: dead.URL, QueueBytes: 3000},
		}
	})
	var want []string
	for i := range 20 {
		body, headers := eventList(event(fmt.Sprint(i)), `{"secret":1}`), []string(nil)
		if i%2 == 1 {
			body, headers = packed(body), []string{"Content-Encoding", "gzip"}
		}
		want = append(want, body)
		if i == 3 { // the store fails once: the batch is repeated, and goes out once
			s.sink.fail(func(context.Context, ingest.Batch) error { return errors.New("x") }, nil)
			if got := s.send(body, headers...); got.status != 503 {
				t.Errorf("%+v", got)
			}
			s.sink.fail(nil, nil)
		}
		began := time.Now()
		if got := s.send(body, headers...); got.status != 200 || time.Since(began) > 30*time.Second {
			t.Errorf("%+v", got)
		}
	}
	s.send("no batch")
	eventually(t, "well", func() bool { return len(well.got()) == len(want) })
	for i, body := range well.got() {
		if body != want[i] {
			t.Errorf("batch %d is not as received", i)
		}
	}
	well.mu.Lock()
	if h := well.heads[1]; h.Get("Content-Encoding") != "gzip" || h.Get("Authorization") != "Bearer forward-token-0123456789" || well.paths[1] != "/x/prod" || well.heads[0].Get("Content-Encoding") != "" {
		t.Errorf("%v %v", h, well.paths)
	}
	well.mu.Unlock()
	flaky.set(200)
	eventually(t, "flaky", func() bool {
		got := flaky.got()
		return len(got) > len(want) && got[len(got)-1] == want[len(want)-1]
	})
	if n := len(refusing.got()); n != len(want) {
		t.Errorf("a batch that is refused for good was sent %d times for %d", n, len(want))
	}
	if n := testutil.ToFloat64(m.dropped.WithLabelValues("refusing", dropRefused)); n != float64(len(want)) {
		t.Errorf("%v refused", n)
	}
	if n := testutil.ToFloat64(m.dropped.WithLabelValues("dead", dropFull)); n == 0 || n >= float64(len(want)) {
		t.Errorf("%v dropped by the dead one", n)
	}
	if q := testutil.ToFloat64(m.queued.WithLabelValues("dead")); q == 0 || q > 3000 {
		t.Errorf("%v bytes wait for the dead one", q)
	}
}

func TestForwardGivesUp(t *testing.T) {
	n := newNext(t, 500)
	m := NewMetrics(nil)
	s := start(t, func(c *Config) {
		c.Metrics = m
		c.Forward = []Forward{{Name: "n", URL: n.URL, GiveUp: time.Millisecond}}
	})
	s.send(eventList(event("a")))
	eventually(t, "given up", func() bool { return testutil.ToFloat64(m.dropped.WithLabelValues("n", dropGaveUp)) == 1 })
}

func TestForwardSettings(t *testing.T) {
	for _, f := range []Forward{{URL: "http://192.0.2.1/x"}, {URL: "nothing"}, {URL: "ftp://localhost"}, {URL: "https://a", TokenFile: "/does/not/exist"}} {
		if _, err := New(Config{Settings: Settings{Forward: []Forward{f}}, Sink: &memory{}, Redactor: redact.Off()}); err == nil {
			t.Errorf("%+v was taken", f)
		}
	}
	twice := []Forward{{URL: "https://a"}, {URL: "https://a"}}
	if _, err := New(Config{Settings: Settings{Forward: twice}, Sink: &memory{}, Redactor: redact.Off()}); err == nil {
		t.Error("two of one name")
	}
}

func TestWhatWaitsAtTheEndIsCounted(t *testing.T) {
	m := NewMetrics(nil)
	o := newOutlet("x", 1000, newHook(t, m).log, m)
	began := make(chan struct{}, 10)
	o.send = func(ctx context.Context, _ *parcel) string { began <- struct{}{}; <-ctx.Done(); return dropStopped }
	for range 3 {
		o.put(&parcel{body: make([]byte, 10), at: time.Now()})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	o.run(ctx)
	if took := time.Since(start); took > drainFor+30*time.Second || len(began) != 1 {
		t.Errorf("%v, %d tried", took, len(began))
	}
	if n := testutil.ToFloat64(m.dropped.WithLabelValues("x", dropStopped)); n != 3 {
		t.Errorf("%v counted", n)
	}
}

func newHook(t *testing.T, m *Metrics) *Webhook {
	t.Helper()
	w, err := New(Config{Sink: &memory{}, Redactor: redact.Off(), Metrics: m})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestDumpIsRedactedAndRotated(t *testing.T) {
	key, err := redact.NewKey(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dump")
	m := NewMetrics(nil)
	s := start(t, func(c *Config) {
		c.Metrics, c.Redactor = m, redactor
		c.Dump = Dump{Directory: dir, FileBytes: 2000, Files: 3}
	})
	const secret = "c2VjcmV0LXZhbHVl"
	withSecret := `{"level":"Request","auditID":"%s","stage":"ResponseComplete","verb":"update","requestURI":"/x","objectRef":{"resource":"secrets","name":"s"},` +
		`"requestObject":{"kind":"Secret","apiVersion":"v1","data":{"k":"` + secret + `"}},"requestReceivedTimestamp":"2026-11-20T15:50:00Z"}`
	const batches = 30
	for i := range batches {
		body, headers := eventList(fmt.Sprintf(withSecret, fmt.Sprint(i)), `"not an event"`), []string(nil)
		if i%2 == 0 {
			body, headers = packed(body), []string{"Content-Encoding", "gzip"}
		}
		if got := s.send(body, headers...); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
	eventually(t, "dumped", func() bool { return testutil.ToFloat64(m.sent.WithLabelValues("dump")) == batches })
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 4 {
		t.Errorf("%v", files)
	}
	for _, path := range files {
		info, _ := os.Stat(path)
		content := readFile(t, path)
		if bytes.Contains(content, []byte(secret)) || info.Size() > 2000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %d bytes, %v", path, info.Size(), info.Mode())
		}
		for line := range bytes.Lines(content) {
			if out, err := audit.Decode(line, audit.Options{Redactor: redact.Off()}); err != nil || out[0].Kind != record.KindRequest {
				t.Errorf("%v: %s", err, line)
			}
		}
	}
	last := readFile(t, filepath.Join(dir, "prod.jsonl"))
	if !bytes.Contains(last, []byte(`"auditID":"29"`)) {
		t.Errorf("the last one is not in the newest file: %s", last)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 7
	}
	return len(b), nil
}

func TestDumpFilesStayInTheirDirectory(t *testing.T) {
	d := &dumper{Dump: Dump{Directory: "/d"}}
	seen := map[string]bool{}
	for _, cluster := range []record.Cluster{"a", "..", "../../etc", "a~b", "a%7Eb", record.Cluster(strings.Repeat("é", 128)), record.Cluster(strings.Repeat("é", 127) + "xx"), "a*"} {
		path := d.path(cluster, "")
		if filepath.Dir(path) != "/d" || strings.Contains(path, "~") || len(filepath.Base(path)) > 255 || seen[path] {
			t.Errorf("%s: %s", cluster, path)
		}
		seen[path] = true
	}
}

func TestDumpGoesOnBehindATornLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "prod.jsonl"), []byte("{\"torn\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := newDump(Dump{Directory: dir}, Limits{}.withDefaults(), audit.Options{Redactor: redact.Off()}, newHook(t, nil).log, nil)
	if err != nil {
		t.Fatal(err)
	}
	if reason := o.send(t.Context(), &parcel{cluster: "prod", body: []byte(eventList(event("a")))}); reason != "" {
		t.Error(reason)
	}
	o.stop()
	lines := bytes.Split(readFile(t, filepath.Join(dir, "prod.jsonl")), []byte("\n"))
	if len(lines) != 3 || !bytes.HasPrefix(lines[1], []byte(`{"kind":"Event"`)) {
		t.Errorf("%q", lines)
	}
}

package tail

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// memory is a sink that keeps facts and marks.
type memory struct {
	mu         sync.Mutex // guards all below
	facts      map[record.ID]*record.Record
	marks      map[string][]byte
	deliveries int // of requests, counting repetitions
	fail       func() error
}

func newMemory() *memory {
	return &memory{facts: map[record.ID]*record.Record{}, marks: map[string][]byte{}}
}

func (m *memory) Deliver(ctx context.Context, b ingest.Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	for _, r := range b.Records {
		m.facts[r.ID()] = r
		if r.Kind == record.KindRequest {
			m.deliveries++
		}
	}
	for _, mark := range b.Marks {
		if len(mark.Key) > 256 || len(mark.Value) > 64<<10 {
			return errors.New("a mark that is too large")
		}
		m.marks[mark.Key] = bytes.Clone(mark.Value)
	}
	return nil
}

func (m *memory) Progress(context.Context, record.Cluster) ([]*record.Record, error) { return nil, nil }
func (m *memory) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}
func (m *memory) Mark(_ context.Context, _ record.Cluster, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marks[key], nil
}

func (m *memory) ids() map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]bool{}
	for _, r := range m.facts {
		if r.Kind == record.KindRequest {
			out[r.Request.AuditID] = true
		}
	}
	return out
}

func (m *memory) gaps() (out []*record.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.facts {
		if r.Kind == record.KindGap {
			out = append(out, r)
		}
	}
	return out
}

// world is a directory with a log, a clock, and a stream that follows it step by step.
type world struct {
	t    testing.TB
	dir  string
	log  string
	sink *memory
	clock
	stream *stream
	config Config
}

type clock struct{ at time.Time }

func newWorld(t testing.TB) *world {
	dir := t.TempDir()
	w := &world{t: t, dir: dir, log: filepath.Join(dir, "audit.log"), sink: newMemory(), clock: clock{time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}}
	w.config = Config{Cluster: "prod", Sink: w.sink, Redactor: redact.Off(), Settings: Settings{Paths: []string{w.log}, LineBytes: 10_000}}
	w.restart()
	t.Cleanup(w.crash)
	return w
}

// crash ends the stream as kill -9 would: what was not delivered is forgotten.
func (w *world) crash() {
	for _, f := range w.stream.files {
		f.close()
	}
}

func (w *world) restart() {
	if w.stream != nil {
		w.crash()
	}
	tail, err := New(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.stream = tail.streams[0]
	w.stream.now = func() time.Time { return w.at }
}

func (w *world) poll() {
	w.t.Helper()
	w.at = w.at.Add(time.Second)
	if err := w.stream.poll(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// settle looks often enough that nothing is waited for any more.
func (w *world) settle() {
	w.t.Helper()
	w.poll()
	w.at = w.at.Add(time.Minute)
	w.poll()
	w.poll()
}

// event is one line without its end; the clock goes on.
func (w *world) event(id string) string {
	w.at = w.at.Add(time.Second)
	stamp := w.at.Format("2006-01-02T15:04:05.000000Z")
	return `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"` + id + `","stage":"ResponseComplete","verb":"get","requestURI":"/x","requestReceivedTimestamp":"` + stamp + `","stageTimestamp":"` + stamp + `"}`
}

func (w *world) write(text string) {
	w.t.Helper()
	f, err := os.OpenFile(w.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	w.must(err)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) events(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.write(w.event(id) + "\n")
	}
}

// aside is the name that the apiserver gives a file it puts aside.
func (w *world) aside() string {
	w.at = w.at.Add(time.Second)
	return filepath.Join(w.dir, "audit-"+w.at.Format("2006-01-02T15-04-05.000")+".log")
}

func (w *world) rotate() string {
	w.t.Helper()
	to := w.aside()
	w.must(os.Rename(w.log, to))
	return to
}

func pack(t testing.TB, path string) {
	t.Helper()
	plain, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(plain)
	_ = z.Close()
	if err := os.WriteFile(path+".gz", b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func (w *world) want(gaps int, ids ...string) {
	w.t.Helper()
	got := w.sink.ids()
	for _, id := range ids {
		if !got[id] {
			w.t.Errorf("%s is missing", id)
		}
	}
	if len(got) != len(ids) {
		w.t.Errorf("%d events, not %d: %v", len(got), len(ids), got)
	}
	if g := w.sink.gaps(); len(g) != gaps {
		for _, r := range g {
			w.t.Logf("%v %v %s", r.OccurredAt, r.Gap.Until, r.Gap.Detail)
		}
		w.t.Errorf("%d gaps, not %d", len(g), gaps)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

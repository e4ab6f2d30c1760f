package tail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

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

func TestFollowsAndGoesOnAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.poll() // no file yet
	w.events("a", "b")
	w.poll()
	w.want(0, "a", "b")
	w.events("c")
	w.restart()
	w.poll()
	w.want(0, "a", "b", "c")
	if w.sink.deliveries != 3 {
		t.Errorf("%d deliveries: the mark was not used", w.sink.deliveries)
	}
}

func TestWaitsForTheRestOfALine(t *testing.T) {
	w := newWorld(t)
	line := w.event("a")
	for i := 0; i < len(line); i += 50 {
		w.write(line[i:min(i+50, len(line))])
		w.at = w.at.Add(time.Hour)
		w.poll()
		w.want(0)
	}
	w.restart()
	w.poll()
	w.write("\n")
	w.poll()
	w.want(0, "a")
}

func TestRotations(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world)
		gaps int
		want []string
	}{
		{"renamed", func(w *world) { w.events("a"); w.poll(); w.events("b"); w.rotate(); w.events("c") }, 0, []string{"a", "b", "c"}},
		{"renamed, the new one not there yet", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			w.rotate()
			w.poll()
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"renamed twice between two looks", func(w *world) {
			w.events("a")
			w.poll()
			w.rotate()
			w.events("b")
			w.rotate()
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"renamed and packed", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			pack(w.t, w.rotate())
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"renamed and packed while down", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			w.restart()
			pack(w.t, w.rotate())
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"files from before", func(w *world) {
			w.events("a")
			pack(w.t, w.rotate())
			w.events("b")
			w.rotate()
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"numbered", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			w.must(os.Rename(w.log, w.log+".1"))
			w.events("c")
			w.poll()
			w.must(os.Rename(w.log+".1", w.log+".2"))
			w.must(os.Rename(w.log, w.log+".1"))
			pack(w.t, w.log+".2")
			w.events("d")
		}, 0, []string{"a", "b", "c", "d"}},
		{"copied and truncated", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			copyFile(w.t, w.log, w.log+".1")
			w.must(os.Truncate(w.log, 0))
			w.events("c")
		}, 0, []string{"a", "b", "c"}},
		{"a copy beside it", func(w *world) {
			w.events("a")
			w.poll()
			copyFile(w.t, w.log, w.log+".1")
			w.poll()
			w.events("b")
		}, 0, []string{"a", "b"}},
		{"truncated in place", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			w.must(os.Truncate(w.log, 0))
			w.events("c")
		}, 1, []string{"a", "c"}},
		{"truncated and longer at once", func(w *world) {
			w.events("a")
			w.poll()
			w.must(os.Truncate(w.log, 0))
			w.events("c", "d", "e")
		}, 1, []string{"a", "c", "d", "e"}},
		{"truncated under a writer that goes on where it was", func(w *world) {
			w.events("a")
			w.poll()
			w.must(os.Truncate(w.log, 0))
			w.must(os.Truncate(w.log, 300_000))
			w.events("b")
		}, 1, []string{"a", "b"}},
		{"removed while it is followed", func(w *world) {
			w.events("a")
			w.poll()
			w.events("b")
			w.must(os.Remove(w.log))
			w.events("c")
		}, 1, []string{"a", "b", "c"}}, // whether there was another one between them can not be known
		{"put aside, read and removed", func(w *world) {
			w.events("a")
			w.poll()
			old := w.rotate()
			w.events("b")
			w.poll()
			w.must(os.Remove(old))
		}, 0, []string{"a", "b"}},
		{"put aside and removed while down", func(w *world) {
			w.events("a")
			w.poll()
			w.events("lost")
			w.crash()
			w.must(os.Remove(w.rotate()))
			w.events("b")
			w.restart()
		}, 1, []string{"a", "b"}},
		{"replaced while down by another file", func(w *world) {
			w.events("a")
			w.poll()
			w.crash()
			w.must(os.Remove(w.log))
			w.events("b", "c")
			w.restart()
		}, 1, []string{"a", "b", "c"}},
		{"killed within a line", func(w *world) {
			w.write(w.event("x")[:100])
			w.events("b")
		}, 1, []string{"b"}},
		{"put aside with an open line", func(w *world) {
			w.events("a")
			w.write(w.event("x")[:100])
			w.rotate()
			w.events("b")
		}, 1, []string{"a", "b"}},
		{"put aside with a whole line without its end", func(w *world) {
			w.write(w.event("a"))
			w.rotate()
			w.events("b")
		}, 0, []string{"a", "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.do(w)
			w.settle()
			w.want(tt.gaps, tt.want...)
			w.restart()
			before := w.sink.deliveries
			w.settle()
			w.want(tt.gaps, tt.want...)
			if w.sink.deliveries != before {
				t.Errorf("%d events were read again", w.sink.deliveries-before)
			}
		})
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

func TestGapBounds(t *testing.T) {
	w := newWorld(t)
	w.events("a")
	last := w.at
	w.poll()
	w.events("lost")
	w.must(os.Truncate(w.log, 0))
	w.events("b")
	first := w.at
	w.events("c")
	w.at = w.at.Add(time.Hour)
	w.poll()
	g := w.sink.gaps()
	if len(g) != 1 || !g[0].OccurredAt.Equal(last) || !g[0].Gap.Until.Equal(first) || g[0].Ref.Cluster != "prod" {
		t.Errorf("%+v", g)
	}
}

func TestRefusedLines(t *testing.T) {
	w := newWorld(t)
	m := NewMetrics(prometheus.NewRegistry())
	w.config.Metrics = m
	w.restart()
	w.events("a")
	w.write("no JSON at all, but hidden\n\n  \r\n" + `{"kind":"Policy","apiVersion":"audit.k8s.io/v1"}` + "\n")
	w.write(`{"x":"` + strings.Repeat("hidden", 5_000) + `"}` + "\n")
	w.events("b")
	w.write(`{"x":"` + strings.Repeat("hidden", 500_000))
	w.poll()
	w.write(strings.Repeat("hidden", 500_000) + `"}` + "\n")
	w.events("c")
	w.poll()
	w.want(4, "a", "b", "c")
	for _, g := range w.sink.gaps() {
		if strings.Contains(g.Gap.Detail, "hidden") || g.Gap.Key == "" {
			t.Errorf("%+v", g.Gap)
		}
	}
	if n := testutil.ToFloat64(m.refused.WithLabelValues("prod", "too-long")); n != 2 {
		t.Errorf("%v too long", n)
	}
	if n := testutil.ToFloat64(m.behind.WithLabelValues("prod", w.log)); n != 0 {
		t.Errorf("%v unread", n)
	}
	w.restart()
	w.must(os.WriteFile(filepath.Join(w.dir, "audit-2.log.gz"), []byte("no gzip"), 0o600))
	w.settle()
	w.want(5, "a", "b", "c")
}

func TestTheSinkIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	failed := 0
	w.sink.fail = func() error {
		if failed++; failed == 1 {
			return &ingest.Busy{Reason: "full", After: time.Millisecond}
		}
		if failed == 2 {
			return errors.New("broken")
		}
		return nil
	}
	w.events("a")
	w.poll()
	w.want(0, "a")
	if failed != 3 {
		t.Errorf("%d deliveries", failed)
	}
	w.sink.fail = func() error { return errors.New("broken") }
	w.events("b")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := w.stream.poll(ctx); err == nil {
		t.Error("no error at the end")
	}
	w.sink.fail = nil
	w.restart()
	w.poll()
	w.want(0, "a", "b")
}

func TestRunFollows(t *testing.T) {
	w := newWorld(t)
	w.config.Poll = 5 * time.Millisecond
	w.config.Paths = []string{filepath.Join(w.dir, "*.log")}
	reg := prometheus.NewRegistry()
	w.config.Metrics = NewMetrics(reg)
	tail, err := New(w.config)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tail.Run(ctx) }()
	total := 0
	for i := range 20 {
		for range 50 {
			w.events(fmt.Sprint(total))
			total++
		}
		if i%4 == 3 {
			w.rotate()
		}
	}
	for end := time.Now().Add(20 * time.Second); len(w.sink.ids()) < total; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d", len(w.sink.ids()), total)
		}
	}
	gauges := func() int {
		n, err := testutil.GatherAndCount(reg, "kubewake_tail_files", "kubewake_tail_unread_bytes", "kubewake_tail_lag_seconds")
		w.must(err)
		return n
	}
	if n := gauges(); n != 3 {
		t.Errorf("%d gauges", n)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := gauges(); n != 0 {
		t.Errorf("%d gauges tell of files that are followed no more", n)
	}
	if g := w.sink.gaps(); len(g) != 0 {
		t.Errorf("%+v", g[0].Gap)
	}
}

func TestMarks(t *testing.T) {
	long := strings.Repeat("p", 300)
	if k := markKey("", long); len(k) > 256 || k == markKey("", long+"x") {
		t.Error(k)
	}
	var states []state
	for i := range 1000 {
		states = append(states, state{Path: long, Offset: int64(i)})
	}
	b, err := encodeMark(states)
	if err != nil || len(b) > markBytes {
		t.Fatal(err, len(b))
	}
	got, err := decodeMark(b)
	if err != nil || len(got) == 0 || got[len(got)-1].Offset != 999 {
		t.Error(err, len(got))
	}
	for _, bad := range []string{"{", `[{"offset":-1}]`, `[{"headLen":5000,"offset":9000}]`, `[{"headLen":5,"offset":3}]`} {
		if _, err := decodeMark([]byte(bad)); err == nil {
			t.Error(bad)
		}
	}
	w := newWorld(t)
	w.sink.marks[markKey("", w.log)] = []byte("{")
	w.events("a")
	w.poll()
	w.want(0, "a")
}

// TestMachines: agents on several machines follow files of one path, and do not take them for one another's.
func TestMachines(t *testing.T) {
	w := newWorld(t)
	elsewhere := map[string]string{"a": filepath.Join(t.TempDir(), "a"), "b": filepath.Join(t.TempDir(), "b")}
	for round, id := range []string{"1", "2", "3"} {
		for _, machine := range []string{"a", "b"} {
			if round > 0 {
				w.must(os.Rename(elsewhere[machine], w.log))
			}
			w.config.Machine = machine
			w.restart()
			w.events(machine + id)
			w.settle()
			w.crash()
			w.must(os.Rename(w.log, elsewhere[machine]))
		}
	}
	w.want(0, "a1", "b1", "a2", "b2", "a3", "b3")
}

func TestSettings(t *testing.T) {
	good := Config{Cluster: "c", Sink: newMemory(), Redactor: redact.Off(), Settings: Settings{Paths: []string{"/a", "/a", "/b*"}}}
	tail, err := New(good)
	if err != nil || len(tail.streams) != 2 {
		t.Errorf("%v", err)
	}
	for _, change := range []func(*Config){func(c *Config) { c.Cluster = "" }, func(c *Config) { c.Sink = nil }, func(c *Config) { c.Paths = nil }, func(c *Config) { c.Paths = []string{"["} }} {
		bad := good
		change(&bad)
		if _, err := New(bad); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	w := newWorld(b)
	line := w.event("x")
	line = `{"userAgent":"` + strings.Repeat("kubectl ", 600) + `",` + line[1:] + "\n"
	w.write(strings.Repeat(line, 2000))
	b.SetBytes(int64(2000 * len(line)))
	for b.Loop() {
		w.sink.marks = map[string][]byte{}
		w.restart()
		w.poll()
	}
}

// Long lines are found in whatever pieces they come.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\n\nbb\nccc"), uint8(2), false)
	f.Add([]byte("\x00\x00a\nlonger than the limit\nb\n"), uint8(5), true)
	f.Fuzz(func(t *testing.T, text []byte, limit uint8, packed bool) {
		path := filepath.Join(t.TempDir(), "x.log")
		content := text
		if packed {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(text)
			_ = z.Close()
			content = b.Bytes()
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		file := &file{state: state{Path: path, Packed: packed}, f: in}
		defer file.close()
		for {
			l, err := file.next(int64(limit), true)
			if err != nil {
				if !errors.Is(err, errNoLine) {
					t.Fatal(err)
				}
				break
			}
			rest := text[file.Offset:]
			whole, _, found := bytes.Cut(rest, []byte("\n"))
			size := len(whole)
			if found {
				size++
			}
			if l.hole {
				size = int(l.size)
				if size == 0 || len(bytes.Trim(rest[:size], "\x00")) > 0 {
					t.Fatalf("hole of %d in %q", size, rest)
				}
			} else if int(l.size) != size || l.cut == found || l.long != (len(whole) > int(limit)) || !l.long && !bytes.Equal(l.raw, whole) || l.long && !bytes.HasSuffix(whole, l.raw) {
				t.Fatalf("%+v of %q, limit %d", l, rest, limit)
			}
			file.advance(l)
		}
		if file.Offset != int64(len(text)) {
			t.Fatalf("%d of %d", file.Offset, len(text))
		}
		if file.HeadLen > 0 && file.Head != digestOf(text[:file.HeadLen]) {
			t.Fatal("head")
		}
	})
}

// TestRenamedWhileLooking: a file that is seen under its name and under the one it is put aside to, because it was renamed between, is one file, put aside.
func TestRenamedWhileLooking(t *testing.T) {
	dir := t.TempDir()
	live, aside := filepath.Join(dir, "audit.log"), filepath.Join(dir, "audit-2026-11-21T10-00-00.000.log")
	if err := os.WriteFile(live, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(live, aside); err != nil {
		t.Skip("no hard links here:", err)
	}
	looks := lookAround(live)
	if len(looks) != 1 || looks[0].path != aside || looks[0].live {
		t.Errorf("%+v", looks)
	}
}

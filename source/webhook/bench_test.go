package webhook

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/object/redact"
)

// recorded reads the events of the shipped recordings.
func recorded(tb testing.TB) []string {
	tb.Helper()
	f, err := os.Open("../../testdata/recordings/scenarios/audit.jsonl.zst")
	if err != nil {
		tb.Skip("no recordings:", err)
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	var out []string
	s := bufio.NewScanner(z)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		out = append(out, s.Text())
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

// nothing takes everything and keeps nothing.
type nothing struct{ *memory }

func (nothing) Deliver(context.Context, ingest.Batch) error { return nil }

// BenchmarkBatch is what the webhook itself costs: batches of 400 real events, redaction on, a sink that costs nothing.
func BenchmarkBatch(b *testing.B) {
	key, err := redact.NewKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		b.Fatal(err)
	}
	w, err := New(Config{Sink: nothing{&memory{}}, Redactor: redactor, Anonymous: true, Callers: tokens.Callers{}})
	if err != nil {
		b.Fatal(err)
	}
	events := recorded(b)
	var bodies [][]byte
	for len(events) >= 400 {
		bodies = append(bodies, []byte(eventList(events[:400]...)))
		events = events[400:]
	}
	size, n := 0, 0
	b.ReportAllocs()
	before := cpuSeconds(b)
	for b.Loop() {
		body := bodies[n%len(bodies)]
		r := httptest.NewRequest(http.MethodPost, "/audit/prod", bytes.NewReader(body))
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Content-Type", jsonType)
		rw := httptest.NewRecorder()
		w.ServeHTTP(rw, r)
		if rw.Code != http.StatusOK {
			b.Fatal(rw.Code, strings.TrimSpace(rw.Body.String()))
		}
		size, n = size+len(body), n+1
	}
	cpu := cpuSeconds(b) - before
	b.ReportMetric(400*float64(n)/cpu, "events/cpu-s")
	b.ReportMetric(float64(size)/1e6/cpu, "MB/cpu-s")
	b.ReportMetric(float64(size)/float64(n)/400, "B/event")
}

// cpuSeconds that this process has used: unlike the wall clock it does not count what other processes take.
func cpuSeconds(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

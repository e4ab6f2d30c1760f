package audit

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// recordings is the directory of the recordings: real ones where KUBEWAKE_RECORDINGS names them, else the
// repository's redacted copies.
func recordings() string {
	if dir := os.Getenv("KUBEWAKE_RECORDINGS"); dir != "" {
		return dir
	}
	return "../../testdata/recordings"
}

// lines reads a recorded file; the test is skipped where it is not there.
func lines(tb testing.TB, path ...string) [][]byte {
	tb.Helper()
	f, err := os.Open(filepath.Join(append([]string{recordings()}, path...)...) + ".zst")
	if err != nil {
		tb.Skip("no recordings:", err)
	}
	defer func() { _ = f.Close() }()
	z, err := zstd.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	defer z.Close()
	var out [][]byte
	s := bufio.NewScanner(z)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		out = append(out, bytes.Clone(s.Bytes()))
	}
	if err := s.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

func newDecoder() *Decoder { return New(Options{Cluster: "test", Redactor: redact.Off()}) }

func BenchmarkDecode(b *testing.B) {
	b.Run("redaction off", func(b *testing.B) { benchmark(b, redact.Off()) })
	b.Run("redaction on", func(b *testing.B) {
		key, err := redact.NewKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		r, err := redact.New(key, nil)
		if err != nil {
			b.Fatal(err)
		}
		benchmark(b, r)
	})
}

func benchmark(b *testing.B, r *redact.Redactor) {
	all := lines(b, "scenarios", "audit.jsonl")
	total := 0
	for _, line := range all {
		total += len(line)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	d := New(Options{Cluster: "test", Redactor: r})
	var dst []*record.Record
	before := cpuSeconds(b)
	for b.Loop() {
		for _, line := range all {
			var err error
			if dst, err = d.Decode(dst[:0], line); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(total)*float64(b.N)/1e6/(cpuSeconds(b)-before), "MB/cpu-s")
}

// cpuSeconds that this process has used: unlike the wall clock it does not count what other processes take.
func cpuSeconds(tb testing.TB) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

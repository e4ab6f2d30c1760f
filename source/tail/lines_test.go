package tail

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

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

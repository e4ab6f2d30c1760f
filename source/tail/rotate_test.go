package tail

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

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

// TestRotatedBehindTheLook: a file that is put aside after it was seen under its name, and before its beginning is compared, is still the same file;
// what lies under the name by then says nothing of it.
func TestRotatedBehindTheLook(t *testing.T) {
	for name, behind := range map[string]func(*world){
		"another is there":  func(w *world) { w.rotate(); w.events("c") },
		"none is there yet": func(w *world) { w.rotate() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.events("a")
			w.poll()
			w.events("b")
			looks := lookAround(w.log)
			behind(w)
			w.stream.match(looks)
			if f := w.stream.files; len(f) != 1 || f[0].truncated || f[0].gone {
				t.Errorf("%d files; truncated %v, gone %v", len(f), f[0].truncated, f[0].gone)
			}
			w.events("d")
			w.settle()
			all := []string{"a", "b", "d"}
			if name == "another is there" {
				all = append(all, "c")
			}
			w.want(0, all...)
		})
	}
}

package tail

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/source/manifest"
)

// look is a file as a look at the directory shows it.
type look struct {
	path     string
	dev, ino uint64
	size     int64
	modified time.Time
	live     bool // it lies where an apiserver writes; else it was put aside
	packed   bool
}

// lookAround finds the files of a path or pattern and those that rotation put beside them, the oldest first.
func lookAround(pattern string) []look {
	seen := map[string]*look{}
	add := func(path string, live bool) {
		if l := seen[path]; l != nil {
			l.live = l.live && live
			return
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return
		}
		l := &look{path: path, size: info.Size(), modified: info.ModTime(), live: live, packed: strings.HasSuffix(path, ".gz")}
		l.dev, l.ino = inode(info)
		seen[path] = l
	}
	origins := []string{pattern}
	if matches, _ := filepath.Glob(pattern); len(matches) > 0 && strings.ContainsAny(pattern, `*?[\`) {
		origins = matches
	}
	for _, path := range origins {
		add(path, !strings.HasSuffix(path, ".gz"))
	}
	for _, path := range origins {
		for _, beside := range besides(path) {
			matches, _ := filepath.Glob(beside) // the patterns are ours
			for _, match := range matches {
				add(match, false)
			}
		}
	}
	out := make([]look, 0, len(seen))
	for _, l := range seen {
		if l.live && renamed(seen, l) {
			continue
		}
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b look) int {
		if c := a.modified.Compare(b.modified); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
	return out
}

// renamed reports whether a file was put aside while we looked: it was seen under both names, and what is under the first by now is seen by the
// next look.
func renamed(seen map[string]*look, l *look) bool {
	for _, other := range seen {
		if other != l && !other.live && l.ino != 0 && other.ino == l.ino && other.dev == l.dev {
			return true
		}
	}
	return false
}

// besides are the names that rotation gives: the apiserver's own (audit-2026-11-21T10-00-00.000.log, packed with .gz behind
// it) and those of logrotate (audit.log.1, audit.log-20261121, audit-20261121.log).
func besides(path string) []string {
	ext := filepath.Ext(path)
	stem := quote(strings.TrimSuffix(path, ext))
	whole := quote(path)
	if ext == "" {
		return []string{whole + ".*", whole + "-*"}
	}
	return []string{stem + "-[0-9]*" + quote(ext), stem + "-[0-9]*" + quote(ext) + ".gz", whole + ".[0-9]*", whole + "-[0-9]*"}
}

func quote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// match finds the file of every look, or makes one. Files that are left without one are lost, or gone. Copies are left out.
func (s *stream) match(looks []look) {
	taken := map[*file]bool{}
	take := func(f *file, l look) {
		taken[f] = true
		if f.at != l {
			f.still = s.now()
			f.see(l)
		}
		f.at, f.Path, f.Live, f.Packed = l, l.path, l.live, l.packed
		f.Dev, f.Ino, f.Size = l.dev, l.ino, l.size
		if l.live {
			f.Size = 0
		}
	}
	var rest []look
	for _, l := range looks { // those that stayed, or were renamed
		if f := s.byInode(l, taken); f != nil {
			take(f, l)
		} else {
			rest = append(rest, l)
		}
	}
	var fresh []look
	for _, l := range rest { // those that were copied or packed, and whose original is gone
		var found *file
		for _, f := range s.files {
			if !taken[f] && f.goesOnIn(l) && (f.HeadLen > 0 || f.SeenLen >= tellingBytes && f.isSeenIn(l)) {
				found = f
			}
		}
		if found == nil {
			fresh = append(fresh, l)
			continue
		}
		found.close()
		found.truncated, found.gone, found.Done = false, false, false
		take(found, l)
	}
	for _, l := range fresh {
		if s.isCopy(l, taken) {
			continue
		}
		f := &file{}
		take(f, l)
		if l.size == 0 {
			for _, other := range s.files { // what will be written to it is later than what was
				f.Last = max(f.Last, other.Last)
			}
		}
		s.files = append(s.files, f)
	}
	for _, f := range s.files {
		if !taken[f] {
			f.gone = true
		}
	}
	s.order()
}

// byInode finds the file that lies where it was, or was renamed. Those whose content is not there any more are marked.
func (s *stream) byInode(l look, taken map[*file]bool) *file {
	var others []*file
	for _, f := range s.files {
		if taken[f] || f.gone || f.Ino != l.ino || f.Dev != l.dev || l.ino == 0 && f.Path != l.path {
			continue
		}
		if f.HeadLen+f.SeenLen == 0 && !f.Live && l.path != f.Path {
			continue // an empty one that was put aside is known by nothing; its inode may be another's by now
		}
		if f.at == l && !l.live || l.packed == f.Packed && (f.goesOnIn(l) && f.isSeenIn(l) || l.replaced()) {
			return f
		}
		others = append(others, f)
	}
	for _, f := range others {
		f.truncated = true
	}
	return nil
}

// goesOnIn reports whether what lies there is this file, with as much as was read of it.
func (f *file) goesOnIn(l look) bool { return (l.packed || l.size >= f.Offset) && f.isHeadOf(l) }

// tellingBytes of an event hold its audit ID.
const tellingBytes = 128

// see keeps what a short file begins with.
func (f *file) see(l look) {
	if f.HeadLen == headBytes || l.packed || l.size == 0 {
		f.Seen, f.SeenLen = "", 0
		return
	}
	if head := headAt(l, int(min(l.size, headBytes))); len(head) > 0 {
		f.Seen, f.SeenLen = digestOf(head), len(head)
	}
}

// isSeenIn reports whether what lies there begins with what was seen.
func (f *file) isSeenIn(l look) bool {
	if f.SeenLen == 0 {
		return true
	}
	head := headAt(l, f.SeenLen)
	return len(head) == f.SeenLen && digestOf(head) == f.Seen
}

// headAt reads the first n bytes of what was seen there; nothing if another file lies there by now.
func headAt(l look, n int) []byte {
	in, err := os.Open(l.path)
	if err != nil {
		return nil
	}
	defer func() { _ = in.Close() }() // opened for reading
	if info, err := in.Stat(); err != nil || !l.is(info) {
		return nil
	}
	return headOf(in, n, l.packed)
}

func (l look) is(info os.FileInfo) bool {
	dev, ino := inode(info)
	return dev == l.dev && ino == l.ino
}

// replaced reports whether the file was put aside or removed since it was seen: nothing can be said of its content by that name, and the next look
// sees it by another.
func (l look) replaced() bool {
	info, err := os.Stat(l.path)
	return err != nil || !l.is(info)
}

// isHeadOf reports whether what lies there begins as this file does.
func (f *file) isHeadOf(l look) bool {
	if f.HeadLen == 0 {
		return true
	}
	if !l.packed && l.size < int64(f.HeadLen) {
		return false
	}
	head := headAt(l, f.HeadLen)
	return len(head) == f.HeadLen && digestOf(head) == f.Head
}

// isCopy reports whether l is a copy of a file that is followed where it lies, as rotation by copying makes one.
func (s *stream) isCopy(l look, taken map[*file]bool) bool {
	for _, f := range s.files {
		if taken[f] && f.HeadLen > 0 && (l.packed || f.Packed || l.size <= f.at.size) && f.isHeadOf(l) {
			return true
		}
	}
	return false
}

// order puts the files in the order they are read in: those that are gone first, then as they were written.
func (s *stream) order() {
	slices.SortStableFunc(s.files, func(a, b *file) int {
		switch {
		case a.gone != b.gone && a.gone:
			return -1
		case a.gone != b.gone:
			return 1
		case a.Live != b.Live && b.Live:
			return -1
		case a.Live != b.Live:
			return 1
		}
		return a.at.modified.Compare(b.at.modified)
	})
}

// firstTime looks for the time of a file's first event in its beginning.
func firstTime(in *os.File, packed bool) time.Time {
	const name = `"stageTimestamp":"`
	head := headOf(in, 256<<10, packed)
	_, rest, ok := bytes.Cut(head, []byte(name))
	if !ok {
		return time.Time{}
	}
	value, _, _ := bytes.Cut(rest[:min(len(rest), 64)], []byte(`"`))
	return manifest.Time(value)
}

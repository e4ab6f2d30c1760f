package tail

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
)

// file is a file that is followed.
type file struct {
	state
	at         look // as it was seen last
	f          *os.File
	unpack     *bufio.Reader // of a packed one, standing at Offset
	gone       bool          // it has no path any more; f still has its content
	truncated  bool          // its content was cut off before it was read
	still      time.Time     // since when it did not change
	complained time.Time
	head       []byte // the bytes that Head is of, while it grows
	long       *longLine
	base       []byte // base[from:to] was read from Offset on
	from, to   int
}

// longLine is a line that is longer than the limit, as far as it was looked at.
type longLine struct {
	size   int64
	digest hash.Hash
	tail   []byte
}

const (
	readBytes = 1 << 20
	tailBytes = 4 << 10
)

// line is what next finds.
type line struct {
	raw    []byte // valid until the next call; the end of one that is too long
	size   int64  // with its line end
	long   bool
	cut    bool // the file ends without a line end
	hole   bool // zero bytes: the file was truncated under a writer that went on where it was
	digest [sha256.Size]byte
}

var (
	errNoLine = errors.New("no whole line yet")
	errPacked = errors.New("the packed file can not be read")
)

// open opens the file where it lies and makes sure that it is still the one that was seen.
func (f *file) open() error {
	if f.f != nil {
		return nil
	}
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	info, err := in.Stat()
	if err == nil {
		if dev, ino := inode(info); dev != f.Dev || ino != f.Ino {
			err = os.ErrNotExist // replaced meanwhile; the next look sees it
		}
	}
	if err != nil {
		return errors.Join(err, in.Close())
	}
	f.f = in
	return nil
}

func (f *file) close() {
	if f.f != nil {
		_ = f.f.Close() // opened for reading
	}
	f.f, f.unpack, f.long = nil, nil, nil
	f.base, f.from, f.to = nil, 0, 0
}

// next gives the line at Offset; Offset stays until advance. errNoLine: its end is not there yet. final: no more will come.
func (f *file) next(limit int64, final bool) (line, error) {
	if f.Packed {
		return f.nextPacked(limit)
	}
	for {
		if f.long != nil {
			return f.nextLong(final)
		}
		buf := f.base[f.from:f.to]
		if n := len(buf) - len(bytes.TrimLeft(buf, "\x00")); n > 0 {
			return line{raw: buf[:n], size: int64(n), hole: true}, nil
		}
		end := bytes.IndexByte(buf, '\n')
		if end >= 0 && int64(end) <= limit {
			return line{raw: buf[:end], size: int64(end) + 1}, nil
		}
		if end >= 0 {
			return line{raw: buf[max(0, end-tailBytes):end], size: int64(end) + 1, long: true, digest: sha256.Sum256(buf[:end])}, nil
		}
		if int64(len(buf)) > limit {
			f.long = &longLine{size: int64(len(buf)), digest: sha256.New(), tail: tailOf(nil, buf)}
			_, _ = f.long.digest.Write(buf)
			f.base, f.from, f.to = nil, 0, 0
			continue
		}
		n, err := f.fill()
		if n > 0 {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return line{}, err
		}
		if buf = f.base[f.from:f.to]; final && len(buf) > 0 {
			return line{raw: buf, size: int64(len(buf)), cut: true}, nil
		}
		if len(buf) == 0 {
			f.base, f.from, f.to = nil, 0, 0
		}
		return line{}, errNoLine
	}
}

// fill reads more behind what is there.
func (f *file) fill() (int, error) {
	if len(f.base)-f.to < readBytes/2 {
		base := f.base
		if f.to-f.from+readBytes > len(base) {
			base = make([]byte, 2*(f.to-f.from)+readBytes)
		}
		f.to = copy(base, f.base[f.from:f.to])
		f.base, f.from = base, 0
	}
	n, err := f.f.ReadAt(f.base[f.to:], f.Offset+int64(f.to-f.from))
	f.to += n
	return n, err
}

// nextLong goes on looking for the end of a long line.
func (f *file) nextLong(final bool) (line, error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := f.f.ReadAt(buf, f.Offset+f.long.size)
		part := buf[:n]
		end := bytes.IndexByte(part, '\n')
		if end >= 0 {
			part = part[:end]
		}
		_, _ = f.long.digest.Write(part)
		f.long.tail = tailOf(f.long.tail, part)
		f.long.size += int64(len(part))
		if end >= 0 || n == 0 && final {
			l := line{raw: f.long.tail, size: f.long.size, long: true, cut: end < 0}
			if end >= 0 {
				l.size++
			}
			f.long.digest.Sum(l.digest[:0])
			f.long = nil
			return l, nil
		}
		if n == 0 {
			if err != nil && !errors.Is(err, io.EOF) {
				return line{}, err
			}
			return line{}, errNoLine
		}
	}
}

// nextPacked reads on in the unpacked text, which is whole: a packed file does not grow.
func (f *file) nextPacked(limit int64) (line, error) {
	if f.unpack == nil {
		if _, err := f.f.Seek(0, io.SeekStart); err != nil {
			return line{}, err
		}
		z, err := gzip.NewReader(bufio.NewReader(f.f))
		if err != nil {
			return line{}, errPacked
		}
		f.unpack = bufio.NewReaderSize(z, 64<<10)
		if _, err := io.CopyN(io.Discard, f.unpack, f.Offset); err != nil {
			f.unpack = nil
			return line{}, errPacked
		}
	}
	var l line
	content, digest := int64(0), sha256.New()
	buf := f.base[:0]
	for {
		part, err := f.unpack.ReadSlice('\n')
		l.size += int64(len(part))
		if err == nil {
			part = part[:len(part)-1]
		}
		content += int64(len(part))
		_, _ = digest.Write(part)
		if l.long = content > limit; l.long {
			buf = tailOf(buf, part)
		} else {
			buf = append(buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if l.size == 0 {
				f.Done = true
				return line{}, errNoLine
			}
			l.cut = true
		case err != nil:
			f.unpack = nil
			return line{}, errPacked
		}
		digest.Sum(l.digest[:0])
		l.raw = buf
		f.base = buf
		return l, nil
	}
}

func tailOf(tail, part []byte) []byte {
	if len(part) >= tailBytes {
		return append(tail[:0], part[len(part)-tailBytes:]...)
	}
	tail = append(tail, part...)
	if over := len(tail) - tailBytes; over > 0 {
		tail = tail[:copy(tail, tail[over:])]
	}
	return tail
}

// advance moves behind a line that was taken. The head is made of what was read, not of what lies there by now.
func (f *file) advance(l line) {
	if f.HeadLen < headBytes && int64(f.HeadLen) == f.Offset && !l.long && f.loadHead() {
		f.head = append(f.head, l.raw...)
		if l.size > int64(len(l.raw)) {
			f.head = append(f.head, '\n')
		}
		f.head = f.head[:min(len(f.head), headBytes)]
		f.HeadLen, f.Head = len(f.head), digestOf(f.head)
		if f.HeadLen == headBytes {
			f.head = nil
		}
	}
	f.Offset += l.size
	if !f.Packed && f.to > f.from {
		f.from += int(l.size)
	}
}

// loadHead makes sure that the head's bytes are at hand, to add to them.
func (f *file) loadHead() bool {
	if len(f.head) != f.HeadLen {
		f.head = headOf(f.f, f.HeadLen, f.Packed)
	}
	return len(f.head) == f.HeadLen && (f.HeadLen == 0 || digestOf(f.head) == f.Head)
}

// headOf reads the first n bytes, unpacked; fewer where there are fewer.
func headOf(in io.ReaderAt, n int, packed bool) []byte {
	if in == nil || n <= 0 {
		return nil
	}
	text := io.Reader(io.NewSectionReader(in, 0, 1<<62))
	if packed {
		z, err := gzip.NewReader(text)
		if err != nil {
			return nil
		}
		text = z
	}
	head := make([]byte, n)
	got, _ := io.ReadFull(text, head) // a file that is shorter, or broken, is another one
	return head[:got]
}

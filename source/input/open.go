package input

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// peekBytes is how much of a file decides what it is.
const peekBytes = 256 << 10

// readFile opens, unpacks and splits one file. Faults of its content go to its report.
func (r *reader) readFile(ctx context.Context, f found, state *file) error {
	defer r.counter.files.Add(1)
	in := r.o.Stdin
	if f.path != stdin {
		opened, err := os.Open(f.path)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.path, err)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	if in == nil {
		return errors.New("read -: no standard input")
	}
	counted := &countingReader{in: in, counter: r.counter}
	unpacked, packed, done, err := unpack(counted)
	state.Packed = packed
	if err != nil {
		state.Skipped, state.Failed = "its compression could not be read: "+err.Error(), true
		return nil
	}
	defer done()
	checked := &faultReader{in: unpacked}
	text := bufio.NewReaderSize(checked, peekBytes)
	peek, _ := text.Peek(peekBytes) // an error shows again on reading
	d := detect(peek, len(peek) < peekBytes)
	state.Format, state.Skipped = d.format, d.skip
	if d.skip != "" {
		state.Failed = f.named && len(bytes.TrimSpace(peek)) > 0
		return counted.fault(f.path)
	}
	if d.documents {
		err = r.splitDocuments(ctx, text, state)
	} else {
		err = r.splitLines(ctx, text, state)
	}
	if checked.fault != nil {
		if counted.err != nil {
			return counted.fault(f.path)
		}
		state.refuse(place{offset: state.Bytes}, -1, "the file's compression breaks off")
		state.mu.Lock()
		state.Truncated = true
		state.mu.Unlock()
	}
	return err
}

// unpack tells the compression by its first bytes.
func unpack(in io.Reader) (out io.Reader, packed string, done func(), err error) {
	head := bufio.NewReaderSize(in, 64<<10)
	magic, _ := head.Peek(4)
	nothing := func() {}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(head)
		return z, "gzip", nothing, err
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(head, zstd.WithDecoderMaxMemory(1<<30), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, "zstd", nothing, err
		}
		return z, "zstd", z.Close, nil
	case bytes.HasPrefix(magic, []byte("BZh")):
		return bzip2.NewReader(head), "bzip2", nothing, nil
	}
	return head, "", nothing, nil
}

// countingReader counts what is read from disk, and keeps the disk's error apart from the compression's.
type countingReader struct {
	in      io.Reader
	counter *counter
	err     error
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.counter.bytes.Add(int64(n))
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

func (c *countingReader) fault(path string) error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("read %s: %w", path, c.err)
}

// faultReader ends the text where the reader below it fails, and remembers why.
type faultReader struct {
	in    io.Reader
	fault error
}

func (f *faultReader) Read(p []byte) (int, error) {
	if f.fault != nil {
		return 0, io.EOF
	}
	n, err := f.in.Read(p)
	if err != nil && err != io.EOF {
		f.fault, err = err, io.EOF
	}
	return n, err
}

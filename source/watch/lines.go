package watch

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// line is one line of a watch, without its end. tooLong: only its length is told.
type line struct {
	raw     []byte
	bytes   int
	tooLong bool
}

// lines reads a watch ahead by one line: the next is not read before the last was taken care of, so what can not be
// delivered stays in the apiserver.
type lines struct {
	next chan line     // closed at the end; see err
	done chan struct{} // one token per line: its bytes may be used again
	err  error         // why it ended; io.EOF: in order. Valid once next is closed
}

const readBuffer = 16 << 10

func readLines(ctx context.Context, body io.Reader, most int) *lines {
	l := &lines{next: make(chan line), done: make(chan struct{})}
	go func() {
		defer close(l.next)
		l.err = l.read(ctx, bufio.NewReaderSize(body, readBuffer), most)
	}()
	return l
}

// keptBuffer is how much of a line buffer is kept for the next line.
const keptBuffer = 256 << 10

func (l *lines) read(ctx context.Context, r *bufio.Reader, most int) error {
	var buf []byte
	for {
		if cap(buf) > keptBuffer {
			buf = nil
		}
		ln, err := readLine(r, buf[:0], most)
		if err != nil {
			return err // a line without its end is no line: the rest of it will be sent again
		}
		buf = ln.raw
		if len(ln.raw) == 0 && !ln.tooLong {
			continue
		}
		select {
		case l.next <- ln:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func readLine(r *bufio.Reader, buf []byte, most int) (line, error) {
	var ln line
	for {
		part, err := r.ReadSlice('\n')
		ln.bytes += len(part)
		if !ln.tooLong {
			if ln.tooLong = len(buf)+len(part) > most; !ln.tooLong {
				buf = append(buf, part...)
			}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line{}, err
		}
	}
	if ln.tooLong {
		ln.raw = buf[:0]
		return ln, nil
	}
	ln.raw = buf
	for n := len(ln.raw); n > 0 && (ln.raw[n-1] == '\n' || ln.raw[n-1] == '\r'); n-- {
		ln.raw = ln.raw[:n-1]
	}
	return ln, nil
}

package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// splitLines cuts the text into chunks of whole lines for the workers. A line longer than allowed is left out.
func (r *reader) splitLines(ctx context.Context, text io.Reader, state *file) error {
	at := place{line: 1}
	buffer := r.buffer()
	data := (*buffer)[:0]
	for {
		data = grow(data, chunkBytes)
		n, err := io.ReadFull(text, data[len(data):cap(data)][:chunkBytes])
		data = data[:len(data)+n]
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("read %s: %w", state.Path, err)
		}
		last := err != nil
		cut := bytes.LastIndexByte(data, '\n') + 1
		if last {
			cut = len(data)
		}
		if cut == 0 && len(data) > r.o.LineBytes {
			skipped, ended, err := discardLine(text)
			state.refuse(at, -1, reasonLong)
			if err := r.put(ctx, task{file: state, place: at, values: []value{{raw: nil, place: at}}}); err != nil {
				return err
			}
			at.offset += int64(len(data)) + skipped
			at.line++
			data = data[:0]
			if err != nil {
				return fmt.Errorf("read %s: %w", state.Path, err)
			}
			if !ended {
				state.Bytes = at.offset
				return nil
			}
			continue
		}
		if cut == 0 && !last {
			continue // the line goes on
		}
		next := r.buffer()
		rest := append((*next)[:0], data[cut:]...)
		*buffer = data[:cut]
		t := task{file: state, buffer: buffer, place: at, last: last}
		at.line += int64(bytes.Count(data[:cut], []byte("\n")))
		at.offset += int64(cut)
		if err := r.put(ctx, t); err != nil {
			return err
		}
		if last {
			r.buffers.Put(next)
			state.Bytes = at.offset
			return nil
		}
		buffer, data = next, rest
	}
}

// grow makes room for n more bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, max(2*len(b), 0)+n), b...)
}

// discardLine reads up to the next line end; ended is false at the end of the text.
func discardLine(text io.Reader) (skipped int64, ended bool, err error) {
	b, ok := text.(interface{ ReadSlice(byte) ([]byte, error) })
	if !ok {
		return 0, false, fmt.Errorf("no buffered reader")
	}
	for {
		part, err := b.ReadSlice('\n')
		skipped += int64(len(part))
		switch {
		case err == nil:
			return skipped, true, nil
		case errors.Is(err, io.EOF):
			return skipped, false, nil
		case len(part) == 0:
			return skipped, false, err
		}
	}
}

package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"
)

// A segment is a file NNNNNNNNNNNNNNNN.spool:
//
//	"KWSPOOL" version=1 | created, Unix nanoseconds
//	frames: "KWF1" | length u32 | CRC-32C of what follows u32 | synced u64 | at, Unix nanoseconds | length bytes: an encoded batch
//
// Numbers are little-endian. synced is the offset up to which the segment was durable when the frame was written: a frame that does not check
// below the synced of one behind it was acknowledged once and is damage; one that does not is the torn end of a crash, which nobody was promised.
//
// Version 1 (2026-11).
const (
	segmentMagic = "KWSPOOL"
	version      = 1
	headBytes    = 16
	frameMagic   = "KWF1"
	frameBytes   = 28 // before the batch

	suffix        = ".spool"
	damagedSuffix = ".damaged"
	positionName  = "POSITION"
	lockName      = "LOCK"
)

// ErrFormat says that the directory was written by another version of kubewake.
var ErrFormat = errors.New("spool has another format")

var errFrame = errors.New("not a frame")

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made once, by the library

func segmentName(n uint64) string { return fmt.Sprintf("%016d%s", n, suffix) }

func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && err == nil && n > 0
}

func segmentHead(created time.Time) []byte {
	return binary.LittleEndian.AppendUint64(append([]byte(segmentMagic), version), uint64(created.UnixNano()))
}

// checkHead gives ErrFormat for another version, io.ErrUnexpectedEOF for a head that was torn, errFrame for one that is none.
func checkHead(f io.ReaderAt, size int64) error {
	if size < headBytes {
		return io.ErrUnexpectedEOF
	}
	var b [headBytes]byte
	if _, err := f.ReadAt(b[:], 0); err != nil {
		return fmt.Errorf("read segment: %w", err)
	}
	switch {
	case string(b[:len(segmentMagic)]) != segmentMagic:
		return errFrame
	case b[len(segmentMagic)] != version:
		return fmt.Errorf("%w: version %d, this program reads %d: let the kubewake that wrote it deliver what is left, or give another directory", ErrFormat, b[len(segmentMagic)], version)
	}
	return nil
}

// frame is one batch in a segment.
type frame struct {
	synced  int64
	at      time.Time
	payload []byte
}

// count is 1 for a batch and 0 for a seal.
func (f frame) count() int { return min(len(f.payload), 1) }

func appendFrame(dst []byte, synced int64, at time.Time, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, frameMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(synced))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(at.UnixNano()))
	dst = append(dst, payload...)
	sum := crc32.Checksum(dst[start+12:], castagnoli())
	binary.LittleEndian.PutUint32(dst[start+8:], sum)
	return dst
}

// readFrame reads the frame at an offset of a file of which size bytes count. It gives errFrame where there is no whole one.
func readFrame(f io.ReaderAt, offset, size int64) (fr frame, next int64, err error) {
	if size-offset < frameBytes {
		return fr, 0, errFrame
	}
	var head [frameBytes]byte
	if _, err := f.ReadAt(head[:], offset); err != nil {
		return fr, 0, fmt.Errorf("read frame: %w", err)
	}
	length := int64(binary.LittleEndian.Uint32(head[4:]))
	if string(head[:4]) != frameMagic || length > maxPayload || length > size-offset-frameBytes {
		return fr, 0, errFrame
	}
	body := make([]byte, frameBytes-12+length)
	if _, err := f.ReadAt(body, offset+12); err != nil {
		return fr, 0, fmt.Errorf("read frame: %w", err)
	}
	if crc32.Checksum(body, castagnoli()) != binary.LittleEndian.Uint32(head[8:]) {
		return fr, 0, errFrame
	}
	fr.synced = int64(binary.LittleEndian.Uint64(body))
	fr.at = time.Unix(0, int64(binary.LittleEndian.Uint64(body[8:])))
	fr.payload = body[16:]
	return fr, offset + frameBytes + length, nil
}

// findFrame looks for the next whole frame behind what is none; false if there is none up to size.
func findFrame(f io.ReaderAt, offset, size int64) (frame, int64, bool, error) {
	window := make([]byte, 256<<10)
	for at := offset; at+frameBytes <= size; {
		n, err := f.ReadAt(window[:min(int64(len(window)), size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return frame{}, 0, false, fmt.Errorf("read segment: %w", err)
		}
		i := bytes.Index(window[:n], []byte(frameMagic))
		if i < 0 {
			if at += int64(n - len(frameMagic) + 1); n < len(frameMagic) {
				break
			}
			continue
		}
		fr, _, err := readFrame(f, at+int64(i), size)
		if err == nil {
			return fr, at + int64(i), true, nil
		}
		if !errors.Is(err, errFrame) {
			return frame{}, 0, false, err
		}
		at += int64(i) + 1
	}
	return frame{}, 0, false, nil
}

// content is what a look through a segment found.
type content struct {
	end     int64 // behind the last whole frame
	frames  int   // whole ones from the offset asked for
	first   time.Time
	damaged bool // something below end, or below what was once synced, is no frame
}

// look reads a segment from an offset to its end.
func look(f io.ReaderAt, from, size int64) (c content, err error) {
	c.end = from
	var bad int64   // where the first bytes lie that are no frame; 0: there are none
	var skipped int // whole frames behind it
	for at := from; at < size; {
		fr, next, err := readFrame(f, at, size)
		if errors.Is(err, errFrame) {
			if bad == 0 {
				bad = at
			}
			var ok bool
			if fr, at, ok, err = findFrame(f, at+1, size); err != nil {
				return c, err
			} else if !ok {
				return c, nil
			}
			next = at + frameBytes + int64(len(fr.payload))
		} else if err != nil {
			return c, err
		}
		if bad != 0 && fr.synced <= bad {
			at = next // written behind a torn one before a crash: nobody was promised it, unless a later one knows better
			skipped += fr.count()
			continue
		}
		if bad != 0 {
			c.damaged = true
			c.frames, skipped = c.frames+skipped, 0
		}
		if c.frames += fr.count(); c.first.IsZero() {
			c.first = fr.at
		}
		at, c.end = next, next
	}
	return c, nil
}

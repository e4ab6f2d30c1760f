package export

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/engine"
)

// A frame of the outgoing queue is what one step of making spans did, so that a crash leaves all of it or nothing:
//
//	"KWX" version=1 | uvarint length | zstd frame of:
//	uvarint notes, each: uvarint key length, key, uvarint value length + 1 (0: the key is removed), value
//	uvarint requests, each: uvarint spans, uvarint length, an OTLP ExportTraceServiceRequest as it is sent
//
// Version 1 (2026-11).
const (
	frameMagic    = "KWX"
	frameVersion  = 1
	maxFrameBytes = 256 << 20 // unpacked
)

var errFrame = errors.New("not a frame of the export")

// frame is one step.
type frame struct {
	notes    []engine.Note
	requests []request
}

// request is the bytes of one ExportTraceServiceRequest: they are not changed any more.
type request struct {
	spans int
	body  []byte
}

// packer packs frames. Its methods may be called concurrently.
type packer struct {
	pack   *zstd.Encoder
	unpack *zstd.Decoder
}

func newPacker() (*packer, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrameBytes))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &packer{pack, unpack}, nil
}

func appendBytes(b, v []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

func (p *packer) encode(f frame) []byte {
	raw := binary.AppendUvarint(nil, uint64(len(f.notes)))
	for _, n := range f.notes {
		raw = appendBytes(raw, n.Key)
		if n.Value == nil {
			raw = append(raw, 0)
			continue
		}
		raw = append(binary.AppendUvarint(raw, uint64(len(n.Value))+1), n.Value...)
	}
	raw = binary.AppendUvarint(raw, uint64(len(f.requests)))
	for _, r := range f.requests {
		raw = appendBytes(binary.AppendUvarint(raw, uint64(r.spans)), r.body)
	}
	out := binary.AppendUvarint(append([]byte(frameMagic), frameVersion), uint64(len(raw)))
	return p.pack.EncodeAll(raw, out)
}

func (p *packer) decode(b []byte) (f frame, err error) {
	if len(b) < len(frameMagic)+2 || string(b[:len(frameMagic)]) != frameMagic {
		return f, fmt.Errorf("%w: it does not begin like one", errFrame)
	}
	if v := b[len(frameMagic)]; v != frameVersion {
		return f, fmt.Errorf("%w: of version %d, this program reads %d", errFrame, v, frameVersion)
	}
	b = b[len(frameMagic)+1:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > maxFrameBytes {
		return f, fmt.Errorf("%w: its length", errFrame)
	}
	raw, err := p.unpack.DecodeAll(b[n:], make([]byte, 0, min(size, uint64(16*len(b)))))
	if err != nil || uint64(len(raw)) != size {
		return f, fmt.Errorf("%w: it does not unpack", errFrame)
	}
	d := frameReader{raw}
	return d.frame()
}

// frameReader reads fields in the encoder's order; after the first that is short, all fail.
type frameReader struct{ buf []byte }

func (d *frameReader) num() (uint64, bool) {
	v, n := binary.Uvarint(d.buf)
	if n <= 0 {
		return 0, false
	}
	d.buf = d.buf[n:]
	return v, true
}

func (d *frameReader) bytes(n uint64) ([]byte, bool) {
	if n > uint64(len(d.buf)) {
		return nil, false
	}
	b := d.buf[:n:n]
	d.buf = d.buf[n:]
	return b, true
}

// count reads how many follow; each takes two bytes at least.
func (d *frameReader) count() (int, bool) {
	n, ok := d.num()
	return int(n), ok && n <= uint64(len(d.buf)/2+1) && n <= uint64(len(d.buf))
}

func (d *frameReader) frame() (f frame, err error) {
	short := fmt.Errorf("%w: it is shorter than it tells", errFrame)
	n, ok := d.count()
	for range n {
		var note engine.Note
		if note, ok = d.note(); !ok {
			break
		}
		f.notes = append(f.notes, note)
	}
	if !ok {
		return frame{}, short
	}
	n, ok = d.count()
	for range n {
		var spans, length uint64
		var body []byte
		if spans, ok = d.num(); ok {
			length, ok = d.num()
		}
		if ok {
			body, ok = d.bytes(length)
		}
		if !ok {
			break
		}
		f.requests = append(f.requests, request{int(min(spans, 1<<30)), body})
	}
	if !ok || len(d.buf) > 0 {
		return frame{}, short
	}
	return f, nil
}

func (d *frameReader) note() (n engine.Note, ok bool) {
	length, ok := d.num()
	if ok {
		n.Key, ok = d.bytes(length)
	}
	if ok {
		length, ok = d.num()
	}
	if ok && length > 0 {
		n.Value, ok = d.bytes(length - 1)
	}
	return n, ok
}

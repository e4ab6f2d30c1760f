// SPDX-License-Identifier: Apache-2.0

// Package wire carries batches from an agent to the place that stores them: [Codec] is their bytes, which the spool uses too, and
// [Client] is the Sink over one HTTPS connection. The other end is api/intake.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// The bytes of a batch:
//
//	"KWB" version=1 | uvarint raw | zstd frame
//
// raw is the length of what the frame holds; strings and lists have a uvarint length before them:
//
//	cluster | records, each as record.Append has it | marks, each key and value
//
// Version 1 (2026-11).
const (
	magic   = "KWB"
	version = 1
)

// Limits of a batch. Larger ones are delivered in parts (ingest.Batch.Split).
const (
	MaxBytes    = 32 << 20  // as sent
	MaxRawBytes = 128 << 20 // unpacked
	MaxRecords  = 200_000
	splitBytes  = 16 << 20 // estimated memory of a part
)

// ErrBatch is what errors of Decode wrap: the bytes are no batch of a version that this program reads.
var ErrBatch = errors.New("not an encoded batch")

// ErrVersion says that the batch is of another version. A receiver that is not upgraded yet is to be asked again; the batch is good.
var ErrVersion = errors.New("a batch of version")

// Codec turns batches into bytes and back. Its methods may be called concurrently.
type Codec struct {
	pack   *zstd.Encoder
	unpack *zstd.Decoder
}

// NewCodec makes a Codec; it holds no resource that would have to be given back.
func NewCodec() (*Codec, error) {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)), zstd.WithWindowSize(1<<20),
		zstd.WithSingleSegment(true)) // it tells its length
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(MaxRawBytes), zstd.WithDecoderMaxWindow(MaxRawBytes))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &Codec{pack: pack, unpack: unpack}, nil
}

// Encode gives a batch's bytes: equal batches encode equally. It refuses what ingest.Check refuses, and what is over the limits.
func (c *Codec) Encode(b ingest.Batch) ([]byte, error) {
	if err := ingest.Check(b); err != nil {
		return nil, err
	}
	if len(b.Records) > MaxRecords {
		return nil, fmt.Errorf("encode batch: %d records, %d are the limit", len(b.Records), MaxRecords)
	}
	raw := appendString(make([]byte, 0, b.Size()), string(b.Cluster))
	raw = binary.AppendUvarint(raw, uint64(len(b.Records)))
	var one []byte
	for _, r := range b.Records {
		one = record.Append(one[:0], r)
		raw = binary.AppendUvarint(raw, uint64(len(one)))
		raw = append(raw, one...)
	}
	raw = binary.AppendUvarint(raw, uint64(len(b.Marks)))
	for _, m := range b.Marks {
		raw = appendString(raw, m.Key)
		raw = appendString(raw, string(m.Value))
	}
	if len(raw) > MaxRawBytes {
		return nil, fmt.Errorf("encode batch: %d bytes, %d are the limit", len(raw), MaxRawBytes)
	}
	out := append(make([]byte, 0, len(raw)/4+64), magic...)
	out = binary.AppendUvarint(append(out, version), uint64(len(raw)))
	out = c.pack.EncodeAll(raw, out)
	if len(out) > MaxBytes {
		return nil, fmt.Errorf("encode batch: %d bytes packed, %d are the limit", len(out), MaxBytes)
	}
	return out, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// RawSize tells how much memory Decode will take, before it does.
func RawSize(b []byte) (int, error) {
	raw, _, err := head(b)
	return raw, err
}

func head(b []byte) (raw int, frame []byte, err error) {
	if len(b) < len(magic)+1 || string(b[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("%w: it does not begin like one", ErrBatch)
	}
	if v := b[len(magic)]; v != version {
		return 0, nil, fmt.Errorf("%w: %w %d, this program reads %d: give both ends the same release", ErrBatch, ErrVersion, v, version)
	}
	n, size := binary.Uvarint(b[len(magic)+1:])
	if size <= 0 || n > MaxRawBytes {
		return 0, nil, fmt.Errorf("%w: its length is over the limit of %d bytes", ErrBatch, MaxRawBytes)
	}
	return int(n), b[len(magic)+1+size:], nil
}

// Decode reads a batch and checks it (ingest.Check). Its errors wrap ErrBatch; nothing is quoted.
func (c *Codec) Decode(b []byte) (ingest.Batch, error) {
	size, frame, err := head(b)
	if err != nil {
		return ingest.Batch{}, err
	}
	// The frame tells its own length before anything is unpacked; one that lies ends at the decoder's limit.
	var h zstd.Header
	if err := h.Decode(frame); err != nil || !h.HasFCS || h.FrameContentSize != uint64(size) {
		return ingest.Batch{}, fmt.Errorf("%w: its packed part has another length than it tells", ErrBatch)
	}
	raw, err := c.unpack.DecodeAll(frame, make([]byte, 0, size))
	if err != nil || len(raw) != size {
		return ingest.Batch{}, fmt.Errorf("%w: its packed part does not unpack", ErrBatch)
	}
	d := decoder{buf: raw}
	batch, err := d.batch()
	if err != nil {
		return ingest.Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	if err := ingest.Check(batch); err != nil {
		return ingest.Batch{}, fmt.Errorf("%w: %w", ErrBatch, err)
	}
	return batch, nil
}

var errShort = errors.New("it is shorter than it tells")

type decoder struct {
	buf []byte
	bad bool
}

func (d *decoder) num() uint64 {
	n, size := binary.Uvarint(d.buf)
	if size <= 0 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

func (d *decoder) bytes() []byte {
	n := d.num()
	if n > uint64(len(d.buf)) {
		d.bad, d.buf = true, nil
		return nil
	}
	if n == 0 {
		return nil
	}
	b := d.buf[:n:n]
	d.buf = d.buf[n:]
	return b
}

// count of a list whose elements take at least each bytes.
func (d *decoder) count(each, limit int) int {
	n := d.num()
	if n > uint64(len(d.buf)/each) || n > uint64(limit) {
		d.bad, d.buf = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) batch() (ingest.Batch, error) {
	b := ingest.Batch{Cluster: record.Cluster(d.bytes())}
	if n := d.count(3, MaxRecords); n > 0 {
		b.Records = make([]*record.Record, n)
		for i := range b.Records {
			r, err := record.Decode(d.bytes())
			if err != nil {
				return b, fmt.Errorf("record %d of %d: %w", i, n, err)
			}
			b.Records[i] = r
		}
	}
	if n := d.count(2, ingest.MaxMarks); n > 0 {
		b.Marks = make([]ingest.Mark, n)
		for i := range b.Marks {
			b.Marks[i] = ingest.Mark{Key: string(d.bytes()), Value: d.bytes()}
		}
	}
	if d.bad || len(d.buf) > 0 {
		return b, errShort
	}
	return b, nil
}

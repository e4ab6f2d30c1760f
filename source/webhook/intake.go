package webhook

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
)

// intake reads one body under all limits: its size as sent and unpacked, the memory of all, and time.
type intake struct {
	w        *Webhook
	reserved int64 // of the budget
	unpacked int64

	control  *http.ResponseController
	wire     io.Reader
	until    time.Time
	received int64
	raw      *bytes.Buffer // the body as received, for forwarding; nil if nobody wants it
	packed   bool
}

// open gives the unpacked body.
func (in *intake) open(ctx context.Context, rw http.ResponseWriter, r *http.Request, packed bool) (io.Reader, error) {
	in.control, in.wire, in.packed = http.NewResponseController(rw), r.Body, packed
	in.until, _ = ctx.Deadline()
	if len(in.w.outlets) > 0 {
		in.raw = bytes.NewBuffer(make([]byte, 0, max(r.ContentLength, 0)))
	}
	if !packed {
		return meter{in: in, from: wireReader{in}}, nil
	}
	z, err := gzip.NewReader(wireReader{in})
	if err != nil {
		return nil, err
	}
	return meter{in: in, from: z}, nil
}

// done lets the connection live on while the batch is stored.
func (in *intake) done() { _ = in.control.SetReadDeadline(time.Time{}) }

// wireReader reads the body as sent. A caller that stands still for too long, or takes longer than its own patience, is cut off.
type wireReader struct{ in *intake }

func (r wireReader) Read(b []byte) (int, error) {
	in := r.in
	deadline := time.Now().Add(in.w.limits.IdleRead)
	if in.until.Before(deadline) {
		deadline = in.until
	}
	_ = in.control.SetReadDeadline(deadline) // not supported: a server of a test
	n, err := in.wire.Read(b)
	in.received += int64(n)
	if in.received > in.w.limits.BatchBytes {
		return 0, errTooLarge
	}
	if in.raw != nil {
		_, _ = in.raw.Write(b[:n])
	}
	return n, err
}

// meter counts the unpacked body and asks for memory as it grows.
type meter struct {
	in   *intake
	from io.Reader
}

func (m meter) Read(b []byte) (int, error) {
	in := m.in
	n, err := m.from.Read(b)
	in.unpacked += int64(n)
	if in.unpacked > in.w.limits.BatchBytes {
		return 0, errTooLarge
	}
	for in.unpacked > in.reserved {
		if !in.w.budget.more(stepBytes) {
			return 0, errNoRoom
		}
		in.reserved += stepBytes
	}
	return n, err
}

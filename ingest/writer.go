// SPDX-License-Identifier: Apache-2.0

// Package ingest brings records into the store in batches. [Writer] takes them from many goroutines, holds
// sources back when the store is behind, and counts what happened.
package ingest

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// ErrClosed says that a record was written after Close.
var ErrClosed = errors.New("write to a closed writer")

// Config of a Writer. A zero field means its default.
type Config struct {
	BatchBytes   int // a batch is handed to the store at this size; default 4 MiB
	BatchRecords int // or at this many records; default 4096
	InFlight     int // batches the store works on at once; default one per core
}

// Appender is the part of a store that a Writer needs.
type Appender interface {
	Append(ctx context.Context, batch []*record.Record) (store.Appended, error)
}

// Counts of what a Writer has brought in. Appended counts deliveries: a fact delivered twice counts twice.
type Counts struct {
	Appended int64
	Late     int64 // refused: older than the floor
	Batches  int64
}

// Writer batches records into a store. Its methods may be called concurrently. Write returns before its records are
// durable; Flush and Close return after.
type Writer struct {
	ctx   context.Context
	to    Appender
	conf  Config
	slots chan struct{}  // one token per batch in flight
	busy  sync.WaitGroup // batches in flight

	mu     sync.Mutex // guards all below
	batch  []*record.Record
	size   int
	counts Counts
	err    error // the first of any batch; nothing is appended after it
	closed bool
}

// NewWriter fills a Writer; ctx ends its appends.
func NewWriter(ctx context.Context, to Appender, conf Config) *Writer {
	if conf.BatchBytes <= 0 {
		conf.BatchBytes = 4 << 20
	}
	if conf.BatchRecords <= 0 {
		conf.BatchRecords = 4096
	}
	if conf.InFlight <= 0 {
		conf.InFlight = runtime.GOMAXPROCS(0)
	}
	return &Writer{ctx: ctx, to: to, conf: conf, slots: make(chan struct{}, conf.InFlight)}
}

// Write takes the records over; the slice itself may be used again. It blocks while all batches allowed are in
// flight, and returns the first error of any batch so far. The records must not be changed afterwards.
func (w *Writer) Write(ctx context.Context, records []*record.Record) error {
	for len(records) > 0 {
		full, rest, err := w.add(records)
		if err != nil {
			return err
		}
		records = rest
		if full != nil {
			if err := w.send(ctx, full); err != nil {
				return err
			}
		}
	}
	return nil
}

// add fills the batch and takes it out once it is full; rest is what did not fit any more.
func (w *Writer) add(records []*record.Record) (full, rest []*record.Record, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, nil, w.err
	}
	if w.closed {
		return nil, nil, ErrClosed
	}
	for i, r := range records {
		w.batch = append(w.batch, r)
		w.size += Size(r)
		if w.size >= w.conf.BatchBytes || len(w.batch) >= w.conf.BatchRecords {
			return w.take(), records[i+1:], nil
		}
	}
	return nil, nil, nil
}

// take empties the batch. w.mu is held.
func (w *Writer) take() []*record.Record {
	full := w.batch
	w.batch, w.size = nil, 0
	if n := len(full); n > 0 {
		w.busy.Add(1)
		w.batch = make([]*record.Record, 0, n)
	}
	return full
}

// send waits for a free slot, then appends the batch beside the caller. A caller that gives up loses the batch, and
// the writer with it.
func (w *Writer) send(ctx context.Context, batch []*record.Record) error {
	select {
	case w.slots <- struct{}{}:
	case <-ctx.Done():
		w.done(store.Appended{}, ctx.Err())
		return ctx.Err()
	case <-w.ctx.Done():
		w.done(store.Appended{}, w.ctx.Err())
		return w.ctx.Err()
	}
	go func() {
		defer func() { <-w.slots }()
		appended, err := w.to.Append(w.ctx, batch)
		w.done(appended, err)
	}()
	return nil
}

func (w *Writer) done(appended store.Appended, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = errors.Join(w.err, err)
	} else {
		w.counts.Batches++
		w.counts.Appended += int64(appended.Records)
		w.counts.Late += int64(appended.Late)
	}
	w.busy.Done()
}

// Flush hands over what is left and waits until all of it is durable, or gives the errors so far.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	if w.err != nil {
		w.mu.Unlock()
		w.busy.Wait()
		return w.failed()
	}
	rest := w.take()
	w.mu.Unlock()
	if len(rest) > 0 {
		if err := w.send(ctx, rest); err != nil {
			return err
		}
	}
	w.busy.Wait()
	return w.failed()
}

func (w *Writer) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close flushes and refuses further records.
func (w *Writer) Close() error {
	err := w.Flush(w.ctx)
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	return err
}

// Counts so far.
func (w *Writer) Counts() Counts {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts
}

// Size estimates the memory that a record takes, mostly its bodies.
func Size(r *record.Record) int {
	n := 512
	switch {
	case r.Request != nil:
		n += len(r.Request.Sent) + len(r.Request.URI) + len(r.Request.Message) + 128*len(r.Request.Items)
	case r.Revision != nil:
		n += len(r.Revision.Body)
	case r.End != nil:
		n += len(r.End.LastBody)
	case r.KubeEvent != nil:
		n += len(r.KubeEvent.Note)
	case r.Span != nil:
		n += len(r.Span.Text) + 64*(len(r.Span.Attributes)+len(r.Span.Resource)) + 256*(len(r.Span.Events)+len(r.Span.Links))
	}
	return n
}

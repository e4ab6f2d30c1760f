// SPDX-License-Identifier: Apache-2.0

// Package input reads files that hold audit logs and recordings, whatever their compression and format, and hands
// records to a sink. Use [Read]. What a file is, its content decides, never its name.
//
// Memory is bounded whatever the size of the input: by a few chunks per worker, and the longest line allowed.
package input

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/source/recording"
)

// Sink takes records over; it is called from several goroutines, and the slice is used again after it returns. An
// error ends the reading.
type Sink func(ctx context.Context, records []*record.Record) error

// Options of Read. A zero field means its default.
type Options struct {
	Cluster   record.Cluster   // names everything read; else the envelope's, else "local"
	Redactor  *redact.Redactor // required; redact.Off() to keep secrets
	Limits    audit.Limits
	LineBytes int // longest line or value; default 64 MiB; longer ones are refused
	Workers   int // goroutines that decode; default one per core
	Refusals  int // refusals kept per file with their place; default 10
	// Resources names the resource of kinds whose plural does not follow the rule, for recordings.
	Resources  map[recording.GroupKind]string
	ReceivedAt time.Time
	Stdin      io.Reader // what "-" means
	// Events, where set, is given every audit event as it was written, out of whatever envelope it came in, instead of its
	// records being made. It is called from several goroutines and must not keep the slice.
	Events func(raw []byte)
	// Progress, where set, is called from one goroutine several times a second and once at the end.
	Progress func(Progress)
}

// DefaultCluster names what no option and no envelope names.
const DefaultCluster record.Cluster = "local"

const (
	chunkBytes       = 1 << 20
	defaultLineBytes = 64 << 20
)

func (o Options) withDefaults() Options {
	if o.LineBytes <= 0 {
		o.LineBytes = defaultLineBytes
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Refusals <= 0 {
		o.Refusals = 10
	}
	o.Limits = o.Limits.WithDefaults()
	return o
}

// Read reads every path (file, directory, glob, or "-") and returns what it found. Refused lines and files of other
// kinds are no error: they stand in the report. An error is a path that cannot be read, the sink's, or ctx's; the
// report then tells how far it got.
func Read(ctx context.Context, paths []string, o Options, sink Sink) (*Report, error) {
	o = o.withDefaults()
	files, err := expand(paths)
	if err != nil {
		return &Report{}, err
	}
	r := &reader{o: o, sink: sink, tasks: make(chan task, o.Workers), counter: newCounter(files)}
	r.buffers.New = func() any { return new([]byte) }
	group, ctx := errgroup.WithContext(ctx)
	for range o.Workers {
		group.Go(func() error { return r.work(ctx) })
	}
	group.Go(func() error {
		defer close(r.tasks)
		return r.readAll(ctx, files)
	})
	stop := r.counter.watch(o.Progress)
	err = group.Wait()
	stop()
	return r.report(), err
}

// reader is one Read: one goroutine splits the files, the workers decode.
type reader struct {
	o       Options
	sink    Sink
	tasks   chan task
	buffers sync.Pool // *[]byte, chunks that workers have done with
	counter *counter

	files []*file // in order; only the splitting goroutine appends
}

// task is a piece of a file: whole lines, or single values.
type task struct {
	file   *file
	buffer *[]byte // lines; goes back to the pool
	place  place   // of the first byte
	values []value
	list   *list // values are its items
	last   bool  // the file ends behind it
}

// place is where something lies in the decompressed file.
type place struct {
	line   int64 // from 1
	offset int64 // from 0
}

// value is one JSON value that was cut out of a document.
type value struct {
	raw   []byte
	place place
}

// list is what is known of the List document around items.
type list struct{ apiVersion, kind string }

func (r *reader) readAll(ctx context.Context, files []found) error {
	for _, f := range files {
		state := &file{FileReport: FileReport{Path: f.path}, keep: r.o.Refusals}
		r.files = append(r.files, state)
		if err := r.readFile(ctx, f, state); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) put(ctx context.Context, t task) error {
	select {
	case r.tasks <- t:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *reader) buffer() *[]byte { return r.buffers.Get().(*[]byte) }

func (r *reader) work(ctx context.Context) error {
	w := newWorker(r)
	for t := range r.tasks {
		w.do(t)
		if len(w.out) > 0 {
			if err := r.sink(ctx, w.out); err != nil {
				return err
			}
			r.counter.records.Add(int64(len(w.out)))
			clear(w.out)
			w.out = w.out[:0]
		}
		if t.buffer != nil {
			r.buffers.Put(t.buffer)
		}
	}
	return nil
}

func (r *reader) report() *Report {
	report := &Report{}
	for _, f := range r.files {
		f.mu.Lock()
		report.add(f.FileReport)
		f.mu.Unlock()
	}
	return report
}

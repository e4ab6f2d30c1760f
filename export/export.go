// SPDX-License-Identifier: Apache-2.0

// Package export sends what is recorded to OTLP receivers: continuously, as spans that never change, and one trace at a time.
//
// [Exporter] is the continuous export: a Sink before the store's takes what is stored into a queue on disk; after a while, once what
// belongs to it has come, each record becomes one span, once; the bytes are kept in a second queue until the receiver took them. [Send]
// sends a trace that was asked for. docs/export.md says what receivers get, docs/adr/0010-otlp-export.md why it is made so.
package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/record"
)

// Facts are what is asked about records before they become spans.
type Facts interface {
	// Tell says what is known now of each of some records, in their order. Bodies of revisions and ends are not in them.
	Tell(ctx context.Context, records []*record.Record) ([]engine.Told, error)
}

// Notes are what is kept beside the facts: which records have their spans, and which days of objects are open.
type Notes interface {
	// Scan yields the notes whose keys begin with a prefix, in their order.
	Scan(ctx context.Context, prefix []byte) iter.Seq2[engine.Note, error]
	// Values of keys, nil where there is none.
	Values(ctx context.Context, keys [][]byte) ([][]byte, error)
	// Set changes all of them or none, and returns once that is durable.
	Set(ctx context.Context, change []engine.Note) error
}

// queue is what waits on disk; *spool.Frames.
type queue interface {
	Add(payload []byte) error
	Begin() spool.Position
	Next(behind spool.Position) (spool.Frame, bool, error)
	Last() (spool.Frame, bool, error)
	Done(upTo spool.Position, frames int) error
	Save(at spool.Position) error
	Changed() <-chan struct{}
	Status() spool.Status
	Lost() []string
	Close() error
}

// Config of an Exporter.
type Config struct {
	Settings Settings // with defaults, checked
	Dir      string   // of the queue, where the settings name none
	Facts    Facts
	Notes    Notes
	Metrics  *Metrics         // nil: nothing is counted
	Log      *slog.Logger     // nil: discarded
	Now      func() time.Time // nil: time.Now
}

// Exporter is the continuous export to one target. Make one with New, run it once, then Close it.
type Exporter struct {
	conf   Config
	log    *slog.Logger
	now    func() time.Time
	codec  *wire.Codec
	packer *packer
	in     queue // batches that wait until they are settled
	out    queue // frames that wait until they are sent
	said   sayings

	selector atomic.Pointer[selector]
	target   atomic.Pointer[target]

	// step is held from when a frame is added to out until its notes are set; what is sent meanwhile stays in the queue, for a crash between
	// the two must find the frame.
	step sync.Mutex
	owed []engine.Note // of a frame that is in out and could not be set; guarded by step

	maker maker // of the goroutine that makes spans alone

	mu   sync.Mutex // guards all below
	otlp OTLP
}

// New opens the queues and the files that the settings name. It connects to nobody and starts nothing.
func New(c Config) (_ *Exporter, err error) {
	if c.Facts == nil || c.Notes == nil {
		return nil, errors.New("export: facts and notes are needed")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.Settings.Check(); err != nil {
		return nil, settings.Faulty(err)
	}
	dir := c.Settings.OTLP.Queue.Dir
	if dir == "" {
		dir = c.Dir
	}
	e, err := newExporter(c)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	bytes := int64(c.Settings.OTLP.Queue.Bytes)
	in, err := spool.OpenFrames(filepath.Join(dir, "in"), bytes/2)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	e.in = in
	out, err := spool.OpenFrames(filepath.Join(dir, "out"), bytes/2)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	e.out = out
	for _, lost := range slices.Concat(in.Lost(), out.Lost()) {
		e.lost(lost)
	}
	return e, nil
}

// newExporter is one without queues.
func newExporter(c Config) (*Exporter, error) {
	e := &Exporter{conf: c, log: c.Log, now: c.Now, otlp: c.Settings.OTLP}
	var err error
	if e.codec, err = wire.NewCodec(); err != nil {
		return nil, err
	}
	if e.packer, err = newPacker(); err != nil {
		return nil, err
	}
	return e, settings.Faulty(e.take(c.Settings.OTLP))
}

// take makes what depends on settings that may change.
func (e *Exporter) take(o OTLP) error {
	s, err := newSelector(o.Records)
	if err != nil {
		return err
	}
	t, err := o.Target.open()
	if err != nil {
		return fmt.Errorf("export.otlp: %w", err)
	}
	e.mu.Lock()
	e.otlp = o
	e.mu.Unlock()
	e.selector.Store(s)
	if old := e.target.Swap(t); old != nil {
		old.Close()
	}
	return nil
}

// Reload takes over target and selection. What is under way is sent to the new target.
func (e *Exporter) Reload(s Settings) (needRestart bool, err error) {
	if err := s.Check(); err != nil {
		return false, err
	}
	e.mu.Lock()
	old := e.otlp
	e.mu.Unlock()
	needRestart = s.OTLP.Queue.Dir != old.Queue.Dir || s.OTLP.Queue.Bytes != old.Queue.Bytes
	if !s.Enabled() {
		return true, nil
	}
	return needRestart, e.take(s.OTLP)
}

func (e *Exporter) settings() OTLP {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.otlp
}

// Run makes spans and sends them until ctx ends. What is then left is sent by the next process. It gives nil but where the queues
// can not be read.
func (e *Exporter) Run(ctx context.Context) error {
	if err := e.recover(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { e.send(ctx) })
	all.Go(func() { e.forget(ctx) })
	e.make(ctx)
	all.Wait()
	return nil
}

// Close lets go of queues and connections; Run must have returned.
func (e *Exporter) Close() error {
	var errs []error
	for _, q := range []queue{e.in, e.out} {
		if q != nil {
			errs = append(errs, q.Close())
		}
	}
	if t := e.target.Load(); t != nil {
		t.Close()
	}
	return errors.Join(errs...)
}

// lost tells of something that was taken and will not be sent.
func (e *Exporter) lost(what string) {
	e.log.Error("a place in the export's queue can not be read; what was in it is not exported", "place", what)
	e.conf.Metrics.drop("unreadable", 1)
}

// sleep waits; false if ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package spool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/wire"
	"github.com/kubewake/kubewake/record"
)

// Config of a Sink.
type Config struct {
	// Dir is the spool's directory; empty: there is none, and what the next sink says goes back to the sources.
	Dir string `yaml:"dir"`
	// MaxBytes bounds the spool's files. Beyond it sources are told to wait, and what they drop is for them to tell. Zero: 1 GiB.
	MaxBytes int64 `yaml:"maxBytes"`
	// Slow is how long a delivery may take before the spool takes it over. Zero: 2s.
	Slow time.Duration `yaml:"slow"`

	Next    ingest.Sink  `yaml:"-"`
	Metrics *Metrics     `yaml:"-"`
	Log     *slog.Logger `yaml:"-"` // nil: discarded
}

// memoryWait is how long a question waits until what was spooled before it is delivered.
const memoryWait = 20 * time.Second

// partBytes is the estimated memory of what is put into the spool as one batch.
const partBytes = 16 << 20

// Sink is a Sink before another that may be slow or away. While that one answers and nothing of a cluster is spooled it hands on; otherwise it keeps
// batches on disk, all of the cluster, so that what one source delivers stays in order. Run must run beside it.
//
// What it is asked to remember of a cluster waits until all of it that was spooled before is delivered, and is then asked of the next one: only there is
// one answer of what has an end and what has not. If the next one is away the question fails, and the source asks again.
type Sink struct {
	conf  Config
	spool *Spool // nil: none
	codec *wire.Codec
	log   *slog.Logger
	retry time.Duration // the first pause
	rest  time.Duration // before the disk is read again that could not be
}

var _ ingest.Sink = (*Sink)(nil)

// New opens the spool.
func New(c Config) (*Sink, error) {
	if c.Next == nil {
		return nil, errors.New("spool: a sink to deliver to is needed")
	}
	if c.Slow <= 0 {
		c.Slow = 2 * time.Second
	}
	s := &Sink{conf: c, log: c.Log, retry: firstRetry, rest: readAgain}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if c.Dir == "" {
		return s, nil
	}
	var err error
	if s.codec, err = wire.NewCodec(); err != nil {
		return nil, err
	}
	if s.spool, err = Open(c.Dir, c.MaxBytes); err != nil {
		return nil, err
	}
	if err := s.move(); err != nil {
		return nil, errors.Join(fmt.Errorf("move what an earlier release left in spool %s: %w", c.Dir, err), s.spool.Close())
	}
	return s, nil
}

// Close closes the spool; Run must have returned. What is left in it is delivered by the next process that opens the directory.
func (s *Sink) Close() error {
	if s.spool == nil {
		return nil
	}
	return s.spool.Close()
}

// Status of the spool; zero if there is none.
func (s *Sink) Status() Status {
	if s.spool == nil {
		return Status{}
	}
	return s.spool.Status()
}

// Deliver implements ingest.Sink.
func (s *Sink) Deliver(ctx context.Context, b ingest.Batch) error {
	if s.spool == nil {
		return s.conf.Next.Deliver(ctx, b)
	}
	if err := ingest.Check(b); err != nil {
		return err
	}
	if s.spool.Pending(b.Cluster) == 0 {
		err := s.direct(ctx, b)
		if err == nil {
			s.conf.Metrics.count(func(m *Metrics) counter { return m.direct })
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, ingest.ErrInvalid) {
			return err
		}
		s.log.Warn("deliveries go to the spool", "cluster", b.Cluster, "why", err)
	}
	return s.put(b)
}

func (s *Sink) direct(ctx context.Context, b ingest.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, s.conf.Slow)
	defer cancel()
	return s.conf.Next.Deliver(ctx, b)
}

// put spools a batch, in parts if it is large: those that came in before one failed are delivered, and again when the source comes again.
func (s *Sink) put(b ingest.Batch) error {
	for _, part := range b.Split(partBytes) {
		payload, err := s.codec.Encode(part)
		if err != nil {
			return err
		}
		if err := s.spool.Add(b.Cluster, payload); err != nil {
			s.conf.Metrics.count(func(m *Metrics) counter { return m.full })
			return fmt.Errorf("%w: %w", &ingest.Busy{Reason: reason(err), After: 5 * time.Second}, err)
		}
		s.conf.Metrics.count(func(m *Metrics) counter { return m.spooled })
	}
	s.conf.Metrics.fill(s.spool.Status())
	return nil
}

func reason(err error) string {
	switch {
	case errors.Is(err, ErrFull):
		return "the receiver does not take batches, and the spool is full; bring the receiver back, or allow the spool more (maxBytes)"
	case errors.Is(err, ErrDisk):
		return "the receiver does not take batches, and the spool's disk neither; look at that disk"
	}
	return "the spool does not take batches now"
}

// drained waits until all of a cluster that is spooled now is delivered.
func (s *Sink) drained(ctx context.Context, c record.Cluster) error {
	if s.spool == nil {
		return nil
	}
	q := s.spool.find(c)
	if q == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, memoryWait)
	defer cancel()
	target := q.mark()
	for {
		done, changed := q.reached(target)
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return &ingest.Busy{Reason: "what is in the spool must be delivered first", After: 5 * time.Second}
		}
	}
}

// Progress implements ingest.Memory.
func (s *Sink) Progress(ctx context.Context, cluster record.Cluster) ([]*record.Record, error) {
	if err := s.drained(ctx, cluster); err != nil {
		return nil, err
	}
	return s.conf.Next.Progress(ctx, cluster)
}

// Mark implements ingest.Memory.
func (s *Sink) Mark(ctx context.Context, cluster record.Cluster, key string) ([]byte, error) {
	if err := s.drained(ctx, cluster); err != nil {
		return nil, err
	}
	return s.conf.Next.Mark(ctx, cluster, key)
}

// Alive implements ingest.Memory.
func (s *Sink) Alive(ctx context.Context, cluster record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[ingest.Alive, error] {
	return func(yield func(ingest.Alive, error) bool) {
		if err := s.drained(ctx, cluster); err != nil {
			yield(ingest.Alive{}, err)
			return
		}
		s.conf.Next.Alive(ctx, cluster, gr, namespace)(yield)
	}
}

package export

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// partBytes is the estimated memory of what is put into the queue at once.
const partBytes = 8 << 20

// Before is the Sink that hands on to next, the store's, and then puts into the queue what is to be exported. So a crash between the two
// means that the sender was told nothing: it delivers again, the store merges, and the queue has it. What lets a sender go on behind a
// batch, how far a watch has come or a file was read, is stored last: some ask the store for it when they begin again.
func (e *Exporter) Before(next ingest.Sink) ingest.Sink { return &sink{Sink: next, e: e} }

type sink struct {
	ingest.Sink
	e *Exporter
}

// Deliver implements ingest.Sink.
func (s *sink) Deliver(ctx context.Context, b ingest.Batch) error {
	facts, positions := apart(b)
	if len(facts.Records) > 0 {
		if err := s.Sink.Deliver(ctx, facts); err != nil {
			return err
		}
		if err := s.e.enqueue(facts); err != nil {
			return err
		}
	}
	if len(positions.Records) == 0 && len(positions.Marks) == 0 && len(facts.Records) > 0 {
		return nil
	}
	return s.Sink.Deliver(ctx, positions)
}

// apart divides a batch in what happened, and how far its source has come.
func apart(b ingest.Batch) (facts, positions ingest.Batch) {
	facts.Cluster, positions.Cluster, positions.Marks = b.Cluster, b.Cluster, b.Marks
	for _, r := range b.Records {
		if r.Kind == record.KindProgress {
			positions.Records = append(positions.Records, r)
		} else {
			facts.Records = append(facts.Records, r)
		}
	}
	return facts, positions
}

// enqueue makes durable what of a stored batch is to be exported. Where that fails the settings decide who pays for it.
func (e *Exporter) enqueue(b ingest.Batch) error {
	chosen := e.selector.Load().chosen(b)
	if len(chosen.Records) == 0 {
		return nil
	}
	// What is larger than the queue would find no room, however long a sender waits.
	for _, part := range chosen.Split(min(partBytes, e.in.Status().MaxBytes/4)) {
		payload, err := e.codec.Encode(part)
		if err == nil {
			err = e.in.Add(payload)
		}
		if err == nil {
			e.conf.Metrics.queue(len(part.Records))
			e.said.over(&e.said.full, func() { e.log.Info("what is recorded is exported again") })
			continue
		}
		if e.settings().Queue.WhenFull == waitWord {
			return fmt.Errorf("%w: %w", &ingest.Busy{Reason: "the export's queue does not take batches; bring its receiver back, allow it more (export.otlp.queue.bytes), " +
				"or let it drop (export.otlp.queue.whenFull)", After: 5 * time.Second}, err)
		}
		e.conf.Metrics.drop("full", len(part.Records))
		e.said.begin(&e.said.full, func() {
			e.log.Error("the export's queue does not take what is recorded: it is stored, and not exported, until there is room", "why", err)
		})
	}
	return nil
}

// sayings are troubles that are told once, until they are over.
type sayings struct {
	mu                                  sync.Mutex
	full, making, sending, partly, disk bool // guarded by mu
}

// begin tells of a trouble that was not there.
func (s *sayings) begin(which *bool, tell func()) {
	s.mu.Lock()
	was := *which
	*which = true
	s.mu.Unlock()
	if !was {
		tell()
	}
}

// over tells that one is there no more.
func (s *sayings) over(which *bool, tell func()) {
	s.mu.Lock()
	was := *which
	*which = false
	s.mu.Unlock()
	if was {
		tell()
	}
}

package watch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
)

// outbox gathers the records of one runner into batches. It belongs to the runner's goroutine.
type outbox struct {
	to      *delivery
	records []*record.Record
	bytes   int
	due     time.Time // when what is gathered is to be delivered; zero: nothing is
}

// delivery is what the outboxes of one watcher share.
type delivery struct {
	sink    ingest.Sink
	cluster record.Cluster
	options Options
	metrics *Metrics
	pending atomic.Int64 // bytes gathered and not delivered
	jitter  func() float64
}

// add takes a record over and reports whether it is time to deliver.
func (o *outbox) add(r *record.Record, now time.Time) (full bool) {
	if len(o.records) == 0 {
		o.due = now.Add(o.to.options.BatchWait)
	}
	size := ingest.Size(r)
	o.records = append(o.records, r)
	o.bytes += size
	all := o.to.pending.Add(int64(size))
	return len(o.records) >= o.to.options.BatchRecords || o.bytes >= o.to.options.BatchBytes || all >= int64(o.to.options.PendingBytes)
}

// drop forgets what was gathered: the watcher ends, and what was not delivered will be sent again.
func (o *outbox) drop() {
	o.to.pending.Add(-int64(o.bytes))
	o.records, o.bytes, o.due = nil, 0, time.Time{}
}

// deliver hands over what was gathered and more, and returns once it is durable; only the end of ctx makes it give up. blocked is
// told why it has to wait, and "" once it has not.
func (o *outbox) deliver(ctx context.Context, marks []ingest.Mark, blocked func(string), more ...*record.Record) error {
	batch := ingest.Batch{Cluster: o.to.cluster, Records: append(o.records, more...), Marks: marks}
	if len(batch.Records) == 0 && len(marks) == 0 {
		return nil
	}
	err := o.to.deliver(ctx, batch, blocked)
	o.drop()
	return err
}

const (
	deliverLeast = 200 * time.Millisecond
	deliverMost  = 10 * time.Second
)

func (d *delivery) deliver(ctx context.Context, batch ingest.Batch, blocked func(string)) error {
	for attempt := 0; ; attempt++ {
		err := d.sink.Deliver(ctx, batch)
		if ctx.Err() != nil && err != nil {
			return ctx.Err()
		}
		if err == nil {
			if attempt > 0 {
				blocked("")
			}
			return nil
		}
		wait := min(deliverMost, deliverLeast<<min(attempt, 10))
		why := err.Error()
		if busy := ingest.IsBusy(err); busy != nil {
			wait, why = max(busy.After, wait/2), busy.Error()
		}
		d.metrics.undelivered(d.cluster)
		blocked("waits to deliver: " + why)
		if !sleep(ctx, wait/2+time.Duration(d.jitter()*float64(wait/2))) {
			return ctx.Err()
		}
	}
}

// sleep reports whether ctx is still alive after d.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// idleEvery is how often the runs of quiet resources are told: a crash between costs that much to watch again, or a wider gap.
const idleEvery = 5 * time.Second

// idle gathers how far the runs of quiet resources have come and tells all of them at once.
type idle struct {
	mu   sync.Mutex
	runs map[scope]*record.Record // guarded by mu
}

// put notes a run of which everything before is durable.
func (i *idle) put(s scope, run *record.Record) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.runs[s] = run
}

func (i *idle) take() []*record.Record {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]*record.Record, 0, len(i.runs))
	for _, r := range i.runs {
		out = append(out, r)
	}
	clear(i.runs)
	return out
}

// run delivers until ctx ends.
func (i *idle) run(ctx context.Context, d *delivery) {
	for sleep(ctx, idleEvery) {
		if runs := i.take(); len(runs) > 0 {
			if err := d.deliver(ctx, ingest.Batch{Cluster: d.cluster, Records: runs}, func(string) {}); err != nil {
				return
			}
		}
	}
}

package webhook

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// drainFor bounds how long an outlet works on after its end was asked for.
const drainFor = 5 * time.Second

// Why a batch did not go out, in metrics.
const (
	dropFull    = "queue-full"
	dropGaveUp  = "gave-up"
	dropRefused = "refused" // by the other side, for good
	dropError   = "error"
	dropStopped = "stopped"
)

// parcel is a batch as it was received. It is shared by all outlets and not changed.
type parcel struct {
	cluster record.Cluster
	body    []byte
	packed  bool // by gzip
	at      time.Time
}

// outlet sends parcels on, one after the other, from a queue of its own.
type outlet struct {
	name    string
	limit   int64 // bytes
	log     *slog.Logger
	metrics *Metrics
	// send tries to get rid of a parcel until ctx ends; it gives why it was dropped, or nothing.
	send func(ctx context.Context, p *parcel) (dropped string)
	// stop is called at the end; nil: nothing to do.
	stop func()

	wake chan struct{} // holds one

	mu     sync.Mutex // guards all below
	queue  []*parcel
	bytes  int64
	warned time.Time
}

func newOutlet(name string, limit int64, log *slog.Logger, m *Metrics) *outlet {
	return &outlet{name: name, limit: limit, log: log.With("to", name), metrics: m, wake: make(chan struct{}, 1)}
}

// put queues a parcel, or drops it where it does not fit.
func (o *outlet) put(p *parcel) {
	o.mu.Lock()
	fits := o.bytes+int64(len(p.body)) <= o.limit
	if fits {
		o.queue = append(o.queue, p)
		o.bytes += int64(len(p.body))
		o.metrics.queue(o.name, o.bytes)
	}
	o.mu.Unlock()
	if !fits {
		o.drop(dropFull, 1)
		return
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// head is the parcel to send now; it stays in the queue and in its bytes until pop.
func (o *outlet) head() *parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil
	}
	return o.queue[0]
}

func (o *outlet) pop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= int64(len(o.queue[0].body))
	o.queue[0] = nil
	o.queue = o.queue[1:]
	o.metrics.queue(o.name, o.bytes)
}

func (o *outlet) drop(reason string, n int) {
	o.metrics.drop(o.name, reason, n)
	o.mu.Lock()
	warn := n > 0 && time.Since(o.warned) > time.Minute
	if warn {
		o.warned = time.Now()
	}
	o.mu.Unlock()
	if warn {
		o.log.Warn("audit batches not sent on; more of these are counted only, for a minute", "reason", reason, "batches", n)
	}
}

// run works until ctx ends and the queue is empty or drainFor is over.
func (o *outlet) run(ctx context.Context) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stopAfter := context.AfterFunc(ctx, func() { time.AfterFunc(drainFor, cancel) })
	defer stopAfter()
	if o.stop != nil {
		defer o.stop()
	}
	for {
		p := o.head()
		if p == nil {
			select {
			case <-o.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		reason := o.send(work, p)
		if reason == "" {
			o.metrics.forwarded(o.name)
		} else {
			o.drop(reason, 1)
		}
		o.pop()
		if work.Err() != nil {
			o.mu.Lock()
			n := len(o.queue)
			o.queue, o.bytes = nil, 0
			o.mu.Unlock()
			o.drop(dropStopped, n)
			return
		}
	}
}

// forward queues a batch for all outlets, once: a batch that its sender repeats because it was not stored has gone out already.
func (w *Webhook) forward(cluster record.Cluster, in *intake) {
	if len(w.outlets) == 0 {
		return
	}
	p := &parcel{cluster: cluster, body: in.raw.Bytes(), packed: in.packed, at: time.Now()}
	if !w.seen.first(cluster, p.body) {
		return
	}
	for _, o := range w.outlets {
		o.put(p)
	}
}

// recent remembers the digests of the last batches.
type recent struct {
	mu   sync.Mutex // guards all below
	ring [1024][sha256.Size]byte
	next int
	has  map[[sha256.Size]byte]bool
}

func newRecent() *recent { return &recent{has: map[[sha256.Size]byte]bool{}} }

// first reports whether a batch comes for the first time.
func (s *recent) first(cluster record.Cluster, body []byte) bool {
	h := sha256.New()
	_, _ = h.Write([]byte(cluster))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(body)
	var digest [sha256.Size]byte
	h.Sum(digest[:0])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has[digest] {
		return false
	}
	delete(s.has, s.ring[s.next])
	s.ring[s.next], s.has[digest] = digest, true
	s.next = (s.next + 1) % len(s.ring)
	return true
}

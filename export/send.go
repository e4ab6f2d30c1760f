package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/trace"
)

// How often is tried.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
	longAfter  = 10 * time.Minute // the most that a receiver may ask for
	sendAtOnce = 4                // requests
)

// send sends what is in the outgoing queue, oldest first, until ctx ends.
func (e *Exporter) send(ctx context.Context) {
	at := e.out.Begin()
	for ctx.Err() == nil {
		changed := e.out.Changed()
		fr, ok, err := e.out.Next(at)
		if fr.Lost != "" {
			e.lost(fr.Lost)
		}
		if err != nil {
			e.said.begin(&e.said.disk, func() { e.log.Error("the export's queue can not be read now; trying again", "error", err) })
			sleep(ctx, tryAgain)
			continue
		}
		if !ok {
			e.save(at)
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		f, err := e.packer.decode(fr.Payload)
		if err != nil {
			e.lost(err.Error())
		}
		if !e.sendAll(ctx, f.requests) {
			return
		}
		at = fr.End
		e.sent(at)
	}
}

// sendAll sends the requests of a frame, some at a time: a distant receiver takes its time for each. False if ctx ended.
func (e *Exporter) sendAll(ctx context.Context, list []request) bool {
	var stopped atomic.Bool
	var under sync.WaitGroup
	turns := make(chan struct{}, sendAtOnce)
	for _, r := range list {
		turns <- struct{}{}
		under.Go(func() {
			if !e.insist(ctx, r) {
				stopped.Store(true)
			}
			<-turns
		})
	}
	under.Wait()
	return !stopped.Load()
}

// sent lets go of a frame that is sent, unless its notes are owed: then a crash must find it.
func (e *Exporter) sent(at spool.Position) {
	e.step.Lock()
	defer e.step.Unlock()
	if e.owed != nil {
		return
	}
	if err := e.out.Done(at, 1); err != nil { // it is sent again, the same
		e.log.Warn("the export can not note how far it sent", "error", err)
	}
}

func (e *Exporter) save(at spool.Position) {
	e.step.Lock()
	defer e.step.Unlock()
	if e.owed != nil {
		return
	}
	if err := e.out.Save(at); err != nil {
		e.log.Warn("the export can not note how far it sent", "error", err)
	}
}

// insist sends until the receiver takes the request or says that it never will; false if ctx ended.
func (e *Exporter) insist(ctx context.Context, r request) bool {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p, refusal := e.target.Load().try(ctx, r.body)
		if ctx.Err() != nil && refusal != nil {
			return false
		}
		if refusal == nil {
			e.took(r, p)
			return true
		}
		switch refusal.verdict {
		case tooLarge:
			if halves := r.halves(); halves != nil {
				return e.insist(ctx, halves[0]) && e.insist(ctx, halves[1])
			}
			e.refuse(r, refusal)
			return true
		case refused:
			e.refuse(r, refusal)
			return true
		case denied:
			pause = lastPause
			e.conf.Metrics.retry("denied")
		default:
			e.conf.Metrics.retry("again")
		}
		e.said.begin(&e.said.sending, func() {
			e.log.Warn("spans can not be sent now; they wait in the queue", "to", e.settings().Endpoint, "why", refusal.err)
		})
		if !sleep(ctx, jitter(max(pause, min(refusal.after, longAfter)))) {
			return false
		}
	}
}

// jitter adds up to a quarter: those who were sent away together do not come again together, and nobody before the time he was told.
func jitter(d time.Duration) time.Duration { return d + time.Duration(rand.Int64N(int64(d)/4+1)) }

func (e *Exporter) took(r request, p partial) {
	e.said.over(&e.said.sending, func() { e.log.Info("spans are sent again") })
	rejected := int(min(max(p.rejected, 0), int64(r.spans)))
	e.conf.Metrics.sent(r.spans-rejected, len(r.body))
	if rejected > 0 {
		e.conf.Metrics.refuse("partial", rejected)
	}
	if rejected > 0 || p.message != "" {
		e.said.begin(&e.said.partly, func() {
			e.log.Warn("the receiver took a request in part; this is told once", "spans", r.spans, "rejected", rejected, "says", clip(p.message, 300))
		})
	}
}

func (e *Exporter) refuse(r request, why *refusal) {
	e.conf.Metrics.refuse("refused", r.spans)
	e.log.Error("the receiver refuses spans for good; they are not sent again", "spans", r.spans, "why", why.err)
}

// halves cuts a request in two; nil where it is one span.
func (r request) halves() []request {
	var all collectorpb.ExportTraceServiceRequest
	if proto.Unmarshal(r.body, &all) != nil {
		return nil
	}
	half := r.spans / 2
	var parts [2]collectorpb.ExportTraceServiceRequest
	var spans [2]int
	for _, rs := range all.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				n := 0
				if spans[0] >= half {
					n = 1
				}
				spans[n]++
				parts[n].ResourceSpans = append(parts[n].ResourceSpans, &tracepb.ResourceSpans{Resource: rs.Resource, SchemaUrl: rs.SchemaUrl,
					ScopeSpans: []*tracepb.ScopeSpans{{Scope: ss.Scope, SchemaUrl: ss.SchemaUrl, Spans: []*tracepb.Span{s}}}})
			}
		}
	}
	if spans[0] == 0 || spans[1] == 0 {
		return nil
	}
	var out []request
	for i := range parts {
		body, err := proto.MarshalOptions{Deterministic: true}.Marshal(&parts[i])
		if err != nil {
			return nil
		}
		out = append(out, request{spans[i], body})
	}
	return out
}

// Sent tells what became of a trace.
type Sent struct {
	Spans    int
	Rejected int    // of them, by the receiver
	Message  string // of the receiver, where it has something to say
}

// Send sends a trace once, in as many requests as its size takes, and again where the receiver is busy, until ctx ends. The target's defaults
// are filled in. An error may come after a part was taken; sending the same again makes the same spans.
func Send(ctx context.Context, t Target, of *trace.Trace) (sent Sent, err error) {
	t = t.WithDefaults()
	if err := t.Check(); err != nil {
		return sent, err
	}
	to, err := t.open()
	if err != nil {
		return sent, err
	}
	defer to.Close()
	p := pieces{most: int(t.BatchBytes)}
	p.add(of.ID, of.Spans)
	list, err := p.done()
	if err != nil {
		return sent, err
	}
	for len(list) > 0 {
		r := list[0]
		p, refusal := to.patient(ctx, r.body)
		switch {
		case refusal == nil:
			sent.Spans += r.spans
			sent.Rejected += int(p.rejected)
			sent.Message = p.message
			list = list[1:]
		case refusal.verdict == tooLarge && r.halves() != nil:
			list = append(r.halves(), list[1:]...)
		default:
			return sent, fmt.Errorf("send to %s: %w", t.Endpoint, refusal.err)
		}
	}
	return sent, nil
}

// tries is how often somebody who waits for it has a trace sent.
const tries = 4

// patient tries some times while the receiver is busy.
func (t *target) patient(ctx context.Context, body []byte) (p partial, r *refusal) {
	for n := range tries {
		if p, r = t.try(ctx, body); r == nil || r.verdict != again {
			return p, r
		}
		if n < tries-1 && !sleep(ctx, max(jitter(firstPause/2<<n), min(r.after, lastPause))) {
			return p, &refusal{verdict: again, err: errors.Join(ctx.Err(), r.err)}
		}
	}
	return p, r
}

package spool

import (
	"context"
	"errors"
	"time"
)

// idle is how long nothing is looked at unless something changes.
const idle = time.Hour

// Run delivers what is in the spool until ctx ends; then it returns nil. It takes the queues in turn, a group of batches of each. A batch that the
// next sink does not take now, or denies, is tried again for ever, and only its own cluster waits for it; one that it never will take
// (ingest.ErrInvalid), and what can not be read any more, becomes a Gap.
func (s *Sink) Run(ctx context.Context) error {
	if s.spool == nil {
		<-ctx.Done()
		return nil
	}
	drains := map[*queue]*drain{}
	for ctx.Err() == nil {
		next := s.turn(ctx, drains)
		status := s.spool.Status()
		s.conf.Metrics.fill(status)
		s.conf.Metrics.deny(status.Denied)
		if next <= 0 {
			continue
		}
		select {
		case <-time.After(next):
		case <-s.spool.bounds.wake:
		case <-ctx.Done():
		}
	}
	var err error
	for _, d := range drains {
		err = errors.Join(err, d.remember())
	}
	return err
}

// turn gives each queue that is due one step, and tells when the next one is.
func (s *Sink) turn(ctx context.Context, drains map[*queue]*drain) (next time.Duration) {
	next = idle
	for _, q := range s.spool.all() {
		d := drains[q]
		if d == nil {
			d = s.newDrain(q)
			drains[q] = d
		}
		if ctx.Err() != nil {
			return 0
		}
		if rest := time.Until(d.notBefore); rest > 0 {
			next = min(next, rest)
		} else if d.step(ctx) {
			next = min(next, time.Until(d.notBefore))
		}
		if q.isGone() {
			delete(drains, q)
			s.spool.forget(q)
		}
	}
	return next
}

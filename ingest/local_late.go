package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// lates counts, per cluster, the facts that were refused because they are older than the floor, until they become a Gap.
type lates struct {
	mu   sync.Mutex // guards open
	open map[record.Cluster]*late
}

type late struct {
	count       int64
	first, last time.Time
	told        time.Time
}

// add counts, and gives what is due to be told.
func (s *lates) add(c record.Cluster, n int, now time.Time, every time.Duration) (late, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.open[c]
	if l == nil {
		if n == 0 {
			return late{}, false
		}
		l = &late{}
		s.open[c] = l
	}
	if n > 0 {
		if l.count == 0 {
			l.first = now
		}
		l.count, l.last = l.count+int64(n), now
	}
	if l.count == 0 || now.Sub(l.told) < every {
		return late{}, false
	}
	due := *l
	*l = late{told: now}
	return due, true
}

// back takes up again what could not be told.
func (s *lates) back(c record.Cluster, due late) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.open[c]
	if l.count == 0 {
		l.last = due.last
	}
	l.count, l.first = l.count+due.count, due.first
}

// tellLate writes the Gap of late facts when it is due. The batch it came with is durable already, so a failure here is nobody's error: it is
// told with the next.
func (l *Local) tellLate(ctx context.Context, c record.Cluster, n int, now time.Time) {
	due, ok := l.lates.add(c, n, now, l.conf.LateEvery)
	if !ok {
		return
	}
	gap := &record.Record{Kind: record.KindGap, OccurredAt: due.first, Ref: record.ObjectRef{Cluster: c}, Provenance: record.Provenance{ReceivedAt: now},
		Gap: &record.Gap{Reason: record.GapLateFact, Until: due.last, Count: due.count, Key: "late",
			Detail: fmt.Sprintf("%d facts arrived that are older than the floor, what retention has dropped, and were refused", due.count)}}
	if _, err := l.st.Append(ctx, []*record.Record{gap}); err != nil {
		l.lates.back(c, due)
		return
	}
	l.conf.Log.Warn("facts older than the floor were refused", "cluster", c, "count", due.count)
}

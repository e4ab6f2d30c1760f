package local

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// span is when an object was first and last seen, and when it ended; zero where not known.
type span struct{ first, last, end time.Time }

// spans tells the times of catalogue entries. One reader of each clock serves them all: neighbours share the pins it has read.
type spans struct {
	e       *Engine
	readers map[clockKey]*index.ClockReader
}

type clockKey struct {
	cluster record.Cluster
	storage record.Storage
}

func (e *Engine) spans() *spans { return &spans{e: e, readers: map[clockKey]*index.ClockReader{}} }

// at is the moment by which a resourceVersion of the entry's storage is shown; hint chooses the epoch.
func (s *spans) at(ctx context.Context, entry *store.Entry, rv record.ResourceVersion, hint time.Time) (time.Time, error) {
	if rv == 0 {
		return time.Time{}, nil
	}
	reader, err := s.reader(ctx, clockKey{entry.Ref.Cluster, entry.Storage})
	if err != nil {
		return time.Time{}, err
	}
	w, err := reader.WhenNear(ctx, rv, hint)
	return shown(w), err
}

func (s *spans) reader(ctx context.Context, key clockKey) (*index.ClockReader, error) {
	if reader := s.readers[key]; reader != nil {
		return reader, nil
	}
	clock, err := s.e.clocks.Of(ctx, key.cluster, key.storage)
	if err != nil {
		return nil, err
	}
	s.readers[key] = clock.Reader(s.e.st)
	return s.readers[key], nil
}

func (s *spans) first(ctx context.Context, entry *store.Entry) (time.Time, error) {
	at, err := s.at(ctx, entry, entry.FirstRV, entry.CreatedAt)
	return earliest(entry.FirstAt, at), err
}

func (s *spans) end(ctx context.Context, entry *store.Entry) (time.Time, error) {
	at, err := s.at(ctx, entry, entry.EndRV, entry.EndAt)
	return earliest(entry.EndAt, at), err
}

func (s *spans) of(ctx context.Context, entry *store.Entry) (out span, err error) {
	if out.first, err = s.first(ctx, entry); err != nil {
		return out, err
	}
	if out.end, err = s.end(ctx, entry); err != nil {
		return out, err
	}
	at, err := s.at(ctx, entry, entry.LastRV, entry.LastAt)
	out.last = latest(entry.LastAt, at)
	if entry.Ended {
		out.last = latest(out.last, out.end)
	}
	return out, err
}

// begin is when the object began: its creation, else when it was first seen.
func (s *spans) begin(ctx context.Context, entry *store.Entry) (time.Time, error) {
	if !entry.CreatedAt.IsZero() {
		return entry.CreatedAt, nil
	}
	return s.first(ctx, entry)
}

// alive reports whether an object may have been alive at some moment of w. It asks the clock only where the entry does not tell, and reads pins only
// where the clock does not know by itself.
func (s *spans) alive(ctx context.Context, entry *store.Entry, w query.Window) (bool, error) {
	switch {
	case w.To.IsZero():
	case !entry.CreatedAt.IsZero():
		if !entry.CreatedAt.Before(w.To) {
			return false, nil
		}
	default:
		begun, unknown, err := s.before(ctx, entry, clocked{entry.FirstAt, entry.FirstRV, entry.CreatedAt}, w.To)
		if err != nil || !begun && !unknown {
			return false, err
		}
	}
	if w.From.IsZero() || !entry.Ended {
		return true, nil
	}
	over, unknown, err := s.before(ctx, entry, clocked{entry.EndAt, entry.EndRV, entry.EndAt}, w.From)
	return err == nil && (unknown || !over), err
}

// clocked is the earlier one of a time that requests tell, and that of a resourceVersion; hint chooses its epoch.
type clocked struct {
	told time.Time
	rv   record.ResourceVersion
	hint time.Time
}

// before reports whether a moment lies before t; unknown: neither request nor resourceVersion tells.
func (s *spans) before(ctx context.Context, entry *store.Entry, m clocked, t time.Time) (before, unknown bool, err error) {
	if m.rv == 0 || !m.told.IsZero() && m.told.Before(t) {
		return m.told.Before(t), m.told.IsZero(), nil
	}
	reader, err := s.reader(ctx, clockKey{entry.Ref.Cluster, entry.Storage})
	if err != nil {
		return false, false, err
	}
	switch from, to := reader.EndsWithin(m.rv, m.hint); {
	case from.IsZero():
	case to.Before(t):
		return true, false, nil
	case !from.Before(t):
		return false, false, nil
	}
	w, err := reader.WhenNear(ctx, m.rv, m.hint)
	at := earliest(m.told, shown(w))
	return at.Before(t), at.IsZero(), err
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lifeAt chooses the life of a name that was alive at a time, else the last that began before it; -1 without lives.
func (e *Engine) lifeAt(ctx context.Context, lives []*store.Entry, at time.Time) (int, error) {
	if at.IsZero() || len(lives) < 2 {
		return len(lives) - 1, nil
	}
	began := -1
	spans := e.spans()
	for i, l := range lives {
		begin, err := spans.begin(ctx, l)
		if err != nil {
			return 0, err
		}
		if !begin.After(at) {
			began = i
		}
	}
	for began > 0 { // creation is told in whole seconds: the life before may have lasted into that
		end, err := spans.end(ctx, lives[began-1])
		if err != nil || !at.Before(end) {
			return began, err
		}
		began--
	}
	return max(0, began), nil
}

package collect

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// electorLog has the library of elections speak through log: its errors as such, all else for who debugs.
func electorLog(log *slog.Logger) logr.Logger {
	const debug = 4 // logr counts where slog counts down
	return logr.FromSlogHandler(calm{log.Handler(), &said{at: map[string]time.Time{}}}).V(debug)
}

// calm leaves out errors of what was called off (another lease was won, the process stops), and says one that comes
// with every attempt, each two seconds, once a minute.
type calm struct {
	slog.Handler
	said *said
}

type said struct {
	mu sync.Mutex
	at map[string]time.Time // guarded by mu
}

const (
	sayAgain = time.Minute
	maxSaid  = 100 // then everything may be said again
)

// Handle implements slog.Handler.
func (c calm) Handle(ctx context.Context, r slog.Record) error {
	var failed error
	r.Attrs(func(a slog.Attr) bool {
		if err, is := a.Value.Any().(error); is {
			failed = err
		}
		return failed == nil
	})
	if failed != nil && (errors.Is(failed, context.Canceled) || c.said.lately(r.Message+failed.Error(), r.Time)) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

func (s *said) lately(text string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, is := s.at[text]; is && now.Sub(at) < sayAgain {
		return true
	}
	if len(s.at) >= maxSaid {
		clear(s.at)
	}
	s.at[text] = now
	return false
}

// WithAttrs implements slog.Handler.
func (c calm) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calm{c.Handler.WithAttrs(attrs), c.said}
}

// WithGroup implements slog.Handler.
func (c calm) WithGroup(name string) slog.Handler {
	return calm{c.Handler.WithGroup(name), c.said}
}

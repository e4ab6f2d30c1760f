package export

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kubewake/kubewake/engine"
)

// Bounds of tidying.
const (
	closeAtOnce = 5000
	trimAtOnce  = 5000
	trimEvery   = time.Hour
	keepDays    = 2 * ageDays // for which it is known that an object has its span of the day
)

func agePrefix(age uint16) []byte { return binary.BigEndian.AppendUint16([]byte{noteMade}, age) }

// tidy sends the spans of objects whose day is over, every now and then.
func (e *Exporter) tidy(ctx context.Context) error {
	now := e.now()
	if now.Sub(e.maker.daysAt) < lookAtDays {
		return nil
	}
	if err := e.closeDays(ctx, now); err != nil {
		return err
	}
	e.maker.daysAt = now
	return nil
}

// closeDays sends, once, the span of each object's day that is over for the time of grace.
func (e *Exporter) closeDays(ctx context.Context, now time.Time) error {
	grace := time.Duration(e.settings().Grace)
	for most := closeAtOnce; ; {
		s := &step{days: map[string][]byte{}, counts: map[string]int{}}
		var list []made
		for note, err := range e.conf.Notes.Scan(ctx, []byte{noteOpen}) {
			if err != nil {
				return fmt.Errorf("look for days that are over: %w", err)
			}
			n, object, ok := dayOfKey(note.Key)
			if ok && startOf(n+1).Add(grace).After(now) || len(s.notes) >= 2*most {
				break
			}
			s.notes = append(s.notes, engine.Note{Key: note.Key})
			var d day
			if err := json.Unmarshal(note.Value, &d); err != nil || !ok {
				e.log.Warn("a note of an object's day can not be read; the object has no span of that day", "error", err)
				continue
			}
			s.days[string(note.Key)] = nil
			s.notes = append(s.notes, engine.Note{Key: dayKey(noteClosed, n, object), Value: binary.BigEndian.AppendUint32(nil, uint32(dayOf(now)))})
			list = append(list, made{span: d.span(object), id: object, day: n})
			s.counts["object"]++
		}
		if len(s.notes) == 0 {
			return nil
		}
		var err error
		if s.requests, err = e.requests(list); err != nil {
			return err
		}
		err = e.do(ctx, s)
		if errors.Is(err, errLarge) && most > 1 {
			most /= 2
			continue
		}
		if errors.Is(err, errLarge) { // the day is closed without
			e.large("object", list[0].id.String())
			s.requests = nil
			err = e.do(ctx, s)
		}
		if err != nil {
			return err
		}
	}
}

// forget lets go of old notes, every now and then, until ctx ends. Nobody asks for them any more, so it goes on beside making.
func (e *Exporter) forget(ctx context.Context) {
	for {
		if err := e.trim(ctx, e.now()); err != nil && ctx.Err() == nil {
			e.log.Warn("old notes of the export can not be removed now; trying again in an hour", "error", err)
		}
		if !sleep(ctx, trimEvery) {
			return
		}
	}
}

// trim forgets which records and days were sent long ago. What then comes again is sent again.
func (e *Exporter) trim(ctx context.Context, now time.Time) error {
	oldest := ageOf(now)
	if oldest > 0 {
		oldest--
	}
	err := e.trimWhile(ctx, noteMade, func(n engine.Note) (old, last bool) {
		old = len(n.Key) < 3 || binary.BigEndian.Uint16(n.Key[1:]) < oldest
		return old, !old
	})
	if err != nil {
		return err
	}
	oldestDay := dayOf(now) - keepDays
	return e.trimWhile(ctx, noteClosed, func(n engine.Note) (old, last bool) {
		day, _, ok := dayOfKey(n.Key)
		if !ok || day >= oldestDay {
			return !ok, ok
		}
		// A day of long ago may have been closed just now: its facts came late, and more of them may come. Notes that do not say when are older.
		return len(n.Value) < 4 || int64(binary.BigEndian.Uint32(n.Value)) < oldestDay, false
	})
}

// trimWhile removes what is old of the notes of a kind, from the first one on until the last.
func (e *Exporter) trimWhile(ctx context.Context, kind byte, judge func(engine.Note) (old, last bool)) error {
	var gone []engine.Note
	set := func() error {
		err := e.conf.Notes.Set(ctx, gone)
		gone = gone[:0]
		return err
	}
	for note, err := range e.conf.Notes.Scan(ctx, []byte{kind}) {
		if err != nil {
			return fmt.Errorf("look for old notes: %w", err)
		}
		old, last := judge(note)
		if last {
			break
		}
		if !old {
			continue
		}
		if gone = append(gone, engine.Note{Key: note.Key}); len(gone) < trimAtOnce {
			continue
		}
		if err := set(); err != nil {
			return fmt.Errorf("forget old notes: %w", err)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := set(); err != nil {
		return fmt.Errorf("forget old notes: %w", err)
	}
	return nil
}

package spool

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Frames is one queue on its own, in a directory of its own, for whoever keeps something else in it than batches for a [Sink]. Add may be
// called concurrently; one reads.
type Frames struct {
	q    *queue
	lock io.Closer

	mu    sync.Mutex // guards all below
	done  Position
	saved Position
	wrote time.Time // when saved was written
}

// Position is a place in Frames; the zero one is their beginning.
type Position struct{ at position }

// Frame is what was read from Frames.
type Frame struct {
	Payload []byte
	At      time.Time // when it was added
	End     Position  // behind it
	// Lost says what before it could not be read, and is lost.
	Lost string
}

// OpenFrames opens the queue in dir, or makes one; maxBytes bounds its files (zero: 1 GiB). It fails with ErrFormat where another version wrote.
func OpenFrames(dir string, maxBytes int64) (*Frames, error) {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	d := &osDisk{dir}
	if err := d.Make(); err != nil {
		return nil, fmt.Errorf("make queue: %w", err)
	}
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	f, err := openFrames(d, newBounds(maxBytes, time.Now))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open queue %s: %w", dir, err), l.Close())
	}
	f.lock = l
	return f, nil
}

func openFrames(d disk, b *bounds) (*Frames, error) {
	q, err := openQueue(d, b, min(defaultSegmentBytes, max(b.max/8, 64<<10)))
	if err != nil {
		return nil, err
	}
	return &Frames{q: q, lock: io.NopCloser(nil), done: Position{q.at}, saved: Position{q.at}}, nil
}

// Add takes a frame: it survives a power cut once Add returned nil. Its errors are ErrFull, ErrDisk and ErrClosed; the frame was not taken then.
func (f *Frames) Add(payload []byte) error { return f.q.add(payload) }

// Begin is where an earlier process stopped, as far as it noted that.
func (f *Frames) Begin() Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.saved
}

// Next reads the first frame behind a position; false if there is none, or, with an error, if the disk can not be read now. What can not be
// read for good is passed over and said in Lost.
func (f *Frames) Next(p Position) (Frame, bool, error) {
	e, ok := f.q.read(p.at)
	out := Frame{Payload: e.payload, At: e.at, End: Position{e.next}}
	if e.lost != nil {
		out.Lost = e.lost.place + ": " + e.lost.why
	}
	f.mu.Lock()
	oldest := ok && p == f.done
	f.mu.Unlock()
	if oldest {
		f.q.setOldest(e.at)
	}
	return out, ok, e.fault
}

// Last gives the newest frame; false if there is none.
func (f *Frames) Last() (last Frame, ok bool, err error) {
	for _, start := range f.q.starts() {
		for p := start; ; {
			fr, more, err := f.Next(p)
			if err != nil {
				return last, ok, err
			}
			if !more {
				break
			}
			last, ok, p = fr, true, fr.End
		}
		if ok {
			return last, true, nil
		}
	}
	return last, false, nil
}

// starts are the beginnings of the segments, the newest first.
func (q *queue) starts() []Position {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]Position, 0, len(q.segs))
	for i := len(q.segs) - 1; i >= 0; i-- {
		out = append(out, Position{position{number: q.segs[i].number}})
	}
	return out
}

// Done says that everything before a position is dealt with, n frames since the last time. It is noted about once a second, and when the queue is
// empty: after a crash the rest is read again.
func (f *Frames) Done(p Position, n int) error {
	err := f.q.advance(p.at, n)
	f.mu.Lock()
	f.done = p
	late := time.Since(f.wrote) > positionEvery || f.q.empty()
	f.mu.Unlock()
	if late {
		err = errors.Join(err, f.Save(p))
	}
	return err
}

// Save makes a position durable as that where the next process begins.
func (f *Frames) Save(p Position) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrote = time.Now()
	if p == f.saved {
		return nil
	}
	if err := f.q.writePosition(p.at); err != nil {
		return err
	}
	f.saved = p
	return nil
}

// Changed is closed when something was added or dealt with.
func (f *Frames) Changed() <-chan struct{} {
	_, changed := f.q.reached(0)
	return changed
}

// Waiting counts the frames that are not dealt with.
func (f *Frames) Waiting() int { return f.q.pending() }

// Status tells how full the queue is.
func (f *Frames) Status() Status {
	st := f.q.bounds.status()
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	if st.Batches = f.q.batches; st.Batches > 0 {
		st.Oldest = f.q.oldest
	}
	return st
}

// Lost says what could not be read when the queue was opened.
func (f *Frames) Lost() []string {
	var out []string
	for _, l := range f.q.losses {
		out = append(out, l.place+": "+l.why)
	}
	return out
}

// Close ends writing; what is left is read by whoever opens the directory next.
func (f *Frames) Close() error { return errors.Join(f.q.close(), f.lock.Close()) }

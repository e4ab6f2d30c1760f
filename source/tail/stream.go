package tail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

const (
	batchBytes   = 4 << 20
	batchRecords = 4096
	firstPause   = 200 * time.Millisecond
	longPause    = 15 * time.Second
	maxHeld      = 64 // files open at a time
)

// stream follows the files of one path or pattern. It belongs to one goroutine.
type stream struct {
	c       Config
	pattern string
	now     func() time.Time
	decoder *audit.Decoder

	loaded  bool // the mark was read
	files   []*file
	mark    []byte    // as delivered last
	nothing time.Time // when it was said last that there are no files

	// What is read and not delivered.
	records []*record.Record
	bytes   int64
	events  int
	refused map[string]int64
	last    time.Time // stage time of the latest event
}

func newStream(c Config, pattern string) *stream {
	return &stream{c: c, pattern: pattern, now: time.Now,
		decoder: audit.New(audit.Options{Cluster: c.Cluster, Redactor: c.Redactor, Limits: c.Limits})}
}

func (s *stream) run(ctx context.Context) {
	defer func() {
		for _, f := range s.files {
			f.close()
		}
		s.c.Metrics.forget(s.c.Cluster, s.pattern)
	}()
	tick := time.NewTicker(s.c.Poll)
	defer tick.Stop()
	for {
		wait := tick.C
		if err := s.poll(ctx); err != nil && ctx.Err() == nil {
			s.c.Log.Error("audit log not followed; trying again", "path", s.pattern, "error", err)
			wait = time.After(5 * time.Second)
		}
		select {
		case <-ctx.Done():
			return
		case <-wait:
		}
	}
}

// poll looks at the directory once and reads what there is to its end.
func (s *stream) poll(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	s.match(lookAround(s.pattern))
	if len(s.files) == 0 && s.now().Sub(s.nothing) > 10*time.Minute {
		s.nothing = s.now()
		s.c.Log.Warn("no audit log file there yet, or its directory can not be read", "path", s.pattern)
	}
	s.hold()
	for i := 0; i < len(s.files); {
		f := s.files[i]
		if err := s.read(ctx, f); err != nil {
			return err
		}
		if !f.gone || f.f != nil && !f.truncated && s.now().Sub(f.still) < s.c.Settle {
			i++
			continue
		}
		s.files = append(s.files[:i], s.files[i+1:]...)
		s.lost(f)
		f.close()
	}
	s.measure()
	return s.deliver(ctx)
}

// hold keeps files open that are to be read: what is renamed or removed from now on can still be read.
func (s *stream) hold() {
	held := 0
	for _, f := range s.files {
		if f.gone || !f.wanted() {
			continue
		}
		if held++; held > maxHeld && !f.Live {
			continue
		}
		if f.open() == nil && f.First == 0 { // an error is told when it is read
			if at := firstTime(f.f, f.Packed); !at.IsZero() {
				f.First = at.UnixNano()
			}
		}
	}
}

// wanted reports whether there may be more to read in it.
func (f *file) wanted() bool {
	if f.Packed {
		return !f.Done
	}
	return f.Live || f.Offset < f.Size
}

// read takes the lines of a file that are there.
func (s *stream) read(ctx context.Context, f *file) error {
	if f.truncated || f.gone && f.f == nil {
		return nil // lost judges
	}
	if !f.gone && !f.wanted() {
		f.close()
		return nil
	}
	if err := f.open(); err != nil {
		if !errors.Is(err, os.ErrNotExist) { // else it is renamed or removed right now: the next look sees it
			s.complain(f, err)
		}
		return nil
	}
	for {
		final := !f.Live || f.gone
		final = final && s.now().Sub(f.still) >= s.c.Settle
		l, err := f.next(s.c.LineBytes, final)
		if errors.Is(err, errNoLine) {
			if !f.Live && !f.gone && !f.wanted() {
				f.close()
			}
			return nil
		}
		if errors.Is(err, errPacked) {
			f.close()
			if final { // it was not being written any more
				s.gap(f, record.GapTruncated, "a packed log file that can not be read to its end", f.Head)
				f.Done = true
			}
			return nil
		}
		if err != nil {
			f.close()
			s.complain(f, err)
			return nil
		}
		s.take(f, l)
		f.advance(l)
		if f.gone {
			f.still = s.now() // somebody still writes to it
		}
		if s.bytes >= batchBytes || len(s.records) >= batchRecords {
			if err := s.deliver(ctx); err != nil {
				return err
			}
		}
	}
}

// complain logs that a file can not be read, once in a while.
func (s *stream) complain(f *file, err error) {
	if s.now().Sub(f.complained) > time.Minute {
		f.complained = s.now()
		s.c.Log.Error("audit log file can not be read; trying again", "file", f.Path, "error", err)
	}
}

// take decodes a line.
func (s *stream) take(f *file, l line) {
	s.bytes += l.size
	if l.hole {
		if f.Offset > 0 {
			s.gap(f, record.GapDropped, "a hole in a log file: it was truncated while it was written", f.Head)
		}
		return
	}
	s.decoder.ReceivedAt(s.now())
	if l.long {
		s.events++
		s.refuse(f, l, f.Offset, "too-long", record.GapDropped, "a line longer than the limit")
		return
	}
	raw := bytes.TrimSpace(bytes.TrimPrefix(l.raw, []byte("\xef\xbb\xbf")))
	if len(raw) == 0 {
		return
	}
	s.events++
	offset := f.Offset
	for {
		first := len(s.records)
		out, err := s.decoder.Decode(s.records, raw)
		if err == nil {
			s.records = out
			s.noteTime(f, out[first])
			return
		}
		word, detail := audit.Reason(err)
		reason := record.GapUndecodable
		if l.cut {
			reason, detail = record.GapTruncated, "a log file that ends within a line"
		}
		// An apiserver that was killed within a line leaves the next event behind it.
		again := bytes.LastIndex(raw, []byte(`{"kind":"Event","apiVersion":"audit.k8s.io/`))
		if again <= 0 || word != "syntax" {
			again = len(raw)
		}
		part := raw[:again]
		s.refuse(f, line{raw: part, digest: sha256.Sum256(part)}, offset, word, reason, detail)
		if again == len(raw) {
			return
		}
		raw, offset = raw[again:], offset+int64(again)
		s.events++
	}
}

func (s *stream) noteTime(f *file, r *record.Record) {
	if r.Kind != record.KindRequest {
		return
	}
	at := r.Request.StageAt
	if at.IsZero() {
		at = r.OccurredAt
	}
	if f.First == 0 {
		f.First = at.UnixNano()
	}
	f.Last = max(f.Last, at.UnixNano())
	if at.After(s.last) {
		s.last = at
	}
}

// refuse keeps that a line could not be taken.
func (s *stream) refuse(f *file, l line, offset int64, word string, reason record.GapReason, detail string) {
	if s.refused == nil {
		s.refused = map[string]int64{}
	}
	if s.refused[word]++; s.refused[word] <= 3 {
		s.c.Log.Warn("line of an audit log refused", "file", f.Path, "offset", offset, "reason", detail)
	}
	s.records = append(s.records, audit.Refused{Cluster: s.c.Cluster, Reason: reason, Detail: detail, Digest: l.digest, Raw: l.raw, ReceivedAt: s.now()}.Gap())
}

// lost keeps that a file was gone, or overwritten, before it was certain to be read to its end.
func (s *stream) lost(f *file) {
	switch {
	case f.f == nil && !f.Live && !f.wanted(): // put aside, read, and removed
		return
	case f.f != nil && !f.Live && !f.truncated: // put aside, and read through the open file
		return
	case f.Offset == 0 && f.First == 0 && f.at.size == 0 && f.Size == 0 && f.f != nil: // nothing was ever in it
		return
	}
	s.c.Metrics.miss(s.c.Cluster)
	s.gap(f, record.GapDropped, "an audit log file was gone or truncated before it was certain to be read to its end", f.Head)
	s.c.Log.Warn("audit log file gone or truncated; events may be missed", "file", f.Path, "offset", f.Offset)
}

// gap says that events behind the last one read from f may be missing, up to the first one that is there again, or now where
// that is not certain.
func (s *stream) gap(f *file, reason record.GapReason, detail, key string) {
	until := s.now().UTC()
	for _, other := range s.files {
		if first := timeOf(other.First); other != f && f.Offset > 0 && f.First != 0 && first.UnixNano() >= f.Last && first.Before(until) {
			until = first
		}
	}
	from := timeOf(f.Last)
	if until.Before(from) {
		until = from
	}
	s.records = append(s.records, &record.Record{
		Kind: record.KindGap, Ref: record.ObjectRef{Cluster: s.c.Cluster}, OccurredAt: from,
		Gap:        &record.Gap{Reason: reason, Until: until, Detail: detail, Key: key},
		Provenance: record.Provenance{ReceivedAt: s.now(), Sources: record.FromAudit},
	})
}

// load reads how far the files were read, once.
func (s *stream) load(ctx context.Context) error {
	if s.loaded {
		return nil
	}
	b, err := s.c.Sink.Mark(ctx, s.c.Cluster, markKey(s.c.Machine, s.pattern))
	if err != nil {
		return err
	}
	states, err := decodeMark(b)
	if err != nil {
		s.c.Log.Error("the mark of an audit log can not be used; its files are read from their beginning", "path", s.pattern, "error", err)
	}
	for _, st := range states {
		s.files = append(s.files, &file{state: st, still: s.now()})
	}
	s.loaded, s.mark = true, b
	return nil
}

// deliver hands over what was read, with the marks; it goes on until the sink takes it or ctx ends.
func (s *stream) deliver(ctx context.Context) error {
	states := make([]state, 0, len(s.files))
	for _, f := range s.files {
		if f.HeadLen > 0 || f.Ino != 0 {
			states = append(states, f.state)
		}
	}
	mark, err := encodeMark(states)
	if err != nil {
		return err
	}
	if len(s.records) == 0 && bytes.Equal(mark, s.mark) {
		return nil
	}
	batch := ingest.Batch{Cluster: s.c.Cluster, Records: s.records, Marks: []ingest.Mark{{Key: markKey(s.c.Machine, s.pattern), Value: mark}}}
	pause := firstPause
	for {
		err := s.c.Sink.Deliver(ctx, batch)
		if err == nil {
			break
		}
		s.c.Metrics.fail(s.c.Cluster)
		wait := pause/2 + rand.N(pause)
		if busy := ingest.IsBusy(err); busy != nil {
			wait = max(busy.After, wait)
		} else {
			s.c.Log.Error("audit log not stored; trying again", "path", s.pattern, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		pause = min(2*pause, longPause)
	}
	s.c.Metrics.delivered(s.c.Cluster, s.bytes, s.events, len(s.records), s.refused)
	s.mark, s.records, s.bytes, s.events, s.refused = mark, nil, 0, 0, nil
	return nil
}

// measure tells how far behind the reading is.
func (s *stream) measure() {
	unread := int64(0)
	for _, f := range s.files {
		switch {
		case f.Packed && !f.Done:
			unread += f.at.size
		case !f.Packed:
			unread += max(f.at.size-f.Offset, 0)
		}
	}
	lag := time.Duration(0)
	if unread > 0 && !s.last.IsZero() {
		lag = max(s.now().Sub(s.last), 0)
	}
	s.c.Metrics.state(s.c.Cluster, s.pattern, len(s.files), unread, lag)
}

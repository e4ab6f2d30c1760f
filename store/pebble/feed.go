package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// The feed of changes: one entry for each append that wrote something, in the same batch, under its number. The entry of number 0 holds the
// number up to which they were let go. A bulk import tells no details: its entries are empty.

// maxFeedBytes bounds what the feed holds if nobody lets it go.
const maxFeedBytes = 256 << 20

// feed numbers the appends. Guarded by Store.writing; written may be read without.
type feed struct {
	bytes int64 // about what is there
}

var _ store.Feed = (*Store)(nil)

func feedKey(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{famFeed}, n) }

// loadFeed finds the newest number.
func (s *Store) loadFeed() error {
	trimmed, err := trimmedAt(s.db)
	if err != nil {
		return err
	}
	it, err := s.db.NewIter(&lsm.IterOptions{LowerBound: feedKey(0), UpperBound: []byte{famFeed + 1}})
	if err != nil {
		return err
	}
	last := trimmed
	if it.Last() && len(it.Key()) == 9 {
		last = max(last, binary.BigEndian.Uint64(it.Key()[1:]))
	}
	s.appends.Store(last)
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return err
	}
	if s.opts.ReadOnly {
		return nil
	}
	n, err := s.db.EstimateDiskUsage(feedKey(0), []byte{famFeed + 1})
	s.feed.bytes = 3 * int64(n) // what it compresses to
	return err
}

func trimmedAt(r lsm.Reader) (uint64, error) {
	v, closer, err := r.Get(feedKey(0))
	if errors.Is(err, lsm.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, size := binary.Uvarint(v)
	if size <= 0 {
		err = damaged(feedKey(0), errors.New("no number"))
	}
	return n, errors.Join(err, closer.Close())
}

// feedAppend writes the entry of a batch. The caller holds writing, and applies the batch before it lets go.
func (s *Store) feedAppend(b *lsm.Batch, p *plan) error {
	if !p.told() {
		return nil
	}
	n, entry := s.appends.Load()+1, p.feed.buf
	if s.feed.bytes += int64(len(entry)) + 16; s.feed.bytes > maxFeedBytes {
		if err := letGo(b, n-1); err != nil {
			return err
		}
		s.feed.bytes = int64(len(entry))
	}
	return b.Set(feedKey(n), entry, nil)
}

// letGo puts the removal of entries up to n into a batch.
func letGo(b *lsm.Batch, n uint64) error {
	if err := b.DeleteRange(feedKey(1), feedKey(n+1), nil); err != nil {
		return err
	}
	return b.Set(feedKey(0), binary.AppendUvarint(nil, n), nil)
}

// Written implements store.Feed.
func (s *Store) Written() uint64 { return s.appends.Load() }

// LetGo implements store.Feed.
func (s *Store) LetGo(ctx context.Context, upTo uint64) error {
	return s.write(ctx, "let go of changes", func(b *lsm.Batch) error {
		trimmed, err := trimmedAt(s.db)
		if upTo = min(upTo, s.appends.Load()); err != nil || upTo <= trimmed {
			return err
		}
		if upTo == s.appends.Load() {
			s.feed.bytes = 0
		}
		return letGo(b, upTo)
	})
}

// Changes implements store.Feed.
func (s *Store) Changes(ctx context.Context, after uint64) iter.Seq2[store.Change, error] {
	return stream(ctx, s, "changes", func(r *points, yield func(store.Change) error) error {
		trimmed, err := trimmedAt(r.r)
		if err != nil {
			return err
		}
		if after < trimmed {
			return store.ErrTrimmed
		}
		return scanRange(r, feedKey(after+1), []byte{famFeed + 1}, func(it *lsm.Iterator) error {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			if len(it.Key()) != 9 {
				return badKey(it.Key())
			}
			c := store.Change{Number: binary.BigEndian.Uint64(it.Key()[1:]), All: len(v) == 0}
			if c.Touched, err = decodeTouched(v); err != nil {
				return damaged(it.Key(), err)
			}
			return yield(c)
		})
	})
}

// A touched fact: kind, flags, then its fields; a string that is the one of the entry's last fact is one byte.

const (
	touchedPinned byte = 1 << iota
	touchedMade
	touchedNameless
)

// feedWriter encodes the facts of one append.
type feedWriter struct {
	buf  []byte
	last [6]string
}

func (w *feedWriter) reset() {
	if cap(w.buf) > maxArena {
		w.buf = nil
	}
	w.buf, w.last = w.buf[:0], [6]string{}
}

func (w *feedWriter) string(field int, s string) {
	if s == w.last[field] {
		w.buf = append(w.buf, 0)
		return
	}
	w.last[field] = s
	w.buf = append(binary.AppendUvarint(w.buf, uint64(len(s))+1), s...)
}

func (w *feedWriter) int(n int64) { w.buf = binary.AppendVarint(w.buf, n) }

func (w *feedWriter) request(r *record.Record) {
	pin, _, pinned := record.PinOf(r)
	if r.Request.IsRead() && !pinned {
		return
	}
	kind := store.TouchedWrite
	if r.Request.IsRead() {
		kind = store.TouchedPin
	}
	var flags byte
	if pinned {
		flags |= touchedPinned
	}
	if pin.Made {
		flags |= touchedMade
	}
	if r.Ref.Name == "" && r.Request.Verb == "create" && r.Ref.Subresource == "" {
		flags |= touchedNameless
	}
	w.head(kind, flags, r)
	if kind == store.TouchedWrite {
		w.string(3, r.Ref.Namespace)
		w.string(4, r.Ref.Name)
		w.int(unixNano(r.OccurredAt))
		w.int(unixNano(r.Request.StageAt) - unixNano(r.OccurredAt))
		w.buf = append(w.buf, byte(r.Request.Level))
	}
	if pinned {
		w.int(int64(pin.RV))
		w.int(unixNano(pin.After))
		w.int(unixNano(pin.Before) - unixNano(pin.After))
	}
}

func (w *feedWriter) head(kind store.TouchedKind, flags byte, r *record.Record) {
	w.buf = append(w.buf, byte(kind), flags)
	w.string(0, string(r.Ref.Cluster))
	w.string(1, r.Ref.Group)
	w.string(2, r.Ref.Resource)
}

// state notes a revision or an end.
func (w *feedWriter) state(kind store.TouchedKind, r *record.Record, rv record.ResourceVersion) {
	w.head(kind, 0, r)
	w.string(5, string(r.Ref.UID))
	w.int(int64(rv))
}

func (w *feedWriter) dropped(c record.Cluster, storage record.Storage, below record.ResourceVersion) {
	w.head(store.TouchedDropped, 0, &record.Record{Ref: record.ObjectRef{Cluster: c}})
	w.string(5, string(storage))
	w.int(int64(below))
}

type touchedReader struct {
	reader
	last [6]string
}

func (r *touchedReader) string(field int) string {
	n := r.num()
	if n == 0 {
		return r.last[field]
	}
	if n--; n > uint64(len(r.buf)) {
		r.bad, r.buf = true, nil
		return ""
	}
	r.last[field] = string(r.buf[:n])
	r.buf = r.buf[n:]
	return r.last[field]
}

func (r *touchedReader) byte() byte {
	if len(r.buf) == 0 {
		r.bad = true
		return 0
	}
	b := r.buf[0]
	r.buf = r.buf[1:]
	return b
}

func decodeTouched(b []byte) ([]store.Touched, error) {
	r := touchedReader{reader: reader{buf: bytes.Clone(b)}}
	var out []store.Touched
	for len(r.buf) > 0 {
		t := store.Touched{Kind: store.TouchedKind(r.byte())}
		flags := r.byte()
		t.Ref.Cluster, t.Ref.Group, t.Ref.Resource = record.Cluster(r.string(0)), r.string(1), r.string(2)
		t.Storage = record.StorageOf(t.Ref.GroupResource())
		t.HasPin, t.Nameless = flags&touchedPinned != 0, flags&touchedNameless != 0
		switch t.Kind {
		case store.TouchedPin:
		case store.TouchedWrite:
			t.Ref.Namespace, t.Ref.Name = r.string(3), r.string(4)
			at := r.int()
			t.At, t.Until = fromUnixNano(at), fromUnixNano(at+r.int())
			t.Level = record.Level(r.byte())
		case store.TouchedRevision, store.TouchedEnd:
			t.Ref.UID, t.RV = record.UID(r.string(5)), record.ResourceVersion(r.int())
		case store.TouchedDropped:
			t.Storage, t.RV = record.Storage(r.string(5)), record.ResourceVersion(r.int())
		default:
			return nil, fmt.Errorf("kind %d of a touched fact", t.Kind)
		}
		if t.HasPin {
			t.Pin.RV, t.Pin.Made = record.ResourceVersion(r.int()), flags&touchedMade != 0
			after := r.int()
			t.Pin.After, t.Pin.Before = fromUnixNano(after), fromUnixNano(after+r.int())
		}
		if r.bad {
			return nil, errors.New("touched facts are cut")
		}
		out = append(out, t)
	}
	return out, nil
}

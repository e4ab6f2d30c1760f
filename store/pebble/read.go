package pebble

import (
	"bytes"
	"context"
	"errors"
	"iter"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// errStop ends a scan whose caller has seen enough.
var errStop = errors.New("stop")

// iterable is a snapshot or the database.
type iterable interface {
	NewIter(*lsm.IterOptions) (*lsm.Iterator, error)
}

// scan calls f for every key that begins with prefix, in order. An error of f ends it.
func scan(r iterable, prefix []byte, f func(it *lsm.Iterator) error) error {
	return scanRange(r, prefix, keyEnd(prefix), f)
}

// scanRange calls f for every key from lower up to but without upper.
func scanRange(r iterable, lower, upper []byte, f func(it *lsm.Iterator) error) (err error) {
	it, err := r.NewIter(&lsm.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		if err := f(it); err != nil {
			return err
		}
	}
	return it.Error()
}

// getNow gives a copy of the value that the database has at key now, or nil.
func getNow(db *lsm.DB, key []byte) ([]byte, error) {
	v, closer, err := db.Get(key)
	if errors.Is(err, lsm.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return append([]byte{}, v...), closer.Close()
}

// read runs one question against a snapshot.
func (s *Store) read(ctx context.Context, what string, f func(p *points) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil {
		return err
	}
	snap := s.db.NewSnapshot()
	p := points{r: snap, its: map[byte]*lsm.Iterator{}}
	err := f(&p)
	return mapped(what, errors.Join(err, p.close(), snap.Close()))
}

// stream makes an iterator of a question: f hands on what it finds, against a snapshot taken when the iteration starts.
func stream[T any](ctx context.Context, s *Store, what string, f func(p *points, yield func(T) error) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		err := s.read(ctx, what, func(p *points) error {
			return f(p, func(v T) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				if !yield(v, nil) {
					return errStop
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(none, err)
		}
	}
}

// patience makes long scans that find nothing notice that ctx ended.
type patience struct {
	ctx context.Context
	n   int
}

func (p *patience) check() error {
	if p.n++; p.n%256 == 0 {
		return p.ctx.Err()
	}
	return nil
}

// points reads single keys and short ranges of one snapshot, many of them: one iterator per family keeps tables open and indexes at hand, where
// Get would look them up every time.
type points struct {
	r   lsm.Reader
	its map[byte]*lsm.Iterator
}

// NewIter implements iterable.
func (p *points) NewIter(o *lsm.IterOptions) (*lsm.Iterator, error) { return p.r.NewIter(o) }

// get gives the value at key, good until the next get of its family, or nil.
func (p *points) get(key []byte) ([]byte, error) {
	it, err := p.family(key[0])
	if err != nil {
		return nil, err
	}
	if !it.SeekGE(key) || !bytes.Equal(it.Key(), key) {
		return nil, it.Error()
	}
	return it.ValueAndErr()
}

// family gives the iterator over a family that this question shares.
func (p *points) family(prefix byte) (*lsm.Iterator, error) {
	if it := p.its[prefix]; it != nil {
		return it, nil
	}
	it, err := p.r.NewIter(&lsm.IterOptions{LowerBound: []byte{prefix}, UpperBound: []byte{prefix + 1}})
	if err == nil {
		p.its[prefix] = it
	}
	return it, err
}

// walk is scanRange with the family's shared iterator, for many short ranges: f must not read the same family.
func (p *points) walk(lower, upper []byte, f func(it *lsm.Iterator) error) error {
	it, err := p.family(lower[0])
	if err != nil {
		return err
	}
	for ok := it.SeekGE(lower); ok && bytes.Compare(it.Key(), upper) < 0; ok = it.Next() {
		if err := f(it); err != nil {
			return err
		}
	}
	return it.Error()
}

func (p *points) close() error {
	var err error
	for _, it := range p.its {
		err = errors.Join(err, it.Close())
	}
	return err
}

// entryOf reads the catalogue's word on an object: nil if there is none that is shown.
func entryOf(p *points, key store.ObjectKey) (*entry, error) {
	k := uidKey(famCatalogue, key.Cluster, key.UID)
	v, err := p.get(k)
	if err != nil || v == nil {
		return nil, err
	}
	e, err := decodeEntry(v)
	if err != nil {
		return nil, damaged(k, err)
	}
	return e, nil
}

// timed reads every record of the list under the iterator's key.
func timed(it *lsm.Iterator, c record.Cluster, nanos int64, heads bool, f func(*record.Record) error) error {
	v, err := it.ValueAndErr()
	if err != nil {
		return err
	}
	err = eachItem(v, func(item []byte) error {
		r, err := unpackTimed(item, c, nanos)
		if err != nil {
			return damaged(it.Key(), err)
		}
		if heads && r.Request != nil {
			r.Request.Sent = nil
		}
		return f(r)
	})
	return err
}

// cutTimedKey takes the key of a request or an Event apart as far as the merger needs it.
func cutTimedKey(key []byte) (record.Cluster, int64, error) {
	c, rest, ok := cutString(key[1:])
	if !ok {
		return "", 0, badKey(key)
	}
	h, rest, ok := cutHour(rest)
	want := len(nameHash{}) + momentLen
	if key[0] == famRequest {
		want++
	}
	if !ok || len(rest) != want {
		return "", 0, badKey(key)
	}
	return record.Cluster(c), moment(h, rest[len(rest)-momentLen:]), nil
}

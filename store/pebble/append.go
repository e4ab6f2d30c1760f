package pebble

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Append implements store.Store. A crash before it returns may keep any part of the batch: appending it again is harmless.
func (s *Store) Append(ctx context.Context, batch []*record.Record) (store.Appended, error) {
	if err := s.enter(); err != nil {
		return store.Appended{}, err
	}
	defer s.leave()
	if s.opts.ReadOnly {
		return store.Appended{}, ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return store.Appended{}, err
	}
	if err := validate(batch); err != nil {
		return store.Appended{}, err
	}
	if err := s.disk.room(); err != nil {
		return store.Appended{}, mapped("append", err)
	}
	var appended store.Appended
	err := s.apart(ctx, func() (err error) {
		appended, err = s.append(batch)
		return err
	})
	if err != nil {
		return store.Appended{}, mapped("append", err)
	}
	return appended, nil
}

func (s *Store) append(batch []*record.Record) (store.Appended, error) {
	p, _ := s.plans.Get().(*plan)
	if p == nil {
		p = &plan{}
	}
	defer s.plans.Put(p)
	for {
		floors := s.floors.Load()
		p.bulk = s.opts.Bulk
		p.build(batch, floors, s.opts.BucketBits, &s.written)
		done, err := s.commit(p, floors)
		if err != nil {
			return store.Appended{}, err
		}
		if done { // else the floor rose meanwhile
			return store.Appended{Records: len(batch) - p.late, Late: p.late, Known: p.known}, nil
		}
	}
}

// apart runs a write beside its caller, who is let go when the disk turns out to be full or ctx ends: the write then goes on, and nothing is
// promised about it. The caller has entered.
func (s *Store) apart(ctx context.Context, write func() error) error {
	s.using.Lock()
	s.calls++
	s.using.Unlock()
	done := make(chan error, 1)
	go func() {
		defer s.leave()
		done <- write()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.disk.isStuck():
		select {
		case err := <-done:
			return err
		default:
			return store.ErrFull
		}
	}
}

// validate refuses records that are none: a mistake of the caller, never of foreign input.
func validate(batch []*record.Record) error {
	for i, r := range batch {
		ok := false
		switch r.Kind {
		case record.KindRequest:
			ok = r.Request != nil
		case record.KindRevision:
			ok = r.Revision != nil
		case record.KindEnd:
			ok = r.End != nil
		case record.KindKubeEvent:
			ok = r.KubeEvent != nil
		case record.KindGap:
			ok = r.Gap != nil
		case record.KindProgress:
			ok = r.Progress != nil
		case record.KindSpan:
			ok = r.Span != nil
		}
		if !ok {
			return fmt.Errorf("append: %w: record %d of %d has no body of its kind %d", store.ErrInvalid, i, len(batch), r.Kind)
		}
	}
	return nil
}

// commit writes what the plan holds beyond what was written lately, in the order in which the caches learn of it: the log then never holds
// a write without those that it was shortened by. It gives false, having written nothing, if the floors are not those of the plan.
func (s *Store) commit(p *plan, floors *floorSet) (bool, error) {
	s.writing.Lock()
	locked := true
	defer func() {
		if locked {
			s.writing.Unlock()
		}
	}()
	if s.floors.Load() != floors {
		return false, nil
	}
	if s.failed != nil {
		return false, s.failed
	}
	b := s.db.NewBatchWithSize(p.size())
	if err := s.fill(b, p); err != nil {
		return false, errors.Join(err, b.Close())
	}
	if b.Empty() {
		// All of it was written before; but another call's log entry of it may not be on disk yet.
		err := b.Close()
		if err == nil && s.synced() {
			err = s.guard(func() error { return s.db.LogData(nil, lsm.Sync) })
		}
		return true, err
	}
	if err := s.feedAppend(b, p); err != nil {
		return false, errors.Join(err, b.Close())
	}
	if !s.synced() {
		err := s.guard(func() error { return s.db.Apply(b, lsm.NoSync) })
		if err == nil {
			s.noteWritten(p)
		}
		return true, errors.Join(err, s.settle(b, err))
	}
	if err := s.guard(func() error { return s.db.ApplyNoSyncWait(b, lsm.Sync) }); err != nil {
		return false, errors.Join(err, s.settle(b, err))
	}
	s.noteWritten(p) // whoever skips one of these syncs the log behind them
	s.writing.Unlock()
	locked = false
	err := s.guard(b.SyncWait) // on disk from here on
	if err != nil {
		s.fail(err)
		return false, fmt.Errorf("%w: %w", store.ErrFailed, err)
	}
	return true, b.Close()
}

// noteWritten remembers what was applied to the database. The caller holds Store.writing.
func (s *Store) noteWritten(p *plan) {
	s.written.note(p.facts)
	if p.told() {
		s.appends.Add(1)
	}
}

// settle gives a batch back; after an error the caches are emptied, for what they remember may not have been written, and nothing is written any more.
func (s *Store) settle(b *lsm.Batch, err error) error {
	if err == nil {
		return b.Close()
	}
	s.failLocked(err)
	return nil
}

func (s *Store) fail(err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.failLocked(err)
}

// failLocked: the caller holds writing.
func (s *Store) failLocked(err error) {
	s.failed = fmt.Errorf("%w: %w", store.ErrFailed, err)
	s.caches.clear()
	s.written.clear()
}

func (s *Store) synced() bool { return !s.opts.Bulk && !s.opts.NoSync }

// Flush makes everything appended so far durable, whatever the sync policy is.
func (s *Store) Flush(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if err := ctx.Err(); err != nil || s.opts.ReadOnly {
		return err
	}
	return mapped("flush", s.guard(func() error {
		if s.opts.Bulk {
			return s.db.Flush()
		}
		return s.db.LogData(nil, lsm.Sync)
	}))
}

// caches remember what was written lately, so that the same is not written again. Guarded by Store.writing.
type caches struct {
	entries *recent[store.ObjectKey, *entry]
	hours   *recent[hourMark, struct{}]
	seen    *recent[string, byte]
	spans   *recent[spanMark, span]
}

type hourMark struct {
	cluster record.Cluster
	family  byte
	name    nameHash
	hour    hour
}

type spanMark struct {
	cluster record.Cluster
	hour    hour
}

func newCaches() caches {
	return caches{entries: newRecent[store.ObjectKey, *entry](1 << 14), hours: newRecent[hourMark, struct{}](1 << 15), seen: newRecent[string, byte](1 << 12), spans: newRecent[spanMark, span](1 << 10)}
}

func (c *caches) clear() {
	c.entries.clear()
	c.hours.clear()
	c.seen.clear()
	c.spans.clear()
}

// fill turns the plan into merges. The caller holds Store.writing.
func (s *Store) fill(b *lsm.Batch, p *plan) error {
	for _, f := range p.facts {
		if err := b.Merge(f.key, f.value, nil); err != nil {
			return err
		}
	}
	for key, told := range p.entries {
		if err := s.fillEntry(b, key, told); err != nil {
			return err
		}
	}
	for mark := range p.hours {
		if _, ok := s.caches.hours.get(mark); ok {
			continue
		}
		mark.cluster = record.Cluster(strings.Clone(string(mark.cluster))) // what a cache keeps must not hold a source's buffer
		s.caches.hours.put(mark, struct{}{})
		if err := b.Merge(hoursKey(mark.cluster, mark.family, mark.name), appendHours(nil, []hour{mark.hour}), nil); err != nil {
			return err
		}
	}
	for key, bits := range p.seen {
		have, _ := s.caches.seen.get(key)
		if have|bits == have {
			continue
		}
		s.caches.seen.put(key, have|bits)
		if err := b.Merge([]byte(key), []byte{bits}, nil); err != nil {
			return err
		}
	}
	for mark, t := range p.spans {
		have, ok := s.caches.spans.get(mark)
		if ok && have.with(t) == have {
			continue
		}
		if ok {
			t = have.with(t)
		}
		mark.cluster = record.Cluster(strings.Clone(string(mark.cluster)))
		s.caches.spans.put(mark, t)
		if err := b.Merge(hourKey(famSpan, mark.cluster, mark.hour), t.encode(), nil); err != nil {
			return err
		}
	}
	s.touch(p)
	return nil
}

// maxKnownPlaces bounds what the cache remembers of one object's places.
const maxKnownPlaces = 32

func (s *Store) fillEntry(b *lsm.Batch, key store.ObjectKey, told *entry) error {
	known, ok := s.caches.entries.get(key)
	if !ok {
		known = &entry{}
		s.caches.entries.put(store.ObjectKey{Cluster: record.Cluster(strings.Clone(string(key.Cluster))), UID: record.UID(strings.Clone(string(key.UID)))}, known)
	}
	news := told.minus(known)
	if news.mask() == 0 {
		return nil
	}
	news.own()
	known.merge(&news)
	if n := len(known.places); n > maxKnownPlaces {
		known.places = append([]place(nil), known.places[n-maxKnownPlaces/2:]...)
	}
	for _, n := range news.names {
		if err := b.Merge(nameKey(key.Cluster, n, key.UID), nil, nil); err != nil {
			return err
		}
	}
	return b.Merge(uidKey(famCatalogue, key.Cluster, key.UID), encodeEntry(&news), nil)
}

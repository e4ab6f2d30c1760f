package pebble

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"time"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// nanoBounds are a TimeRange in nanoseconds, both ends included.
type nanoBounds struct{ from, to int64 }

func timeBounds(r store.TimeRange) nanoBounds {
	b := nanoBounds{math.MinInt64, math.MaxInt64}
	if !r.From.IsZero() {
		b.from = unixNano(r.From)
	}
	if !r.To.IsZero() {
		b.to = unixNano(r.To) - 1
	}
	return b
}

func (b nanoBounds) contains(nanos int64) bool { return nanos >= b.from && nanos <= b.to }

func (b nanoBounds) touches(h hour) bool {
	return h >= hourOf(b.from) && h <= hourOf(b.to)
}

// Requests implements store.Store. It costs a seek for each hour that holds requests to the name, two with reads.
func (s *Store) Requests(ctx context.Context, q store.RequestScan) iter.Seq2[*record.Record, error] {
	name := hashName(q.Resource.Group, q.Resource.Resource, q.Namespace, q.Name)
	classes := []byte{classWrite}
	if q.Reads {
		classes = append(classes, classRead)
	}
	match := func(r *record.Record) bool {
		return r.Ref.GroupResource() == q.Resource && r.Ref.Namespace == q.Namespace && r.Ref.Name == q.Name
	}
	return stream(ctx, s, "requests", func(r *points, yield func(*record.Record) error) error {
		return byHour(r, q.Cluster, famRequest, name, q.Between, func(h hour, within nanoBounds) error {
			prefixes := make([][]byte, 0, 2)
			for _, class := range classes {
				prefixes = append(prefixes, append(append(hourKey(famRequest, q.Cluster, h), class), name[:]...))
			}
			return hourRecords(r, q.Cluster, h, prefixes, within, match, yield)
		})
	})
}

// Events implements store.Store.
func (s *Store) Events(ctx context.Context, q store.EventScan) iter.Seq2[*record.Record, error] {
	name := hashName("", q.Kind, q.Namespace, q.Name)
	match := func(r *record.Record) bool {
		about := &r.KubeEvent.Regarding
		return about.Kind == q.Kind && about.Namespace == q.Namespace && about.Name == q.Name
	}
	return stream(ctx, s, "events", func(r *points, yield func(*record.Record) error) error {
		return byHour(r, q.Cluster, famEvent, name, q.Between, func(h hour, within nanoBounds) error {
			return hourRecords(r, q.Cluster, h, [][]byte{append(hourKey(famEvent, q.Cluster, h), name[:]...)}, within, match, yield)
		})
	})
}

// byHour calls f for the hours within a range that hold records of a name.
func byHour(r *points, c record.Cluster, family byte, name nameHash, between store.TimeRange, f func(hour, nanoBounds) error) error {
	key := hoursKey(c, family, name)
	v, err := r.get(key)
	if err != nil {
		return err
	}
	hours, err := decodeHours(v)
	if err != nil {
		return damaged(key, err)
	}
	within := timeBounds(between)
	for _, h := range hours {
		if !within.touches(h) {
			continue
		}
		if err := f(h, within); err != nil {
			return err
		}
	}
	return nil
}

// hourRecords yields what lies below the prefixes by rising time. Several prefixes are read whole first: an hour of one name.
func hourRecords(r *points, c record.Cluster, h hour, prefixes [][]byte, within nanoBounds, match func(*record.Record) bool, yield func(*record.Record) error) error {
	var all []*record.Record
	for _, prefix := range prefixes {
		err := r.walk(prefix, keyEnd(prefix), func(it *lsm.Iterator) error {
			tail := it.Key()[len(prefix):]
			if len(tail) != momentLen {
				return badKey(it.Key())
			}
			nanos := moment(h, tail)
			if !within.contains(nanos) {
				return nil
			}
			return timed(it, c, nanos, false, func(rec *record.Record) error {
				switch {
				case !match(rec):
					return nil
				case len(prefixes) > 1:
					all = append(all, rec)
					return nil
				}
				return yield(rec)
			})
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(a, b *record.Record) int { return a.OccurredAt.Compare(b.OccurredAt) })
	for _, rec := range all {
		if err := yield(rec); err != nil {
			return err
		}
	}
	return nil
}

// Request implements store.Store. With the time it costs a few seeks for each name that had requests in that hour; without it reads all
// requests of the cluster.
func (s *Store) Request(ctx context.Context, c record.Cluster, id record.ID, at time.Time) (out *record.Record, err error) {
	err = s.read(ctx, "request", func(r *points) error {
		find := func(rec *record.Record) error {
			if rec.ID() == id {
				out = rec
				return errStop
			}
			return nil
		}
		var err error
		if at.IsZero() {
			p := patience{ctx: ctx}
			err = scan(r, clusterKey(famRequest, c), func(it *lsm.Iterator) error {
				_, nanos, err := cutTimedKey(it.Key())
				if err != nil {
					return err
				}
				return errors.Join(p.check(), timed(it, c, nanos, false, find))
			})
		} else {
			err = requestsAt(ctx, r, c, unixNano(at), find)
		}
		if err != nil && !errors.Is(err, errStop) {
			return err
		}
		if out == nil {
			return store.ErrNotFound
		}
		return nil
	})
	return out, err
}

// requestsAt visits the requests of one moment: within its hour it seeks from name to name.
func requestsAt(ctx context.Context, r *points, c record.Cluster, nanos int64, f func(*record.Record) error) (err error) {
	h := hourOf(nanos)
	prefix := hourKey(famRequest, c, h)
	it, err := r.NewIter(&lsm.IterOptions{LowerBound: prefix, UpperBound: keyEnd(prefix)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	want := appendMoment(nil, nanos)
	p := patience{ctx: ctx}
	groupLen := len(prefix) + 1 + len(nameHash{})
	for ok := it.First(); ok; {
		if len(it.Key()) != groupLen+momentLen {
			return badKey(it.Key())
		}
		if err := p.check(); err != nil {
			return err
		}
		group := bytes.Clone(it.Key()[:groupLen])
		switch bytes.Compare(it.Key()[groupLen:], want) {
		case -1:
			ok = it.SeekGE(append(group, want...))
			continue
		case 0:
			if err := timed(it, c, nanos, false, f); err != nil {
				return err
			}
		}
		ok = it.SeekGE(keyEnd(group))
	}
	return it.Error()
}

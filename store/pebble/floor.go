package pebble

import (
	"errors"
	"maps"
	"slices"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/record"
)

// floorSet tells per cluster what was dropped. It is never changed: Drop puts another in its place.
type floorSet struct {
	clusters map[record.Cluster]clusterFloor
}

// clusterFloor: nothing before at, and in each storage nothing below its resourceVersion, is kept or taken any more. Zero: no floor.
type clusterFloor struct {
	at  int64
	rvs map[record.Storage]record.ResourceVersion
}

// late reports whether r is older than the floor of its cluster.
func (f *floorSet) late(r *record.Record) bool {
	if f == nil || len(f.clusters) == 0 {
		return false
	}
	c, ok := f.clusters[r.Ref.Cluster]
	if !ok {
		return false
	}
	low := c.rvs[record.StorageOf(r.Ref.GroupResource())]
	switch r.Kind {
	case record.KindRequest, record.KindKubeEvent, record.KindSpan:
		return c.before(unixNano(r.OccurredAt))
	case record.KindRevision:
		return r.Revision.RV < low
	case record.KindProgress:
		return r.Progress.RV < low
	case record.KindGap:
		return !r.Gap.Until.IsZero() && c.before(unixNano(r.Gap.Until))
	case record.KindEnd:
		return c.lateEnd(r, low)
	}
	return false
}

func (c clusterFloor) before(nanos int64) bool { return c.at != 0 && nanos < c.at }

// lateEnd: an End is as old as the youngest that it tells.
func (c clusterFloor) lateEnd(r *record.Record, low record.ResourceVersion) bool {
	if rv := endRV(r, readMetadata(r.End.LastBody)); rv != 0 {
		return rv < low
	}
	if len(r.End.Requests) > 0 {
		return !slices.ContainsFunc(r.End.Requests, func(q record.EndRequest) bool {
			return !c.before(max(unixNano(q.At), unixNano(q.StageAt)))
		})
	}
	return r.End.Before != 0 && r.End.Before < low
}

// raised gives a copy of the set with the floor of one cluster raised.
func (f *floorSet) raised(c record.Cluster, by clusterFloor) *floorSet {
	out := &floorSet{clusters: map[record.Cluster]clusterFloor{}}
	if f != nil {
		maps.Copy(out.clusters, f.clusters)
	}
	now := out.clusters[c]
	if by.at != 0 && (now.at == 0 || by.at > now.at) {
		now.at = by.at
	}
	rvs := map[record.Storage]record.ResourceVersion{}
	maps.Copy(rvs, now.rvs)
	for s, rv := range by.rvs {
		rvs[s] = max(rvs[s], rv)
	}
	now.rvs = rvs
	out.clusters[c] = now
	return out
}

func (c clusterFloor) encode() []byte {
	w := writer{[]byte{1}}
	w.int(c.at)
	w.num(uint64(len(c.rvs)))
	for _, s := range slices.Sorted(maps.Keys(c.rvs)) {
		w.strs(string(s))
		w.num(uint64(c.rvs[s]))
	}
	return w.buf
}

func decodeFloor(b []byte) (clusterFloor, error) {
	c := clusterFloor{rvs: map[record.Storage]record.ResourceVersion{}}
	if len(b) == 0 || b[0] != 1 {
		return c, errors.New("floor does not decode")
	}
	r := reader{buf: b[1:]}
	c.at = r.int()
	for range r.count() {
		s := record.Storage(r.str())
		c.rvs[s] = record.ResourceVersion(r.num())
	}
	if r.bad || len(r.buf) > 0 {
		return c, errors.New("floor does not decode")
	}
	return c, nil
}

// loadFloors reads what earlier runs dropped.
func (s *Store) loadFloors() error {
	set := &floorSet{clusters: map[record.Cluster]clusterFloor{}}
	err := scan(s.db, []byte{famFloors}, func(it *lsm.Iterator) error {
		c, _, ok := cutString(it.Key()[1:])
		if !ok {
			return badKey(it.Key())
		}
		f, err := decodeFloor(it.Value())
		if err != nil {
			return damaged(it.Key(), err)
		}
		set.clusters[record.Cluster(c)] = f
		return nil
	})
	s.floors.Store(set)
	return err
}

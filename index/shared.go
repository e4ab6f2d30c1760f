package index

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Shared is what the reading of several lives has in common, so that each is read once: whoever reads many gives one in their Bounds. It
// holds for one question. Not for concurrent use; what several of them may use together, a Fork has too.
type Shared struct {
	readers map[*Clock]*ClockReader
	written map[seenHour]map[record.GroupResource]bool
	common  *common
}

type seenHour struct {
	cluster record.Cluster
	hour    time.Time
}

// NewShared is empty.
func NewShared() *Shared {
	return newShared(&common{collections: map[collectionKey]*collection{}, born: map[collectionKey]*births{}, schemas: map[schemaKey]object.Schema{}})
}

func newShared(c *common) *Shared {
	return &Shared{readers: map[*Clock]*ClockReader{}, written: map[seenHour]map[record.GroupResource]bool{}, common: c}
}

// Fork gives one for another goroutine of the same question.
func (s *Shared) Fork() *Shared { return newShared(s.common) }

// Reader of a clock, for the times of other records of the same question.
func (s *Shared) Reader(c *Clock, st store.Store) *ClockReader { return s.reader(c, st) }

// reader of a clock; nil shares nothing.
func (s *Shared) reader(c *Clock, st store.Store) *ClockReader {
	if s == nil {
		return c.Reader(st)
	}
	r := s.readers[c]
	if r == nil {
		r = c.Reader(st)
		s.readers[c] = r
	}
	return r
}

// writesSeen tells to which resources writes were recorded in an hour.
func (s *Shared) writesSeen(ctx context.Context, st store.Store, cluster record.Cluster, hour time.Time) (map[record.GroupResource]bool, error) {
	key := seenHour{cluster, hour}
	if s != nil && s.written[key] != nil {
		return s.written[key], nil
	}
	out := map[record.GroupResource]bool{}
	for seen, err := range st.Seen(ctx, cluster, store.TimeRange{From: hour, To: hour.Add(time.Hour)}) {
		if err != nil {
			return nil, err
		}
		if seen.Write {
			out[seen.Resource] = true
		}
	}
	if s != nil {
		s.written[key] = out
	}
	return out, nil
}

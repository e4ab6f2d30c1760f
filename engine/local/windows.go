package local

import (
	"context"
	"encoding/binary"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// revisionRanges gives, per storage, the resourceVersions that may have been committed in a window; nil for an open one.
func (e *Engine) revisionRanges(ctx context.Context, c store.ClusterInfo, w query.Window) (map[record.Storage]store.RVRange, error) {
	if w.From.IsZero() && w.To.IsZero() {
		return nil, nil
	}
	out := make(map[record.Storage]store.RVRange, len(c.Storages))
	for _, s := range c.Storages {
		clock, err := e.clocks.Of(ctx, c.Name, s)
		if err != nil {
			return nil, err
		}
		ranges := clock.Range(timeRange(w))
		if len(ranges) == 0 {
			continue
		}
		all := ranges[0]
		for _, r := range ranges[1:] { // of several epochs: one range over all of them
			all.From = min(all.From, r.From)
			if r.To == 0 || all.To == 0 {
				all.To = 0
			} else {
				all.To = max(all.To, r.To)
			}
		}
		out[s] = all
	}
	return out, nil
}

// clockSet tells the times of the records of one cluster.
type clockSet struct {
	readers map[record.Storage]*index.ClockReader
}

func (e *Engine) clockReaders(ctx context.Context, c store.ClusterInfo) (clockSet, error) {
	set := clockSet{readers: map[record.Storage]*index.ClockReader{}}
	for _, s := range c.Storages {
		clock, err := e.clocks.Of(ctx, c.Name, s)
		if err != nil {
			return set, err
		}
		set.readers[s] = clock.Reader(e.st)
	}
	return set, nil
}

// when bounds the moment of a record: its own time, or that of its resourceVersion.
func (c clockSet) when(ctx context.Context, r *record.Record) (index.Interval, error) {
	var rv record.ResourceVersion
	switch r.Kind {
	case record.KindRevision:
		rv = r.Revision.RV
	case record.KindEnd:
		if w := endInterval(r.End); !w.NotAfter.IsZero() {
			return w, nil
		}
		rv = r.End.RV
	case record.KindProgress:
		rv = r.Progress.RV
	default:
		return index.Interval{NotBefore: r.OccurredAt, NotAfter: r.OccurredAt}, nil
	}
	reader := c.readers[record.StorageOf(r.Ref.GroupResource())]
	if reader == nil || rv == 0 {
		return index.Interval{}, nil
	}
	if r.Kind == record.KindRevision {
		return reader.WhenOf(ctx, r)
	}
	return reader.When(ctx, rv)
}

// endInterval is the time of the earliest request that by its answer ended a life.
func endInterval(d *record.End) index.Interval {
	var w index.Interval
	for _, q := range d.Requests {
		if w.NotAfter.IsZero() || q.StageAt.Before(w.NotAfter) {
			w = index.Interval{NotBefore: q.At, NotAfter: q.StageAt}
		}
	}
	return w
}

// rawBytesKey is where an import notes how many bytes it has read.
const rawBytesKey = "import/raw-bytes"

func (e *Engine) rawBytes(ctx context.Context) (int64, error) {
	b, err := e.st.Meta(ctx, rawBytesKey)
	if err != nil || len(b) == 0 {
		return 0, err
	}
	n, _ := binary.Uvarint(b)
	return int64(n), nil
}

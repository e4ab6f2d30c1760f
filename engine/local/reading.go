package local

import (
	"context"
	"slices"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// reading reads several objects within one window for one question. Once its clusters are entered it may be used concurrently.
type reading struct {
	e      *Engine
	window query.Window
	reads  bool
	// counts: who made what when, and what failed, is all that is asked for, not what changed.
	counts bool
	// infos are the clusters, and ranges what was committed in them in the window.
	infos   map[record.Cluster]store.ClusterInfo
	ranges  map[record.Cluster]map[record.Storage]store.RVRange
	watches func() (*watches, error) // those of the only cluster; nil: each life asks for them
}

// enter gets ready to read objects of a cluster.
func (rd *reading) enter(ctx context.Context, c store.ClusterInfo) error {
	if rd.infos == nil {
		rd.infos, rd.ranges = map[record.Cluster]store.ClusterInfo{}, map[record.Cluster]map[record.Storage]store.RVRange{}
	}
	ranges, err := rd.e.revisionRanges(ctx, c, rd.window)
	rd.infos[c.Name], rd.ranges[c.Name] = c, ranges
	return err
}

// quiet reports whether nothing was recorded of an object in the window, as far as keys and heads tell: its life then need not be read.
func (rd *reading) quiet(ctx context.Context, entry *store.Entry) (bool, error) {
	if r, ok := rd.ranges[entry.Ref.Cluster][entry.Storage]; ok && entry.LastRV >= r.From && (r.To == 0 || entry.FirstRV <= r.To) {
		return false, nil
	}
	between := timeRange(rd.window)
	ref := entry.Ref
	requests := store.RequestScan{Cluster: ref.Cluster, Resource: ref.GroupResource(), Namespace: ref.Namespace, Name: ref.Name, Between: between, Reads: rd.reads}
	for _, err := range rd.e.st.Requests(ctx, requests) {
		return false, err
	}
	for _, err := range rd.e.st.Events(ctx, store.EventScan{Cluster: ref.Cluster, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, Between: between}) {
		return false, err
	}
	for _, err := range rd.e.st.Spans(ctx, store.SpanScan{Cluster: ref.Cluster, Resource: ref.GroupResource(), Namespace: ref.Namespace, Name: ref.Name, Between: between}) {
		return false, err
	}
	return true, nil
}

// life reads an object's life, and its history within the window.
func (rd *reading) life(ctx context.Context, entry *store.Entry, shared *index.Shared) (*history, *index.Life, error) {
	t := &target{cluster: entry.Ref.Cluster, info: rd.infos[entry.Ref.Cluster], resource: entry.Ref.GroupResource(), namespace: entry.Ref.Namespace, name: entry.Ref.Name}
	var err error
	if t.lives, err = rd.e.lives(ctx, t); err != nil {
		return nil, nil, err
	}
	t.meant = slices.IndexFunc(t.lives, func(l *store.Entry) bool { return l.Ref.UID == entry.Ref.UID })
	if t.meant < 0 { // known by its UID alone
		t.lives, t.meant = []*store.Entry{entry}, 0
	}
	h := &history{e: rd.e, q: query.History{Window: rd.window, Reads: rd.reads}, target: t, cov: newCoverage(rd.e.limits.Gaps), shared: shared, counts: rd.counts,
		watches: rd.watches}
	life, err := h.readOne(ctx)
	return h, life, err
}

// readOne reads the life that the history's target means, and its entries in the window.
func (h *history) readOne(ctx context.Context) (*index.Life, error) {
	h.known, h.made = map[record.UID]bool{}, map[record.ID]bool{}
	for _, l := range h.target.lives {
		h.known[l.Ref.UID] = true
	}
	life, err := h.e.life(ctx, h.target.entry(), index.Bounds{Reads: h.q.Reads, Events: true, Makers: h.counts, Shared: h.shared})
	if err != nil {
		return nil, err
	}
	h.reused = life.Reused
	if h.got, err = h.received(ctx, life); err != nil {
		return nil, err
	}
	if err := h.addLife(ctx, life, h.got); err != nil {
		return nil, err
	}
	h.loaded = []*index.Life{life}
	if err := h.addOwnStates(ctx); err != nil {
		return nil, err
	}
	if err := h.addSpans(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(h.entries, func(a, b placed) int { return a.compare(&b) })
	h.entries = slices.CompactFunc(h.entries, func(a, b placed) bool {
		return a.entry.ID == b.entry.ID && a.entry.Kind == b.entry.Kind && a.epoch == b.epoch
	})
	return life, nil
}

func (h *history) received(ctx context.Context, life *index.Life) (received, error) {
	if h.watches == nil {
		return h.e.received(ctx, life)
	}
	return receivedBy(life, h.watches)
}

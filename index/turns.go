package index

import (
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// turnsOf gives the moments at which watches saw the resourceVersions of a storage run back. It reads all gaps of the cluster.
func turnsOf(ctx context.Context, st store.Store, key storageKey) ([]join.Turn, error) {
	all, err := turnsIn(ctx, st, key.cluster)
	return all[key.storage], err
}

func turnsIn(ctx context.Context, st store.Store, cluster record.Cluster) (map[record.Storage][]join.Turn, error) {
	windows := map[record.Storage][]join.Turn{}
	for r, err := range st.Gaps(ctx, cluster, store.TimeRange{}) {
		if err != nil {
			return nil, err
		}
		if g := r.Gap; g.Reason == record.GapWatchMissed && g.ToRV != 0 && g.ToRV < g.FromRV && r.Ref.Resource != "" {
			storage := record.StorageOf(r.Ref.GroupResource())
			windows[storage] = append(windows[storage], join.Turn{Begin: r.OccurredAt, Until: g.Until})
		}
	}
	for storage, list := range windows {
		windows[storage] = join.Turns(list)
	}
	return windows, nil
}

// told notes the turns of its storage: where they are others than those that the epochs were made with, the epochs are looked for again.
func (t *track) told(turns []join.Turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(turns) != len(t.turns) || !sameTurns(turns, t.turns) {
		t.turns, t.doubt, t.urged = turns, true, true
	}
}

// owes reports whether watches told of an epoch that there was nothing of when it was looked for: they tell at once, and its first requests
// may come later. With one that began at newest there is. The caller holds mu.
func (t *track) owes(newest time.Time) bool {
	return slices.ContainsFunc(t.turns, func(turn join.Turn) bool {
		return !newest.Before(turn.At) && !slices.ContainsFunc(t.recorded.starts, func(start int64) bool {
			return join.Tells([]join.Turn{turn}, time.Unix(0, start))
		})
	})
}

func sameTurns(a, b []join.Turn) bool {
	for i := range a {
		if !a[i].Begin.Equal(b[i].Begin) || !a[i].At.Equal(b[i].At) || !a[i].Until.Equal(b[i].Until) {
			return false
		}
	}
	return true
}

package local

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Info says what is recorded. How much there is, which takes a scan of the catalogue, is counted again after a rest that is long
// beside the counting: whoever asks often does not keep a large store busy.
func (e *Engine) Info(ctx context.Context) (*engine.Info, error) {
	clusters, err := e.st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	amounts, err := e.amounts.of(ctx, e.st, clusters)
	if err != nil {
		return nil, err
	}
	info := &engine.Info{Version: e.config.Version, Data: e.config.Data, Clusters: []engine.ClusterInfo{}, Disk: amounts.disk}
	for _, c := range clusters {
		out := engine.ClusterInfo{Name: string(c.Name), First: timePtr(c.First), Last: timePtr(c.Last), Epochs: 1, Objects: amounts.objects[c.Name]}
		for _, uid := range c.Incarnations {
			out.Incarnations = append(out.Incarnations, string(uid))
		}
		for _, s := range c.Storages {
			clock, err := e.clocks.Of(ctx, c.Name, s)
			if err != nil {
				return nil, err
			}
			out.Epochs = max(out.Epochs, clock.Epochs())
		}
		info.Clusters = append(info.Clusters, out)
	}
	return info, nil
}

// restAfterCounting is how many times longer than the counting took its result holds.
const restAfterCounting = 20

// amounts is what a store was last found to hold.
type amounts struct {
	disk    int64
	objects map[record.Cluster]int
}

// amountsCache counts for one who asks at a time; others wait for the result, as long as they want to.
type amountsCache struct {
	turn  chan struct{} // holds one while somebody counts; who puts it there may use all below
	last  amounts
	until time.Time // zero: never counted
}

func (c *amountsCache) of(ctx context.Context, st store.Store, clusters []store.ClusterInfo) (amounts, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return amounts{}, ctx.Err()
	}
	began := time.Now()
	if began.Before(c.until) {
		return c.last, nil
	}
	size, err := st.Size(ctx)
	if err != nil {
		return amounts{}, err
	}
	now := amounts{disk: size.Disk, objects: map[record.Cluster]int{}}
	for _, cluster := range clusters {
		if now.objects[cluster.Name], err = census(ctx, st, cluster.Name); err != nil {
			return amounts{}, err
		}
	}
	done := time.Now()
	c.last, c.until = now, done.Add(restAfterCounting*done.Sub(began))
	return now, nil
}

func census(ctx context.Context, st store.Store, c record.Cluster) (int, error) {
	if counting, ok := st.(store.Census); ok {
		return counting.CountObjects(ctx, c)
	}
	n := 0
	for _, err := range st.Objects(ctx, store.ObjectScan{Cluster: c}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

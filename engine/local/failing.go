package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/store"
)

const (
	failingListed = 50  // where the question names no limit
	maxSuspected  = 300 // workloads that one question reads, at least
)

// Failing finds the workloads that failed or were stuck in the window: what runs Pods, and Pods that nobody owns. It costs one look at each
// state of a Pod or of a workload in the window, few of which are decoded, and the life of each workload that shows signs of trouble.
//
// A workload fails while a Pod of it does and it is not as it was asked for, while it says so itself, or when it is on its way for longer than its
// deadline or, at the end of the window, for longer than some seconds. The newest such time is told.
func (e *Engine) Failing(ctx context.Context, q query.Failing) (*engine.Failing, error) {
	asked := e.asked("failing", q)
	if answer, ok := asked.answer().(*engine.Failing); ok {
		return answer, nil
	}
	out, err := e.failing(ctx, q)
	if err == nil && out.Cut == "" {
		asked.keep(out)
	}
	return out, err
}

func (e *Engine) failing(ctx context.Context, q query.Failing) (*engine.Failing, error) {
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(max(q.Limit, 0), failingListed)
	set := &objectSet{e: e, q: query.Set{Cluster: q.Cluster, Namespace: q.Namespace}, w: q.Window, clusters: clusters}
	out := &engine.Failing{Objects: []engine.FailingObject{}}
	out.From, out.To = set.bounds(nil)
	cov := newCoverage(e.limits.Gaps)
	for _, c := range clusters {
		f := &failures{e: e, q: q, info: c, to: out.To.Time(), from: out.From.Time(), deadline: e.deadline(), suspects: map[store.ObjectKey]*suspected{}}
		if err := f.find(ctx); err != nil {
			return nil, err
		}
		list, err := f.judge(ctx, max(maxSuspected, 2*limit))
		if err != nil {
			return nil, err
		}
		out.Objects = append(out.Objects, list...)
		out.Cut = joinCuts(out.Cut, f.cut)
		if err := e.windowGaps(ctx, cov, c, q.Window, nil, q.Namespace); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out.Objects, compareFailing)
	if n := len(out.Objects); n > limit {
		out.Objects = out.Objects[:limit]
		out.Cut = joinCuts(fmt.Sprintf("showing %d of %s", limit, atLeast(n, out.Cut != "")), out.Cut)
	}
	out.Coverage = cov.done(false)
	return out, nil
}

// compareFailing puts what still fails first, then what failed last.
func compareFailing(a, b engine.FailingObject) int {
	return cmp.Or(compareBools(a.Until == 0, b.Until == 0), cmp.Compare(b.Until, a.Until), cmp.Compare(b.Since, a.Since), cmp.Compare(a.Cluster, b.Cluster),
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
}

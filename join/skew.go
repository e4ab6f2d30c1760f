package join

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
)

// Contradiction is how far the updates of one object contradict the order of the resourceVersions that they name, at most; zero where one
// clock explains them. An update that succeeded found the object at the resourceVersion that it names, and one that names a
// greater one had read that before it asked. So for updates p, q of one object and epoch
//
//	p.NamedRV < q.NamedRV  =>  p.received <= q.received
//
// and what breaks it is at least the distance between the clocks of two apiservers. It is a function of the set of requests, and
// rises with it. It needs no answers.
func Contradiction(uid record.UID, epochs []Epoch, requests []*record.Record) time.Duration {
	type update struct {
		epoch int
		rv    record.ResourceVersion
		at    time.Time
	}
	var list []update
	for _, r := range requests {
		if r == nil || r.Request == nil {
			continue
		}
		q := r.Request
		if q.Verb == "update" && q.NamedUID == uid && q.NamedRV != 0 && q.Succeeded() && !q.Options().DryRun {
			list = append(list, update{EpochAt(epochs, r.OccurredAt), q.NamedRV, r.OccurredAt})
		}
	}
	slices.SortFunc(list, func(a, b update) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.rv, b.rv), b.at.Compare(a.at))
	})
	var out time.Duration
	var before, here time.Time // latest beginning of those that name a lesser one; of those that name this one
	for i, u := range list {
		switch {
		case i == 0 || list[i-1].epoch != u.epoch:
			before, here = time.Time{}, time.Time{}
		case list[i-1].rv != u.rv:
			before, here = latest(before, here), time.Time{}
		}
		if !before.IsZero() {
			out = max(out, before.Sub(u.at))
		}
		here = latest(here, u.at)
	}
	return out
}

package join

import (
	"sort"
	"time"

	"github.com/kubewake/kubewake/record"
)

// SiblingsWithin is how far from the object's creation, before and after, the Siblings of an Input reach at least.
const SiblingsWithin = 2 * time.Second

// siblings tells parallel creates without a name apart, as far as that can be done. Each of them, answered with success,
// made exactly one object, and objects got their resourceVersions in the order of the commits. So in a stretch of
// time with as many creates as objects, for create q and the object of rank k by resourceVersion
//
//	|creates that ended before q began| < k <= n - |creates that began after q ended|
func (j *joiner) siblings() {
	if len(j.revs) == 0 || len(j.in.Siblings) == 0 {
		return
	}
	first := j.revs[0]
	if !first.chg.first || len(first.cand) == 0 || first.gap {
		return
	}
	for _, w := range first.cand {
		if !w.nameless || w.doubtful {
			return
		}
		if w.answered() {
			return // its answer tells
		}
	}
	creates, from, to := j.stretch(first.body.created)
	if created := first.body.created; created.Sub(from) > SiblingsWithin || to.Sub(created) > SiblingsWithin {
		return // creates follow each other for so long that not all objects of the time were looked for
	}
	rank, n := j.rank(first.rv, from, to)
	if n != len(creates) {
		first.uneven = true // a create or an object was not recorded: whichever is left may be another's
		return
	}
	first.ranked = first.keep(func(w *write) bool {
		before, after := 0, 0
		for _, o := range creates {
			if o.to.Add(j.in.Skew).Before(w.from) {
				before++
			}
			if o.from.After(w.to.Add(j.in.Skew)) {
				after++
			}
		}
		return before < rank && rank <= n-after
	})
}

// stretch gives the creates without a name around second at whose seconds touch, and the seconds they cover.
func (j *joiner) stretch(at time.Time) (creates []*write, from, to time.Time) {
	var all []*write // by received time
	for _, w := range j.writes {
		if w.act == actCreate && w.nameless && !w.doubtful && !w.to.IsZero() {
			all = append(all, w)
		}
	}
	from, to = at, at
	for i := 0; i < len(all); {
		start, end := all[i].from.Add(-j.in.Skew).Truncate(time.Second), all[i].to.Add(j.in.Skew).Truncate(time.Second)
		k := i + 1
		for k < len(all) && !all[k].from.Add(-j.in.Skew).Truncate(time.Second).After(end) {
			if t := all[k].to.Add(j.in.Skew).Truncate(time.Second); t.After(end) {
				end = t
			}
			k++
		}
		if !at.Before(start) && !at.After(end) {
			return all[i:k], start, end
		}
		i = k
	}
	return nil, from, to
}

// rank is the place of rv among the objects created in the stretch, counted from 1, and their number.
func (j *joiner) rank(rv record.ResourceVersion, from, to time.Time) (rank, n int) {
	rvs := []record.ResourceVersion{rv}
	for _, s := range j.in.Siblings {
		if s.UID != j.in.Ref.UID && !s.CreatedAt.Before(from) && !s.CreatedAt.After(to) {
			rvs = append(rvs, s.RV)
		}
	}
	sort.Slice(rvs, func(a, b int) bool { return rvs[a] < rvs[b] })
	return sort.Search(len(rvs), func(i int) bool { return rvs[i] >= rv }) + 1, len(rvs)
}

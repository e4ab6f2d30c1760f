package join

import (
	"slices"
	"time"
)

// runLength bounds how many neighbouring revisions are counted together.
const runLength = 64

// excludeByCount counts makers: m neighbouring revisions, each made by a write that makes one thing only, have m makers.
// With F the beginnings and T the ends of all their candidates
//
//	c(last of them)  >= the m-th smallest of F
//	c(first of them) <= the m-th greatest of T
//
// so patches one after the other in the same second are told apart where there are as many as revisions.
func (j *joiner) excludeByCount(all []*rev) bool {
	changed := false
	for i := range all {
		if len(all[i].cand) > 1 {
			changed = j.countUp(all, i) || changed
			changed = j.countDown(all, i) || changed
		}
	}
	return changed
}

func countable(r *rev) bool {
	return len(r.cand) > 0 && !slices.ContainsFunc(r.cand, func(w *write) bool { return !w.once() })
}

// countUp bounds all[i] from below by the revisions before it.
func (j *joiner) countUp(all []*rev, i int) bool {
	seen := map[*write]bool{}
	var from []time.Time
	changed := false
	m := 0
	for k := i; k >= 0 && i-k < runLength; k-- {
		r := all[k]
		if k < i && all[k+1].prev == nil {
			break // another epoch
		}
		if countable(r) {
			m++
			for _, w := range r.cand {
				if !seen[w] {
					seen[w] = true
					from = append(from, w.from)
				}
			}
		}
		if m > len(from) {
			break // fewer candidates than revisions: something was not recorded
		}
		if m == 0 {
			continue
		}
		slices.SortFunc(from, time.Time.Compare)
		bound := Interval{NotBefore: from[m-1].Add(-j.in.Skew)}
		changed = all[i].keep(func(w *write) bool { return w.fits(bound, j.in.Skew) }) || changed
		if len(all[i].cand) == 1 || !countable(all[i]) {
			break
		}
	}
	return changed
}

// countDown bounds all[i] from above by the revisions behind it.
func (j *joiner) countDown(all []*rev, i int) bool {
	seen := map[*write]bool{}
	var to []time.Time
	changed := false
	m := 0
	for k := i; k < len(all) && k-i < runLength; k++ {
		r := all[k]
		if k > i && r.prev == nil {
			break
		}
		if countable(r) {
			m++
			for _, w := range r.cand {
				if w.to.IsZero() {
					return changed
				}
				if !seen[w] {
					seen[w] = true
					to = append(to, w.to)
				}
			}
		}
		if m > len(to) {
			break
		}
		if m == 0 {
			continue
		}
		slices.SortFunc(to, time.Time.Compare)
		bound := Interval{NotAfter: to[len(to)-m].Add(j.in.Skew)}
		changed = all[i].keep(func(w *write) bool { return w.fits(bound, j.in.Skew) }) || changed
		if len(all[i].cand) == 1 || !countable(all[i]) {
			break
		}
	}
	return changed
}

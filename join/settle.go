package join

import (
	"slices"
	"time"
)

// settle excludes candidates until nothing changes any more: what is proven excludes all else, ownership of fields
// excludes who owns nothing of the change, a write that is the only one for one revision is none for another, and
// revisions are committed in order. A step never leaves a revision without candidates: where it would, something was not
// recorded, and the rule is not used.
func (j *joiner) settle() {
	all := j.all()
	for _, r := range all {
		j.keepProven(r)
	}
	for _, r := range all {
		j.keepOwners(r)
	}
	// Each round removes a candidate, so the loop ends; the bound is for its cost.
	for range 50 {
		changed := j.tieEnd()
		changed = j.excludeUsed(all) || changed
		changed = j.excludeByOrder(all) || changed
		changed = j.excludeByCount(all) || changed
		if !changed {
			return
		}
	}
}

// keep replaces the candidates unless that would leave none.
func (r *rev) keep(ok func(*write) bool) bool {
	kept := make([]*write, 0, len(r.cand))
	for _, w := range r.cand {
		if ok(w) {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 || len(kept) == len(r.cand) {
		return false
	}
	r.cand = kept
	return true
}

func (j *joiner) keepProven(r *rev) {
	if r.isEnd {
		if proven := j.endProven(); len(proven) > 0 {
			r.keep(func(w *write) bool { return slices.Contains(proven, w) })
		}
		return
	}
	r.keep(func(w *write) bool { return j.proves(w, r) })
}

// keepOwners drops updates and patches that own nothing of what was set, where another owns all of it.
func (j *joiner) keepOwners(r *rev) {
	if len(r.cand) < 2 || r.isEnd || !r.chg.known || r.chg.unmanaged || r.chg.deleting {
		return
	}
	claims := make(map[*write]claim, len(r.cand))
	whole := false
	for _, w := range r.cand {
		claims[w] = j.claimOf(w, r)
		whole = whole || claims[w] == claimAll
	}
	if whole {
		r.keep(func(w *write) bool { return claims[w] != claimNone })
	}
}

func (j *joiner) claimOf(w *write, r *rev) claim {
	if w.act != actUpdate && w.act != actPatch {
		return claimOpen
	}
	best, found := claimNone, false
	for i := range r.body.managed {
		if m := &r.body.managed[i]; w.owns(m) {
			found = true
			best = max(best, ownership(&r.prev.body, &r.body, r.chg.sections, m))
		}
	}
	if !found && w.manager == "" {
		return claimOpen
	}
	return best
}

// tieEnd: where the last revision and the end are one delete's work, they have the same candidates. A delete that marks nothing may have
// removed at once what another one had just marked: where there is such a one, nothing is tied.
func (j *joiner) tieEnd() bool {
	if !j.sameDelete() || slices.ContainsFunc(j.end.cand, func(w *write) bool { return w.removes() && w.gentle() && !contains(j.end.prev.cand, w) }) {
		return false
	}
	last := j.end.prev
	changed := j.end.keep(func(w *write) bool { return slices.Contains(last.cand, w) })
	return last.keep(func(w *write) bool { return slices.Contains(j.end.cand, w) }) || changed
}

// excludeUsed: a write that can make one thing only, and is the only candidate for something, made nothing else.
func (j *joiner) excludeUsed(all []*rev) bool {
	used := map[*write]*rev{}
	for _, r := range all {
		if len(r.cand) == 1 && r.cand[0].once() && used[r.cand[0]] == nil {
			used[r.cand[0]] = r
		}
	}
	changed := false
	for _, r := range all {
		if len(r.cand) > 1 {
			changed = r.keep(func(w *write) bool { return used[w] == nil || used[w] == r }) || changed
		}
	}
	return changed
}

// excludeByOrder: r is committed after everything before it and before everything behind it, each within the window of
// one of its candidates.
func (j *joiner) excludeByOrder(all []*rev) bool {
	tight := j.tight(all)
	changed := false
	for i, r := range all {
		changed = r.keep(func(w *write) bool { return w.fits(tight[i], j.in.Skew) }) || changed
	}
	return changed
}

// tight gives the intervals that hold if one of its candidates made each revision.
func (j *joiner) tight(all []*rev) []Interval {
	tight := make([]Interval, len(all))
	for i, r := range all {
		tight[i] = r.when.And(windowOf(r.cand, j.in.Skew))
		if i > 0 && r.prev != nil {
			tight[i] = tight[i].And(Interval{NotBefore: tight[i-1].NotBefore})
		}
	}
	for i := len(all) - 2; i >= 0; i-- {
		if all[i+1].prev != nil {
			tight[i] = tight[i].And(Interval{NotAfter: tight[i+1].NotAfter})
		}
	}
	return tight
}

// windowOf spans the windows of all candidates; nothing is known where there are none.
func windowOf(cand []*write, skew time.Duration) Interval {
	if len(cand) == 0 {
		return Interval{}
	}
	out := Interval{NotBefore: cand[0].from, NotAfter: cand[0].to}
	for _, w := range cand[1:] {
		if w.from.Before(out.NotBefore) {
			out.NotBefore = w.from
		}
		if w.to.IsZero() || out.NotAfter.IsZero() {
			out.NotAfter = time.Time{}
		} else if w.to.After(out.NotAfter) {
			out.NotAfter = w.to
		}
	}
	for _, w := range cand {
		if w.to.IsZero() {
			out.NotAfter = time.Time{}
		}
	}
	if !out.NotAfter.IsZero() {
		out.NotAfter = out.NotAfter.Add(skew)
	}
	out.NotBefore = out.NotBefore.Add(-skew)
	return out
}

package join

import (
	"sort"

	"github.com/kubewake/kubewake/record"
)

// gather fills the candidates of every revision and of the end: each recorded write that no rule excludes.
func (j *joiner) gather() {
	byRV := make(map[record.ResourceVersion]*rev, len(j.revs))
	for _, r := range j.revs {
		byRV[r.rv] = r
	}
	for _, w := range j.writes {
		from, to := j.span(w)
		if w.answered() && !w.removes() {
			// What it made, if anything, is the state it answered.
			if r := byRV[w.q.AnswerRV]; r != nil && j.canMake(w, r) {
				r.cand = append(r.cand, w)
			}
			from = to
		}
		for _, r := range j.revs[from:to] {
			if j.canMake(w, r) {
				r.cand = append(r.cand, w)
			}
		}
		if j.end != nil && j.canEnd(w) {
			j.end.cand = append(j.end.cand, w)
		}
	}
	j.gatherAlong()
}

// span is the range of revisions that w can have made, by lock and by time.
func (j *joiner) span(w *write) (from, to int) {
	if w.act == actUpdate && w.q.NamedRV != 0 && j.oneEpoch {
		i := sort.Search(len(j.revs), func(i int) bool { return j.revs[i].rv > w.q.NamedRV })
		return i, min(i+1, len(j.revs))
	}
	if !j.oneEpoch {
		return 0, len(j.revs)
	}
	from = sort.Search(len(j.revs), func(i int) bool {
		t := j.revs[i].when.NotAfter
		return t.IsZero() || !t.Before(w.from.Add(-j.in.Skew))
	})
	to = len(j.revs)
	if !w.to.IsZero() {
		to = sort.Search(len(j.revs), func(i int) bool { return j.revs[i].when.NotBefore.After(w.to.Add(j.in.Skew)) })
	}
	return from, max(from, to)
}

// canMake reports whether no rule excludes that w made r.
func (j *joiner) canMake(w *write, r *rev) bool {
	if !w.fits(r.when, j.in.Skew) {
		return false
	}
	switch {
	case w.answered() && !w.removes():
		if w.q.AnswerRV != r.rv || w.q.AnswerEnds {
			return false
		}
	case w.answered() && !w.q.AnswerEnds && w.q.AnswerRV != r.rv:
		return false
	case w.answered() && w.q.AnswerEnds && w.q.AnswerRV < r.rv:
		return false
	}
	if w.act == actUpdate && w.q.NamedRV != 0 && !w.creates() && j.oneEpoch && (w.q.NamedRV < r.prevRV() || w.q.NamedRV >= r.rv) {
		return false
	}
	if it := itemOf(w.q, j.in.Ref.UID); it != nil && it.RV >= r.rv {
		return false // the state it found is this one or a later one
	}
	if r.prev == nil {
		return j.canMakeFirst(w, r)
	}
	if w.creates() || !r.chg.known {
		return !w.creates()
	}
	return j.fitsChange(w, &r.chg) && j.fitsManaged(w, r)
}

// canMakeFirst: the first recorded revision is either the one that a create made, or one from before the recording, of
// which only an answer or a lock proves anything.
func (j *joiner) canMakeFirst(w *write, r *rev) bool {
	if !w.mayCreate() {
		proven := w.answered() && w.q.AnswerRV == r.rv || w.act == actUpdate && w.q.NamedRV != 0 && w.q.NamedRV < r.rv
		return proven && !r.chg.first
	}
	if w.answered() && w.creates() {
		return w.q.AnswerRV == r.rv
	}
	if !r.chg.first || !w.fitsSecond(r.body.created, j.in.Skew) {
		return false
	}
	if w.nameless && !r.body.generated {
		return false
	}
	return j.fitsManaged(w, r)
}

// fitsChange holds what is known of verbs and subresources against what changed. It relies on r being exactly one
// write after its predecessor.
func (j *joiner) fitsChange(w *write, c *change) bool {
	if w.act == actOther {
		return true
	}
	if c.deleting {
		if !c.deletingNew && w.gentle() {
			return false
		}
		return w.removes() && c.nothingButDeletion(j.resource) && w.fitsSecond(c.deletedAt, j.in.Skew)
	}
	if c.nodeName && j.resource == "pods" {
		return w.act == actBind
	}
	switch w.act {
	case actBind:
		return c.nodeName
	case actEvict: // its condition
		return c.status && !c.spec && !c.other && !c.finalizers && len(c.written) == 0
	case actDelete, actDeleteCollection: // foreground or orphan on an object already marked
		return c.finalizers && c.collector && c.nothingButDeletion(j.resource) && !c.status
	}
	switch w.sub {
	case "status":
		return !c.spec && !c.other
	case "scale":
		return !c.status && !c.other && !c.meta && !c.finalizers
	case "finalize":
		return !c.other && !(c.status && !c.spec)
	case "":
		if j.hasSub && c.status && !c.spec && !c.other && !c.meta && !c.finalizers {
			return false
		}
	}
	return true
}

// fitsManaged holds the managedFields entry that is new against the request's manager, operation, subresource and time.
func (j *joiner) fitsManaged(w *write, r *rev) bool {
	if len(r.chg.written) == 0 {
		return true
	}
	if w.removes() || w.act == actBind {
		return false
	}
	for i := range r.chg.written {
		if j.wrote(w, &r.chg.written[i]) {
			return true
		}
	}
	return false
}

// wrote reports whether w can have written a managedFields entry.
func (j *joiner) wrote(w *write, m *managedEntry) bool {
	if m.manager == "before-first-apply" {
		return true
	}
	return w.owns(m) && w.fitsSecond(m.time, j.in.Skew)
}

// owns reports whether an entry is the one of w's manager.
func (w *write) owns(m *managedEntry) bool {
	if w.manager != "" && m.manager != w.manager {
		return false
	}
	if m.operation == "Apply" && w.act != actPatch {
		return false
	}
	return m.subresource == w.sub || w.act == actOther
}

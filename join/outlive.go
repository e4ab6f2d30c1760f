package join

import (
	"fmt"
	"time"
)

// outlives: a write that succeeded on the object found it there, so the end was committed after it began. At level Metadata a request tells only a name: it is about this object unless another
// create of that name began before it ended.
func (j *joiner) outlives() {
	if len(j.revs) == 0 || j.end == nil || !j.oneEpoch {
		return
	}
	var others []*write // creates of the name that made another object, or may have
	for _, w := range j.writes {
		if w.mayCreate() && !w.nameless && !contains(j.revs[0].cand, w) {
			others = append(others, w)
		}
	}
	for _, w := range j.writes {
		if w.doubtful || w.nameless || w.act == actOther || w.creates() || !j.isAbout(w, others) {
			continue
		}
		j.end.when = j.end.when.And(Interval{NotBefore: w.from.Add(-j.in.Skew)})
	}
	j.monotonous()
}

// isAbout reports whether w certainly was about this object and no other of its name.
func (j *joiner) isAbout(w *write, others []*write) bool {
	uid := j.in.Ref.UID
	if w.q.AnswerUID == uid || w.q.NamedUID == uid {
		return true
	}
	if !j.revs[0].chg.first {
		return false // what was there before the recording is not known
	}
	if !j.sawIt(w.from) {
		return false // an earlier object of that name may have been meant
	}
	for _, o := range others {
		if w.to.IsZero() || !o.from.Add(-j.in.Skew).After(w.to) {
			return false
		}
	}
	return true
}

// sawIt reports whether what began at a moment came after the first recorded state was committed.
func (j *joiner) sawIt(at time.Time) bool {
	first := j.revs[0]
	made := first.when.And(windowOf(first.cand, j.in.Skew)).NotAfter
	return !made.IsZero() && !at.Add(-j.in.Skew).Before(made)
}

// gone: a write that was refused because there was no object of the name, and began when this one had been there, tells that the end was
// committed before it was answered.
func (j *joiner) gone() {
	if len(j.revs) == 0 || j.end == nil || !j.oneEpoch {
		return
	}
	missing := fmt.Sprintf("%s %q not found", j.in.Ref.GroupResource(), j.in.Ref.Name)
	for _, r := range j.in.Requests {
		if r == nil || r.Request == nil || r.Request.IsRead() {
			continue // reads are not always among the requests, and no answer may hang on that
		}
		if q := r.Request; q.Code == 404 && q.Message == missing && !q.StageAt.IsZero() && j.sawIt(r.OccurredAt) {
			j.end.when = j.end.when.And(Interval{NotAfter: q.StageAt.Add(j.in.Skew)})
		}
	}
	j.monotonous()
}

func contains(list []*write, w *write) bool {
	for _, o := range list {
		if o == w {
			return true
		}
	}
	return false
}

package join

import "slices"

// canEnd reports whether no rule excludes that w ended the object.
func (j *joiner) canEnd(w *write) bool {
	e := j.end
	if w.creates() || w.act == actBind || w.act == actOther || !w.fits(e.when, j.in.Skew) {
		return false
	}
	if w.q.AnswerEnds && w.q.AnswerUID == j.in.Ref.UID {
		return e.rv == 0 || w.q.AnswerRV <= e.rv
	}
	if w.answered() {
		return false // it answered a state that goes on
	}
	if w.act == actUpdate && w.q.NamedRV != 0 && j.oneEpoch && w.q.NamedRV < e.prevRV() {
		return false
	}
	if it := itemOf(w.q, j.in.Ref.UID); it != nil && e.rv != 0 && it.RV >= e.rv {
		return false
	}
	if e.prev == nil || !e.prev.body.known || e.gap {
		return true
	}
	last := &e.prev.body
	if w.removes() && e.watched && e.prev.watched {
		// What a delete changes before it deletes, finalizers and grace period, it stores first.
		return len(last.finalizer) == 0 && last.grace == 0 && !(j.resource == "namespaces" && j.specFinalizers())
	}
	if w.removes() {
		return !held(last.finalizer) && !(j.resource == "namespaces" && j.specFinalizers())
	}
	if last.deletion.IsZero() {
		return false // a write ends only what is marked for deletion
	}
	if j.resource == "namespaces" && len(last.finalizer) == 0 {
		return w.sub == "finalize"
	}
	return len(last.finalizer) > 0
}

// held reports whether a finalizer holds the object that a delete does not take away itself.
func held(finalizers []string) bool {
	return slices.ContainsFunc(finalizers, func(f string) bool { return !isCollectors(f) })
}

func (j *joiner) specFinalizers() bool {
	spec, ok := members(find(j.end.prev.body.top, "spec"))
	return ok && len(find(spec, "finalizers")) > 2
}

// endProven lists the candidates whose answer alone says that they ended the object. A deletecollection's
// answer tells it of the state that it found, so it counts only if that is the last one.
func (j *joiner) endProven() []*write {
	var proven []*write
	for _, w := range j.end.cand {
		if w.q.AnswerEnds && w.q.AnswerUID == j.in.Ref.UID {
			if w.answered() && w.removes() && j.end.rv != 0 && w.q.AnswerRV == j.end.rv {
				return []*write{w} // it answered the resourceVersion of the deletion itself
			}
			proven = append(proven, w)
		}
	}
	if len(proven) > 0 {
		return proven
	}
	for _, w := range j.end.cand {
		if it := itemOf(w.q, j.in.Ref.UID); it != nil && it.Ends && (j.end.prev == nil || it.RV == j.end.prev.rv) {
			proven = append(proven, w)
		}
	}
	return proven
}

// sameDelete: a delete with grace 0 stores the grace period, then deletes. Where no other resourceVersion of the storage
// lies between, the last revision and the end are one request's work.
func (j *joiner) sameDelete() bool {
	e := j.end
	if e == nil || e.prev == nil || e.gap || e.rv != e.prev.rv+1 {
		return false
	}
	last := e.prev
	return last.chg.known && last.chg.deleting && last.body.hasGrace && last.body.grace == 0 && len(last.body.finalizer) == 0
}

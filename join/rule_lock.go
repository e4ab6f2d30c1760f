package join

import "fmt"

// byLock says why the optimistic lock shows that w made r, if r has no other candidate: w named the revision
// directly before r, that one was recorded, and nothing was lost between.
func (j *joiner) byLock(w *write, r *rev) (string, bool) {
	if w.act != actUpdate || w.doubtful || w.q.NamedRV == 0 || r.gap || w.q.NamedRV != r.prevRV() {
		return "", false
	}
	if w.q.NamedUID != j.in.Ref.UID && w.q.AnswerUID != j.in.Ref.UID {
		return "", false
	}
	if r.isEnd {
		return fmt.Sprintf("The update named resourceVersion %d, the last one, and no other recorded write can have ended the object.", w.q.NamedRV), true
	}
	if !r.watched || !r.prev.watched {
		return "", false // what lies between may not have been seen
	}
	return fmt.Sprintf("The update named resourceVersion %d, which this one replaced, and no other recorded write lies between.", w.q.NamedRV), true
}

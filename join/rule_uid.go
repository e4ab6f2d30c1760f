package join

// byUID says why a UID shows that w made r, if r has no other candidate: in a delete's Status, in a binding, or in
// the items of a deletecollection.
func (j *joiner) byUID(w *write, r *rev) (string, bool) {
	uid := j.in.Ref.UID
	if w.doubtful {
		return "", false
	}
	if r.isEnd && w.act == actDelete && w.q.AnswerEnds && w.q.AnswerUID == uid {
		return "The delete was answered with success and the UID of the object.", true
	}
	if w.act == actBind && w.q.NamedUID == uid && r.chg.nodeName {
		return "The binding named the UID of the Pod, and this revision sets spec.nodeName.", true
	}
	found := r.prevRV()
	if r.isEnd && j.sameDelete() {
		found = r.prev.prevRV() // the last revision is this request's work as well
	}
	if it := itemOf(w.q, uid); it != nil && it.RV == found && (r.isEnd || r.chg.deleting) {
		return "The deletecollection answered with the object as it was before, and no other recorded request can have deleted it.", true
	}
	if w.act == actDelete && r.chg.deleting && w.q.AnswerEnds && w.q.AnswerUID == uid && j.end != nil && j.end.prev == r && j.sameDelete() {
		return "The delete ended the object, and this revision stores its grace period of 0 just before.", true
	}
	return "", false
}

package join

import "fmt"

// proves reports whether w alone proves that it made r: a create answered with r's resourceVersion, or an update
// answered with a greater resourceVersion than it named.
func (j *joiner) proves(w *write, r *rev) bool {
	if !w.answered() || w.doubtful || w.q.AnswerUID != j.in.Ref.UID || w.q.AnswerRV != r.rv || w.q.AnswerEnds {
		return false
	}
	return w.creates() || w.act == actUpdate && w.q.NamedRV != 0 && w.q.NamedRV < r.rv
}

// byAnswer says why the answer of w shows that it made r, if r has no other candidate.
func (j *joiner) byAnswer(w *write, r *rev) (string, bool) {
	if !w.answered() || w.q.AnswerUID != j.in.Ref.UID || w.doubtful {
		return "", false
	}
	switch {
	case w.q.AnswerRV == r.rv && j.proves(w, r) && w.creates():
		return fmt.Sprintf("The create answered UID and resourceVersion %d.", r.rv), true
	case w.q.AnswerRV == r.rv && j.proves(w, r):
		return fmt.Sprintf("The update named resourceVersion %d and answered %d.", w.q.NamedRV, r.rv), true
	case w.q.AnswerRV == r.rv && !w.q.AnswerEnds:
		return fmt.Sprintf("The %s answered UID and resourceVersion %d, and no other recorded request can have made it.", w.q.Verb, r.rv), true
	case r.isEnd && w.q.AnswerEnds && w.q.AnswerRV == r.rv:
		return fmt.Sprintf("The delete answered the resourceVersion of the deletion, %d.", r.rv), true
	case r.isEnd && w.q.AnswerEnds && !w.removes():
		return "The answer is marked for deletion and has no finalizer left: the request ended the object.", true
	case r.isEnd && w.q.AnswerEnds:
		return "The delete answered the object with nothing left to hold it: the request ended it.", true
	}
	return "", false
}

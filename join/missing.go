package join

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/record"
)

// LossKind says what was lost.
type LossKind string

// The kinds of loss.
const (
	MissingRevision LossKind = "missing-revision"
	MissingRequest  LossKind = "missing-request"
)

// Loss is a fact that was not recorded although the records show that there was one. A MissingRequest is meant under
// the condition that the audit log covers writes to the resource: whether it does, the caller knows.
type Loss struct {
	Kind LossKind
	// FromRV and ToRV bound it: a missing revision lies between them (equal: it is that one), a missing request made ToRV.
	FromRV, ToRV record.ResourceVersion
	Request      record.ID // of the request that names it; zero where none does
	Sentence     string
}

func (j *joiner) lose(kind LossKind, from, to record.ResourceVersion, w *write, format string, args ...any) {
	l := Loss{Kind: kind, FromRV: from, ToRV: to, Sentence: fmt.Sprintf(format, args...)}
	if w != nil {
		l.Request = w.id
	}
	j.out.Losses = append(j.out.Losses, l)
}

// losses adds what the makers show: revisions without one, requests without what they made.
func (j *joiner) losses(claimed map[*write]int) {
	for i, r := range j.all() {
		switch {
		case i == 0 && !r.isEnd && !r.chg.first && len(r.cand) == 0:
			if j.in.CreatedInRecording {
				j.lose(MissingRevision, 0, r.rv, nil, "The object was created within the recording, but its first recorded state is not the one of its creation.")
			}
		case len(r.cand) == 0:
			j.lose(MissingRequest, r.prevRV(), r.rv, nil, "No recorded request can have made %s.", r.what())
		case len(r.cand) == 1 && claimed[r.cand[0]] > 1 && !j.proves(r.cand[0], r):
			j.lose(MissingRequest, r.prevRV(), r.rv, r.cand[0], "The only request that can have made %s is the only one for another state too.", r.what())
		case r.uneven:
			j.lose(MissingRequest, r.prevRV(), r.rv, nil, "Creates without a name and the objects created in that time differ in number.")
		}
	}
	j.unanswered()
	j.lastState()
	slices.SortFunc(j.out.Losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.ToRV, b.ToRV), cmp.Compare(a.FromRV, b.FromRV), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Sentence, b.Sentence), slices.Compare(a.Request[:], b.Request[:]))
	})
	j.out.Losses = slices.Compact(j.out.Losses)
}

// what names a revision or the end in a sentence.
func (r *rev) what() string {
	if r.isEnd {
		return "the end of the object"
	}
	return fmt.Sprintf("resourceVersion %d", r.rv)
}

// unanswered finds requests that made a state which was not recorded.
func (j *joiner) unanswered() {
	used := map[*write]bool{}
	known := map[record.ResourceVersion]bool{}
	for _, r := range j.all() {
		known[r.rv] = true
		for _, w := range r.cand {
			used[w] = true
		}
	}
	for _, w := range j.writes {
		switch {
		case w.doubtful || used[w]:
		case w.answered() && !w.q.AnswerEnds && !known[w.q.AnswerRV]:
			j.lose(MissingRevision, w.q.AnswerRV, w.q.AnswerRV, w, "The %s answered resourceVersion %d, which was not recorded.", w.q.Verb, w.q.AnswerRV)
		case w.act == actBind && w.q.NamedUID == j.in.Ref.UID && len(j.revs) > 0 && j.revs[0].chg.first:
			j.lose(MissingRevision, j.revs[0].rv, 0, w, "The Pod was bound to a node, and no recorded state sets spec.nodeName.")
		case w.q.AnswerEnds && w.q.AnswerUID == j.in.Ref.UID && j.end == nil:
			j.lose(MissingRevision, 0, 0, w, "The request ended the object, and its end was not recorded.")
		}
	}
}

// lastState holds the state that a DELETED event carried against the last recorded one: they differ in nothing but the
// resourceVersion.
func (j *joiner) lastState() {
	if j.end == nil || j.end.prev == nil || !j.end.prev.body.known || !j.end.watched || j.end.rv == 0 {
		return
	}
	raw := j.in.End.End.LastBody
	last := readBody(&record.Record{Revision: &record.Revision{Body: raw}})
	if !last.known || !carries(raw, j.end.rv) {
		return
	}
	c := compare(&j.end.prev.body, &last)
	if c.deleting || c.generation || c.spec || c.status || c.other || c.meta || len(c.written) > 0 {
		j.lose(MissingRevision, j.end.prev.rv, j.end.rv, nil, "The state at the end differs from the last recorded one: a state between was not recorded.")
	}
}

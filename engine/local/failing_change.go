package local

import (
	"context"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/timeline"
)

// A Pod runs the template that its workload had when it was made, so the change that led to its failure lies before it was made, and left that
// template behind. Both are facts of the records: resourceVersions of one storage are in order, whatever the clocks say. Somebody wrongly named is worse than
// nobody, so no change is told where this does not decide.

// origin tells of which spec of its workload a Pod is.
type origin struct {
	first    record.ResourceVersion // from which on it was there
	created  time.Time              // whole seconds
	replicas store.ObjectKey        // what owns it
	body     *object.Value          // one of its states
}

// culprit is the part of a failure that its text is about, and shows it first.
func culprit(parts []spell, pods *failedPod) spell {
	out := parts[0]
	if pods == nil {
		return out
	}
	found := false
	for _, s := range parts {
		if s.pod == nil || s.pod.image != pods.image || s.origin == nil {
			continue
		}
		if !found || s.origin.first < out.origin.first {
			out, found = s, true
		}
	}
	return out
}

// change tells of the change of what was asked for that led to a failure; nil where that can not be decided.
func (t *trial) change(ctx context.Context, w *watched, s spell) (*engine.Mark, error) {
	if s.origin == nil {
		return w.mark(w.asked(func(i int) bool { return i <= s.state && w.observed(i, s.state) }, nil)), nil
	}
	clock, err := t.f.e.clocks.Of(ctx, t.f.info.Name, record.MainStorage)
	if err != nil {
		return nil, err
	}
	before := func(i int) bool {
		when := w.life.When[i]
		if !s.origin.created.IsZero() && !when.NotBefore.Before(s.origin.created.Add(time.Second)) {
			return false
		}
		if clock.Epochs() == 1 {
			return w.life.States[i].RV < s.origin.first
		}
		return !when.NotAfter.IsZero() && !when.NotAfter.After(s.early)
	}
	template, err := t.template(ctx, s.origin.replicas)
	if err != nil {
		return nil, err
	}
	same := func(i int) bool { return templateKey(w.life.States[i].Value) == template }
	if template == "" || !w.some(same) {
		same = func(i int) bool { return runsImages(s.origin.body, w.life.States[i].Value) }
		if template == "" && !w.some(same) { // what admits Pods may give them other images
			same = nil
		}
	}
	return w.mark(w.asked(before, same)), nil
}

func (w *watched) some(is func(i int) bool) bool {
	for i := range w.life.States {
		if is(i) {
			return true
		}
	}
	return false
}

// asked finds the last state that a change of what was asked for made, of those that are meant and left the same template behind; -1 where there is
// none, or where what lies between is not known.
func (w *watched) asked(meant, same func(i int) bool) int {
	for i := len(w.life.States) - 1; i >= 0; i-- {
		asked, known := w.asks(i)
		switch {
		case !asked || !meant(i):
		case !known:
			return -1
		case same == nil || same(i):
			return i
		}
	}
	return -1
}

// asks reports whether a change of what was asked for made a state, and whether all is known of it: that no other one was lost before it.
func (w *watched) asks(i int) (asked, known bool) {
	if i == 0 {
		return w.life.Entry.Created || w.life.BeginsWithCreate(), w.life.States[0].Value != nil
	}
	now, before := w.generation(i), w.generation(i-1)
	if now == before {
		return false, true
	}
	m := w.life.Makers[i]
	return true, now == before+1 && w.life.States[i].Partial != record.PartialMoved && (m.Request == nil || m.Request.Ref.Subresource != "status")
}

func (w *watched) generation(i int) int64 {
	return numberAt(w.life.States[i].Value, "metadata", "generation")
}

// observed reports whether the controller had seen a change when it wrote the state that tells of a failure.
func (w *watched) observed(change, state int) bool {
	seen := numberAt(w.life.States[state].Value, "status", "observedGeneration")
	return seen == 0 || w.status[state].Class != timeline.Bad || w.generation(change) <= seen
}

// template is the template that Pods of a ReplicaSet are made by, in a form to compare; empty where it is not recorded.
func (t *trial) template(ctx context.Context, key store.ObjectKey) (string, error) {
	if key.UID == "" {
		return "", nil
	}
	entry, err := t.f.e.st.Object(ctx, key)
	if isNotFound(err) {
		return "", nil
	}
	if err != nil || entry.Ref.Kind != "ReplicaSet" {
		return "", err
	}
	for r, err := range t.f.e.st.Revisions(ctx, key, store.RVRange{}) {
		if err != nil {
			return "", err
		}
		if !whole(r) {
			continue
		}
		if v, err := object.Parse(r.Revision.Body); err == nil {
			return templateKey(v), nil // it never changes
		}
	}
	return "", nil
}

// templateKey is what a workload's template says, but for what its controller adds; empty without one.
func templateKey(v *object.Value) string {
	template := v.Get("spec", "template")
	if template.Get("spec") == nil {
		return ""
	}
	var b strings.Builder
	for _, m := range template.Get("metadata", "labels").Members() {
		if m.Name != "pod-template-hash" {
			b.WriteString(m.Name + "=" + m.Value.Text() + "\n")
		}
	}
	b.WriteString(template.Get("metadata", "annotations").String() + "\n" + template.Get("spec").String())
	return b.String()
}

// runsImages reports whether a Pod runs every container of a workload's template, with its image.
func runsImages(pod, workload *object.Value) bool {
	n := 0
	for _, field := range [...]string{"initContainers", "containers"} {
		images := map[string]string{}
		for _, c := range pod.Get("spec", field).Items() {
			images[c.Get("name").Str()] = c.Get("image").Str()
		}
		for _, c := range workload.Get("spec", "template", "spec", field).Items() {
			if n++; images[c.Get("name").Str()] != c.Get("image").Str() {
				return false
			}
		}
	}
	return n > 0
}

// mark tells of the change that made a state; nil of none.
func (w *watched) mark(i int) *engine.Mark {
	if i < 0 {
		return nil
	}
	m := w.life.Makers[i]
	entry := engine.Entry{}
	byMaker(&entry, m, makerOf(m))
	ref := w.life.Entry.Ref
	mark := &engine.Mark{ID: record.RevisionID(ref.Cluster, ref.UID, w.life.States[i].RV).String(), At: engine.MomentOf(w.at[i]), Kind: "revision",
		Verb: entry.Verb, Sub: entry.Subresource, Code: entry.Code, Text: revisionSummary(w.life, i, nil)}
	if m.Request != nil {
		mark.Who = whoOf(m.Request.Request.Actor)
	} else if entry.Actor != nil {
		mark.Who = entry.Actor.User
	}
	return mark
}

// sharp is how wide the interval of a state may be for its end to be told as its moment: the seconds of most times in a manifest.
const sharp = time.Second

// began is the moment from which on a state is told to have failed: the one by which it is shown, unless that is only the end of a wide interval; then it is the
// interval's beginning, so that a failure is never told to be shorter or later than it was.
func began(at time.Time, when index.Interval) time.Time {
	if at.Equal(when.NotAfter) && !when.NotBefore.IsZero() && when.NotAfter.Sub(when.NotBefore) > sharp {
		return when.NotBefore
	}
	return at
}

package join

import (
	"fmt"
	"slices"
	"strings"
)

// byInference gathers what speaks for w, the only recorded request that is left for r. Without anything that ties the
// two but a wide window it stays a candidate.
func (j *joiner) byInference(w *write, r *rev) ([]string, bool) {
	var why []string
	c := &r.chg
	for i := range c.written {
		if m := &c.written[i]; j.wrote(w, m) {
			why = append(why, fmt.Sprintf("managedFields name manager %q, operation %s%s, at %s.", m.manager, m.operation, onSub(m.subresource),
				m.time.UTC().Format("15:04:05Z")))
		}
	}
	switch {
	case c.first && !w.nameless:
		why = append(why, "It is the only recorded create of this name in the second of the creationTimestamp.")
	case c.first:
		why = append(why, "It is the only recorded create without a name that is left for the creationTimestamp.")
	case c.deleting && !c.deletedAt.IsZero():
		why = append(why, fmt.Sprintf("The deletion was asked for at %s, while the request was carried out.", c.deletedAt.UTC().Format("15:04:05Z")))
	case c.deleting:
		why = append(why, "Only a delete moves the deletionTimestamp.")
		if i := slices.IndexFunc(j.writes, func(o *write) bool { return o != w && o.gentleByHabit() && o.fits(r.when, j.in.Skew) }); i >= 0 {
			why = append(why, fmt.Sprintf("The %s is taken to name no grace period, as that controller never does.", j.writes[i]))
		}
	case c.nodeName:
		why = append(why, "Only a binding sets spec.nodeName.")
	}
	if c.known && len(c.written) == 0 && !c.unmanaged && !c.deleting && (w.act == actUpdate || w.act == actPatch) {
		switch j.claimOf(w, r) {
		case claimAll:
			why = append(why, fmt.Sprintf("Its manager %q owns all that was set.", w.manager))
		case claimSome:
			why = append(why, fmt.Sprintf("Its manager %q owns some of what was set.", w.manager))
		}
	}
	if w.act == actUpdate && w.q.NamedRV != 0 && w.q.NamedRV == r.prevRV() {
		why = append(why, fmt.Sprintf("It named resourceVersion %d, which this one replaced.", w.q.NamedRV))
	}
	if r.isEnd {
		why = append(why, j.endReasons(w)...)
	}
	if len(why) == 0 && !r.when.NotBefore.IsZero() && !r.when.NotAfter.IsZero() && c.known {
		why = append(why, "It is the only recorded write between the neighbouring states, which are pinned in time.")
	}
	if len(why) == 0 {
		return nil, false
	}
	return append(why, "No other recorded request fits "+strings.Join(j.bounds(r), " and ")+"."), true
}

func (j *joiner) endReasons(w *write) []string {
	along := j.alongReason(w)
	switch {
	case along != "":
		return []string{along}
	case w.q.AnswerEnds:
		return []string{"Its answer says that it ended the object."}
	case j.sameDelete():
		return []string{"The last revision stores a grace period of 0, and the deletion follows it directly."}
	case j.end.prev == nil || !j.end.prev.body.known:
		return nil
	case w.removes():
		return []string{"Nothing held the object any more, and only a delete ends it then."}
	}
	return []string{"The object was marked for deletion, and only the removal of its last finalizer ends it then."}
}

// bounds tells what the commit of r had to fit.
func (j *joiner) bounds(r *rev) []string {
	out := []string{"what changed"}
	if !r.when.NotBefore.IsZero() || !r.when.NotAfter.IsZero() {
		out = append(out, "the time")
	}
	return out
}

func onSub(sub string) string {
	if sub == "" {
		return ""
	}
	return " on " + sub
}

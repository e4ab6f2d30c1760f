package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

func equalStrings(a, b []string) bool { return slices.Equal(a, b) }

func certaintyOf(c join.Certainty) engine.Certainty {
	switch c {
	case join.Exact:
		return engine.Exact
	case join.Inferred:
		return engine.Inferred
	case join.Candidates:
		return engine.Candidate
	}
	return engine.Unknown
}

// revisionSummary says in one line what a revision changed; d is that where it was found out already, else nil.
func revisionSummary(l *index.Life, i int, d *object.Difference) string {
	s := &l.States[i]
	switch {
	case i > 0 && s.Value != nil && l.States[i-1].Value != nil && !s.Fragment:
		if s.Partial == record.PartialMoved {
			return "changed; what changed was not recorded"
		}
		if d != nil {
			return object.Summarize(*d)
		}
		return object.Summarize(object.Diff(l.States[i-1].Value, s.Value, object.DiffOptions{Schema: l.Schema, PassNoise: true}))
	case i > 0:
		return "changed; what changed was not recorded"
	case l.Entry.Created, l.BeginsWithCreate():
		return "created"
	case s.Chosen.Best().Provenance.Sources.Has(record.FromFloor):
		return "the state kept when older records were dropped"
	}
	return "first recorded state"
}

// requestSummary says in one line how a request ended that stands with no revision.
func requestSummary(r *record.Record, l *index.Life) string {
	q := r.Request
	what := q.Verb
	if r.Ref.Subresource != "" {
		what += " " + r.Ref.Subresource
	}
	switch {
	case q.Flags.Has(record.FlagUnknownResult):
		return what + ", outcome not known"
	case q.Code == 0:
		return what + ", no answer recorded"
	case q.Code >= 400:
		return strings.TrimSuffix(fmt.Sprintf("%d %s: %s", q.Code, reasonWord(q), clip(q.Message, 200)), ": ")
	case q.Options().DryRun:
		return what + ", dry run"
	case q.IsRead():
		return what
	case q.Code == 101 || isConnect(r):
		return what
	case l != nil && isCandidate(r, l):
		return what + ", may have made a revision"
	case q.Verb == "create" && (r.Ref.Subresource == "binding" || r.Ref.Subresource == "eviction" || r.Ref.Subresource == "token"):
		return what
	}
	return what + unmade(r, l)
}

// unmade says what is known of a successful write that stands with no revision. It is a no-op only where the records prove it.
func unmade(r *record.Record, l *index.Life) string {
	q := r.Request
	named := q.NamedRV != 0 && q.NamedRV == q.AnswerRV // answered the state that it replaced
	switch {
	case record.StorageOf(r.Ref.GroupResource()) == record.EventsStorage:
		return "" // its states are event records
	case q.Verb == "create" && q.AnswerRV != 0:
		return fmt.Sprintf(", made revision %d, which was not recorded", q.AnswerRV)
	case q.Verb == "create":
		return ", made a revision that was not recorded"
	case named, l != nil && l.NoOps[r.ID()]:
		return ", no-op"
	case l != nil && amidStates(r, l):
		return ", no recorded effect"
	case q.AnswerRV != 0 && l != nil && slices.ContainsFunc(l.States, func(s object.State) bool { return s.RV == q.AnswerRV }):
		return ", no recorded effect"
	case q.AnswerRV != 0:
		return fmt.Sprintf(", answered revision %d, which was not recorded", q.AnswerRV)
	}
	return ", may have made a revision that was not recorded"
}

// amidStates reports whether a request lies between the first and the last state recorded, or the end.
func amidStates(r *record.Record, l *index.Life) bool {
	q := r.Request
	if len(l.States) == 0 || q.AnswerRV != 0 {
		return false
	}
	first, last := l.When[0], l.When[len(l.When)-1]
	if l.End != nil {
		last = l.EndWhen
	}
	began := !first.NotAfter.IsZero() && !r.OccurredAt.Before(first.NotAfter)
	ended := !last.NotBefore.IsZero() && !q.StageAt.IsZero() && !q.StageAt.After(last.NotBefore)
	return began && ended
}

func reasonWord(q *record.Request) string {
	if q.Reason != "" {
		return q.Reason
	}
	return "failed"
}

func isConnect(r *record.Record) bool {
	switch r.Ref.Subresource {
	case "exec", "attach", "portforward", "proxy", "log":
		return true
	}
	return false
}

func isCandidate(r *record.Record, l *index.Life) bool {
	is := func(m join.Maker) bool { return slices.Contains(m.Candidates, r) }
	return is(l.EndMaker) || slices.ContainsFunc(l.Makers, is)
}

func eventSummary(ev *engine.Event) string {
	text := ev.Type + " " + ev.Reason
	if ev.Count > 1 {
		text += fmt.Sprintf(" (%d times)", ev.Count)
	}
	if ev.Note != "" {
		text += ": " + clip(ev.Note, 200)
	}
	return text
}

// recordWords names a record in a message.
func recordWords(r *record.Record) string {
	words := r.Kind.String() + " of " + r.Ref.GroupResource().String()
	if r.Ref.Name != "" {
		words += "/" + r.Ref.Name
	}
	return words
}

// clip cuts a text for display.
func clip(s string, maxBytes int) string {
	s, _, more := strings.Cut(s, "\n")
	if len(s) > maxBytes {
		s, more = strings.ToValidUTF8(s[:maxBytes], ""), true
	}
	if more {
		s += "…"
	}
	return s
}

// lastStages leaves out the earlier stages of requests of which a later one was recorded, and keeps the order.
func lastStages(list []*record.Record) []*record.Record {
	type call struct {
		auditID, verb, uri, user string
	}
	key := func(r *record.Record) call {
		q := r.Request
		return call{q.AuditID, q.Verb, q.URI, q.Actor.Authenticated()}
	}
	last := make(map[call]record.Stage, len(list))
	for _, r := range list {
		last[key(r)] = max(last[key(r)], r.Request.Stage)
	}
	out := make([]*record.Record, 0, len(list))
	for _, r := range list {
		if r.Request.Stage == last[key(r)] {
			out = append(out, r)
		}
	}
	return out
}

// foldedEvent is one stored state of an Event, or all of one series.
type foldedEvent struct {
	newest *record.Record
	event  *engine.Event
}

// foldEvents gives the Events that regard a life: those that name its UID, then those that name no UID that is known
// and whose name was the object's within its life.
func foldEvents(l *index.Life, known map[record.UID]bool, fold bool) []foldedEvent {
	uid := l.Entry.Ref.UID
	series := map[record.UID]int{}
	var out []foldedEvent
	for _, r := range l.Events {
		regarding := r.KubeEvent.Regarding.UID
		matched := "uid"
		if regarding != uid {
			if known[regarding] || !l.Within(r.OccurredAt) {
				continue
			}
			matched = "name within its life"
		}
		ev := eventOf(r, matched)
		n, seen := series[r.Ref.UID]
		if !fold || !seen {
			series[r.Ref.UID] = len(out)
			ev.States = 1
			out = append(out, foldedEvent{r, ev})
			continue
		}
		ev.States = out[n].event.States + 1
		if r.KubeEvent.RV < out[n].newest.KubeEvent.RV {
			out[n].event.States = ev.States
			continue
		}
		out[n] = foldedEvent{r, ev}
	}
	return out
}

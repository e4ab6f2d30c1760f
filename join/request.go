package join

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/record"
)

// action is what a write can do to an object.
type action uint8

const (
	actCreate action = iota
	actUpdate
	actPatch
	actDelete
	actDeleteCollection
	actBind
	actEvict
	actOther // a create on a subresource that we do not know
)

// write is one request that may have changed the object: all stages of it folded into one.
type write struct {
	rec      *record.Record
	q        *record.Request
	id       record.ID
	act      action
	sub      string
	manager  string // field manager that managedFields would name; empty: not known
	from, to time.Time
	doubtful bool // whether it was carried out is not known
	nameless bool // its object's name is not known: a create by generateName, or a collection
	options  record.Options
}

// writesOf folds the stages of each request and keeps those that can have changed the object, of those that concern it, by received time, then
// identity.
func (j *joiner) writesOf(requests []*record.Record, concerns func(*record.Record) bool) []*write {
	type key struct {
		auditID, user, uri, verb string
		at                       int64
	}
	best := make(map[key]*record.Record, len(requests))
	users := map[string]*record.Record{}
	reused := map[string]bool{}
	for _, r := range requests {
		if r == nil || r.Kind != record.KindRequest || r.Request == nil {
			continue
		}
		q := r.Request
		k := key{q.AuditID, q.Actor.Authenticated(), q.URI, q.Verb, r.OccurredAt.UnixNano()}
		if old := best[k]; old == nil || stageRank(q.Stage) > stageRank(old.Request.Stage) {
			best[k] = r
		}
		if first := users[q.AuditID]; first == nil {
			users[q.AuditID] = r
		} else if first.Request.Actor.Authenticated() != q.Actor.Authenticated() || first.Request.URI != q.URI {
			reused[q.AuditID] = true
		}
	}
	for id := range reused {
		if id != "" {
			j.out.Reused = append(j.out.Reused, id)
		}
	}
	slices.Sort(j.out.Reused)
	list := make([]*write, 0, len(best))
	for _, r := range best {
		if !concerns(r) {
			continue
		}
		if w := writeOf(r); w != nil {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, (*write).compare)
	return list
}

// compare orders by received time, then identity.
func (w *write) compare(o *write) int {
	if c := w.from.Compare(o.from); c != 0 {
		return c
	}
	return bytes.Compare(w.id[:], o.id[:])
}

// stageRank orders the stages by how much they tell of the outcome.
func stageRank(s record.Stage) int {
	switch s {
	case record.StageResponseComplete:
		return 4
	case record.StagePanic:
		return 3
	case record.StageResponseStarted:
		return 2
	case record.StageRequestReceived:
		return 1
	}
	return 0
}

// writeOf gives nil for requests that can not have changed anything.
func writeOf(r *record.Record) *write {
	q := r.Request
	if q.IsRead() {
		return nil
	}
	w := &write{rec: r, q: q, sub: r.Ref.Subresource, from: r.OccurredAt, to: q.StageAt, options: q.Options()}
	if w.options.DryRun {
		return nil
	}
	switch {
	case q.Succeeded() && q.Code != 101:
	case q.Code == 0, q.Stage == record.StagePanic, q.Code == 504:
		w.doubtful = true
	default:
		return nil // refused: changed nothing
	}
	if q.Stage == record.StageRequestReceived || q.Stage == record.StageAdmission || w.to.Before(w.from) {
		w.to = time.Time{} // its end was not recorded
	}
	var ok bool
	if w.act, ok = actionOf(q.Verb, w.sub); !ok {
		return nil
	}
	w.nameless = r.Ref.Name == "" || w.act == actDeleteCollection
	if w.manager = w.options.FieldManager; w.manager == "" {
		w.manager, _, _ = strings.Cut(q.Actor.UserAgent, "/")
	}
	w.id = r.ID()
	return w
}

// actionOf tells what a verb on a subresource can change; false: nothing of the object.
func actionOf(verb, sub string) (action, bool) {
	switch verb {
	case "update":
		return actUpdate, !record.IsPassive(sub)
	case "patch":
		return actPatch, !record.IsPassive(sub)
	case "delete":
		return actDelete, sub == ""
	case "deletecollection":
		return actDeleteCollection, true
	case "create":
		switch sub {
		case "":
			return actCreate, true
		case "binding":
			return actBind, true
		case "eviction":
			return actEvict, true
		}
		return actOther, !record.IsPassive(sub)
	}
	return 0, false
}

// concerns reports whether the request may be about this object, by name, namespace and UID.
func (j *joiner) concerns(r *record.Record) bool {
	q, ref := r.Request, j.in.Ref
	if q.Verb == "deletecollection" {
		if r.Ref.Namespace != "" && r.Ref.Namespace != ref.Namespace {
			return false
		}
		return len(q.Items) == 0 && q.Answer != record.BodyList || q.Flags.Has(record.FlagItemsCut) || itemOf(q, ref.UID) != nil
	}
	if q.AnswerUID != "" && q.AnswerUID != ref.UID {
		return false
	}
	if q.Verb != "create" || r.Ref.Subresource != "" {
		if q.NamedUID != "" && q.NamedUID != ref.UID {
			return false
		}
		return r.Ref.Name == ref.Name
	}
	return r.Ref.Name == ref.Name || r.Ref.Name == ""
}

func itemOf(q *record.Request, uid record.UID) *record.Item {
	for i := range q.Items {
		if q.Items[i].UID == uid {
			return &q.Items[i]
		}
	}
	return nil
}

// gentle reports whether a delete is known to name no grace period: then it does not shorten one that runs.
func (w *write) gentle() bool {
	if len(w.q.Sent) == 0 {
		return w.gentleByHabit()
	}
	return w.q.SentKind == record.SentDelete && w.options.GracePeriod == "" && !bytes.Contains(w.q.Sent, []byte(`"gracePeriodSeconds"`))
}

// gentleByHabit reports whether a delete whose options were not recorded is by one of Kubernetes' own controllers that never name a grace
// period.
func (w *write) gentleByHabit() bool {
	if !w.removes() || len(w.q.Sent) > 0 || w.options.GracePeriod != "" || w.q.Actor.Impersonator != "" {
		return false
	}
	switch strings.TrimPrefix(w.q.Actor.User, "system:serviceaccount:kube-system:") {
	case "namespace-controller", "generic-garbage-collector", "replicaset-controller", "statefulset-controller", "job-controller", "daemon-set-controller":
		return w.act != actEvict && strings.HasPrefix(w.q.Actor.User, "system:serviceaccount:")
	}
	return false
}

// removes reports whether the request is one that marks for deletion or deletes.
func (w *write) removes() bool {
	return w.act == actDelete || w.act == actDeleteCollection || w.act == actEvict
}

// once reports whether the request makes at most one revision or end of the object.
func (w *write) once() bool { return !w.removes() }

// answered reports whether the response showed the state that the request left.
func (w *write) answered() bool {
	if w.q.AnswerRV == 0 || w.q.AnswerUID == "" {
		return false
	}
	switch w.q.Answer {
	case record.BodyObject, record.BodyScale, record.BodyPartialMetadata:
		return true
	}
	return false
}

// creates reports whether the request made a new object.
func (w *write) creates() bool {
	return w.act == actCreate || (w.act == actPatch || w.act == actUpdate) && w.q.Code == 201 && w.sub == ""
}

// may includes writes of unknown outcome: whether they created can not be told.
func (w *write) mayCreate() bool {
	return w.creates() || w.doubtful && w.sub == "" && (w.act == actPatch || w.act == actUpdate)
}

// fits reports whether a commit in i can be the work of w.
func (w *write) fits(i Interval, skew time.Duration) bool {
	if !i.NotBefore.IsZero() && !w.to.IsZero() && w.to.Add(skew).Before(i.NotBefore) {
		return false
	}
	return i.NotAfter.IsZero() || !w.from.Add(-skew).After(i.NotAfter)
}

// fitsSecond reports whether t, which is cut to seconds, can have been read while w was carried out.
func (w *write) fitsSecond(t time.Time, skew time.Duration) bool {
	if t.IsZero() {
		return true
	}
	if t.Before(w.from.Add(-skew).Truncate(time.Second)) {
		return false
	}
	return w.to.IsZero() || !t.After(w.to.Add(skew))
}

// String names the request in a sentence.
func (w *write) String() string {
	what := w.q.Verb
	if w.sub != "" {
		what += " of " + w.sub
	}
	return what + " by " + w.q.Actor.User + " at " + w.from.UTC().Format("15:04:05.000000")
}

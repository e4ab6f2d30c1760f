package join

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
)

// truthKey names a watched revision, or an end by the resourceVersion of its DELETED event.
type truthKey struct {
	uid record.UID
	rv  record.ResourceVersion
	end bool
}

// truthOf says which audited request made each watched revision and end. It works from whole bodies alone, by brute
// force: every write of the recording is held against every revision. One that leaves several fails the test, to be looked at by
// hand; so far none does.
func truthOf(t testing.TB, name string) map[truthKey]*rawEvent {
	t.Helper()
	c := load(t, name, false)
	truth := map[truthKey]*rawEvent{}
	var writes []*rawEvent
	for _, e := range c.events {
		if e.wrote() {
			writes = append(writes, e)
		}
	}
	sort.Slice(writes, func(a, b int) bool {
		return writes[a].RequestReceivedTimestamp.Before(writes[b].RequestReceivedTimestamp)
	})
	for _, l := range c.objects {
		var mine []*rawEvent
		for _, e := range writes {
			if e.touches(l) {
				mine = append(mine, e)
			}
		}
		rvs := make([]record.ResourceVersion, 0, len(l.watched))
		for rv := range l.watched {
			rvs = append(rvs, rv)
		}
		slices.Sort(rvs)
		var prev record.ResourceVersion
		for _, rv := range rvs {
			if !l.listed[rv] {
				settleTruth(t, truth, truthKey{l.ref.UID, rv, false}, l, makersInTruth(l, mine, prev, rv))
			}
			prev = rv
		}
		if l.end != 0 {
			list := endersInTruth(l, mine, prev)
			// A delete with grace 0 that stored the last state went on to delete it.
			last := parseObject(l.watched[prev])
			if e := truth[truthKey{l.ref.UID, prev, false}]; e != nil && e.Verb == "deletecollection" && prev+1 == l.end &&
				last.Metadata.DeletionGracePeriodSeconds != nil && *last.Metadata.DeletionGracePeriodSeconds == 0 && len(list) == 0 {
				list = []*rawEvent{e}
			}
			settleTruth(t, truth, truthKey{l.ref.UID, l.end, true}, l, list)
		}
	}
	return truth
}

func settleTruth(t testing.TB, truth map[truthKey]*rawEvent, k truthKey, l *lifeOf, list []*rawEvent) {
	t.Helper()
	switch len(list) {
	case 0:
		t.Logf("no audited request made %s %s/%s rv %d end=%v", l.ref.Kind, l.ref.Namespace, l.ref.Name, k.rv, k.end)
	case 1:
		truth[k] = list[0]
	default:
		t.Errorf("to be decided by hand: %s %s/%s uid %s rv %d end=%v", l.ref.Kind, l.ref.Namespace, l.ref.Name, k.uid, k.rv, k.end)
		for _, e := range list {
			t.Logf("   %s %s %s %s/%s answered %s [%s, %s] by %s", e.AuditID, e.Verb, e.ObjectRef.Subresource, e.ObjectRef.Namespace, e.ObjectRef.Name,
				e.answer().Metadata.ResourceVersion, e.RequestReceivedTimestamp.Format("15:04:05.000000"), e.StageTimestamp.Format("05.000000"), e.UserAgent)
		}
	}
}

func (e *rawEvent) wrote() bool {
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return false
	}
	if e.Stage != "ResponseComplete" || e.ResponseStatus.Code >= 300 || isEvents(e.ObjectRef.Resource) {
		return false
	}
	return !strings.Contains(e.RequestURI, "dryRun=") && !strings.Contains(string(e.RequestObject), `"dryRun"`) && e.ObjectRef.Subresource != "token"
}

// touches reports whether the bodies show that e was about this object.
func (e *rawEvent) touches(l *lifeOf) bool {
	if e.ObjectRef.Resource != l.ref.Resource || e.ObjectRef.APIGroup != l.ref.Group {
		return false
	}
	o, uid := *e.answer(), string(l.ref.UID)
	switch {
	case e.Verb == "deletecollection":
		_, ok := e.itemRV(uid)
		return ok
	case o.Kind != "Status":
		return o.Metadata.UID == uid
	case o.Details.UID != "":
		return o.Details.UID == uid
	case e.ObjectRef.UID != "":
		return e.ObjectRef.UID == uid
	}
	return e.ObjectRef.Name == l.ref.Name && e.ObjectRef.Namespace == l.ref.Namespace
}

func (e *rawEvent) itemRV(uid string) (record.ResourceVersion, bool) {
	list := e.answer()
	if list.items == nil {
		list.items = map[string]record.ResourceVersion{}
		for _, raw := range list.Items {
			i := parseObject(raw)
			list.items[i.Metadata.UID] = i.rv()
		}
	}
	rv, ok := list.items[uid]
	return rv, ok
}

// makersInTruth lists the requests that can have made rv, the state after prev (zero: the first).
func makersInTruth(l *lifeOf, mine []*rawEvent, prev, rv record.ResourceVersion) []*rawEvent {
	before, after := parseObject(l.watched[prev]), parseObject(l.watched[rv])
	var creates, updates, patches, deletes, bindings, evictions, collections []*rawEvent
	for _, e := range mine {
		o := *e.answer()
		sent := e.sent()
		switch {
		case e.Verb == "create" && e.ObjectRef.Subresource == "binding":
			bindings = append(bindings, e)
		case e.Verb == "create" && e.ObjectRef.Subresource == "eviction":
			evictions = append(evictions, e)
		case e.Verb == "deletecollection":
			// Only a delete that names a grace period shortens one that runs.
			names := strings.Contains(string(e.RequestObject), "gracePeriodSeconds")
			if was, _ := e.itemRV(string(l.ref.UID)); was == prev && (before.Metadata.DeletionTimestamp == nil || names) {
				collections = append(collections, e)
			}
		case e.Verb == "delete" && (o.rv() == rv || o.rv() == l.end && rv == l.lastRV()):
			deletes = append(deletes, e)
		case o.Kind == "Status" || o.rv() != rv:
		case e.ResponseStatus.Code == 201:
			creates = append(creates, e)
		case e.Verb == "update" && sent.rv() != rv:
			updates = append(updates, e)
		case e.Verb == "patch":
			patches = append(patches, e)
		}
	}
	deletion := deletionOf(before) != deletionOf(after)
	switch {
	case prev == 0:
		return creates
	case deletion:
		return inSecond(append(append(onlyFirst(deletes), collections...), evictions...), before, after)
	case before.Spec.NodeName != after.Spec.NodeName:
		return bindings
	case len(updates) > 0:
		return updates
	case len(patches) == 0:
		return evictions
	}
	return onlyFirst(patches)
}

func deletionOf(o rawObject) string {
	if o.Metadata.DeletionTimestamp == nil {
		return ""
	}
	s := o.Metadata.DeletionTimestamp.String()
	if o.Metadata.DeletionGracePeriodSeconds != nil {
		raw, _ := json.Marshal(o.Metadata.DeletionGracePeriodSeconds)
		s += string(raw)
	}
	return s
}

// onlyFirst drops requests that began when another had already answered the same state: they found it and changed
// nothing; and those whose manager did not write the newest managedFields entry of the state where another's did.
func onlyFirst(list []*rawEvent) []*rawEvent {
	var out []*rawEvent
	for _, e := range list {
		late := slices.ContainsFunc(list, func(o *rawEvent) bool { return o.StageTimestamp.Before(e.RequestReceivedTimestamp) })
		if !late {
			out = append(out, e)
		}
	}
	return out
}

// endersInTruth lists the requests that can have ended the object.
func endersInTruth(l *lifeOf, mine []*rawEvent, last record.ResourceVersion) []*rawEvent {
	var sure, out []*rawEvent
	for _, e := range mine {
		o := *e.answer()
		switch {
		case e.Verb == "delete" && o.Kind == "Status", e.Verb == "delete" && o.rv() == l.end:
			sure = append(sure, e)
		case (e.Verb == "update" || e.Verb == "patch") && o.Metadata.DeletionTimestamp != nil && len(o.Metadata.Finalizers) == 0 &&
			len(o.Spec.Finalizers) == 0 && o.rv() == last && (len(parseObject(l.watched[last]).Metadata.Finalizers) > 0 || e.ObjectRef.Subresource == "finalize"):
			sure = append(sure, e)
		case e.Verb == "deletecollection":
			if was, _ := e.itemRV(string(l.ref.UID)); was == last {
				out = append(out, e)
			}
		}
	}
	if len(sure) > 0 {
		return sure
	}
	return out
}

// inSecond keeps the requests that ran in the second in which the deletion was asked for: deletionTimestamp less grace.
func inSecond(list []*rawEvent, before, after rawObject) []*rawEvent {
	asked := func(o rawObject) (at time.Time) {
		if o.Metadata.DeletionTimestamp == nil {
			return at
		}
		at = *o.Metadata.DeletionTimestamp
		if g := o.Metadata.DeletionGracePeriodSeconds; g != nil {
			at = at.Add(-time.Duration(*g) * time.Second)
		}
		return at
	}
	at := asked(after)
	if at.Equal(asked(before)) {
		return list
	}
	var out []*rawEvent
	for _, e := range list {
		if !at.Before(e.RequestReceivedTimestamp.Truncate(time.Second)) && !at.After(e.StageTimestamp) {
			out = append(out, e)
		}
	}
	return out
}

func (l *lifeOf) lastRV() record.ResourceVersion {
	var last record.ResourceVersion
	for rv := range l.watched {
		last = max(last, rv)
	}
	return last
}

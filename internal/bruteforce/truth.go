package bruteforce

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Life is one object as it was watched.
type Life struct {
	UID                              record.UID
	Group, Resource, Namespace, Name string
	Watched                          map[record.ResourceVersion]json.RawMessage
	Listed                           map[record.ResourceVersion]bool // of the watched ones those that a list found: when they were made is not known
	End                              record.ResourceVersion          // of the DELETED event; zero if none was watched
}

// Key names a watched state, or an end by the resourceVersion of its DELETED event.
type Key struct {
	UID record.UID
	RV  record.ResourceVersion
	End bool
}

// Truth is who made what.
type Truth struct {
	Makers map[Key]*Event
	// Several holds states for which the bodies leave more than one request, to be looked at by hand.
	Several map[Key][]*Event
	// None are states that no audited request made.
	None []Key
}

// Of holds every write against every state. Its cost is the product of both within a resource.
func Of(events []*Event, lives []*Life) Truth {
	type resource struct{ group, name string }
	writes := map[resource][]*Event{}
	for _, e := range events {
		if e.wrote() {
			r := resource{e.ObjectRef.APIGroup, e.ObjectRef.Resource}
			writes[r] = append(writes[r], e)
		}
	}
	for _, list := range writes {
		slices.SortStableFunc(list, func(a, b *Event) int { return a.RequestReceivedTimestamp.Compare(b.RequestReceivedTimestamp) })
	}
	t := Truth{Makers: map[Key]*Event{}, Several: map[Key][]*Event{}}
	clock := clockOf(events)
	for _, l := range lives {
		var mine []*Event
		for _, e := range writes[resource{l.Group, l.Resource}] {
			if e.touches(l) {
				mine = append(mine, e)
			}
		}
		t.live(l, mine, alongWith(l, writes[resource{"", "services"}]), clock)
	}
	return t
}

func (t *Truth) live(l *Life, mine, along []*Event, clock *clock) {
	var prev record.ResourceVersion
	for _, rv := range slices.Sorted(maps.Keys(l.Watched)) {
		if !l.Listed[rv] {
			t.settle(Key{l.UID, rv, false}, clock.within(rv, makers(l, mine, prev, rv)))
		}
		prev = rv
	}
	if l.End == 0 {
		return
	}
	list := enders(l, mine, prev)
	if len(list) == 0 {
		list = clock.during(l.End, along)
	}
	t.settle(Key{l.UID, l.End, true}, clock.within(l.End, list))
}

// alongWith lists the deletes of Services that may have taken Endpoints with them, as apiservers before Kubernetes 1.37 do within the request.
func alongWith(l *Life, services []*Event) (out []*Event) {
	if l.Group != "" || l.Resource != "endpoints" {
		return nil
	}
	for _, e := range services {
		switch e.Verb {
		case "delete":
			if e.ObjectRef.Namespace == l.Namespace && e.ObjectRef.Name == l.Name {
				out = append(out, e)
			}
		case "deletecollection":
			if e.ObjectRef.Namespace == l.Namespace && slices.ContainsFunc(e.Answer().Items, func(i json.RawMessage) bool { return Parse(i).Metadata.Name == l.Name }) {
				out = append(out, e)
			}
		}
	}
	return out
}

func (t *Truth) settle(k Key, list []*Event) {
	switch len(list) {
	case 0:
		t.None = append(t.None, k)
	case 1:
		t.Makers[k] = list[0]
	default:
		t.Several[k] = list
	}
}

// makers lists the requests that can have made rv, the state after prev (zero: the first).
func makers(l *Life, mine []*Event, prev, rv record.ResourceVersion) []*Event {
	before, after := Parse(l.Watched[prev]), Parse(l.Watched[rv])
	var creates, updates, patches, deletes, bindings, evictions, collections []*Event
	for _, e := range mine {
		o := e.Answer()
		switch {
		case e.Verb == "create" && e.ObjectRef.Subresource == "binding":
			bindings = append(bindings, e)
		case e.Verb == "create" && e.ObjectRef.Subresource == "eviction":
			evictions = append(evictions, e)
		case e.Verb == "deletecollection":
			// Only a delete that names a grace period shortens one that runs.
			names := strings.Contains(string(e.RequestObject), "gracePeriodSeconds")
			// It deletes by name what it listed, whatever became of it since: a delete that is answered the mark may have found it.
			if was, _ := e.itemRV(string(l.UID)); was != 0 && was <= prev && (before.Metadata.DeletionTimestamp == nil || names) {
				collections = append(collections, e)
			}
		case e.Verb == "delete" && (o.RV() == rv || o.RV() == l.End && after.ends() || o.leaves(after)): // others may write between its mark and the deletion
			deletes = append(deletes, e)
		case o.Kind == "Status" || o.RV() != rv:
		case e.ResponseStatus.Code == 201:
			creates = append(creates, e)
		case e.Verb == "update" && e.Sent().RV() != 0:
			if e.Sent().RV() != rv {
				updates = append(updates, e)
			}
		case e.Verb == "patch", e.Verb == "update": // an update that names no state may have found this one
			patches = append(patches, e)
		}
	}
	switch {
	case prev == 0:
		return creates
	case before.deletion() != after.deletion():
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

// onlyFirst drops requests that began when another had already answered the same state: they found it and changed nothing.
func onlyFirst(list []*Event) []*Event {
	var out []*Event
	for _, e := range list {
		late := slices.ContainsFunc(list, func(o *Event) bool { return o.StageTimestamp.Before(e.RequestReceivedTimestamp) })
		if !late {
			out = append(out, e)
		}
	}
	return out
}

// enders lists the requests that can have ended the object.
func enders(l *Life, mine []*Event, last record.ResourceVersion) []*Event {
	final := Parse(l.Watched[last])
	var sure, out []*Event
	for _, e := range mine {
		o := e.Answer()
		changed := e.Verb == "update" || e.Verb == "patch"
		switch {
		case e.Verb == "delete" && o.Kind == "Status", (e.Verb == "delete" || changed) && o.RV() == l.End:
			sure = append(sure, e)
		case e.Verb == "delete" && o.leaves(final):
			// An update, even one that is refused in the end, removes what it finds with a grace period of 0; the delete that stored that one is
			// answered as if it had.
			sure = append(sure, e)
		case changed && o.Metadata.DeletionTimestamp != nil && len(o.Metadata.Finalizers) == 0 && len(o.Spec.Finalizers) == 0 &&
			(len(Parse(l.Watched[o.RV()]).Metadata.Finalizers) > 0 || e.ObjectRef.Subresource == "finalize"):
			sure = append(sure, e) // what it answered was never stored: nothing held the object any more
		case e.Verb == "deletecollection":
			// It answers what it listed, and deletes by name whatever became of that since, by itself (a grace period of 0 is stored first) or by others.
			if was, _ := e.itemRV(string(l.UID)); was != 0 && was <= last {
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
func inSecond(list []*Event, before, after *Object) []*Event {
	at := after.asked()
	if at.Equal(before.asked()) {
		return list
	}
	var out []*Event
	for _, e := range list {
		second := e.RequestReceivedTimestamp.Truncate(1e9)
		if !at.Before(second) && !at.After(e.StageTimestamp) {
			out = append(out, e)
		}
	}
	return out
}

package local

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

var eventsBegin = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

// eventState is the n-th state of an Event, as a watch or an audited answer tells it.
func eventState(name, namespace string, n int, label string) *record.Record {
	at := eventsBegin.Add(time.Duration(n) * time.Minute)
	return &record.Record{Kind: record.KindKubeEvent, OccurredAt: at,
		Ref: record.ObjectRef{Cluster: "c", Kind: "Event", Resource: "events", Namespace: namespace, Name: name, UID: record.UID("uid-" + name)},
		KubeEvent: &record.KubeEvent{RV: record.ResourceVersion(100 + n), Type: "Normal", Reason: "Pulled", FirstSeen: eventsBegin, LastSeen: at,
			CreatedAt: eventsBegin, Count: int64(n + 1), Labels: []record.KeyValue{{Key: "shift", Value: label}}},
		Provenance: record.Provenance{Sources: record.FromWatch}}
}

// eventRequest is the audited create of an Event.
func eventRequest(name, namespace string) *record.Record {
	return &record.Record{Kind: record.KindRequest, OccurredAt: eventsBegin,
		Ref: record.ObjectRef{Cluster: "c", Group: "events.k8s.io", Version: "v1", Resource: "events", Namespace: namespace, Name: name},
		Request: &record.Request{AuditID: "audit-" + name, Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: "create", Code: 201,
			URI: "/apis/events.k8s.io/v1/namespaces/" + namespace + "/events", StageAt: eventsBegin.Add(time.Second), Answer: record.BodyObject,
			AnswerUID: record.UID("uid-" + name), AnswerRV: 100}}
}

func eventEngine(t *testing.T) *Engine {
	t.Helper()
	return engineOver(t, openStore(t), []*record.Record{
		eventState("watched.1", "a", 0, "early"), eventState("watched.1", "a", 3, "late"), eventState("watched.1", "a", 3, "late"),
		eventRequest("audited.1", "a"),
		eventRequest("both.1", "b"), eventState("both.1", "b", 0, "early"), eventState("both.1", "b", 9, "early"),
		{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "c", Kind: "Pod", Resource: "pods", Namespace: "a", Name: "watched.1", UID: "pod"},
			Revision: &record.Revision{RV: 50, Body: []byte(`{"kind":"Pod","metadata":{"name":"watched.1","labels":{"shift":"late"}}}`)}},
	}, 3)
}

// TestObjectsListsEvents: an Event stands in a list once, whether a watch told of it, the audit log, or both.
func TestObjectsListsEvents(t *testing.T) {
	e := eventEngine(t)
	minute := func(n int) time.Time { return eventsBegin.Add(time.Duration(n) * time.Minute) }
	for _, c := range []struct {
		name string
		q    query.Objects
		want []string
	}{
		{"all of the kind", query.Objects{Kind: "events"}, []string{
			"events a/watched.1 2 100-103 14:00-14:03", "events.events.k8s.io a/audited.1 0 - 14:00-14:00", "events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"everything", query.Objects{}, []string{
			"events a/watched.1 2 100-103 14:00-14:03", "pods a/watched.1 1 50-50 -", "events.events.k8s.io a/audited.1 0 - 14:00-14:00", "events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"namespace", query.Objects{Kind: "ev", Namespace: "b"}, []string{"events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"name", query.Objects{Kind: "events", Name: "watched.1"}, []string{"events a/watched.1 2 100-103 14:00-14:03"}},
		{"pattern", query.Objects{Kind: "events", Name: "*o*.1"}, []string{"events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"UID", query.Objects{UID: "uid-watched.1"}, []string{"events a/watched.1 2 100-103 14:00-14:03"}},
		{"UID of another kind", query.Objects{UID: "pod"}, []string{"pods a/watched.1 1 50-50 -"}},
		{"label, newest", query.Objects{Kind: "events", Selector: "shift=late"}, []string{"events a/watched.1 2 100-103 14:00-14:03"}},
		{"label at a time", query.Objects{Kind: "events", Selector: "shift=early", At: minute(1)}, []string{
			"events a/watched.1 2 100-103 14:00-14:03", "events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"alive before they were", query.Objects{Kind: "events", Alive: query.Window{To: eventsBegin}}, nil},
		{"alive since", query.Objects{Kind: "events", Name: "both.1", Alive: query.Window{From: minute(5), To: minute(6)}}, []string{"events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"alive within an hour of the last state", query.Objects{Kind: "events", Alive: query.Window{From: minute(61), To: minute(62)}}, []string{
			"events a/watched.1 2 100-103 14:00-14:03", "events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"alive until the hour is over", query.Objects{Kind: "events", Alive: query.Window{From: minute(69), To: minute(70)}}, []string{"events.events.k8s.io b/both.1 2 100-109 14:00-14:09"}},
		{"expired", query.Objects{Alive: query.Window{From: minute(70), To: minute(71)}}, []string{"pods a/watched.1 1 50-50 -"}},
		{"another kind", query.Objects{Kind: "pods"}, []string{"pods a/watched.1 1 50-50 -"}},
	} {
		list, err := e.Objects(context.Background(), c.q)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, eventLines(list)); diff != "" || list.Total != len(c.want) {
			t.Errorf("%s, total %d (-want +got):\n%s", c.name, list.Total, diff)
		}
	}
}

func eventLines(list *engine.Objects) (out []string) {
	for _, o := range list.Objects {
		gr := record.GroupResource{Group: o.Group, Resource: o.Resource}
		seen := "-"
		if o.FirstSeen != nil && o.LastSeen != nil {
			seen = o.FirstSeen.Format("15:04") + "-" + o.LastSeen.Format("15:04")
		}
		out = append(out, fmt.Sprintf("%s %s/%s %d %s-%s %s", gr, o.Namespace, o.Name, o.Revisions, o.FirstRV, o.LastRV, seen))
	}
	return out
}

// TestObjectsPages: pieces of a list, Events among it, are the list.
func TestObjectsPages(t *testing.T) {
	for name, e := range map[string]*Engine{"events": eventEngine(t), "deployment": testEngine(t, "deployment")} {
		whole, err := e.Objects(context.Background(), query.Objects{Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		if whole.Cut != "" || whole.Total != len(whole.Objects) {
			t.Fatalf("%s: %d of %d, %s", name, len(whole.Objects), whole.Total, whole.Cut)
		}
		q := query.Objects{Limit: max(1, len(whole.Objects)/5)}
		var pieces []engine.ObjectEntry
		for {
			piece, err := e.Objects(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			pieces = append(pieces, piece.Objects...)
			if q.Cursor = piece.Cursor; q.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(whole.Objects, pieces); diff != "" {
			t.Errorf("%s (-whole +pieces):\n%s", name, diff)
		}
		seen := map[string]bool{}
		if slices.ContainsFunc(whole.Objects, func(o engine.ObjectEntry) bool { twice := seen[o.UID]; seen[o.UID] = true; return twice }) {
			t.Errorf("%s: an object stands in the list twice", name)
		}
	}
}

// TestEventByUID: an Event that only a watch told of has a history by its UID.
func TestEventByUID(t *testing.T) {
	e := eventEngine(t)
	h, err := e.History(context.Background(), query.History{Object: query.Object{UID: "uid-watched.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Entries) != 2 || h.Object.Name != "watched.1" || h.Object.UID != "uid-watched.1" {
		t.Errorf("history of %+v: %d entries", h.Object, len(h.Entries))
	}
}

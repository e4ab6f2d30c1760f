package local

import (
	"context"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// eventGroups are the API groups that serve Events; both show the same objects.
func eventGroups() []string { return []string{"", "events.k8s.io"} }

// withEvents adds the other resource of Events where one is named.
func withEvents(list []record.GroupResource) []record.GroupResource {
	for _, gr := range list {
		if !gr.IsEvents() {
			continue
		}
		for _, group := range eventGroups() {
			list = append(list, record.GroupResource{Group: group, Resource: gr.Resource})
		}
		return list
	}
	return list
}

// asOneEvents gives the name by which coverage calls a resource: Events are one, whichever of their two was asked for or recorded.
func asOneEvents(gr record.GroupResource) record.GroupResource {
	if gr.IsEvents() {
		gr.Group = ""
	}
	return gr
}

// allAsOneEvents does so for a list; nil stays nil.
func allAsOneEvents(list []record.GroupResource) []record.GroupResource {
	var out []record.GroupResource
	for _, gr := range list {
		if gr = asOneEvents(gr); !slices.Contains(out, gr) {
			out = append(out, gr)
		}
	}
	return out
}

// oneOfEvents leaves one target for each namespace where an Event was found in both of its groups.
func oneOfEvents(found []*target) []*target {
	var out []*target
	for _, t := range found {
		if !t.resource.IsEvents() || !slices.ContainsFunc(out, func(o *target) bool { return o.resource.IsEvents() && o.namespace == t.namespace }) {
			out = append(out, t)
		}
	}
	return out
}

// eventNamed finds an Event of which only states were recorded; nil where there is none.
func (e *Engine) eventNamed(ctx context.Context, cluster record.Cluster, resources []record.GroupResource, o query.Object) (*target, error) {
	i := slices.IndexFunc(resources, record.GroupResource.IsEvents)
	if i < 0 {
		return nil, nil
	}
	scan := store.WindowScan{Cluster: cluster, Kinds: []record.Kind{record.KindKubeEvent}, Namespace: o.Namespace, Name: o.Name}
	for r, err := range e.st.Window(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if r.Ref.Name == o.Name && (o.Namespace == "" || o.Namespace == r.Ref.Namespace) {
			return &target{cluster: cluster, resource: resources[i], namespace: r.Ref.Namespace, name: o.Name, meant: -1}, nil
		}
	}
	return nil, nil
}

// eventWithUID finds an Event of which only states were recorded by its UID; nil where there is none. It costs a scan of the Events.
func (e *Engine) eventWithUID(ctx context.Context, cluster record.Cluster, o query.Object) (*target, error) {
	scan := store.WindowScan{Cluster: cluster, Kinds: []record.Kind{record.KindKubeEvent}, Namespace: o.Namespace, Name: o.Name}
	for r, err := range e.st.Window(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if r.Ref.UID == o.UID {
			return &target{cluster: cluster, resource: r.Ref.GroupResource(), namespace: r.Ref.Namespace, name: r.Ref.Name, meant: -1, event: o.UID}, nil
		}
	}
	return nil, nil
}

// noEventState answers a question for the state of an Event: it is kept as what it tells, not as a manifest.
func noEventState(t *target) error {
	return engine.Errorf(engine.KindNotCovered, "the states of Events are kept as event records, not as manifests: history events/%s lists them, and a search for kind == \"event\" finds them", t.name)
}

// addOwnStates lists the recorded states of an Event that is itself the object of the history.
func (h *history) addOwnStates(ctx context.Context) error {
	t := h.target
	if !t.resource.IsEvents() {
		return nil
	}
	scan := store.WindowScan{Cluster: t.cluster, Kinds: []record.Kind{record.KindKubeEvent}, Between: store.TimeRange{From: h.q.Window.From, To: h.q.Window.To},
		Namespace: t.namespace, Name: t.name}
	for r, err := range h.e.st.Window(ctx, scan) {
		if err != nil {
			return err
		}
		if r.Ref.Name != t.name || r.Ref.Namespace != t.namespace {
			continue
		}
		if e := t.entry(); e != nil && !h.q.AllLife && r.Ref.UID != e.Ref.UID {
			continue
		}
		if t.event != "" && !h.q.AllLife && r.Ref.UID != t.event {
			continue
		}
		ev := eventOf(r, "the Event itself")
		ev.States = 1
		at := r.OccurredAt
		h.entries = append(h.entries, placed{at: secondEnd(at), rank: rankEvent, rv: r.KubeEvent.RV, entry: engine.Entry{ID: r.ID().String(), Kind: "event",
			When: engine.When{At: timePtr(at), NotBefore: timePtr(ev.FirstSeen), NotAfter: timePtr(secondEnd(ev.LastSeen))}, UID: string(r.Ref.UID), Summary: eventSummary(ev), Event: ev}})
	}
	return nil
}

package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Events are the most numerous objects, and a state of one says all that a catalogue entry could: so a list of Events is made from
// these states, united with what the catalogue knows of requests that named them.

// maxListedEvents bounds the Events that one list holds in memory.
const maxListedEvents = 200_000

// eventStates is what the recorded states of one Event tell together.
type eventStates struct {
	states  int
	last    time.Time              // of all states
	newest  record.ResourceVersion // of the states up to the time that labels are asked for
	labels  []record.KeyValue
	matched bool // some state tells labels at that time
}

// add takes in one state. Each is one record, whichever sources told of it.
func (s *eventStates) add(entry *store.Entry, r *record.Record, at time.Time) {
	v := r.KubeEvent
	s.states++
	s.last = latest(s.last, r.OccurredAt)
	if entry.FirstRV == 0 || v.RV < entry.FirstRV {
		entry.FirstRV = v.RV
	}
	entry.LastRV = max(entry.LastRV, v.RV)
	entry.FirstAt, entry.LastAt = earliest(entry.FirstAt, r.OccurredAt), latest(entry.LastAt, r.OccurredAt)
	entry.CreatedAt = earliest(entry.CreatedAt, v.CreatedAt)
	if v.RV >= s.newest && (at.IsZero() || !r.OccurredAt.After(at)) {
		s.newest, s.labels, s.matched = v.RV, v.Labels, true
	}
}

// eventTTL is how long an Event lives after its last state: the apiserver's default of --event-ttl. It lets Events expire without a word.
const eventTTL = time.Hour

// alive reports whether an Event may have been alive at some moment of w, by what its states tell and else by requests to it.
func (s *eventStates) alive(entry *store.Entry, w query.Window) bool {
	begin := earliest(entry.CreatedAt, entry.FirstAt)
	if !w.To.IsZero() && !begin.IsZero() && !begin.Before(w.To) {
		return false
	}
	last := s.last
	if last.IsZero() {
		last = entry.LastAt
	}
	return w.From.IsZero() || last.IsZero() || !last.Add(eventTTL).Before(w.From)
}

func (s *eventStates) labelMap() map[string]string {
	if !s.matched {
		return nil
	}
	out := make(map[string]string, len(s.labels))
	for _, kv := range s.labels {
		out[kv.Key] = kv.Value
	}
	return out
}

// events lists the Events of a cluster that match by name and namespace, in the order of the catalogue.
func (l *objectList) events(ctx context.Context, cluster record.Cluster) ([]*listed, error) {
	if other, err := l.namesAnother(ctx, cluster); err != nil || other {
		return nil, err
	}
	byUID := map[record.UID]*listed{}
	if err := l.knownEvents(ctx, cluster, byUID); err != nil {
		return nil, err
	}
	scan := store.WindowScan{Cluster: cluster, Kinds: []record.Kind{record.KindKubeEvent}, Namespace: l.q.Namespace}
	if l.pick.prefix == string(l.pick.glob) {
		scan.Name = l.pick.prefix // a whole name, no pattern
	}
	deadline, scanned := l.e.deadline(), 0
	for r, err := range l.e.st.Window(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if scanned++; scanned > l.e.limits.Scanned || (scanned%4096 == 0 && deadline.passed()) {
			l.cut = fmt.Sprintf("%d states of Events were looked at, then a limit was reached: Events may be missing; name a kind, or a namespace", scanned-1)
			break
		}
		if (l.q.UID != "" && r.Ref.UID != l.q.UID) || !l.pick.glob.Match(r.Ref.Name) {
			continue
		}
		o := byUID[r.Ref.UID]
		if o == nil {
			if len(byUID) >= maxListedEvents {
				l.cut = fmt.Sprintf("there are more than %d Events, not all are listed: name a namespace or a pattern", maxListedEvents)
				continue
			}
			o = &listed{entry: &store.Entry{Ref: r.Ref, Storage: record.StorageOf(r.Ref.GroupResource())}, event: &eventStates{}}
			byUID[r.Ref.UID] = o
		}
		o.event.add(o.entry, r, l.q.At)
	}
	out := make([]*listed, 0, len(byUID))
	for _, o := range byUID {
		o.entry.Labels = o.event.labels
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b *listed) int { return compareEntries(a.entry, b.entry) })
	return out, nil
}

// namesAnother reports whether the question is for one UID that is no Event's.
func (l *objectList) namesAnother(ctx context.Context, cluster record.Cluster) (bool, error) {
	if l.q.UID == "" {
		return false, nil
	}
	entry, err := l.e.st.Object(ctx, store.ObjectKey{Cluster: cluster, UID: l.q.UID})
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !entry.Ref.GroupResource().IsEvents(), err
}

// knownEvents takes in the catalogue entries of Events, which requests made.
func (l *objectList) knownEvents(ctx context.Context, cluster record.Cluster, byUID map[record.UID]*listed) error {
	var groups []record.GroupResource
	for _, group := range eventGroups() {
		groups = append(groups, record.GroupResource{Group: group, Resource: "events"})
	}
	for _, scan := range l.scans(cluster, groups) {
		for entry, err := range l.e.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if len(byUID) >= maxListedEvents {
				l.cut = fmt.Sprintf("there are more than %d Events, not all are listed: name a namespace or a pattern", maxListedEvents)
				return nil
			}
			own := *entry
			byUID[entry.Ref.UID] = &listed{entry: &own, event: &eventStates{}}
		}
	}
	return nil
}

// compareEntries orders entries as the catalogue does.
func compareEntries(a, b *store.Entry) int {
	x, y := &a.Ref, &b.Ref
	switch { // one after the other: sorts of many compare little else
	case x.Cluster != y.Cluster:
		return cmp.Compare(x.Cluster, y.Cluster)
	case x.Group != y.Group:
		return cmp.Compare(x.Group, y.Group)
	case x.Resource != y.Resource:
		return cmp.Compare(x.Resource, y.Resource)
	case x.Namespace != y.Namespace:
		return cmp.Compare(x.Namespace, y.Namespace)
	case x.Name != y.Name:
		return cmp.Compare(x.Name, y.Name)
	}
	return cmp.Or(cmp.Compare(a.FirstRV, b.FirstRV), cmp.Compare(x.UID, y.UID))
}

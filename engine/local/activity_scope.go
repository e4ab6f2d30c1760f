package local

import (
	"cmp"
	"context"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// scope says which records belong to a set: by what they name, or where the set has to be looked up first, by the objects found.
type scope struct {
	set *objectSet
	// uids and names are those of the objects, where they were looked up: sets by tree, filter or label.
	uids  map[store.ObjectKey]bool
	names map[toldName]bool
	keys  map[string]bool // the same names
}

// scope reads a set. It looks up no object unless the set's words are about more than names.
func (e *Engine) scope(ctx context.Context, q query.Set, w query.Window) (*scope, error) {
	if q.HasObject() || q.Filter != "" || q.Selector != "" {
		set, err := e.set(ctx, q, w, e.limits.Nodes)
		if err != nil {
			return nil, err
		}
		s := &scope{set: set, uids: map[store.ObjectKey]bool{}, names: map[toldName]bool{}, keys: map[string]bool{}}
		for i := range set.members {
			m := &set.members[i]
			if m.key.UID != "" {
				s.uids[m.key] = true
			}
			s.names[nameOf(m.key.Cluster, m.ref)] = true
			s.keys[nameKeyOf(m.key.Cluster, &m.ref)] = true
		}
		return s, nil
	}
	set := &objectSet{e: e, q: q, w: w, spans: e.spans(), resources: map[record.Cluster][]record.GroupResource{}}
	return &scope{set: set}, set.enter(ctx)
}

func nameOf(c record.Cluster, ref record.ObjectRef) toldName {
	return toldName{c, ref.GroupResource(), ref.Namespace, ref.Name}
}

// namespace is the one that all of the set lies in; "": several.
func (s *scope) namespace() string {
	if s.set.q.HasObject() {
		return "" // it is the object's
	}
	return s.set.q.Namespace
}

// lookedUp reports whether the objects of the set are known one by one.
func (s *scope) lookedUp() bool { return s.names != nil }

// fewNames is how many objects are looked up one by one rather than by going over their namespaces.
const fewNames = 300

// few reports whether the objects are known, and are few. Of each its kind is known too, by which Events name it.
func (s *scope) few() bool {
	return s.lookedUp() && len(s.names) <= fewNames && !slices.ContainsFunc(s.set.members, func(m member) bool { return m.ref.Kind == "" })
}

// lookups gives the scans for all that names the objects of one cluster, or the collections they are in.
func (s *scope) lookups(c record.Cluster) (requests []store.RequestScan, events []store.EventScan) {
	asked := map[any]bool{}
	once := func(scan any) bool {
		again := asked[scan]
		asked[scan] = true
		return !again
	}
	for i := range s.set.members {
		m := &s.set.members[i]
		if m.key.Cluster != c {
			continue
		}
		scan := store.RequestScan{Cluster: c, Resource: m.ref.GroupResource(), Namespace: m.ref.Namespace, Name: m.ref.Name}
		if once(scan) {
			requests = append(requests, scan)
		}
		if scan.Name = ""; once(scan) {
			requests = append(requests, scan)
		}
		if ev := (store.EventScan{Cluster: c, Kind: m.ref.Kind, Namespace: m.ref.Namespace, Name: m.ref.Name}); once(ev) {
			events = append(events, ev)
		}
	}
	return requests, events
}

// wants reports whether a resource can be of the set.
func (s *scope) wants(c record.Cluster, gr record.GroupResource) bool {
	if s.lookedUp() {
		return true // by name
	}
	return s.set.wantsResource(c, gr)
}

// hasName reports whether a record that names ref is of the set, where its resource is wanted.
func (s *scope) hasName(ref *record.ObjectRef) bool {
	switch {
	case s.lookedUp():
		return ref.UID != "" && s.uids[store.ObjectKey{Cluster: ref.Cluster, UID: ref.UID}] || s.names[nameOf(ref.Cluster, *ref)]
	case s.set.q.Namespace != "" && s.set.q.Namespace != ref.Namespace:
		return false
	}
	return s.set.q.Name == "" || s.set.pick.glob.Match(ref.Name)
}

// hasHead reports whether a request is of the set, by its head.
func (s *scope) hasHead(t *tallies, c record.Cluster, gr record.GroupResource, h *record.RequestHead, collection bool) bool {
	q := &s.set.q
	switch {
	case collection && s.lookedUp():
		return true // its items are looked at
	case s.lookedUp():
		return s.keys[string(t.nameKey(c, gr, h.Namespace, h.Name))]
	case q.Namespace != "" && q.Namespace != string(h.Namespace):
		return false
	}
	return q.Name == "" || s.set.pick.glob.Match(string(h.Name))
}

// hasItem reports whether a request to a collection touched one of the objects.
func (s *scope) hasItem(r *record.Record) bool {
	return slices.ContainsFunc(r.Request.Items, func(it record.Item) bool {
		return s.uids[store.ObjectKey{Cluster: r.Ref.Cluster, UID: it.UID}]
	})
}

// hasEvent reports whether an Event is about an object of the set, or is itself of it.
func (s *scope) hasEvent(r *record.Record, about *record.ObjectRef) bool {
	if s.lookedUp() {
		return s.hasName(about)
	}
	if s.set.q.Kind != "" && s.set.wantsResource(r.Ref.Cluster, r.Ref.GroupResource()) {
		return s.hasName(&r.Ref)
	}
	return s.set.wantsResource(r.Ref.Cluster, about.GroupResource()) && s.hasName(about)
}

// scans gives window scans of requests that together go over all that can be of the set, in one cluster, and over nothing twice.
func (s *scope) scans(ctx context.Context, c store.ClusterInfo, between store.TimeRange) ([]store.WindowScan, error) {
	base := store.WindowScan{Cluster: c.Name, Kinds: []record.Kind{record.KindRequest}, Between: between, Reads: true}
	if s.lookedUp() {
		return s.scansOfNames(base), nil
	}
	q := &s.set.q
	base.Namespace = q.Namespace
	resources := s.set.resources[c.Name]
	if resources == nil {
		if q.Namespace == "" {
			parts, err := s.byTime(ctx, c, base)
			if err != nil || parts != nil {
				return parts, err
			}
			base.Resource = &record.GroupResource{}
		}
		var err error
		if resources, err = s.seen(ctx, c, between); err != nil {
			return nil, err
		}
	}
	var out []store.WindowScan
	if base.Resource != nil { // what is no resource's
		out = append(out, base)
	}
	for _, gr := range resources {
		scan := base
		scan.Resource = &gr
		out = append(out, scan)
	}
	return out, nil
}

// maxNameScans bounds the namespaces that are gone over one by one.
const maxNameScans = 64

// scansOfNames goes over the objects' resources, in their namespaces where these are few.
func (s *scope) scansOfNames(base store.WindowScan) []store.WindowScan {
	in := map[record.GroupResource]map[string]bool{}
	for n := range s.names {
		if n.cluster != base.Cluster {
			continue
		}
		if in[n.resource] == nil {
			in[n.resource] = map[string]bool{}
		}
		in[n.resource][n.namespace] = true
	}
	var out []store.WindowScan
	for _, gr := range sortedResources(in) {
		namespaces := in[gr]
		if namespaces[""] || len(namespaces) > maxNameScans {
			namespaces = map[string]bool{"": true}
		}
		for _, ns := range slices.Sorted(maps.Keys(namespaces)) {
			scan := base
			scan.Resource, scan.Namespace = &gr, ns
			out = append(out, scan)
		}
	}
	return out
}

func sortedResources[V any](m map[record.GroupResource]V) []record.GroupResource {
	return slices.SortedFunc(maps.Keys(m), func(a, b record.GroupResource) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource))
	})
}

// seen gives the resources that requests were recorded of, sorted.
func (s *scope) seen(ctx context.Context, c store.ClusterInfo, between store.TimeRange) ([]record.GroupResource, error) {
	found := map[record.GroupResource]bool{}
	for seen, err := range s.set.e.st.Seen(ctx, c.Name, wholeHours(between)) {
		if err != nil {
			return nil, err
		}
		if seen.Resource.Resource != "" && s.set.wantsResource(c.Name, seen.Resource) {
			found[seen.Resource] = true
		}
	}
	return sortedResources(found), nil
}

// wholeHours widens a range to the hours that it touches.
func wholeHours(r store.TimeRange) store.TimeRange {
	if !r.From.IsZero() {
		r.From = r.From.Truncate(time.Hour)
	}
	return r
}

// byTime cuts a scan of everything at hours in parts of about equal size; nil where there are too few hours.
func (s *scope) byTime(ctx context.Context, c store.ClusterInfo, base store.WindowScan) ([]store.WindowScan, error) {
	buckets, err := s.set.e.st.Buckets(ctx)
	if err != nil {
		return nil, err
	}
	var bytes int64
	buckets = slices.DeleteFunc(buckets, func(b store.Bucket) bool {
		drop := b.Cluster != c.Name || b.Family != store.FamilyTimed || !b.Time.To.After(base.Between.From) || !b.Time.From.Before(base.Between.To)
		if !drop {
			bytes += b.Bytes
		}
		return drop
	})
	pieces := 4 * runtime.GOMAXPROCS(0)
	if len(buckets) < pieces {
		return nil, nil
	}
	slices.SortFunc(buckets, func(a, b store.Bucket) int { return a.Time.From.Compare(b.Time.From) })
	var out []store.WindowScan
	from, size := base.Between.From, int64(0)
	for i, b := range buckets {
		if size > 0 && size >= bytes/int64(pieces) {
			part := base
			part.Between = store.TimeRange{From: from, To: buckets[i].Time.From}
			out, from, size = append(out, part), buckets[i].Time.From, 0
		}
		size += max(b.Bytes, 1)
	}
	base.Between.From = from
	return append(out, base), nil
}

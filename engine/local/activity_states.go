package local

import (
	"context"
	"time"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// audited tells where the changes of one cluster are counted by requests.
type audited struct {
	resources map[record.GroupResource]bool // of which some write was audited
	hours     map[time.Time]bool            // in which some write was
}

// has reports whether a change of a resource at a moment stands as a request: the audit log ran in that hour, and it holds writes to the resource.
func (a audited) has(gr record.GroupResource, at time.Time) bool {
	return a.hours[at.Truncate(time.Hour)] && a.resources[gr]
}

func (a *activity) audited(ctx context.Context, c store.ClusterInfo) (audited, error) {
	out := audited{map[record.GroupResource]bool{}, map[time.Time]bool{}}
	for seen, err := range a.e.st.Seen(ctx, c.Name, wholeHours(a.between())) {
		if err != nil {
			return out, err
		}
		if seen.Write {
			out.resources[seen.Resource], out.hours[seen.Hour.UTC()] = true, true
		}
	}
	return out, nil
}

// throughout reports whether the audit log ran in every hour of the window.
func (a audited) throughout(from, to time.Time) bool {
	for h := from.Truncate(time.Hour); h.Before(to); h = h.Add(time.Hour) {
		if !a.hours[h.UTC()] {
			return false
		}
	}
	return true
}

// states counts the revisions and ends that no audited request stands for. They are looked for below the catalogue's entries, of watched resources: with
// an audit log alone there are none.
func (a *activity) states(ctx context.Context, c store.ClusterInfo, t *tallies) error {
	audited, err := a.audited(ctx, c)
	if err != nil {
		return err
	}
	watches, err := a.e.watches(ctx, c.Name)
	if err != nil {
		return err
	}
	resources := watches.listed
	if len(audited.hours) == 0 && len(resources) == 0 { // neither is told of: whatever there is
		if resources, err = a.e.catalogued(ctx, c.Name); err != nil {
			return err
		}
	}
	throughout := audited.throughout(a.from, a.to)
	counter, err := a.stateCounter(ctx, c, audited, t)
	if err != nil {
		return err
	}
	for _, gr := range sortedResources(resources) {
		if throughout && audited.resources[gr] || !a.changes(gr) || !a.scope.wants(c.Name, gr) {
			continue
		}
		if err := counter.resource(ctx, gr); err != nil {
			return err
		}
	}
	return nil
}

// catalogued are the resources of a cluster's objects.
func (e *Engine) catalogued(ctx context.Context, c record.Cluster) (map[record.GroupResource]bool, error) {
	out := map[record.GroupResource]bool{}
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: c, NoEvents: true, AnyOrder: true}) {
		if err != nil {
			return nil, err
		}
		out[entry.Ref.GroupResource()] = true
	}
	return out, nil
}

// stateCounter counts states of one cluster.
type stateCounter struct {
	a        *activity
	t        *tallies
	cluster  record.Cluster
	audited  audited
	ranges   map[record.Storage]store.RVRange // nil: all
	clocks   clockSet
	received receivedRecords
	spans    *spans
	looked   int
}

func (a *activity) stateCounter(ctx context.Context, c store.ClusterInfo, audited audited, t *tallies) (*stateCounter, error) {
	s := &stateCounter{a: a, t: t, cluster: c.Name, audited: audited, received: a.e.receivedRecords(ctx, c.Name), spans: a.e.spans()}
	var err error
	if s.ranges, err = a.e.revisionRanges(ctx, c, query.Window{From: a.from, To: a.to}); err != nil {
		return nil, err
	}
	s.clocks, err = a.e.clockReaders(ctx, c)
	return s, err
}

// resource counts what the catalogue has of a resource within the window's resourceVersions.
func (s *stateCounter) resource(ctx context.Context, gr record.GroupResource) error {
	r, ok := s.ranges[record.StorageOf(gr)]
	if s.ranges != nil && !ok {
		return nil
	}
	for entry, err := range s.a.e.st.Objects(ctx, store.ObjectScan{Cluster: s.cluster, Resource: &gr, Namespace: s.a.scope.namespace()}) {
		if err != nil {
			return err
		}
		if !s.a.scope.hasName(&entry.Ref) {
			continue
		}
		if entry.LastRV >= r.From && (r.To == 0 || entry.FirstRV <= r.To) {
			if err := s.revisions(ctx, entry, r); err != nil {
				return err
			}
		}
		if err := s.end(ctx, entry); err != nil {
			return err
		}
		if s.a.looked.cut() != "" {
			return nil
		}
	}
	return nil
}

func (s *stateCounter) revisions(ctx context.Context, entry *store.Entry, within store.RVRange) error {
	var group []*record.Record
	tell := func() error {
		if len(group) == 0 {
			return nil
		}
		at, err := s.when(ctx, group)
		if group = group[:0]; err != nil || at.IsZero() || s.audited.has(entry.Ref.GroupResource(), at) {
			return err
		}
		s.t.state(&entry.Ref, at)
		return nil
	}
	for r, err := range s.a.e.st.Revisions(ctx, entry.Key(), within) {
		if err != nil {
			return err
		}
		if len(group) > 0 && group[0].Revision.RV != r.Revision.RV {
			if err := tell(); err != nil {
				return err
			}
		}
		group = append(group, r)
		if s.looked++; s.looked%lookEvery == 0 && s.a.looked.more(lookEvery, s.a.e.limits.Scanned, s.a.deadline, s.a.e.limits.Time) {
			return nil
		}
	}
	return tell()
}

// when is the moment by which a revision is shown; zero where no bound is known before which it was not there: a list tells a state, no change.
func (s *stateCounter) when(ctx context.Context, variants []*record.Record) (time.Time, error) {
	w, err := s.clocks.when(ctx, variants[0])
	if err != nil {
		return time.Time{}, err
	}
	var received time.Time
	for _, r := range variants {
		at, err := s.received.at(r, w)
		if err != nil {
			return time.Time{}, err
		}
		received = earliest(received, at)
	}
	switch {
	case !received.IsZero():
		return received, nil
	case w.NotBefore.IsZero() || w.NotAfter.IsZero():
		return time.Time{}, nil
	}
	return w.NotAfter, nil
}

func (s *stateCounter) end(ctx context.Context, entry *store.Entry) error {
	if !entry.Ended {
		return nil
	}
	end, err := s.a.e.st.End(ctx, entry.Key())
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	w, err := s.clocks.when(ctx, end)
	if err != nil {
		return err
	}
	at, err := s.received.at(end, w)
	if err != nil {
		return err
	}
	if at.IsZero() && !w.NotBefore.IsZero() {
		at = w.NotAfter
	}
	if at.IsZero() || s.audited.has(entry.Ref.GroupResource(), at) {
		return nil
	}
	s.t.state(&entry.Ref, at)
	return nil
}

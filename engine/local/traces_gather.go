package local

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// suspect is an object that may have records which meet the tags: known by its UID or by its name.
type suspect struct {
	uid       record.UID
	resource  record.GroupResource
	namespace string
	name      string
	// at or rv is when it was last touched, as far as is known without reading it.
	at time.Time
	rv record.ResourceVersion
}

// gatherer finds the suspects of one cluster.
type gatherer struct {
	*traceSearch
	info  store.ClusterInfo
	w     query.Window
	spans *spans
	// lists are ordered by falling time, or of one storage by falling resourceVersion.
	lists [][]suspect
}

func (g *gatherer) gather(ctx context.Context) error {
	t := g.tags
	byRecords := t.ofRecords() && (t.failed == nil || *t.failed)
	toTheEnd := g.w.To.IsZero() || g.w.To.After(g.info.Last)
	switch {
	case t.uid != "" || (t.name != "" && t.name.Exact()):
		return g.catalogue(ctx)
	case byRecords:
		events := t.failed != nil && t.verb == "" && t.user == "" && t.code == 0
		return inTurn(ctx, g.requests, when(events, g.events))
	case toTheEnd: // the catalogue knows what was last
		return inTurn(ctx, g.catalogue, g.events)
	}
	return inTurn(ctx, g.requests, g.events, g.revisions)
}

func when(wanted bool, f func(context.Context) error) func(context.Context) error {
	if wanted {
		return f
	}
	return func(context.Context) error { return nil }
}

func inTurn(ctx context.Context, all ...func(context.Context) error) error {
	for _, f := range all {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *gatherer) add(list []suspect) {
	slices.SortFunc(list, func(a, b suspect) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.rv, a.rv), cmp.Compare(a.uid, b.uid), cmp.Compare(a.resource.Resource, b.resource.Resource),
			cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	if len(list) > 0 {
		g.lists = append(g.lists, list)
	}
}

// dated is a suspect and when it was last touched, at the latest.
type dated struct {
	entry *store.Entry
	at    time.Time
}

// take gives the next suspects of each list, the newest first; more: there are others behind them.
func (g *gatherer) take(ctx context.Context, from, to int) (out []dated, more bool, err error) {
	for _, list := range g.lists {
		more = more || len(list) > to
		for _, s := range list[min(from, len(list)):min(to, len(list))] {
			entries, err := g.entries(ctx, s)
			if err != nil {
				return nil, false, err
			}
			for _, e := range entries {
				if g.seen[e.Key()] || !g.tags.entry(e) {
					continue
				}
				g.seen[e.Key()] = true
				at := s.at
				if s.rv != 0 {
					if at, err = g.spans.at(ctx, e, s.rv, time.Time{}); err != nil {
						return nil, false, err
					}
				}
				if at.IsZero() || at.After(g.w.To) {
					at = g.w.To
				}
				out = append(out, dated{e, at})
			}
		}
	}
	slices.SortFunc(out, func(a, b dated) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.entry.Ref.UID, b.entry.Ref.UID))
	})
	return out, more, nil
}

// entries of a suspect: the objects that had its name, or the one with its UID.
func (g *gatherer) entries(ctx context.Context, s suspect) ([]*store.Entry, error) {
	if s.uid == "" {
		return g.e.lives(ctx, &target{cluster: g.info.Name, resource: s.resource, namespace: s.namespace, name: s.name})
	}
	e, err := g.e.st.Object(ctx, store.ObjectKey{Cluster: g.info.Name, UID: s.uid})
	if isNotFound(err) {
		return nil, nil
	}
	return []*store.Entry{e}, err
}

// catalogue takes the objects that may have been touched in the window.
func (g *gatherer) catalogue(ctx context.Context) error {
	ranges, err := g.e.revisionRanges(ctx, g.info, g.w)
	if err != nil {
		return err
	}
	scan := store.ObjectScan{Cluster: g.info.Name, UID: record.UID(g.tags.uid), NamePrefix: g.tags.name.Prefix(), NoEvents: true}
	if g.tags.namespace.Exact() {
		scan.Namespace = string(g.tags.namespace)
	}
	if g.tags.name.Exact() {
		scan.Name, scan.NamePrefix = string(g.tags.name), ""
	}
	scans := []store.ObjectScan{scan}
	if list := g.tags.resources[g.info.Name]; list != nil {
		scans = scans[:0]
		for i := range list {
			scan.Resource = &list[i]
			scans = append(scans, scan)
		}
	}
	byRV, timed := map[record.Storage][]suspect{}, []suspect(nil)
	for _, scan := range scans {
		for e, err := range g.e.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if !g.tags.entry(e) {
				continue
			}
			r, ok := ranges[e.Storage]
			if ok = ok || ranges == nil; ok && e.LastRV >= r.From && (r.To == 0 || e.FirstRV <= r.To) {
				byRV[e.Storage] = append(byRV[e.Storage], suspect{uid: e.Ref.UID, rv: e.LastRV})
			}
			if !e.LastAt.IsZero() && !e.LastAt.Before(g.w.From) && (e.FirstAt.IsZero() || e.FirstAt.Before(g.w.To)) {
				timed = append(timed, suspect{uid: e.Ref.UID, at: e.LastAt})
			}
			if scan.Name != "" || scan.UID != "" { // few: its Events may be all there is
				timed = append(timed, suspect{uid: e.Ref.UID, at: e.CreatedAt})
			}
		}
	}
	for _, s := range g.info.Storages {
		g.add(byRV[s])
	}
	g.add(timed)
	return nil
}

// requests goes over the heads of the window's requests, resource by resource on all cores.
func (g *gatherer) requests(ctx context.Context) error {
	var resources []record.GroupResource
	for seen, err := range g.e.st.Seen(ctx, g.info.Name, store.TimeRange{From: g.w.From.Truncate(time.Hour), To: g.w.To}) {
		if err != nil {
			return err
		}
		if gr := seen.Resource; gr.Resource != "" && !slices.Contains(resources, gr) && (g.tags.resource == "" || slices.Contains(g.tags.resources[g.info.Name], gr)) {
			resources = append(resources, gr)
		}
	}
	lists := make([][]suspect, len(resources))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, gr := range resources {
		group.Go(func() (err error) {
			lists[i], err = g.requestsOf(ctx, gr)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	g.add(slices.Concat(lists...))
	return nil
}

func (g *gatherer) requestsOf(ctx context.Context, gr record.GroupResource) ([]suspect, error) {
	type place struct{ namespace, name string }
	last := map[place]time.Time{}
	scan := store.WindowScan{Cluster: g.info.Name, Kinds: []record.Kind{record.KindRequest}, Between: timeRange(g.w), Resource: &gr, Reads: g.tags.reads(), HeadsOnly: true}
	scan.SkipRequest = func(at time.Time, h record.RequestHead) bool {
		if string(h.Resource) != gr.Resource || string(h.Group) != gr.Group || !g.tags.head(g.info.Name, &h) {
			return true
		}
		if len(h.Name) == 0 {
			return false // its items are looked at
		}
		if p := (place{string(h.Namespace), string(h.Name)}); at.After(last[p]) {
			last[p] = at
		}
		return true
	}
	var list []suspect
	for r, err := range g.e.st.Window(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if r.Ref.Name != "" { // of a driver that does not ask
			head := record.RequestHead{Group: []byte(r.Ref.Group), Resource: []byte(r.Ref.Resource), Namespace: []byte(r.Ref.Namespace), Name: []byte(r.Ref.Name),
				Stage: r.Request.Stage, Verb: []byte(r.Request.Verb), User: []byte(r.Request.Actor.User), Code: r.Request.Code}
			scan.SkipRequest(r.OccurredAt, head)
			continue
		}
		for _, item := range r.Request.Items {
			list = append(list, suspect{uid: item.UID, at: r.OccurredAt})
		}
	}
	for p, at := range last {
		list = append(list, suspect{resource: gr, namespace: p.namespace, name: p.name, at: at})
	}
	return list, nil
}

// events goes over the window's Events.
func (g *gatherer) events(ctx context.Context) error {
	last := map[record.UID]time.Time{}
	scan := store.WindowScan{Cluster: g.info.Name, Kinds: []record.Kind{record.KindKubeEvent}, Between: timeRange(g.w)}
	for r, err := range g.e.st.Window(ctx, scan) {
		if err != nil {
			return err
		}
		about := &r.KubeEvent.Regarding
		if about.UID == "" || (g.tags.failed != nil && *g.tags.failed && r.KubeEvent.Type != "Warning") {
			continue
		}
		if g.tags.namespace != "" && !g.tags.namespace.Match(about.Namespace) || g.tags.name != "" && !g.tags.name.Match(about.Name) {
			continue
		}
		if r.OccurredAt.After(last[about.UID]) {
			last[about.UID] = r.OccurredAt
		}
	}
	var list []suspect
	for uid, at := range last {
		list = append(list, suspect{uid: uid, at: at})
	}
	g.add(list)
	return nil
}

// revisions goes over the heads of the states and ends that may have been committed in the window.
func (g *gatherer) revisions(ctx context.Context) error {
	ranges, err := g.e.revisionRanges(ctx, g.info, g.w)
	if err != nil {
		return err
	}
	last := map[record.Storage]map[record.UID]record.ResourceVersion{}
	scan := store.WindowScan{Cluster: g.info.Name, Kinds: []record.Kind{record.KindRevision, record.KindEnd}, Revisions: ranges, OnlyNamed: ranges != nil, HeadsOnly: true}
	for r, err := range g.e.st.Window(ctx, scan) {
		if err != nil {
			return err
		}
		if r.Ref.UID == "" || r.Ref.GroupResource().IsEvents() {
			continue
		}
		var rv record.ResourceVersion
		if r.Kind == record.KindRevision {
			rv = r.Revision.RV
		} else {
			rv = r.End.RV
		}
		storage := record.StorageOf(r.Ref.GroupResource())
		if last[storage] == nil {
			last[storage] = map[record.UID]record.ResourceVersion{}
		}
		last[storage][r.Ref.UID] = max(last[storage][r.Ref.UID], rv)
	}
	for _, s := range g.info.Storages {
		var list []suspect
		for uid, rv := range last[s] {
			list = append(list, suspect{uid: uid, rv: rv})
		}
		g.add(list)
	}
	return nil
}

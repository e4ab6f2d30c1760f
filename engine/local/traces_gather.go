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
	// waiting were taken off the lists and are to be looked at, the newest first; queued are the same. What is still on the lists was touched
	// at the horizon or before.
	waiting []*dated
	queued  map[store.ObjectKey]*dated
	horizon time.Time
	// nameless are the namespaces of requests that do not tell whom they touched, by resource; "" is all of them.
	nameless map[record.GroupResource]map[string]bool
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
		return inTurn(ctx, g.requests, g.unnamed, when(events, g.events))
	case toTheEnd: // the catalogue knows what was last, but for requests that name no UID, as refused ones
		return inTurn(ctx, g.catalogue, when(!g.w.From.IsZero(), g.requests), g.events, g.told)
	}
	return inTurn(ctx, g.requests, g.events, g.told, g.revisions)
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

// take puts the next suspects of each list among those that wait; more: there are others behind them.
func (g *gatherer) take(ctx context.Context, from, to int) (more bool, err error) {
	g.horizon, g.queued = time.Time{}, map[store.ObjectKey]*dated{}
	for _, d := range g.waiting {
		g.queued[d.entry.Key()] = d
	}
	for _, list := range g.lists {
		for _, s := range list[min(from, len(list)):min(to, len(list))] {
			if err := g.wait(ctx, s); err != nil {
				return false, err
			}
		}
		if len(list) <= to {
			continue
		}
		entries, err := g.entries(ctx, list[to])
		if err != nil {
			return false, err
		}
		at, err := g.touchedAt(ctx, list[to], entries)
		if err != nil {
			return false, err
		}
		more, g.horizon = true, latest(g.horizon, at)
	}
	slices.SortFunc(g.waiting, func(a, b *dated) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.entry.Ref.UID, b.entry.Ref.UID))
	})
	return more, nil
}

// wait puts the objects of a suspicion among those that wait. Of several lists the latest touch counts.
func (g *gatherer) wait(ctx context.Context, s suspect) error {
	entries, err := g.entries(ctx, s)
	if err != nil {
		return err
	}
	for _, e := range entries {
		d := g.queued[e.Key()]
		if d == nil && (g.seen[e.Key()] || !g.tags.entry(e)) {
			continue
		}
		at, err := g.touchedAt(ctx, s, entries)
		if err != nil {
			return err
		}
		if d == nil {
			d = &dated{entry: e}
			g.seen[e.Key()], g.queued[e.Key()] = true, d
			g.waiting = append(g.waiting, d)
		}
		d.at = latest(d.at, at)
	}
	return nil
}

// touchedAt is when a suspect was touched, at the latest, as far as that is known and the window goes.
func (g *gatherer) touchedAt(ctx context.Context, s suspect, entries []*store.Entry) (time.Time, error) {
	at := s.at
	if s.rv != 0 && len(entries) > 0 {
		var err error
		if at, err = g.spans.at(ctx, entries[0], s.rv, time.Time{}); err != nil {
			return at, err
		}
	}
	if end := secondEnd(g.w.To.Truncate(time.Second)); at.IsZero() || at.After(end) { // where the window's last Events may stand
		at = end
	}
	return at, nil
}

// ready gives those that wait and are newer than all that is still on the lists.
func (g *gatherer) ready(more bool) []*dated {
	if !more {
		return g.waiting
	}
	n := slices.IndexFunc(g.waiting, func(d *dated) bool { return d.at.Before(g.horizon) })
	if n < 0 {
		return g.waiting
	}
	return g.waiting[:n]
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
	scan := store.ObjectScan{Cluster: g.info.Name, UID: record.UID(g.tags.uid), NamePrefix: g.tags.name.Prefix(), NoEvents: true, AnyOrder: true}
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
			g.touched(e, ranges, byRV, &timed)
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

// touched adds an object to the suspects if, as its entry tells, it may have been touched in the window.
func (g *gatherer) touched(e *store.Entry, ranges map[record.Storage]store.RVRange, byRV map[record.Storage][]suspect, timed *[]suspect) {
	r, ok := ranges[e.Storage]
	if ok = ok || ranges == nil; ok && e.LastRV >= r.From && (r.To == 0 || e.FirstRV <= r.To) {
		byRV[e.Storage] = append(byRV[e.Storage], suspect{uid: e.Ref.UID, rv: e.LastRV})
	}
	if !e.LastAt.IsZero() && !e.LastAt.Before(g.w.From) && (e.FirstAt.IsZero() || e.FirstAt.Before(g.w.To)) {
		*timed = append(*timed, suspect{uid: e.Ref.UID, at: e.LastAt})
	}
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
	lists, nameless := make([][]suspect, len(resources)), make([]map[string]bool, len(resources))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, gr := range resources {
		group.Go(func() (err error) {
			lists[i], nameless[i], err = g.requestsOf(ctx, gr)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	g.add(slices.Concat(lists...))
	g.nameless = map[record.GroupResource]map[string]bool{}
	for i, gr := range resources {
		g.nameless[gr] = nameless[i]
	}
	return nil
}

// unnamed takes the objects that the nameless requests may have touched: a create with a generated name, or a deletion of a collection, of
// which the answer was not recorded.
func (g *gatherer) unnamed(ctx context.Context) error {
	ranges, err := g.e.revisionRanges(ctx, g.info, g.w)
	if err != nil {
		return err
	}
	byRV, timed := map[record.Storage][]suspect{}, []suspect(nil)
	for gr, namespaces := range g.nameless {
		if namespaces[""] {
			namespaces = map[string]bool{"": true}
		}
		for namespace := range namespaces {
			for e, err := range g.e.st.Objects(ctx, store.ObjectScan{Cluster: g.info.Name, Resource: &gr, Namespace: namespace, NoEvents: true}) {
				if err != nil {
					return err
				}
				if g.tags.entry(e) {
					g.touched(e, ranges, byRV, &timed)
				}
			}
		}
	}
	for _, s := range g.info.Storages {
		g.add(byRV[s])
	}
	g.add(timed)
	return nil
}

// requestsOf goes over the requests of one resource.
func (g *gatherer) requestsOf(ctx context.Context, gr record.GroupResource) (list []suspect, nameless map[string]bool, err error) {
	type place struct{ namespace, name string }
	nameless = map[string]bool{}
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
	for r, err := range g.e.st.Window(ctx, scan) {
		if err != nil {
			return nil, nil, err
		}
		if r.Ref.Name != "" { // of a driver that does not ask
			scan.SkipRequest(r.OccurredAt, record.HeadOf(r))
			continue
		}
		for _, item := range r.Request.Items {
			list = append(list, suspect{uid: item.UID, at: r.OccurredAt})
		}
		if len(r.Request.Items) == 0 && r.Request.Level < record.LevelRequestResponse {
			nameless[r.Ref.Namespace] = true
		}
	}
	for p, at := range last {
		list = append(list, suspect{resource: gr, namespace: p.namespace, name: p.name, at: at})
	}
	return list, nameless, nil
}

// events goes over the window's Events. Many tell whole seconds: they may have been made until the end of those.
func (g *gatherer) events(ctx context.Context) error {
	last := map[record.UID]time.Time{}
	scan := store.WindowScan{Cluster: g.info.Name, Kinds: []record.Kind{record.KindKubeEvent}, Between: store.TimeRange{From: g.w.From.Truncate(time.Second), To: g.w.To}}
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
		last[about.UID] = latest(last[about.UID], secondEnd(r.OccurredAt))
	}
	var list []suspect
	for uid, at := range last {
		list = append(list, suspect{uid: uid, at: at})
	}
	g.add(list)
	return nil
}

// told goes over the window's spans and pushed records.
func (g *gatherer) told(ctx context.Context) error {
	var list []suspect
	scan := store.WindowScan{Cluster: g.info.Name, Kinds: []record.Kind{record.KindSpan}, Between: timeRange(g.w)}
	for r, err := range g.e.st.Window(ctx, scan) {
		if err != nil {
			return err
		}
		for _, ref := range append([]record.ObjectRef{r.Ref}, r.Span.Also...) {
			if ref.Name != "" && (g.tags.namespace == "" || g.tags.namespace.Match(ref.Namespace)) && (g.tags.name == "" || g.tags.name.Match(ref.Name)) {
				list = append(list, suspect{resource: ref.GroupResource(), namespace: ref.Namespace, name: ref.Name, at: r.OccurredAt})
			}
		}
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

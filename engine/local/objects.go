package local

import (
	"context"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// maxCounted bounds the revisions counted for one entry of a list.
const maxCounted = 10_000

// Objects lists the objects that match. It costs one scan of the catalogue entries of the kinds and namespace asked
// for, one of the Events where they are among these, and for each object listed or selected by label a look at its revisions' keys and at a state.
func (e *Engine) Objects(ctx context.Context, q query.Objects) (*engine.Objects, error) {
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	pick, err := newPicker(q)
	if err != nil {
		return nil, err
	}
	asked := q
	asked.Limit, asked.Cursor = 0, ""
	digest := questionDigest("objects", asked)
	if pick.after, err = decodeCursor(q.Cursor, digest, len(entryKey(&store.Entry{}))); err != nil {
		return nil, err
	}
	list := &objectList{e: e, q: q, pick: pick, limit: q.Limit, spans: e.spans(), certain: map[clockKey]record.ResourceVersion{},
		out: &engine.Objects{Objects: []engine.ObjectEntry{}}}
	list.use = list.list
	if list.limit <= 0 {
		list.limit = e.limits.Objects
	}
	cov := newCoverage(e.limits.Gaps)
	for _, c := range clusters {
		resources, err := e.kindsOf(ctx, c.Name, q.Kind)
		if err != nil {
			return nil, err
		}
		if err := list.cluster(ctx, c.Name, resources); err != nil {
			return nil, err
		}
		if err := e.windowGaps(ctx, cov, c, q.Alive, resources, q.Namespace); err != nil {
			return nil, err
		}
	}
	list.close(digest)
	list.out.Coverage = cov.done(false)
	return list.out, nil
}

// kindsOf gives the resources that a kind word means, sorted as the catalogue is; nil for all.
func (e *Engine) kindsOf(ctx context.Context, cluster record.Cluster, word string) ([]record.GroupResource, error) {
	if word == "" || word == "all" {
		return nil, nil
	}
	list, err := e.resources(ctx, cluster, word)
	if err != nil {
		return nil, err
	}
	list = withEvents(slices.Clone(list))
	slices.SortFunc(list, func(a, b record.GroupResource) int {
		return strings.Compare(a.Group+"\x00"+a.Resource, b.Group+"\x00"+b.Resource)
	})
	return slices.Compact(list), nil
}

// listed is one entry on its way into a list; of an Event, whose states are no revisions, with what these tell.
type listed struct {
	entry  *store.Entry
	event  *eventStates
	labels map[string]string
}

// objectList gathers the answer. Entries come in the order of the catalogue, unless that is left open, and are looked at in batches, each in
// the order in which the store keeps what belongs to them.
type objectList struct {
	e     *Engine
	q     query.Objects
	pick  *picker
	limit int
	spans *spans
	// certain is, by storage, the last resourceVersion certainly committed at the time that labels are asked for.
	certain map[clockKey]record.ResourceVersion
	pending []*listed
	// use takes the next entries of the list, up to the limit.
	use      func(context.Context, []*listed) error
	used     int
	noEvents bool // unless their resource is named
	anyOrder bool // entries may come in any order: whoever uses them puts them in one
	until    *deadline
	seen     int
	more     bool
	cut      string // why entries may be missing although the limit was not reached
	last     *store.Entry
	out      *engine.Objects
}

const listBatch = 512

// cluster goes through one cluster's catalogue, and its Events where they belong between.
func (l *objectList) cluster(ctx context.Context, cluster record.Cluster, resources []record.GroupResource) error {
	var events []*listed
	if resources == nil && !l.noEvents || slices.ContainsFunc(resources, record.GroupResource.IsEvents) {
		var err error
		if events, err = l.events(ctx, cluster); err != nil {
			return err
		}
	}
	for _, scan := range l.scans(cluster, resources) {
		scan.NoEvents = true // they come with their states
		for entry, err := range l.e.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			for len(events) > 0 && compareEntries(events[0].entry, entry) < 0 {
				if err := l.offer(ctx, events[0]); err != nil {
					return err
				}
				events = events[1:]
			}
			if err := l.offer(ctx, &listed{entry: entry}); err != nil {
				return err
			}
		}
	}
	for _, ev := range events {
		if err := l.offer(ctx, ev); err != nil {
			return err
		}
	}
	return l.flush(ctx)
}

func (l *objectList) scans(cluster record.Cluster, resources []record.GroupResource) []store.ObjectScan {
	scan := store.ObjectScan{Cluster: cluster, Namespace: l.q.Namespace, UID: l.q.UID, NamePrefix: l.pick.prefix, AnyOrder: l.anyOrder}
	if resources == nil {
		return []store.ObjectScan{scan}
	}
	var out []store.ObjectScan
	for _, gr := range resources {
		scan.Resource = &gr
		out = append(out, scan)
	}
	return out
}

// offer takes an entry in that matches by all that the catalogue tells.
func (l *objectList) offer(ctx context.Context, o *listed) error {
	if l.seen++; l.until != nil && l.seen%lookEvery == 0 && l.until.passed() {
		l.cut = itoa(l.seen) + " objects were looked at, then the time limit was reached: narrow the set"
		return errEnough
	}
	if !l.pick.glob.Match(o.entry.Ref.Name) || !l.pick.selector.MayMatch(o.entry.Labels) {
		return nil
	}
	if ok, err := l.alive(ctx, o); err != nil || !ok {
		return err
	}
	l.pending = append(l.pending, o)
	if len(l.pending) < listBatch {
		return nil
	}
	return l.flush(ctx)
}

func (l *objectList) alive(ctx context.Context, o *listed) (bool, error) {
	if o.event != nil {
		return o.event.alive(o.entry, l.q.Alive), nil
	}
	return l.spans.alive(ctx, o.entry, l.q.Alive)
}

// flush counts what is pending and matches by its labels too, and lists it while there is room.
func (l *objectList) flush(ctx context.Context) error {
	pending := l.pending
	l.pending = nil
	if !l.pick.selector.Empty() {
		if err := l.readLabels(ctx, pending); err != nil {
			return err
		}
		pending = slices.DeleteFunc(pending, func(o *listed) bool { return !l.pick.selector.Matches(o.labels) })
	}
	var chosen []*listed
	for _, o := range pending {
		l.out.Total++
		switch {
		case l.pick.after != nil && l.pick.passed(o.entry):
		case l.used+len(chosen) == l.limit:
			l.more = true
		default:
			chosen = append(chosen, o)
		}
	}
	l.used += len(chosen)
	return l.use(ctx, chosen)
}

// list lists entries with all that is told of them.
func (l *objectList) list(ctx context.Context, chosen []*listed) error {
	if l.pick.selector.Empty() {
		if err := l.readLabels(ctx, chosen); err != nil {
			return err
		}
	}
	counts, err := l.revisions(ctx, chosen)
	if err != nil {
		return err
	}
	for i, o := range chosen {
		entry := o.entry
		s := span{first: entry.FirstAt, last: entry.LastAt, end: entry.EndAt} // the states of an Event tell their own times
		if o.event == nil {
			if s, err = l.spans.of(ctx, entry); err != nil {
				return err
			}
		}
		out := entryOf(entry, s)
		out.Labels, out.Revisions = o.labels, counts[i]
		l.out.Objects = append(l.out.Objects, out)
		l.last = entry
	}
	return nil
}

func entryOf(entry *store.Entry, s span) engine.ObjectEntry {
	out := engine.ObjectEntry{Ref: refOf(entry.Ref), CreatedAt: timePtr(entry.CreatedAt), Ended: entry.Ended,
		FirstRV: rvString(entry.FirstRV), LastRV: rvString(entry.LastRV), FirstSeen: timePtr(s.first), LastSeen: timePtr(s.last)}
	if entry.Ended {
		out.EndedAt = timePtr(s.end)
	}
	return out
}

func (l *objectList) close(digest string) {
	l.out.Cut = l.cut
	if l.more {
		l.out.Cut = "the limit of " + itoa(l.limit) + " objects was reached"
		l.out.Cursor = encodeCursor(digest, entryKey(l.last)...)
	}
}

// inStore gives the indexes of list in the order in which the store keeps its objects.
func inStore(list []*listed) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return strings.Compare(string(list[a].entry.Ref.UID), string(list[b].entry.Ref.UID))
	})
	return order
}

// ask asks the store for what want makes of each entry that has more than the catalogue tells.
func (l *objectList) ask(ctx context.Context, list []*listed, want func(*listed) (store.BriefAsk, bool), use func(i int, b store.Brief) error) error {
	var asks []store.BriefAsk
	var of []int
	for _, i := range inStore(list) {
		if ask, ok := want(list[i]); ok {
			ask.Key = list[i].entry.Key()
			asks, of = append(asks, ask), append(of, i)
		}
	}
	if len(asks) == 0 {
		return nil
	}
	n := 0
	for brief, err := range l.e.st.Briefs(ctx, asks) {
		if err != nil {
			return err
		}
		if err := use(of[n], brief); err != nil {
			return err
		}
		n++
	}
	return nil
}

func (l *objectList) revisions(ctx context.Context, list []*listed) ([]int, error) {
	counts := make([]int, len(list))
	for i, o := range list {
		if o.event != nil {
			counts[i] = o.event.states
		}
	}
	err := l.ask(ctx, list, func(o *listed) (store.BriefAsk, bool) {
		return store.BriefAsk{Count: maxCounted}, o.event == nil && o.entry.FirstRV != 0
	}, func(i int, b store.Brief) error {
		counts[i] = b.Revisions
		return nil
	})
	return counts, err
}

// readLabels fills in the labels at the time asked for. An entry whose states never had one needs no state.
func (l *objectList) readLabels(ctx context.Context, list []*listed) error {
	var fault error
	err := l.ask(ctx, list, func(o *listed) (store.BriefAsk, bool) {
		switch {
		case o.event != nil:
			o.labels = o.event.labelMap()
			return store.BriefAsk{}, false
		case len(o.entry.Labels) == 0:
			return store.BriefAsk{}, false
		case l.q.At.IsZero():
			return store.BriefAsk{Last: true}, true
		}
		rv, err := l.certainRV(ctx, o.entry)
		if err != nil {
			fault = err
		}
		return store.BriefAsk{Before: rv}, rv > 0
	}, func(i int, b store.Brief) (err error) {
		list[i].labels, err = l.e.briefLabels(ctx, list[i].entry, b)
		return err
	})
	if fault != nil {
		return fault
	}
	return err
}

func (l *objectList) certainRV(ctx context.Context, entry *store.Entry) (record.ResourceVersion, error) {
	key := clockKey{entry.Ref.Cluster, entry.Storage}
	if rv, ok := l.certain[key]; ok {
		return rv, nil
	}
	clock, err := l.e.clocks.Of(ctx, key.cluster, key.storage)
	if err != nil {
		return 0, err
	}
	rv, err := clock.CertainAt(ctx, l.e.st, l.q.At)
	l.certain[key] = rv
	return rv, err
}

// briefLabels gives the labels of the state in a brief, over states that tell nothing of labels, such as scales; nil where none tells.
func (e *Engine) briefLabels(ctx context.Context, entry *store.Entry, b store.Brief) (map[string]string, error) {
	if b.End != nil && len(b.End.End.LastBody) > 0 {
		return labelsOf(b.End.End.LastBody), nil
	}
	variants := b.Newest
	for range 16 {
		if len(variants) == 0 {
			return nil, nil
		}
		for _, r := range variants {
			if r.Revision.Partial <= record.PartialMetadata && len(r.Revision.Body) > 0 {
				return labelsOf(r.Revision.Body), nil
			}
		}
		rv := variants[0].Revision.RV - 1
		if rv == 0 {
			return nil, nil
		}
		var err error
		if variants, err = e.st.RevisionBefore(ctx, entry.Key(), rv); err != nil && !isNotFound(err) {
			return nil, err
		}
	}
	return nil, nil
}

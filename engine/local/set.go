package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// maxMembers bounds the objects of a set: where there are more, those behind them in the catalogue are only counted.
const maxMembers = 100_000

// setTime bounds how long the catalogue is gone through for a picture.
const setTime = 10 * time.Second

// objectSet is what a query.Set came to: the objects that were there at some moment of a window.
type objectSet struct {
	e        *Engine
	q        query.Set
	w        query.Window
	clusters []store.ClusterInfo
	// resources are those that the kinds mean, by cluster; nil: all but Events.
	resources map[record.Cluster][]record.GroupResource
	pick      *picker
	spans     *spans
	until     deadline

	found   []*listed // of the catalogue or a filter, on their way to become members
	members []member
	total   int
	full    bool         // some objects were not looked at, or only counted
	counted bool         // every object was counted, whatever was cut
	last    *store.Entry // behind it nobody is a member any more; nil: there was room for all so far
	cut     string
	pending string
	tree    *grower   // of a tree
	refused *refusals // of a filter: what it matched
}

// member is one object of a set. One of a tree stands behind the one that it stands below.
type member struct {
	end
	event  *eventStates // of an Event
	parent int          // -1: none, or not found yet
	via    string
}

// set finds the objects of a set; most bounds how many a tree may have.
func (e *Engine) set(ctx context.Context, q query.Set, w query.Window, most int) (*objectSet, error) {
	s := &objectSet{e: e, q: q, w: w, spans: e.spans(), until: deadline{time.Now().Add(min(e.limits.Time, setTime))}, resources: map[record.Cluster][]record.GroupResource{}}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	var err error
	switch {
	case q.HasObject():
		err = s.byTree(ctx, most)
	case q.Filter != "":
		err = s.byFilter(ctx)
	default:
		err = s.byCatalogue(ctx)
	}
	return s, err
}

// enter reads the words of the question.
func (s *objectSet) enter(ctx context.Context) error {
	var err error
	if s.clusters, err = s.e.clustersOf(ctx, cmp.Or(s.q.Cluster, s.q.Object.Cluster)); err != nil {
		return err
	}
	if s.pick, err = newPicker(query.Objects{Name: s.q.Name, Selector: s.q.Selector}); err != nil {
		return err
	}
	if s.q.Kind == "" {
		return nil
	}
	var unknown error
	known := s.clusters[:0:0]
	for _, c := range s.clusters { // a kind that one cluster defines is a word in all of them
		list, err := s.e.kindsOf(ctx, c.Name, s.q.Kind)
		if engine.KindOf(err) == engine.KindNotFound {
			unknown = err
			continue
		}
		if err != nil {
			return err
		}
		s.resources[c.Name] = list
		known = append(known, c)
	}
	if len(known) == 0 && unknown != nil {
		return unknown
	}
	s.clusters = known
	return nil
}

// wantsResource reports whether the kinds asked for mean a resource.
func (s *objectSet) wantsResource(c record.Cluster, gr record.GroupResource) bool {
	if list := s.resources[c]; list != nil {
		return slices.Contains(list, gr)
	}
	return s.q.Kind != "" || !gr.IsEvents() // "all" is all
}

// narrowed reports whether not every object of the clusters is asked for.
func (s *objectSet) narrowed() bool {
	return s.q.HasObject() || s.q.Kind != "" || s.q.Namespace != "" || s.q.Name != "" || s.q.Selector != "" || s.q.Filter != ""
}

// list makes a list over the catalogue that gives its entries to the set, in any order.
func (s *objectSet) list() *objectList {
	l := &objectList{e: s.e, pick: s.pick, limit: math.MaxInt, spans: s.spans, certain: map[clockKey]record.ResourceVersion{}, noEvents: s.q.Kind == "", anyOrder: true,
		q: query.Objects{Namespace: s.q.Namespace, Name: s.q.Name, Selector: s.q.Selector, At: s.w.To, Alive: s.w}, out: &engine.Objects{}}
	l.until = &s.until
	l.use = func(_ context.Context, chosen []*listed) error {
		for _, o := range chosen {
			s.take(o)
		}
		return nil
	}
	return l
}

// take counts an object, and makes it a member while it is among the first.
func (s *objectSet) take(o *listed) {
	s.total++
	if s.last != nil && compareEntries(o.entry, s.last) > 0 {
		return
	}
	if s.found = append(s.found, o); len(s.found) >= s.e.members+s.e.members/2 {
		s.keepFirst()
	}
}

// keepFirst puts what was found in the order of the catalogue, and lets those go for whom there is no room.
func (s *objectSet) keepFirst() {
	slices.SortFunc(s.found, func(a, b *listed) int { return compareEntries(a.entry, b.entry) })
	if most := s.e.members; len(s.found) > most {
		clear(s.found[most:])
		s.found = s.found[:most]
		s.last = s.found[most-1].entry
	}
}

// enough takes a list's end: an error, or that there was no time for more.
func (s *objectSet) enough(l *objectList, err error) error {
	if s.cut = cmp.Or(s.cut, l.cut); errors.Is(err, errEnough) {
		s.full = true
		return nil
	}
	return err
}

// settle makes members of what was found.
func (s *objectSet) settle() {
	s.keepFirst()
	s.members = make([]member, 0, len(s.found))
	for _, o := range s.found {
		s.members = append(s.members, member{end: endOf(o.entry), event: o.event, parent: -1})
	}
	if s.found = nil; len(s.members) < s.total {
		s.counted = s.cut == ""
		s.full, s.cut = true, joinCuts(fmt.Sprintf("of more than %d objects only the first by kind and name were looked at, the others were counted: narrow the set", s.e.members), s.cut)
	}
}

func (s *objectSet) byCatalogue(ctx context.Context) error {
	defer s.settle()
	for _, c := range s.clusters {
		l := s.list()
		if err := s.enough(l, l.cluster(ctx, c.Name, s.resources[c.Name])); err != nil || s.full {
			return err
		}
	}
	return nil
}

// byFilter goes by the records that the filter matches.
func (s *objectSet) byFilter(ctx context.Context) error {
	f := &filtered{telling: s.e.telling(), keys: map[store.ObjectKey]bool{}, names: map[toldName][]time.Time{}}
	search, err := s.e.newSearch(ctx, query.Search{Filter: s.q.Filter, Cluster: s.q.Cluster, Window: s.w, Reads: true})
	if err != nil {
		return err
	}
	s.refused = newRefusals(s)
	s.refused.matched = true
	search.collect = func(r *record.Record) {
		f.add(r)
		s.refused.match(r)
	}
	if len(search.parts()) > 0 {
		if err := search.scan(ctx, search.window); err != nil {
			return err
		}
	}
	s.cut = cmp.Or(search.out.Cut, f.cut)
	entries, err := f.entries(ctx)
	if err != nil {
		return err
	}
	s.until = deadline{time.Now().Add(setTime)}
	defer s.settle()
	for _, c := range s.clusters {
		l := s.list()
		if err := s.enough(l, s.offer(ctx, l, c.Name, entries)); err != nil || s.full {
			return err
		}
	}
	return nil
}

// offer gives a list the entries of one cluster that the words of the question leave.
func (s *objectSet) offer(ctx context.Context, l *objectList, c record.Cluster, entries []*store.Entry) error {
	for _, entry := range entries {
		if entry.Ref.Cluster != c || !s.wantsResource(c, entry.Ref.GroupResource()) || s.q.Namespace != "" && entry.Ref.Namespace != s.q.Namespace {
			continue
		}
		if err := l.offer(ctx, &listed{entry: entry}); err != nil {
			return err
		}
	}
	return l.flush(ctx)
}

// byTree takes the objects of a tree; those that the rest of the question leaves out are left out, and what stands below them stands below
// the next one above.
func (s *objectSet) byTree(ctx context.Context, most int) error {
	q := query.Tree{Object: s.q.Object, Window: s.w, Up: s.q.Up, Down: s.q.Down, Siblings: s.q.Siblings, Types: s.q.Types, Limit: most}
	if q.Object.Cluster = cmp.Or(q.Object.Cluster, s.q.Cluster); q.Object.Cluster == "" && len(s.clusters) == 1 {
		q.Object.Cluster = s.clusters[0].Name
	}
	g, _, err := s.e.grow(ctx, q)
	if err != nil {
		return err
	}
	var walk func(n *treeNode, parent int) error
	walk = func(n *treeNode, parent int) error {
		m := member{end: n.end, parent: parent}
		if n.via != nil {
			m.via = string(n.via.claim.Type)
		}
		wanted, err := s.wantsMember(ctx, &m)
		if err != nil {
			return err
		}
		if wanted {
			parent = len(s.members)
			s.members = append(s.members, m)
		}
		slices.SortFunc(n.children, func(a, b *treeNode) int { return byCreation(a.end, b.end) })
		for _, c := range n.children {
			if err := walk(c, parent); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(g.root, -1); err != nil {
		return err
	}
	s.tree, s.cut, s.pending = g, g.cut(), g.r.view.Pending()
	s.total = len(s.members) + g.left
	s.clusters = slices.DeleteFunc(slices.Clone(s.clusters), func(c store.ClusterInfo) bool { return c.Name != g.asked.key.Cluster })
	return nil
}

func (s *objectSet) wantsMember(ctx context.Context, m *member) (bool, error) {
	ref := &m.ref
	switch {
	case s.q.Kind != "" && !s.wantsResource(m.key.Cluster, ref.GroupResource()),
		s.q.Namespace != "" && s.q.Object.Namespace == "" && s.q.Object.UID == "" && ref.Namespace != s.q.Namespace,
		!s.pick.glob.Match(ref.Name):
		return false, nil
	case s.pick.selector.Empty():
		return true, nil
	case m.entry == nil || !s.pick.selector.MayMatch(m.entry.Labels):
		return false, nil
	}
	l, o := s.list(), &listed{entry: m.entry}
	err := l.readLabels(ctx, []*listed{o})
	return s.pick.selector.Matches(o.labels), err
}

// coverage tells what could not be seen of the set.
func (s *objectSet) coverage(ctx context.Context) (*engine.Coverage, error) {
	if s.tree != nil {
		cov := newInvolved(s.tree.asked.end)
		for _, m := range s.members {
			cov.add(m.end)
		}
		return s.tree.r.coverage(ctx, cov)
	}
	cov := newCoverage(s.e.limits.Gaps)
	for _, c := range s.clusters {
		if err := s.e.windowGaps(ctx, cov, c, s.w, s.resources[c.Name], s.q.Namespace); err != nil {
			return nil, err
		}
	}
	return cov.done(false), nil
}

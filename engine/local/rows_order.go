package local

import (
	"cmp"
	"context"
	"slices"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// order puts each member behind the one that owns it, and says so.
func (s *objectSet) order(ctx context.Context) error {
	if err := s.findOwners(ctx); err != nil {
		return err
	}
	below := make([][]int, len(s.members))
	var roots []int
	for i := range s.members {
		if p := s.members[i].parent; p >= 0 {
			below[p] = append(below[p], i)
		} else {
			roots = append(roots, i)
		}
	}
	slices.SortFunc(roots, func(a, b int) int { return compareRoots(&s.members[a], &s.members[b]) })
	out := make([]member, 0, len(s.members))
	done := make([]bool, len(s.members))
	var walk func(i, parent int)
	walk = func(i, parent int) {
		if done[i] {
			return
		}
		done[i] = true
		m := s.members[i]
		if m.parent = parent; parent >= 0 {
			m.via = "owns"
		}
		parent = len(out)
		out = append(out, m)
		slices.SortFunc(below[i], func(a, b int) int { return compareSiblings(&s.members[a], &s.members[b]) })
		for _, c := range below[i] {
			walk(c, parent)
		}
	}
	for _, i := range roots {
		walk(i, -1)
	}
	for i := range s.members { // those that own each other in a circle
		walk(i, -1)
	}
	s.members = out
	return nil
}

func compareRoots(a, b *member) int {
	return cmp.Or(cmp.Compare(a.ref.Cluster, b.ref.Cluster), cmp.Compare(a.ref.Namespace, b.ref.Namespace), cmp.Compare(a.ref.Group, b.ref.Group),
		cmp.Compare(a.ref.Resource, b.ref.Resource), cmp.Compare(a.ref.Name, b.ref.Name), compareEntries(a.entry, b.entry))
}

// compareSiblings puts what one object owns in the order in which it came, kind by kind.
func compareSiblings(a, b *member) int {
	return cmp.Or(cmp.Compare(a.ref.Group, b.ref.Group), cmp.Compare(a.ref.Resource, b.ref.Resource), byCreation(a.end, b.end), compareEntries(a.entry, b.entry))
}

// findOwners finds, of each member, the one in the set that owns it: itself, or through owners that are not in the set.
func (s *objectSet) findOwners(ctx context.Context) error {
	o := &owners{s: s, at: make(map[store.ObjectKey]int, len(s.members)), above: map[store.ObjectKey]int{}}
	for i := range s.members {
		o.at[s.members[i].key] = i
	}
	levels := 0
	if q := &s.q; !s.full && (q.Kind != "" || q.Name != "" || q.Selector != "" || q.Filter != "") { // what lies between may be left out
		levels = maxClimb
	}
	var several []*listed
	var of []int
	for i := range s.members {
		m := &s.members[i]
		found, err := o.of(ctx, m.entry, i, levels)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			m.parent = found[0]
		}
		if len(found) > 1 {
			several, of = append(several, &listed{entry: m.entry}), append(of, i)
		}
	}
	return s.list().ask(ctx, several, func(*listed) (store.BriefAsk, bool) { return store.BriefAsk{Last: true}, true }, func(i int, b store.Brief) error {
		m := &s.members[of[i]]
		if p, ok := o.at[store.ObjectKey{Cluster: m.key.Cluster, UID: controllerOf(b)}]; ok && p != of[i] {
			m.parent = p
		}
		return nil
	})
}

// maxClimb bounds the owners outside of a set through which an owner in it is found.
const maxClimb = 4

// owners finds who in a set owns an object.
type owners struct {
	s     *objectSet
	at    map[store.ObjectKey]int // of the members
	above map[store.ObjectKey]int // of objects outside of the set: the member above them; -1: none
}

// of gives the members that own an object, in the order of their UIDs; where none does itself, the first one above.
func (o *owners) of(ctx context.Context, entry *store.Entry, self, levels int) (found []int, err error) {
	for _, uid := range entry.Owners {
		if p, ok := o.at[store.ObjectKey{Cluster: entry.Ref.Cluster, UID: uid}]; ok && p != self {
			found = append(found, p)
		}
	}
	if len(found) > 0 || levels == 0 {
		return found, nil
	}
	for _, uid := range entry.Owners {
		p, err := o.outside(ctx, store.ObjectKey{Cluster: entry.Ref.Cluster, UID: uid}, self, levels)
		if err != nil {
			return nil, err
		}
		if p >= 0 && p != self {
			return []int{p}, nil
		}
	}
	return nil, nil
}

func (o *owners) outside(ctx context.Context, key store.ObjectKey, self, levels int) (int, error) {
	if p, known := o.above[key]; known {
		return p, nil
	}
	o.above[key] = -1
	entry, err := o.s.e.st.Object(ctx, key)
	if isNotFound(err) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	found, err := o.of(ctx, entry, self, levels-1)
	if err == nil && len(found) > 0 {
		o.above[key] = found[0]
	}
	return o.above[key], err
}

// controllerOf gives the controller that an object's last state names, else its first owner.
func controllerOf(b store.Brief) record.UID {
	body := lastBody(b)
	if body == nil {
		return ""
	}
	return ownerIn(body)
}

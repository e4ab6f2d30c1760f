package object

import (
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/record"
)

// Before is the Index of a field that had its value already when the recording (or the floor) began.
const Before = -1

// Certainty of a statement about a field.
type Certainty string

// The certainties of blame.
const (
	Exact    Certainty = "exact"
	Inferred Certainty = "inferred"
	Assumed  Certainty = "assumed unchanged"
)

// Blamed is one field of the last state, and since when it holds its value.
type Blamed struct {
	Path  Path
	Value *Value
	// Index is the state whose revision gave the field its value, or Before.
	Index int
	// After is the last state in which the field certainly had another value (or was not there), or Before. The value
	// was set by the revision of Index, or by one between After and Index that was not seen or told only a part.
	After int
	// Origin is set where Index is Before and the floor tells more.
	Origin    *Origin
	Certainty Certainty
	Reason    string
	// Owners manage the field by the managedFields of the state that gave the value (OwnedAt: the index of the state
	// they were read from); those whose entry shows a write in that revision stand first.
	Owners  []Owner
	OwnedAt int
}

// Owner is one manager of a field.
type Owner struct {
	Managed
	// Wrote: in the revision that gave the field its value it is the only manager of the field, or its entry is new or
	// has a new time. (Who changes a value takes the field over from all others.)
	Wrote bool
}

// BlameOptions of Blame.
type BlameOptions struct {
	Schema Schema
	// Created: the first state is certainly the first that the object had.
	Created bool
	// Floor is the blame that was carried over with the first state, or nil.
	Floor *Carried
	// Under keeps only fields at or below a path; empty keeps all.
	Under Path
	// Noise keeps managedFields, resourceVersion and generation.
	Noise bool
}

// Blame says for every field (scalars, empty objects and lists) of the last state since which state it holds its
// value. List items are followed by their keys, so an item that moved keeps its blame. A field that was set,
// changed and set back is blamed on the last set. It costs one comparison per field and state.
func Blame(states []State, o BlameOptions) []Blamed {
	if len(states) == 0 {
		return nil
	}
	b := blamer{states: states, options: o}
	root := b.walk()
	if root == nil {
		return nil
	}
	b.options.Under = Canonical(o.Under, root.value, o.Schema)
	b.collect(root, o.Schema)
	return b.out
}

// blameNode stands beside one value of the newest state walked so far.
type blameNode struct {
	value  *Value
	kids   []*blameNode // of members or items
	since  int
	after  int
	told   int // the last state that told the value, be it for the first time or again
	origin *Origin
	unsure bool // revisions since may have changed it and changed it back
	rekey  bool // redacted under another key since: may have changed
}

type blamer struct {
	states  []State
	options BlameOptions
	at      int  // the state being walked
	whole   bool // that state told everything below the value at hand
	out     []Blamed
	owners  map[int]*owners
	wrote   map[int][]Managed
	path    Path
}

// walk goes through all states and gives the tree beside the last one, nil where it has no value.
func (b *blamer) walk() *blameNode {
	var root *blameNode
	for i := range b.states {
		b.at, b.whole = i, b.states[i].Partial == record.Whole
		v := b.states[i].Value
		switch {
		case v == nil:
		case root == nil:
			root = b.first(v)
		default:
			root = b.step(root, v, b.options.Schema)
		}
	}
	return root
}

// first makes the tree for the first state that has a value.
func (b *blamer) first(v *Value) *blameNode {
	created := b.at == 0 && b.options.Created
	since := Before
	if created {
		since = b.at
	}
	root := b.fresh(v, since, Before)
	if floor := b.options.Floor; floor != nil && b.at == 0 && !created {
		b.fromFloor(root, floor, b.options.Schema)
	}
	return root
}

// fresh makes the tree of a value that came at the state being walked.
func (b *blamer) fresh(v *Value, since, after int) *blameNode {
	n := &blameNode{value: v, since: since, after: after, told: b.at}
	n.kids = make([]*blameNode, 0, len(v.Members())+len(v.Items()))
	for _, m := range v.Members() {
		n.kids = append(n.kids, b.fresh(m.Value, since, after))
	}
	for _, item := range v.Items() {
		n.kids = append(n.kids, b.fresh(item, since, after))
	}
	return n
}

// step takes the tree of a value to its next state.
func (b *blamer) step(n *blameNode, v *Value, s Schema) *blameNode {
	if v == n.value && b.states[b.at].Partial != record.Whole {
		return n // carried over: not told
	}
	if whole := b.whole; !whole && b.states[b.at].Partial == record.PartialMetadata && v == b.states[b.at].Value.member("metadata") {
		b.whole = true
		defer func() { b.whole = whole }()
	}
	old, scalar := n.value, false
	switch {
	case old.Kind() == Object && v.Kind() == Object && !old.leaf() && !v.leaf():
		b.stepMembers(n, v, s)
	case old.Kind() == Array && v.Kind() == Array && !old.leaf() && !v.leaf():
		b.stepItems(n, v, s)
	default:
		scalar = true
		switch sameMeaning(old, v, s) {
		case different:
			return b.fresh(v, b.at, n.told)
		case incomparable:
			n.rekey = true
		case same:
			if !old.leaf() || !v.leaf() { // {} and {"a":null}
				n.kids = b.fresh(v, n.since, n.after).kids
			}
		}
	}
	n.value = v
	if !scalar && !b.whole {
		return n // members may have come or gone that a partial revision does not tell of
	}
	if n.told < b.at-1 || !b.states[b.at].Follows {
		n.unsure = true
	}
	n.told = b.at
	return n
}

// absentAt is the last state which told that something was not below n.
func (b *blamer) absentAt(n *blameNode) int {
	if b.states[b.at-1].Fragment {
		return Before
	}
	return n.told
}

func (b *blamer) stepMembers(n *blameNode, v *Value, s Schema) {
	old, kids := n.value.Members(), n.kids
	n.kids = make([]*blameNode, 0, len(v.Members()))
	for _, m := range v.Members() {
		for len(old) > 0 && old[0].Name < m.Name {
			old, kids = old[1:], kids[1:]
		}
		if len(old) > 0 && old[0].Name == m.Name {
			n.kids = append(n.kids, b.step(kids[0], m.Value, s.field(m.Name)))
			continue
		}
		n.kids = append(n.kids, b.fresh(m.Value, b.at, b.absentAt(n)))
	}
}

func (b *blamer) stepItems(n *blameNode, v *Value, s Schema) {
	m := matchItems(n.value.Items(), v.Items(), s)
	kids, item := n.kids, s.item()
	n.kids = make([]*blameNode, len(v.Items()))
	for i, from := range m.from {
		if from < 0 {
			n.kids[i] = b.fresh(v.Items()[i], b.at, b.absentAt(n))
			continue
		}
		n.kids[i] = b.step(kids[from], v.Items()[i], item)
	}
}

// collect writes the answer for all leaves at or below n.
func (b *blamer) collect(n *blameNode, s Schema) {
	if !b.options.Noise && isNoise(b.path) || !overlaps(b.path, b.options.Under) {
		return
	}
	if n.value.leaf() {
		if b.path.HasPrefix(b.options.Under) {
			b.out = append(b.out, b.blamed(n))
		}
		return
	}
	if n.value.kind == Object {
		for i, m := range n.value.Members() {
			b.path = append(b.path, Step{Name: m.Name})
			b.collect(n.kids[i], s.field(m.Name))
			b.path = b.path[:len(b.path)-1]
		}
		return
	}
	by, _, _ := identify(s, n.value.Items())
	for i, item := range n.value.Items() {
		b.path = append(b.path, by.step(item, i))
		b.collect(n.kids[i], s.item())
		b.path = b.path[:len(b.path)-1]
	}
}

// overlaps reports whether one path leads to or through the other.
func overlaps(p, q Path) bool {
	n := min(len(p), len(q))
	return p[:n].HasPrefix(q[:n])
}

func (b *blamer) blamed(n *blameNode) Blamed {
	out := Blamed{Path: slices.Clone(b.path), Value: n.value, Index: n.since, After: n.after, Origin: n.origin}
	out.Certainty, out.Reason = b.certainty(n)
	out.Owners, out.OwnedAt = b.ownersOf(n, out.Path)
	return out
}

func (b *blamer) rv(i int) string { return fmt.Sprintf("resourceVersion %d", b.states[i].RV) }

func (b *blamer) certainty(n *blameNode) (Certainty, string) {
	last := len(b.states) - 1
	switch {
	case n.rekey:
		return Assumed, "the value was redacted under another key since, so it cannot be compared"
	case n.told < last:
		return Assumed, fmt.Sprintf("last told at %s; the revisions since told only a part", b.rv(n.told))
	case n.origin != nil && n.origin.Certainty == Assumed:
		return Assumed, "assumed unchanged already when the older records were dropped"
	case n.since != Before && n.after == Before && n.since > 0:
		return Inferred, fmt.Sprintf("first seen at %s; what was before is not known", b.rv(n.since))
	case n.since > 0 && (n.after != n.since-1 || !b.states[n.since].Follows):
		return Inferred, fmt.Sprintf("set after %s and not after %s; not every revision in between is known", b.rv(n.after), b.rv(n.since))
	case n.unsure:
		return Inferred, "the same in every state recorded since, but not every revision in between is known"
	case n.since == 0:
		return Exact, "set when the object was created"
	case n.since > 0:
		return Exact, fmt.Sprintf("changed from %s to the next revision, %s", b.rv(n.after), b.rv(n.since))
	case n.origin != nil && n.origin.RV != 0:
		return n.origin.Certainty, fmt.Sprintf("set by resourceVersion %d, as kept from before the floor", n.origin.RV)
	}
	return Exact, "had this value already in the first recorded state, " + b.rv(b.firstValue())
}

// firstValue is the first state that has a value.
func (b *blamer) firstValue() int {
	return max(0, slices.IndexFunc(b.states, func(s State) bool { return s.Value != nil }))
}

// ownersOf reads who manages a field where it got its value; where that state does not say, in the last state.
func (b *blamer) ownersOf(n *blameNode, path Path) ([]Owner, int) {
	last := len(b.states) - 1
	from := n.since
	if from == Before {
		from = b.firstValue()
	}
	for _, i := range [...]int{from, last} {
		found := b.ownersIn(i).of(path)
		if len(found) == 0 {
			continue
		}
		list := make([]Owner, len(found))
		for j, m := range found {
			list[j] = Owner{Managed: m, Wrote: i == n.since && (len(found) == 1 ||
				slices.ContainsFunc(b.wroteAt(i), func(w Managed) bool { return w.sameEntry(&m) }))}
		}
		slices.SortStableFunc(list, func(x, y Owner) int {
			if c := first(x.Wrote, y.Wrote); c != 0 {
				return c
			}
			return y.Time.Compare(x.Time)
		})
		return list, i
	}
	return nil, Before
}

func (b *blamer) ownersIn(i int) *owners {
	if b.owners == nil {
		b.owners, b.wrote = map[int]*owners{}, map[int][]Managed{}
	}
	if b.owners[i] == nil {
		b.owners[i] = newOwners(b.states[i].Value)
	}
	return b.owners[i]
}

// wroteAt gives the managers whose entries show a write between the state before i and i.
func (b *blamer) wroteAt(i int) []Managed {
	w, ok := b.wrote[i]
	if !ok {
		var before *Value
		if i > 0 {
			before = b.states[i-1].Value
		}
		w = ManagedChanged(before, b.states[i].Value)
		b.wrote[i] = w
	}
	return w
}

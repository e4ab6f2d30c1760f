package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// relations finds the links of objects for one question. It keeps what it looked up. Not for concurrent use.
type relations struct {
	e     *Engine
	view  *index.LinkView
	asked moments
	types map[string]bool // nil: all
	// owners: the types are such as only the object below claims, of one object above.
	owners bool
	spans  *spans

	entries   map[store.ObjectKey]*store.Entry // nil: not in the catalogue
	names     map[nameKey][]tenancy
	guesses   map[record.Cluster]index.Names
	floors    map[record.Cluster]time.Time
	lasts     map[record.Cluster]time.Time
	bounds    map[clockKey]rvBounds
	selectors map[string]query.Selector
	said      map[store.ObjectKey]*spoken
	ran       map[record.Cluster]receivedRecords
	received  int    // states read to tell when they were delivered
	cut       string // what a bound of the index left out
}

func (e *Engine) relations(ctx context.Context, asked moments, types []string) (*relations, error) {
	view, err := e.links.View(ctx)
	if err != nil {
		return nil, err
	}
	r := &relations{e: e, view: view, asked: asked, spans: e.spans(), entries: map[store.ObjectKey]*store.Entry{}, names: map[nameKey][]tenancy{},
		guesses: map[record.Cluster]index.Names{}, floors: map[record.Cluster]time.Time{}, lasts: map[record.Cluster]time.Time{}, bounds: map[clockKey]rvBounds{},
		selectors: map[string]query.Selector{}, said: map[store.ObjectKey]*spoken{}, ran: map[record.Cluster]receivedRecords{}}
	if len(types) > 0 {
		r.types = map[string]bool{}
		for _, t := range types {
			r.types[t] = true
		}
	}
	return r, nil
}

// end is one end of a link. Without an entry nothing is recorded of it but that it was named.
type end struct {
	key   store.ObjectKey // UID empty: known by name alone
	ref   record.ObjectRef
	entry *store.Entry
}

func endOf(e *store.Entry) end { return end{key: e.Key(), ref: e.Ref, entry: e} }

// id tells ends apart: by UID, else by name.
func (n end) id() string {
	if n.key.UID != "" {
		return string(n.key.Cluster) + "\x00" + string(n.key.UID)
	}
	return string(n.ref.Cluster) + "\x00\x00" + n.ref.GroupResource().String() + "\x00" + n.ref.Namespace + "\x00" + n.ref.Name
}

// tie is a link found, with when it held.
type tie struct {
	claim         link.Claim
	parent, child end
	held          hold
}

// direction says which of an object's links are asked for.
type direction uint8

const (
	upward   direction = 1 << iota // to what stands above
	downward                       // to what stands below
)

func (d direction) wants(up bool) bool {
	if up {
		return d&upward != 0
	}
	return d&downward != 0
}

// of gives the links of an object: what it says itself, and what others say of it.
func (r *relations) of(ctx context.Context, of end, want direction) ([]tie, error) {
	var own, others []tie
	var err error
	if !r.owners || want&upward != 0 {
		if own, err = r.own(ctx, of, want); err != nil {
			return nil, err
		}
	}
	if !r.owners || want&downward != 0 {
		if others, err = r.others(ctx, of, want); err != nil {
			return nil, err
		}
	}
	return once(append(own, others...)), nil
}

// follow says which types of links are asked for.
func (r *relations) follow(types map[string]bool) {
	r.types, r.owners = types, true
	for t := range types {
		r.owners = r.owners && (t == string(link.Owns) || t == string(link.Parent))
	}
	for _, custom := range r.view.Rules().Custom() { // one may make links of these types, and choose by labels
		if t := custom.Type; t == "" || types[string(t)] {
			r.owners = false
		}
	}
}

func (r *relations) wants(c *link.Claim) bool { return r.types == nil || r.types[string(c.Type)] }

// own gives the links that an object claims itself.
func (r *relations) own(ctx context.Context, of end, want direction) ([]tie, error) {
	if of.entry == nil {
		return nil, nil
	}
	says, err := r.spokenBy(ctx, of.entry)
	if err != nil {
		return nil, err
	}
	var out []tie
	for _, c := range says.claims {
		if !want.wants(c.claim.Up) || !r.wants(&c.claim) || !r.asked.touch(&c.held) {
			continue
		}
		list, err := r.targets(ctx, of, c)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// tied makes a link of a claim, its two ends and the time; false: it did not hold in the time asked for.
func (r *relations) tied(c link.Claim, by, target end, held hold) (tie, bool) {
	if !r.asked.touch(&held) {
		return tie{}, false
	}
	t := tie{claim: c, parent: by, child: target, held: held}
	if c.Up {
		t.parent, t.child = target, by
	}
	return t, true
}

// targets finds whom a claim meant in the time asked for.
func (r *relations) targets(ctx context.Context, by end, c heldClaim) ([]tie, error) {
	t := &c.claim.Target
	cluster := cmp.Or(t.Cluster, by.key.Cluster)
	ref := record.ObjectRef{Cluster: cluster, Group: t.Group, Version: t.Version, Kind: t.Kind, Resource: t.Resource, Namespace: t.Namespace, Name: t.Name, UID: t.UID}
	switch {
	case t.UID != "":
		target := end{key: store.ObjectKey{Cluster: cluster, UID: t.UID}, ref: ref}
		var err error
		if target.entry, err = r.entry(ctx, target.key); err != nil {
			return nil, err
		}
		if target.entry != nil {
			target.ref = target.entry.Ref
		} else if c.claim.Inferred {
			return nil, nil
		}
		if tied, ok := r.tied(c.claim, by, target, c.held); ok {
			return []tie{tied}, nil
		}
		return nil, nil
	case t.Selects():
		return r.selected(ctx, by, cluster, c)
	}
	return r.named(ctx, by, ref, c)
}

// named finds who bore a name while a claim held.
func (r *relations) named(ctx context.Context, by end, ref record.ObjectRef, c heldClaim) ([]tie, error) {
	tenants, err := r.tenants(ctx, nameKey{ref.Cluster, ref.GroupResource(), ref.Namespace, ref.Name})
	if err != nil {
		return nil, err
	}
	var out []tie
	for i := range tenants {
		if held, ok := c.held.within(&tenants[i]); ok {
			if tied, ok := r.tied(c.claim, by, endOf(tenants[i].entry), held); ok {
				out = append(out, tied)
			}
		}
	}
	if len(out) > 0 || c.claim.Inferred {
		return out, nil
	}
	held := c.held
	if len(tenants) > 0 {
		held.doubt(engine.Exact, "No object had this name then.")
	}
	if tied, ok := r.tied(c.claim, by, end{key: store.ObjectKey{Cluster: ref.Cluster}, ref: ref}, held); ok {
		out = append(out, tied)
	}
	return out, nil
}

// maxChosen bounds the objects that one selector is compared with.
const maxChosen = 20_000

// selected finds the objects that a selector chose while a claim held.
func (r *relations) selected(ctx context.Context, by end, cluster record.Cluster, c heldClaim) ([]tie, error) {
	t := &c.claim.Target
	selector, err := r.selector(t.Selector)
	if err != nil {
		return nil, nil //nolint:nilerr // the rules read it; another release may not
	}
	gr := record.GroupResource{Group: t.Group, Resource: t.Resource}
	scan := index.LabelScan{Cluster: cluster, Resource: gr, Namespace: t.Namespace, Everywhere: t.AllNamespaces}
	scan.Key, scan.Values = selector.Needs()
	seen := map[store.ObjectKey]bool{}
	var out []tie
	for found, err := range r.view.Labeled(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if seen[found.By] || !r.mayTouch(ctx, found) {
			continue
		}
		if seen[found.By] = true; len(seen) > maxChosen {
			r.cut = fmt.Sprintf("a selector was compared with %d objects only", maxChosen)
			break
		}
		entry, err := r.entry(ctx, found.By)
		if err != nil {
			return nil, err
		}
		if entry == nil {
			continue
		}
		says, err := r.spokenBy(ctx, entry)
		if err != nil {
			return nil, err
		}
		for _, l := range says.chosen(selector) {
			if held, ok := c.held.and(&l); ok {
				if tied, ok := r.tied(c.claim, by, endOf(entry), held); ok {
					out = append(out, tied)
				}
			}
		}
	}
	return out, nil
}

func (r *relations) selector(text string) (query.Selector, error) {
	if s, ok := r.selectors[text]; ok {
		return s, nil
	}
	s, err := query.ParseSelector(text)
	if err == nil {
		r.selectors[text] = s
	}
	return s, err
}

// others gives the links that others claim to an object.
func (r *relations) others(ctx context.Context, of end, want direction) ([]tie, error) {
	want = want>>1&1 | want<<1&2 // what others stand above is below them
	var out []tie
	add := func(told index.Told, held func(*hold) (hold, bool)) error {
		list, err := r.heard(ctx, told, want)
		if err != nil {
			return err
		}
		for _, c := range list {
			h, ok := held(&c.held)
			if !ok {
				continue
			}
			if tied, ok := r.tied(c.claim, endOf(c.by), of, h); ok {
				out = append(out, tied)
			}
		}
		return nil
	}
	if of.key.UID != "" {
		for told, err := range r.view.OfUID(ctx, of.key) {
			if err != nil {
				return nil, err
			}
			if err := add(told, func(h *hold) (hold, bool) { return *h, true }); err != nil {
				return nil, err
			}
		}
	}
	if of.ref.Name != "" {
		if err := r.ofName(ctx, of, add); err != nil {
			return nil, err
		}
	}
	if of.entry == nil || r.owners || !r.view.Rules().Selectable(of.ref.GroupResource()) {
		return out, nil
	}
	chosen, err := r.choosers(ctx, of, want)
	return append(out, chosen...), err
}

// ofName asks what was said of an object's name while it had it.
func (r *relations) ofName(ctx context.Context, of end, add func(index.Told, func(*hold) (hold, bool)) error) error {
	var in func(h *hold) (hold, bool)
	whileItHadIt := func() error {
		in = func(h *hold) (hold, bool) { return *h, true }
		if of.entry == nil {
			return nil
		}
		tenants, err := r.tenants(ctx, nameKey{of.key.Cluster, of.ref.GroupResource(), of.ref.Namespace, of.ref.Name})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(tenants, func(t tenancy) bool { return t.entry.Ref.UID == of.key.UID }); i >= 0 {
			in = func(h *hold) (hold, bool) { return h.within(&tenants[i]) }
		}
		return nil
	}
	gr := of.ref.GroupResource()
	resources := []record.GroupResource{gr}
	if guess := (record.GroupResource{Group: gr.Group, Resource: record.GuessResource(of.ref.Kind)}); guess.Resource != "" && guess != gr {
		resources = append(resources, guess)
	}
	for _, gr := range resources {
		for told, err := range r.view.OfName(ctx, of.key.Cluster, gr, of.ref.Namespace, of.ref.Name) {
			if err != nil {
				return err
			}
			if in == nil { // mostly nobody says anything of a name
				if err := whileItHadIt(); err != nil {
					return err
				}
			}
			if err := add(told, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// choosers finds whose selectors chose an object.
func (r *relations) choosers(ctx context.Context, of end, want direction) ([]tie, error) {
	says, err := r.spokenBy(ctx, of.entry)
	if err != nil {
		return nil, err
	}
	var out []tie
	for told, err := range r.view.Choosing(ctx, of.key.Cluster, of.ref.GroupResource(), of.ref.Namespace) {
		if err != nil {
			return nil, err
		}
		told.Claims = slices.DeleteFunc(told.Claims, func(s index.Said) bool {
			selector, err := r.selector(s.Claim.Target.Selector)
			return err != nil || !slices.ContainsFunc(says.labels, func(l heldLabels) bool { return selector.MatchesPairs(l.labels) })
		})
		list, err := r.heard(ctx, told, want)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			selector, err := r.selector(c.claim.Target.Selector)
			if err != nil {
				continue
			}
			for _, l := range says.chosen(selector) {
				if held, ok := c.held.and(&l); ok {
					if tied, ok := r.tied(c.claim, endOf(c.by), of, held); ok {
						out = append(out, tied)
					}
				}
			}
		}
	}
	return out, nil
}

// once leaves one of links that stand for the same at overlapping times: two claims of one rule.
func once(list []tie) []tie {
	type key struct {
		rule, typ, parent, child string
		begin                    time.Time
	}
	seen := map[key]int{}
	out := list[:0]
	for _, t := range list {
		k := key{t.claim.Rule, string(t.claim.Type), t.parent.id(), t.child.id(), shown(t.held.begin)}
		if i, ok := seen[k]; ok {
			out[i].claim.Controller = out[i].claim.Controller || t.claim.Controller
			continue
		}
		seen[k] = len(out)
		out = append(out, t)
	}
	return out
}

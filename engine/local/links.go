package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Links tells how one object was related to others. It costs a look at each link of the object in the index, and at the catalogue entry of
// each other end.
func (e *Engine) Links(ctx context.Context, q query.Links) (*engine.Links, error) {
	if err := e.checkTypes(q.Types); err != nil {
		return nil, err
	}
	t, err := e.resolve(ctx, q.Object, latest(q.At, q.Window.To))
	if err != nil {
		return nil, err
	}
	asked := momentsOf(q.At, q.Window)
	if asked == (moments{}) && t.entry() != nil && !t.entry().Ended {
		asked.now = true
	}
	r, err := e.relations(ctx, asked, q.Types)
	if err != nil {
		return nil, err
	}
	of := t.end()
	if err := r.existed(ctx, of); err != nil {
		return nil, err
	}
	ties, err := r.of(ctx, of, upward|downward)
	if err != nil {
		return nil, err
	}
	regards, err := r.regards(ctx, t, of)
	if err != nil {
		return nil, err
	}
	ties = append(ties, regards...)
	id := of.id()
	slices.SortFunc(ties, func(a, b tie) int {
		return cmp.Or(cmp.Compare(a.claim.Type, b.claim.Type), compareEnds(a.other(id), b.other(id)), compareTies(a, b))
	})
	out := &engine.Links{Object: t.ref(), Links: []engine.Link{}, Cut: r.cut, Pending: r.view.Pending()}
	limit := cmp.Or(max(q.Limit, 0), e.limits.Links)
	if over := len(ties) - limit; over > 0 {
		ties = ties[:limit]
		out.Cut = fmt.Sprintf("the limit of %d links was reached: %d more were found", limit, over)
	}
	if out.Unread, err = r.unread(ctx, of); err != nil {
		return nil, err
	}
	cov := newInvolved(of)
	for _, tied := range ties {
		l, err := r.link(ctx, tied)
		if err != nil {
			return nil, err
		}
		out.Links = append(out.Links, *l)
		cov.add(tied.other(id))
	}
	out.Coverage, err = r.coverage(ctx, cov)
	return out, err
}

// checkTypes refuses types that no rule makes: an answer without links would be taken for one.
func (e *Engine) checkTypes(asked []string) error {
	known := e.links.Rules().Types()
	for _, t := range asked {
		if !slices.Contains(known, link.Type(t)) {
			return engine.Errorf(engine.KindBadQuestion, "there is no type of links %q; there are: %s", t, joined(known))
		}
	}
	return nil
}

func joined(types []link.Type) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}

func (t *target) end() end {
	if entry := t.entry(); entry != nil {
		return endOf(entry)
	}
	return end{key: store.ObjectKey{Cluster: t.cluster, UID: t.event}, ref: record.ObjectRef{Cluster: t.cluster, Group: t.resource.Group,
		Resource: t.resource.Resource, Namespace: t.namespace, Name: t.name, UID: t.event}}
}

func (t *tie) other(id string) end {
	if t.parent.id() == id {
		return t.child
	}
	return t.parent
}

func compareEnds(a, b end) int {
	return cmp.Or(cmp.Compare(a.ref.Group, b.ref.Group), cmp.Compare(a.ref.Resource, b.ref.Resource), cmp.Compare(a.ref.Namespace, b.ref.Namespace),
		cmp.Compare(a.ref.Name, b.ref.Name), cmp.Compare(a.ref.Cluster, b.ref.Cluster), cmp.Compare(a.key.UID, b.key.UID))
}

func compareTies(a, b tie) int {
	return cmp.Or(shown(a.held.begin).Compare(shown(b.held.begin)), cmp.Compare(a.claim.Rule, b.claim.Rule), cmp.Compare(a.claim.Field, b.claim.Field))
}

// existed reports that an object certainly was not there at the moment asked for.
func (r *relations) existed(ctx context.Context, of end) error {
	if !r.asked.point || of.entry == nil {
		return nil
	}
	t, words := r.asked.from, entryWords(of.entry)
	if of.entry.CreatedAt.After(t) {
		return engine.Errorf(engine.KindNotFound, "%s did not exist at %s: it was created at %s", words, stamp(t), stamp(of.entry.CreatedAt))
	}
	var life hold
	if err := r.lifeEnd(ctx, &life, of.entry); err != nil {
		return err
	}
	if life.ended && !life.end.NotAfter.IsZero() && !life.end.NotAfter.After(t) {
		return engine.Errorf(engine.KindNotFound, "%s did not exist at %s: it ended at %s", words, stamp(t), stamp(life.end.NotAfter))
	}
	return nil
}

// link tells of a link.
func (r *relations) link(ctx context.Context, t tie) (*engine.Link, error) {
	parent, err := r.linkEnd(ctx, t.parent)
	if err != nil {
		return nil, err
	}
	child, err := r.linkEnd(ctx, t.child)
	if err != nil {
		return nil, err
	}
	out := &engine.Link{Type: string(t.claim.Type), Rule: t.claim.Rule, Parent: parent, Child: child, Controller: t.claim.Controller,
		Field: t.claim.Field, Certainty: engine.Exact}
	if t.claim.Inferred {
		t.held.doubt(engine.Inferred, "A convention says so, not the API.")
	}
	if t.held.reason != "" {
		out.Certainty, out.Reason = t.held.certainty, t.held.reason
	}
	if t.held.known {
		if out.Since, err = r.told(ctx, t.held.begin, t.held.began); err != nil {
			return nil, err
		}
	}
	if t.held.ended {
		out.Until, err = r.told(ctx, t.held.end, t.held.over)
	}
	return out, err
}

// maxReceived bounds the states that one question reads to tell when a watch delivered them.
const maxReceived = 2000

// told tells a moment; where no request bounds it, that at which a live watch delivered the state.
func (r *relations) told(ctx context.Context, w index.Interval, by moved) (*engine.When, error) {
	out := whenOf(w)
	if !w.NotAfter.IsZero() || by.of == nil || r.received >= maxReceived {
		return &out, nil
	}
	r.received++
	records, err := r.records(ctx, by)
	if isNotFound(err) {
		return &out, nil
	}
	if err != nil {
		return nil, err
	}
	cluster := by.of.Ref.Cluster
	ran, ok := r.ran[cluster]
	if !ok {
		ran = r.e.receivedRecords(ctx, cluster)
		r.ran[cluster] = ran
	}
	var at time.Time
	for _, rec := range records {
		got, err := ran.at(rec, w)
		if err != nil {
			return nil, err
		}
		at = earliest(at, got)
	}
	out = whenReceived(w, at)
	return &out, nil
}

// records gives the bodies of a state, or the end.
func (r *relations) records(ctx context.Context, by moved) ([]*record.Record, error) {
	if by.rv == 0 {
		end, err := r.e.st.End(ctx, by.of.Key())
		return []*record.Record{end}, err
	}
	variants, err := r.e.st.RevisionBefore(ctx, by.of.Key(), by.rv)
	if err != nil || len(variants) == 0 || variants[0].Revision.RV != by.rv {
		return nil, err
	}
	return variants, nil
}

func (r *relations) linkEnd(ctx context.Context, n end) (engine.LinkEnd, error) {
	out := engine.LinkEnd{Ref: refOf(n.ref)}
	out.Cluster = string(n.key.Cluster)
	if n.entry == nil {
		out.Stub = !n.ref.GroupResource().IsEvents()
		return out, nil
	}
	if out.Ended = n.entry.Ended; out.Ended {
		var life hold
		if err := r.lifeEnd(ctx, &life, n.entry); err != nil {
			return out, err
		}
		out.EndedAt = timePtr(life.end.NotAfter)
	}
	return out, nil
}

// regards gives the Events about an object, and of an Event the object it is about.
func (r *relations) regards(ctx context.Context, t *target, of end) ([]tie, error) {
	if r.types != nil && !r.types[string(link.Regards)] {
		return nil, nil
	}
	if t.resource.IsEvents() {
		return r.regarded(ctx, t, of)
	}
	if of.entry == nil || of.ref.Kind == "" {
		return nil, nil
	}
	tenants, err := r.tenants(ctx, nameKey{of.key.Cluster, of.ref.GroupResource(), of.ref.Namespace, of.ref.Name})
	if err != nil {
		return nil, err
	}
	known := map[record.UID]bool{}
	mine := tenancy{}
	for _, t := range tenants {
		if known[t.entry.Ref.UID] = true; t.entry.Ref.UID == of.key.UID {
			mine = t
		}
	}
	at := map[record.UID]int{}
	var out []tie
	for ev, err := range r.e.st.Events(ctx, store.EventScan{Cluster: of.key.Cluster, Kind: of.ref.Kind, Namespace: of.ref.Namespace, Name: of.ref.Name}) {
		if err != nil {
			return nil, err
		}
		if uid := ev.KubeEvent.Regarding.UID; uid != of.key.UID && (known[uid] || !mine.has(ev.OccurredAt)) {
			continue
		}
		tied, ok := r.regardsTie(ev, of)
		if i, seen := at[ev.Ref.UID]; seen {
			out[i].held.begin.NotBefore = earliest(out[i].held.begin.NotBefore, tied.held.begin.NotBefore)
			out[i].held.begin.NotAfter = out[i].held.begin.NotBefore
			continue
		}
		if ok {
			at[ev.Ref.UID] = len(out)
			out = append(out, tied)
		}
	}
	return out, nil
}

func (t tenancy) has(at time.Time) bool {
	return !at.Before(t.from.NotBefore) && (t.to.NotBefore.IsZero() || at.Before(t.to.NotBefore))
}

func (r *relations) regardsTie(ev *record.Record, of end) (tie, bool) {
	first, _ := eventSpan(ev)
	held := hold{begin: index.Interval{NotBefore: first, NotAfter: first}, known: true}
	event := end{key: store.ObjectKey{Cluster: ev.Ref.Cluster, UID: ev.Ref.UID}, ref: ev.Ref}
	c := link.Claim{Rule: "event", Type: link.Regards, Field: "regarding"}
	return tie{claim: c, parent: event, child: of, held: held}, r.asked.touch(&held)
}

// regarded finds what an Event is about.
func (r *relations) regarded(ctx context.Context, t *target, of end) ([]tie, error) {
	scan := store.WindowScan{Cluster: t.cluster, Kinds: []record.Kind{record.KindKubeEvent}, Namespace: t.namespace, Name: t.name}
	for ev, err := range r.e.st.Window(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if ev.Ref.Name != t.name || ev.Ref.Namespace != t.namespace || t.event != "" && ev.Ref.UID != t.event {
			continue
		}
		about := ev.KubeEvent.Regarding
		group, version := record.SplitAPIVersion(about.APIVersion)
		object := end{key: store.ObjectKey{Cluster: t.cluster, UID: about.UID}, ref: record.ObjectRef{Cluster: t.cluster, Group: group, Version: version, Kind: about.Kind,
			Resource: record.GuessResource(about.Kind), Namespace: about.Namespace, Name: about.Name, UID: about.UID}}
		if about.UID != "" {
			if object.entry, err = r.entry(ctx, object.key); err != nil {
				return nil, err
			}
		}
		if object.entry != nil {
			object.ref = object.entry.Ref
		}
		tied, ok := r.regardsTie(ev, object)
		if tied.parent = of; ok {
			return []tie{tied}, nil
		}
	}
	return nil, nil
}

// involved gathers which resources an answer rests on.
type involved struct {
	first     end
	begin     time.Time // the earliest creation
	resources map[record.Cluster]map[record.GroupResource]bool
	namespace map[record.Cluster]string
	several   map[record.Cluster]bool
}

func newInvolved(first end) *involved {
	v := &involved{first: first, resources: map[record.Cluster]map[record.GroupResource]bool{}, namespace: map[record.Cluster]string{}, several: map[record.Cluster]bool{}}
	v.add(first)
	return v
}

func (v *involved) add(n end) {
	c := n.key.Cluster
	if v.resources[c] == nil {
		v.resources[c], v.namespace[c] = map[record.GroupResource]bool{}, n.ref.Namespace
	}
	v.several[c] = v.several[c] || n.ref.Namespace != v.namespace[c]
	v.resources[c][n.ref.GroupResource()] = true
	if n.entry != nil {
		v.begin = earliest(v.begin, n.entry.CreatedAt)
	}
}

// coverage tells what could not be seen of the resources involved. It costs one look at the gaps of each cluster.
func (r *relations) coverage(ctx context.Context, v *involved) (*engine.Coverage, error) {
	cov := newCoverage(r.e.limits.Gaps)
	clusters, err := r.e.st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	w := r.asked.window()
	if w.From.IsZero() || r.asked.point {
		w.From = v.begin
	}
	for _, c := range clusters {
		if v.resources[c.Name] == nil {
			continue
		}
		var resources []record.GroupResource
		for gr := range v.resources[c.Name] {
			resources = append(resources, gr)
		}
		slices.SortFunc(resources, func(a, b record.GroupResource) int { return cmp.Compare(a.String(), b.String()) })
		namespace := v.namespace[c.Name]
		if v.several[c.Name] {
			namespace = ""
		}
		if err := r.e.windowGaps(ctx, cov, c, w, resources, namespace); err != nil {
			return nil, err
		}
	}
	return cov.done(false), nil
}

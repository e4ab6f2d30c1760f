package local

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// toldChanges bounds how many fields are told of one revision.
const toldChanges = 20

// Tell says what the facts known now say about each of some records, in their order; bodies of revisions and ends need not be in them.
// It reads no whole life: of an object it costs its entry, the revisions asked for and the one before them.
func (e *Engine) Tell(ctx context.Context, records []*record.Record) ([]engine.Told, error) {
	t := e.telling()
	out := make([]engine.Told, len(records))
	of := map[store.ObjectKey][]int{}
	var keys []store.ObjectKey
	for i, r := range records {
		var err error
		switch r.Kind {
		case record.KindRevision, record.KindEnd:
			key := store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}
			if of[key] == nil {
				keys = append(keys, key)
			}
			of[key] = append(of[key], i)
		case record.KindRequest:
			out[i], err = t.request(ctx, r)
		case record.KindKubeEvent:
			out[i], err = t.event(ctx, r)
		default:
			out[i] = engine.Told{Object: r.Ref, At: r.OccurredAt}
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(keys, func(a, b store.ObjectKey) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.UID, b.UID))
	})
	for _, key := range keys {
		if err := t.object(ctx, key, records, of[key], out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// telling is one Tell under way.
type telling struct {
	e       *Engine
	clocks  map[record.Cluster]clockSet
	entries map[store.ObjectKey]*store.Entry
	names   map[toldName][]*store.Entry
}

type toldName struct {
	cluster         record.Cluster
	resource        record.GroupResource
	namespace, name string
}

func (n toldName) ref() record.ObjectRef {
	return record.ObjectRef{Cluster: n.cluster, Group: n.resource.Group, Resource: n.resource.Resource, Namespace: n.namespace, Name: n.name}
}

func (e *Engine) telling() *telling {
	return &telling{e: e, clocks: map[record.Cluster]clockSet{}, entries: map[store.ObjectKey]*store.Entry{}, names: map[toldName][]*store.Entry{}}
}

// entry of the catalogue; nil where there is none.
func (t *telling) entry(ctx context.Context, key store.ObjectKey) (*store.Entry, error) {
	if entry, ok := t.entries[key]; ok || key.UID == "" {
		return entry, nil
	}
	entry, err := t.e.st.Object(ctx, key)
	if isNotFound(err) {
		entry, err = nil, nil
	}
	if err == nil {
		t.entries[key] = entry
	}
	return entry, err
}

// named gives the life of a name that was alive at a time, else nil.
func (t *telling) named(ctx context.Context, ref record.ObjectRef, at time.Time) (*store.Entry, error) {
	if ref.Name == "" || ref.Resource == "" {
		return nil, nil
	}
	key := toldName{ref.Cluster, ref.GroupResource(), ref.Namespace, ref.Name}
	lives, ok := t.names[key]
	if !ok {
		var err error
		lives, err = t.e.lives(ctx, &target{cluster: key.cluster, resource: key.resource, namespace: key.namespace, name: key.name})
		if err != nil {
			return nil, err
		}
		t.names[key] = lives
	}
	n, err := t.e.lifeAt(ctx, lives, at)
	if err != nil || n < 0 {
		return nil, err
	}
	return lives[n], nil
}

// about finds the object that ref means, by its UID, else by its name at a time.
func (t *telling) about(ctx context.Context, ref record.ObjectRef, at time.Time) (told engine.Told, err error) {
	entry, err := t.entry(ctx, store.ObjectKey{Cluster: ref.Cluster, UID: ref.UID})
	if entry == nil && err == nil {
		entry, err = t.named(ctx, ref, at)
	}
	if err != nil {
		return told, err
	}
	ref.Subresource = ""
	told = engine.Told{Object: ref, At: at}
	if entry != nil {
		told.Object, told.OwnerUIDs = objectOf(entry, ref), entry.Owners
	}
	return told, nil
}

// objectOf names an object by its entry, and by what ref told beside.
func objectOf(entry *store.Entry, ref record.ObjectRef) record.ObjectRef {
	out := entry.Ref
	out.Subresource = ""
	out.Kind, out.Version = cmp.Or(out.Kind, ref.Kind), cmp.Or(out.Version, ref.Version)
	return out
}

func (t *telling) request(ctx context.Context, r *record.Record) (engine.Told, error) {
	ref := r.Ref
	ref.UID = namedUID(r)
	return t.about(ctx, ref, r.OccurredAt)
}

func (t *telling) event(ctx context.Context, r *record.Record) (engine.Told, error) {
	return t.about(ctx, regardedRef(r), r.OccurredAt)
}

// when bounds the commit of a revision or an end.
func (t *telling) when(ctx context.Context, r *record.Record) (index.Interval, error) {
	c := r.Ref.Cluster
	set, ok := t.clocks[c]
	if !ok {
		all, err := t.e.st.Clusters(ctx)
		if err != nil {
			return index.Interval{}, err
		}
		for _, info := range all {
			if info.Name != c {
				continue
			}
			if set, err = t.e.clockReaders(ctx, info); err != nil {
				return index.Interval{}, err
			}
		}
		t.clocks[c] = set
	}
	return set.when(ctx, r)
}

// shownMoment is the one by which a record is shown: as a live watch received it within its interval, else that interval's end, else when
// it was received.
func shownMoment(told *engine.Told, w index.Interval, variants []*record.Record) {
	var received, watched time.Time
	for _, r := range variants {
		received = earliest(received, r.Provenance.ReceivedAt)
		if at := receivedAt(r, w); !at.IsZero() {
			watched = earliest(watched, at)
		}
	}
	told.NotBefore = w.NotBefore
	switch {
	case !watched.IsZero():
		told.At, told.Basis = watched, basisReceived
	case !w.NotAfter.IsZero():
		told.At = w.NotAfter
	default:
		told.At, told.Basis = latest(received, w.NotBefore), basisReceived
	}
}

// object tells of revisions and the end of one object; which are the places of their records.
func (t *telling) object(ctx context.Context, key store.ObjectKey, records []*record.Record, which []int, out []engine.Told) error {
	entry, err := t.entry(ctx, key)
	if err != nil {
		return err
	}
	var revisions []int
	for _, i := range which {
		r := records[i]
		out[i] = engine.Told{Object: r.Ref, At: r.Provenance.ReceivedAt, Basis: basisReceived, Gone: true}
		if entry == nil {
			continue
		}
		out[i].Object, out[i].OwnerUIDs = objectOf(entry, r.Ref), entry.Owners
		if r.Kind == record.KindRevision {
			revisions = append(revisions, i)
		} else if err := t.end(ctx, key, &out[i]); err != nil {
			return err
		}
	}
	if len(revisions) == 0 {
		return nil
	}
	slices.SortStableFunc(revisions, func(a, b int) int { return cmp.Compare(records[a].Revision.RV, records[b].Revision.RV) })
	return t.revisions(ctx, entry, records, revisions, out)
}

func (t *telling) end(ctx context.Context, key store.ObjectKey, told *engine.Told) error {
	end, err := t.e.st.End(ctx, key)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	w, err := t.when(ctx, end)
	if err != nil {
		return err
	}
	told.Gone, told.Basis = false, ""
	shownMoment(told, w, []*record.Record{end})
	if len(end.End.LastBody) > 0 {
		if v, err := object.Parse(end.End.LastBody); err == nil { // it was told by a source, and shows no more where it can not be read
			told.Owners = ownersOf(v)
		}
	}
	return nil
}

// manyBetween bounds how many revisions that were not asked for are read between those that were.
const manyBetween = 64

// revisions tells of some by rising resourceVersion: neighbours are read together.
func (t *telling) revisions(ctx context.Context, entry *store.Entry, records []*record.Record, which []int, out []engine.Told) error {
	for len(which) > 0 {
		n, err := t.stretch(ctx, entry, records, which, out)
		if err != nil {
			return err
		}
		which = which[n:]
	}
	return nil
}

// stretch tells of the first of which, and of those behind it as long as not too many others lie between. It says of how many.
func (t *telling) stretch(ctx context.Context, entry *store.Entry, records []*record.Record, which []int, out []engine.Told) (int, error) {
	first := records[which[0]].Revision.RV
	var chosen []object.Chosen
	var group []*record.Record
	rest, other := which, 0
	for r, err := range t.e.st.Revisions(ctx, entry.Key(), store.RVRange{From: first, To: records[which[len(which)-1]].Revision.RV}) {
		if err != nil {
			return 0, err
		}
		if len(group) > 0 && group[0].Revision.RV != r.Revision.RV {
			chosen, group = append(chosen, object.Choose(group)), nil
			if other > manyBetween {
				break
			}
		}
		if len(group) == 0 {
			if other++; r.Revision.RV < first {
				continue // of the floor
			}
		}
		for len(rest) > 0 && records[rest[0]].Revision.RV <= r.Revision.RV {
			rest, other = rest[1:], 0
		}
		group = append(group, r)
	}
	if len(group) > 0 {
		chosen = append(chosen, object.Choose(group))
	}
	done := which[:max(1, len(which)-len(rest))]
	if len(chosen) == 0 {
		return len(done), nil
	}
	return len(done), t.states(ctx, entry, chosen, records, done, out)
}

// states tells of the revisions that were chosen.
func (t *telling) states(ctx context.Context, entry *store.Entry, chosen []object.Chosen, records []*record.Record, which []int, out []engine.Told) error {
	var before *object.State
	if chosen[0].RV > 1 && chosen[0].RV > entry.FirstRV {
		var err error
		if before, err = index.StateAt(ctx, t.e.st, entry, chosen[0].RV-1); err != nil {
			return err
		}
	}
	best := chosen[0].Best().Ref
	schema := object.Builtin(best.Group, best.Version, cmp.Or(best.Kind, entry.Ref.Kind))
	states := object.Carry(before, chosen, schema)
	for _, i := range which {
		n, found := slices.BinarySearchFunc(states, records[i].Revision.RV, func(s object.State, rv record.ResourceVersion) int { return cmp.Compare(s.RV, rv) })
		if !found {
			continue
		}
		told, s := &out[i], &states[n]
		w, err := t.when(ctx, s.Chosen.Best())
		if err != nil {
			return err
		}
		told.Gone, told.Basis = false, ""
		shownMoment(told, w, s.Chosen.Records)
		if s.Partial != record.Whole {
			told.Partial = s.Partial.String()
		}
		if s.Value != nil {
			told.Owners = ownersOf(s.Value)
		}
		prev := before
		if n > 0 {
			prev = &states[n-1]
		}
		tellChange(told, entry, prev, s, schema)
	}
	return nil
}

func tellChange(told *engine.Told, entry *store.Entry, prev, s *object.State, schema object.Schema) {
	switch {
	case prev == nil:
		told.First, told.Created, told.Words = true, entry.Created && s.RV == entry.FirstRV, "first recorded state"
		if told.Created {
			told.Words = "created"
		}
	case s.Value == nil || prev.Value == nil || s.Fragment || s.Partial == record.PartialMoved:
		told.Words = "changed; what changed was not recorded"
	default:
		d := object.Diff(prev.Value, s.Value, object.DiffOptions{Schema: schema})
		told.Words = object.Summarize(d)
		told.MoreChanges = max(0, len(d.Changes)-toldChanges)
		for _, c := range d.Changes[:min(len(d.Changes), toldChanges)] {
			told.Changes = append(told.Changes, changeOf(c))
		}
	}
}

func ownersOf(v *object.Value) []engine.Owner {
	var out []engine.Owner
	for _, o := range object.MetaOf(v).Owners {
		out = append(out, engine.Owner{Kind: o.Kind, Name: o.Name, UID: o.UID, Controller: o.Controller})
	}
	return out
}

package index

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// joinsAtOnce is how many objects are joined before what they prove is worked into the clock.
const joinsAtOnce = 256

// settleRounds bounds how often a question looks again for what was written meanwhile.
const settleRounds = 4

// settleNow joins every object that was touched, and keeps what was found.
func (t *track) settleNow(ctx context.Context) error {
	t.work.Lock()
	defer t.work.Unlock()
	for range settleRounds {
		if err := t.gather(ctx); err != nil {
			return err
		}
		for {
			n, err := t.joinSome(ctx, joinsAtOnce, true)
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
		if _, settled, err := t.now(ctx); err != nil || settled {
			return errors.Join(err, t.save(ctx))
		}
	}
	return t.save(ctx)
}

// gather finds the objects that changes touched since, and lets them wait to be joined. The caller holds work.
func (t *track) gather(ctx context.Context) error {
	t.mu.Lock()
	if err := t.catchUp(ctx); err != nil {
		t.mu.Unlock()
		return err
	}
	from, to, sweep, ranges, proven := t.upTo, t.pinsUpTo, t.sweep, t.moved, t.proven
	t.moved = nil
	t.mu.Unlock()

	g := gathering{track: t, now: time.Now(), low: map[record.GroupResource]bool{}, uids: map[record.UID]struct{}{}}
	err := g.all(ctx, from, to, sweep, ranges)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil || t.proven != proven { // made anew meanwhile: then all objects are joined
		t.moved = unite(append(t.moved, ranges...))
		return err
	}
	t.upTo, t.low = to, g.low
	t.sweep = t.sweep && !sweep
	for uid := range g.uids {
		t.waiting.add(uid, g.now)
	}
	return nil
}

// gathering collects what a stretch of changes touched.
type gathering struct {
	*track
	now   time.Time
	low   map[record.GroupResource]bool
	uids  map[record.UID]struct{}
	names map[place][]touch
}

// place is where requests go to: a name, or with an empty one a collection; with an empty namespace that of all of them.
type place struct {
	gr        record.GroupResource
	namespace string
	name      string
}

type touch struct {
	at, until time.Time
	creates   bool // by generateName: it can have made an object, and nothing else
}

func (g *gathering) all(ctx context.Context, from, to uint64, sweep bool, ranges []store.RVRange) error {
	if sweep || g.c.feed == nil {
		g.recent = recent{}
		low, err := lowResources(ctx, g.c.st, g.key.cluster)
		if err != nil {
			return err
		}
		g.low = low
		return g.everyObject(ctx, low)
	}
	g.mu.Lock()
	for gr := range g.track.low {
		g.low[gr] = true
	}
	g.mu.Unlock()
	if err := g.changes(ctx, from, to); err != nil {
		return err
	}
	if len(g.low) == 0 {
		return nil
	}
	if err := g.byName(ctx); err != nil {
		return err
	}
	for _, r := range ranges {
		if err := g.within(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// changes reads what appends touched.
func (g *gathering) changes(ctx context.Context, from, to uint64) error {
	if from == to {
		return nil
	}
	g.names = map[place][]touch{}
	fresh := map[record.GroupResource]bool{}
	for change, err := range g.c.feed.Changes(ctx, from) {
		if err != nil {
			if errors.Is(err, store.ErrTrimmed) {
				g.mu.Lock()
				g.sweep = true
				g.mu.Unlock()
				return nil
			}
			return err
		}
		if change.Number > to {
			break
		}
		for i := range change.Touched {
			g.touched(&change.Touched[i], fresh)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return g.everyObject(ctx, fresh)
}

func (g *gathering) touched(at *store.Touched, fresh map[record.GroupResource]bool) {
	if at.Ref.Cluster != g.key.cluster || at.Storage != g.key.storage {
		return
	}
	switch at.Kind {
	case store.TouchedRevision, store.TouchedEnd:
		g.recent.add(at.RV, at.Ref.UID)
		g.uids[at.Ref.UID] = struct{}{}
	case store.TouchedWrite:
		gr := at.Ref.GroupResource()
		if at.Level < record.LevelRequestResponse && !g.low[gr] {
			g.low[gr], fresh[gr] = true, true
		}
		if g.low[gr] {
			p := place{gr, at.Ref.Namespace, at.Ref.Name}
			g.names[p] = append(g.names[p], touch{at.At, later(at.At, at.Until), at.Nameless})
		}
	}
}

// everyObject lets all objects of some resources wait.
func (g *gathering) everyObject(ctx context.Context, of map[record.GroupResource]bool) error {
	if len(of) == 0 {
		return nil
	}
	for gr := range of {
		if record.StorageOf(gr) != g.key.storage {
			continue
		}
		for e, err := range g.c.st.Objects(ctx, store.ObjectScan{Cluster: g.key.cluster, Resource: &gr}) {
			if err != nil {
				return err
			}
			g.uids[e.Ref.UID] = struct{}{}
		}
	}
	return nil
}

// byName finds the objects that requests may be meant for: a request to a name those that bore it then, one to a collection all that were
// in it, and a create by generateName those made in its time.
func (g *gathering) byName(ctx context.Context) error {
	for p, touches := range g.names {
		scan := store.ObjectScan{Cluster: g.key.cluster, Resource: &p.gr, Namespace: p.namespace, Name: p.name}
		for e, err := range g.c.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if slices.ContainsFunc(touches, func(at touch) bool { return at.mayConcern(e) }) {
				g.uids[e.Ref.UID] = struct{}{}
			}
		}
	}
	return nil
}

// longOver is how long behind an object's end nothing can be meant for it: ends are told by several sources, whose clocks differ.
const longOver = time.Hour

func (a touch) mayConcern(e *store.Entry) bool {
	if e.CreatedAt.IsZero() {
		return true
	}
	if a.creates {
		far := join.EpochTolerance + time.Second
		return !a.at.Add(-far).After(e.CreatedAt) && !a.until.Add(far).Before(e.CreatedAt)
	}
	if a.until.Before(e.CreatedAt.Add(-slack)) {
		return false
	}
	return !e.Ended || e.EndAt.IsZero() || a.at.Before(e.EndAt.Add(longOver))
}

// within finds the objects with a revision or an end in a range.
func (g *gathering) within(ctx context.Context, r store.RVRange) error {
	add := func(uid record.UID) { g.uids[uid] = struct{}{} }
	if g.recent.in(r, add) {
		return nil
	}
	scan := store.WindowScan{Cluster: g.key.cluster, Kinds: []record.Kind{record.KindRevision, record.KindEnd}, HeadsOnly: true, OnlyNamed: true,
		Revisions: map[record.Storage]store.RVRange{g.key.storage: r}}
	fill := r.To == 0 && !g.recent.known
	if fill {
		g.recent = recent{known: true, above: max(r.From, 1) - 1}
	}
	for rec, err := range g.c.st.Window(ctx, scan) {
		if err != nil {
			g.recent = recent{}
			return err
		}
		add(rec.Ref.UID)
		switch {
		case !fill:
		case rec.Revision != nil:
			g.recent.add(rec.Revision.RV, rec.Ref.UID)
		case rec.End != nil:
			g.recent.add(rec.End.RV, rec.Ref.UID)
		}
	}
	return nil
}

// joinSome joins waiting objects and works what they prove into the clock. It gives how many. The caller holds work.
func (t *track) joinSome(ctx context.Context, n int, all bool) (int, error) {
	t.mu.Lock()
	uids := t.waiting.take(n, time.Now(), all)
	proven, plain, low := t.proven, t.plain, t.low
	t.mu.Unlock()
	var blocks []uint64
	var err error
	done := 0
	for ; done < len(uids); done++ {
		began := time.Now()
		var changed []uint64
		if changed, err = t.prove(ctx, proven, plain, low, uids[done]); err != nil {
			break
		}
		blocks = append(blocks, changed...)
		t.mu.Lock()
		t.waiting.cost(uids[done], time.Since(began), time.Now())
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, left := range uids[done:] {
		t.waiting.add(left, time.Now())
	}
	return done, errors.Join(err, t.worked(ctx, proven, blocks))
}

// worked reads the blocks whose proven pins changed. The caller holds mu.
func (t *track) worked(ctx context.Context, proven *provenSet, blocks []uint64) error {
	if len(blocks) == 0 || t.proven != proven {
		return nil
	}
	slices.Sort(blocks)
	blocks = slices.Compact(blocks)
	if t.all == nil {
		t.all = t.recorded.clone()
		t.saveAll = true
	}
	for _, n := range blocks {
		t.unsaved[n] = struct{}{}
	}
	if err := t.all.read(ctx, t.allPins, blocks); err != nil {
		return err
	}
	t.deriveAll()
	return nil
}

// prove joins one object by the clock of recorded pins alone, and puts what this proves in the place of what it proved before.
func (t *track) prove(ctx context.Context, proven *provenSet, plain *Clock, low map[record.GroupResource]bool, uid record.UID) ([]uint64, error) {
	entry, err := t.c.st.Object(ctx, store.ObjectKey{Cluster: t.key.cluster, UID: uid})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || entry.Storage != t.key.storage || len(low) == 0 {
		return nil, err
	}
	if !low[entry.Ref.GroupResource()] && !proven.any() {
		return nil, nil
	}
	p, err := proofs(ctx, t.c.st, plain, entry)
	if err != nil {
		return nil, err
	}
	if !low[entry.Ref.GroupResource()] {
		p.pins, p.contradiction = nil, 0
	}
	t.contradicted(p.contradiction)
	return proven.replace(ctx, uid, p.rvs, p.pins)
}

// contradicted notes how far the clocks of apiservers must lie apart at least. It rises with the facts, in whatever order they come; where it
// makes the skew greater, all objects are joined again.
func (t *track) contradicted(by time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if by <= t.apart || by > join.EpochTolerance {
		return
	}
	t.apart = by
	if skewOf(max(by, t.recorded.inversion())) != t.plain.skew {
		t.derive(nil)
	}
}

// proof is what the join of an object tells of the clock.
type proof struct {
	pins          []record.Pin
	rvs           []record.ResourceVersion // all of the object
	contradiction time.Duration
}

// proofs gives the pins that the exact makers of an object's states prove, and all its resourceVersions. They depend on the object's own
// records, on the requests to its name and collection in its life, and on the clock at its resourceVersions; on nothing else.
func proofs(ctx context.Context, st store.Store, clock *Clock, entry *store.Entry) (proof, error) {
	var out proof
	recs, err := readRecords(ctx, st, entry, Bounds{skew: clock.skew})
	if err != nil {
		return out, err
	}
	chosen, epochs := chooseAll(recs, clock.joinEpochs())
	reader := clock.Reader(st)
	in := join.Input{Ref: entry.Ref, End: recs.End, Requests: recs.Requests, Skew: clock.skew}
	out.rvs = make([]record.ResourceVersion, 0, len(chosen)+1)
	for i := range chosen {
		when, err := reader.WhenIn(ctx, epochs[i], chosen[i].RV)
		if err != nil {
			return out, err
		}
		in.Revisions = append(in.Revisions, join.Revision{Record: chosen[i].Best(), When: when, Epoch: epochs[i]})
		out.rvs = append(out.rvs, chosen[i].RV)
	}
	if recs.End != nil && recs.End.End.RV != 0 {
		if in.EndWhen, err = endWhen(ctx, reader, epochs, recs.End); err != nil {
			return out, err
		}
		out.rvs = append(out.rvs, recs.End.End.RV)
	}
	out.pins = join.ByEpoch(in, clock.joinEpochs()).Pins
	out.contradiction = join.Contradiction(entry.Ref.UID, clock.joinEpochs(), recs.Requests)
	return out, nil
}

// lowResources are those with writes recorded below RequestResponse.
func lowResources(ctx context.Context, st store.Store, cluster record.Cluster) (map[record.GroupResource]bool, error) {
	low := map[record.GroupResource]bool{}
	for s, err := range st.Seen(ctx, cluster, store.TimeRange{}) {
		if err != nil {
			return nil, err
		}
		if s.Write && slices.ContainsFunc(s.Levels, func(l record.Level) bool { return l < record.LevelRequestResponse }) {
			low[s.Resource] = true
		}
	}
	return low, nil
}

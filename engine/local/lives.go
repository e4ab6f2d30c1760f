package local

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// life reads one object within the engine's limits.
func (e *Engine) life(ctx context.Context, entry *store.Entry, bounds index.Bounds) (*index.Life, error) {
	bounds.Revisions, bounds.Requests = e.limits.Revisions, e.limits.Requests
	return index.ReadLife(ctx, e.st, e.clocks, entry, bounds)
}

// lifeCache keeps the lives that one question read last.
type lifeCache struct {
	e     *Engine
	lives map[store.ObjectKey]*index.Life
	order []store.ObjectKey
}

const cachedLives = 64

func newLifeCache(e *Engine) *lifeCache {
	return &lifeCache{e: e, lives: map[store.ObjectKey]*index.Life{}}
}

// of gives the life of a catalogue entry.
func (c *lifeCache) of(ctx context.Context, entry *store.Entry) (*index.Life, error) {
	key := entry.Key()
	if l := c.lives[key]; l != nil {
		return l, nil
	}
	l, err := c.e.life(ctx, entry, index.Bounds{})
	if err != nil {
		return nil, err
	}
	if len(c.order) >= cachedLives {
		delete(c.lives, c.order[0])
		c.order = c.order[1:]
	}
	c.lives[key] = l
	c.order = append(c.order, key)
	return l, nil
}

// byUID gives the life of a UID; nil where it is not in the catalogue.
func (c *lifeCache) byUID(ctx context.Context, key store.ObjectKey) (*index.Life, error) {
	if l := c.lives[key]; l != nil {
		return l, nil
	}
	entry, err := c.e.st.Object(ctx, key)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.of(ctx, entry)
}

// forRecord gives the life that a record is about: by its UID, else by its name at its time; nil where none is known.
func (c *lifeCache) forRecord(ctx context.Context, r *record.Record) (*index.Life, error) {
	uid := r.Ref.UID
	if r.Kind == record.KindRequest {
		uid = namedUID(r)
	}
	if uid != "" {
		if l, err := c.byUID(ctx, store.ObjectKey{Cluster: r.Ref.Cluster, UID: uid}); l != nil || err != nil {
			return l, err
		}
	}
	if r.Ref.Name == "" {
		return nil, nil
	}
	lives, err := c.e.lives(ctx, &target{cluster: r.Ref.Cluster, resource: r.Ref.GroupResource(), namespace: r.Ref.Namespace, name: r.Ref.Name})
	if err != nil || len(lives) == 0 {
		return nil, err
	}
	n, err := c.e.lifeAt(ctx, lives, r.OccurredAt)
	if err != nil {
		return nil, err
	}
	return c.of(ctx, lives[n])
}

func whenOf(w index.Interval) engine.When {
	return engine.When{At: timePtr(shown(w)), NotBefore: timePtr(w.NotBefore), NotAfter: timePtr(w.NotAfter)}
}

func requestWhen(r *record.Record) engine.When {
	return engine.When{At: timePtr(r.OccurredAt), NotBefore: timePtr(r.OccurredAt), NotAfter: timePtr(r.Request.StageAt)}
}

func endedWhen(l *index.Life, got received) *engine.When {
	if l.End == nil {
		return nil
	}
	w := got.endWhen(l)
	return &w
}

// revisionOf tells of one state of a life, what changed in it, and that in one line.
func revisionOf(l *index.Life, i int) (*engine.Revision, string) {
	s := &l.States[i]
	out := &engine.Revision{ResourceVersion: rvString(s.RV), Epoch: l.Epochs[i], Conflict: s.Chosen.Conflict,
		Sources: nonNil(sourcesOf(s)), Maker: makerOf(l.Makers[i]), First: i == 0}
	if s.Partial != record.Whole {
		out.Partial = s.Partial.String()
	}
	out.Changes = []engine.Change{}
	var d *object.Difference
	if i > 0 {
		found := object.Diff(l.States[i-1].Value, s.Value, object.DiffOptions{Schema: l.Schema, PassNoise: true})
		d, out.Changes = &found, changesOf(&found)
	}
	return out, revisionSummary(l, i, d)
}

func sourcesOf(s *object.State) []string {
	var all record.Sources
	for _, r := range s.Chosen.Records {
		all |= r.Provenance.Sources
	}
	return all.Words()
}

// changes compares two states; folded counts what was left out as noise.
func changes(l *index.Life, from, to *object.Value, noise bool) (list []engine.Change, folded int) {
	d := object.Diff(from, to, object.DiffOptions{Schema: l.Schema, Noise: noise})
	return changesOf(&d), d.Folded
}

func changesOf(d *object.Difference) []engine.Change {
	list := make([]engine.Change, 0, len(d.Changes)+len(d.Incomparable))
	for _, c := range d.Changes {
		list = append(list, changeOf(c))
	}
	for _, c := range d.Incomparable {
		list = append(list, changeOf(c))
	}
	return list
}

func changeOf(c object.Change) engine.Change {
	return engine.Change{Path: c.Path.String(), Op: string(c.Op), From: c.From.JSON(), To: c.To.JSON(), Match: c.Match, Note: c.Note}
}

// makerOf tells which request made a state.
func makerOf(m join.Maker) *engine.Maker {
	out := &engine.Maker{Certainty: certaintyOf(m.Certainty), Evidence: nonNil(m.Evidence)}
	if m.Request != nil {
		out.Request = requestOf(m.Request)
		out.Actor = &out.Request.Actor
	}
	for _, c := range m.Candidates {
		out.Candidates = append(out.Candidates, requestOf(c))
	}
	if out.Actor == nil {
		out.Actor = commonActor(out.Candidates)
	}
	return out
}

// commonActor is what the actors of all candidates have in common; nil where that is not even the user.
func commonActor(list []*engine.Request) *engine.Actor {
	if len(list) == 0 {
		return nil
	}
	common := list[0].Actor
	for _, q := range list[1:] {
		a := q.Actor
		if a.User != common.User || a.Impersonator != common.Impersonator {
			return nil
		}
		if a.UserAgent != common.UserAgent {
			common.UserAgent = ""
		}
		if a.FieldManager != common.FieldManager {
			common.FieldManager = ""
		}
		if !equalStrings(a.SourceIPs, common.SourceIPs) {
			common.SourceIPs = nil
		}
		if !equalStrings(a.Groups, common.Groups) {
			common.Groups = nil
		}
	}
	return &common
}

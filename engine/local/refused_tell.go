package local

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/store"
)

// refused tells which names of a set were asked for in the window and never made; nil: none. It costs a look at the head of each write of the window, and at the
// lives of and the requests to each name found, for a few seconds each; the same question asked again costs nothing until more is recorded. The requests to what
// is in the set anyway are not read.
func (e *Engine) refused(ctx context.Context, q query.Rows, f *refusals) (*engine.Refusals, error) {
	q.Limit = 0
	asked := e.asked("refused", q)
	if answer, ok := asked.answer().(*engine.Refusals); ok {
		return answer, nil
	}
	if !f.matched {
		if err := f.scan(ctx); err != nil {
			return nil, err
		}
	}
	out, err := f.tell(ctx, deadline{time.Now().Add(refusedTime)}) // however long it took to find them
	if err == nil && (out == nil || out.Cut == "") && f.s.pending == "" && f.s.cut == "" {
		asked.keep(out)
	}
	return out, err
}

// tell leaves out the names that had a life in the window, and tells the others: those that come first, as many as are looked up in time.
func (f *refusals) tell(ctx context.Context, until deadline) (*engine.Refusals, error) {
	t, spans := f.s.e.telling(), f.s.e.spans()
	list := slices.SortedFunc(maps.Values(f.found), compareRefusals)
	out := &engine.Refusals{Names: []engine.Refused{}, Cut: f.cut}
	asked := min(len(list), maxRefusedAsked)
	for i, r := range list[:asked] {
		made, err := f.wasMade(ctx, spans, r.key.name, until)
		if errors.Is(err, errRefusedLimit) {
			asked = i
			break
		}
		if err != nil {
			return nil, err
		}
		if made {
			continue
		}
		if out.Total++; len(out.Names) == maxRefused {
			continue
		}
		told, err := r.tell(ctx, t)
		if err != nil {
			return nil, err
		}
		out.Names = append(out.Names, told)
	}
	if asked < len(list) { // so it is where some had no room
		out.Cut = joinCuts("only the "+itoa(asked)+" names that were refused last were looked up: narrow the window or the set", out.Cut)
	}
	if len(out.Names) < out.Total {
		out.Cut = joinCuts("showing "+itoa(len(out.Names))+" of "+itoa(out.Total)+" refused names", out.Cut)
	}
	if out.Total == 0 && out.Cut == "" {
		return nil, nil
	}
	return out, nil
}

// compareRefusals puts the newest first, and what the end of a namespace refused behind all others.
func compareRefusals(a, b *refusalTally) int {
	if x, y := byEndOfNamespace(a.newest), byEndOfNamespace(b.newest); x != y {
		if x {
			return 1
		}
		return -1
	}
	return cmp.Or(b.last.Compare(a.last), compareNames(a.key.name, b.key.name), cmp.Compare(a.key.user, b.key.user), cmp.Compare(a.key.owner, b.key.owner))
}

// wasMade reports whether a name had a life in the window: by the catalogue, or by a write to it that succeeded, whose answer was not recorded.
func (f *refusals) wasMade(ctx context.Context, spans *spans, n toldName, until deadline) (bool, error) {
	if until.passed() {
		return false, errRefusedLimit
	}
	if n.name == "" {
		return false, nil
	}
	lives, err := f.s.e.lives(ctx, &target{cluster: n.cluster, resource: n.resource, namespace: n.namespace, name: n.name})
	if err != nil {
		return false, err
	}
	for _, entry := range lives {
		if alive, err := spans.alive(ctx, entry, f.s.w); alive || err != nil {
			return alive, err
		}
	}
	scan := store.RequestScan{Cluster: n.cluster, Resource: n.resource, Namespace: n.namespace, Name: n.name, Between: timeRange(f.s.w)}
	for r, err := range f.s.e.st.Requests(ctx, scan) {
		switch {
		case err != nil:
			return false, err
		case until.passed(): // one name may have been refused a million times
			return false, errRefusedLimit
		}
		q := r.Request
		if q.Succeeded() && q.Code >= 200 && !q.Options().DryRun || q.Verb == "create" && q.Code == 409 && q.Reason == "AlreadyExists" && r.Ref.Subresource == "" {
			return true, nil
		}
	}
	return false, nil
}

func (r *refusalTally) tell(ctx context.Context, t *telling) (engine.Refused, error) {
	q := r.newest.Request
	ref := r.newest.Ref
	ref.UID, ref.Subresource = "", ""
	users := slices.Sorted(maps.Keys(r.users))
	shown := users[:min(len(users), maxRefusedUsers)]
	out := engine.Refused{Ref: refOf(ref), Code: q.Code, Reason: q.Reason, Message: clip(q.Message, 300), Users: shown, More: len(users) - len(shown), Count: r.count,
		First: engine.MomentOf(r.first), Last: engine.MomentOf(r.last)}
	if r.owner.UID == "" {
		return out, nil
	}
	entry, err := t.entry(ctx, store.ObjectKey{Cluster: r.owner.Cluster, UID: r.owner.UID})
	if err != nil {
		return out, err
	}
	if entry != nil {
		r.owner = objectOf(entry, r.owner)
	}
	owner := refOf(r.owner)
	out.Owner = &owner
	return out, nil
}

func (r *refusalTally) clone() *refusalTally {
	out := *r
	out.users = maps.Clone(r.users)
	return &out
}

package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// stretch is an unbroken watch: every change behind from, up to to, was delivered. With from equal to to it is a list, which
// tells the state there and no change.
type stretch struct{ from, to record.ResourceVersion }

// stretches are sorted and do not touch.
type stretches []stretch

// unite gives what stretches cover together; those that touch or overlap become one.
func unite(list []stretch) stretches {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out stretches
	for _, s := range list {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// cover reports whether every change behind from, up to to, lies in one stretch.
func (list stretches) cover(from, to record.ResourceVersion) bool {
	return slices.ContainsFunc(list, func(s stretch) bool { return s.from <= from && to <= s.to })
}

// holes are what lies between the first and the last stretch in none of them.
func (list stretches) holes() []stretch {
	var out []stretch
	for i := 1; i < len(list); i++ {
		out = append(out, stretch{list[i-1].to, list[i].from})
	}
	return out
}

// watches is what the lists and watches of one cluster covered.
type watches struct {
	listed map[record.GroupResource]bool
	runs   map[watchScope][]stretch
	lists  map[watchScope][]stretch
	missed map[watchScope]stretches // what sources themselves called not watched
}

// watchScope is a resource in one namespace, or in all of them (namespace empty).
type watchScope struct {
	resource  record.GroupResource
	namespace string
}

func scopeOf(r record.ObjectRef) watchScope {
	return watchScope{asOneEvents(r.GroupResource()), r.Namespace}
}

func (e *Engine) watches(ctx context.Context, cluster record.Cluster) (*watches, error) {
	names, err := index.ReadNames(ctx, e.st, cluster)
	if err != nil {
		return nil, err
	}
	w := &watches{listed: map[record.GroupResource]bool{}, runs: map[watchScope][]stretch{}, lists: map[watchScope][]stretch{}, missed: map[watchScope]stretches{}}
	for r, err := range e.st.Progress(ctx, cluster) {
		if err != nil {
			return nil, err
		}
		scope := scopeOf(names.Of(r).Ref)
		w.listed[scope.resource] = true
		switch p := r.Progress; {
		case p.From != 0:
			w.runs[scope] = append(w.runs[scope], stretch{p.From, p.RV})
		case p.List:
			w.lists[scope] = append(w.lists[scope], stretch{p.RV, p.RV})
		}
	}
	return w, nil
}

// of gives what is covered in a scope: by watches of it, and by those of all namespaces.
func (w *watches) of(scope watchScope) stretches {
	all := watchScope{resource: scope.resource}
	list := slices.Concat(w.runs[scope], w.lists[scope])
	if scope != all {
		list = slices.Concat(list, w.runs[all], w.lists[all])
	}
	return unite(list)
}

// closed reports whether another watch of its scope covers all of a gap that a source told of. One in which resourceVersions ran
// backwards stays: what is missing lies in the time after it, and the resourceVersions of the runs before it are those of another past.
func (w *watches) closed(r *record.Record) bool {
	g := r.Gap
	return g.Reason == record.GapWatchMissed && r.Ref.Resource != "" && g.FromRV != 0 && g.FromRV < g.ToRV &&
		w.of(scopeOf(r.Ref)).cover(g.FromRV, g.ToRV)
}

// told notes a gap that the answer says already.
func (w *watches) told(r *record.Record) {
	if g := r.Gap; g.Reason == record.GapWatchMissed && g.FromRV != 0 && g.ToRV != 0 {
		scope := scopeOf(r.Ref)
		w.missed[scope] = append(w.missed[scope], stretch{g.FromRV, g.ToRV})
	}
}

// scopes are those whose runs a question is about, those of all namespaces first. With a namespace it is that one alone.
func (w *watches) scopes(resources []record.GroupResource, namespace string) []watchScope {
	found := map[watchScope]bool{}
	var out []watchScope
	for scope := range w.runs {
		if resources != nil && !slices.Contains(resources, scope.resource) {
			continue
		}
		if namespace != "" {
			if scope.namespace != "" && scope.namespace != namespace {
				continue
			}
			scope.namespace = namespace
		}
		if !found[scope] {
			found[scope] = true
			out = append(out, scope)
		}
	}
	slices.SortFunc(out, func(a, b watchScope) int {
		return cmp.Or(cmp.Compare(a.resource.Group, b.resource.Group), cmp.Compare(a.resource.Resource, b.resource.Resource), cmp.Compare(a.namespace, b.namespace))
	})
	return out
}

// holes between the runs of a scope. What lists bound is cut there; before the first run and behind the last one nothing was
// promised. Of a namespace only what is no hole in all of them, unless it was asked for.
func (w *watches) holes(scope watchScope, asked string) []stretch {
	all := watchScope{resource: scope.resource}
	runs := slices.Clone(w.runs[scope])
	if scope != all {
		runs = append(runs, w.runs[all]...)
	}
	if len(runs) < 2 {
		return nil
	}
	first, last := runs[0].from, runs[0].to
	for _, r := range runs {
		first, last = min(first, r.from), max(last, r.to)
	}
	var wider []stretch
	if scope != all && asked == "" {
		wider = w.of(all).holes()
	}
	return slices.DeleteFunc(w.of(scope).holes(), func(h stretch) bool {
		in := func(o stretch) bool { return o.from <= h.from && h.to <= o.to }
		return h.from < first || h.to > last || slices.ContainsFunc(wider, in) ||
			slices.ContainsFunc(w.missed[scope], in) || slices.ContainsFunc(w.missed[all], in)
	})
}

// runGaps are the holes between the runs of watches.
func (e *Engine) runGaps(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window, ws *watches, resources []record.GroupResource, namespace string) error {
	spans := e.spans()
	for _, scope := range ws.scopes(resources, namespace) {
		entry := &store.Entry{Ref: record.ObjectRef{Cluster: cluster}, Storage: record.StorageOf(scope.resource)}
		for _, h := range ws.holes(scope, namespace) {
			from, err := spans.at(ctx, entry, h.from, w.To)
			if err != nil {
				return err
			}
			to, err := spans.at(ctx, entry, h.to, w.To)
			if err != nil {
				return err
			}
			if !from.IsZero() && !to.IsZero() && to.Before(from) {
				continue // of two epochs: no hole between them
			}
			if (!w.From.IsZero() && !to.IsZero() && to.Before(w.From)) || (!w.To.IsZero() && !from.IsZero() && !from.Before(w.To)) {
				continue
			}
			words := scope.resource.String()
			if scope.namespace != "" {
				words += " in namespace " + scope.namespace
			}
			cov.add(engine.Gap{Reason: "not-watched", Scope: engine.Ref{Cluster: string(cluster), Group: scope.resource.Group, Resource: scope.resource.Resource, Namespace: scope.namespace},
				From: timePtr(from), To: timePtr(to), FromRV: rvString(h.from), ToRV: rvString(h.to),
				Sentence: fmt.Sprintf("No watch of %s covers what lies between resourceVersions %d and %d: changes that the audit log does not hold may be missing.", words, h.from, h.to)})
		}
	}
	return nil
}

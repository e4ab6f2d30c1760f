package local

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// maxLooked is how many objects one search for traces reads, for each trace that it may give.
const maxLooked = 20

// Traces finds the objects that have records in the window which meet the tags, the newest first. It looks for suspects where that costs
// least, in the catalogue or in the heads of the window's records, and then reads these, the newest first, until it has enough.
func (e *Engine) Traces(ctx context.Context, q query.Traces) (*engine.Traces, error) {
	modes := e.modes.Load()
	mode, modifier, err := modes.Find(q.Mode, q.Modifier)
	if err != nil {
		return nil, engine.Errorf(engine.KindBadQuestion, "%s", err.Error())
	}
	tags, err := parseTags(q.Tags)
	if err != nil {
		return nil, err
	}
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	s := &traceSearch{e: e, q: q, tags: tags, modes: modes, mode: mode, modifier: modifier, limit: q.Limit, seen: map[store.ObjectKey]bool{}, shared: index.NewShared()}
	if s.limit <= 0 {
		s.limit = e.limits.Traces
	}
	for _, c := range clusters {
		if ok, err := tags.enter(ctx, e, c.Name); err != nil {
			return nil, err
		} else if ok {
			s.clusters = append(s.clusters, c)
		}
	}
	if tags.filter != "" {
		err = s.byFilter(ctx)
	} else {
		err = s.bySuspects(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s.answer(), nil
}

// traceSearch is one search for traces under way.
type traceSearch struct {
	e        *Engine
	q        query.Traces
	tags     *wantedTags
	modes    *trace.Modes // as they were when it was asked
	mode     trace.Mode
	modifier uint8
	limit    int
	clusters []store.ClusterInfo
	seen     map[store.ObjectKey]bool
	shared   *index.Shared
	found    []engine.TraceFound
	cut      string
}

func (s *traceSearch) answer() *engine.Traces {
	slices.SortFunc(s.found, func(a, b engine.TraceFound) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Object.Cluster, b.Object.Cluster), cmp.Compare(a.Object.UID, b.Object.UID))
	})
	if len(s.found) > s.limit {
		s.found = s.found[:s.limit]
		s.cut = cmp.Or(s.cut, "the limit of "+itoa(s.limit)+" traces was reached")
	}
	out := &engine.Traces{Found: s.found, Cut: s.cut}
	if out.Found == nil {
		out.Found = []engine.TraceFound{}
	}
	return out
}

// window is the one asked for; open ends are those of a cluster's recording.
func (s *traceSearch) window(c store.ClusterInfo) query.Window {
	w := s.q.Window
	if w.From.IsZero() {
		w.From = c.First
	}
	if w.To.IsZero() && !c.Last.IsZero() {
		w.To = c.Last.Add(time.Nanosecond)
	}
	return w
}

// fits adds what was found of an object, if its duration does.
func (s *traceSearch) fits(entry *store.Entry, w query.Window, f engine.TraceFound) (engine.TraceFound, bool) {
	d := f.Last.Sub(f.First)
	if f.Records == 0 || d < s.q.MinDuration || (s.q.MaxDuration > 0 && d > s.q.MaxDuration) {
		return f, false
	}
	f.Object = refOf(entry.Ref)
	f.ID = trace.Question{Mode: uint8(s.mode.Number), Modifier: s.modifier, Window: trace.Grid(w.From, w.To),
		Object: trace.HashOf(entry.Ref.Cluster, entry.Ref.UID)}.ID().String()
	return f, true
}

// bySuspects reads the newest suspects of each cluster, and more of them until nothing newer than what was found can be left.
func (s *traceSearch) bySuspects(ctx context.Context) error {
	for _, c := range s.clusters {
		g := &gatherer{traceSearch: s, info: c, w: s.window(c), spans: s.e.spans()}
		if err := g.gather(ctx); err != nil {
			return err
		}
		if err := s.lookThrough(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (s *traceSearch) lookThrough(ctx context.Context, g *gatherer) error {
	looked, mine := 0, len(s.found)
	for from, to := 0, 2*s.limit+8; ; from, to = to, 2*to {
		more, err := g.take(ctx, from, to)
		if err != nil {
			return err
		}
		for list := g.ready(more); len(list) > 0; list = g.ready(more) {
			if s.enough(s.found[mine:], list[0].at) {
				s.cut = "the limit of " + itoa(s.limit) + " traces was reached"
				return nil
			}
			if looked > maxLooked*s.limit {
				s.cut = itoa(looked) + " objects were looked at and few of them fit: narrow the tags or the window"
				return nil
			}
			batch := list[:min(len(list), s.limit/2+8)]
			g.waiting = g.waiting[len(batch):]
			looked += len(batch)
			if err := s.look(ctx, g.info, g.w, batch); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if s.enough(s.found[mine:], g.horizon) {
			s.cut = "the limit of " + itoa(s.limit) + " traces was reached"
			return nil
		}
	}
}

// enough reports whether so many were found that one last touched at a moment can be left out.
func (s *traceSearch) enough(found []engine.TraceFound, at time.Time) bool {
	newer := 0
	for i := range found {
		if !found[i].Last.Before(at) {
			newer++
		}
	}
	return newer >= s.limit
}

// look reads objects on all cores and keeps those that fit.
func (s *traceSearch) look(ctx context.Context, c store.ClusterInfo, w query.Window, entries []*dated) error {
	found := make([]engine.TraceFound, len(entries))
	fits := make([]bool, len(entries))
	err := inParallel(len(entries), nil, func(from, to int) error {
		shared := s.shared.Fork()
		for i := from; i < to; i++ {
			records, err := s.recordsOf(ctx, c, w, entries[i].entry, shared)
			if err != nil {
				return err
			}
			var f engine.TraceFound
			for k := range records {
				if s.tags.record(&records[k]) {
					count(&f, records[k].Start, records[k].Failed)
				}
			}
			found[i], fits[i] = s.fits(entries[i].entry, w, f)
		}
		return nil
	})
	for i, ok := range fits {
		if ok {
			s.found = append(s.found, found[i])
		}
	}
	return err
}

func count(f *engine.TraceFound, at time.Time, failed bool) {
	f.Records++
	if failed {
		f.Failed++
	}
	if f.First.IsZero() || at.Before(f.First) {
		f.First = at
	}
	f.Last = latest(f.Last, at)
}

// recordsOf gives what a trace of an object alone would show.
func (s *traceSearch) recordsOf(ctx context.Context, c store.ClusterInfo, w query.Window, entry *store.Entry, shared *index.Shared) ([]trace.Record, error) {
	tr := &tracing{e: s.e, counts: true, q: query.Trace{Reads: s.tags.reads()}, modes: s.modes, mode: s.mode, question: trace.Question{Window: trace.Window{From: w.From, To: w.To}}}
	if err := tr.enter(ctx, c); err != nil {
		return nil, err
	}
	if quiet, err := tr.reading.quiet(ctx, entry); err != nil || quiet {
		return nil, err
	}
	var o trace.Object
	if err := tr.read(ctx, entry, &o, shared); err != nil {
		return nil, err
	}
	return o.Records, nil
}

// byFilter goes by the hits of a search for records.
func (s *traceSearch) byFilter(ctx context.Context) error {
	var hits []*engine.Hit
	search := query.Search{Filter: s.tags.expression(), Cluster: s.q.Cluster, Window: s.q.Window, Newest: true, Reads: s.tags.reads(), Limit: s.e.limits.Hits}
	end, err := s.e.Search(ctx, search, func(h *engine.Hit) error {
		if h.When.At != nil {
			hits = append(hits, h)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.cut = end.Cut
	of := map[store.ObjectKey]*engine.TraceFound{}
	entries := map[store.ObjectKey]*store.Entry{}
	lives := map[engine.Ref][]*store.Entry{}
	for _, h := range hits {
		entry, err := s.objectOf(ctx, h, lives)
		if err != nil {
			return err
		}
		if entry == nil {
			continue
		}
		key := entry.Key()
		if of[key] == nil {
			of[key], entries[key] = &engine.TraceFound{}, entry
		}
		count(of[key], *h.When.At, h.Request != nil && h.Request.Code >= 400)
	}
	for _, c := range s.clusters {
		for key, f := range of {
			if key.Cluster != c.Name {
				continue
			}
			if fit, ok := s.fits(entries[key], s.window(c), *f); ok && s.tags.entry(entries[key]) {
				s.found = append(s.found, fit)
			}
		}
	}
	return nil
}

// objectOf gives the object that a hit is about: by its UID, else, as requests that were refused name none, by its name at that time; nil where
// none is known. lives are those of names asked for before.
func (s *traceSearch) objectOf(ctx context.Context, h *engine.Hit, lives map[engine.Ref][]*store.Entry) (*store.Entry, error) {
	o := h.Object
	if o.UID != "" {
		entry, err := s.e.st.Object(ctx, store.ObjectKey{Cluster: record.Cluster(o.Cluster), UID: record.UID(o.UID)})
		if !isNotFound(err) {
			return entry, err
		}
	}
	if o.Name == "" {
		return nil, nil
	}
	name := engine.Ref{Cluster: o.Cluster, Group: o.Group, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name}
	list, known := lives[name]
	if !known {
		var err error
		list, err = s.e.lives(ctx, &target{cluster: record.Cluster(o.Cluster), resource: record.GroupResource{Group: o.Group, Resource: o.Resource},
			namespace: o.Namespace, name: o.Name})
		if err != nil {
			return nil, err
		}
		lives[name] = list
	}
	n, err := s.e.lifeAt(ctx, list, *h.When.At)
	if err != nil || n < 0 {
		return nil, err
	}
	return list[n], nil
}

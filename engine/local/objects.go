package local

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// maxCounted bounds the revisions counted for one entry of a list.
const maxCounted = 10_000

// Objects lists the objects that match. It costs one scan of the catalogue entries of the kinds and namespace asked
// for, and one read of a state for each object listed or selected by label.
func (e *Engine) Objects(ctx context.Context, q query.Objects) (*engine.Objects, error) {
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	pick, err := newPicker(q)
	if err != nil {
		return nil, err
	}
	asked := q
	asked.Limit, asked.Cursor = 0, ""
	digest := questionDigest("objects", asked)
	if pick.after, err = decodeCursor(q.Cursor, digest, len(entryKey(&store.Entry{}))); err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = e.limits.Objects
	}
	list := &objectList{limit: limit, out: &engine.Objects{Objects: []engine.ObjectEntry{}}}
	cov := newCoverage(e.limits.Gaps)
	for _, c := range clusters {
		resources, err := e.kindsOf(ctx, c.Name, q.Kind)
		if err != nil {
			return nil, err
		}
		if err := e.listCluster(ctx, c.Name, resources, q, pick, list); err != nil {
			return nil, err
		}
		if err := e.windowGaps(ctx, cov, c, q.Alive, resources, q.Namespace); err != nil {
			return nil, err
		}
	}
	if list.more {
		list.out.Cut = "the limit of " + itoa(limit) + " objects was reached"
		list.out.Cursor = encodeCursor(digest, entryKey(list.last)...)
	}
	list.out.Coverage = cov.done(false)
	return list.out, nil
}

type objectList struct {
	limit int
	more  bool
	last  *store.Entry
	out   *engine.Objects
}

// kindsOf gives the resources that a kind word means, sorted as the catalogue is; nil for all.
func (e *Engine) kindsOf(ctx context.Context, cluster record.Cluster, word string) ([]record.GroupResource, error) {
	if word == "" || word == "all" {
		return nil, nil
	}
	list, err := e.resources(ctx, cluster, word)
	if err != nil {
		return nil, err
	}
	list = withEvents(slices.Clone(list))
	slices.SortFunc(list, func(a, b record.GroupResource) int {
		return strings.Compare(a.Group+"\x00"+a.Resource, b.Group+"\x00"+b.Resource)
	})
	return slices.Compact(list), nil
}

func (e *Engine) listCluster(ctx context.Context, cluster record.Cluster, resources []record.GroupResource, q query.Objects, pick *picker, list *objectList) error {
	scans := []store.ObjectScan{{Cluster: cluster, Namespace: q.Namespace, UID: q.UID, NamePrefix: pick.prefix}}
	if resources != nil {
		scans = scans[:0]
		for _, gr := range resources {
			scans = append(scans, store.ObjectScan{Cluster: cluster, Resource: &gr, Namespace: q.Namespace, UID: q.UID, NamePrefix: pick.prefix})
		}
	}
	for _, scan := range scans {
		for entry, err := range e.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if !pick.glob.Match(entry.Ref.Name) {
				continue
			}
			ok, err := e.alive(ctx, entry, q.Alive)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := e.listEntry(ctx, entry, q.At, pick, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// listEntry counts an entry that matches but for its labels, and lists it while there is room.
func (e *Engine) listEntry(ctx context.Context, entry *store.Entry, at time.Time, pick *picker, list *objectList) error {
	full := len(list.out.Objects) >= list.limit
	passed := pick.passed(entry)
	if !pick.selector.MayMatch(entry.Labels) {
		return nil
	}
	var labels map[string]string
	if !pick.selector.Empty() || (!full && !passed) {
		var err error
		if labels, err = e.labelsAt(ctx, entry, at); err != nil {
			return err
		}
		if !pick.selector.Matches(labels) {
			return nil
		}
	}
	list.out.Total++
	switch {
	case passed:
		return nil
	case full:
		list.more = true
		return nil
	}
	out, err := e.objectEntry(ctx, entry)
	if err != nil {
		return err
	}
	out.Labels = labels
	list.out.Objects = append(list.out.Objects, out)
	list.last = entry
	return nil
}

func (e *Engine) objectEntry(ctx context.Context, entry *store.Entry) (engine.ObjectEntry, error) {
	out := engine.ObjectEntry{Ref: refOf(entry.Ref), CreatedAt: timePtr(entry.CreatedAt), Ended: entry.Ended,
		FirstRV: rvString(entry.FirstRV), LastRV: rvString(entry.LastRV)}
	s, err := e.span(ctx, entry)
	if err != nil {
		return out, err
	}
	out.FirstSeen, out.LastSeen = timePtr(s.first), timePtr(s.last)
	if entry.Ended {
		out.EndedAt = timePtr(s.end)
	}
	var last record.ResourceVersion
	for r, err := range e.st.Revisions(ctx, entry.Key(), store.RVRange{}) {
		if err != nil {
			return out, err
		}
		if r.Revision.RV == last {
			continue
		}
		last = r.Revision.RV
		if out.Revisions++; out.Revisions >= maxCounted {
			break
		}
	}
	return out, nil
}

// span is when an object was first and last seen, and when it ended; zero where not known.
type span struct{ first, last, end time.Time }

func (e *Engine) span(ctx context.Context, entry *store.Entry) (span, error) {
	s := span{first: entry.FirstAt, last: entry.LastAt, end: entry.EndAt}
	clock, err := e.clocks.Of(ctx, entry.Ref.Cluster, entry.Storage)
	if err != nil {
		return s, err
	}
	for _, part := range [...]struct {
		rv   record.ResourceVersion
		hint time.Time
		use  func(t time.Time)
	}{
		{entry.FirstRV, entry.CreatedAt, func(t time.Time) { s.first = earliest(s.first, t) }},
		{entry.LastRV, entry.LastAt, func(t time.Time) { s.last = latest(s.last, t) }},
		{entry.EndRV, entry.EndAt, func(t time.Time) { s.end = earliest(s.end, t) }},
	} {
		if part.rv == 0 {
			continue
		}
		w, err := clock.When(ctx, e.st, part.rv, part.hint)
		if err != nil {
			return s, err
		}
		part.use(shown(w))
	}
	if entry.Ended {
		s.last = latest(s.last, s.end)
	}
	return s, nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// alive reports whether an object may have been alive at some moment of w.
func (e *Engine) alive(ctx context.Context, entry *store.Entry, w query.Window) (bool, error) {
	if w.From.IsZero() && w.To.IsZero() {
		return true, nil
	}
	s, err := e.span(ctx, entry)
	if err != nil {
		return false, err
	}
	begin := s.first
	if !entry.CreatedAt.IsZero() {
		begin = entry.CreatedAt
	}
	if !w.To.IsZero() && !begin.IsZero() && !begin.Before(w.To) {
		return false, nil
	}
	return w.From.IsZero() || !entry.Ended || s.end.IsZero() || !s.end.Before(w.From), nil
}

// lifeAt chooses the life of a name that was alive at a time, else the last that began before it; -1 without lives.
func (e *Engine) lifeAt(ctx context.Context, lives []*store.Entry, at time.Time) (int, error) {
	if at.IsZero() || len(lives) < 2 {
		return len(lives) - 1, nil
	}
	began := -1
	for i, l := range lives {
		s, err := e.span(ctx, l)
		if err != nil {
			return 0, err
		}
		begin := l.CreatedAt
		if begin.IsZero() {
			begin = s.first
		}
		if !begin.After(at) {
			began = i
		}
	}
	return max(0, began), nil
}

// labelsAt gives the labels an object had at a time (zero: the last known); nil where no state tells.
func (e *Engine) labelsAt(ctx context.Context, entry *store.Entry, at time.Time) (map[string]string, error) {
	rv := ^record.ResourceVersion(0)
	if at.IsZero() {
		end, err := e.st.End(ctx, entry.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && len(end.End.LastBody) > 0 {
			return labelsOf(end.End.LastBody), nil
		}
	} else {
		clock, err := e.clocks.Of(ctx, entry.Ref.Cluster, entry.Storage)
		if err != nil {
			return nil, err
		}
		if rv, err = clock.CertainAt(ctx, e.st, at); err != nil {
			return nil, err
		}
	}
	for range 16 { // over states that tell nothing of labels, such as scales
		variants, err := e.st.RevisionBefore(ctx, entry.Key(), rv)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, r := range variants {
			if r.Revision.Partial <= record.PartialMetadata && len(r.Revision.Body) > 0 {
				return labelsOf(r.Revision.Body), nil
			}
		}
		if rv = variants[0].Revision.RV - 1; rv == 0 {
			return nil, nil
		}
	}
	return nil, nil
}

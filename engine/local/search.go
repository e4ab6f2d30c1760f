package local

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Search gives the records that match a filter, ordered by time. It goes through the window hour by hour and keeps no
// more hits than the limit; a scan that reaches a limit of records or time ends with what it has, and says so.
func (e *Engine) Search(ctx context.Context, q query.Search, emit func(*engine.Hit) error) (*engine.SearchEnd, error) {
	s, err := e.newSearch(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, part := range s.parts() {
		if err := s.scan(ctx, part); err != nil {
			return nil, err
		}
		if err := s.give(ctx, emit); err != nil {
			return nil, err
		}
		if s.full || s.out.Cut != "" {
			break
		}
	}
	cov := newCoverage(e.limits.Gaps)
	for _, c := range s.clusters {
		if err := e.windowGaps(ctx, cov, c, s.window, s.resources(), ""); err != nil {
			return nil, err
		}
	}
	s.out.Coverage = cov.done(false)
	return &s.out, nil
}

// searching is one search under way.
type searching struct {
	e        *Engine
	q        query.Search
	filter   *query.Filter
	needs    query.Needs
	bounds   query.Bounds
	kinds    []record.Kind
	clusters []store.ClusterInfo
	window   query.Window
	limit    int
	digest   string
	after    hitKey // of the cursor; zero: from the beginning
	resume   bool
	deadline deadline

	mu    sync.Mutex // guards found, failed, ends and the counts in out while a part is scanned
	found topHits
	// collect, where set, takes what matches in the place of found.
	collect func(r *record.Record)
	ends    map[record.ID]bool
	last    hitKey
	full    bool
	failed  hitKey // of the first record on which the filter failed
	// buckets of revisions, read once.
	buckets []store.Bucket
	out     engine.SearchEnd
}

func (e *Engine) newSearch(ctx context.Context, q query.Search) (*searching, error) {
	filter, err := compileFilter(q.Filter)
	if err != nil {
		return nil, err
	}
	s := &searching{e: e, q: q, ends: map[record.ID]bool{}, filter: filter, needs: filter.Needs(), bounds: filter.Bounds(), deadline: e.deadline(), limit: q.Limit}
	if s.limit <= 0 {
		s.limit = e.limits.Hits
	}
	s.kinds = searchedKinds(q.Kinds, filter)
	s.window = intersect(q.Window, s.bounds.Window)
	clusters, err := e.clustersOf(ctx, q.Cluster)
	if err != nil {
		return nil, err
	}
	for _, c := range clusters {
		if s.bounds.Clusters == nil || slices.Contains(s.bounds.Clusters, string(c.Name)) {
			s.clusters = append(s.clusters, c)
		}
	}
	asked := q
	asked.Limit, asked.Cursor = 0, ""
	s.digest = questionDigest("search", asked)
	key, err := decodeCursor(q.Cursor, s.digest, 4)
	if err != nil {
		return nil, err
	}
	if key != nil {
		s.resume = true
		if s.after, err = parseHitKey(key); err != nil {
			return nil, engine.Errorf(engine.KindBadQuestion, "the cursor %q can not be read: use one as an answer gave it", q.Cursor)
		}
	}
	s.found = topHits{limit: s.limit + 1, newest: q.Newest}
	return s, nil
}

func compileFilter(source string) (*query.Filter, error) {
	f, err := query.Compile(source)
	if err == nil {
		return f, nil
	}
	if bad, ok := errors.AsType[*query.FilterError](err); ok {
		out := engine.Errorf(engine.KindBadQuestion, "%s", bad.Error())
		out.Line, out.Column = bad.Line, bad.Column
		return nil, out
	}
	return nil, err
}

// searchedKinds are the kinds asked for that the filter can match; where none were asked for, those that the filter means.
func searchedKinds(asked []record.Kind, filter *query.Filter) []record.Kind {
	if len(asked) == 0 {
		return filter.MeantKinds()
	}
	return slices.DeleteFunc(slices.Clone(filter.Bounds().Kinds), func(k record.Kind) bool { return !slices.Contains(asked, k) })
}

func intersect(a, b query.Window) query.Window {
	if b.From.After(a.From) {
		a.From = b.From
	}
	if !b.To.IsZero() && (a.To.IsZero() || b.To.Before(a.To)) {
		a.To = b.To
	}
	return a
}

// resources are those that the filter is bounded to, for coverage; nil: all.
func (s *searching) resources() []record.GroupResource {
	if len(s.bounds.Resources) != 1 || len(s.bounds.Groups) != 1 {
		return nil
	}
	return []record.GroupResource{{Group: s.bounds.Groups[0], Resource: s.bounds.Resources[0]}}
}

// parts cuts the window, so that memory and the cost of the first hits stay bounded: an hour, then twice as long each time, for a store keeps many hours of
// revisions together, and goes through all of them for each part. They come in the order of the answer.
func (s *searching) parts() []query.Window {
	if s.bounds.Nothing() || len(s.kinds) == 0 || len(s.clusters) == 0 {
		return nil
	}
	var recorded query.Window
	for _, c := range s.clusters {
		if !c.First.IsZero() {
			recorded.From = earliest(recorded.From, c.First)
		}
		recorded.To = latest(recorded.To, c.Last)
	}
	return s.behindCursor(cutWindow(s.window, recorded, s.q.Newest, 2))
}

// behindCursor leaves out the parts that earlier pieces of the answer have gone through.
func (s *searching) behindCursor(parts []query.Window) []query.Window {
	if !s.resume || s.after.at.IsZero() {
		return parts
	}
	return slices.DeleteFunc(parts, func(w query.Window) bool {
		if s.q.Newest {
			return !w.From.IsZero() && w.From.After(s.after.at)
		}
		return !w.To.IsZero() && !w.To.After(s.after.at)
	})
}

// narrow hands the store what the filter pins down about the object.
func (s *searching) narrow(scan *store.WindowScan) {
	if len(s.bounds.Resources) == 1 && len(s.bounds.Groups) == 1 {
		scan.Resource = &record.GroupResource{Group: s.bounds.Groups[0], Resource: s.bounds.Resources[0]}
	}
	if len(s.bounds.Namespaces) == 1 && s.bounds.Namespaces[0] != "" {
		scan.Namespace = s.bounds.Namespaces[0]
	}
	if len(s.bounds.Names) == 1 && s.bounds.Names[0] != "" {
		scan.Name = s.bounds.Names[0]
	}
}

// inPart reports whether a moment belongs to a part of the window. What has no time belongs to the earliest.
func (s *searching) inPart(at time.Time, w query.Window) bool {
	if at.IsZero() {
		return w.From.Equal(s.window.From)
	}
	return timeRange(w).Contains(at)
}

// headOf is a record without a body: a hit shows what changed, and reads it when it is told.
func headOf(r *record.Record) *record.Record {
	head := *r
	switch r.Kind {
	case record.KindRevision:
		rev := *r.Revision
		rev.Body = nil
		head.Revision = &rev
	case record.KindEnd:
		end := *r.End
		end.LastBody = nil
		head.End = &end
	}
	return &head
}

func (s *searching) behind(key hitKey) bool {
	c := key.compare(s.after)
	if s.q.Newest {
		return c < 0
	}
	return c > 0
}

// give emits what one part found, in order, up to the limit.
func (s *searching) give(ctx context.Context, emit func(*engine.Hit) error) error {
	found := s.found.sorted()
	hits, err := s.tell(ctx, found[:min(len(found), s.limit-s.out.Hits)])
	if err != nil {
		return err
	}
	for i, f := range found {
		if s.out.Hits == s.limit {
			s.full = true
			s.out.Cut = "the limit of " + itoa(s.limit) + " hits was reached"
			s.out.Cursor = s.cursor(s.last)
			return nil
		}
		hit := hits[i]
		hit.Cursor = s.cursor(f.key)
		s.last = f.key
		s.out.Hits++
		if err := emit(hit); err != nil {
			return err
		}
	}
	s.found = topHits{limit: s.limit + 1 - s.out.Hits, newest: s.q.Newest}
	return nil
}

// tell makes the hits, object by object, so that each one's life is read once.
func (s *searching) tell(ctx context.Context, found []foundHit) ([]*engine.Hit, error) {
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := found[a].rec.Ref, found[b].rec.Ref
		return cmp.Or(cmp.Compare(x.Cluster, y.Cluster), cmp.Compare(x.UID, y.UID))
	})
	other := func(a, b int) bool {
		x, y := found[order[a]].rec.Ref, found[order[b]].rec.Ref
		return x.Cluster != y.Cluster || x.UID != y.UID || x.UID == ""
	}
	hits := make([]*engine.Hit, len(found))
	err := inParallel(len(order), func(at int) int { // a life is read by one of them
		for at < len(order) && !other(at-1, at) {
			at++
		}
		return at
	}, func(from, to int) error {
		t := &teller{e: s.e, lives: newLifeCache(s.e)}
		for _, i := range order[from:to] {
			hit, err := t.hit(ctx, found[i])
			if err != nil {
				return err
			}
			hits[i] = hit
		}
		return nil
	})
	return hits, err
}

// teller makes hits, one after the other.
type teller struct {
	e     *Engine
	lives *lifeCache
	told  *index.Life // the last one that a hit was told of, and when a live watch delivered its states
	got   received
}

func (s *searching) cursor(k hitKey) string {
	var at int64
	if !k.at.IsZero() {
		at = k.at.UnixNano()
	}
	return encodeCursor(s.digest, strconv.FormatInt(at, 10), k.kind.String(), strconv.Itoa(int(k.stage)), k.id.String())
}

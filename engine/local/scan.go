package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// scan looks at every record of one part of the window, on all cores where there is enough to do.
func (s *searching) scan(ctx context.Context, w query.Window) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, c := range s.clusters {
		jobs, err := s.jobs(ctx, c, w)
		if err != nil {
			return err
		}
		for _, job := range jobs {
			group.Go(func() error {
				clocks, err := s.e.clockReaders(ctx, c)
				if err != nil {
					return err
				}
				names, err := index.ReadNames(ctx, s.e.st, c.Name)
				if err != nil {
					return err
				}
				lives := newLifeCache(s.e)
				worker := &scanner{s: s, w: w, names: names, received: s.e.receivedRecords(ctx, c.Name), clocks: clocks, lives: lives, states: &stateReader{e: s.e, lives: lives}}
				return worker.run(ctx, job)
			})
		}
	}
	return group.Wait()
}

// jobs cuts one part of the window into scans that share no record: what has a time of its own, and revisions by ranges of
// whole buckets.
func (s *searching) jobs(ctx context.Context, c store.ClusterInfo, w query.Window) ([]store.WindowScan, error) {
	ranges, err := s.e.revisionRanges(ctx, c, w)
	if err != nil {
		return nil, err
	}
	var timed, states []record.Kind
	for _, k := range s.kinds {
		if k == record.KindRevision || k == record.KindEnd {
			states = append(states, k)
		} else {
			timed = append(timed, k)
		}
	}
	scan := store.WindowScan{Cluster: c.Name, Between: timeRange(w), Reads: s.q.Reads}
	s.narrow(&scan)
	var jobs []store.WindowScan
	if len(timed) > 0 {
		scan.Kinds = timed
		jobs = append(jobs, scan)
	}
	if len(states) == 0 {
		return jobs, nil
	}
	scan.Kinds, scan.Revisions, scan.OnlyNamed = states, ranges, ranges != nil
	split, err := s.split(ctx, c, ranges)
	if err != nil {
		return nil, err
	}
	if len(split) < 2 {
		return append(jobs, scan), nil
	}
	for _, some := range split {
		scan.Revisions, scan.OnlyNamed = some, true
		jobs = append(jobs, scan)
	}
	return jobs, nil
}

// minSplitBytes is how much on disk is worth a job of its own.
const minSplitBytes = 4 << 20

// split cuts ranges of resourceVersions at the bounds of buckets into pieces of about equal size; fewer than two where it is not worth it.
func (s *searching) split(ctx context.Context, c store.ClusterInfo, ranges map[record.Storage]store.RVRange) ([]map[record.Storage]store.RVRange, error) {
	if s.buckets == nil {
		list, err := s.e.st.Buckets(ctx)
		if err != nil {
			return nil, err
		}
		s.buckets = slices.DeleteFunc(list, func(b store.Bucket) bool { return b.Family != store.FamilyRevisions })
		if s.buckets == nil {
			s.buckets = []store.Bucket{}
		}
	}
	var mine []store.Bucket
	var bytes int64
	for _, b := range s.buckets {
		r, named := ranges[b.Storage]
		if b.Cluster != c.Name || (ranges != nil && !named) || b.RVs.To < r.From || (r.To != 0 && b.RVs.From > r.To) {
			continue
		}
		mine = append(mine, b)
		bytes += b.Bytes
	}
	pieces := min(int64(2*runtime.GOMAXPROCS(0)), bytes/minSplitBytes, int64(len(mine)))
	if pieces < 2 {
		return nil, nil
	}
	return cutBuckets(mine, bytes/pieces, ranges), nil
}

// cutBuckets gathers neighbouring buckets up to a size. The first piece of a storage begins where its range does, the last one ends
// there, so that what lies outside of all buckets (a floor) is in one of them.
func cutBuckets(list []store.Bucket, size int64, ranges map[record.Storage]store.RVRange) []map[record.Storage]store.RVRange {
	var out []map[record.Storage]store.RVRange
	var bytes int64
	for i, b := range list {
		first := i == 0 || list[i-1].Storage != b.Storage
		if first || bytes >= size {
			piece := store.RVRange{From: b.RVs.From}
			if first {
				piece.From = ranges[b.Storage].From
			} else {
				previous := out[len(out)-1]
				previous[b.Storage] = store.RVRange{From: previous[b.Storage].From, To: b.RVs.From - 1}
			}
			piece.To = ranges[b.Storage].To
			out = append(out, map[record.Storage]store.RVRange{b.Storage: piece})
			bytes = 0
		}
		bytes += b.Bytes
	}
	return out
}

// scanner goes through one job.
type scanner struct {
	s      *searching
	w      query.Window
	names  index.Names
	clocks clockSet
	// received tells when live watches delivered records.
	received receivedRecords
	lives    *lifeCache
	states   *stateReader
	scanned  int // not yet told
}

func (sc *scanner) run(ctx context.Context, scan store.WindowScan) error {
	defer sc.count()
	if !sc.s.needs.OldObject { // the state before a revision is the one that the scan has just gone over
		scan.Skip = sc.skip
	}
	group := make([]*record.Record, 0, 4) // the variants of one revision
	for r, err := range sc.s.e.st.Window(ctx, scan) {
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
		sc.scanned++
		r = sc.names.Of(r)
		if len(group) > 0 && !sameRevision(group[0], r) {
			if err := sc.matchRevision(ctx, group); err != nil {
				return err
			}
			group = group[:0]
		}
		if r.Kind == record.KindRevision {
			group = append(group, r)
		} else if err := sc.match(ctx, r, nil); err != nil {
			return err
		}
		if sc.scanned >= 1024 && sc.count() {
			return nil
		}
	}
	if len(group) == 0 {
		return nil
	}
	return sc.matchRevision(ctx, group)
}

// errEnough ends a scan within the store when a limit is reached.
var errEnough = errors.New("a limit of the search is reached")

// skip reports whether a state alone shows that the filter misses the revision. It counts as looked at.
func (sc *scanner) skip(body []byte) (bool, error) {
	if !sc.s.filter.Misses(body) {
		return false, nil
	}
	if sc.scanned++; sc.scanned >= 1024 && sc.count() {
		return true, errEnough
	}
	return true, nil
}

// count tells how many records were looked at, and reports whether a limit is reached.
func (sc *scanner) count() bool {
	s := sc.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Scanned += sc.scanned
	sc.scanned = 0
	switch {
	case s.out.Scanned > s.e.limits.Scanned:
		s.out.Cut = fmt.Sprintf("%d records were looked at, the limit: narrow the window or the filter", s.e.limits.Scanned)
	case s.deadline.passed():
		s.out.Cut = fmt.Sprintf("the time limit of %s was reached: narrow the window or the filter", s.e.limits.Time)
	}
	return s.out.Cut != ""
}

func sameRevision(a, b *record.Record) bool {
	return b.Kind == record.KindRevision && a.Revision.RV == b.Revision.RV && a.Ref.UID == b.Ref.UID && a.Ref.Cluster == b.Ref.Cluster
}

// matchRevision evaluates the filter on one revision, by its best variant. Variants that tell different kinds may lie
// apart in a store: where the best lies elsewhere, the revision counts there.
func (sc *scanner) matchRevision(ctx context.Context, group []*record.Record) error {
	best := only(group)
	if best == nil {
		chosen := object.Choose(slices.Clone(group))
		best = chosen.Best()
	}
	if whole(best) {
		return sc.match(ctx, best, nil)
	}
	if sc.s.filter.PreMatch(best) && !sc.s.needs.OldObject && best.Revision.Partial != record.PartialScale {
		if misses, err := sc.missesCarried(ctx, best); misses || err != nil {
			return err
		}
	}
	return sc.match(ctx, best, func() (bool, error) { return sc.elsewhere(ctx, best, len(group)) })
}

// maxCarried bounds the partial revisions in a row over which a whole one is looked for.
const maxCarried = 8

// missesCarried reports whether the filter misses a revision that tells metadata at most: the whole state before it shows that, as all but the
// metadata is carried over from there. True also where a whole variant lies elsewhere: the revision counts there.
func (sc *scanner) missesCarried(ctx context.Context, r *record.Record) (bool, error) {
	key, rv := store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}, r.Revision.RV
	for range maxCarried {
		variants, err := sc.s.e.st.RevisionBefore(ctx, key, rv)
		if isNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if best := only(variants); best != nil && whole(best) {
			return best.Revision.RV == r.Revision.RV || sc.s.filter.MissesCarried(best.Revision.Body), nil
		}
		if slices.ContainsFunc(variants, func(v *record.Record) bool {
			return whole(v) || v.Revision.Cut || v.Revision.Partial == record.PartialScale
		}) {
			return false, nil
		}
		if rv = variants[0].Revision.RV - 1; rv == 0 {
			return false, nil
		}
	}
	return false, nil
}

func whole(r *record.Record) bool {
	return r.Revision.Partial == record.Whole && len(r.Revision.Body) > 0
}

// only gives the one variant that is whole, which is the best whatever it says; nil where there are several or none.
func only(group []*record.Record) *record.Record {
	if len(group) == 1 {
		return group[0]
	}
	var found *record.Record
	for _, r := range group {
		if !whole(r) {
			continue
		}
		if found != nil {
			return nil
		}
		found = r
	}
	return found
}

// elsewhere reports whether a better variant of the revision lies in another place than the group of n.
func (sc *scanner) elsewhere(ctx context.Context, best *record.Record, n int) (bool, error) {
	var all []*record.Record
	rv := best.Revision.RV
	for r, err := range sc.s.e.st.Revisions(ctx, store.ObjectKey{Cluster: best.Ref.Cluster, UID: best.Ref.UID}, store.RVRange{From: rv, To: rv}) {
		if err != nil {
			return false, err
		}
		all = append(all, r)
	}
	if len(all) <= n {
		return false, nil
	}
	chosen := object.Choose(all)
	return !bytes.Equal(record.Append(nil, chosen.Best()), record.Append(nil, best)), nil
}

// match evaluates the filter on one record and keeps it if it hits; unless, where that is asked, it counts elsewhere.
func (sc *scanner) match(ctx context.Context, r *record.Record, elsewhere func() (bool, error)) error {
	s := sc.s
	if r.Kind == record.KindRevision {
		defer sc.states.seen(r)
	}
	if !s.filter.PreMatch(r) {
		return nil
	}
	var when instant
	var err error
	if s.needs.Time {
		if when, err = sc.when(ctx, r); err != nil {
			return err
		}
	}
	in := query.Input{Record: r, Time: when.shown()}
	sc.states.fill(ctx, &in)
	result, fault := s.filter.Match(in)
	switch {
	case sc.states.err != nil:
		return sc.states.err
	case result == query.Miss:
		return nil
	}
	if elsewhere != nil {
		if other, err := elsewhere(); err != nil || other {
			return err
		}
	}
	if !s.needs.Time { // most records are misses: only of the others the time is looked up
		if when, err = sc.when(ctx, r); err != nil {
			return err
		}
	}
	key := keyOf(r, when.shown())
	if s.inPart(key.at, sc.w) && (!s.resume || s.behind(key)) {
		s.keep(key, r, when, result, fault)
	}
	return nil
}

// instant is when something was, and when a live watch delivered it, where that is what is shown.
type instant struct {
	index.Interval
	received time.Time
}

func (m instant) shown() time.Time {
	if !m.received.IsZero() {
		return m.received
	}
	return shown(m.Interval)
}

func (sc *scanner) when(ctx context.Context, r *record.Record) (m instant, err error) {
	if m.Interval, err = sc.clocks.when(ctx, r); err == nil {
		m.received, err = sc.received.at(r, m.Interval)
	}
	return m, err
}

// keep counts what the filter said of a record that it did not miss.
func (s *searching) keep(key hitKey, r *record.Record, when instant, result query.Result, fault error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Kind == record.KindEnd { // one without a resourceVersion lies in every range
		if s.ends[key.id] {
			return
		}
		s.ends[key.id] = true
	}
	switch {
	case result == query.Failed:
		if s.out.Failed++; s.out.Failed == 1 || key.compare(s.failed) < 0 {
			s.failed, s.out.FirstFail = key, fmt.Sprintf("%s: %v", recordWords(r), fault)
		}
	case result == query.Unknown, key.at.IsZero() && s.window != (query.Window{}):
		s.out.Unknown++ // without a time it is not known whether it lies in the window
	case s.collect != nil:
		s.collect(r)
	default:
		s.found.put(key, headOf(r), when)
	}
}

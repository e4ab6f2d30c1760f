package local

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// coverage collects the gaps that an answer touched.
type coverage struct {
	limit int
	gaps  []engine.Gap
	seen  map[string]bool
	asked bool // it is the answer itself, and no word beside one: lists are given at length
	// resources is how each resource was seen; gathered where coverage is asked for.
	resources []engine.SeenResource
	// known is what was told of how well the cluster was seen in the window, where several scopes share it; nil: it is read.
	known *sightings
}

func newCoverage(limit int) *coverage { return &coverage{limit: limit, seen: map[string]bool{}} }

func (c *coverage) add(g engine.Gap) {
	key := gapKey(g)
	if !c.seen[key] {
		c.seen[key] = true
		c.gaps = append(c.gaps, g)
	}
}

func gapKey(g engine.Gap) string {
	return fmt.Sprintf("%s|%v|%v|%v|%s|%s|%d|%s", g.Reason, g.Scope, g.From, g.To, g.FromRV, g.ToRV, g.Count, g.Sentence)
}

// done gives the answer's coverage in a fixed order. It is complete only with chained, the evidence that nothing is
// missing, and without a single gap.
func (c *coverage) done(chained bool) *engine.Coverage {
	slices.SortFunc(c.gaps, func(a, b engine.Gap) int {
		return cmp.Or(compareTimes(a.From, b.From), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Scope.Group, b.Scope.Group),
			cmp.Compare(a.Scope.Resource, b.Scope.Resource), cmp.Compare(gapText(a), gapText(b)))
	})
	out := &engine.Coverage{Complete: chained && len(c.gaps) == 0, Gaps: c.gaps, Resources: c.resources}
	if out.Gaps == nil {
		out.Gaps = []engine.Gap{}
	}
	if len(out.Gaps) > c.limit {
		out.Cut, out.Gaps = len(out.Gaps)-c.limit, out.Gaps[:c.limit]
	}
	return out
}

func gapText(g engine.Gap) string {
	return strings.Join([]string{g.FromRV, g.ToRV, g.Sentence, g.Scope.Namespace, g.Scope.Name, g.Scope.UID, g.Scope.Cluster}, "|")
}

func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return a.Compare(*b)
}

// Coverage tells what could not be seen in a window and scope.
func (e *Engine) Coverage(ctx context.Context, q query.Coverage) (*engine.Coverage, error) {
	if q.Object.Name != "" || q.Object.UID != "" {
		return e.objectCoverage(ctx, q)
	}
	clusters, err := e.clustersOf(ctx, cmp.Or(q.Cluster, q.Object.Cluster))
	if err != nil {
		return nil, err
	}
	cov := newCoverage(e.limits.Gaps)
	cov.asked = true
	for _, c := range clusters {
		var resources []record.GroupResource
		if word := cmp.Or(q.Kind, q.Object.Kind); word != "" && word != "all" {
			if resources, err = e.resources(ctx, c.Name, word); err != nil {
				return nil, err
			}
		}
		if err := e.windowGaps(ctx, cov, c, q.Window, resources, q.Object.Namespace); err != nil {
			return nil, err
		}
	}
	return cov.done(false), nil
}

// windowGaps adds what could not be seen in a window of one cluster, of all resources or of some.
func (e *Engine) windowGaps(ctx context.Context, cov *coverage, c store.ClusterInfo, w query.Window, resources []record.GroupResource, namespace string) error {
	return e.scopeGaps(ctx, cov, c, w, resources, namespace, sighted{})
}

// sighted is what the records of the scope itself already show.
type sighted struct{ watched, audited bool }

func (e *Engine) scopeGaps(ctx context.Context, cov *coverage, c store.ClusterInfo, w query.Window, resources []record.GroupResource, namespace string, seen sighted) error {
	resources = allAsOneEvents(resources)
	scope := engine.Ref{Cluster: string(c.Name)}
	if len(resources) == 1 {
		scope.Group, scope.Resource, scope.Namespace = resources[0].Group, resources[0].Resource, namespace
	}
	edgeGaps(cov, c, w, scope)
	if len(c.Incarnations) > 1 {
		cov.add(rebuilt(c))
	}
	if err := e.floorGap(ctx, cov, c.Name, w); err != nil {
		return err
	}
	if err := e.epochGaps(ctx, cov, c, w); err != nil {
		return err
	}
	watches, err := e.watchesFor(ctx, cov, c.Name)
	if err != nil {
		return err
	}
	if err := e.sourceGaps(ctx, cov, c.Name, w, watches, resources, namespace); err != nil {
		return err
	}
	if err := e.runGaps(ctx, cov, c.Name, w, watches, resources, namespace); err != nil {
		return err
	}
	return e.levelGaps(ctx, cov, c.Name, w, watches.listed, resources, seen)
}

// edgeGaps are the times before and after the recording.
func edgeGaps(cov *coverage, c store.ClusterInfo, w query.Window, scope engine.Ref) {
	if c.First.IsZero() {
		cov.add(engine.Gap{Reason: "before-recording", Scope: scope,
			Sentence: "No record with a time of its own is known: what is here has an order, but no times. An audit log would close this."})
		return
	}
	if w.From.IsZero() || w.From.Before(c.First) {
		cov.add(engine.Gap{Reason: "before-recording", Scope: scope, From: timePtr(w.From), To: timePtr(c.First),
			Sentence: fmt.Sprintf("The recording of cluster %s begins at %s; only older audit logs could tell what came before.", c.Name, stamp(c.First))})
	}
	if w.To.IsZero() || w.To.After(c.Last) {
		cov.add(engine.Gap{Reason: "after-recording", Scope: scope, From: timePtr(c.Last), To: timePtr(w.To),
			Sentence: fmt.Sprintf("The recording of cluster %s ends at %s; what came later is not known.", c.Name, stamp(c.Last))})
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func rebuilt(c store.ClusterInfo) engine.Gap {
	var uids []string
	for _, uid := range c.Incarnations {
		uids = append(uids, string(uid))
	}
	return engine.Gap{Reason: "incarnation", Scope: engine.Ref{Cluster: string(c.Name)}, Count: int64(len(uids)),
		Sentence: fmt.Sprintf("Under the name %s lie records of %d clusters (UIDs of namespace kube-system: %s): it was rebuilt, or two clusters were given one name with --cluster.",
			c.Name, len(uids), strings.Join(uids, ", "))}
}

func (e *Engine) floorGap(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window) error {
	floor, err := index.Floor(ctx, e.st, cluster)
	if err != nil || floor.IsZero() {
		return err
	}
	if w.From.IsZero() || w.From.Before(floor) {
		cov.add(engine.Gap{Reason: "floor", Scope: engine.Ref{Cluster: string(cluster)}, To: timePtr(floor),
			Sentence: fmt.Sprintf("Records before %s were dropped by retention; of each object then alive the last state was kept.", stamp(floor))})
	}
	return nil
}

func (e *Engine) epochGaps(ctx context.Context, cov *coverage, c store.ClusterInfo, w query.Window) error {
	for _, s := range c.Storages {
		clock, err := e.clocks.Of(ctx, c.Name, s)
		if err != nil {
			return err
		}
		for _, at := range clock.EpochStarts() {
			if !w.From.IsZero() && at.Before(w.From) || !w.To.IsZero() && at.After(w.To) {
				continue
			}
			words := "of the cluster"
			if s != record.MainStorage {
				words = "of storage " + string(s)
			}
			cov.add(engine.Gap{Reason: "epoch", Scope: engine.Ref{Cluster: string(c.Name)}, To: timePtr(at),
				Sentence: fmt.Sprintf("At %s the resourceVersions %s run back: etcd was restored from an older snapshot, or the cluster was rebuilt. Writes between the snapshot and the restore are lost to the cluster.", stamp(at), words)})
		}
	}
	return nil
}

// sourceGaps are the gaps that the sources told of, but for those that another watch closes.
func (e *Engine) sourceGaps(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window, watches *watches, resources []record.GroupResource, namespace string) error {
	spans := e.spans()
	for r, err := range e.gapsFor(ctx, cov, cluster, w) {
		if err != nil {
			return err
		}
		if !gapTouches(r.Ref, resources, namespace) || watches.closed(r) {
			continue
		}
		watches.told(r)
		gap := gapOf(r)
		if gap.From == nil && r.Ref.Resource != "" && r.Gap.FromRV < r.Gap.ToRV { // a process that began anew knows where it goes on, not since when
			entry := &store.Entry{Ref: record.ObjectRef{Cluster: cluster}, Storage: record.StorageOf(r.Ref.GroupResource())}
			from, err := spans.at(ctx, entry, r.Gap.FromRV, r.Gap.Until)
			if err != nil {
				return err
			}
			if !w.To.IsZero() && !from.Before(w.To) {
				continue
			}
			gap.From = timePtr(from)
		}
		cov.add(gap)
	}
	return nil
}

// gapTouches compares a gap's scope, whose empty fields mean all, with resources and a namespace.
func gapTouches(scope record.ObjectRef, resources []record.GroupResource, namespace string) bool {
	if namespace != "" && scope.Namespace != "" && scope.Namespace != namespace {
		return false
	}
	return scope.Resource == "" || resources == nil || slices.Contains(resources, asOneEvents(scope.GroupResource()))
}

// levels is what was seen of one resource's writes in a window.
type levels struct {
	from, to  time.Time
	hours     map[time.Time]bool
	levels    map[record.Level]bool
	truncated []time.Time
}

// levelGaps tell of resources whose writes were recorded below level RequestResponse.
func (e *Engine) levelGaps(ctx context.Context, cov *coverage, cluster record.Cluster, w query.Window, watched map[record.GroupResource]bool, resources []record.GroupResource, known sighted) error {
	byResource := map[record.GroupResource]*levels{}
	for s, err := range e.seenFor(ctx, cov, cluster, w) {
		if err != nil {
			return err
		}
		s.Resource = asOneEvents(s.Resource)
		if !s.Write || s.Resource.Resource == "" || (resources != nil && !slices.Contains(resources, s.Resource)) {
			continue
		}
		l := byResource[s.Resource]
		if l == nil {
			l = &levels{from: s.Hour, hours: map[time.Time]bool{}, levels: map[record.Level]bool{}}
			byResource[s.Resource] = l
		}
		l.add(s)
	}
	if resources == nil {
		sourcesGaps(cov, cluster, w, byResource, watched)
		if cov.asked {
			cov.resources = append(cov.resources, seenResources(cluster, byResource, watched)...)
		}
	}
	for gr, l := range byResource {
		scope := engine.Ref{Cluster: string(cluster), Group: gr.Group, Resource: gr.Resource}
		l.gaps(cov, scope, watched[gr] || known.watched)
	}
	for _, gr := range resources {
		scope := engine.Ref{Cluster: string(cluster), Group: gr.Group, Resource: gr.Resource}
		if byResource[gr] == nil && !gr.IsEvents() && !known.audited {
			cov.add(engine.Gap{Reason: "not-audited", Scope: scope, From: timePtr(w.From), To: timePtr(w.To),
				Sentence: fmt.Sprintf("No audited write to %s was recorded in this window: there was none, or the audit policy leaves it out.", gr)})
		}
		if !watched[gr] && !known.watched {
			cov.add(engine.Gap{Reason: "not-watched", Scope: scope, From: timePtr(w.From), To: timePtr(w.To),
				Sentence: fmt.Sprintf("No watch or list of %s was recorded: its states are known from audited answers only.", gr)})
		}
	}
	return nil
}

// sourcesGaps tell, for a whole cluster, of the resources that only one of its records tells of.
func sourcesGaps(cov *coverage, cluster record.Cluster, w query.Window, audited map[record.GroupResource]*levels, watched map[record.GroupResource]bool) {
	var unwatched, unaudited, both []string
	for gr := range audited {
		if watched[gr] {
			both = append(both, gr.String())
		} else {
			unwatched = append(unwatched, gr.String())
		}
	}
	for gr := range watched {
		if audited[gr] == nil {
			unaudited = append(unaudited, gr.String())
		}
	}
	scope := engine.Ref{Cluster: string(cluster)}
	gap := func(reason string, list []string, format string) {
		if len(list) == 0 {
			return
		}
		sentence := fmt.Sprintf(format, wordList(list, shortWordList))
		if cov.asked {
			sentence = fmt.Sprintf(format, wordList(list, maxWordList)) + fmt.Sprintf(" Audited and watched: %s.", wordList(both, maxWordList))
		}
		cov.add(engine.Gap{Reason: reason, Scope: scope, From: timePtr(w.From), To: timePtr(w.To), Count: int64(len(list)), Sentence: sentence})
	}
	gap("not-watched", unwatched, "No watch or list was recorded of %s: their states are known from audited answers only.")
	gap("not-audited", unaudited, "Watched or listed, but without an audited write in this window: %s. There was none, or the audit policy leaves them out.")
}

// How many words a list in a sentence has at most: where coverage was asked for, and beside another answer.
const (
	maxWordList   = 30
	shortWordList = 3
)

func wordList(list []string, most int) string {
	slices.Sort(list)
	if len(list) == 0 {
		return "none"
	}
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " and " + itoa(len(list)-most) + " more"
	}
	return strings.Join(list, ", ")
}

func (l *levels) add(s store.Seen) {
	l.hours[s.Hour] = true
	if s.Hour.Before(l.from) {
		l.from = s.Hour
	}
	if end := s.Hour.Add(time.Hour); end.After(l.to) {
		l.to = end
	}
	for _, level := range s.Levels {
		l.levels[level] = true
	}
	if s.Truncated {
		l.truncated = append(l.truncated, s.Hour)
	}
}

func (l *levels) gaps(cov *coverage, scope engine.Ref, watched bool) {
	gr := record.GroupResource{Group: scope.Group, Resource: scope.Resource}
	rest := "level RequestResponse, or a watch recording, would close this."
	if watched {
		rest = "its states are known from the watch."
	}
	for _, level := range slices.Sorted(maps.Keys(l.levels)) {
		if level >= record.LevelRequestResponse {
			continue
		}
		cov.add(engine.Gap{Reason: "level", Scope: scope, From: timePtr(l.from), To: timePtr(l.to), Count: int64(len(l.hours)),
			Sentence: fmt.Sprintf("Writes to %s were recorded at level %s, which lacks what they changed; %s", gr, level, rest)})
	}
	if len(l.truncated) > 0 {
		slices.SortFunc(l.truncated, time.Time.Compare)
		first, last := l.truncated[0], l.truncated[len(l.truncated)-1].Add(time.Hour)
		cov.add(engine.Gap{Reason: "truncated", Scope: scope, From: timePtr(first), To: timePtr(last),
			Sentence: fmt.Sprintf("Bodies of some requests to %s were cut by the apiserver or by a limit.", gr)})
	}
}

package local

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/timeline"
)

// workloads are the kinds that Failing looks at, and their resources; Pods among them.
func workloads() map[string]record.GroupResource {
	return map[string]record.GroupResource{"Pod": podResource, "Deployment": {Group: "apps", Resource: "deployments"}, "StatefulSet": {Group: "apps", Resource: "statefulsets"},
		"DaemonSet": {Group: "apps", Resource: "daemonsets"}, "ReplicaSet": {Group: "apps", Resource: "replicasets"}, "Job": {Group: "batch", Resource: "jobs"}}
}

var podResource = record.GroupResource{Resource: "pods"}

// failures is one search for what failed under way, in one cluster.
type failures struct {
	e        *Engine
	q        query.Failing
	info     store.ClusterInfo
	from, to time.Time
	deadline deadline
	looked   looked
	cut      string

	suspects map[store.ObjectKey]*suspected
}

// suspected is an object that Failing looks at, and what its states in the window show at a glance.
type suspected struct {
	key      store.ObjectKey
	kind     string
	bad      record.ResourceVersion // the first state that tells of a failure; zero: none does
	deadline time.Duration          // for a workload to become as it was asked for
	turns    []turn
	owner    record.UID // of a Pod
}

// turn is a state from which on a workload is, or is not, as it was asked for.
type turn struct {
	rv      record.ResourceVersion
	settled bool
}

// maxSuspects bounds the workloads, and the Pods in trouble, of which the states are kept in mind.
const maxSuspects = 100_000

// find looks through the states that were in force in the window.
func (f *failures) find(ctx context.Context) error {
	ranges, err := f.e.revisionRanges(ctx, f.info, f.q.Window)
	if err != nil {
		return err
	}
	if f.q.Namespace != "" {
		err = f.inNamespace(ctx, ranges)
	} else {
		err = f.everywhere(ctx, ranges)
	}
	if err != nil {
		return err
	}
	if err := f.before(ctx); err != nil {
		return err
	}
	f.cut = joinCuts(f.cut, f.looked.cut())
	return nil
}

// everywhere goes over all states of the window, on all cores.
func (f *failures) everywhere(ctx context.Context, ranges map[record.Storage]store.RVRange) error {
	parts, err := f.parts(ctx, ranges)
	if err != nil {
		return err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	glances := make([]*glance, len(parts))
	for i, part := range parts {
		glances[i] = &glance{f: f, seen: map[store.ObjectKey]*suspected{}}
		group.Go(func() error { return glances[i].scan(within, part) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, g := range glances {
		f.unite(g)
	}
	return nil
}

// inNamespace goes over the states of the objects in one namespace, which the catalogue tells.
func (f *failures) inNamespace(ctx context.Context, ranges map[record.Storage]store.RVRange) error {
	within, ok := ranges[record.MainStorage]
	if ranges != nil && !ok {
		return nil
	}
	var keys []store.ObjectKey
	for _, scan := range f.workloadScans() {
		for entry, err := range f.e.st.Objects(ctx, scan) {
			if err != nil {
				return err
			}
			if entry.FirstRV != 0 && entry.LastRV >= within.From && (within.To == 0 || entry.FirstRV <= within.To) {
				keys = append(keys, entry.Key())
			}
		}
	}
	slices.SortFunc(keys, func(a, b store.ObjectKey) int { return cmp.Compare(a.UID, b.UID) })
	var mu sync.Mutex
	return inParallel(len(keys), nil, func(from, to int) error {
		g := &glance{f: f, seen: map[store.ObjectKey]*suspected{}}
		for _, key := range keys[from:to] {
			if err := g.object(ctx, key, within); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		f.unite(g)
		return nil
	})
}

// unite takes in what a glance saw.
func (f *failures) unite(g *glance) {
	f.cut = cmp.Or(f.cut, g.cut)
	for key, s := range g.seen {
		have := f.suspects[key]
		if have == nil {
			f.suspects[key] = s
			continue
		}
		if have.bad == 0 || s.bad != 0 && s.bad < have.bad {
			have.bad = s.bad
		}
		have.owner = max(have.owner, s.owner)
		have.turns = append(have.turns, s.turns...)
		have.deadline = max(have.deadline, s.deadline)
	}
}

// parts cuts the scan for all cores, by ranges of resourceVersions.
func (f *failures) parts(ctx context.Context, ranges map[record.Storage]store.RVRange) ([]store.WindowScan, error) {
	r, ok := ranges[record.MainStorage]
	if ranges != nil && !ok {
		return nil, nil // no workload lies elsewhere
	}
	scan := store.WindowScan{Cluster: f.info.Name, Kinds: []record.Kind{record.KindRevision}, OnlyNamed: true, Revisions: map[record.Storage]store.RVRange{record.MainStorage: r}}
	split, err := (&searching{e: f.e}).split(ctx, f.info, scan.Revisions)
	if err != nil || len(split) < 2 {
		return []store.WindowScan{scan}, err
	}
	var out []store.WindowScan
	for _, some := range split {
		scan.Revisions = some
		out = append(out, scan)
	}
	return out, nil
}

// glance looks at the states of one part of the window.
type glance struct {
	f    *failures
	seen map[store.ObjectKey]*suspected
	cut  string
	n    int
}

func (g *glance) scan(ctx context.Context, scan store.WindowScan) error {
	f := g.f
	scan.Skip = func(body []byte) (bool, error) {
		if g.n++; g.n%lookEvery == 0 && f.looked.more(lookEvery, f.e.limits.Scanned, f.deadline, f.e.limits.Time) {
			return true, errEnough
		}
		g.look(body)
		return true, nil
	}
	for r, err := range f.e.st.Window(ctx, scan) {
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Revision.Partial == record.Whole {
			g.look(r.Revision.Body)
		}
	}
	return nil
}

// object looks at the states of one object.
func (g *glance) object(ctx context.Context, key store.ObjectKey, within store.RVRange) error {
	for r, err := range g.f.e.st.Revisions(ctx, key, within) {
		if err != nil {
			return err
		}
		if g.n++; g.n%lookEvery == 0 && g.f.looked.more(lookEvery, g.f.e.limits.Scanned, g.f.deadline, g.f.e.limits.Time) {
			return nil
		}
		if r.Revision.Partial == record.Whole {
			g.look(r.Revision.Body)
		}
	}
	return nil
}

// look takes in one state of whatever kind.
func (g *glance) look(body []byte) {
	kind := kindIn(body)
	if kind == "" || !mayFail(kind, body) || kind == "Pod" && !isBad("", kind, body) {
		return
	}
	w := glanceAt(body)
	bad := kind == "Pod" || w.bad(kind)
	if w.uid == "" || !bad && (kind == "ReplicaSet" || kind == "Job") {
		return
	}
	key := store.ObjectKey{Cluster: g.f.info.Name, UID: w.uid}
	s := g.seen[key]
	if s == nil {
		if len(g.seen) >= maxSuspects {
			g.cut = fmt.Sprintf("more than %d workloads and failing Pods, not all were looked at: narrow the window, or name a namespace", maxSuspects)
			return
		}
		s = &suspected{key: key, kind: kind}
		g.seen[key] = s
	}
	s.deadline = max(s.deadline, w.deadline)
	if bad && (s.bad == 0 || w.rv < s.bad) {
		s.bad = w.rv
	}
	if kind == "Pod" {
		s.owner = max(s.owner, ownerIn(body)) // the same in any order
	}
	if kind == "Pod" || kind == "Job" || kind == "ReplicaSet" {
		return
	}
	settled := w.settled(kind)
	if n := len(s.turns); n == 0 || s.turns[n-1].settled != settled || s.turns[n-1].rv > w.rv {
		s.turns = append(s.turns, turn{w.rv, settled})
	}
}

// isBad classifies one state.
func isBad(group, kind string, body []byte) bool {
	v, err := object.Parse(body)
	return err == nil && timeline.Of(group, kind, v).Class == timeline.Bad
}

// kindIn gives the kind of a manifest if Failing looks at it. A manifest tells its kind before all but its apiVersion, or behind it; of one that does not the whole
// is looked at.
func kindIn(body []byte) string {
	head := body[:min(len(body), 100)]
	at := bytes.Index(head, []byte(`"kind":"`))
	if at < 0 {
		kind := gjson.GetBytes(body, "kind").String()
		if _, known := workloads()[kind]; known {
			return kind
		}
		return ""
	}
	head = head[at+len(`"kind":"`):]
	end := bytes.IndexByte(head, '"')
	if end < 0 {
		return ""
	}
	switch kind := string(head[:end]); kind {
	case "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
		return kind
	}
	return ""
}

// mayFail reports, of what is looked at for its failures alone, whether a state may be one, by words that every such state holds. It errs towards true.
func mayFail(kind string, body []byte) bool {
	switch kind {
	case "Pod":
		return podMayFail(body)
	case "ReplicaSet":
		return bytes.Contains(body, []byte(`"ReplicaFailure"`))
	case "Job":
		return bytes.Contains(body, []byte(`"Failed"`)) || bytes.Contains(body, []byte(`"FailureTarget"`))
	}
	return true // it may be on its way for too long
}

// podMayFail reports whether a Pod's state may be one of a failure, by words that every such state holds. It errs towards true.
func podMayFail(body []byte) bool {
	if at := bytes.LastIndex(body, []byte(`"status":{`)); at > 0 { // what a status holds has no member of this name
		body = body[at:]
	}
	for _, sign := range [...]string{`"Failed"`, `"Unschedulable"`, `"terminated":{`} {
		if bytes.Contains(body, []byte(sign)) {
			return true
		}
	}
	for rest := body; ; {
		at := bytes.Index(rest, []byte(`"waiting":{`))
		if at < 0 {
			return false
		}
		rest = rest[at+len(`"waiting":{`):]
		if !bytes.HasPrefix(rest, []byte(`"reason":"ContainerCreating"}`)) && !bytes.HasPrefix(rest, []byte(`"reason":"PodInitializing"}`)) {
			return true
		}
	}
}

// glanced is what a manifest tells at a glance.
type glanced struct {
	uid                record.UID
	rv                 record.ResourceVersion
	generation, wanted int64
	deadline           time.Duration
	status             gjson.Result
}

func glanceAt(body []byte) glanced {
	s := glanced{wanted: 1, deadline: defaultDeadline}
	gjson.ParseBytes(body).ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "metadata":
			s.uid, s.rv, s.generation = record.UID(v.Get("uid").String()), record.ResourceVersion(v.Get("resourceVersion").Uint()), v.Get("generation").Int()
		case "spec":
			if n := v.Get("replicas"); n.Exists() {
				s.wanted = n.Int()
			}
			s.deadline = deadlineOf(v.Get("progressDeadlineSeconds").Int())
		case "status":
			s.status = v
		}
		return true
	})
	return s
}

const (
	defaultDeadline  = 600 * time.Second // the API's, of Deployments
	shortestDeadline = 10 * time.Second
)

// deadlineOf is for how long a workload may be on its way.
func deadlineOf(seconds int64) time.Duration {
	if seconds <= 0 || seconds > int64(24*time.Hour/time.Second) {
		return defaultDeadline
	}
	return max(shortestDeadline, time.Duration(seconds)*time.Second)
}

// bad reports whether a workload's state may tell of a failure. It errs towards true.
func (s *glanced) bad(kind string) bool {
	says := func(words string) bool { return strings.Contains(s.status.Raw, words) }
	if kind == "Job" {
		return says(`"Failed"`) || says(`"FailureTarget"`)
	}
	return says(`"ReplicaFailure"`) || kind == "Deployment" && (says(`"ProgressDeadlineExceeded"`) || says(`"type":"Progressing","status":"False"`) ||
		says(`"status":"False","type":"Progressing"`))
}

// settled reports whether a workload's state is certainly as it was asked for, by its numbers.
func (s *glanced) settled(kind string) bool {
	n := func(name string) int64 { return s.status.Get(name).Int() }
	switch {
	case n("observedGeneration") < s.generation:
		return false
	case kind == "DaemonSet":
		wanted := n("desiredNumberScheduled")
		return n("updatedNumberScheduled") >= wanted && n("numberAvailable") >= wanted
	}
	return n("replicas") == s.wanted && n("updatedReplicas") == s.wanted && n("readyReplicas") == s.wanted
}

// before looks at the states that were in force when the window began.
func (f *failures) before(ctx context.Context) error {
	if f.q.Window.From.IsZero() || !f.info.First.Before(f.q.Window.From) {
		return nil
	}
	clock, err := f.e.clocks.Of(ctx, f.info.Name, record.MainStorage)
	if err != nil {
		return err
	}
	rv, err := clock.CertainAt(ctx, f.e.st, f.q.Window.From)
	if err != nil || rv == 0 {
		return err
	}
	asks, err := f.asksBefore(ctx, rv)
	if err != nil {
		return err
	}
	g := &glance{f: f, seen: map[store.ObjectKey]*suspected{}}
	for brief, err := range f.e.st.Briefs(ctx, asks) {
		if err != nil {
			return err
		}
		if body := lastBody(brief); body != nil {
			g.look(body)
		}
		if g.n++; g.n%lookEvery == 0 && f.looked.more(lookEvery, f.e.limits.Scanned, f.deadline, f.e.limits.Time) {
			break
		}
	}
	f.unite(g)
	return nil
}

// asksBefore asks for the states at rv of the workloads that were there when the window began.
func (f *failures) asksBefore(ctx context.Context, rv record.ResourceVersion) (asks []store.BriefAsk, err error) {
	spans, wanted := f.e.spans(), slices.Collect(maps.Values(workloads()))
	for _, scan := range f.workloadScans() {
		for entry, err := range f.e.st.Objects(ctx, scan) {
			if err != nil {
				return nil, err
			}
			if entry.FirstRV == 0 || entry.FirstRV > rv || !slices.Contains(wanted, entry.Ref.GroupResource()) {
				continue
			}
			if alive, err := spans.alive(ctx, entry, f.q.Window); err != nil {
				return nil, err
			} else if alive {
				asks = append(asks, store.BriefAsk{Key: entry.Key(), Before: rv})
			}
		}
	}
	slices.SortFunc(asks, func(a, b store.BriefAsk) int { return cmp.Compare(a.Key.UID, b.Key.UID) })
	return asks, nil
}

// workloadScans are scans of the catalogue that yield all workloads, and without a namespace other objects too: one walk over all costs less than one
// for each kind.
func (f *failures) workloadScans() (scans []store.ObjectScan) {
	scan := store.ObjectScan{Cluster: f.info.Name, Namespace: f.q.Namespace, NoEvents: true, AnyOrder: true}
	if scan.Namespace == "" {
		return append(scans, scan)
	}
	for _, gr := range workloads() {
		scan.Resource = &gr
		scans = append(scans, scan)
	}
	return scans
}

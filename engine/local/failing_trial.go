package local

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/timeline"
)

// trial reads accused workloads, one after the other.
type trial struct {
	f        *failures
	clocks   clockSet
	received receivedRecords
	spans    *spans
}

func (f *failures) trialReaders(ctx context.Context) (*trial, error) {
	clocks, err := f.e.clockReaders(ctx, f.info)
	return &trial{f: f, clocks: clocks, received: f.e.receivedRecords(ctx, f.info.Name), spans: f.e.spans()}, err
}

// spell is a time in which something failed, from the earliest to the latest moment where the records leave room; to is zero where it went on to the end of the window.
type spell struct {
	from, to time.Time
	certain  time.Time // it had begun by then
	early    time.Time // it began at no earlier moment
	why      string    // of the workload itself: what its state says
	state    int       // of the workload itself: the first one that shows it
	pod      *failedPod
	origin   *origin // of the Pod of a workload
}

// failedPod is what a failing Pod shows.
type failedPod struct {
	text, image string
}

// podsHeard bounds the Pods of one workload that are read, and the states of each.
const (
	podsHeard   = 64
	statesHeard = 500
)

// joined is how far apart two times of failure may be to be one: a container that crashes runs in between.
const joinedSpells = 30 * time.Second

// hear judges one workload: nil where it did not fail in the window.
func (t *trial) hear(ctx context.Context, a *accused) (*engine.FailingObject, error) {
	life, err := t.f.e.life(ctx, a.entry, index.Bounds{})
	if err != nil {
		return nil, err
	}
	got, err := t.f.e.received(ctx, life)
	if err != nil {
		return nil, err
	}
	w := t.watched(life, got)
	spells := w.own()
	slices.SortFunc(a.pods, func(x, y *suspected) int { return cmp.Or(cmp.Compare(y.bad, x.bad), cmp.Compare(x.key.UID, y.key.UID)) })
	var pods []*store.Entry
	for _, p := range a.pods[:min(len(a.pods), podsHeard)] {
		entry, list, err := t.pod(ctx, p, w)
		if err != nil {
			return nil, err
		}
		pods, spells = append(pods, entry), append(spells, list...)
	}
	s, parts := newestSpell(slices.DeleteFunc(spells, soonScheduled), t.f.from, t.f.to)
	if len(parts) == 0 || w.hadFailed(t.f.from) {
		return nil, nil
	}
	out := &engine.FailingObject{Ref: refOf(a.entry.Ref), Text: w.text(s, parts), Since: engine.MomentOf(s.from), Until: engine.MomentOf(s.to), Over: w.over(t.f.q.Window)}
	if at := certainly(parts); at.Sub(s.from) > sharp {
		out.Certain = engine.MomentOf(at)
	}
	if out.Change, err = t.change(ctx, w, culprit(parts, mostPods(parts))); err != nil {
		return nil, err
	}
	about := append(pods, a.entry)
	for _, v := range a.via {
		about = append(about, v)
	}
	out.Events, err = t.warnings(ctx, about, s)
	return out, err
}

// newestSpell joins what lies close together, and gives the last time of failure that touches the window, with what it is made of.
func newestSpell(list []spell, from, to time.Time) (out spell, parts []spell) {
	slices.SortStableFunc(list, func(a, b spell) int { return a.from.Compare(b.from) })
	for _, s := range list {
		if s.from.IsZero() || !s.from.Before(to) || !s.to.IsZero() && s.to.Before(s.from) {
			continue
		}
		if !s.to.Before(to) { // what is behind the window is not asked for
			s.to = time.Time{}
		}
		if len(parts) > 0 && (out.to.IsZero() || !s.from.After(out.to.Add(joinedSpells))) {
			if s.to.IsZero() || !out.to.IsZero() && s.to.After(out.to) {
				out.to = s.to
			}
			parts = append(parts, s)
			continue
		}
		out, parts = s, []spell{s}
	}
	if !out.to.IsZero() && out.to.Before(from) {
		return spell{}, nil
	}
	return out, parts
}

// certainly is the moment by which something of a failure had begun.
func certainly(parts []spell) time.Time {
	var at time.Time
	for _, p := range parts {
		at = earliest(at, p.certain)
	}
	return at
}

// watched is a workload's life with the class of each state.
type watched struct {
	life   *index.Life
	at     []time.Time // by which states are shown
	from   []time.Time // from which on they are told to have failed
	status []timeline.Status
	end    time.Time // of the object; zero: it is there, or nobody knows
	to     time.Time // of the window
}

func (t *trial) watched(life *index.Life, got received) *watched {
	w := &watched{life: life, to: t.f.to, at: make([]time.Time, len(life.States)), from: make([]time.Time, len(life.States)), status: make([]timeline.Status, len(life.States))}
	ref := life.Entry.Ref
	var at time.Time
	for i := range life.States {
		at = latest(at, got.at(life, i))
		w.from[i] = began(at, life.When[i])
		w.at[i], w.status[i] = at, timeline.Of(ref.Group, ref.Kind, life.States[i].Value)
	}
	if life.End != nil {
		w.end = *timeOr(got.endWhen(life).At)
	}
	return w
}

// over reports whether the object was gone when the window ended.
func (w *watched) over(window query.Window) bool {
	return w.life.Entry.Ended && (w.end.IsZero() || window.To.IsZero() || w.end.Before(window.To))
}

// hadFailed reports whether something that runs once had failed for good at a moment: what came of it is no news afterwards.
func (w *watched) hadFailed(at time.Time) bool {
	i := -1
	for i+1 < len(w.at) && w.at[i+1].Before(at) {
		i++
	}
	if i < 0 || w.status[i].Class != timeline.Bad {
		return false
	}
	kind := w.life.Entry.Ref.Kind
	return kind == "Job" || kind == "Pod" && w.life.States[i].Value.Get("status", "phase").Str() == "Failed"
}

// until is how long a state held: to the next one or the end; zero: it still does.
func (w *watched) until(i int) time.Time {
	if i+1 < len(w.at) {
		return w.at[i+1]
	}
	return w.end
}

// own are the times in which the workload's own states tell of a failure, or that it is stuck.
func (w *watched) own() []spell {
	var out []spell
	var since time.Time // it is on its way
	first := 0
	kind, terminal := w.life.Entry.Ref.Kind, w.life.Entry.Ref.Kind == "Job" || w.life.Entry.Ref.Kind == "Pod"
	for i, s := range w.status {
		if s.Class == timeline.Bad {
			one := spell{from: w.from[i], certain: w.at[i], to: w.until(i), why: s.Text, state: i}
			if kind == "Pod" {
				one.why, one.pod = "", podFailure(w.life.States[i].Value, s)
			}
			if n := len(out); n > 0 && out[n-1].to.Equal(w.at[i]) { // it only says more
				one.from, one.certain, one.state, out = out[n-1].from, out[n-1].certain, out[n-1].state, out[:n-1]
			}
			out = append(out, one)
		}
		if terminal {
			continue
		}
		if s.Class != timeline.Bad && s.Class != timeline.Progressing {
			since = time.Time{}
			continue
		}
		if since.IsZero() {
			since, first = w.at[i], i
		}
		end := w.until(i)
		open := end.IsZero() || !end.Before(w.to)
		if long := w.to.Sub(since); open && long < shortestDeadline {
			continue
		}
		if !open && (end.Sub(since) < w.deadline(i) || i+1 < len(w.status) && (w.status[i+1].Class == timeline.Progressing || w.status[i+1].Class == timeline.Bad)) {
			continue // it may yet come to its end, or goes on
		}
		if open || since.Before(end) {
			out = append(out, spell{from: w.from[first], certain: w.at[first], to: end, why: s.Text, state: first})
		}
	}
	return out
}

func (w *watched) deadline(i int) time.Duration {
	return deadlineOf(numberAt(w.life.States[i].Value, "spec", "progressDeadlineSeconds"))
}

// settledAfter is the first moment behind t, or with including at t, at which the workload is not on its way or failed; zero: never.
func (w *watched) settledAfter(t time.Time, including bool) time.Time {
	for i, s := range w.status {
		if s.Class == timeline.Progressing || s.Class == timeline.Bad || s.Class == timeline.Unknown {
			continue
		}
		if w.at[i].After(t) {
			return w.at[i]
		}
		if end := w.until(i); including && (end.IsZero() || end.After(t)) {
			return t
		}
	}
	return w.end
}

// pod gives the times in which a Pod failed, as far as its workload was not settled meanwhile.
func (t *trial) pod(ctx context.Context, p *suspected, w *watched) (*store.Entry, []spell, error) {
	entry, err := t.f.e.st.Object(ctx, p.key)
	if err != nil {
		return nil, nil, err
	}
	var out []spell
	var begun []time.Time // by which each had
	var group []*record.Record
	n := 0
	add := func() error {
		if len(group) == 0 {
			return nil
		}
		chosen := object.Choose(group)
		best := chosen.Best()
		if group = nil; !whole(best) {
			return nil
		}
		at, when, err := t.when(ctx, best)
		if err != nil {
			return err
		}
		if k := len(out); k > 0 && out[k-1].to.IsZero() {
			out[k-1].to = at
		}
		v, err := object.Parse(best.Revision.Body)
		if err != nil {
			return nil //nolint:nilerr // what can not be read shows nothing
		}
		if s := timeline.Of("", "Pod", v); s.Class == timeline.Bad && !at.IsZero() {
			one := spell{from: began(at, when), certain: at, early: when.NotBefore, pod: podFailure(v, s)}
			one.origin = &origin{first: entry.FirstRV, created: entry.CreatedAt, replicas: store.ObjectKey{Cluster: p.key.Cluster, UID: p.owner}, body: v}
			if v.Get("status", "phase").Str() == "Failed" && w.life.Entry.Ref.Kind != "Job" { // it stays there, and another one takes its place
				one.to = w.settledAfter(at, true)
			}
			out, begun = append(out, one), append(begun, at)
		}
		return nil
	}
	for r, err := range t.f.e.st.Revisions(ctx, p.key, store.RVRange{}) {
		if err != nil {
			return nil, nil, err
		}
		if len(group) > 0 && group[0].Revision.RV != r.Revision.RV {
			if err := add(); err != nil {
				return nil, nil, err
			}
			if n++; n > statesHeard {
				break
			}
		}
		group = append(group, r)
	}
	if err := add(); err != nil {
		return nil, nil, err
	}
	end, err := t.spans.end(ctx, entry)
	for i := range out {
		s := &out[i]
		if s.to.IsZero() && entry.Ended {
			s.to = end
		}
		if settled := w.settledAfter(begun[i], false); !settled.IsZero() && (s.to.IsZero() || settled.Before(s.to)) {
			s.to = settled
		}
	}
	return entry, out, err
}

// soonScheduled reports whether a Pod waited for a node no longer than it takes to look for one.
func soonScheduled(s spell) bool {
	return s.pod != nil && strings.HasPrefix(s.pod.text, unschedulable) && !s.to.IsZero() && s.to.Sub(s.from) < time.Second
}

// when is the moment by which a revision is shown, and the interval it lies in.
func (t *trial) when(ctx context.Context, r *record.Record) (time.Time, index.Interval, error) {
	w, err := t.clocks.when(ctx, r)
	if err != nil {
		return time.Time{}, w, err
	}
	at, err := t.received.at(r, w)
	if err != nil || !at.IsZero() {
		return at, w, err
	}
	return shown(w), w, nil
}

// warnings counts the Warnings about objects within a spell.
func (t *trial) warnings(ctx context.Context, about []*store.Entry, s spell) (int, error) {
	between := store.TimeRange{From: s.from.Truncate(time.Second), To: t.f.to}
	if !s.to.IsZero() {
		between.To = s.to.Add(time.Nanosecond)
	}
	n := 0
	for _, o := range about {
		if o.Ref.Kind == "" {
			continue
		}
		for r, err := range t.f.e.st.Events(ctx, store.EventScan{Cluster: o.Ref.Cluster, Kind: o.Ref.Kind, Namespace: o.Ref.Namespace, Name: o.Ref.Name, Between: between}) {
			if err != nil {
				return n, err
			}
			if r.KubeEvent.Type == "Warning" && (r.KubeEvent.Regarding.UID == "" || r.KubeEvent.Regarding.UID == o.Ref.UID) {
				n++
			}
		}
	}
	return n, nil
}

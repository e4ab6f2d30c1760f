package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// State tells how an object looked at a point.
func (e *Engine) State(ctx context.Context, q query.State) (*engine.State, error) {
	p, err := e.place(ctx, q.Object, q.Point)
	if err != nil {
		return nil, err
	}
	out := p.state()
	out.Manifest = p.life.States[p.at].Value.JSON()
	if out.Coverage, err = e.placeCoverage(ctx, p, p.at); err != nil {
		return nil, err
	}
	return out, nil
}

// place is one state of one life, found for a point.
type place struct {
	life  *index.Life
	info  store.ClusterInfo
	point query.Point
	got   received
	at    int  // of life.States
	next  int  // the state that may have been in force already; 0: none
	ended bool // the life is over, and the point is its last state
	ends  bool // the life may have been over at the point
	after bool // the point lies behind the cluster's last record
}

// place finds the state that a point means.
func (e *Engine) place(ctx context.Context, o query.Object, p query.Point) (*place, error) {
	t, err := e.resolve(ctx, o, p.At)
	if err != nil {
		return nil, err
	}
	if t.resource.IsEvents() {
		return nil, noEventState(t)
	}
	if t.meant < 0 {
		return nil, engine.Errorf(engine.KindNotCovered, "only requests to %s/%s were recorded, none of its states: level RequestResponse or a watch recording would show them", t.resource, t.name)
	}
	if p.RV != 0 && o.UID == "" { // the life that has this resourceVersion
		for i, l := range t.lives {
			if l.FirstRV <= p.RV && p.RV <= l.LastRV {
				t.meant = i
			}
		}
	}
	life, err := e.life(ctx, t.entry(), index.Bounds{})
	if err != nil {
		return nil, err
	}
	found := &place{life: life, info: t.info, point: p, at: -1}
	if found.got, err = e.received(ctx, life); err != nil {
		return nil, err
	}
	return found, e.find(found)
}

func (e *Engine) find(p *place) error {
	states := p.life.States
	if len(states) == 0 {
		return engine.Errorf(engine.KindNotCovered, "no state of %s was recorded", entryWords(p.life.Entry))
	}
	switch {
	case !p.point.At.IsZero():
		return e.findTime(p)
	case p.point.RV != 0:
		for i := range states {
			if states[i].RV == p.point.RV {
				p.at = i // of several epochs the last counts
			}
		}
		if p.at < 0 {
			return engine.Errorf(engine.KindNotFound, "%s has no recorded revision %d; it has %d from %d to %d",
				entryWords(p.life.Entry), p.point.RV, len(states), states[0].RV, states[len(states)-1].RV)
		}
	default:
		if p.point.Back >= len(states) {
			return engine.Errorf(engine.KindNotFound, "%s has only %d recorded revisions", entryWords(p.life.Entry), len(states))
		}
		p.at = len(states) - 1 - p.point.Back
		p.ended = p.point.Back == 0 && p.life.Entry.Ended
	}
	if states[p.at].Value == nil {
		return engine.Errorf(engine.KindNotCovered, "of revision %d of %s no body was recorded", states[p.at].RV, entryWords(p.life.Entry))
	}
	return nil
}

func (e *Engine) findTime(p *place) error {
	t := p.point.At
	states := p.life.States
	for i := range states {
		if w := p.life.When[i]; !w.NotAfter.IsZero() && !w.NotAfter.After(t) {
			p.at = i
		}
	}
	words := entryWords(p.life.Entry)
	if p.at < 0 {
		first := p.life.When[0]
		began := "its first recorded state, revision " + rvString(states[0].RV) + ", "
		switch {
		case !first.NotBefore.IsZero() && first.NotBefore.After(t) && p.life.Entry.Created:
			return engine.Errorf(engine.KindNotFound, "%s did not exist at %s: it was created at %s", words, stamp(t), stamp(first.NotBefore))
		case !p.life.Entry.CreatedAt.IsZero() && p.life.Entry.CreatedAt.After(t):
			return engine.Errorf(engine.KindNotFound, "%s did not exist at %s: it was created at %s", words, stamp(t), stamp(p.life.Entry.CreatedAt))
		case first.NotAfter.IsZero():
			return engine.Errorf(engine.KindNotCovered, "it is not known how %s looked at %s: no record tells when %swas in force", words, stamp(t), began)
		}
		return engine.Errorf(engine.KindNotCovered, "it is not known how %s looked at %s: %swas in force at %s", words, stamp(t), began, stamp(first.NotAfter))
	}
	if n := p.at + 1; n < len(states) {
		if w := p.life.When[n]; w.NotBefore.IsZero() || !w.NotBefore.After(t) {
			p.next = n
		}
	}
	if p.life.End != nil {
		w := p.life.EndWhen
		if !w.NotAfter.IsZero() && !w.NotAfter.After(t) {
			last := len(states) - 1
			return engine.Errorf(engine.KindNotFound, "%s did not exist at %s: it ended at %s; its last recorded state is revision %d (rv:%d)",
				words, stamp(t), stamp(w.NotAfter), states[last].RV, states[last].RV)
		}
		p.ends = p.at == len(states)-1 && !w.NotBefore.After(t)
	}
	p.after = !p.info.Last.IsZero() && p.info.Last.Before(t)
	if states[p.at].Value == nil {
		return engine.Errorf(engine.KindNotCovered, "of revision %d, in force at %s, of %s no body was recorded", states[p.at].RV, stamp(t), words)
	}
	return nil
}

// state tells of a place, without the manifest.
func (p *place) state() *engine.State {
	s := &p.life.States[p.at]
	ref := refOf(p.life.Entry.Ref)
	if v := s.Chosen.Best().Ref.Version; v != "" {
		ref.Version = v
	}
	out := &engine.State{Object: ref, Revision: rvString(s.RV), When: p.got.when(p.life, p.at), Certainty: engine.Exact, Conflict: s.Chosen.Conflict}
	for _, path := range s.Assumed {
		out.Assumed = append(out.Assumed, path.String())
	}
	reasons := ""
	say := func(c engine.Certainty, sentence string) {
		out.Certainty = c
		reasons = cmp.Or(reasons, sentence)
	}
	if p.ended {
		reasons = "The object ended; this is the state before."
		if w := p.life.EndWhen; !shown(w).IsZero() {
			reasons = fmt.Sprintf("The object ended at %s; this is the state before.", stamp(shown(w)))
		}
	}
	switch {
	case s.Fragment:
		say(engine.Assumed, "No whole state was recorded: what is missing here is not known, it is not absent.")
	case len(s.Assumed) > 0:
		say(engine.Assumed, "The revision told only a part; the fields in \"assumed\" are those of the state before it.")
	case p.ends:
		say(engine.Inferred, "This state was in force, or the object had ended already: "+endWords(p.life.EndWhen)+".")
	case p.after && !p.ended:
		say(engine.Assumed, "The recording ends before this time; this is the last state known.")
	}
	if p.next > 0 {
		next := p.life.States[p.next]
		out.Next = &engine.NextRevision{ResourceVersion: rvString(next.RV), When: p.got.when(p.life, p.next)}
		if out.Certainty == engine.Exact {
			say(engine.Inferred, fmt.Sprintf("This state was certainly in force; revision %d followed at about this time and may have been already.", next.RV))
		}
	}
	out.Reason = reasons
	return out
}

// endWords says between which moments an object ended.
func endWords(w index.Interval) string {
	switch {
	case w.NotBefore.IsZero() && w.NotAfter.IsZero():
		return "when it ended is not known"
	case w.NotBefore.IsZero():
		return "it ended at " + stamp(w.NotAfter) + " or before"
	case w.NotAfter.IsZero():
		return "it ended at " + stamp(w.NotBefore) + " or later"
	}
	return "it ended between " + stamp(w.NotBefore) + " and " + stamp(w.NotAfter)
}

// placeCoverage tells what could not be seen around one state: what its life lacks up to the one behind it.
func (e *Engine) placeCoverage(ctx context.Context, p *place, from int) (*engine.Coverage, error) {
	cov := newCoverage(e.limits.Gaps)
	until := len(p.life.States) - 1
	if p.next > 0 || p.at < until {
		until = p.at + 1
	}
	lossGaps(cov, p.life, from, until)
	if err := e.lifeGaps(ctx, cov, p.life, p.info, p.window()); err != nil {
		return nil, err
	}
	return cov.done(chained(p.life, p.at)), nil
}

// window is the time that an answer about a place rests on: from the beginning of its life to the point asked for.
func (p *place) window() query.Window {
	w := query.Window{From: p.life.Entry.CreatedAt, To: p.point.At}
	if w.To.IsZero() && (p.point.RV != 0 || p.point.Back > 0) {
		w.To = shown(p.life.When[p.at])
	}
	return w
}

// chained reports whether there is evidence that no state up to at is missing: the object was created within the
// recording, and each state was made by a request that itself names the state before.
func chained(l *index.Life, at int) bool {
	if len(l.States) == 0 || !l.Entry.Created || l.Cut != "" {
		return false
	}
	for i := 1; i <= at; i++ {
		if !namesPredecessor(l, i) {
			return false
		}
	}
	return true
}

// namesPredecessor reports whether the request that made state i names the state before it.
func namesPredecessor(l *index.Life, i int) bool {
	m := l.Makers[i]
	return m.Certainty == join.Exact && m.Request != nil && m.Request.Request.NamedRV != 0 && m.Request.Request.NamedRV == l.States[i-1].RV
}

// lifeGaps adds what could not be seen of the resource of a life in a window.
func (e *Engine) lifeGaps(ctx context.Context, cov *coverage, l *index.Life, cluster store.ClusterInfo, w query.Window) error {
	if l.Cut != "" {
		cov.add(engine.Gap{Reason: "cut", Scope: refOf(l.Entry.Ref), Sentence: l.Cut})
	}
	w = lifeWindow(l, w, cluster)
	gr := l.Entry.Ref.GroupResource()
	seen := sighted{watched: slices.ContainsFunc(l.States, func(s object.State) bool {
		return slices.ContainsFunc(s.Chosen.Records, func(r *record.Record) bool { return r.Provenance.Sources&(record.FromWatch|record.FromList) != 0 })
	}), audited: len(l.Requests) > 0}
	return e.scopeGaps(ctx, cov, cluster, w, []record.GroupResource{gr}, l.Entry.Ref.Namespace, seen)
}

// lifeWindow is the part of a window in which a life can have been: what was before its creation and after its end
// is no gap.
func lifeWindow(l *index.Life, w query.Window, c store.ClusterInfo) query.Window {
	begin := l.Entry.CreatedAt
	if l.Entry.Created && len(l.When) > 0 && !l.When[0].NotBefore.IsZero() {
		begin = l.When[0].NotBefore // creationTimestamps are cut to seconds
	}
	w.From = latest(w.From, begin)
	if end := shown(l.EndWhen); l.End != nil && !end.IsZero() && (w.To.IsZero() || w.To.After(end)) {
		w.To = earliest(end, c.Last) // the last request ends after it was received
	}
	return w
}

// lossGaps adds the facts that the records name but that were not recorded, for the states in (from, until].
func lossGaps(cov *coverage, l *index.Life, from, until int) {
	if l.Entry.Ref.GroupResource().IsEvents() {
		return // their states are event records
	}
	for _, loss := range l.Losses {
		if len(l.States) > 0 && loss.FromRV != 0 && until < len(l.States) && until >= 0 && loss.FromRV > l.States[until].RV {
			continue
		}
		if from > 0 && loss.ToRV != 0 && loss.ToRV < l.States[from-1].RV {
			continue
		}
		cov.add(lossGap(l, loss))
	}
}

func lossGap(l *index.Life, loss join.Loss) engine.Gap {
	return engine.Gap{Reason: string(loss.Kind), Scope: refOf(l.Entry.Ref), FromRV: rvString(loss.FromRV), ToRV: rvString(loss.ToRV), Sentence: loss.Sentence}
}

// timeRange is a window as the store takes it.
func timeRange(w query.Window) store.TimeRange { return store.TimeRange{From: w.From, To: w.To} }

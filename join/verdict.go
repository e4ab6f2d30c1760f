package join

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubewake/kubewake/record"
)

// verdicts turns what is left into makers, intervals and no-ops.
func (j *joiner) verdicts() {
	all := j.all()
	claimed := map[*write]int{}
	for _, r := range all {
		if len(r.cand) == 1 && r.cand[0].once() {
			claimed[r.cand[0]]++
		}
	}
	exact := make([]Interval, len(all))
	for i, r := range all {
		m := j.verdict(r, claimed)
		exact[i] = r.when
		if m.Certainty == Exact {
			exact[i] = exact[i].And(windowOf(r.cand, j.in.Skew))
		}
		if r.isEnd {
			j.out.End = m
		} else {
			j.out.Makers[r.rv] = m
		}
		if m.Request != nil && !(r.isEnd && r.rv == 0) {
			id := r.cand[0].id
			j.out.MadeBy[id] = append(j.out.MadeBy[id], r.rv)
		}
	}
	for i, r := range all {
		r.when = exact[i]
	}
	j.monotonous()
	for _, r := range all {
		if r.isEnd {
			j.out.EndWhen = r.when
		} else {
			j.out.Intervals[r.rv] = r.when
		}
	}
	j.noOps()
	j.losses(claimed)
}

func (j *joiner) verdict(r *rev, claimed map[*write]int) Maker {
	if len(r.cand) == 0 {
		return Maker{Certainty: Unknown, Evidence: []string{"No recorded request can have made it."}}
	}
	if r.baseline != nil {
		return r.baselineVerdict()
	}
	if len(r.cand) > 1 {
		return Maker{Certainty: Candidates, Candidates: recordsOf(r.cand), Rule: RuleInfer,
			Evidence: []string{fmt.Sprintf("%d recorded requests fit, and nothing tells them apart.", len(r.cand))}}
	}
	w := r.cand[0]
	if claimed[w] > 1 && !j.proves(w, r) {
		return Maker{Certainty: Candidates, Candidates: recordsOf(r.cand), Rule: RuleInfer,
			Evidence: []string{"The only recorded request that fits is the only one for another revision too: a request was not recorded."}}
	}
	for _, rule := range [...]struct {
		name Rule
		by   func(*write, *rev) (string, bool)
	}{{RuleAnswer, j.byAnswer}, {RuleLock, j.byLock}, {RuleUID, j.byUID}} {
		if why, ok := rule.by(w, r); ok {
			return Maker{Certainty: Exact, Request: w.rec, Rule: rule.name, Evidence: []string{why}}
		}
	}
	rule := RuleInfer
	if r.ranked {
		rule = RuleSiblings
	}
	if r.uneven {
		return Maker{Certainty: Candidates, Candidates: recordsOf(r.cand), Rule: rule,
			Evidence: []string{"One recorded create without a name fits, but creates and objects of that time differ in number: one was not recorded."}}
	}
	why, ok := j.byInference(w, r)
	if !ok || w.doubtful {
		return Maker{Certainty: Candidates, Candidates: recordsOf(r.cand), Rule: rule,
			Evidence: []string{"One recorded request fits, but only its time speaks for it."}}
	}
	if r.ranked {
		why = append(why, "Creates without a name and objects made in that time are equal in number, and their order leaves one create for this object.")
	}
	return Maker{Certainty: Inferred, Request: w.rec, Rule: rule, Evidence: why}
}

func recordsOf(list []*write) []*record.Record {
	out := make([]*record.Record, len(list))
	for i, w := range list {
		out[i] = w.rec
	}
	return out
}

// noOps finds successful writes that changed nothing: they answered a state that another request made or that they
// named themselves, or named a revision whose successor another request certainly made.
func (j *joiner) noOps() {
	candidate := map[*write]bool{}
	for _, r := range j.all() {
		for _, w := range r.cand {
			candidate[w] = true
		}
	}
	for _, w := range j.writes {
		if w.doubtful || candidate[w] || w.nameless || w.q.AnswerEnds {
			continue
		}
		if w.answered() {
			j.out.NoOps[w.id] = j.out.NoOps[w.id] || j.answersKnown(w)
			if !j.out.NoOps[w.id] {
				delete(j.out.NoOps, w.id)
			}
			continue
		}
		if w.act == actUpdate && w.q.NamedRV != 0 {
			i := slices.IndexFunc(j.revs, func(r *rev) bool { return r.prevRV() == w.q.NamedRV })
			if i >= 0 && j.out.Makers[j.revs[i].rv].Certainty == Exact {
				j.out.NoOps[w.id] = true
			}
		}
	}
}

// answersKnown: the state that w answered was recorded, and w did not make it.
func (j *joiner) answersKnown(w *write) bool {
	if w.q.NamedRV != 0 && w.q.NamedRV == w.q.AnswerRV {
		return true
	}
	return slices.ContainsFunc(j.revs, func(r *rev) bool { return r.rv == w.q.AnswerRV })
}

// Pins are what the exact makers of one object prove about the clock of its storage, beyond what single requests
// prove (record.PinOf): at level Metadata they are the only ones that bound a resourceVersion from below.
func (r Result) Pins() []record.Pin {
	var pins []record.Pin
	for rv, m := range r.Makers {
		if m.Certainty == Exact && !m.Request.Request.StageAt.IsZero() {
			pins = append(pins, record.Pin{RV: rv, Made: true, After: m.Request.OccurredAt, Before: m.Request.Request.StageAt})
		}
	}
	slices.SortFunc(pins, func(a, b record.Pin) int { return cmp.Compare(a.RV, b.RV) })
	return pins
}

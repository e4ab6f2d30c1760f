package join

import (
	"fmt"
	"slices"
)

// baseline looks for the makers of the first recorded state where that is no create's: a list found it as it was. Its
// managedFields still name who wrote last and in which second. Only where a recorded write fits that are there candidates: it, and
// all others that can have changed values since, which managedFields do not tell.
func (j *joiner) baseline() {
	if len(j.revs) == 0 || !j.oneEpoch {
		return
	}
	r := j.revs[0]
	newest := r.body.newest()
	if len(r.cand) > 0 || r.chg.first || !r.body.known || !r.body.deletion.IsZero() || newest == nil {
		return
	}
	used := map[*write]bool{}
	for _, o := range j.all() {
		if len(o.cand) == 1 && o.cand[0].once() {
			used[o.cand[0]] = true
		}
	}
	var cand []*write
	named := false
	for _, w := range j.writes {
		if used[w] || w.doubtful || w.answered() || w.nameless || !j.canLeave(w, r) {
			continue
		}
		cand = append(cand, w)
		named = named || w.manager != "" && j.wrote(w, newest)
	}
	if named {
		r.cand, r.baseline = cand, newest
	}
}

// canLeave reports whether w can have left a state like r, of which the one before is not known.
func (j *joiner) canLeave(w *write, r *rev) bool {
	if !w.fits(r.when, j.in.Skew) || w.act == actUpdate && w.q.NamedRV >= r.rv {
		return false
	}
	switch w.act {
	case actBind, actEvict, actOther:
		return true
	case actUpdate, actPatch:
		return slices.ContainsFunc(r.body.managed, func(m managedEntry) bool { return w.owns(&m) })
	}
	return false
}

// newest is the managedFields entry that was written last, of several in one second the first; nil where none tells its time.
func (b *body) newest() *managedEntry {
	var out *managedEntry
	for i := range b.managed {
		if m := &b.managed[i]; out == nil || m.time.After(out.time) {
			out = m
		}
	}
	if out == nil || out.time.IsZero() {
		return nil
	}
	return out
}

// baselineVerdict tells who made the state that a list found.
func (r *rev) baselineVerdict() Maker {
	m := r.baseline
	why := fmt.Sprintf("It is the first recorded state; the newest entry of its managedFields names manager %q, operation %s%s, at %s.",
		m.manager, m.operation, onSub(m.subresource), m.time.UTC().Format("15:04:05Z"))
	if len(r.cand) == 1 {
		return Maker{Certainty: Inferred, Request: r.cand[0].rec, Rule: RuleInfer, Evidence: []string{why, "No other recorded request fits that and the time."}}
	}
	return Maker{Certainty: Candidates, Candidates: recordsOf(r.cand), Rule: RuleInfer,
		Evidence: []string{why, fmt.Sprintf("%d recorded requests fit that and the time, and nothing tells them apart.", len(r.cand))}}
}

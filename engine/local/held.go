package local

import (
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// moments is the time that a question is about: a moment, or the stretch [from, to); zero ends are open.
type moments struct {
	from, to time.Time
	point    bool
	now      bool // the last known state: whatever ended is over
}

func momentsOf(at time.Time, w query.Window) moments {
	if !at.IsZero() {
		return moments{from: at, to: at, point: true}
	}
	return moments{from: w.From, to: w.To}
}

func (m moments) window() query.Window { return query.Window{From: m.from, To: m.to} }

// isAfter reports whether t lies behind the time asked for.
func (m moments) isAfter(t time.Time) bool {
	return !m.to.IsZero() && !t.IsZero() && (t.After(m.to) || !m.point && t.Equal(m.to))
}

// touch reports whether something may have held at some moment of the time asked for, and notes in it how sure that is.
func (m moments) touch(h *hold) bool {
	if m.now {
		return !h.ended
	}
	if m.isAfter(h.begin.NotBefore) || h.ended && !m.from.IsZero() && !h.end.NotAfter.IsZero() && !h.end.NotAfter.After(m.from) {
		return false
	}
	if !m.to.IsZero() && (h.begin.NotAfter.IsZero() || h.begin.NotAfter.After(m.to)) {
		switch {
		case h.begin.NotAfter.IsZero() && h.begin.NotBefore.IsZero():
			h.doubt(engine.Unknown, "No record tells when it began to hold.")
		case !h.known && h.begin.NotAfter.IsZero():
			h.doubt(engine.Assumed, "It is in the first state that was recorded; no record tells since when that was in force.")
		case !h.known:
			h.doubt(engine.Assumed, "It is in the first state that was recorded, in force at "+stamp(h.begin.NotAfter)+".")
		default:
			h.doubt(engine.Inferred, "It may not have held yet: "+between("it began", h.begin)+".")
		}
	}
	switch {
	case h.ended && !m.from.IsZero() && h.end.NotBefore.IsZero() && h.end.NotAfter.IsZero():
		h.doubt(engine.Unknown, "It may have been over: no record tells when it ended.")
	case h.ended && !m.from.IsZero() && (h.end.NotBefore.IsZero() || !h.end.NotBefore.After(m.from)):
		h.doubt(engine.Inferred, "It may have been over: "+between("it ended", h.end)+".")
	}
	return true
}

func between(what string, w index.Interval) string {
	switch {
	case w.NotBefore.IsZero() && w.NotAfter.IsZero():
		return "when " + what + " is not known"
	case w.NotBefore.IsZero():
		return what + " at " + stamp(w.NotAfter) + " or before"
	case w.NotAfter.IsZero():
		return what + " at " + stamp(w.NotBefore) + " or later"
	}
	return what + " between " + stamp(w.NotBefore) + " and " + stamp(w.NotAfter)
}

// hold is when something held.
type hold struct {
	begin, end  index.Interval
	known       bool // it began within what is recorded; else begin only bounds it
	ended       bool
	began, over moved            // by which states
	certainty   engine.Certainty // empty: exact
	reason      string
}

// moved is a state of an object with which something began or ended; with rv zero the object's own end.
type moved struct {
	of *store.Entry
	rv record.ResourceVersion
}

// doubt notes why a statement is not exact; the first doubt counts.
func (h *hold) doubt(c engine.Certainty, reason string) {
	if h.reason == "" {
		h.certainty, h.reason = c, reason
	}
}

// and gives when two things held together; false: never.
func (h *hold) and(o *hold) (hold, bool) {
	out := *h
	if later := compareMoments(o.begin, h.begin); later > 0 || later == 0 && o.known {
		out.begin, out.known, out.began = o.begin, o.known, o.began
	}
	if o.ended && (!h.ended || compareMoments(o.end, h.end) < 0) {
		out.ended, out.end, out.over = true, o.end, o.over
	}
	if o.reason != "" {
		out.doubt(o.certainty, o.reason)
	}
	begun, over := out.begin.NotBefore, out.end.NotAfter
	return out, !out.ended || begun.IsZero() || over.IsZero() || begun.Before(over)
}

// compareMoments compares by the moments that are shown.
func compareMoments(a, b index.Interval) int { return shown(a).Compare(shown(b)) }

// within gives the part of a hold in which a name was an object's.
func (h *hold) within(t *tenancy) (hold, bool) {
	out := *h
	if from := t.from.NotBefore; from.After(h.begin.NotAfter) && (!h.begin.NotAfter.IsZero() || from.After(h.begin.NotBefore)) {
		out.begin, out.known, out.began = t.from, true, moved{}
	}
	if t.to != (index.Interval{}) && (!h.ended || shown(t.to).Before(shown(h.end))) {
		out.end, out.ended, out.over = t.to, true, moved{}
	}
	begun, over := out.begin.NotBefore, out.end.NotAfter
	return out, !out.ended || begun.IsZero() || over.IsZero() || begun.Before(over)
}

type heldClaim struct {
	claim link.Claim
	held  hold
	by    *store.Entry
}

type heldLabels struct {
	labels []record.KeyValue
	held   hold
}

// spoken is what one object said, in time.
type spoken struct {
	claims []heldClaim
	labels []heldLabels
}

// chosen gives when an object was one that a selector chooses.
func (s *spoken) chosen(selector query.Selector) (out []hold) {
	adjoins := false
	for _, l := range s.labels {
		matches := selector.MatchesPairs(l.labels)
		switch n := len(out); {
		case !matches:
		case adjoins: // other labels than before, and chosen all the same
			out[n-1].ended, out[n-1].end, out[n-1].over = l.held.ended, l.held.end, l.held.over
		default:
			out = append(out, l.held)
		}
		adjoins = matches
	}
	return out
}

// spokenBy gives what an object said. Where its storage was restored from a backup, resourceVersions alone do not tell the order: then its
// life is read.
func (r *relations) spokenBy(ctx context.Context, entry *store.Entry) (*spoken, error) {
	key := entry.Key()
	if s, ok := r.said[key]; ok {
		return s, nil
	}
	clock, err := r.e.clocks.Of(ctx, key.Cluster, entry.Storage)
	if err != nil {
		return nil, err
	}
	var s *spoken
	if clock.Epochs() > 1 {
		s, err = r.fromLife(ctx, entry)
	} else {
		s, err = r.fromIndex(ctx, entry)
	}
	if err == nil {
		r.said[key] = s
	}
	return s, err
}

func (r *relations) fromIndex(ctx context.Context, entry *store.Entry) (*spoken, error) {
	out := &spoken{}
	life, err := r.view.Of(ctx, entry.Key())
	if err != nil || life == nil {
		return out, err
	}
	if life.Cut {
		r.cut = "the oldest links of " + entryWords(entry) + " were left out of the index: it has too many"
	}
	for _, c := range life.Claims {
		for _, spell := range c.Spells {
			held, err := r.hold(ctx, entry, spell)
			if err != nil {
				return nil, err
			}
			out.claims = append(out.claims, heldClaim{claim: c.Claim, held: held, by: entry})
		}
	}
	for _, l := range life.Labels {
		held, err := r.hold(ctx, entry, l.Spell)
		if err != nil {
			return nil, err
		}
		out.labels = append(out.labels, heldLabels{l.Labels, held})
	}
	return out, nil
}

// hold tells when a spell was.
func (r *relations) hold(ctx context.Context, entry *store.Entry, s index.Spell) (h hold, err error) {
	if h.begin, err = r.when(ctx, entry, s.From); err != nil {
		return h, err
	}
	h.began, h.over = moved{entry, s.From}, moved{entry, s.To}
	h.known = !s.First || entry.Created && entry.FirstRV == s.From
	if err := r.bound(ctx, &h, entry); err != nil {
		return h, err
	}
	if s.To != 0 {
		h.ended = true
		h.end, err = r.when(ctx, entry, s.To)
		return h, err
	}
	return h, r.lifeEnd(ctx, &h, entry)
}

// bound lets nothing begin before its object, or before what retention left.
func (r *relations) bound(ctx context.Context, h *hold, entry *store.Entry) error {
	if !h.known {
		h.begin.NotBefore = time.Time{}
	}
	h.begin.NotBefore = latest(h.begin.NotBefore, entry.CreatedAt)
	if !h.begin.NotAfter.IsZero() && h.begin.NotAfter.Before(h.begin.NotBefore) {
		h.begin.NotAfter = h.begin.NotBefore // clocks of apiservers differ
	}
	floor, ok := r.floors[entry.Ref.Cluster]
	if !ok {
		var err error
		if floor, err = index.Floor(ctx, r.e.st, entry.Ref.Cluster); err != nil {
			return err
		}
		r.floors[entry.Ref.Cluster] = floor
	}
	if !floor.IsZero() && !h.begin.NotAfter.IsZero() && !h.begin.NotAfter.After(floor) {
		h.known = false
	}
	return nil
}

// lifeEnd ends a hold with the life of the object that says so.
func (r *relations) lifeEnd(ctx context.Context, h *hold, entry *store.Entry) (err error) {
	if !entry.Ended {
		return nil
	}
	h.ended = true
	if entry.EndRV != 0 {
		h.end, err = r.when(ctx, entry, entry.EndRV)
	} else {
		h.end, err = r.when(ctx, entry, entry.LastRV)
		h.end.NotAfter = time.Time{}
	}
	if err != nil {
		return err
	}
	h.end.NotAfter = earliest(h.end.NotAfter, entry.EndAt)
	if entry.EndRV == 0 && entry.EndAt.IsZero() {
		return r.missedEnd(ctx, h, entry)
	}
	if !h.end.NotAfter.IsZero() && h.end.NotAfter.Before(h.end.NotBefore) {
		h.end.NotBefore = h.end.NotAfter
	}
	return nil
}

// missedEnd bounds the end of an object that a list missed.
func (r *relations) missedEnd(ctx context.Context, h *hold, entry *store.Entry) error {
	rec, err := r.e.st.End(ctx, entry.Key())
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if rec.End.After != 0 {
		w, err := r.when(ctx, entry, rec.End.After)
		if err != nil {
			return err
		}
		h.end.NotBefore = latest(h.end.NotBefore, w.NotBefore)
	}
	if rec.End.Before != 0 {
		w, err := r.when(ctx, entry, rec.End.Before)
		if err != nil {
			return err
		}
		h.end.NotAfter = earliest(h.end.NotAfter, w.NotAfter)
	}
	return nil
}

func (r *relations) when(ctx context.Context, entry *store.Entry, rv record.ResourceVersion) (index.Interval, error) {
	reader, err := r.spans.reader(ctx, clockKey{entry.Ref.Cluster, entry.Storage})
	if err != nil {
		return index.Interval{}, err
	}
	return reader.When(ctx, rv)
}

// heard gives what an object told of another, as far as the question is about it.
func (r *relations) heard(ctx context.Context, told index.Told, want direction) ([]heldClaim, error) {
	if !slices.ContainsFunc(told.Claims, func(s index.Said) bool { return want.wants(s.Claim.Up) && r.wants(&s.Claim) }) || !r.mayTouch(ctx, told) {
		return nil, nil
	}
	entry, err := r.entry(ctx, told.By)
	if err != nil || entry == nil {
		return nil, err
	}
	clock, err := r.e.clocks.Of(ctx, told.By.Cluster, entry.Storage)
	if err != nil {
		return nil, err
	}
	var out []heldClaim
	if clock.Epochs() > 1 {
		says, err := r.spokenBy(ctx, entry)
		if err != nil {
			return nil, err
		}
		for _, c := range says.claims {
			if want.wants(c.claim.Up) && r.wants(&c.claim) && slices.ContainsFunc(told.Claims, func(s index.Said) bool {
				return s.Claim.Rule == c.claim.Rule && sameTarget(&s.Claim.Target, &c.claim.Target)
			}) {
				out = append(out, c)
			}
		}
		return out, nil
	}
	for _, s := range told.Claims {
		if !want.wants(s.Claim.Up) || !r.wants(&s.Claim) {
			continue
		}
		for _, spell := range s.Spells {
			held, err := r.hold(ctx, entry, spell)
			if err != nil {
				return nil, err
			}
			out = append(out, heldClaim{claim: s.Claim, held: held, by: entry})
		}
	}
	return out, nil
}

// sameTarget compares what was asked for with what an object told.
func sameTarget(asked, told *link.Target) bool {
	if asked.UID != "" {
		return asked.UID == told.UID
	}
	return told.UID == "" && asked.Group == told.Group && asked.Resource == told.Resource && asked.Name == told.Name && asked.Selector == told.Selector &&
		asked.AllNamespaces == told.AllNamespaces && (asked.Namespace == told.Namespace || told.AllNamespaces)
}

// rvBounds are resourceVersions around the time asked for: what was over at before is out, and what began behind after.
type rvBounds struct {
	before, after record.ResourceVersion
	some          bool
}

// mayTouch is a cheap look whether something told may be of the time asked for, before its object is looked up.
func (r *relations) mayTouch(ctx context.Context, told index.Told) bool {
	if r.asked.now && told.Over.Ended {
		return false
	}
	b, err := r.rvBounds(ctx, clockKey{told.By.Cluster, told.Storage})
	if err != nil || !b.some {
		return true
	}
	if o := told.Over; o.Ended && !r.asked.from.IsZero() && (o.RV != 0 && o.RV <= b.before || !o.At.IsZero() && !o.At.After(r.asked.from)) {
		return false
	}
	for _, c := range told.Claims {
		for _, s := range c.Spells {
			if (s.To == 0 || s.To > b.before) && (b.after == 0 || s.From <= b.after || s.First) {
				return true
			}
		}
	}
	return false
}

func (r *relations) rvBounds(ctx context.Context, key clockKey) (rvBounds, error) {
	if b, ok := r.bounds[key]; ok {
		return b, nil
	}
	clock, err := r.e.clocks.Of(ctx, key.cluster, key.storage)
	if err != nil {
		return rvBounds{}, err
	}
	b := rvBounds{some: clock.Epochs() == 1}
	if b.some && !r.asked.from.IsZero() {
		if b.before, err = clock.CertainAt(ctx, r.e.st, r.asked.from); err != nil {
			return b, err
		}
	}
	if b.some && !r.asked.to.IsZero() {
		for _, w := range clock.Range(store.TimeRange{To: r.asked.to.Add(time.Nanosecond)}) {
			b.after = w.To
		}
	}
	r.bounds[key] = b
	return b, nil
}

package local

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// History tells what happened to one object. It costs a read of everything recorded of it.
func (e *Engine) History(ctx context.Context, q query.History) (*engine.History, error) {
	asked := q
	asked.Limit, asked.Cursor = 0, ""
	digest := questionDigest("history", asked)
	after, err := decodeCursor(q.Cursor, digest, 2)
	if err != nil {
		return nil, err
	}
	t, err := e.resolve(ctx, q.Object, q.Window.To)
	if err != nil {
		return nil, err
	}
	h := &history{e: e, q: q, target: t, cov: newCoverage(e.limits.Gaps)}
	if err := h.read(ctx); err != nil {
		return nil, err
	}
	if err := h.coverage(ctx); err != nil {
		return nil, err
	}
	out := &engine.History{Object: t.ref(), Lives: h.lives, Cut: h.cut, Coverage: h.cov.done(false)}
	if out.Lives == nil {
		out.Lives = []engine.Life{}
	}
	if err := h.page(out, digest, after); err != nil {
		return nil, err
	}
	cut, err := e.hangSpans(ctx, t.cluster, out.Entries)
	out.Cut = cmp.Or(out.Cut, cut)
	return out, err
}

// history is one history under way.
type history struct {
	e       *Engine
	q       query.History
	target  *target
	cov     *coverage
	lives   []engine.Life
	loaded  []*index.Life
	entries []placed
	cut     string
	known   map[record.UID]bool      // of all lives of the name
	made    map[record.ID]bool       // requests that stand with what they made
	reused  map[string]bool          // audit IDs that several requests share
	shared  *index.Shared            // nil: of one object alone
	counts  bool                     // what changed is not asked for, or of a few entries only: Values are not read
	watches func() (*watches, error) // those of the cluster, where the question has them at hand; nil: not
	got     received                 // when live watches delivered the states of the life read by readOne
}

// placed is an entry and its place in the order.
type placed struct {
	entry engine.Entry
	at    time.Time
	rank  int // of entries at one moment
	epoch int
	rv    record.ResourceVersion
	read  bool // a request that changes nothing
}

// noteReused marks a request whose audit ID another one has too, by another user or of another URI.
const noteReused = "reused audit ID"

// Ranks of entries at one moment.
const (
	rankRevision = iota
	rankEnd
	rankRequest
	rankEvent
	rankSpan
	rankGap
)

func (p *placed) compare(o *placed) int {
	return cmp.Or(p.at.Compare(o.at), cmp.Compare(p.rank, o.rank), cmp.Compare(p.epoch, o.epoch), cmp.Compare(p.rv, o.rv), cmp.Compare(p.entry.ID, o.entry.ID))
}

func (h *history) read(ctx context.Context) error {
	h.known, h.made = map[record.UID]bool{}, map[record.ID]bool{}
	for _, l := range h.target.lives {
		h.known[l.Ref.UID] = true
	}
	for i, l := range h.target.lives {
		if !h.q.AllLife && i != h.target.meant {
			life, err := h.e.lifeHead(ctx, l)
			if err != nil {
				return err
			}
			h.lives = append(h.lives, life)
			continue
		}
		life, err := h.e.life(ctx, l, index.Bounds{Reads: h.q.Reads, Events: true, Makers: h.counts, Shared: h.shared})
		if err != nil {
			return err
		}
		h.loaded = append(h.loaded, life)
		h.reused = life.Reused
		got, err := h.e.received(ctx, life)
		if err != nil {
			return err
		}
		h.lives = append(h.lives, engine.Life{UID: string(l.Ref.UID), CreatedAt: timePtr(l.CreatedAt), Ended: endedWhen(life, got), Revisions: len(life.States)})
		h.cut = cmp.Or(h.cut, life.Cut)
		if err := h.addLife(ctx, life, got); err != nil {
			return err
		}
	}
	if h.q.AllLife || h.target.meant < 0 {
		if err := h.addStrays(ctx); err != nil {
			return err
		}
	}
	if err := h.addOwnStates(ctx); err != nil {
		return err
	}
	if err := h.addSpans(ctx); err != nil {
		return err
	}
	slices.SortFunc(h.entries, func(a, b placed) int { return a.compare(&b) })
	h.entries = slices.CompactFunc(h.entries, func(a, b placed) bool {
		return a.entry.ID == b.entry.ID && a.entry.Kind == b.entry.Kind && a.epoch == b.epoch
	})
	return nil
}

// lifeHead tells of a life that is not the one meant.
func (e *Engine) lifeHead(ctx context.Context, l *store.Entry) (engine.Life, error) {
	life := engine.Life{UID: string(l.Ref.UID), CreatedAt: timePtr(l.CreatedAt)}
	for brief, err := range e.st.Briefs(ctx, []store.BriefAsk{{Key: l.Key(), Count: maxCounted}}) {
		if err != nil {
			return life, err
		}
		life.Revisions = brief.Revisions
	}
	if !l.Ended {
		return life, nil
	}
	end, err := e.spans().end(ctx, l)
	life.Ended = &engine.When{At: timePtr(end), NotAfter: timePtr(end)}
	return life, err
}

func (h *history) addLife(ctx context.Context, life *index.Life, got received) error {
	if err := h.addRevisions(life, got); err != nil {
		return err
	}
	if life.End != nil {
		h.addEnd(life, got)
	}
	h.addRequests(life)
	h.addLosses(life)
	return h.addEvents(ctx, life)
}

func (h *history) addRevisions(life *index.Life, got received) error {
	revs, summaries := make([]*engine.Revision, len(life.States)), make([]string, len(life.States))
	err := inParallel(len(revs), nil, func(from, to int) error { // what each changed is most of the work of a long life
		for i := from; i < to; i++ {
			if h.inWindow(life.When[i]) {
				revs[i], summaries[i] = h.revision(life, i)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	uid := string(life.Entry.Ref.UID)
	var at time.Time
	for i := range life.States {
		if q := life.Makers[i].Request; q != nil {
			h.made[q.ID()] = true
		}
		at = latest(at, got.at(life, i)) // revisions stand in their own order, whatever the clocks say
		rev := revs[i]
		if rev == nil {
			continue // outside of the window
		}
		entry := engine.Entry{ID: record.RevisionID(life.Entry.Ref.Cluster, life.Entry.Ref.UID, life.States[i].RV).String(),
			Kind: "revision", When: got.when(life, i), UID: uid, Summary: summaries[i], Revision: rev}
		byMaker(&entry, life.Makers[i], rev.Maker)
		if q := rev.Maker.Request; q != nil && life.Reused[q.AuditID] {
			q.Notes = append(q.Notes, noteReused)
		}
		h.entries = append(h.entries, placed{entry: entry, at: at, rank: rankRevision, epoch: life.Epochs[i], rv: life.States[i].RV})
	}
	return nil
}

// revision tells of one state, and what changed in one line.
func (h *history) revision(life *index.Life, i int) (*engine.Revision, string) {
	if h.counts {
		return &engine.Revision{ResourceVersion: rvString(life.States[i].RV), Epoch: life.Epochs[i], Maker: makerOf(life.Makers[i])}, ""
	}
	return revisionOf(life, i)
}

// byMaker shows who made an entry.
func byMaker(entry *engine.Entry, m join.Maker, shown *engine.Maker) {
	entry.Actor, entry.Certainty = shown.Actor, shown.Certainty
	q := m.Request
	if q == nil && len(m.Candidates) > 0 {
		q = m.Candidates[0]
		for _, c := range m.Candidates[1:] {
			if c.Request.Verb != q.Request.Verb || c.Ref.Subresource != q.Ref.Subresource {
				return
			}
		}
		entry.Verb, entry.Subresource = q.Request.Verb, q.Ref.Subresource
		return
	}
	if q != nil {
		entry.Verb, entry.Subresource, entry.Code = q.Request.Verb, q.Ref.Subresource, q.Request.Code
	}
}

func (h *history) addEnd(life *index.Life, got received) {
	maker := makerOf(life.EndMaker)
	rv := life.End.End.RV
	entry := engine.Entry{ID: life.End.ID().String(), Kind: "end", When: got.endWhen(life), UID: string(life.Entry.Ref.UID), Summary: "deleted",
		End: &engine.End{ResourceVersion: rvString(rv), Maker: maker, Sources: nonNil((life.End.End.Sources | life.End.Provenance.Sources).Words())}}
	byMaker(&entry, life.EndMaker, maker)
	if q := life.EndMaker.Request; q != nil {
		h.made[q.ID()] = true
	}
	if !h.inWindow(life.EndWhen) {
		return
	}
	at := *timeOr(entry.When.At)
	epoch := 0
	if n := len(life.States); n > 0 {
		at, epoch = latest(at, got.at(life, n-1)), life.Epochs[n-1]
	}
	h.entries = append(h.entries, placed{entry: entry, at: at, rank: rankEnd, epoch: epoch, rv: rv})
}

// addRequests lists the requests that stand with no revision: refused, without effect, or candidates.
func (h *history) addRequests(life *index.Life) {
	uid := life.Entry.Ref.UID
	for _, r := range lastStages(life.Requests) {
		if r.Ref.Name == "" || h.made[r.ID()] || (r.Request.IsRead() && !h.q.Reads) {
			continue
		}
		if other := namedUID(r); other != "" && other != uid && h.known[other] {
			continue // another life's
		}
		if namedUID(r) == "" && h.otherLifes(r, life) {
			continue
		}
		h.addRequest(r, string(uid), requestSummary(r, life))
	}
}

// otherLifes reports whether a request that names no UID can not be meant for a life: it was over before the life began,
// or came when the life had ended and the next one of the name had begun.
func (h *history) otherLifes(r *record.Record, life *index.Life) bool {
	created := life.Entry.CreatedAt
	began := created // a whole second: of a name that was made again at once, the life before lasted longer
	if life.Entry.Created && len(life.When) > 0 {
		began = latest(began, life.When[0].NotBefore)
	}
	if r.Request.Verb != "create" && !r.Request.StageAt.IsZero() && r.Request.StageAt.Before(began) {
		return !isCandidate(r, life)
	}
	ended := life.EndWhen.NotAfter
	if life.End == nil || ended.IsZero() || !r.OccurredAt.After(ended) || isCandidate(r, life) {
		return false
	}
	return slices.ContainsFunc(h.target.lives, func(e *store.Entry) bool {
		return e.Ref.UID != life.Entry.Ref.UID && e.CreatedAt.After(created) && !e.CreatedAt.After(r.OccurredAt)
	})
}

// namedUID is the UID that a request itself names, or "".
func namedUID(r *record.Record) record.UID {
	return cmp.Or(r.Request.NamedUID, r.Ref.UID, r.Request.AnswerUID)
}

func (h *history) addRequest(r *record.Record, uid, summary string) {
	if !h.inWindow(index.Interval{NotBefore: r.OccurredAt, NotAfter: r.OccurredAt}) {
		return
	}
	q := requestOf(r)
	if h.reused[q.AuditID] {
		q.Notes = append(q.Notes, noteReused)
	}
	h.entries = append(h.entries, placed{at: r.OccurredAt, rank: rankRequest, read: r.Request.IsRead(), entry: engine.Entry{
		ID: q.ID, Kind: "request", When: requestWhen(r), UID: uid, Summary: summary, Actor: &q.Actor, Verb: q.Verb,
		Subresource: q.Subresource, Code: q.Code, Request: q}})
}

// addStrays lists the requests to the name that lie outside of all its lives.
func (h *history) addStrays(ctx context.Context) error {
	t := h.target
	between := store.TimeRange{From: h.q.Window.From, To: h.q.Window.To}
	var list []*record.Record
	scan := store.RequestScan{Cluster: t.cluster, Resource: t.resource, Namespace: t.namespace, Name: t.name, Between: between, Reads: h.q.Reads}
	for r, err := range h.e.st.Requests(ctx, scan) {
		if err != nil {
			return err
		}
		if len(list) >= h.e.limits.Requests {
			h.cut = cmp.Or(h.cut, "more than "+itoa(h.e.limits.Requests)+" requests name the object")
			break
		}
		list = append(list, r)
	}
	listed := map[string]bool{}
	for _, p := range h.entries {
		listed[p.entry.ID] = true
	}
	for _, r := range lastStages(list) {
		if !listed[r.ID().String()] && !h.made[r.ID()] {
			h.addRequest(r, "", requestSummary(r, nil))
		}
	}
	return nil
}

func (h *history) addEvents(ctx context.Context, life *index.Life) error {
	clock, err := h.e.clocks.Of(ctx, h.target.cluster, record.EventsStorage)
	if err != nil {
		return err
	}
	reader := h.shared.Reader(clock, h.e.st)
	for _, f := range foldEvents(life, h.known, h.q.Folds) {
		at := f.newest.OccurredAt
		if !h.inWindow(index.Interval{NotBefore: at, NotAfter: secondEnd(at)}) {
			continue
		}
		stored, err := reader.When(ctx, f.newest.KubeEvent.RV)
		if err != nil {
			return err
		}
		ev := f.event
		h.entries = append(h.entries, placed{at: withinSecond(at, stored.NotAfter), rank: rankEvent, rv: f.newest.KubeEvent.RV, entry: engine.Entry{
			ID: f.newest.ID().String(), Kind: "event", When: engine.When{At: timePtr(at), NotBefore: timePtr(ev.FirstSeen), NotAfter: timePtr(secondEnd(ev.LastSeen))},
			UID: string(life.Entry.Ref.UID), Summary: eventSummary(ev), Event: ev}})
	}
	return nil
}

// withinSecond is an Event's place in the order. Most Events tell their time in whole seconds; when one was stored, soon after,
// tells where in its second it belongs. Where that is not known it stands at the second's end, behind what can have caused it.
func withinSecond(at, stored time.Time) time.Time {
	last := secondEnd(at)
	if !stored.Before(at) && stored.Before(last) {
		return stored
	}
	return last
}

// secondEnd is the last moment that a time may mean: one without a fraction was cut to seconds.
func secondEnd(t time.Time) time.Time {
	if t.IsZero() || t.Nanosecond() != 0 {
		return t
	}
	return t.Add(time.Second - time.Nanosecond)
}

// inWindow reports whether an interval touches the window asked for.
func (h *history) inWindow(w index.Interval) bool {
	if !h.q.Window.To.IsZero() && !w.NotBefore.IsZero() && !w.NotBefore.Before(h.q.Window.To) {
		return false
	}
	return h.q.Window.From.IsZero() || w.NotAfter.IsZero() || !w.NotAfter.Before(h.q.Window.From)
}

// page gives the entries behind the cursor, up to the limit.
func (h *history) page(out *engine.History, digest string, after []string) error {
	limit := h.q.Limit
	if limit <= 0 {
		limit = h.e.limits.Entries
	}
	list := h.entries
	if after != nil {
		n := slices.IndexFunc(list, func(p placed) bool { return p.entry.Kind == after[0] && p.entry.ID == after[1] })
		if n < 0 {
			return engine.Errorf(engine.KindBadQuestion, "the cursor names an entry that is no longer there: begin without a cursor")
		}
		list = list[n+1:]
	}
	out.Entries = make([]engine.Entry, 0, min(limit, len(list)))
	for i := range list[:min(limit, len(list))] {
		out.Entries = append(out.Entries, list[i].entry)
	}
	if len(list) > limit {
		last := list[limit-1].entry
		out.Cut = "the limit of " + strconv.Itoa(limit) + " entries was reached"
		out.Cursor = encodeCursor(digest, last.Kind, last.ID)
	}
	return nil
}

func nonNil(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

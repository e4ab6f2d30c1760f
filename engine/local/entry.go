package local

import (
	"context"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Entry tells one entry of an object's history, found by its ID, with the revisions around it. It costs a read of everything recorded of the
// object, but of what its revisions changed only that one; where its life has no such entry, of all lives of the name. A request that made a state is
// told with that state, so its ID finds the entry of what it made, the first where it made several.
func (e *Engine) Entry(ctx context.Context, q query.Entry) (*engine.OneEntry, error) {
	if q.ID == "" {
		return nil, engine.Errorf(engine.KindBadQuestion, "which entry? Name it by the ID that an answer gave it")
	}
	t, err := e.resolve(ctx, q.Object, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, all := range [...]bool{false, true} {
		h := &history{e: e, q: query.History{Object: q.Object, Reads: true, AllLife: all}, target: t, cov: newCoverage(e.limits.Gaps), counts: true}
		if err := h.read(ctx); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(h.entries, func(p placed) bool { return p.entry.ID == q.ID })
		if at < 0 {
			at = slices.IndexFunc(h.entries, func(p placed) bool { return madeBy(&p.entry) == q.ID })
		}
		if at >= 0 {
			return h.oneEntry(ctx, at)
		}
	}
	return nil, engine.Errorf(engine.KindNotFound, "%s has no entry with the ID %s", t.name, q.ID)
}

// madeBy is the ID of the request that made a state or an end; empty where none is known.
func madeBy(e *engine.Entry) string {
	switch {
	case e.Revision != nil && e.Revision.Maker.Request != nil:
		return e.Revision.Maker.Request.ID
	case e.End != nil && e.End.Maker.Request != nil:
		return e.End.Maker.Request.ID
	}
	return ""
}

// oneEntry gives the entry at a place with what a history tells of it.
func (h *history) oneEntry(ctx context.Context, at int) (*engine.OneEntry, error) {
	found := &h.entries[at]
	if err := h.tellRevision(ctx, found); err != nil {
		return nil, err
	}
	list := []engine.Entry{found.entry}
	if _, err := h.e.hangSpans(ctx, h.target.cluster, list); err != nil {
		return nil, err
	}
	out := &engine.OneEntry{Object: h.target.ref(), Entry: list[0]}
	for i := at - 1; i >= 0 && out.Before == nil; i-- {
		out.Before = h.entryRef(i, found)
	}
	for i := at + 1; i < len(h.entries) && out.After == nil; i++ {
		out.After = h.entryRef(i, found)
	}
	return out, nil
}

// entryRef names the entry at a place if it is a revision of the same life; nil if not.
func (h *history) entryRef(i int, of *placed) *engine.EntryRef {
	e := &h.entries[i].entry
	if e.Revision == nil || of.entry.UID != "" && e.UID != of.entry.UID {
		return nil
	}
	return &engine.EntryRef{ID: e.ID, ResourceVersion: e.Revision.ResourceVersion, When: e.When}
}

// tellRevision adds to a revision what it changed, where the life was read without.
func (h *history) tellRevision(ctx context.Context, p *placed) error {
	if p.entry.Revision == nil {
		return nil
	}
	for _, life := range h.loaded {
		if string(life.Entry.Ref.UID) != p.entry.UID {
			continue
		}
		i, ok := stateIndex(life)[stateKey{p.entry.Revision.ResourceVersion, p.entry.Revision.Epoch}]
		if !ok {
			continue
		}
		if err := life.Fill(ctx, h.e.st, h.shared, i-1, i+1); err != nil {
			return err
		}
		maker := p.entry.Revision.Maker // with its notes
		p.entry.Revision, p.entry.Summary = revisionOf(life, i)
		p.entry.Revision.Maker = maker
	}
	return nil
}

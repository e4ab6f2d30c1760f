package index

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// deriver works out what objects say by one set of rules. Not for concurrent use.
type deriver struct {
	st    store.Store
	shelf shelf
	id    generationID
	rules *link.Rules
}

// object gives what is to be written so that an object's links hold with its states from a resourceVersion on as they are now; what
// was said before it is taken as it was kept. An object that is not in the catalogue any more is removed.
func (d *deriver) object(ctx context.Context, key store.ObjectKey, from record.ResourceVersion) ([]store.KeyValue, error) {
	old, err := d.kept(ctx, key)
	if err != nil {
		return nil, err
	}
	entry, err := d.st.Object(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return append(changed(old.keys(d.id, key), nil), store.KeyValue{Key: hashEntry(key)}), nil
	}
	if err != nil {
		return nil, err
	}
	now, err := d.said(ctx, entry, old, from)
	if err != nil {
		return nil, err
	}
	return changed(old.keys(d.id, key), now.keys(d.id, key)), nil
}

// kept gives what is kept of an object; nil where nothing is, or nothing that can be read.
func (d *deriver) kept(ctx context.Context, key store.ObjectKey) (*said, error) {
	b, err := d.shelf.get(ctx, d.id.forward(key))
	if err != nil || b == nil {
		return nil, err
	}
	old, err := decodeSaid(b)
	if err != nil {
		return nil, nil //nolint:nilerr // it is derived data: it is made again
	}
	return old, nil
}

func changed(old, now map[string][]byte) (change []store.KeyValue) {
	for k, v := range now {
		if was, ok := old[k]; !ok || !bytes.Equal(was, v) {
			change = append(change, store.KeyValue{Key: []byte(k), Value: v})
		}
	}
	for k := range old {
		if _, ok := now[k]; !ok {
			change = append(change, store.KeyValue{Key: []byte(k)})
		}
	}
	return change
}

// said gives what an object says, with its states from a resourceVersion on read anew, and what old says of those before.
func (d *deriver) said(ctx context.Context, entry *store.Entry, old *said, from record.ResourceVersion) (*said, error) {
	now := &said{gr: entry.Ref.GroupResource(), namespace: entry.Ref.Namespace}
	switch {
	case old == nil && from > entry.FirstRV: // so far it said nothing, and mostly goes on to
		if err := d.states(ctx, entry, now, from); err != nil {
			return nil, err
		}
		words, err := d.words(ctx, entry)
		if err != nil || now.empty() && words == nil {
			return nil, err
		}
		now.runs, from = nil, 0
	case old == nil, old.words, old.gr != now.gr, old.namespace != now.namespace, old.cut && len(old.runs) > 0 && from <= old.runs[0].from:
		from = 0
	default:
		now.claims, now.labels, now.cut = old.claims, old.labels, old.cut
		now.runs = slices.Clone(old.runs)
		for i := range now.runs { // tidy renames in place
			now.runs[i].claims, now.runs[i].also = slices.Clone(now.runs[i].claims), slices.Clone(now.runs[i].also)
		}
		now.upTo(from)
	}
	now.over = Over{Ended: entry.Ended, RV: entry.EndRV, At: entry.EndAt}
	if err := d.states(ctx, entry, now, from); err != nil {
		return nil, err
	}
	if len(now.runs) == 0 {
		words, err := d.words(ctx, entry)
		if err != nil {
			return nil, err
		}
		if words != nil {
			now.add(words)
			now.words = true
		}
	}
	now.tidy()
	return now, nil
}

// states takes the states from a resourceVersion on in.
func (d *deriver) states(ctx context.Context, entry *store.Entry, now *said, from record.ResourceVersion) error {
	var variants []*record.Record
	take := func() error {
		if len(variants) == 0 {
			return nil
		}
		st, err := d.state(ctx, entry, variants)
		if st != nil {
			now.add(st)
		}
		variants = variants[:0]
		return err
	}
	for rev, err := range d.st.Revisions(ctx, entry.Key(), store.RVRange{From: from}) {
		if err != nil {
			return err
		}
		if len(variants) > 0 && variants[0].Revision.RV != rev.Revision.RV {
			if err := take(); err != nil {
				return err
			}
		}
		variants = append(variants, rev)
	}
	return take()
}

// words gives the state that the end tells, where that says something; nil where not.
func (d *deriver) words(ctx context.Context, entry *store.Entry) (*stated, error) {
	if !entry.Ended {
		return nil, nil
	}
	end, err := d.st.End(ctx, entry.Key())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || len(end.End.LastBody) == 0 {
		return nil, err
	}
	st := d.read(entry, end.Ref, end.End.LastBody)
	if st == nil || len(st.claims) == 0 && st.labels == nil {
		return nil, nil
	}
	st.rv = max(1, entry.LastRV)
	return st, nil
}

// state is what the bodies of one resourceVersion say; nil where they say nothing that the state before did not.
func (d *deriver) state(ctx context.Context, entry *store.Entry, variants []*record.Record) (*stated, error) {
	best := variants[0]
	if len(variants) > 1 {
		chosen := object.Choose(variants)
		best = chosen.Best()
	}
	rev := best.Revision
	var st *stated
	switch {
	case rev.Partial == record.Whole && !rev.Cut && len(rev.Body) > 0:
		st = d.read(entry, best.Ref, rev.Body)
	case rev.Partial == record.PartialMoved || rev.Cut || len(rev.Body) == 0:
		return nil, nil // it moved; what it says is assumed unchanged
	default:
		state, err := StateAt(ctx, d.st, entry, rev.RV)
		if err != nil || state == nil || state.Value == nil {
			return nil, err
		}
		st = d.read(entry, best.Ref, state.Value.JSON())
	}
	if st == nil {
		return nil, nil
	}
	st.rv = rev.RV
	for _, v := range variants {
		if v != best && v.Revision.Partial == record.Whole && !bytes.Equal(v.Revision.Body, rev.Body) {
			if other := d.read(entry, v.Ref, v.Revision.Body); other != nil {
				st.also = append(st.also, other.claims...)
			}
		}
	}
	slices.SortFunc(st.also, compareSame)
	st.also = slices.CompactFunc(st.also, func(a, b link.Claim) bool { return same(a) == same(b) })
	st.also = slices.DeleteFunc(st.also, func(c link.Claim) bool {
		return slices.ContainsFunc(st.claims, func(has link.Claim) bool { return same(has) == same(c) })
	})
	return st, nil
}

// read gives the claims and labels of a body; nil where it can not be read.
func (d *deriver) read(entry *store.Entry, told record.ObjectRef, body []byte) *stated {
	ref := entry.Ref
	if told.Version != "" {
		ref.Version = told.Version
	}
	gr := ref.GroupResource()
	selectable := d.rules.Selectable(gr)
	if !selectable && !d.rules.Wants(gr, body) {
		return &stated{}
	}
	v, err := object.Parse(body)
	if err != nil || v.Kind() != object.Object {
		return nil
	}
	st := &stated{claims: d.rules.Claims(ref, v)}
	if selectable {
		st.labels = append([]record.KeyValue{}, object.MetaOf(v).Labels...) // none is known, too
		slices.SortFunc(st.labels, comparePair)
	}
	return st
}

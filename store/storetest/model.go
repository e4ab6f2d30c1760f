package storetest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// model answers from a list of records by brute force: it is what a driver's answers are compared with.
type model struct {
	facts     []*record.Record // merged, but for revisions
	revisions []*record.Record // variants
}

func newModel(list []*record.Record) *model {
	m := &model{}
	byID := map[record.ID]int{}
	for _, r := range list {
		if r.Kind == record.KindRevision {
			m.addRevision(r)
			continue
		}
		if i, ok := byID[r.ID()]; ok {
			m.facts[i] = record.Merge(m.facts[i], r)
			continue
		}
		byID[r.ID()] = len(m.facts)
		m.facts = append(m.facts, r)
	}
	return m
}

func (m *model) addRevision(r *record.Record) {
	for i, have := range m.revisions {
		if have.Ref.Cluster == r.Ref.Cluster && have.Ref.UID == r.Ref.UID && variantOrder(have, r) == 0 {
			both := *have
			both.Provenance = have.Provenance.Merge(r.Provenance)
			both.Ref.Resource, both.Ref.Kind = max(have.Ref.Resource, r.Ref.Resource), max(have.Ref.Kind, r.Ref.Kind)
			m.revisions[i] = &both
			return
		}
	}
	m.revisions = append(m.revisions, r)
}

func variantOrder(a, b *record.Record) int {
	cut := func(r *record.Record) int {
		if r.Revision.Cut {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Revision.RV, b.Revision.RV), cmp.Compare(a.Revision.Partial, b.Revision.Partial), cmp.Compare(cut(a), cut(b)),
		strings.Compare(a.Ref.Group, b.Ref.Group), strings.Compare(a.Ref.Version, b.Ref.Version), bytes.Compare(a.Revision.Body, b.Revision.Body))
}

func (m *model) all() []*record.Record { return append(slices.Clone(m.facts), m.revisions...) }

func (m *model) where(keep func(*record.Record) bool) (out []*record.Record) {
	for _, r := range m.all() {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

func (m *model) revisionsOf(key store.ObjectKey, between store.RVRange) []*record.Record {
	out := m.where(func(r *record.Record) bool {
		return r.Kind == record.KindRevision && r.Ref.Cluster == key.Cluster && r.Ref.UID == key.UID &&
			r.Revision.RV >= between.From && (between.To == 0 || r.Revision.RV <= between.To)
	})
	slices.SortFunc(out, variantOrder)
	return out
}

// objects lists what revisions and ends tell of.
func (m *model) objects() []store.ObjectKey {
	seen := map[store.ObjectKey]bool{}
	var out []store.ObjectKey
	for _, r := range m.all() {
		key := store.ObjectKey{Cluster: r.Ref.Cluster, UID: r.Ref.UID}
		if (r.Kind == record.KindRevision || r.Kind == record.KindEnd) && !seen[key] {
			seen[key] = true
			out = append(out, key)
		}
	}
	return out
}

// sorted orders records so that two sets can be compared.
func sorted(list []*record.Record) []*record.Record {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b *record.Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.OccurredAt.Compare(b.OccurredAt), bytes.Compare(record.Append(nil, a), record.Append(nil, b)))
	})
	return out
}

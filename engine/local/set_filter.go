package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// filtered gathers the objects that the records of a search are about.
type filtered struct {
	telling *telling
	keys    map[store.ObjectKey]bool
	names   map[toldName][]time.Time // of records that name no UID: whose the name was then, tells the catalogue
	times   int
	cut     string
}

// maxTimes bounds the records that name no UID of which the time is kept.
const maxTimes = 1_000_000

// add takes in the objects of one record. Records that name none are of no object.
func (f *filtered) add(r *record.Record) {
	if len(f.keys)+len(f.names) >= maxMembers || f.times >= maxTimes {
		f.cut = fmt.Sprintf("records of more than %d objects match, those of others were left out: narrow the window or the filter", maxMembers)
		return
	}
	switch r.Kind {
	case record.KindRequest:
		ref := r.Ref
		ref.UID = namedUID(r)
		f.ref(ref, r)
		for _, it := range r.Request.Items {
			f.ref(record.ObjectRef{Cluster: r.Ref.Cluster, UID: it.UID}, r)
		}
	case record.KindKubeEvent:
		f.ref(regardedRef(r), r)
	case record.KindSpan:
		f.ref(r.Ref, r)
		for _, also := range r.Span.Also {
			also.Cluster = r.Ref.Cluster
			f.ref(also, r)
		}
	case record.KindRevision, record.KindEnd:
		f.ref(r.Ref, r)
	}
}

// regardedRef names the object that an Event is about.
func regardedRef(r *record.Record) record.ObjectRef {
	g := &r.KubeEvent.Regarding
	ref := record.ObjectRef{Cluster: r.Ref.Cluster, Kind: g.Kind, Resource: record.GuessResource(g.Kind), Namespace: g.Namespace, Name: g.Name, UID: g.UID}
	ref.Group, ref.Version = record.SplitAPIVersion(g.APIVersion)
	return ref
}

func (f *filtered) ref(ref record.ObjectRef, r *record.Record) {
	switch {
	case ref.UID != "":
		f.keys[store.ObjectKey{Cluster: ref.Cluster, UID: ref.UID}] = true
	case ref.Name != "" && ref.Resource != "":
		name := toldName{ref.Cluster, ref.GroupResource(), ref.Namespace, ref.Name}
		f.names[name] = append(f.names[name], r.OccurredAt)
		f.times++
	}
}

// entries of the objects, as far as the catalogue knows them, in its order.
func (f *filtered) entries(ctx context.Context) ([]*store.Entry, error) {
	for name, times := range f.names {
		for _, at := range times {
			entry, err := f.telling.named(ctx, name.ref(), at)
			if err != nil {
				return nil, err
			}
			if entry == nil {
				break // the name has no life
			}
			if f.keys[entry.Key()] = true; len(f.telling.names[name]) == 1 {
				break
			}
		}
	}
	keys := make([]store.ObjectKey, 0, len(f.keys))
	for key := range f.keys {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b store.ObjectKey) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.UID, b.UID))
	})
	var out []*store.Entry
	for _, key := range keys {
		entry, err := f.telling.entry(ctx, key)
		if err != nil {
			return nil, err
		}
		if entry != nil {
			out = append(out, entry)
		}
	}
	slices.SortFunc(out, compareEntries)
	return out, nil
}

package index

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Names tells the true resource of custom resources whose name was guessed from their kind, because a recorded object does not say
// under which resource it is served: {"oxes", "x.io"} is {"oxen", "x.io"}. Empty where every guess was right, as mostly.
type Names map[record.GroupResource]record.GroupResource

// Of gives r under its true resource. The record given is not changed.
func (n Names) Of(r *record.Record) *record.Record {
	if len(n) == 0 {
		return r
	}
	to, wrong := n[r.Ref.GroupResource()]
	if !wrong {
		return r
	}
	out := *r
	out.Ref.Resource = to.Resource
	return &out
}

// Marks reports whether r is what LearnNames told again of an object that it renamed: no fact of its own, so nothing to count.
func (n Names) Marks(r *record.Record) bool {
	if r.Kind != record.KindRevision || r.Revision.Partial != record.PartialMoved {
		return false
	}
	for _, to := range n {
		if to == r.Ref.GroupResource() {
			return true
		}
	}
	return false
}

const derivedNames = "names"

func namesKey(cluster record.Cluster, guess string) []byte {
	return append(append([]byte(cluster), 0), guess...)
}

// ReadNames reads what LearnNames found. It costs one seek where there is nothing to tell.
func ReadNames(ctx context.Context, st store.Store, cluster record.Cluster) (Names, error) {
	names := Names{}
	prefix := namesKey(cluster, "")
	for kv, err := range st.Derived(ctx, derivedNames, prefix) {
		if err != nil {
			return nil, fmt.Errorf("read the names of cluster %s: %w", cluster, err)
		}
		names[record.ParseGroupResource(string(kv.Key[len(prefix):]))] = record.ParseGroupResource(string(kv.Value))
	}
	return names, nil
}

// LearnNames looks through the recorded CustomResourceDefinitions of a cluster for kinds whose plural is not the one that
// record.GuessResource gives, and tells the catalogue the true name of the objects that were stored under the guess. Doing so
// again, or after more was recorded, is harmless; the order in which definitions and objects came does not matter. It costs
// the newest body of each definition, and one small record for each object that had the wrong name.
func LearnNames(ctx context.Context, st store.Store, cluster record.Cluster) error {
	defined, err := definedKinds(ctx, st, cluster)
	if err != nil {
		return err
	}
	plurals := map[record.GroupResource]bool{}
	for _, k := range defined {
		plurals[k.GroupResource()] = true
	}
	wrong := map[record.GroupResource]query.Kind{}
	for _, k := range defined {
		guess := record.GroupResource{Group: k.Group, Resource: record.GuessResource(k.Kind)}
		// Of two plurals that one kind had, the greater: as the catalogue chooses among names.
		if !plurals[guess] && k.Resource > wrong[guess].Resource {
			wrong[guess] = k
		}
	}
	for guess, kind := range wrong {
		if err := rename(ctx, st, cluster, guess, kind); err != nil {
			return fmt.Errorf("name the objects of %s: %w", kind, err)
		}
		entry := store.KeyValue{Key: namesKey(cluster, guess.String()), Value: []byte(kind.GroupResource().String())}
		if err := st.SetDerived(ctx, derivedNames, []store.KeyValue{entry}); err != nil {
			return err
		}
	}
	return nil
}

// definedKinds gives the kinds that recorded definitions tell, by the newest body of each.
func definedKinds(ctx context.Context, st store.Store, cluster record.Cluster) ([]query.Kind, error) {
	crds := record.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
	var all []query.Kind
	for entry, err := range st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &crds}) {
		if err != nil {
			return nil, err
		}
		body, err := NewestBody(ctx, st, entry.Key())
		if err != nil {
			return nil, err
		}
		var kinds query.Kinds
		if body == nil || kinds.LearnCRD(body.JSON()) != nil {
			continue // one that defines nothing teaches nothing
		}
		all = append(all, kinds.All()...)
	}
	return all, nil
}

// rename appends, for each object stored under a guess, a fact that is known already under the object's true name. It is of
// the catalogue to prefer a name that is not guessed.
func rename(ctx context.Context, st store.Store, cluster record.Cluster, guess record.GroupResource, kind query.Kind) error {
	var again []*record.Record
	for entry, err := range st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &guess}) {
		if err != nil {
			return err
		}
		if entry.Ref.Kind != kind.Kind {
			continue
		}
		r, err := knownFact(ctx, st, entry)
		if err != nil {
			return err
		}
		if r != nil {
			r.Ref.Resource = kind.Resource
			again = append(again, r)
		}
		if len(again) == renameBatch {
			if _, err := st.Append(ctx, again); err != nil {
				return err
			}
			again = again[:0]
		}
	}
	if len(again) == 0 {
		return nil
	}
	_, err := st.Append(ctx, again)
	return err
}

const renameBatch = 1000

// knownFact gives the smallest fact that can be told of an object again: that it moved to its newest resourceVersion, else its end.
func knownFact(ctx context.Context, st store.Store, entry *store.Entry) (*record.Record, error) {
	variants, err := st.RevisionBefore(ctx, entry.Key(), ^record.ResourceVersion(0))
	if err == nil {
		newest := *variants[0]
		newest.Revision = &record.Revision{RV: newest.Revision.RV, Partial: record.PartialMoved}
		newest.Provenance.Sources &^= record.FromFloor
		return &newest, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	end, err := st.End(ctx, entry.Key())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	again := *end
	return &again, nil
}

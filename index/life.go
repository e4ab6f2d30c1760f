package index

import (
	"context"
	"errors"
	"slices"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Life is one object from its first recorded state to its end: the states chosen and carried over, and which request made each.
type Life struct {
	*Records
	Schema object.Schema
	// States in order: of epochs, then of resourceVersions.
	States []object.State
	Joined

	filled bool // Schema was found for Fill
}

// ReadLife reads one object and joins its records. It costs a read of everything recorded of it within bounds, and
// parses each body once.
func ReadLife(ctx context.Context, st store.Store, clocks *Clocks, entry *store.Entry, bounds Bounds) (*Life, error) {
	clock, err := clocks.Of(ctx, entry.Ref.Cluster, entry.Storage)
	if err != nil {
		return nil, err
	}
	return readLife(ctx, st, clock, entry, bounds)
}

func readLife(ctx context.Context, st store.Store, clock *Clock, entry *store.Entry, bounds Bounds) (*Life, error) {
	bounds.skew = clock.skew
	recs, err := readRecords(ctx, st, entry, bounds)
	if err != nil {
		return nil, err
	}
	life := &Life{Records: recs}
	chosen, epochs := chooseAll(recs, clock.joinEpochs())
	life.Epochs = epochs
	if !bounds.Makers {
		if life.Schema, err = bounds.Shared.schema(ctx, st, entry, chosen); err != nil {
			return nil, err
		}
	}
	if life.States = make([]object.State, len(chosen)); bounds.Makers {
		for i := range chosen {
			life.States[i] = object.State{RV: chosen[i].RV, Chosen: chosen[i], Partial: chosen[i].Best().Revision.Partial}
		}
		chosen = chosen[:min(1, len(chosen))]
	}
	copy(life.States, object.Carry(nil, chosen, life.Schema))
	if err := life.join(ctx, st, clock, bounds.Shared); err != nil {
		return nil, err
	}
	if err := life.fillKept(ctx, st); err != nil {
		return nil, err
	}
	if bounds.Makers {
		return life, nil
	}
	return life, life.follow(ctx, st)
}

// chooseAll chooses a body of each resourceVersion, and where a restore let one be used twice, of each epoch. It gives them in the order
// of epochs, then of resourceVersions, and the epoch of each.
func chooseAll(recs *Records, epochs []join.Epoch) ([]object.Chosen, []int) {
	chosen := make([]object.Chosen, 0, len(recs.Revisions))
	of := make([]int, 0, len(recs.Revisions))
	if len(epochs) < 2 {
		for _, variants := range recs.Revisions {
			chosen = append(chosen, object.Choose(variants))
		}
		return chosen, of[:len(chosen)]
	}
	for _, variants := range recs.Revisions {
		groups, at := join.SplitByEpoch(epochs, variants, recs.Requests)
		for i, group := range groups {
			c := object.Choose(group)
			if len(groups) == 1 {
				at[i] = join.EpochOf(epochs, c.Best(), recs.Requests)
			}
			chosen, of = append(chosen, c), append(of, at[i])
		}
	}
	order := make([]int, len(chosen))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return of[a] - of[b] })
	outChosen, outOf := make([]object.Chosen, len(chosen)), make([]int, len(chosen))
	for i, k := range order {
		outChosen[i], outOf[i] = chosen[k], of[k]
	}
	return outChosen, outOf
}

// schemaOf finds out how a kind's fields are compared: built in, or from the CustomResourceDefinition where that was recorded.
func schemaOf(ctx context.Context, st store.Store, entry *store.Entry, chosen []object.Chosen) (object.Schema, error) {
	return schemaOfKind(ctx, st, entry, kindOf(entry, chosen))
}

// kindOf is what the newest revision that tells it tells of an object's kind.
func kindOf(entry *store.Entry, chosen []object.Chosen) record.ObjectRef {
	for i := len(chosen) - 1; i >= 0; i-- {
		if best := chosen[i].Best(); best.Ref.Kind != "" && best.Ref.Version != "" {
			return best.Ref
		}
	}
	return entry.Ref
}

func schemaOfKind(ctx context.Context, st store.Store, entry *store.Entry, ref record.ObjectRef) (object.Schema, error) {
	schema := object.Builtin(ref.Group, ref.Version, ref.Kind)
	if schema.Known() || ref.Group == "" {
		return schema, nil
	}
	crds := record.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
	scan := store.ObjectScan{Cluster: ref.Cluster, Resource: &crds, Name: entry.Ref.GroupResource().String()}
	var last *store.Entry
	for crd, err := range st.Objects(ctx, scan) {
		if err != nil {
			return schema, err
		}
		last = crd
	}
	if last == nil {
		return schema, nil
	}
	body, err := NewestBody(ctx, st, last.Key())
	if err != nil || body == nil {
		return schema, err
	}
	if custom, ok := object.CRDSchema(body, ref.Version); ok {
		return custom, nil
	}
	return schema, nil
}

// maxCarriedOver bounds how many partial states StateAt goes back over.
const maxCarriedOver = 100

// StateAt gives the newest state of an object at or before a resourceVersion, partial ones carried over from the last whole one; nil
// where there is none. It joins nothing, and knows of no epochs.
func StateAt(ctx context.Context, st store.Store, entry *store.Entry, rv record.ResourceVersion) (*object.State, error) {
	var chosen []object.Chosen
	for range maxCarriedOver {
		variants, err := st.RevisionBefore(ctx, entry.Key(), rv)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		c := object.Choose(variants)
		chosen = append(chosen, c)
		if best := c.Best().Revision; c.RV <= 1 || (best.Partial == record.Whole && len(best.Body) > 0) {
			break
		}
		rv = c.RV - 1
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	slices.Reverse(chosen)
	schema := object.Schema{}
	if len(chosen) > 1 { // it tells where a Scale belongs
		var err error
		if schema, err = schemaOf(ctx, st, entry, chosen); err != nil {
			return nil, err
		}
	}
	states := object.Carry(nil, chosen, schema)
	return &states[len(states)-1], nil
}

// NewestBody gives the newest whole state of an object, or nil.
func NewestBody(ctx context.Context, st store.Store, key store.ObjectKey) (*object.Value, error) {
	for rv := ^record.ResourceVersion(0); rv > 0; {
		variants, err := st.RevisionBefore(ctx, key, rv)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		chosen := object.Choose(variants)
		if r := chosen.Best().Revision; r.Partial == record.Whole && len(r.Body) > 0 {
			return object.Parse(r.Body)
		}
		rv = variants[0].Revision.RV - 1
	}
	return nil, nil
}

package local

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/trace"
)

// input reads the objects of the tree, on all cores.
func (tr *tracing) input(ctx context.Context) (*trace.Input, error) {
	clusters, err := tr.e.st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	nodes := tr.tree.Nodes
	for _, c := range clusters {
		if slices.ContainsFunc(nodes, func(n engine.TreeNode) bool { return n.Cluster == string(c.Name) }) {
			if err := tr.enter(ctx, c); err != nil {
				return nil, err
			}
		}
	}
	ids := map[string]bool{}
	for i := range nodes {
		ids[nodes[i].Cluster+" "+nodes[i].UID] = true
	}
	in := &trace.Input{Question: tr.question, Objects: make([]trace.Object, len(nodes))}
	common := index.NewShared()
	err = inParallel(len(nodes), nil, func(from, to int) error {
		shared := common.Fork()
		for i := from; i < to; i++ {
			o, err := tr.object(ctx, &nodes[i], ids, shared)
			if err != nil {
				return err
			}
			in.Objects[i] = *o
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return in, tr.hang(ctx, in)
}

// enter gets ready to read objects of a cluster.
func (tr *tracing) enter(ctx context.Context, c store.ClusterInfo) error {
	if tr.reading.e == nil {
		tr.reading = reading{e: tr.e, window: tr.window(), reads: tr.q.Reads, counts: tr.counts}
	}
	return tr.reading.enter(ctx, c)
}

// object reads one node of the tree.
func (tr *tracing) object(ctx context.Context, n *engine.TreeNode, inTree map[string]bool, shared *index.Shared) (*trace.Object, error) {
	o := &trace.Object{Ref: recordRef(n.Ref), Parent: n.Parent, Asked: n.Asked, Stub: n.Stub, Left: n.Left}
	if n.Via != nil {
		o.Link = n.Via.Type
	}
	for i := range n.Others {
		l := &n.Others[i]
		other, above := l.Parent, true
		if l.Parent.UID == n.UID && l.Parent.Cluster == n.Cluster {
			other, above = l.Child, false
		}
		o.Others = append(o.Others, trace.Relation{Type: l.Type, Parent: above, Other: recordRef(other.Ref), Another: !inTree[other.Cluster+" "+other.UID]})
	}
	if n.CreatedAt != nil {
		o.Created = *n.CreatedAt
	}
	if n.EndedAt != nil {
		o.Ended = *n.EndedAt
	}
	entry, err := tr.e.entryOfRef(ctx, n.Ref)
	if err != nil || entry == nil {
		return o, err
	}
	o.Ref = entry.Ref
	quiet, err := tr.reading.quiet(ctx, entry)
	if err != nil {
		return nil, err
	}
	if quiet {
		return o, tr.quietTags(ctx, entry, o)
	}
	return o, tr.read(ctx, entry, o, shared)
}

// quietTags reads the tags of an object from its state at the end of the window.
func (tr *tracing) quietTags(ctx context.Context, entry *store.Entry, o *trace.Object) error {
	if !tr.modes.HasTags(entry.Ref) {
		return nil
	}
	last := entry.LastRV
	if to := tr.reading.ranges[entry.Ref.Cluster][entry.Storage].To; to != 0 {
		last = min(last, to)
	}
	state, err := index.StateAt(ctx, tr.e.st, entry, last)
	if err != nil || state == nil {
		return err
	}
	o.Tags = tr.modes.TagsOf(entry.Ref, state.Value)
	return nil
}

// read fills in what an object's life tells of the window.
func (tr *tracing) read(ctx context.Context, entry *store.Entry, o *trace.Object, shared *index.Shared) error {
	h, life, err := tr.reading.life(ctx, entry, shared)
	if err != nil {
		return err
	}
	o.Cut = life.Cut
	if life.End != nil && !life.EndWhen.NotAfter.IsZero() {
		o.Ended = shown(life.EndWhen)
	}
	if at := life.Entry.CreatedAt; !at.IsZero() {
		o.Created = at
	}
	byRV := stateIndex(life)
	for i := range h.entries {
		r := tr.record(&h.entries[i].entry, life, byRV)
		if at := h.entries[i].at; h.entries[i].rank == rankEvent && at.After(r.Start) {
			str(&r, "lastSeen", r.Start.Format(time.RFC3339)) // it tells whole seconds
			r.Start, r.End = at, at
		}
		o.Records = append(o.Records, r)
	}
	if n := len(life.States); n > 0 && !tr.counts {
		last := tr.lastState(life)
		o.Tags = tr.modes.TagsOf(entry.Ref, life.States[last].Value)
		if tr.mode.Needs().Manifests && life.End != nil && last == n-1 && tr.window().Contains(o.Ended) {
			o.Manifest = manifestOf(life.States[last].Value)
		}
	}
	return nil
}

// lastState is the last state within the window, else the first one behind it.
func (tr *tracing) lastState(life *index.Life) int {
	last := 0
	for i := range life.States {
		if w := life.When[i]; !w.NotBefore.IsZero() && !w.NotBefore.Before(tr.question.Window.To) {
			break
		}
		last = i
	}
	return last
}

// manifestOf is a state as JSON, without managedFields.
func manifestOf(v *object.Value) []byte {
	if v == nil {
		return nil
	}
	return v.With(nil, "metadata", "managedFields").JSON()
}

func recordRef(r engine.Ref) record.ObjectRef {
	return record.ObjectRef{Cluster: record.Cluster(r.Cluster), Group: r.Group, Version: r.Version, Kind: r.Kind, Resource: r.Resource,
		Namespace: r.Namespace, Name: r.Name, UID: record.UID(r.UID)}
}

// stateKey finds a state by what an entry tells of it.
type stateKey struct {
	rv    string
	epoch int
}

func stateIndex(life *index.Life) map[stateKey]int {
	out := make(map[stateKey]int, len(life.States))
	for i := range life.States {
		out[stateKey{strconv.FormatUint(uint64(life.States[i].RV), 10), life.Epochs[i]}] = i
	}
	return out
}

// timeOf is the moment by which an entry is shown.
func timeOf(w engine.When) time.Time { return *timeOr(cmp.Or(w.At, w.NotBefore)) }

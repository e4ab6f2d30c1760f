package watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// uids is the set of objects that a list held: 16 bytes each.
type uids map[[16]byte]struct{}

func (u uids) add(uid record.UID) { u[shortUID(uid)] = struct{}{} }

func (u uids) has(uid record.UID) bool {
	_, ok := u[shortUID(uid)]
	return ok
}

// shortUID is the UUID itself, or a digest of a UID that is none.
func shortUID(uid record.UID) (out [16]byte) {
	if len(uid) == 36 && uid[8] == '-' && uid[13] == '-' && uid[18] == '-' && uid[23] == '-' {
		digits := make([]byte, 0, 32)
		for i := range len(uid) {
			if uid[i] != '-' {
				digits = append(digits, uid[i])
			}
		}
		if n, err := hex.Decode(out[:], digits); err == nil && n == 16 {
			return out
		}
	}
	sum := sha256.Sum256([]byte(uid))
	copy(out[:], sum[:])
	return out
}

// goneAtOnce bounds the ends that are gathered before they are delivered.
const goneAtOnce = 4096

// endGone delivers an End for each object that is remembered alive, with a resourceVersion not behind the list's, and that the
// list did not hold. What is remembered without a resourceVersion may be younger than the list and is left alone.
func (r *runner) endGone(ctx context.Context, listed uids, at record.ResourceVersion) error {
	if r.scope.IsEvents() {
		return nil // Events have no End
	}
	for attempt := 0; ; {
		gone, err := r.gone(ctx, listed, at)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.status.blocked("waits to ask which objects were alive: " + err.Error())
			if !sleep(ctx, r.m.spread(min(deliverMost, deliverLeast<<min(attempt, 10)))) {
				return ctx.Err()
			}
			attempt++
			continue
		}
		r.status.blocked("")
		now := r.w.now()
		for _, end := range gone {
			listed.add(end.Ref.UID)
			end.Provenance.ReceivedAt = now
			if r.scope.GroupResource == crds() {
				r.definitionGone(end.Ref.Name, at)
			}
			if err := r.add(ctx, end, now); err != nil {
				return err
			}
		}
		if len(gone) < goneAtOnce {
			return nil
		}
		if err := r.out.deliver(ctx, nil, r.status.blocked); err != nil {
			return err
		}
	}
}

func (r *runner) gone(ctx context.Context, listed uids, at record.ResourceVersion) ([]*record.Record, error) {
	var out []*record.Record
	for alive, err := range r.w.conf.Sink.Alive(ctx, r.w.conf.Cluster, r.scope.GroupResource, r.scope.namespace) {
		if err != nil {
			return nil, err
		}
		if alive.RV == 0 || alive.RV > at || alive.Ref.UID == "" || listed.has(alive.Ref.UID) {
			continue
		}
		out = append(out, &record.Record{
			Kind: record.KindEnd, Ref: alive.Ref,
			End:        &record.End{After: alive.RV, Before: at, Sources: record.FromList},
			Provenance: record.Provenance{Sources: record.FromList},
		})
		if len(out) == goneAtOnce {
			break
		}
	}
	return out, nil
}

func crds() record.GroupResource {
	return record.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
}

// definitionGone ends what is left of a custom resource whose definition is gone, not after rv: the apiserver deletes the objects before
// the definition, but closes their watch without waiting for all of it to be told.
func (r *runner) definitionGone(name string, rv record.ResourceVersion) {
	gr := record.ParseGroupResource(name)
	if r.w.conf.Only != nil && !r.w.conf.Only(gr) {
		gr = record.GroupResource{} // others end them
	}
	if gr.Resource == "" || gr.Group == "" {
		return
	}
	s := scope{GroupResource: gr}
	watched := r.w.watched(s)
	r.w.all.Go(func() {
		if !sleep(r.w.running, definitionPatience) {
			return
		}
		last := r.w.newRunner(s, recording.Resource{Group: gr.Group, Resource: gr.Resource}, position{})
		defer last.out.drop()
		if last.endGone(r.w.running, make(uids), rv) != nil {
			return
		}
		var more []*record.Record
		if gap := last.neverSeen(rv); !watched && gap != nil {
			more = append(more, gap)
		}
		_ = last.out.deliver(r.w.running, nil, last.status.blocked, more...) // fails only when the watcher ends
	})
}

// neverSeen is the gap of a custom resource that nobody watched when its definition went, not after rv: nothing can be listed any more.
// It begins where an earlier watch had come, or is open if there was none.
func (r *runner) neverSeen(rv record.ResourceVersion) *record.Record {
	at, err := r.w.memory.position(r.w.running, r.scope)
	if err != nil || at.rv >= rv {
		return nil
	}
	now := r.w.now()
	r.status.gap()
	r.w.conf.Metrics.gap(r.w.conf.Cluster, record.GapWatchMissed)
	return &record.Record{Kind: record.KindGap, OccurredAt: at.since, Ref: r.ref(), Provenance: record.Provenance{ReceivedAt: now, Sources: record.FromWatch},
		Gap: &record.Gap{Reason: record.GapWatchMissed, Until: now, FromRV: at.rv, ToRV: rv, Detail: "its definition was removed while nobody watched it; what its objects became is not known"}}
}

// definitionPatience is how long the deletions of a custom resource's objects may take to be told.
const definitionPatience = 5 * time.Second

// progress is a fact of this runner's scope.
func (r *runner) progress(p record.Progress, from record.Sources, at time.Time) *record.Record {
	return &record.Record{
		Kind: record.KindProgress, Ref: r.ref(), Progress: &p,
		Provenance: record.Provenance{ReceivedAt: at, Sources: from},
	}
}

// run is the unbroken run up to the machine's position; nil where there is none.
func (r *runner) run(at time.Time) *record.Record {
	if r.m.from == 0 || r.m.lost != lossNone {
		return nil
	}
	return r.progress(record.Progress{RV: r.m.position, From: r.m.from}, record.FromWatch, at)
}

func (r *runner) ref() record.ObjectRef {
	return record.ObjectRef{Cluster: r.w.conf.Cluster, Group: r.scope.Group, Resource: r.scope.Resource, Namespace: r.scope.namespace}
}

package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Policy says how long facts are kept. A zero field does not bound.
type Policy struct {
	MaxAge   time.Duration // measured from the newest fact of each cluster
	MaxBytes int64         // on disk, all clusters together
}

// Retained tells what a retention did.
type Retained struct {
	Buckets int   // dropped
	Bytes   int64 // they had on disk, estimated
	Objects int   // whose last state was carried into the floor
}

// Retain drops the oldest buckets that a policy does not keep. Before a bucket goes, the floor takes from each
// object that was alive at its end the newest revision it had and who set its fields, in the same durable step. A cluster's
// newest bucket of each family is never dropped. It costs a read of every object with a revision in a dropped bucket.
func Retain(ctx context.Context, st store.Store, policy Policy) (Retained, error) {
	var out Retained
	buckets, err := oldestFirst(ctx, st)
	if err != nil {
		return out, err
	}
	clocks := readerClocks(st)
	for _, step := range choose(buckets, policy) {
		carried, err := dropStep(ctx, st, clocks, step)
		if err != nil {
			return out, err
		}
		for _, b := range step {
			out.Bytes += b.Bytes
		}
		out.Buckets += len(step)
		out.Objects += carried
	}
	return out, nil
}

// dropStep drops some buckets. A crash before Drop leaves them all, with a floor and makers that say no more than is so; one after
// it leaves at most makers of what is gone.
func dropStep(ctx context.Context, st store.Store, clocks *Clocks, step []agedBucket) (objects int, err error) {
	if err := keepMakers(ctx, st, clocks, step); err != nil {
		return 0, err
	}
	touched, err := touchedBy(ctx, st, step)
	if err != nil {
		return 0, err
	}
	var carried []store.Carried
	outlived := map[store.ObjectKey]bool{}
	for _, t := range touched {
		c, err := carryObject(ctx, st, clocks, t)
		if err != nil {
			return 0, fmt.Errorf("carry %s: %w", t.key.UID, err)
		}
		if c != nil {
			carried = append(carried, *c)
			outlived[t.key] = true
		}
	}
	if err := raiseFloor(ctx, st, step); err != nil {
		return 0, err
	}
	dropped := make([]store.Bucket, len(step))
	for i, b := range step {
		dropped[i] = b.Bucket
	}
	if err := st.Drop(ctx, dropped, carried); err != nil {
		return 0, fmt.Errorf("drop %d buckets: %w", len(dropped), err)
	}
	for _, t := range touched {
		if err := forgetMakers(ctx, st, t.key, t.rv, !outlived[t.key]); err != nil {
			return 0, err
		}
	}
	return len(carried), nil
}

// agedBucket is a bucket, and the moment after which it holds nothing; zero where that is not known.
type agedBucket struct {
	store.Bucket
	ends time.Time
	age  time.Duration // of that moment, behind the cluster's newest fact
}

// oldestFirst lists the buckets that may go: those with a known end, but for the newest of each cluster, family and storage.
func oldestFirst(ctx context.Context, st store.Store) ([]agedBucket, error) {
	clusters, err := st.Clusters(ctx)
	if err != nil {
		return nil, err
	}
	newest := map[record.Cluster]time.Time{}
	for _, c := range clusters {
		newest[c.Name] = c.Last
	}
	buckets, err := st.Buckets(ctx)
	if err != nil {
		return nil, err
	}
	clocks := readerClocks(st)
	var out []agedBucket
	for i, b := range buckets {
		if last := i+1 == len(buckets) || !sameRow(b, buckets[i+1]); last {
			continue
		}
		ends, err := bucketEnd(ctx, st, clocks, b)
		if err != nil {
			return nil, err
		}
		if !ends.IsZero() {
			out = append(out, agedBucket{b, ends, newest[b.Cluster].Sub(ends)})
		}
	}
	slices.SortStableFunc(out, func(a, b agedBucket) int { return cmp.Compare(b.age, a.age) })
	return out, nil
}

func sameRow(a, b store.Bucket) bool {
	return a.Cluster == b.Cluster && a.Family == b.Family && a.Storage == b.Storage
}

// bucketEnd is the moment after which nothing of a bucket happened.
func bucketEnd(ctx context.Context, st store.Store, clocks *Clocks, b store.Bucket) (time.Time, error) {
	if b.Family == store.FamilyTimed {
		return b.Time.To, nil
	}
	clock, err := clocks.Of(ctx, b.Cluster, b.Storage)
	if err != nil || clock.Epochs() > 1 && b.RVs.To == 0 {
		return time.Time{}, err
	}
	var last time.Time
	for n := range clock.Epochs() { // where resourceVersions ran back, the last time they passed counts
		w, err := clock.in(ctx, st, n, b.RVs.To)
		if err != nil {
			return time.Time{}, err
		}
		if w.NotAfter.IsZero() {
			return time.Time{}, nil
		}
		last = later(last, w.NotAfter)
	}
	return last, nil
}

// choose gives the buckets to drop, in steps; the oldest step comes first. One step holds all that ends within one hour.
func choose(buckets []agedBucket, policy Policy) [][]agedBucket {
	var total int64
	for _, b := range buckets {
		total += b.Bytes
	}
	var steps [][]agedBucket
	for _, b := range buckets {
		tooOld := policy.MaxAge > 0 && b.age > policy.MaxAge
		tooMuch := policy.MaxBytes > 0 && total > policy.MaxBytes
		if !tooOld && !tooMuch {
			break
		}
		total -= b.Bytes
		if n := len(steps); n > 0 && steps[n-1][0].age-b.age < time.Hour {
			steps[n-1] = append(steps[n-1], b)
			continue
		}
		steps = append(steps, []agedBucket{b})
	}
	return steps
}

const maxCarriedRevisions = 20_000

// touchedObject is an object with a revision in a bucket that is dropped.
type touchedObject struct {
	key store.ObjectKey
	rv  record.ResourceVersion // the last of the buckets
	at  time.Time              // their end
}

// touchedBy lists the objects that have a revision in buckets that are dropped.
func touchedBy(ctx context.Context, st store.Store, buckets []agedBucket) ([]*touchedObject, error) {
	seen := map[store.ObjectKey]*touchedObject{}
	var out []*touchedObject
	for _, b := range buckets {
		if b.Family != store.FamilyRevisions {
			continue
		}
		scan := store.WindowScan{Cluster: b.Cluster, Kinds: []record.Kind{record.KindRevision, record.KindEnd}, OnlyNamed: true, HeadsOnly: true,
			Revisions: map[record.Storage]store.RVRange{b.Storage: b.RVs}}
		for r, err := range st.Window(ctx, scan) {
			if err != nil {
				return nil, err
			}
			key := store.ObjectKey{Cluster: b.Cluster, UID: r.Ref.UID}
			t := seen[key]
			if t == nil {
				t = &touchedObject{key: key}
				seen[key] = t
				out = append(out, t)
			}
			t.rv, t.at = max(t.rv, b.RVs.To), later(t.at, b.ends)
		}
	}
	return out, nil
}

// carryObject makes the floor of one object at the end of the buckets; nil where it did not outlive them.
func carryObject(ctx context.Context, st store.Store, clocks *Clocks, t *touchedObject) (*store.Carried, error) {
	entry, err := st.Object(ctx, t.key)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	if entry.Ended && entry.LastRV <= t.rv {
		return nil, nil
	}
	life, err := ReadLife(ctx, st, clocks, entry, Bounds{Until: t.rv, Revisions: maxCarriedRevisions})
	if err != nil || len(life.States) == 0 {
		return nil, err
	}
	last := len(life.States) - 1
	fields, err := life.Blame(last, BlameOptions{})
	if err != nil {
		return nil, err
	}
	blame := object.EncodeBlame(fields, life.States, func(i int) []byte { return encodeMaker(life.Makers[i], life.When[i]) })
	return &store.Carried{Key: t.key, Revision: lastWhole(life.States), Blame: blame, At: t.at}, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// lastWhole gives the variants of the newest revision, and of those before it that it is only a part of.
func lastWhole(states []object.State) []*record.Record {
	first := len(states) - 1
	for first > 0 && states[first].Partial != record.Whole {
		first--
	}
	var out []*record.Record
	for _, s := range states[first:] {
		out = append(out, s.Chosen.Records...)
	}
	return out
}

func floorKey(c record.Cluster) string { return "floor/" + string(c) }

// raiseFloor notes, before anything is dropped, the moment before which a cluster's records are gone. A crash
// in between says too little coverage, never too much.
func raiseFloor(ctx context.Context, st store.Store, buckets []agedBucket) error {
	floors := map[record.Cluster]time.Time{}
	for _, b := range buckets {
		floors[b.Cluster] = later(floors[b.Cluster], b.ends)
	}
	for cluster, at := range floors {
		old, err := Floor(ctx, st, cluster)
		if err != nil {
			return err
		}
		text, err := later(old, at).UTC().MarshalText()
		if err != nil {
			return fmt.Errorf("write the floor of cluster %s: %w", cluster, err)
		}
		if err := st.SetMeta(ctx, floorKey(cluster), text); err != nil {
			return err
		}
	}
	return nil
}

// Floor is the moment before which records of a cluster were dropped; zero if none were.
func Floor(ctx context.Context, st store.Store, cluster record.Cluster) (time.Time, error) {
	text, err := st.Meta(ctx, floorKey(cluster))
	if err != nil || len(text) == 0 {
		return time.Time{}, err
	}
	var at time.Time
	if err := at.UnmarshalText(text); err != nil {
		return time.Time{}, fmt.Errorf("read the floor of cluster %s: %w", cluster, err)
	}
	return at, nil
}

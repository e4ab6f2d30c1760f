package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// slack is how far around an object's life requests to its name may lie: clocks of apiservers differ, and
// creationTimestamps are cut to seconds.
const slack = 2 * time.Second

// longestCreate is how long before the creationTimestamp its create may have begun: the apiserver sets that once admission has let the object
// pass, and gives a request a minute.
const longestCreate = time.Minute

// Bounds of what is read of one object.
type Bounds struct {
	// Revisions and Requests are how many at most; the newest are kept. Zero: no bound.
	Revisions, Requests int
	// Until leaves out revisions behind a resourceVersion; zero: none.
	Until record.ResourceVersion
	// Reads: also get, list and watch requests.
	Reads bool
	// Events: also the Kubernetes Events that regard the object.
	Events bool
	// Makers: only when states were made and by whom is asked for. Of their Values the first is read, and Follows is not found out.
	Makers bool
	// Shared, where set, is used for what several lives have in common.
	Shared *Shared

	skew time.Duration // of the clocks
}

// Records is everything recorded of one object, as stored.
type Records struct {
	Entry *store.Entry
	// Revisions are groups of variants, by rising resourceVersion; the oldest may come from the floor.
	Revisions [][]*record.Record
	End       *record.Record
	// Requests to its name, its subresources and its collection within its life, by time.
	Requests []*record.Record
	Events   []*record.Record
	Floor    *store.Carried
	// Cut says which bound left something out; empty if none.
	Cut string
	// written: requests to its name or its collection lie in its life, also such that can not concern it.
	written bool
	others  []*record.Record // such that made other objects, while requests are read
}

// readRecords collects the records of one object.
func readRecords(ctx context.Context, st store.Store, entry *store.Entry, bounds Bounds) (*Records, error) {
	r := &Records{Entry: entry}
	if err := r.readRevisions(ctx, st, bounds); err != nil {
		return nil, err
	}
	end, err := st.End(ctx, entry.Key())
	switch {
	case err == nil:
		r.End = end
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	floor, err := st.Floor(ctx, entry.Key())
	switch {
	case err == nil:
		r.Floor = floor
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	if err := r.readRequests(ctx, st, bounds); err != nil {
		return nil, err
	}
	if !bounds.Events {
		return r, nil
	}
	return r, r.readEvents(ctx, st)
}

func (r *Records) readRevisions(ctx context.Context, st store.Store, bounds Bounds) error {
	dropped := 0
	for rev, err := range st.Revisions(ctx, r.Entry.Key(), store.RVRange{To: bounds.Until}) {
		if err != nil {
			return err
		}
		n := len(r.Revisions)
		if n > 0 && r.Revisions[n-1][0].Revision.RV == rev.Revision.RV {
			r.Revisions[n-1] = append(r.Revisions[n-1], rev)
			continue
		}
		r.Revisions = append(r.Revisions, []*record.Record{rev})
		if bounds.Revisions > 0 && n >= 2*bounds.Revisions { // let the oldest go, half of them at a time
			dropped += n + 1 - bounds.Revisions
			r.Revisions = slices.Clone(r.Revisions[n+1-bounds.Revisions:])
		}
	}
	if over := len(r.Revisions) - bounds.Revisions; bounds.Revisions > 0 && over > 0 {
		dropped += over
		r.Revisions = r.Revisions[over:]
	}
	if dropped > 0 {
		r.Cut = fmt.Sprintf("only the newest %d revisions were read, %d older ones were not", bounds.Revisions, dropped)
	}
	return nil
}

// Between is the time in which requests to the object's name may be meant for it.
func (r *Records) between() store.TimeRange {
	var t store.TimeRange
	if !r.Entry.CreatedAt.IsZero() {
		t.From = r.Entry.CreatedAt.Add(-slack - longestCreate)
	}
	if r.End != nil {
		for _, q := range r.End.End.Requests {
			if to := q.StageAt.Add(slack); to.After(t.To) {
				t.To = to
			}
		}
	}
	return t
}

func (r *Records) readRequests(ctx context.Context, st store.Store, bounds Bounds) error {
	ref := r.Entry.Ref
	scan := store.RequestScan{Cluster: ref.Cluster, Resource: ref.GroupResource(), Namespace: ref.Namespace, Name: ref.Name,
		Between: r.between(), Reads: bounds.Reads}
	for q, err := range st.Requests(ctx, scan) {
		if err != nil {
			return err
		}
		if !r.take(q, bounds) {
			break
		}
	}
	scan.Reads = false // a list says nothing of one object
	namespaces := []string{ref.Namespace}
	if ref.Namespace != "" {
		namespaces = append(namespaces, "") // the collection of all namespaces
	}
	for _, ns := range namespaces {
		list, err := bounds.Shared.collection(ctx, st, collectionKey{ref.Cluster, ref.GroupResource(), ns}, scan.Between)
		if err != nil {
			return err
		}
		for _, q := range list {
			if !r.take(q, bounds) {
				break
			}
		}
	}
	r.sameAuditID()
	sortRequests(r.Requests)
	r.Requests = slices.CompactFunc(r.Requests, func(a, b *record.Record) bool { return a == b })
	return nil
}

// sameAuditID adds those creates of others again that are stages of requests that count, or have their audit ID for another reason.
func (r *Records) sameAuditID() {
	others := r.others
	if r.others = nil; len(others) == 0 {
		return
	}
	ids := make(map[string]bool, len(r.Requests))
	for _, q := range r.Requests {
		ids[q.Request.AuditID] = true
	}
	for _, q := range others {
		if ids[q.Request.AuditID] {
			r.Requests = append(r.Requests, q)
		}
	}
}

// take adds a request that may concern the object; false where a bound says that it is one too many.
func (r *Records) take(q *record.Record, bounds Bounds) bool {
	ofCollection := q.Ref.Name == ""
	if ofCollection && q.Request.IsRead() || r.isBefore(q) {
		return true
	}
	r.written = true
	if ofCollection && r.createsAnother(q, bounds.skew) {
		r.others = append(r.others, q)
		return true
	}
	if bounds.Requests > 0 && len(r.Requests) >= bounds.Requests {
		r.Cut = fmt.Sprintf("more than %d requests to its name and collection lie in its life", bounds.Requests)
		return false
	}
	r.Requests = append(r.Requests, q)
	return true
}

// createsAnother reports whether a request is a create without a name that made another object, by its answer or by its time: of a herd of
// siblings each need not look at the creates of all.
// The creates that joining counts are those whose seconds touch, up to join.SiblingsWithin behind the object's own.
func (r *Records) createsAnother(q *record.Record, skew time.Duration) bool {
	if q.Request.Verb != "create" || q.Ref.Subresource != "" {
		return false
	}
	if uid := q.Request.AnswerUID; uid != "" && uid != r.Entry.Ref.UID {
		return true
	}
	return !r.Entry.CreatedAt.IsZero() && q.OccurredAt.After(r.Entry.CreatedAt.Add(join.SiblingsWithin+slack+2*skew))
}

// isBefore reports whether a request had ended when the object was created.
func (r *Records) isBefore(q *record.Record) bool {
	if r.Entry.CreatedAt.IsZero() {
		return false
	}
	begins := r.Entry.CreatedAt.Add(-slack)
	return q.OccurredAt.Before(begins) && q.Request.StageAt.Before(begins)
}

func sortRequests(list []*record.Record) {
	slices.SortFunc(list, func(a, b *record.Record) int {
		if c := a.OccurredAt.Compare(b.OccurredAt); c != 0 || a == b {
			return c
		}
		x, y := a.ID(), b.ID()
		return bytes.Compare(x[:], y[:])
	})
}

func (r *Records) readEvents(ctx context.Context, st store.Store) error {
	ref := r.Entry.Ref
	for ev, err := range st.Events(ctx, store.EventScan{Cluster: ref.Cluster, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}) {
		if err != nil {
			return err
		}
		r.Events = append(r.Events, ev)
	}
	return nil
}

package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Joined is what join says of a life: one element for each state.
type Joined struct {
	Epochs []int
	When   []Interval
	Makers []join.Maker
	// EndWhen and EndMaker are set where the life has ended.
	EndWhen  Interval
	EndMaker join.Maker
	NoOps    map[record.ID]bool
	Reused   map[string]bool // audit IDs that several requests share
	Losses   []Loss
}

// Loss is a fact that was not recorded although the records show that there was one.
type Loss struct {
	Reason   string // missing-revision, missing-request, ...
	FromRV   record.ResourceVersion
	ToRV     record.ResourceVersion
	Sentence string
}

// join finds out when each state was committed and which request made it.
func (l *Life) join(ctx context.Context, st store.Store, clock *Clock) error {
	in := join.Input{Ref: l.Entry.Ref, End: l.End, Requests: l.Requests}
	reader := clock.Reader(st)
	for i := range l.States {
		when, err := reader.When(ctx, l.States[i].RV)
		if err != nil {
			return err
		}
		in.Revisions = append(in.Revisions, join.Revision{Record: l.States[i].Chosen.Best(), When: when, Epoch: 0})
	}
	if l.End != nil && l.End.End.RV != 0 {
		when, err := reader.When(ctx, l.End.End.RV)
		if err != nil {
			return err
		}
		in.EndWhen = when
	}
	var err error
	if in.Siblings, err = l.siblings(ctx, st, reader); err != nil {
		return err
	}
	out := join.Object(in)
	l.Joined = Joined{NoOps: out.NoOps, EndWhen: out.EndWhen, EndMaker: out.End, Reused: map[string]bool{}}
	for _, id := range out.Reused {
		l.Reused[id] = true
	}
	for i := range l.States {
		rv := l.States[i].RV
		maker, ok := out.Makers[rv]
		if !ok {
			maker.Certainty = join.Unknown
		}
		l.Makers = append(l.Makers, maker)
		l.When = append(l.When, out.Intervals[rv])
		l.Epochs = append(l.Epochs, in.Revisions[i].Epoch)
	}
	return nil
}

const (
	maxSiblings   = 500
	siblingWithin = 3 * time.Second
)

// siblings are the other objects of its collection that were created by generateName at about its time. They are only
// read where a create without a name was recorded without its answer.
func (l *Life) siblings(ctx context.Context, st store.Store, clock *ClockReader) ([]join.Sibling, error) {
	nameless := slices.ContainsFunc(l.Requests, func(r *record.Record) bool {
		return r.Ref.Name == "" && r.Request.Verb == "create" && r.Request.AnswerUID == ""
	})
	if !nameless || len(l.States) == 0 || l.Entry.CreatedAt.IsZero() || l.States[0].Value.Get("metadata", "generateName").Str() == "" {
		return nil, nil
	}
	gr := l.Entry.Ref.GroupResource()
	var out []join.Sibling
	for e, err := range st.Objects(ctx, store.ObjectScan{Cluster: l.Entry.Ref.Cluster, Resource: &gr, Namespace: l.Entry.Ref.Namespace}) {
		if err != nil {
			return nil, err
		}
		if e.Ref.UID == l.Entry.Ref.UID || e.CreatedAt.Sub(l.Entry.CreatedAt).Abs() > siblingWithin {
			continue
		}
		generated, err := generatedName(ctx, st, e)
		if err != nil {
			return nil, err
		}
		if !generated {
			continue
		}
		when, err := clock.When(ctx, e.FirstRV)
		if err != nil {
			return nil, err
		}
		if out = append(out, join.Sibling{UID: e.Ref.UID, RV: e.FirstRV, CreatedAt: e.CreatedAt, When: when}); len(out) > maxSiblings {
			return nil, nil // none rather than some
		}
	}
	return out, nil
}

func generatedName(ctx context.Context, st store.Store, e *store.Entry) (bool, error) {
	variants, err := st.RevisionBefore(ctx, e.Key(), e.FirstRV)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the first revision of %s: %w", e.Ref.UID, err)
	}
	chosen := object.Choose(variants)
	body, err := object.Parse(chosen.Best().Revision.Body)
	return err == nil && body.Get("metadata", "generateName").Str() != "", nil
}

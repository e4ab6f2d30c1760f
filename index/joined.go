package index

import (
	"cmp"
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
	// Losses are the facts that the records show to be lost.
	Losses []join.Loss
	made   map[record.ID][]int
}

// MadeBy gives the states that a request made, in order.
func (j *Joined) MadeBy(request record.ID) []int { return j.made[request] }

// join finds out when each state was committed and which request made it.
func (l *Life) join(ctx context.Context, st store.Store, clock *Clock, shared *Shared) error {
	in := join.Input{Ref: l.Entry.Ref, End: l.End, Requests: l.Requests, Skew: clock.skew}
	reader := shared.reader(clock, st)
	var err error
	for i := range l.States {
		when, err := reader.WhenIn(ctx, l.Epochs[i], l.States[i].RV)
		if err != nil {
			return err
		}
		in.Revisions = append(in.Revisions, join.Revision{Record: l.States[i].Chosen.Best(), When: when, Epoch: l.Epochs[i]})
	}
	if l.End != nil && l.End.End.RV != 0 {
		if in.EndWhen, err = endWhen(ctx, reader, l.Epochs, l.End); err != nil {
			return err
		}
	}
	seen, err := l.seen(ctx, st, clock, shared)
	if err != nil {
		return err
	}
	in.CreatedInRecording = seen.created
	if in.Siblings, err = l.siblings(ctx, st, reader, shared); err != nil {
		return err
	}
	if in.Along, err = l.along(ctx, st, clock, shared); err != nil {
		return err
	}
	out := join.ByEpoch(in, clock.joinEpochs())
	losses := slices.DeleteFunc(out.Losses, func(loss join.Loss) bool {
		return loss.Kind == join.MissingRequest && !seen.audited // the audit policy leaves the resource out
	})
	l.Joined = Joined{Epochs: l.Epochs, Losses: losses, NoOps: out.NoOps, EndWhen: out.EndWhen, EndMaker: out.End, Reused: map[string]bool{}}
	for _, id := range out.Reused {
		l.Reused[id] = true
	}
	l.Makers, l.When = out.Makers, out.Intervals
	l.tellTwice(clock.joinEpochs())
	l.made = map[record.ID][]int{}
	for i, m := range l.Makers {
		if m.Request != nil {
			id := m.Request.ID()
			l.made[id] = append(l.made[id], i)
		}
	}
	l.namedLosses()
	return l.tellNotAudited(ctx, st)
}

// tellTwice names all candidates of a state of which two bodies are known whose times do not tell the epoch, where requests of several
// epochs answered its resourceVersion: which of them made which body is not known.
func (l *Life) tellTwice(epochs []join.Epoch) {
	if len(epochs) < 2 {
		return
	}
	for i := range l.States {
		if !l.States[i].Chosen.Conflict {
			continue
		}
		if of := join.AnsweredInEpochs(epochs, l.States[i].Chosen.Best(), l.Requests); of != nil {
			l.Makers[i] = join.Maker{Certainty: join.Candidates, Candidates: of, Evidence: []string{fmt.Sprintf(
				"A restore let resourceVersion %d be used twice, and the bodies do not tell when they were written.", l.States[i].RV)}}
		}
	}
}

// endWhen bounds the end by its resourceVersion, in the epoch of the last state: an object does not come through a restore
// without a state of the new epoch.
func endWhen(ctx context.Context, reader *ClockReader, epochs []int, end *record.Record) (Interval, error) {
	if len(epochs) == 0 {
		return reader.When(ctx, end.End.RV)
	}
	return reader.WhenIn(ctx, epochs[len(epochs)-1], end.End.RV)
}

// namedLosses adds the states that requests name and that were not recorded: whoever names a resourceVersion has read it.
func (l *Life) namedLosses() {
	if len(l.States) == 0 || l.Epochs[len(l.Epochs)-1] != l.Epochs[0] {
		return
	}
	known := map[record.ResourceVersion]bool{}
	for i := range l.States {
		known[l.States[i].RV] = true
	}
	for _, loss := range l.Losses {
		known[loss.ToRV] = known[loss.ToRV] || (loss.Kind == join.MissingRevision && loss.FromRV == loss.ToRV)
	}
	for _, r := range l.Requests {
		rv := r.Request.NamedRV
		if known[rv] || rv <= l.States[0].RV || cmp.Or(r.Request.NamedUID, r.Ref.UID) != l.Entry.Ref.UID {
			continue
		}
		known[rv] = true
		l.Losses = append(l.Losses, join.Loss{Kind: join.MissingRevision, FromRV: rv, ToRV: rv, Request: r.ID(),
			Sentence: fmt.Sprintf("The %s by %s names resourceVersion %d, which was not recorded.", r.Request.Verb, r.Request.Actor.User, rv)})
	}
	slices.SortStableFunc(l.Losses, func(a, b join.Loss) int { return cmp.Or(cmp.Compare(a.ToRV, b.ToRV), cmp.Compare(a.FromRV, b.FromRV)) })
}

// along gives the requests that may have ended the object that this one goes with: the last of its name that ended before.
func (l *Life) along(ctx context.Context, st store.Store, clock *Clock, shared *Shared) ([]*record.Record, error) {
	with, ok := join.GoesWith(l.Entry.Ref)
	if !ok || l.End == nil || l.End.End.RV == 0 {
		return nil, nil
	}
	resource := with.GroupResource()
	var last *store.Entry
	var ended record.ResourceVersion
	for entry, err := range st.Objects(ctx, store.ObjectScan{Cluster: with.Cluster, Resource: &resource, Namespace: with.Namespace, Name: with.Name}) {
		if err != nil {
			return nil, err
		}
		if entry.Storage != l.Entry.Storage {
			continue
		}
		end, err := st.End(ctx, entry.Key())
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if rv := end.End.RV; rv > ended && rv < l.End.End.RV {
			last, ended = entry, rv
		}
	}
	if last == nil {
		return nil, nil
	}
	life, err := readLife(ctx, st, clock, last, Bounds{Makers: true, Shared: shared})
	if err != nil {
		return nil, err
	}
	if m := life.EndMaker; m.Request != nil {
		return []*record.Record{m.Request}, nil
	}
	return life.EndMaker.Candidates, nil
}

// sight is how much of an object's resource was recorded.
type sight struct {
	audited bool // writes to it were, in the hour of its creation or later
	created bool // the object was created while its writes were recorded
}

func (l *Life) seen(ctx context.Context, st store.Store, clock *Clock, shared *Shared) (sight, error) {
	out := sight{audited: l.written}
	if l.Entry.CreatedAt.IsZero() {
		return out, nil
	}
	hour := l.Entry.CreatedAt.Truncate(time.Hour)
	gr := l.Entry.Ref.GroupResource()
	written, err := shared.writesSeen(ctx, st, l.Entry.Ref.Cluster, hour)
	if err != nil {
		return out, err
	}
	covered := written[gr]
	out.audited = out.audited || covered
	out.created = covered && !clock.Begins().IsZero() && l.Entry.CreatedAt.After(clock.Begins().Add(slack)) && !l.startsAtFloor()
	return out, nil
}

const (
	maxSiblings   = 500
	siblingWithin = 3 * time.Second
)

// siblings are the other objects of its collection that were created by generateName at about its time. They are only
// read where a create without a name was recorded without its answer.
func (l *Life) siblings(ctx context.Context, st store.Store, clock *ClockReader, shared *Shared) ([]join.Sibling, error) {
	nameless := slices.ContainsFunc(l.Requests, func(r *record.Record) bool {
		return r.Ref.Name == "" && r.Request.Verb == "create" && r.Request.AnswerUID == ""
	})
	if !nameless || len(l.States) == 0 || l.Entry.CreatedAt.IsZero() || l.States[0].Value.Get("metadata", "generateName").Str() == "" {
		return nil, nil
	}
	return shared.bornAbout(ctx, st, clock, l.Entry, maxSiblings)
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

package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// accused is a workload that may have failed, and the Pods below it that show it.
type accused struct {
	entry *store.Entry
	pods  []*suspected
	via   map[store.ObjectKey]*store.Entry // between it and its Pods
	sign  record.ResourceVersion           // the newest sign of trouble
}

// judge reads the workloads that show signs of trouble, those with the newest signs first, at most so many.
func (f *failures) judge(ctx context.Context, most int) ([]engine.FailingObject, error) {
	list, err := f.accuse(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *accused) int {
		return cmp.Or(cmp.Compare(b.sign, a.sign), cmp.Compare(a.entry.Ref.UID, b.entry.Ref.UID))
	})
	if n := len(list); n > most {
		f.cut = joinCuts(f.cut, fmt.Sprintf("%d workloads show signs of trouble, the newest %d were looked at: narrow the window, or name a namespace", n, most))
		list = list[:most]
	}
	found := make([]*engine.FailingObject, len(list))
	err = inParallel(len(list), nil, func(from, to int) error {
		t, err := f.trialReaders(ctx)
		if err != nil {
			return err
		}
		for i := from; i < to; i++ {
			if found[i], err = t.hear(ctx, list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	var out []engine.FailingObject
	for _, o := range found {
		if o != nil {
			out = append(out, *o)
		}
	}
	return out, err
}

// accuse gathers the workloads: those that show trouble themselves, and those whose Pods do.
func (f *failures) accuse(ctx context.Context) ([]*accused, error) {
	c := &climber{f: f, at: map[store.ObjectKey]*accused{}, entries: map[store.ObjectKey]*store.Entry{}}
	keys := make([]store.ObjectKey, 0, len(f.suspects))
	for key := range f.suspects {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b store.ObjectKey) int { return cmp.Compare(a.UID, b.UID) })
	spans := f.e.spans()
	for _, key := range keys {
		s := f.suspects[key]
		entry, err := c.entry(ctx, key)
		if err != nil {
			return nil, err
		}
		if entry == nil {
			continue
		}
		switch {
		case s.kind == "Pod":
			err = c.pod(ctx, s, entry)
		case s.bad != 0:
			err = c.workload(ctx, entry, s.bad)
		default:
			var stuck bool
			if stuck, err = f.stuck(ctx, spans, s, entry); stuck {
				err = c.workload(ctx, entry, s.turns[len(s.turns)-1].rv)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	out := make([]*accused, 0, len(c.at))
	for _, a := range c.at {
		out = append(out, a)
	}
	return out, nil
}

// stuck reports whether a workload may have been on its way for too long.
func (f *failures) stuck(ctx context.Context, spans *spans, s *suspected, entry *store.Entry) (bool, error) {
	slices.SortFunc(s.turns, func(a, b turn) int { return cmp.Compare(a.rv, b.rv) })
	var since time.Time
	for _, t := range s.turns {
		if t.settled == since.IsZero() {
			continue // it goes on as it was
		}
		at, err := spans.at(ctx, entry, t.rv, time.Time{})
		if err != nil {
			return false, err
		}
		if !t.settled {
			since = at
			continue
		}
		if at.Sub(since) >= s.deadline {
			return true, nil
		}
		since = time.Time{}
	}
	if since.IsZero() {
		return false, nil
	}
	to := f.to
	if entry.Ended {
		end, err := spans.end(ctx, entry)
		if err != nil {
			return false, err
		}
		if !end.IsZero() && end.Before(to) {
			return end.Sub(since) >= s.deadline, nil
		}
	}
	return to.Sub(since) >= shortestDeadline, nil
}

// climber finds the workloads that Pods belong to.
type climber struct {
	f       *failures
	at      map[store.ObjectKey]*accused
	entries map[store.ObjectKey]*store.Entry
}

func (c *climber) entry(ctx context.Context, key store.ObjectKey) (*store.Entry, error) {
	if e, known := c.entries[key]; known || key.UID == "" {
		return e, nil
	}
	e, err := c.f.e.st.Object(ctx, key)
	if isNotFound(err) {
		e, err = nil, nil
	}
	c.entries[key] = e
	return e, err
}

func (c *climber) accused(entry *store.Entry, sign record.ResourceVersion) *accused {
	a := c.at[entry.Key()]
	if a == nil {
		a = &accused{entry: entry, via: map[store.ObjectKey]*store.Entry{}}
		c.at[entry.Key()] = a
	}
	a.sign = max(a.sign, sign)
	return a
}

// pod accuses the workload that a Pod belongs to; the Pod itself where there is none.
func (c *climber) pod(ctx context.Context, s *suspected, entry *store.Entry) error {
	top, via, err := c.climb(ctx, entry, s.owner)
	if err != nil {
		return err
	}
	a := c.accused(top, s.bad)
	if top.Ref.UID == entry.Ref.UID {
		return nil
	}
	a.pods = append(a.pods, s)
	for _, v := range via {
		a.via[v.Key()] = v
	}
	return nil
}

// workload accuses the workload on top of one.
func (c *climber) workload(ctx context.Context, entry *store.Entry, sign record.ResourceVersion) error {
	owner, err := c.ownerOf(ctx, entry)
	if err != nil {
		return err
	}
	top, via, err := c.climb(ctx, entry, owner)
	if err != nil {
		return err
	}
	a := c.accused(top, sign)
	for _, v := range via {
		a.via[v.Key()] = v
	}
	return nil
}

// climb follows the owners up to the last one that is recorded and runs Pods: not to a Node, and not to what makes a Job now and then.
func (c *climber) climb(ctx context.Context, entry *store.Entry, owner record.UID) (top *store.Entry, via []*store.Entry, err error) {
	top = entry
	for range maxClimb {
		above, err := c.entry(ctx, store.ObjectKey{Cluster: c.f.info.Name, UID: owner})
		if err != nil {
			return nil, nil, err
		}
		if above == nil || above.Ref.UID == top.Ref.UID || above.Ref.Resource == "nodes" || above.Ref.Resource == "cronjobs" {
			break
		}
		if top != entry {
			via = append(via, top)
		}
		top = above
		if owner, err = c.ownerOf(ctx, above); err != nil {
			return nil, nil, err
		}
	}
	return top, via, nil
}

// ownerOf gives the owner that an object names; of several the controller in its last state.
func (c *climber) ownerOf(ctx context.Context, entry *store.Entry) (record.UID, error) {
	if len(entry.Owners) < 2 {
		if len(entry.Owners) == 0 {
			return "", nil
		}
		return entry.Owners[0], nil
	}
	for brief, err := range c.f.e.st.Briefs(ctx, []store.BriefAsk{{Key: entry.Key(), Last: true}}) {
		if err != nil {
			return "", err
		}
		return controllerOf(brief), nil
	}
	return "", nil
}

package watch

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"

	"k8s.io/client-go/discovery"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/recording"
)

// discovered is what discovery last told.
type discovered struct {
	at     time.Time
	err    string
	broken map[string]string // group/version and why
}

const (
	// settle is how long a change of what the cluster serves is left to show in discovery.
	settle       = 250 * time.Millisecond
	discoverMost = time.Minute
	// retireAfter is how long a resource that is no longer served may tell the deletions of its objects. An apiserver that has
	// just started serves custom resources some seconds later.
	retireAfter = 15 * time.Second
)

// afterChange says when to look again after a change: discovery follows it with some delay.
func afterChange() []time.Duration {
	return []time.Duration{settle, time.Second, 3 * time.Second, 8 * time.Second, retireAfter + time.Second}
}

// nudge says that what the cluster serves may have changed.
func (w *Watcher) nudge() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// discover starts and stops runners as resources come and go, until ctx ends.
func (w *Watcher) discover(ctx context.Context) {
	failures := 0
	var again []time.Duration
	for {
		err := w.look(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := w.spread(w.options.DiscoverEvery)
		if err != nil {
			wait = w.spread(min(discoverMost, backoffLeast<<min(failures, 10)))
			if failures++; failures == 1 {
				w.log.Warn("watch can not discover what the cluster serves", "error", err)
			}
		} else if failures > 0 {
			failures, again = 0, afterChange()
		}
		if len(again) > 0 && again[0] < wait {
			wait, again = again[0], again[1:]
		}
		t := time.NewTimer(wait)
		select {
		case <-w.changed:
			t.Stop()
			again = afterChange()
			if !sleep(ctx, again[0]) {
				return
			}
			again = again[1:]
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// look asks once. A group that does not answer leaves the others alone, and its own resources as they are.
func (w *Watcher) look(ctx context.Context) error {
	ctxLook, cancel := context.WithTimeout(ctx, headerTimeout)
	groups, lists, err := discovery.ServerGroupsAndResourcesWithContext(ctxLook, w.client.disco)
	cancel()
	broken := make(map[string]string)
	groupsOf := make(map[string]bool)
	var partial *discovery.ErrGroupDiscoveryFailed
	if errors.As(err, &partial) {
		for gv, why := range partial.Groups {
			broken[gv.String()] = cmp.Or(why.Error(), "it does not answer")
			groupsOf[gv.Group] = true
		}
		err = nil
	}
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.discovered.err = err.Error()
		return err
	}
	return w.apply(ctx, preferred(groups, lists), broken, groupsOf)
}

// apply makes the runners what the cluster serves.
func (w *Watcher) apply(ctx context.Context, resources []served, broken map[string]string, brokenGroups map[string]bool) error {
	wanted, leftOut := w.choose(resources)
	positions := make(map[scope]position, len(wanted))
	for s := range wanted { // asked before the lock: the sink may be far away
		at, err := w.memory.position(ctx, s)
		if err != nil {
			return err
		}
		positions[s] = at
	}
	stopped := w.stopOthers(wanted, brokenGroups)
	for _, r := range stopped { // a run goes on only after its runner has ended
		select {
		case <-r.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range stopped {
		delete(w.runners, r.scope)
		positions[r.scope] = r.durable
		w.memory.leave(r.scope, positions[r.scope])
	}
	for s, res := range wanted {
		if w.runners[s] == nil {
			w.start(ctx, s, res, positions[s])
		}
	}
	w.leftOut = leftOut
	w.discovered = discovered{at: w.now(), broken: broken}
	return nil
}

// choose says what is wanted and what is left out.
func (w *Watcher) choose(resources []served) (wanted map[scope]recording.Resource, leftOut []ResourceStatus) {
	wanted = make(map[scope]recording.Resource)
	coreEvents := false
	for _, r := range resources {
		coreEvents = coreEvents || r.GroupResource() == record.GroupResource{Resource: "events"} && r.watchable && r.listable
	}
	for _, r := range resources {
		gr := r.GroupResource()
		if w.conf.Only != nil && !w.conf.Only(gr) {
			continue
		}
		if reason := w.options.leftOut(r, coreEvents); reason != "" {
			leftOut = append(leftOut, ResourceStatus{Resource: gr, Version: r.Version, State: Excluded, Reason: reason})
			continue
		}
		if len(w.options.Namespaces) == 0 {
			wanted[scope{GroupResource: gr}] = r.Resource
		}
		for _, n := range w.options.Namespaces {
			wanted[scope{GroupResource: gr, namespace: n}] = r.Resource
		}
	}
	return wanted, leftOut
}

// stopOthers ends the runners of what is no longer served, after some time, and of what is served in another version now.
func (w *Watcher) stopOthers(wanted map[scope]recording.Resource, brokenGroups map[string]bool) []*runner {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	var stopped []*runner
	for s, r := range w.runners {
		res, ok := wanted[s]
		switch {
		case ok:
			if !r.goneAt.IsZero() {
				r.goneAt = time.Time{}
				r.wake()
			}
			if res == r.resource {
				continue
			}
		case brokenGroups[s.Group]:
			continue
		case r.goneAt.IsZero():
			r.goneAt = now
			w.nudge() // look again, and then
			continue
		case now.Sub(r.goneAt) < retireAfter:
			continue
		}
		r.stop()
		stopped = append(stopped, r)
	}
	return stopped
}

// triggers are the resources whose changes change what a cluster serves.
func triggers() []recording.Resource {
	return []recording.Resource{
		{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
		{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
	}
}

// trigger watches such a resource only to look again in time; nothing of it is recorded here. Where it is not allowed,
// discovery is asked from time to time.
func (w *Watcher) trigger(ctx context.Context, r recording.Resource) {
	const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
	for failures := 0; ; failures++ {
		query := url.Values{"watch": {"1"}, "timeoutSeconds": {"600"}}
		wait := w.spread(min(discoverMost, backoffLeast<<min(failures, 10)))
		body, err := w.client.open(ctx, w.client.path(r, ""), query, accept)
		if f, _ := failureOf(err); err != nil && (f == forbidden || f == missing) {
			wait = w.spread(backoffRefused)
		}
		if err == nil {
			lines := readLines(ctx, body, w.options.LineBytes)
			for range lines.next {
				failures = 0
				w.nudge()
				select {
				case lines.done <- struct{}{}:
				case <-ctx.Done():
				}
			}
			body.Close()
		}
		if !sleep(ctx, wait) {
			return
		}
	}
}

package watch

import (
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// State is what becomes of one resource.
type State string

// The states of a resource.
const (
	Waiting   State = "waiting"   // not begun
	Listing   State = "listing"   // a list is under way
	Watching  State = "watching"  // every change is recorded as it happens
	Forbidden State = "forbidden" // the apiserver does not allow it; asked again every few minutes
	Failing   State = "failing"   // tried again and again; Reason says why
	Excluded  State = "excluded"  // not wanted, or not possible; Reason says why
)

// States lists them all.
func States() []State { return []State{Waiting, Listing, Watching, Forbidden, Failing, Excluded} }

// Status of a Watcher at one moment.
type Status struct {
	Cluster record.Cluster
	// DiscoveredAt is when the cluster last told what it serves; DiscoveryError why it did not since.
	DiscoveredAt   time.Time
	DiscoveryError string
	// BrokenGroups are the API groups (with version) that could not be discovered, and why. What was watched of them still is.
	BrokenGroups map[string]string
	Resources    []ResourceStatus // by resource, then namespace
}

// ResourceStatus tells of one resource in one scope.
type ResourceStatus struct {
	Resource  record.GroupResource
	Version   string
	Namespace string // empty: all
	State     State
	Reason    string // of Forbidden, Failing and Excluded, and where a delivery waits; no secrets
	Since     time.Time
	RV        record.ResourceVersion // everything up to it was seen
	Objects   int                    // of the last list
	Events    int64                  // watch events
	Restarts  int                    // watches and lists that ended otherwise than in order
	Gaps      int
	LastEvent time.Time // our clock; zero: none yet
}

// resourceStatus is the live form.
type resourceStatus struct {
	now func() time.Time

	mu    sync.Mutex
	s     ResourceStatus // guarded by mu
	fails int            // in a row; guarded by mu
	wait  string         // why a delivery waits; guarded by mu
}

func (r *resourceStatus) snapshot() ResourceStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.s
	if r.wait != "" {
		s.Reason = r.wait
	}
	return s
}

func (r *resourceStatus) state() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.s.State
}

func (r *resourceStatus) set(s State, reason string) {
	if r.s.State != s {
		r.s.Since = r.now()
	}
	r.s.State, r.s.Reason = s, reason
}

// doing notes the begin of a step. A resource that fails is failing until something succeeds.
func (r *resourceStatus) doing(v verb, position record.ResourceVersion) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.RV = position
	if r.s.State == Forbidden || r.s.State == Failing {
		return
	}
	switch v {
	case doList, doStream:
		r.set(Listing, "")
	case doWatch:
		r.set(Watching, "")
	}
}

// opened notes that the apiserver accepted a list or watch. What failed is well again, and failing again if it breaks off
// before it told anything.
func (r *resourceStatus) opened(v verb) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails = min(r.fails, failsToShow-1)
	if v == doWatch {
		r.set(Watching, "")
		return
	}
	r.set(Listing, "")
}

func (r *resourceStatus) listed(objects int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Objects, r.fails = objects, 0
}

func (r *resourceStatus) saw(position record.ResourceVersion, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.RV, r.s.LastEvent = position, at
	r.s.Events++
	r.fails = 0
}

func (r *resourceStatus) reached(position record.ResourceVersion) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.RV, r.fails = position, 0
}

func (r *resourceStatus) gap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.s.Gaps++
}

func (r *resourceStatus) blocked(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wait = why
}

// failsToShow is how many attempts in a row fail before a resource is shown as failing: a connection breaks now and then.
const failsToShow = 3

// failed notes a failure and reports whether it is news.
func (r *resourceStatus) failed(v verb, f failure, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f == ended || f == quiet {
		return false
	}
	r.s.Restarts++
	before := r.s.State
	switch {
	case f == forbidden:
		r.set(Forbidden, "the apiserver forbids it: allow list and watch of "+r.s.Resource.String())
	case v == doStream && (f == unsupported || f == noEnd):
		return false // lists in pages from now on
	default:
		if r.fails++; r.fails >= failsToShow || f == missing || f == unsupported {
			r.set(Failing, err.Error())
		}
	}
	return r.s.State != before
}

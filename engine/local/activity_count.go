package local

import (
	"bytes"
	"cmp"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/record"
)

// maxTallied bounds what one part of a count, and the whole, tells apart: objects, users, kinds of error.
const maxTallied = 100_000

// tallies are what was counted of one part of the window, or of all.
type tallies struct {
	a       *activity
	records int
	bins    []engine.LaneBin
	objects map[string]*objectTally
	actors  map[string]*actorTally
	errors  map[string]*errorTally
	left    int // what had no room

	resources map[string]*tallied
	cluster   record.Cluster // of last
	last      *tallied
	key       []byte // of the map that is looked into
}

type objectTally struct {
	name                     toldName
	changes, failed, warning int
	last                     time.Time
}

type actorTally struct {
	user            string
	changes, failed int
	status          int // of the changes, those that tell a status or that somebody is there: what components do
	last            time.Time
	people          topHits // of a user who may be a person: the newest changes
}

// isPerson reports whether a user is a person, by name and by what was done: of a component's changes many tell a status.
func (a *actorTally) isPerson() bool { return isPerson(a.user) && !a.isComponent() }

func (a *actorTally) isComponent() bool { return a.status > 3 && 4*a.status > a.changes }

type errorTally struct {
	engine.ErrorSource
	at              time.Time // of the newest one, and whom it was about
	namespace, name []byte
}

func newTallies(a *activity) *tallies {
	return &tallies{a: a, bins: make([]engine.LaneBin, a.bins), objects: map[string]*objectTally{}, actors: map[string]*actorTally{}, errors: map[string]*errorTally{}, resources: map[string]*tallied{}}
}

// filled are the columns in which something was counted.
func (t *tallies) filled() []engine.LaneBin {
	out := []engine.LaneBin{}
	for i := range t.bins {
		if b := t.bins[i]; b != (engine.LaneBin{}) {
			b.Bin = i
			out = append(out, b)
		}
	}
	return out
}

// tallied is a resource, and what of it counts.
type tallied struct {
	gr      record.GroupResource
	wanted  bool // it may be of the set
	changes bool // writes to it are changes
}

// resource gives what counts of the resource in a head.
func (t *tallies) resource(c record.Cluster, group, resource []byte) *tallied {
	if r := t.last; r != nil && t.cluster == c && r.gr.Group == string(group) && r.gr.Resource == string(resource) {
		return r
	}
	t.key = append(append(append(append(append(t.key[:0], c...), 0), group...), 0), resource...)
	r := t.resources[string(t.key)]
	if r == nil {
		gr := record.GroupResource{Group: string(group), Resource: string(resource)}
		r = &tallied{gr: gr, wanted: t.a.scope.wants(c, gr), changes: t.a.changes(gr)}
		t.resources[string(t.key)] = r
	}
	t.cluster, t.last = c, r
	return r
}

// nameKey writes the key of an object: its resource and name.
func (t *tallies) nameKey(c record.Cluster, gr record.GroupResource, namespace, name []byte) []byte {
	t.key = appendNameKey(t.key[:0], c, gr)
	t.key = append(append(append(t.key, namespace...), 0), name...)
	return t.key
}

func appendNameKey(dst []byte, c record.Cluster, gr record.GroupResource) []byte {
	return append(append(append(append(append(append(dst, c...), 0), gr.Group...), 0), gr.Resource...), 0)
}

func nameKeyOf(c record.Cluster, ref *record.ObjectRef) string {
	return string(append(append(append(appendNameKey(nil, c, ref.GroupResource()), ref.Namespace...), 0), ref.Name...))
}

// head counts a request by its head; r is all of it, where that is at hand. False: it takes all of it, and nothing was counted.
func (t *tallies) head(c record.Cluster, at time.Time, h *record.RequestHead, r *record.Record) bool {
	if h.Stage == record.StageRequestReceived || (h.Stage == record.StageResponseStarted && h.Code < 400) {
		return true // its last stage counts
	}
	bin, ok := t.a.bin(at)
	if !ok {
		return true
	}
	res := t.resource(c, h.Group, h.Resource)
	collection := len(h.Name) == 0 && string(h.Verb) == "deletecollection"
	if !res.wanted || !t.a.scope.hasHead(t, c, res.gr, h, collection) {
		return true
	}
	read, failed := h.IsRead(), h.Code >= 400 || h.Stage == record.StagePanic
	if h.Code == 404 && string(h.Verb) == "get" { // the answer to whether it is there
		failed = false
	}
	writes := res.changes && !read && !record.IsPassive(string(h.Subresource))
	made := writes && !failed && h.Code >= 100 && !bytes.Contains(h.URI, []byte("dryRun="))
	if made = made && madeSomething(h, collection); r == nil && made && (collection || t.mayList(at, h)) {
		return false
	}
	if collection && t.a.scope.lookedUp() && (r == nil || !t.a.scope.hasItem(r)) {
		return true
	}
	t.records++
	switch {
	case failed:
		t.bins[bin].Failed++
		t.failed(c, res.gr, at, h, writes)
	case made:
		t.bins[bin].Changes++
		t.changed(c, res.gr, at, h, r)
	case read:
		t.bins[bin].Reads++
	}
	return true
}

// madeSomething reports whether a request that succeeded may have changed an object, as far as it is told: not if it answered the state that it was to
// replace, emptied what was empty, or was a dry run by its body.
func madeSomething(h *record.RequestHead, collection bool) bool {
	tail, ok := h.Tail()
	if !ok || tail.IsDryRun() {
		return false
	}
	if collection {
		return tail.Items > 0 || tail.Answer != record.BodyList
	}
	return tail.NamedRV == 0 || tail.NamedRV != tail.AnswerRV
}

// mayList reports whether a change may be among those of people that are listed.
func (t *tallies) mayList(at time.Time, h *record.RequestHead) bool {
	a := t.actors[string(h.User)]
	if a == nil {
		return byPerson(string(h.User), string(h.Impersonator))
	}
	if len(a.people.list) == a.people.limit && at.Before(a.people.list[0].key.at) {
		return false
	}
	return a.people.limit > 0 && byPerson(a.user, string(h.Impersonator))
}

// changed counts a change that a request made.
func (t *tallies) changed(c record.Cluster, gr record.GroupResource, at time.Time, h *record.RequestHead, r *record.Record) {
	if a := t.actor(h); a != nil {
		a.changes++
		a.last = latest(a.last, at)
		if sub := string(h.Subresource); sub == "status" || sub == "binding" || isLease(gr) {
			a.status++
		}
		if r != nil && t.mayList(at, h) {
			a.people.put(keyOf(r, at), r, instant{})
		}
	}
	if len(h.Name) > 0 {
		if o := t.object(c, gr, h.Namespace, h.Name); o != nil {
			o.changes++
			o.last = latest(o.last, at)
		}
		return
	}
	if r == nil {
		return
	}
	for i := range r.Request.Items {
		it := &r.Request.Items[i]
		ref := record.ObjectRef{Cluster: c, Group: gr.Group, Resource: gr.Resource, Namespace: it.Namespace, Name: it.Name, UID: it.UID}
		if !t.a.scope.hasName(&ref) {
			continue
		}
		if o := t.object(c, gr, []byte(it.Namespace), []byte(it.Name)); o != nil {
			o.changes++
			o.last = latest(o.last, at)
		}
	}
}

// failed counts a request that failed.
func (t *tallies) failed(c record.Cluster, gr record.GroupResource, at time.Time, h *record.RequestHead, writes bool) {
	if actor := t.actor(h); actor != nil {
		actor.failed++
		actor.last = latest(actor.last, at)
	}
	if writes && len(h.Name) > 0 {
		if o := t.object(c, gr, h.Namespace, h.Name); o != nil {
			o.failed++
			o.last = latest(o.last, at)
		}
	}
	if e := t.errorOf(c, h); e != nil {
		e.Count++
		e.see(at, h.Namespace, h.Name)
	}
}

// see notes whom the newest failure of its kind was about; of several at one moment, the one whose name is greater.
func (e *errorTally) see(at time.Time, namespace, name []byte) {
	if order := cmp.Or(at.Compare(e.at), bytes.Compare(namespace, e.namespace), bytes.Compare(name, e.name)); order > 0 || e.at.IsZero() {
		e.at, e.namespace, e.name = at, append(e.namespace[:0], namespace...), append(e.name[:0], name...)
	}
}

func (t *tallies) errorKey(c record.Cluster, h *record.RequestHead) []byte {
	t.key = append(t.key[:0], c...)
	for _, part := range [...][]byte{h.Group, h.Resource, h.Verb, h.User, h.Reason} {
		t.key = append(append(t.key, 0), part...)
	}
	return append(t.key, 0, byte(h.Code>>8), byte(h.Code))
}

func (t *tallies) errorOf(c record.Cluster, h *record.RequestHead) *errorTally {
	key := t.errorKey(c, h)
	e := t.errors[string(key)]
	if e == nil && t.room(len(t.errors)) {
		e = &errorTally{ErrorSource: engine.ErrorSource{User: string(h.User), Cluster: string(c), Group: string(h.Group), Resource: string(h.Resource), Verb: string(h.Verb),
			Code: h.Code, Reason: string(h.Reason)}}
		t.errors[string(key)] = e
	}
	return e
}

func (t *tallies) actor(h *record.RequestHead) *actorTally {
	a := t.actors[string(h.User)]
	if a == nil && t.room(len(t.actors)) {
		a = &actorTally{user: string(h.User), people: topHits{limit: t.a.top, newest: true}}
		t.actors[a.user] = a
	}
	return a
}

func (t *tallies) object(c record.Cluster, gr record.GroupResource, namespace, name []byte) *objectTally {
	key := t.nameKey(c, gr, namespace, name)
	o := t.objects[string(key)]
	if o == nil && t.room(len(t.objects)) {
		o = &objectTally{name: toldName{c, gr, string(namespace), string(name)}}
		t.objects[string(key)] = o
	}
	return o
}

// room reports whether one more is told apart.
func (t *tallies) room(n int) bool {
	if n < maxTallied {
		return true
	}
	t.left++
	return false
}

// event counts a state of an Event.
func (t *tallies) event(r *record.Record) {
	bin, ok := t.a.bin(r.OccurredAt)
	if !ok {
		return
	}
	about := regardedRef(r)
	if !t.a.scope.hasEvent(r, &about) {
		return
	}
	t.records++
	if r.KubeEvent.Type != "Warning" {
		t.bins[bin].Normal++
		return
	}
	t.bins[bin].Warning++
	if about.Name == "" || about.Resource == "" {
		return
	}
	if o := t.object(about.Cluster, about.GroupResource(), []byte(about.Namespace), []byte(about.Name)); o != nil {
		o.warning++
		o.last = latest(o.last, r.OccurredAt)
	}
}

// state counts a revision or an end that no audited request stands for.
func (t *tallies) state(ref *record.ObjectRef, at time.Time) {
	bin, ok := t.a.bin(at)
	if !ok {
		return
	}
	t.records++
	t.bins[bin].Changes++
	if o := t.object(ref.Cluster, ref.GroupResource(), []byte(ref.Namespace), []byte(ref.Name)); o != nil {
		o.changes++
		o.last = latest(o.last, at)
	}
}

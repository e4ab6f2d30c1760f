package local

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/kubewake/kubewake/record"
)

const (
	// maxRefusedFound bounds the names that are found apart, maxRefusedAsked those of which it is looked up whether they were made, and maxRefused those told.
	maxRefusedFound = 20_000
	maxRefusedAsked = 2000
	maxRefused      = 200
	// maxRefusedUsers bounds the users that are told of one name.
	maxRefusedUsers = 8
)

// refusal says which failed creates are told as one: those of a name, or where that is not known those of a resource, a namespace, a user and an owner.
type refusal struct {
	name  toldName
	user  string
	owner record.UID
}

// refusalTally counts the failed creates of one refusal.
type refusalTally struct {
	key         refusal
	count       int
	first, last time.Time
	newest      *record.Record // without its body; one that was refused because its namespace ended only where all were
	owner       record.ObjectRef
	users       map[string]bool
}

// refusals gathers the failed creates of a set of objects. While it does the set's members may be put in order.
type refusals struct {
	s       *objectSet
	members []member // of the set, in any order
	until   deadline // of the scan
	matched bool     // by a filter: nothing is scanned
	found   map[refusal]*refusalTally
	tree    map[record.UID]bool // the objects of a tree
	full    bool                // some had no room
	cut     string
}

func newRefusals(s *objectSet) *refusals {
	if s.refused != nil {
		return s.refused
	}
	f := &refusals{s: s, members: s.members, found: map[refusal]*refusalTally{}, tree: map[record.UID]bool{}}
	if s.tree != nil {
		for _, n := range s.tree.nodes {
			if n.key.UID != "" {
				f.tree[n.key.UID] = true
			}
		}
	}
	return f
}

// skips reports whether a request is none of them, by its head.
func (f *refusals) skips(c record.Cluster, h *record.RequestHead) bool {
	if h.Code < 400 || len(h.Subresource) > 0 || !mayMake(h) || h.Stage == record.StageRequestReceived || h.Stage == record.StageResponseStarted ||
		bytes.Contains(h.URI, []byte("dryRun=")) {
		return true
	}
	q := &f.s.q
	if ns := q.Namespace; ns != "" && !q.HasObject() && ns != string(h.Namespace) {
		return true
	}
	if q.Name != "" && (len(h.Name) == 0 || !f.s.pick.glob.Match(string(h.Name))) {
		return true
	}
	gr := record.GroupResource{Group: string(h.Group), Resource: string(h.Resource)}
	return !isChangeable(gr) || !f.s.wantsResource(c, gr)
}

// mayMake reports whether a request that failed was to make its object: a create, or a server-side apply, which clients send as a patch with force
// in its options. What was there already is told by the conflict.
func mayMake(h *record.RequestHead) bool {
	switch string(h.Verb) {
	case "create":
		return h.Code != 409 || len(h.Reason) > 0 && string(h.Reason) != "AlreadyExists"
	case "patch":
		return h.Code != 409 && (bytes.Contains(h.URI, []byte("?force=")) || bytes.Contains(h.URI, []byte("&force=")))
	}
	return false
}

// match takes in a record that a filter matched.
func (f *refusals) match(r *record.Record) {
	if r.Kind != record.KindRequest {
		return
	}
	if h := record.HeadOf(r); !f.skips(r.Ref.Cluster, &h) {
		f.add(r)
	}
}

// add takes a request in that is not skipped by its head, if it is of the set.
func (f *refusals) add(r *record.Record) {
	q := r.Request
	if q.Options().DryRun {
		return
	}
	key := refusal{name: nameOf(r.Ref.Cluster, r.Ref)}
	if !f.has(r, key.name) {
		return
	}
	owner := ownerSent(r)
	if r.Ref.Name == "" {
		key.user, key.owner = whoOf(q.Actor), owner.UID
	}
	t := f.found[key]
	if t == nil {
		if len(f.found) >= maxRefusedFound {
			f.full = true
			return
		}
		t = &refusalTally{key: key, users: map[string]bool{}}
		f.found[key] = t
	}
	t.count++
	t.users[whoOf(q.Actor)] = true
	if t.first.IsZero() || r.OccurredAt.Before(t.first) {
		t.first = r.OccurredAt
	}
	t.last = latest(t.last, r.OccurredAt)
	if t.newest == nil || compareTold(r, t.newest) > 0 {
		bare, request := *r, *q
		request.Sent, request.Annotated = nil, nil
		bare.Request = &request
		t.newest, t.owner = &bare, owner
	}
}

// compareTold says which of two failed creates is told of a name: the newer one, but what the end of a namespace refused tells less than any other reason.
func compareTold(a, b *record.Record) int {
	if x, y := byEndOfNamespace(a), byEndOfNamespace(b); x != y {
		if x {
			return -1
		}
		return 1
	}
	return keyOf(a, a.OccurredAt).compare(keyOf(b, b.OccurredAt))
}

// has reports whether what was to be made would have been of the set, as far as the request tells: below a tree by the owners that its body names, by label by the
// labels in it.
func (f *refusals) has(r *record.Record, name toldName) bool {
	s := f.s
	if s.tree != nil && !f.inTree(r, name) {
		return false
	}
	return s.pick.selector.Empty() || r.Request.SentKind == record.SentObject && s.pick.selector.Matches(labelsOf(r.Request.Sent))
}

func (f *refusals) inTree(r *record.Record, name toldName) bool {
	owned := false
	for _, uid := range gjson.GetBytes(r.Request.Sent, "metadata.ownerReferences.#.uid").Array() {
		owned = owned || f.tree[record.UID(uid.String())]
	}
	return owned || slices.ContainsFunc(f.members, func(m member) bool { return m.key.UID == "" && nameOf(m.key.Cluster, m.ref) == name })
}

// ownerSent is the controller that a create's body names, else its first owner.
func ownerSent(r *record.Record) (owner record.ObjectRef) {
	if r.Request.SentKind != record.SentObject {
		return owner
	}
	gjson.GetBytes(r.Request.Sent, "metadata.ownerReferences").ForEach(func(_, ref gjson.Result) bool {
		controller := ref.Get("controller").Bool()
		if owner.UID == "" || controller {
			kind := ref.Get("kind").String()
			owner = record.ObjectRef{Cluster: r.Ref.Cluster, Kind: kind, Resource: record.GuessResource(kind), Namespace: r.Ref.Namespace, Name: ref.Get("name").String(),
				UID: record.UID(ref.Get("uid").String())}
			owner.Group, owner.Version = record.SplitAPIVersion(ref.Get("apiVersion").String())
		}
		return !controller
	})
	return owner
}

// byEndOfNamespace reports whether a create was refused because its namespace is being deleted.
func byEndOfNamespace(r *record.Record) bool {
	return slices.ContainsFunc(r.Request.Causes, func(c record.Cause) bool { return c.Reason == "NamespaceTerminating" }) ||
		strings.Contains(r.Request.Message, "because it is being terminated")
}

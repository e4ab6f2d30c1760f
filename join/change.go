package join

import (
	"slices"
	"time"
)

// change is what a revision differs in from the one before it. All flags are false where known is.
type change struct {
	// first: the state as it was created.
	first bool
	// known: the revision directly before is recorded and both are whole.
	known bool
	// deleting: deletionTimestamp or the grace period was set or moved; deletingNew: it was not marked before.
	deleting, deletingNew bool
	deletedAt             time.Time // the second in which that was asked for; zero if not known
	generation            bool
	finalizers            bool
	collector             bool // of the finalizers at most the garbage collector's own differ
	meta                  bool // anything else in metadata
	spec, status, other   bool
	replicas              bool // of the spec only replicas
	nodeName              bool // spec.nodeName was set
	// written are the managedFields entries that are new or newer.
	written []managedEntry
	// unmanaged: the state holds no managedFields at all, so their absence proves nothing.
	unmanaged bool

	sections []string // changed members of the manifest and, with "metadata.", of metadata
}

// compare tells how next differs from prev.
func compare(prev, next *body) change {
	c := change{known: true, unmanaged: len(next.managed) == 0}
	c.deleting = !prev.deletion.Equal(next.deletion) || prev.hasGrace != next.hasGrace || prev.grace != next.grace
	c.deletingNew = prev.deletion.IsZero() && !next.deletion.IsZero()
	if c.deleting && !next.deletion.IsZero() {
		// Shortening the grace period sets the time anew, or keeps the second in which deletion was first asked for.
		at := next.askedAt()
		if c.deletingNew || !at.Equal(prev.askedAt()) {
			c.deletedAt = at
		}
	}
	c.generation = prev.gen != next.gen
	c.finalizers = !slices.Equal(prev.finalizer, next.finalizer)
	c.collector = slices.Equal(others(prev.finalizer), others(next.finalizer))
	for _, key := range changedSections(prev.meta, next.meta) {
		c.meta = true
		c.sections = append(c.sections, "metadata."+key)
	}
	for _, key := range changedSections(prev.top, next.top) {
		c.sections = append(c.sections, key)
		switch key {
		case "spec":
			c.spec = true
			c.specDetails(find(prev.top, key), find(next.top, key))
		case "status":
			c.status = true
		default:
			c.other = true
		}
	}
	c.written = newEntries(prev.managed, next.managed)
	return c
}

// others are the finalizers that no delete adds or takes away.
func others(finalizers []string) []string {
	return slices.DeleteFunc(slices.Clone(finalizers), isCollectors)
}

// isCollectors reports whether a finalizer is one that a delete sets by its propagation policy, for the garbage collector.
func isCollectors(finalizer string) bool {
	return finalizer == "foregroundDeletion" || finalizer == "orphan"
}

func (c *change) specDetails(prev, next []byte) {
	var a, b []section
	a, okA := members(prev)
	b, okB := members(next)
	if !okA || !okB {
		return
	}
	changed := changedSections(a, b)
	c.replicas = len(changed) == 1 && changed[0] == "replicas"
	c.nodeName = slices.Contains(changed, "nodeName") && len(find(a, "nodeName")) <= 2 && len(find(b, "nodeName")) > 2
}

// newEntries are the entries of next that prev lacks or has with older times. An apiserver may leave two entries of one writer, one without a
// time (after an update of scale), and make one of them again later.
func newEntries(prev, next []managedEntry) []managedEntry {
	var out []managedEntry
	for i := range next {
		m := &next[i]
		known := slices.ContainsFunc(prev, func(o managedEntry) bool { return o.same(m) && !m.time.After(o.time) })
		if !known {
			out = append(out, *m)
		}
	}
	return out
}

// askedAt is the second in which deletion was asked for.
func (b *body) askedAt() time.Time {
	return b.deletion.Add(-time.Duration(b.grace) * time.Second)
}

// nothingButDeletion reports whether only what a delete sets has changed.
func (c *change) nothingButDeletion(resource string) bool {
	if c.spec || c.other || c.meta || len(c.written) > 0 {
		return false
	}
	// Deleting a Namespace or a CustomResourceDefinition sets its phase or condition as well.
	return !c.status || resource == "namespaces" || resource == "customresourcedefinitions"
}

// created reports whether b can be the state that its create stored: one writer, in the second of its creation.
func (b *body) createdState() bool {
	if !b.known || b.created.IsZero() || !b.deletion.IsZero() || b.gen > 1 {
		return false
	}
	for i := range b.managed {
		m := &b.managed[i]
		if m.subresource != "" || m.time.After(b.created.Add(time.Second)) {
			return false
		}
	}
	return len(b.managed) <= 1
}

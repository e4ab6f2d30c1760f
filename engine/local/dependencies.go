package local

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// Bounds of one count of links between kinds: of each kind of a cluster so many objects are looked at, for so long.
const (
	maxDependencyObjects = 5_000
	dependencyTime       = 3 * time.Second
)

// Dependencies counts the links between kinds of objects, each where it is said: an object's owner once, a selector once, whatever it
// selects. It looks at what the index of links has of each object, up to bounds that the answer names.
func (e *Engine) Dependencies(ctx context.Context, q query.Dependencies) (*engine.Dependencies, error) {
	asked := moments{from: q.Window.From, to: q.Window.To, now: q.Window == (query.Window{})}
	r, err := e.relations(ctx, asked, nil)
	if err != nil {
		return nil, err
	}
	d := dependencies{r: r, seen: map[clusterResource]int{}, counts: map[engine.Dependency]int{}}
	until := time.Now().Add(dependencyTime)
	for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: q.Cluster, NoEvents: true}) {
		if err != nil {
			return nil, err
		}
		if time.Now().After(until) {
			d.cut = append(d.cut, fmt.Sprintf("after %s links were counted no further: those of %s in cluster %s and of kinds behind it are missing", dependencyTime, entry.Ref.Resource, entry.Ref.Cluster))
			break
		}
		if err := d.add(ctx, entry); err != nil {
			return nil, err
		}
	}
	return d.answer(), nil
}

type clusterResource struct {
	cluster  record.Cluster
	resource record.GroupResource
}

type dependencies struct {
	r      *relations
	seen   map[clusterResource]int   // objects looked at
	counts map[engine.Dependency]int // Count zero
	cut    []string
}

// add counts what one object says.
func (d *dependencies) add(ctx context.Context, entry *store.Entry) error {
	kind := clusterResource{entry.Ref.Cluster, entry.Ref.GroupResource()}
	d.seen[kind]++
	switch n := d.seen[kind]; {
	case n == maxDependencyObjects+1:
		d.cut = append(d.cut, fmt.Sprintf("of %s in cluster %s only the first %d objects were looked at", kind.resource, kind.cluster, maxDependencyObjects))
		return nil
	case n > maxDependencyObjects:
		return nil
	}
	says, err := d.r.spokenBy(ctx, entry)
	if err != nil {
		return err
	}
	delete(d.r.said, entry.Key()) // each object is asked once
	for i := range says.claims {
		c := &says.claims[i]
		if !d.r.asked.touch(&c.held) {
			continue
		}
		other, err := d.resourceOf(ctx, entry, c)
		if err != nil {
			return err
		}
		if other == "" {
			continue
		}
		link := engine.Dependency{Parent: entry.Ref.Resource, Child: other, Type: string(c.claim.Type)}
		if c.claim.Up {
			link.Parent, link.Child = link.Child, link.Parent
		}
		d.counts[link]++
	}
	return nil
}

// resourceOf gives the resource of what a claim names; empty where it names what is not there but by convention.
func (d *dependencies) resourceOf(ctx context.Context, by *store.Entry, c *heldClaim) (string, error) {
	t := &c.claim.Target
	if t.UID != "" {
		entry, err := d.r.entry(ctx, store.ObjectKey{Cluster: cmp.Or(t.Cluster, by.Ref.Cluster), UID: t.UID})
		if err != nil {
			return "", err
		}
		if entry != nil {
			return entry.Ref.Resource, nil
		}
		if c.claim.Inferred {
			return "", nil
		}
	}
	return cmp.Or(t.Resource, record.GuessResource(t.Kind)), nil
}

func (d *dependencies) answer() *engine.Dependencies {
	out := &engine.Dependencies{Links: []engine.Dependency{}, Cut: strings.Join(d.cut, "; "), Pending: d.r.view.Pending()}
	for link, count := range d.counts {
		link.Count = count
		out.Links = append(out.Links, link)
	}
	slices.SortFunc(out.Links, func(a, b engine.Dependency) int {
		return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child), cmp.Compare(a.Type, b.Type))
	})
	return out
}

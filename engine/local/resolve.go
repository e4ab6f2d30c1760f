package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// target is what the words for one object came to: a name, and the lives that had it.
type target struct {
	cluster   record.Cluster
	info      store.ClusterInfo
	resource  record.GroupResource
	namespace string
	name      string
	// lives of the name, oldest first; empty where only requests to the name were recorded.
	lives []*store.Entry
	// meant is the index of the life that the question is about; -1 without lives.
	meant int
	// event is the UID asked for, of an Event that is known by its states alone.
	event record.UID
}

func (t *target) entry() *store.Entry {
	if t.meant < 0 {
		return nil
	}
	return t.lives[t.meant]
}

// ref names the object meant as far as it is known.
func (t *target) ref() engine.Ref {
	if e := t.entry(); e != nil {
		return refOf(e.Ref)
	}
	return engine.Ref{Cluster: string(t.cluster), Group: t.resource.Group, Resource: t.resource.Resource,
		Namespace: t.namespace, Name: t.name, UID: string(t.event)}
}

// cluster gives the cluster that a question means: the one named, else the only one.
func (e *Engine) cluster(ctx context.Context, asked record.Cluster) (store.ClusterInfo, error) {
	clusters, err := e.st.Clusters(ctx)
	if err != nil {
		return store.ClusterInfo{}, err
	}
	var names []string
	for _, c := range clusters {
		if c.Name == asked || (asked == "" && len(clusters) == 1) {
			return c, nil
		}
		names = append(names, string(c.Name))
	}
	var out *engine.Error
	switch {
	case len(clusters) == 0:
		out = engine.Errorf(engine.KindNotFound, "nothing is recorded yet")
	case asked == "":
		out = engine.Errorf(engine.KindAmbiguous, "several clusters are recorded: name one of %s", strings.Join(names, ", "))
	default:
		out = engine.Errorf(engine.KindNotFound, "cluster %q is not recorded; recorded are %s", asked, strings.Join(names, ", "))
	}
	out.Candidates = names
	return store.ClusterInfo{}, out
}

// resolve finds the object that o means; at chooses among the lives of a re-created name (zero: the last).
func (e *Engine) resolve(ctx context.Context, o query.Object, at time.Time) (*target, error) {
	cluster, err := e.cluster(ctx, o.Cluster)
	if err != nil {
		return nil, err
	}
	if o.UID != "" {
		t, err := e.resolveUID(ctx, cluster.Name, o)
		if err == nil {
			t.info = cluster
		}
		return t, err
	}
	if o.Kind == "" || o.Name == "" {
		return nil, engine.Errorf(engine.KindBadQuestion, "an object is named by kind and name, for example deploy/web, or by its UID")
	}
	resources, err := e.resources(ctx, cluster.Name, o.Kind)
	if err != nil {
		return nil, err
	}
	resources = withEvents(slices.Clip(resources))
	t, err := e.byName(ctx, cluster.Name, resources, o)
	if err != nil {
		return nil, err
	}
	t.info = cluster
	if t.meant, err = e.lifeAt(ctx, t.lives, at); err != nil {
		return nil, err
	}
	return t, nil
}

func (e *Engine) resolveUID(ctx context.Context, cluster record.Cluster, o query.Object) (*target, error) {
	entry, err := e.st.Object(ctx, store.ObjectKey{Cluster: cluster, UID: o.UID})
	if errors.Is(err, store.ErrNotFound) {
		if t, err := e.eventWithUID(ctx, cluster, o); t != nil || err != nil {
			return t, err
		}
		return nil, engine.Errorf(engine.KindNotFound, "no object with UID %s is recorded in cluster %s", o.UID, cluster)
	}
	if err != nil {
		return nil, err
	}
	if o.Name != "" && o.Name != entry.Ref.Name {
		return nil, engine.Errorf(engine.KindNotFound, "UID %s is %s, not %q", o.UID, entryWords(entry), o.Name)
	}
	t := &target{cluster: cluster, resource: entry.Ref.GroupResource(), namespace: entry.Ref.Namespace, name: entry.Ref.Name}
	if t.lives, err = e.lives(ctx, t); err != nil {
		return nil, err
	}
	t.meant = slices.IndexFunc(t.lives, func(l *store.Entry) bool { return l.Ref.UID == o.UID })
	if t.meant < 0 { // known by its UID alone
		t.lives, t.meant = []*store.Entry{entry}, 0
	}
	return t, nil
}

// lives scans the entries of t's name.
func (e *Engine) lives(ctx context.Context, t *target) ([]*store.Entry, error) {
	scan := store.ObjectScan{Cluster: t.cluster, Resource: &t.resource, Namespace: t.namespace, Name: t.name}
	var lives []*store.Entry
	for entry, err := range e.st.Objects(ctx, scan) {
		if err != nil {
			return nil, err
		}
		if entry.Ref.Namespace == t.namespace && entry.Ref.Name == t.name {
			lives = append(lives, entry)
		}
	}
	sortLives(lives)
	return lives, nil
}

// sortLives puts the oldest first. Creation time comes before resourceVersion: that one may run back.
func sortLives(lives []*store.Entry) {
	slices.SortFunc(lives, func(a, b *store.Entry) int {
		if !a.CreatedAt.IsZero() && !b.CreatedAt.IsZero() {
			if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(a.FirstRV, b.FirstRV), cmp.Compare(a.Ref.UID, b.Ref.UID))
	})
}

// byName finds a name among the resources that its kind word may mean.
func (e *Engine) byName(ctx context.Context, cluster record.Cluster, resources []record.GroupResource, o query.Object) (*target, error) {
	var found []*target
	for _, gr := range resources {
		for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &gr, Namespace: o.Namespace, Name: o.Name}) {
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(found, func(t *target) bool { return t.resource == gr && t.namespace == entry.Ref.Namespace })
			if i < 0 {
				found = append(found, &target{cluster: cluster, resource: gr, namespace: entry.Ref.Namespace, name: o.Name})
				i = len(found) - 1
			}
			found[i].lives = append(found[i].lives, entry)
		}
	}
	if len(found) == 0 {
		return e.byRequests(ctx, cluster, resources, o)
	}
	t, err := oneOf(oneOfEvents(found), o)
	if err != nil {
		return nil, err
	}
	sortLives(t.lives)
	return t, nil
}

// oneOf chooses among the namespaces and resources that have the name: the only one, else namespace default.
func oneOf(found []*target, o query.Object) (*target, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	var inDefault []*target
	var words []string
	for _, t := range found {
		if t.namespace == "default" {
			inDefault = append(inDefault, t)
		}
		words = append(words, entryWords(t.lives[0]))
	}
	if len(inDefault) == 1 {
		return inDefault[0], nil
	}
	out := engine.Errorf(engine.KindAmbiguous, "%s/%s is several objects: %s", o.Kind, o.Name, strings.Join(words, "; "))
	out.Candidates = words
	return nil, out
}

// byRequests serves names of which only requests were recorded: refused creates, or logs at level Metadata.
func (e *Engine) byRequests(ctx context.Context, cluster record.Cluster, resources []record.GroupResource, o query.Object) (*target, error) {
	namespaces := []string{o.Namespace}
	if o.Namespace == "" {
		namespaces = []string{"default", ""}
	}
	for _, gr := range resources {
		for _, ns := range namespaces {
			scan := store.RequestScan{Cluster: cluster, Resource: gr, Namespace: ns, Name: o.Name, Reads: true}
			for _, err := range e.st.Requests(ctx, scan) {
				if err != nil {
					return nil, err
				}
				return &target{cluster: cluster, resource: gr, namespace: ns, name: o.Name, meant: -1}, nil
			}
		}
	}
	if t, err := e.eventNamed(ctx, cluster, resources, o); t != nil || err != nil {
		return t, err
	}
	near, err := e.near(ctx, cluster, resources, o)
	if err != nil {
		return nil, err
	}
	where := ""
	if o.Namespace != "" {
		where = " in namespace " + o.Namespace
	}
	out := engine.Errorf(engine.KindNotFound, "no %s %q is recorded%s", o.Kind, o.Name, where)
	if len(near) > 0 {
		out.Message += "; did you mean " + strings.Join(near, ", ") + "?"
		out.Candidates = near
	}
	return nil, out
}

const (
	nearScanned = 20_000 // entries looked at for near names
	nearListed  = 5
)

// near lists the names closest to the one that was not found: the same name elsewhere first, then similar ones.
func (e *Engine) near(ctx context.Context, cluster record.Cluster, resources []record.GroupResource, o query.Object) ([]string, error) {
	type candidate struct {
		words    string
		distance int
	}
	var list []candidate
	scanned := 0
	for _, gr := range resources {
		for entry, err := range e.st.Objects(ctx, store.ObjectScan{Cluster: cluster, Resource: &gr}) {
			if err != nil {
				return nil, err
			}
			if scanned++; scanned > nearScanned {
				break
			}
			d := distance(o.Name, entry.Ref.Name)
			if strings.HasPrefix(entry.Ref.Name, o.Name) {
				d = min(d, 1)
			}
			if o.Namespace != "" && entry.Ref.Namespace != o.Namespace {
				d++
			}
			if d <= 1+len(o.Name)/3 {
				list = append(list, candidate{entryWords(entry), d})
			}
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.words, b.words))
	})
	var words []string
	for _, c := range list {
		if len(words) < nearListed && !slices.Contains(words, c.words) {
			words = append(words, c.words)
		}
	}
	return words, nil
}

// entryWords names an entry as a person could ask for it: "deployments.apps/web -n shop".
func entryWords(e *store.Entry) string { return refWords(e.Ref) }

func refWords(ref record.ObjectRef) string {
	words := fmt.Sprintf("%s/%s", ref.GroupResource(), ref.Name)
	if ref.Namespace != "" {
		words += " -n " + ref.Namespace
	}
	return words
}

// distance is the number of single-letter edits between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

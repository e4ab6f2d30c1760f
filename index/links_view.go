package index

import (
	"context"
	"iter"
	"slices"

	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// LinkView reads the index of links. It may be used for as long as the store is open, concurrently.
type LinkView struct {
	shelf   shelf
	id      generationID
	rules   *link.Rules
	pending string
}

// Pending says how far what answers lies behind the facts; empty where it does not.
func (v *LinkView) Pending() string { return v.pending }

// Rules that are to answer.
func (v *LinkView) Rules() *link.Rules { return v.rules }

// LinkLife is what one object said over its life.
type LinkLife struct {
	Claims []Said
	Labels []LabelSpell // where selectors choose among objects of its kind
	Over   Over
	// Cut: it said so much that the oldest was left out.
	Cut bool
}

// Of gives what an object said; nil where it said nothing.
func (v *LinkView) Of(ctx context.Context, key store.ObjectKey) (*LinkLife, error) {
	b, err := v.shelf.get(ctx, v.id.forward(key))
	if err != nil || b == nil {
		return nil, err
	}
	s, err := decodeSaid(b)
	if err != nil {
		return nil, err
	}
	return &LinkLife{Claims: s.all(), Labels: s.labelSpells(), Over: s.over, Cut: s.cut}, nil
}

// Told is what an object said of another.
type Told struct {
	By      store.ObjectKey
	Storage record.Storage // of the resourceVersions in it
	Over    Over           // of the object that said it
	// Claims have of their target what was asked for, and the selector; not what else the object told of it, nor its cluster.
	Claims []Said
}

// OfUID yields who claimed something of a UID.
func (v *LinkView) OfUID(ctx context.Context, key store.ObjectKey) iter.Seq2[Told, error] {
	return v.told(ctx, v.id.byUID(key.Cluster, key.UID), link.Target{UID: key.UID})
}

// OfName yields who claimed something of a name.
func (v *LinkView) OfName(ctx context.Context, c record.Cluster, gr record.GroupResource, namespace, name string) iter.Seq2[Told, error] {
	return v.told(ctx, v.id.byName(c, gr, namespace, name), link.Target{Group: gr.Group, Resource: gr.Resource, Namespace: namespace, Name: name})
}

// Choosing yields who chooses by labels among the objects of a resource in a namespace.
func (v *LinkView) Choosing(ctx context.Context, c record.Cluster, gr record.GroupResource, namespace string) iter.Seq2[Told, error] {
	return func(yield func(Told, error) bool) {
		for _, ns := range [...]string{namespace, everywhere} {
			target := link.Target{Group: gr.Group, Resource: gr.Resource, Namespace: namespace, AllNamespaces: ns == everywhere}
			for t, err := range v.told(ctx, v.id.selector(c, gr, ns), target) {
				if !yield(t, err) || err != nil {
					return
				}
			}
		}
	}
}

// told yields what lies below a prefix: claims of one target, whose selectors are their own.
func (v *LinkView) told(ctx context.Context, prefix []byte, target link.Target) iter.Seq2[Told, error] {
	return func(yield func(Told, error) bool) {
		for kv, err := range v.shelf.scan(ctx, prefix) {
			if err != nil {
				yield(Told{}, err)
				return
			}
			by, ok := sourceOf(kv.Key, prefix)
			if !ok {
				continue
			}
			t := Told{By: by}
			if t.Storage, t.Over, t.Claims, err = decodeTold(kv.Value); err != nil {
				yield(Told{}, err)
				return
			}
			for i := range t.Claims {
				to := &t.Claims[i].Claim.Target
				selector := to.Selector
				*to = target
				to.Selector = selector
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

// LabelScan says which objects may have been chosen: those that at some time had one of the values of a label (no Values: any;
// no Key: all), in a namespace or Everywhere.
type LabelScan struct {
	Cluster    record.Cluster
	Resource   record.GroupResource
	Namespace  string
	Everywhere bool
	Key        string
	Values     []string
}

// Labeled yields the objects of a scan, with when they had the label as the spells of one empty claim.
func (v *LinkView) Labeled(ctx context.Context, s LabelScan) iter.Seq2[Told, error] {
	values := [][]string{{s.Key}}
	if s.Key == "" {
		values = [][]string{{"", ""}}
	} else if len(s.Values) > 0 {
		values = nil
		for _, value := range s.Values {
			values = append(values, []string{s.Key, value})
		}
	}
	return func(yield func(Told, error) bool) {
		for _, texts := range values {
			if len(texts) == 2 && !s.Everywhere {
				texts = append(slices.Clone(texts), s.Namespace)
			}
			for t, err := range v.labeled(ctx, s, texts) {
				if !yield(t, err) || err != nil {
					return
				}
			}
		}
	}
}

func (v *LinkView) labeled(ctx context.Context, s LabelScan, texts []string) iter.Seq2[Told, error] {
	base := v.id.labels(s.Cluster, s.Resource)
	return func(yield func(Told, error) bool) {
		for kv, err := range v.shelf.scan(ctx, appendKey(slices.Clone(base), texts...)) {
			if err != nil {
				yield(Told{}, err)
				return
			}
			parts, ok := cutKeys(kv.Key[len(base):], 4) // key, value, namespace, UID
			if !ok || !s.Everywhere && parts[2] != s.Namespace {
				continue
			}
			uid, ok := unpack(parts[3])
			if !ok {
				continue
			}
			t := Told{By: store.ObjectKey{Cluster: s.Cluster, UID: uid}}
			if t.Storage, t.Over, t.Claims, err = decodeTold(kv.Value); err != nil {
				yield(Told{}, err)
				return
			}
			if !yield(t, nil) {
				return
			}
		}
	}
}

func cutKeys(b []byte, n int) (out []string, ok bool) {
	for range n {
		var text string
		if text, b, ok = cutKey(b); !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, len(b) == 0
}

// ByHash finds the objects whose record.ObjectID ends with some bytes: mostly one, sorted by cluster and UID. Kubernetes Events are not
// found so.
func (l *Links) ByHash(ctx context.Context, hash [7]byte) ([]store.ObjectKey, error) {
	if _, err := l.View(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	shelf := l.shelf
	l.mu.Unlock()
	var out []store.ObjectKey
	prefix := hashKey(hash)
	for kv, err := range shelf.scan(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if key, ok := sourceOf(kv.Key, prefix); ok {
			out = append(out, key)
		}
	}
	return out, nil
}

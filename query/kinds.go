package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/version"

	"github.com/kubewake/kubewake/record"
)

// Kind is one kind of object, with the words that kubectl takes for it.
type Kind struct {
	Group      string
	Version    string // the preferred one; empty where only seen
	Kind       string // "Deployment"
	Resource   string // "deployments"
	Singular   string // empty: Kind in small letters
	Short      []string
	Categories []string
	Namespaced bool
	Versions   []string // of a CRD: those served, best first
	rank       int      // of two kinds that one word fits, the lower is meant
}

// GroupResource of the kind.
func (k Kind) GroupResource() record.GroupResource {
	return record.GroupResource{Group: k.Group, Resource: k.Resource}
}

// String is the word that names the kind and no other: "deployments.apps".
func (k Kind) String() string { return k.GroupResource().String() }

func (k Kind) singular() string {
	if k.Singular != "" {
		return k.Singular
	}
	return strings.ToLower(k.Kind)
}

func (k Kind) hasVersion(v string) bool { return k.Version == v || slices.Contains(k.Versions, v) }

// Ranks: what Kubernetes itself serves, what a CRD defines, what was only seen, what stands back for another group of the same name.
const (
	rankBuiltin = iota
	rankCRD
	rankSeen
	rankMetrics
)

// Kinds is a table of kinds. The zero value is empty; [NewKinds] knows what Kubernetes itself serves.
// Resolve may be called concurrently, but not while the table learns.
type Kinds struct {
	kinds   []Kind
	byGroup map[record.GroupResource]int
}

// NewKinds makes a table of the kinds that Kubernetes itself serves.
func NewKinds() *Kinds {
	k := &Kinds{}
	for _, kind := range builtin() {
		if kind.Group == "metrics.k8s.io" {
			kind.rank = rankMetrics
		}
		k.set(kind)
	}
	return k
}

func (k *Kinds) set(kind Kind) {
	if k.byGroup == nil {
		k.byGroup = map[record.GroupResource]int{}
	}
	if i, known := k.byGroup[kind.GroupResource()]; known {
		k.kinds[i] = kind
		return
	}
	k.byGroup[kind.GroupResource()] = len(k.kinds)
	k.kinds = append(k.kinds, kind)
}

// All kinds of the table, by group and resource.
func (k *Kinds) All() []Kind {
	all := slices.Clone(k.kinds)
	slices.SortFunc(all, func(a, b Kind) int {
		return strings.Compare(a.Group+"/"+a.Resource, b.Group+"/"+b.Resource)
	})
	return all
}

// Of gives the kind of a resource.
func (k *Kinds) Of(gr record.GroupResource) (Kind, bool) {
	i, known := k.byGroup[gr]
	if !known {
		return Kind{}, false
	}
	return k.kinds[i], true
}

// OfKind gives the kind by its group and Kind: "apps", "Deployment".
func (k *Kinds) OfKind(group, kind string) (Kind, bool) {
	for _, known := range k.kinds {
		if known.Group == group && known.Kind == kind {
			return known, true
		}
	}
	return Kind{}, false
}

// errNotCRD: the manifest defines no kind.
var errNotCRD = errors.New("not a CustomResourceDefinition")

// LearnCRD takes in what a CustomResourceDefinition's manifest defines. The last one learnt of a resource counts.
// An error means that the manifest is none; the table is then as it was.
func (k *Kinds) LearnCRD(body []byte) error {
	var crd struct {
		Spec struct {
			Group string `json:"group"`
			Scope string `json:"scope"`
			Names struct {
				Plural     string   `json:"plural"`
				Singular   string   `json:"singular"`
				Kind       string   `json:"kind"`
				ShortNames []string `json:"shortNames"`
				Categories []string `json:"categories"`
			} `json:"names"`
			Versions []struct {
				Name   string `json:"name"`
				Served bool   `json:"served"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(body, &crd); err != nil {
		return fmt.Errorf("read a CustomResourceDefinition: %w", err)
	}
	names := crd.Spec.Names
	if crd.Spec.Group == "" || names.Plural == "" || names.Kind == "" {
		return errNotCRD
	}
	kind := Kind{
		Group: crd.Spec.Group, Kind: names.Kind, Resource: strings.ToLower(names.Plural), Singular: strings.ToLower(names.Singular),
		Short: names.ShortNames, Categories: names.Categories, Namespaced: crd.Spec.Scope != "Cluster", rank: rankCRD,
	}
	if have, known := k.Of(kind.GroupResource()); known && have.rank == rankBuiltin {
		return nil
	}
	for _, v := range crd.Spec.Versions {
		if v.Served {
			kind.Versions = append(kind.Versions, v.Name)
		}
	}
	slices.SortFunc(kind.Versions, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
	if len(kind.Versions) > 0 {
		kind.Version = kind.Versions[0]
	}
	k.set(kind)
	return nil
}

// LearnSeen takes in a resource that records name, so that it can be asked for though nothing defines it. It never overrides.
// A kind is namespaced as soon as one object in a namespace was seen.
func (k *Kinds) LearnSeen(ref record.ObjectRef) {
	if ref.Resource == "" {
		return
	}
	have, known := k.Of(ref.GroupResource())
	if known && have.rank != rankSeen {
		return
	}
	if !known {
		have = Kind{Group: ref.Group, Resource: ref.Resource, rank: rankSeen}
	}
	if have.Kind == "" {
		have.Kind = ref.Kind
	}
	if ref.Version != "" && (have.Version == "" || version.CompareKubeAwareVersionStrings(ref.Version, have.Version) > 0) {
		have.Version = ref.Version
	}
	have.Namespaced = have.Namespaced || ref.Namespace != ""
	k.set(have)
}

// UnknownKindError says that no kind goes by a word.
type UnknownKindError struct {
	Word string
	Near []string // words that may have been meant
}

func (e *UnknownKindError) Error() string {
	if len(e.Near) == 0 {
		return fmt.Sprintf("no kind of object is called %q; it is taken as kubectl does: deploy, deployments.apps, Deployment", e.Word)
	}
	return fmt.Sprintf("no kind of object is called %q; did you mean %s?", e.Word, strings.Join(e.Near, " or "))
}

// Resolve gives the kinds that a word means, as kubectl does: plural, singular, Kind, short name or category in any case, each
// but the last also with ".group" or ".version.group", and comma lists of them. An empty word or "*" gives nil: every kind.
// Where a word fits kinds of several groups, the one that kubectl prefers is meant ("events" is the core one).
func (k *Kinds) Resolve(word string) ([]Kind, error) {
	if word == "" || word == "*" {
		return nil, nil
	}
	var all []Kind
	for w := range strings.SplitSeq(word, ",") {
		kinds, err := k.resolve(strings.ToLower(strings.TrimSpace(w)))
		if err != nil {
			return nil, err
		}
		for _, kind := range kinds {
			if !slices.ContainsFunc(all, func(k Kind) bool { return k.GroupResource() == kind.GroupResource() }) {
				all = append(all, kind)
			}
		}
	}
	return all, nil
}

func (k *Kinds) resolve(word string) ([]Kind, error) {
	name, rest, qualified := strings.Cut(word, ".")
	if name == "" {
		return nil, &UnknownKindError{Word: word}
	}
	if !qualified {
		if kind, ok := k.best(name, func(Kind) bool { return true }); ok {
			return []Kind{kind}, nil
		}
		if kinds := k.category(name); len(kinds) > 0 {
			return kinds, nil
		}
		return nil, &UnknownKindError{Word: word, Near: nearest(word, k.words())}
	}
	if kind, ok := k.best(name, func(k Kind) bool { return k.Group == rest }); ok {
		return []Kind{kind}, nil
	}
	if v, group, ok := strings.Cut(rest, "."); ok {
		if kind, ok := k.best(name, func(k Kind) bool { return k.Group == group && k.hasVersion(v) }); ok {
			return []Kind{kind}, nil
		}
	} else if kind, ok := k.best(name, func(k Kind) bool { return k.Group == "" && k.Version == rest }); ok { // pods.v1
		return []Kind{kind}, nil
	}
	if kind, ok := k.best(name, func(k Kind) bool { return strings.HasPrefix(k.Group, rest) }); ok {
		return []Kind{kind}, nil
	}
	return nil, &UnknownKindError{Word: word, Near: nearest(word, k.words())}
}

// best finds the preferred kind that a name fits: a full name wins over a short one.
func (k *Kinds) best(name string, fits func(Kind) bool) (best Kind, found bool) {
	for _, named := range []func(Kind) bool{
		func(k Kind) bool {
			return k.Resource == name || k.singular() == name || strings.EqualFold(k.Kind, name)
		},
		func(k Kind) bool {
			return slices.ContainsFunc(k.Short, func(s string) bool { return strings.EqualFold(s, name) })
		},
	} {
		for _, kind := range k.kinds {
			if named(kind) && fits(kind) && (!found || kind.before(best)) {
				best, found = kind, true
			}
		}
		if found {
			return best, true
		}
	}
	return best, false
}

// before: built-in kinds keep the order of their table, all others go by group, so that the order of learning does not matter.
func (k Kind) before(other Kind) bool {
	if k.rank != other.rank {
		return k.rank < other.rank
	}
	return k.rank != rankBuiltin && k.Group < other.Group
}

func (k *Kinds) category(name string) []Kind {
	var kinds []Kind
	for _, kind := range k.kinds {
		if slices.ContainsFunc(kind.Categories, func(c string) bool { return strings.EqualFold(c, name) }) {
			kinds = append(kinds, kind)
		}
	}
	slices.SortStableFunc(kinds, func(a, b Kind) int {
		switch {
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	return kinds
}

// words that name kinds, sorted.
func (k *Kinds) words() []string {
	var words []string
	for _, kind := range k.kinds {
		words = append(words, kind.Resource, kind.singular(), kind.String())
		words = append(words, kind.Short...)
		words = append(words, kind.Categories...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// list splits a comma list; empty gives nil.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

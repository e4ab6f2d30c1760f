package object

import (
	"bytes"
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/version"

	"github.com/kubewake/kubewake/record"
)

// Chosen is one revision of an object after the choice between its bodies.
type Chosen struct {
	RV record.ResourceVersion
	// Records are the variants, the one to believe first. Where the first is partial the others add what it does not tell.
	Records []*record.Record
	// Conflict: two bodies that should be equal (same API version, both whole) differ.
	Conflict bool

	value *Value // of Records[0], where it had to be parsed
}

// Best is the variant to believe.
func (c *Chosen) Best() *record.Record { return c.Records[0] }

// Choose picks among the variants of one revision by rule, never by arrival: a whole body over a partial or cut
// one; watch and list over audit; with managedFields over without; the API version that the resource prefers (GA over
// beta over alpha, higher over lower); the greater bytes. Variants must be KindRevision of one object and one
// resourceVersion, at least one. With one variant it costs nothing; with more, each is parsed.
func Choose(variants []*record.Record) Chosen {
	c := Chosen{RV: variants[0].Revision.RV, Records: variants}
	if len(variants) == 1 {
		return c
	}
	if best, ok := wholeAndPart(variants); ok {
		return best
	}
	ranked := make([]ranking, len(variants))
	for i, r := range variants {
		ranked[i] = rank(r)
	}
	slices.SortFunc(ranked, ranking.compare)
	c.Records = make([]*record.Record, len(ranked))
	for i, r := range ranked {
		c.Records[i] = r.record
	}
	c.value = ranked[0].value
	c.Conflict = inConflict(ranked)
	return c
}

// wholeAndPart chooses between a whole body and one that tells a part, the most frequent case: the part need not be parsed.
func wholeAndPart(variants []*record.Record) (Chosen, bool) {
	if len(variants) != 2 {
		return Chosen{}, false
	}
	a, b := variants[0], variants[1]
	if whole(b) {
		a, b = b, a
	}
	if !whole(a) || b.Revision.Partial == record.Whole && !b.Revision.Cut {
		return Chosen{}, false
	}
	v, err := Parse(a.Revision.Body)
	if err != nil {
		return Chosen{}, false
	}
	return Chosen{RV: a.Revision.RV, Records: []*record.Record{a, b}, value: v}, true
}

func whole(r *record.Record) bool {
	return r.Revision.Partial == record.Whole && !r.Revision.Cut && len(r.Revision.Body) > 0
}

type ranking struct {
	record  *record.Record
	value   *Value
	rest    int // how little of the state it tells
	watched bool
	managed bool
	group   string
	version string
}

func rank(r *record.Record) ranking {
	k := ranking{record: r, rest: int(r.Revision.Partial)}
	if r.Revision.Cut {
		k.rest = int(record.PartialMoved)
	}
	k.watched = r.Provenance.Sources&(record.FromWatch|record.FromList) != 0
	k.group, k.version = r.Ref.Group, r.Ref.Version
	if len(r.Revision.Body) == 0 {
		return k
	}
	v, err := Parse(r.Revision.Body)
	if err != nil {
		k.rest = int(record.PartialMoved)
		return k
	}
	k.value = v
	managed := v.Get("metadata", "managedFields")
	k.managed = managed.Kind() == Array && !managed.leaf()
	if r.Revision.Partial == record.Whole {
		k.group, k.version = record.SplitAPIVersion(v.Get("apiVersion").Str())
	}
	return k
}

// compare orders the better one first; it is total on different bodies.
func (k ranking) compare(l ranking) int {
	return cmp.Or(
		cmp.Compare(k.rest, l.rest),
		first(k.watched, l.watched),
		first(k.managed, l.managed),
		-version.CompareKubeAwareVersionStrings(k.version, l.version),
		cmp.Compare(k.group, l.group),
		-bytes.Compare(k.record.Revision.Body, l.record.Revision.Body),
		cmp.Compare(k.record.Provenance.Sources, l.record.Provenance.Sources),
		cmp.Compare(k.record.Ref.Resource, l.record.Ref.Resource),
		cmp.Compare(k.record.Ref.Name, l.record.Ref.Name),
	)
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// inConflict compares the whole bodies of each API version with each other.
func inConflict(ranked []ranking) bool {
	for i, k := range ranked {
		if k.value == nil || k.rest != int(record.Whole) {
			continue
		}
		for _, l := range ranked[i+1:] {
			if l.value == nil || l.rest != int(record.Whole) || k.group != l.group || k.version != l.version {
				continue
			}
			a, b := k.value, l.value
			if k.managed != l.managed {
				a, b = a.With(nil, "metadata", "managedFields"), b.With(nil, "metadata", "managedFields")
			}
			if sameMeaning(a, b, SchemaOf(a)) == different {
				return true
			}
		}
	}
	return false
}

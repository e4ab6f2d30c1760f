package link

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/google/cel-go/common/types/ref"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// maxText bounds each word of a claim: longer ones name nothing that an apiserver would store.
const maxText = 1024

// reader gathers what the rules say of one state.
type reader struct {
	rules  *Rules
	ref    record.ObjectRef
	obj    *object.Value
	rule   *rule
	claims []Claim
	cut    int
	failed []Failure
	full   bool
	value  ref.Val // the state for expressions, once one asked
}

// above claims that target stands above the object; below that the object stands above target.
func (r *reader) above(t Target, field string) { r.add(Claim{Target: t, Field: field, Up: true}) }
func (r *reader) below(t Target, field string) { r.add(Claim{Target: t, Field: field}) }

func (r *reader) add(c Claim) {
	t := &c.Target
	if t.Cluster == r.ref.Cluster {
		t.Cluster = ""
	}
	if t.Resource == "" || r.isSelf(*t) {
		return
	}
	for _, s := range [...]string{string(t.Cluster), t.Group, t.Version, t.Kind, t.Resource, t.Namespace, t.Name, string(t.UID)} {
		if len(s) > maxText {
			return
		}
	}
	if len(r.claims) >= 4*maxClaims && !r.full {
		r.tidy()
		r.full = len(r.claims) >= 2*maxClaims // no real state says so much; what follows is only counted
	}
	if r.full {
		r.cut++
		return
	}
	c.Rule = r.rule.name
	if c.Type == "" {
		c.Type = r.rule.typ
	}
	r.claims = append(r.claims, c)
}

// isSelf: an object's relation to itself says nothing.
func (r *reader) isSelf(t Target) bool {
	if t.Cluster != "" || t.Selects() {
		return false
	}
	if t.UID != "" && r.ref.UID != "" {
		return t.UID == r.ref.UID
	}
	return t.Name == r.ref.Name && t.Namespace == r.ref.Namespace && t.Resource == r.ref.Resource && t.Group == r.ref.Group
}

func (r *reader) fail(err error) {
	r.failed = append(r.failed, Failure{Rule: r.rule.name, Count: 1, First: r.ref, Error: err.Error()})
}

// tidy sorts the claims and leaves each once.
func (r *reader) tidy() {
	slices.SortFunc(r.claims, compareClaims)
	r.claims = slices.CompactFunc(r.claims, sameClaim)
}

func (r *reader) finish() Reading {
	r.tidy()
	if len(r.claims) > maxClaims {
		r.cut += len(r.claims) - maxClaims
		r.claims = r.claims[:maxClaims]
	}
	return Reading{Claims: r.claims, Cut: r.cut, Failed: r.failed}
}

// target names an object in the object's own cluster. The kind's table tells its plural, and that it has no namespace.
func (r *reader) target(group, version, kind, namespace, name string) Target {
	t := Target{Group: group, Version: version, Kind: kind, Namespace: namespace, Name: name}
	if k, known := r.rules.kinds[groupKind{group, kind}]; known {
		t.Resource = k.Resource
		if !k.Namespaced {
			t.Namespace = ""
		}
		return t
	}
	t.Resource = record.GuessResource(kind)
	return t
}

// core names an object of the core group. An empty name gives a target without resource, which makes no claim.
func core(kind, namespace, name string) Target { return named("", kind, namespace, name) }

// named names an object of a built-in kind.
func named(group, kind, namespace, name string) Target {
	if name == "" {
		return Target{}
	}
	return Target{Group: group, Version: "v1", Kind: kind, Resource: record.GuessResource(kind), Namespace: namespace, Name: name}
}

// at is "path[i]" or, with more, "path[i].rest".
func at(path string, i int, rest string) string {
	s := path + "[" + strconv.Itoa(i) + "]"
	if rest != "" {
		s += "." + rest
	}
	return s
}

func compareClaims(a, b Claim) int {
	if c := cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Type, b.Type), compareBool(a.Up, b.Up), compareTargets(a.Target, b.Target),
		compareBool(a.Controller, b.Controller), compareBool(a.Inferred, b.Inferred)); c != 0 {
		return c
	}
	// Not compared, but what is left of equal claims must not depend on the order in which they came.
	return cmp.Or(cmp.Compare(a.Target.Version, b.Target.Version), cmp.Compare(a.Target.Kind, b.Target.Kind), len(a.Field)-len(b.Field), cmp.Compare(a.Field, b.Field))
}

func compareTargets(a, b Target) int {
	return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace),
		compareBool(a.AllNamespaces, b.AllNamespaces), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Selector, b.Selector))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func sameClaim(a, b Claim) bool {
	return a.Rule == b.Rule && a.Type == b.Type && a.Up == b.Up && a.Controller == b.Controller && a.Inferred == b.Inferred && compareTargets(a.Target, b.Target) == 0
}

// isTrue reads a boolean of the manifest.
func isTrue(v *object.Value) bool { return v.Kind() == object.Bool && v.Text() == "true" }

func gr(group, resource string) record.GroupResource {
	return record.GroupResource{Group: group, Resource: resource}
}

// annotation and label of the object; empty where there is none.
func (r *reader) annotation(key string) string {
	return r.obj.Get("metadata", "annotations", key).Str()
}
func (r *reader) label(key string) string { return r.obj.Get("metadata", "labels", key).Str() }

// selected targets what a canonical selector selects among pods of the object's namespace.
func (r *reader) selected(selector string) Target {
	return Target{Version: "v1", Kind: "Pod", Resource: "pods", Namespace: r.ref.Namespace, Selector: selector}
}

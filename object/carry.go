package object

import (
	"strconv"

	"github.com/kubewake/kubewake/record"
)

// State is an object at one of its revisions.
type State struct {
	RV     record.ResourceVersion
	Chosen Chosen
	// Value is the whole manifest as far as it is known; nil where nothing is.
	Value *Value
	// Partial: the revision told only a part; what else there is in Value is carried over from the state before.
	Partial record.Partial
	// Assumed are the fields carried over, each the top of a subtree: assumed unchanged.
	Assumed []Path
	// Fragment: there was no whole state to carry over from; what Value lacks is unknown, not absent.
	Fragment bool
	// Follows: it is certain that no other revision of the object lies between the state before and this one.
	// Carry leaves it false: only the caller knows what was recorded.
	Follows bool
}

// IsAssumed reports whether the field at path was not told by the revision but carried over.
func (s *State) IsAssumed(path Path) bool {
	for _, p := range s.Assumed {
		if path.HasPrefix(p) {
			return true
		}
	}
	return false
}

// Carry turns chosen revisions, by rising resourceVersion, into states. A partial revision is the state before with
// what its body tells. Start is the state before the first, or nil. The schema tells where a custom resource keeps
// what its scale subresource shows. Each body is parsed once.
func Carry(start *State, chosen []Chosen, s Schema) []State {
	states := make([]State, len(chosen))
	before := start
	for i := range chosen {
		states[i] = next(before, chosen[i], s)
		before = &states[i]
	}
	return states
}

func next(before *State, c Chosen, s Schema) State {
	best := c.Best()
	state := State{RV: c.RV, Chosen: c, Partial: best.Revision.Partial}
	body, ok := c.body(0)
	if ok && best.Revision.Partial == record.Whole {
		state.Value = body
		return state
	}
	told := told{{"apiVersion"}, {"kind"}, {"metadata", "resourceVersion"}, {"metadata", "uid"}}
	if before != nil && before.Value != nil {
		state.Value, state.Fragment = before.Value, before.Fragment
	} else {
		state.Value, state.Fragment = fragment(best), true
	}
	state.Partial = record.PartialMoved
	// From the one that tells least to the one to believe most, which so has the last word.
	for i := len(c.Records) - 1; i >= 0; i-- {
		body, ok := c.body(i)
		if !ok || body.Get("metadata").Kind() != Object {
			continue
		}
		switch c.Records[i].Revision.Partial {
		case record.PartialMetadata:
			state.Value = state.Value.With(body.Get("metadata"), "metadata")
			told = append(told, []string{"metadata"})
			state.Partial = record.PartialMetadata
		case record.PartialScale:
			state.Value, told = scaled(state.Value, body, s, told)
			state.Partial = min(state.Partial, record.PartialScale)
		}
	}
	state.Value = state.Value.With(NewString(strconv.FormatUint(uint64(c.RV), 10)), "metadata", "resourceVersion")
	if !state.Fragment || before != nil {
		state.Assumed = told.others(state.Value)
	}
	return state
}

// body of the variant i; false where there is none that can be read.
func (c *Chosen) body(i int) (*Value, bool) {
	if i == 0 && c.value != nil {
		return c.value, true
	}
	r := c.Records[i].Revision
	if r.Cut || len(r.Body) == 0 {
		return nil, false
	}
	v, err := Parse(r.Body)
	return v, err == nil
}

// fragment is what a record's reference alone tells of an object.
func fragment(r *record.Record) *Value {
	var top, meta []Member
	add := func(to *[]Member, name, value string) {
		if value != "" {
			*to = append(*to, Member{name, NewString(value)})
		}
	}
	add(&meta, "name", r.Ref.Name)
	add(&meta, "namespace", r.Ref.Namespace)
	add(&meta, "uid", string(r.Ref.UID))
	add(&top, "apiVersion", r.Ref.APIVersion())
	add(&top, "kind", r.Ref.Kind)
	return NewObject(append(top, Member{"metadata", NewObject(meta...)})...)
}

// scaled sets what a Scale tells. The API leaves a zero spec.replicas out of a Scale, and some kinds leave out zeros
// of their own status.
func scaled(v, scale *Value, s Schema, t told) (*Value, told) {
	spec, status := []string{"spec", "replicas"}, []string{"status", "replicas"}
	if s.scale != nil {
		spec, status = s.scale.spec, s.scale.status
	}
	zero := &Value{kind: Number, text: "0"}
	set := func(path []string, n *Value) {
		if len(path) == 0 {
			return
		}
		t = append(t, path)
		if n.Kind() != Number {
			n = zero
		}
		had := v.Get(path...)
		if n.text == "0" && path[0] == "status" && (had == nil || v.Get("kind").Str() == "Deployment") {
			n = nil
		}
		v = v.With(n, path...)
	}
	set(spec, scale.Get("spec", "replicas"))
	set(status, scale.Get("status", "replicas"))
	return v, t
}

// told lists the fields that a partial revision spoke of.
type told [][]string

// others gives the tops of the subtrees of v that were not told of.
func (t told) others(v *Value) []Path {
	var out []Path
	var walk func(v *Value, path Path, t told)
	walk = func(v *Value, path Path, t told) {
		for _, m := range v.Members() {
			var below told
			whole := false
			for _, p := range t {
				if p[0] == m.Name {
					whole = whole || len(p) == 1
					if len(p) > 1 {
						below = append(below, p[1:])
					}
				}
			}
			switch {
			case whole:
			case len(below) > 0 && m.Value.Kind() == Object:
				walk(m.Value, path.Field(m.Name), below)
			default:
				out = append(out, path.Field(m.Name))
			}
		}
	}
	walk(v, nil, t)
	return out
}

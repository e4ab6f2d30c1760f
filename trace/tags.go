package trace

import (
	"slices"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// HasTags reports whether objects of a resource have tags by the path of a field.
func (m *Modes) HasTags(ref record.ObjectRef) bool {
	return slices.ContainsFunc(m.Tags, func(t Tag) bool { return t.applies(ref) })
}

// TagsOf gives the tags that the paths lead to in a manifest; scalars as they are, the rest as JSON.
func (m *Modes) TagsOf(ref record.ObjectRef, manifest *object.Value) []Attr {
	var out attrs
	for i := range m.Tags {
		t := &m.Tags[i]
		if !t.applies(ref) {
			continue
		}
		v := manifest.At(t.path)
		switch v.Kind() {
		case object.Absent, object.Null:
		case object.Object, object.Array:
			out.str(t.Name, v.String())
		default:
			out.str(t.Name, v.Text())
		}
	}
	return out
}

func (t *Tag) applies(ref record.ObjectRef) bool {
	return len(t.Resources) == 0 || slices.Contains(t.Resources, ref.Resource) || slices.Contains(t.Resources, ref.GroupResource().String())
}

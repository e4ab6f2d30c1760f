package link

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// ParentAnnotation on an object names its parent, in whatever cluster: a JSON object with cluster, group, version, kind or resource, namespace, name, uid, or
// a list of such.
const ParentAnnotation = "kubewake.io/parent"

// parentMark is in every manifest that has the annotation.
const parentMark = `"` + ParentAnnotation + `"`

// maxParents bounds the annotation's list.
const maxParents = 64

func parentRules() []*rule {
	return []*rule{{name: "parent", typ: Parent, marks: []string{parentMark}, read: func(r *reader) {
		targets, err := r.annotated()
		if err != nil {
			r.fail(fmt.Errorf("annotation %s: %w", ParentAnnotation, err))
			return
		}
		for _, t := range targets {
			r.above(t, "metadata.annotations["+ParentAnnotation+"]")
		}
	}}}
}

// UnreadParent says why the annotation [ParentAnnotation] in a manifest can not be read, and makes no link; nil where it can, or is not there.
func (r *Rules) UnreadParent(ref record.ObjectRef, body []byte) error {
	if !bytes.Contains(body, []byte(parentMark)) {
		return nil
	}
	state, err := object.Parse(body)
	if err != nil {
		return nil // no manifest: it says nothing at all
	}
	_, err = (&reader{rules: r, ref: ref, obj: state}).annotated()
	return err
}

// annotated gives the parents that the annotation names.
func (r *reader) annotated() ([]Target, error) {
	text := r.annotation(ParentAnnotation)
	if text == "" {
		return nil, nil
	}
	return r.parents(text)
}

func (r *reader) parents(text string) ([]Target, error) {
	v, err := object.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	list := []*object.Value{v}
	if v.Kind() == object.Array {
		list = v.Items()
	}
	if len(list) > maxParents {
		return nil, fmt.Errorf("%d parents, the limit is %d", len(list), maxParents)
	}
	var targets []Target
	for _, v := range list {
		t, err := r.parent(v)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func (r *reader) parent(v *object.Value) (Target, error) {
	if v.Kind() != object.Object {
		return Target{}, errors.New(`a parent is a JSON object such as {"resource":"deployments","group":"apps","name":"web"}`)
	}
	keys := []string{"cluster", "group", "version", "kind", "resource", "namespace", "name", "uid"}
	for _, m := range v.Members() {
		switch {
		case !slices.Contains(keys, m.Name):
			return Target{}, fmt.Errorf("a parent has no key %q; it has %s", clip(m.Name), strings.Join(keys, ", "))
		case m.Value.Kind() != object.String && m.Value.Kind() != object.Null:
			return Target{}, fmt.Errorf("%s must be a string", m.Name)
		}
	}
	text := func(name string) string { return v.Get(name).Str() }
	t := Target{
		Cluster: record.Cluster(text("cluster")), Group: text("group"), Version: text("version"), Kind: text("kind"), Resource: text("resource"),
		Namespace: text("namespace"), Name: text("name"), UID: record.UID(text("uid")),
	}
	if t.Resource == "" {
		t.Resource = r.rules.plural(t.Group, t.Kind)
	}
	switch {
	case t.Resource == "":
		return Target{}, errors.New("a parent must have a resource, or a kind")
	case t.Selects():
		return Target{}, errors.New("a parent must have a name, or a uid")
	}
	scoped := r.rules.isClusterScoped(gr(t.Group, t.Resource))
	if v.Get("namespace").Kind() != object.String && !scoped {
		t.Namespace = r.ref.Namespace
	}
	return t, nil
}

package object

import (
	"slices"
	"strings"
)

// maxSchemaNodes bounds what is kept of a CustomResourceDefinition's schema.
const maxSchemaNodes = 50_000

// CRDSchema derives the schema of a custom resource from its CustomResourceDefinition, for one of its versions;
// an unknown version is described by the storage version. Ok is false where crd is no CustomResourceDefinition with
// that resource's schema. It costs one walk over the definition: keep the result.
func CRDSchema(crd *Value, version string) (s Schema, ok bool) {
	if crd.Get("kind").Str() != "CustomResourceDefinition" {
		return Schema{}, false
	}
	var chosen *Value
	for _, v := range crd.Get("spec", "versions").Items() {
		if v.Get("name").Str() == version {
			chosen = v
			break
		}
		if v.Get("storage").Text() == "true" {
			chosen = v
		}
	}
	openAPI := chosen.Get("schema", "openAPIV3Schema")
	if openAPI == nil { // apiextensions.k8s.io/v1beta1: one for all versions
		openAPI = crd.Get("spec", "validation", "openAPIV3Schema")
	}
	if openAPI == nil {
		return Schema{}, false
	}
	b := crdBuilder{nodes: slices.Clip(builtinNodes)}
	root := b.node(openAPI)
	if root < len(builtinNodes) { // nothing known, or nonsense
		root = b.add(schemaNode{open: root == unknownNode})
	}
	top := &b.nodes[root]
	top.fields = slices.DeleteFunc(top.fields, func(f schemaField) bool { return f.name == "metadata" })
	top.fields = append(top.fields, schemaField{"metadata", metadataNode})
	scale := chosen.Get("subresources", "scale")
	if scale == nil {
		scale = crd.Get("spec", "subresources", "scale")
	}
	s = Schema{nodes: b.nodes, at: root}
	if scale != nil {
		s.scale = &scalePaths{spec: dotted(scale.Get("specReplicasPath").Str()), status: dotted(scale.Get("statusReplicasPath").Str())}
	}
	return s, true
}

// dotted splits ".spec.size" into its names.
func dotted(path string) []string {
	if path = strings.TrimPrefix(path, "."); path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

type crdBuilder struct{ nodes []schemaNode }

func (b *crdBuilder) add(n schemaNode) int {
	if len(b.nodes)-len(builtinNodes) >= maxSchemaNodes {
		return unknownNode
	}
	b.nodes = append(b.nodes, n)
	return len(b.nodes) - 1
}

// node describes what one JSONSchemaProps says.
func (b *crdBuilder) node(props *Value) int {
	n := schemaNode{means: meaningOf(props), open: props.Get("x-kubernetes-preserve-unknown-fields").Text() == "true"}
	if props.Get("x-kubernetes-embedded-resource").Text() == "true" {
		n.fields = append(n.fields, schemaField{"metadata", metadataNode})
	}
	for _, m := range props.Get("properties").Members() {
		if at := b.node(m.Value); at != plainNode && (m.Name != "metadata" || len(n.fields) == 0) {
			n.fields = append(n.fields, schemaField{m.Name, at})
		}
	}
	below := props.Get("items")
	if below == nil {
		below = props.Get("additionalProperties")
	}
	if below.Kind() == Object {
		if at := b.node(below); at != plainNode {
			n.below = 1 + at
		}
	}
	switch props.Get("x-kubernetes-list-type").Str() {
	case "map":
		n.list = byKeys
		for _, key := range props.Get("x-kubernetes-list-map-keys").Items() {
			n.keys = append(n.keys, key.Str())
		}
	case "set":
		n.list = byValue
	}
	switch {
	case n.list == byFallback && n.means == literal && !n.open && n.below == 0 && len(n.fields) == 0:
		return plainNode
	case n.open && n.list == byFallback && n.below == 0 && len(n.fields) == 0:
		return unknownNode
	case n.means == quantity:
		return quantityNode
	case n.means == timestamp:
		return timestampNode
	}
	return b.add(n)
}

// meaningOf knows quantities by the pattern that generators write for resource.Quantity.
func meaningOf(props *Value) meaning {
	switch {
	case props.Get("format").Str() == "date-time":
		return timestamp
	case props.Get("x-kubernetes-int-or-string").Text() == "true" &&
		strings.Contains(props.Get("pattern").Str(), "[KMGTPE]i"):
		return quantity
	}
	return literal
}

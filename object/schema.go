package object

import (
	"sort"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Schema says how the fields of one kind are compared: by which keys the items of a list are told apart, and
// which values are quantities or timestamps. It is a small value that is passed down next to a document.
// The zero Schema knows nothing.
type Schema struct {
	nodes []schemaNode
	at    int
	scale *scalePaths
}

// schemaNode describes one field: how to tell its items apart, what its value means, what is below it.
type schemaNode struct {
	list   listRule
	means  meaning
	keys   []string      // of list items; a dotted key leads into the item
	open   bool          // members that are not in fields may be anything
	below  int           // 1 + node of all items or of all members without a field of their own; 0: none
	fields []schemaField // sorted by name
}

type schemaField struct {
	name string
	node int
}

type builtinKind struct {
	kind string // group/version/Kind
	node int
}

type listRule uint8

// The rules by which the items of a list are told apart.
const (
	byFallback    listRule = iota // by name if each item has one and it is unique, else by position
	byKeys                        // by the keys of the API; order has no meaning
	byOrderedKeys                 // by the keys of the API; order has a meaning
	byValue                       // a set
	byOwnKeys                     // the API replaces the list as a whole; we tell items apart by keys
	byOwnValue                    // the API replaces the list as a whole; we take it for a set
	byPosition
)

type meaning uint8

const (
	literal   meaning = iota // compared as it is
	quantity                 // resource.Quantity
	timestamp                // RFC 3339
)

// Nodes that every table of nodes begins with.
const (
	unknownNode   = 0 // may be anything
	plainNode     = 1 // nothing of interest here or below
	quantityNode  = 2
	timestampNode = 3
)

// scalePaths are where a custom resource keeps what its scale subresource shows.
type scalePaths struct{ spec, status []string }

// Builtin gives the schema of a kind that Kubernetes itself serves. A version that is not known is described by
// another version of the kind; of a kind that is not known only the metadata is.
func Builtin(group, version, kind string) Schema {
	find := func(key string) int {
		return sort.Search(len(builtinKinds), func(i int) bool { return builtinKinds[i].kind >= key })
	}
	key := group + "/" + version + "/" + kind
	if i := find(key); i < len(builtinKinds) && builtinKinds[i].kind == key {
		return Schema{nodes: builtinNodes, at: builtinKinds[i].node}
	}
	for i := find(group + "/"); i < len(builtinKinds) && strings.HasPrefix(builtinKinds[i].kind, group+"/"); i++ {
		if strings.HasSuffix(builtinKinds[i].kind, "/"+kind) {
			return Schema{nodes: builtinNodes, at: builtinKinds[i].node}
		}
	}
	return Schema{nodes: builtinNodes, at: otherKindNode}
}

// SchemaOf gives the built-in schema for a manifest, by its apiVersion and kind.
func SchemaOf(v *Value) Schema {
	group, version := record.SplitAPIVersion(v.Get("apiVersion").Str())
	return Builtin(group, version, v.Get("kind").Str())
}

// Known reports whether s says anything about the kind beyond its metadata.
func (s Schema) Known() bool { return s.at != unknownNode && s.at != otherKindNode }

// ListKeys tells how the items of the list at a path are told apart: by keys, as a set, or (known false) not by
// anything the API says. Of the path's steps into lists only the depth counts, not which item they name.
func (s Schema) ListKeys(path Path) (keys []string, set, known bool) {
	for _, step := range path {
		if step.Kind == StepField {
			s = s.field(step.Name)
		} else {
			s = s.item()
		}
	}
	switch n := s.node(); n.list {
	case byKeys, byOrderedKeys, byOwnKeys:
		return n.keys, false, true
	case byValue, byOwnValue:
		return nil, true, true
	}
	return nil, false, false
}

func (s Schema) node() *schemaNode {
	if s.at < len(s.nodes) {
		return &s.nodes[s.at]
	}
	return &builtinNodes[unknownNode]
}

// field is the schema of a member.
func (s Schema) field(name string) Schema {
	switch s.at {
	case plainNode:
		return s
	case unknownNode:
		return unknownField(name)
	}
	n := s.node()
	for i := range n.fields {
		if n.fields[i].name == name {
			return Schema{nodes: s.nodes, at: n.fields[i].node, scale: s.scale}
		}
	}
	if n.open {
		return unknownField(name)
	}
	return s.item()
}

// unknownField knows the names under which custom resources keep quantities, as built-in kinds do.
func unknownField(name string) Schema {
	switch name {
	case "requests", "limits", "hard", "used", "capacity", "allocatable":
		return Schema{nodes: builtinNodes, at: quantitiesNode}
	}
	return Schema{nodes: builtinNodes, at: unknownNode}
}

// item is the schema of the items of a list, or of the members of a map.
func (s Schema) item() Schema {
	if s.at == unknownNode || s.at == plainNode {
		return s
	}
	if below := s.node().below; below > 0 {
		return Schema{nodes: s.nodes, at: below - 1}
	}
	return Schema{nodes: s.nodes, at: plainNode}
}

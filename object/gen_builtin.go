//go:build ignore

// This program writes schema_builtin.go from the structured-merge schemas that Kubernetes publishes with its
// client libraries. It is run by hand when a new Kubernetes release adds kinds:
//
//	go run gen_builtin.go -- CLIENT-GO/applyconfigurations/internal/internal.go \
//	    APIEXTENSIONS-APISERVER/pkg/client/applyconfiguration/internal/internal.go \
//	    KUBE-AGGREGATOR/pkg/client/applyconfiguration/internal/internal.go
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

type typeRef struct {
	NamedType string `json:"namedType"`
	Scalar    string `json:"scalar"`
	List      *list  `json:"list"`
	Map       *mapOf `json:"map"`
}

type list struct {
	ElementType         typeRef  `json:"elementType"`
	ElementRelationship string   `json:"elementRelationship"`
	Keys                []string `json:"keys"`
}

type mapOf struct {
	ElementType         *typeRef `json:"elementType"`
	ElementRelationship string   `json:"elementRelationship"`
	Fields              []struct {
		Name string  `json:"name"`
		Type typeRef `json:"type"`
	} `json:"fields"`
}

type def struct {
	Name string `json:"name"`
	typeRef
}

// override states what the published schema does not know about a list: a key by which its items are told apart
// although the API replaces the list as a whole, or that the order of its items has a meaning.
type override struct {
	rule string
	keys []string
}

// overrides by "Type.field"; the type's name without package.
var overrides = map[string]override{
	"PodStatus.containerStatuses":                   {"byOwnKeys", []string{"name"}},
	"PodStatus.initContainerStatuses":               {"byOwnKeys", []string{"name"}},
	"PodStatus.ephemeralContainerStatuses":          {"byOwnKeys", []string{"name"}},
	"PodStatus.hostIPs":                             {"byOwnKeys", []string{"ip"}},
	"PodSpec.tolerations":                           {"byOwnValue", nil},
	"Scheduling.tolerations":                        {"byOwnValue", nil},
	"PodSpec.containers":                            {"byOrderedKeys", []string{"name"}},
	"PodSpec.initContainers":                        {"byOrderedKeys", []string{"name"}},
	"Container.env":                                 {"byOrderedKeys", []string{"name"}},
	"EphemeralContainer.env":                        {"byOrderedKeys", []string{"name"}},
	"ObjectMeta.managedFields":                      {"byOwnKeys", []string{"manager", "operation", "apiVersion", "subresource"}},
	"EndpointSlice.endpoints":                       {"byOwnKeys", []string{"addresses"}},
	"EndpointSubset.addresses":                      {"byOwnKeys", []string{"ip"}},
	"EndpointSubset.notReadyAddresses":              {"byOwnKeys", []string{"ip"}},
	"NodeStatus.volumesAttached":                    {"byOwnKeys", []string{"name"}},
	"NodeStatus.volumesInUse":                       {"byOwnValue", nil},
	"NodeSpec.taints":                               {"byOwnKeys", []string{"key", "effect"}},
	"RoleBinding.subjects":                          {"byOwnKeys", []string{"kind", "namespace", "name"}},
	"ClusterRoleBinding.subjects":                   {"byOwnKeys", []string{"kind", "namespace", "name"}},
	"PolicyRule.verbs":                              {"byOwnValue", nil},
	"PolicyRule.apiGroups":                          {"byOwnValue", nil},
	"PolicyRule.resources":                          {"byOwnValue", nil},
	"PolicyRule.resourceNames":                      {"byOwnValue", nil},
	"PolicyRule.nonResourceURLs":                    {"byOwnValue", nil},
	"Capabilities.add":                              {"byOwnValue", nil},
	"Capabilities.drop":                             {"byOwnValue", nil},
	"PersistentVolumeClaimSpec.accessModes":         {"byOwnValue", nil},
	"PersistentVolumeClaimStatus.accessModes":       {"byOwnValue", nil},
	"PersistentVolumeSpec.accessModes":              {"byOwnValue", nil},
	"StatefulSetSpec.volumeClaimTemplates":          {"byOwnKeys", []string{"metadata.name"}},
	"CustomResourceDefinitionSpec.versions":         {"byOwnKeys", []string{"name"}},
	"CustomResourceDefinitionStatus.storedVersions": {"byOwnValue", nil},
	"CustomResourceDefinitionNames.shortNames":      {"byOwnValue", nil},
	"CustomResourceDefinitionNames.categories":      {"byOwnValue", nil},
	"JSONSchemaProps.required":                      {"byOwnValue", nil},
}

// groups maps the Go package's name to the API group, where the two differ.
var groups = map[string]string{
	"core": "", "admissionregistration": "admissionregistration.k8s.io", "apiserverinternal": "internal.apiserver.k8s.io",
	"certificates": "certificates.k8s.io", "coordination": "coordination.k8s.io", "discovery": "discovery.k8s.io",
	"events": "events.k8s.io", "flowcontrol": "flowcontrol.apiserver.k8s.io", "imagepolicy": "imagepolicy.k8s.io",
	"lifecycle": "lifecycle.k8s.io", "networking": "networking.k8s.io", "node": "node.k8s.io", "rbac": "rbac.authorization.k8s.io",
	"resource": "resource.k8s.io", "scheduling": "scheduling.k8s.io", "storage": "storage.k8s.io",
	"storagemigration": "storagemigration.k8s.io", "apiextensions": "apiextensions.k8s.io", "apiregistration": "apiregistration.k8s.io",
}

const (
	unknown = 0 // anything may be below
	plain   = 1 // nothing of interest below
)

type builder struct {
	defs   map[string]*typeRef
	open   map[string]int // named types begun, by node
	lines  []string
	shared map[string]int
}

func main() {
	b := &builder{defs: map[string]*typeRef{}, open: map[string]int{}, shared: map[string]int{}}
	for _, file := range os.Args[2:] { // behind "--"
		b.read(file)
	}
	b.lines = []string{"{}", "{}", "{means: quantity}", "{means: timestamp}", "{list: byValue}"}
	var names []string
	for name, d := range b.defs {
		if d.Map != nil && slices.ContainsFunc(d.Map.Fields, func(f struct {
			Name string  `json:"name"`
			Type typeRef `json:"type"`
		}) bool {
			return f.Name == "metadata" && strings.HasSuffix(f.Type.NamedType, ".ObjectMeta")
		}) && !strings.HasSuffix(name, "TemplateSpec") {
			names = append(names, name)
		}
	}
	var kinds []string
	for _, name := range names {
		parts := strings.Split(name, ".")
		pkg, version, kind := parts[len(parts)-3], parts[len(parts)-2], parts[len(parts)-1]
		group, ok := groups[pkg]
		if !ok {
			group = pkg
		}
		_ = kind
		kinds = append(kinds, group+"/"+version+"/"+kind+"\x00"+name)
	}
	slices.Sort(kinds)
	var out bytes.Buffer
	out.WriteString("// Code generated by gen_builtin.go from the merge schemas of Kubernetes v1.37.2; DO NOT EDIT.\n\npackage object\n\n")
	out.WriteString("// builtinKinds lists group/version/kind and the node that describes it, sorted.\nvar builtinKinds = [...]builtinKind{\n")
	for _, k := range kinds {
		gvk, name, _ := strings.Cut(k, "\x00")
		fmt.Fprintf(&out, "{%q, %d},\n", gvk, b.named(name))
	}
	meta := b.named("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
	other := b.line(fmt.Sprintf("{open: true, fields: []schemaField{{%q, %d}}}", "metadata", meta))
	fmt.Fprintf(&out, "}\n\n// Nodes that other code names.\nconst (\nmetadataNode = %d // ObjectMeta\notherKindNode = %d // an object of a kind that is not known\n"+
		"quantitiesNode = %d // a map of quantities\n)\n", meta, other, b.line("{below: 3}"))
	out.WriteString("\n// builtinNodes describes their fields; what is not listed has nothing to know about it.\nvar builtinNodes = []schemaNode{\n")
	for i, line := range b.lines {
		fmt.Fprintf(&out, "%d: %s,\n", i, line)
	}
	out.WriteString("}\n")
	src, err := format.Source(out.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("schema_builtin.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}

func (b *builder) read(file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "typed.YAMLObject(`")
	text, _, _ = strings.Cut(text, "`)")
	var doc struct {
		Types []def `json:"types"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		log.Fatalf("%s: %v", file, err)
	}
	for _, d := range doc.Types {
		if _, seen := b.defs[d.Name]; !seen {
			b.defs[d.Name] = &d.typeRef
		}
	}
}

// named gives the node of a named type.
func (b *builder) named(name string) int {
	switch {
	case strings.HasSuffix(name, ".resource.Quantity"):
		return 2
	case strings.HasSuffix(name, ".v1.Time"), strings.HasSuffix(name, ".v1.MicroTime"):
		return 3
	case strings.HasPrefix(name, "__untyped"), strings.HasSuffix(name, ".RawExtension"), strings.HasSuffix(name, ".v1.JSON"):
		return unknown
	case strings.HasSuffix(name, ".FieldsV1"):
		return plain
	}
	if n, ok := b.open[name]; ok {
		return n
	}
	d, ok := b.defs[name]
	if !ok {
		log.Printf("no type %s", name)
		return unknown
	}
	if d.Map == nil || !b.recursive(name) {
		n := b.ref(*d, name[strings.LastIndexByte(name, '.')+1:])
		b.open[name] = n
		return n
	}
	n := len(b.lines)
	b.lines = append(b.lines, "")
	b.open[name] = n
	b.lines[n] = b.mapLine(d.Map, name[strings.LastIndexByte(name, '.')+1:])
	return n
}

func (b *builder) recursive(name string) bool {
	seen := map[string]bool{}
	var walk func(r typeRef) bool
	walk = func(r typeRef) bool {
		if r.NamedType != "" {
			if r.NamedType == name {
				return true
			}
			if seen[r.NamedType] {
				return false
			}
			seen[r.NamedType] = true
			if d := b.defs[r.NamedType]; d != nil {
				return walk(*d)
			}
			return false
		}
		if r.List != nil {
			return walk(r.List.ElementType)
		}
		if r.Map != nil {
			if r.Map.ElementType != nil && walk(*r.Map.ElementType) {
				return true
			}
			for _, f := range r.Map.Fields {
				if walk(f.Type) {
					return true
				}
			}
		}
		return false
	}
	return walk(*b.defs[name])
}

// ref gives the node of a type that is met as the type or field of this name.
func (b *builder) ref(r typeRef, typeName string) int {
	switch {
	case r.NamedType != "":
		return b.named(r.NamedType)
	case r.List != nil:
		return b.list(r.List, typeName, override{})
	case r.Map != nil:
		if len(r.Map.Fields) == 0 && r.Map.ElementType == nil {
			return unknown
		}
		return b.line(b.mapLine(r.Map, typeName))
	}
	return plain
}

func (b *builder) mapLine(m *mapOf, typeName string) string {
	var s strings.Builder
	if m.ElementType != nil {
		if n := b.ref(*m.ElementType, ""); n != plain {
			fmt.Fprintf(&s, "below: %d, ", n+1)
		}
	}
	fields := ""
	for _, f := range m.Fields {
		n := 0
		if o, ok := overrides[typeName+"."+f.Name]; ok && f.Type.List != nil {
			n = b.list(f.Type.List, f.Name, o)
		} else {
			n = b.ref(f.Type, f.Name)
		}
		if n != plain {
			fields += fmt.Sprintf("{%q, %d}, ", f.Name, n)
		}
	}
	if fields != "" {
		fmt.Fprintf(&s, "fields: []schemaField{%s}, ", strings.TrimSuffix(fields, ", "))
	}
	return "{" + strings.TrimSuffix(s.String(), ", ") + "}"
}

func (b *builder) list(l *list, name string, o override) int {
	elem := b.ref(l.ElementType, "")
	rule, keys := "byPosition", l.Keys
	if l.ElementRelationship == "associative" {
		rule = "byKeys"
		if len(l.Keys) == 0 {
			rule = "byValue"
		}
	}
	if rule == "byPosition" && o.rule == "" && name == "conditions" {
		o = override{"byOwnKeys", []string{"type"}}
	}
	if o.rule != "" {
		rule, keys = o.rule, o.keys
	}
	var s strings.Builder
	if rule != "byPosition" {
		fmt.Fprintf(&s, "list: %s, ", rule)
	}
	if len(keys) > 0 {
		fmt.Fprintf(&s, "keys: []string{%q}, ", keys)
	}
	if elem != plain {
		fmt.Fprintf(&s, "below: %d, ", elem+1)
	}
	text := strings.ReplaceAll(s.String(), `["`, `"`)
	text = strings.ReplaceAll(text, `"]`, `"`)
	text = strings.ReplaceAll(text, `" "`, `", "`)
	return b.line("{" + strings.TrimSuffix(text, ", ") + "}")
}

// line gives the node with this text, a new one only where there is none yet.
func (b *builder) line(text string) int {
	if text == "{}" {
		return plain
	}
	if n, ok := b.shared[text]; ok {
		return n
	}
	n := len(b.lines)
	b.lines = append(b.lines, text)
	b.shared[text] = n
	return n
}

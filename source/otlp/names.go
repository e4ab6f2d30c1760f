package otlp

import (
	"slices"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// Attributes by OpenTelemetry's conventions, and others that are read by themselves.
const (
	clusterAttribute   = "k8s.cluster.name"
	namespaceAttribute = "k8s.namespace.name"
	serviceAttribute   = "service.name"
)

// rules tell what a span names.
type rules struct {
	objects    []objectRule
	auditIDs   []string
	attributes int
}

// objectRule says by which attributes an object is named. Of a rule with kindFrom the kind stands in an attribute too.
type objectRule struct {
	resource             record.GroupResource
	kind                 string
	name, namespace, uid string // attributes; no namespace: the kind has none

	kindFrom, groupFrom, versionFrom, resourceFrom string
}

// builtinObjects: what is told most exactly first.
func builtinObjects() []objectRule {
	out := []objectRule{
		{name: "k8s.object.name", namespace: namespaceAttribute, uid: "k8s.object.uid", kindFrom: "k8s.object.kind", groupFrom: "k8s.object.group",
			versionFrom: "k8s.object.api_version", resourceFrom: "k8s.object.resource"},
		{name: "name", namespace: "namespace", kindFrom: "controllerKind", groupFrom: "controllerGroup"}, // controller-runtime
	}
	for _, k := range [...]struct{ word, group, kind string }{
		{"pod", "", "Pod"}, {"job", "batch", "Job"}, {"replicaset", "apps", "ReplicaSet"}, {"statefulset", "apps", "StatefulSet"},
		{"daemonset", "apps", "DaemonSet"}, {"deployment", "apps", "Deployment"}, {"cronjob", "batch", "CronJob"},
		{"replicationcontroller", "", "ReplicationController"}, {"hpa", "autoscaling", "HorizontalPodAutoscaler"},
		{"persistentvolumeclaim", "", "PersistentVolumeClaim"}, {"service", "", "Service"}, {"resourcequota", "", "ResourceQuota"},
	} {
		out = append(out, objectRule{resource: record.GroupResource{Group: k.group, Resource: record.GuessResource(k.kind)}, kind: k.kind,
			name: "k8s." + k.word + ".name", namespace: namespaceAttribute, uid: "k8s." + k.word + ".uid"})
	}
	return append(out,
		objectRule{resource: record.GroupResource{Resource: "persistentvolumes"}, kind: "PersistentVolume", name: "k8s.persistentvolume.name", uid: "k8s.persistentvolume.uid"},
		objectRule{resource: record.GroupResource{Resource: "nodes"}, kind: "Node", name: "k8s.node.name", uid: "k8s.node.uid"},
		objectRule{resource: record.GroupResource{Resource: "namespaces"}, kind: "Namespace", name: namespaceAttribute, uid: "k8s.namespace.uid"})
}

// maxObjects bounds how many objects one span names.
const maxObjects = 8

// maxNameBytes is more than any name in Kubernetes has.
const maxNameBytes = 512

// attributes finds values by name.
type attributes []record.KeyValue

// get is for names: what is longer than any is none.
func (a attributes) get(name string) string {
	if value := a.text(name); len(value) <= maxNameBytes {
		return value
	}
	return ""
}

func (a attributes) text(name string) string {
	i, ok := slices.BinarySearchFunc(a, name, func(kv record.KeyValue, name string) int { return strings.Compare(kv.Key, name) })
	if !ok {
		return ""
	}
	return a[i].Value
}

// object gives what a rule finds. A namespace may be told by the resource alone.
func (r *objectRule) object(own, resource attributes) (ref record.ObjectRef, ok bool) {
	ref = record.ObjectRef{Group: r.resource.Group, Resource: r.resource.Resource, Kind: r.kind, Name: own.get(r.name), UID: record.UID(own.get(r.uid))}
	if ref.Name == "" {
		return ref, false
	}
	if r.kindFrom != "" {
		if ref.Kind = own.get(r.kindFrom); ref.Kind == "" {
			return ref, false
		}
		ref.Group, ref.Version = own.get(r.groupFrom), ""
		if v := own.get(r.versionFrom); v != "" {
			if group, version := record.SplitAPIVersion(v); ref.Group == "" {
				ref.Group, ref.Version = group, version
			} else {
				ref.Version = version
			}
		}
		if ref.Resource = own.get(r.resourceFrom); ref.Resource == "" {
			ref.Resource = record.GuessResource(ref.Kind)
		}
	}
	if r.namespace != "" && !clusterScoped(ref) {
		if ref.Namespace = own.get(r.namespace); ref.Namespace == "" {
			ref.Namespace = resource.get(r.namespace)
		}
	}
	return ref, true
}

// clusterScoped: a few kinds whose spans may tell a namespace for another reason.
func clusterScoped(ref record.ObjectRef) bool {
	switch ref.GroupResource().String() {
	case "nodes", "namespaces", "persistentvolumes", "customresourcedefinitions.apiextensions.k8s.io", "clusterroles.rbac.authorization.k8s.io",
		"clusterrolebindings.rbac.authorization.k8s.io", "storageclasses.storage.k8s.io":
		return true
	}
	return false
}

// named lists what a span names: what its own attributes name, most exactly first; else the one object that its resource names most exactly, which is where it
// ran. A namespace is meant only where nothing in it is.
func (r *rules) named(own, resource attributes) (list []record.ObjectRef, cut bool) {
	for i := range r.objects {
		ref, ok := r.objects[i].object(own, resource)
		if !ok || (ref.Kind == "Namespace" && (len(list) > 0 || r.objects[i].name == namespaceAttribute && r.inside(resource))) {
			continue
		}
		if slices.ContainsFunc(list, func(have record.ObjectRef) bool {
			return have.GroupResource() == ref.GroupResource() && have.Namespace == ref.Namespace && have.Name == ref.Name
		}) {
			continue
		}
		if len(list) == maxObjects {
			return list, true
		}
		list = append(list, ref)
	}
	if len(list) > 0 {
		return list, false
	}
	for i := range r.objects {
		if ref, ok := r.objects[i].object(resource, nil); ok && ref.Kind != "Namespace" {
			return []record.ObjectRef{ref}, false
		}
	}
	return nil, false
}

// inside reports whether the resource names an object in a namespace.
func (r *rules) inside(resource attributes) bool {
	return slices.ContainsFunc(r.objects, func(o objectRule) bool {
		return o.namespace != "" && resource.get(o.name) != ""
	})
}

func (r *rules) auditID(own attributes) string {
	for _, name := range r.auditIDs {
		if id := own.get(name); id != "" {
			return id
		}
	}
	return ""
}

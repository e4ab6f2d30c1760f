// SPDX-License-Identifier: Apache-2.0

// Package link derives relations between objects from their states: what one state of one object says of others.
//
// Start with [Rules]: [Builtin] holds what Kubernetes itself means by ownerReferences, selectors, volumes and the like, one rule per
// file; an operator's rules (YAML, with CEL) come beside them. Rules.Claims is pure: the claims of a state are a function of
// that state and of the rules alone. When a claim holds, and whom it meant at a moment, package index knows.
package link

import "github.com/kubewake/kubewake/record"

// Type says how two objects are related. The words are those of answers and of questions. The object that stands above is the
// subject of the sentence: "Deployment owns ReplicaSet", "Pod runs-on Node". Which of the two claims it, is another matter: see Claim.Up.
type Type string

// The built-in types; an operator's rule may name another.
const (
	Owns     Type = "owns"        // ownerReferences: parent owns child
	Parent   Type = "parent"      // the annotation kubewake.io/parent
	Regards  Type = "regards"     // Event -> object
	RunsOn   Type = "runs-on"     // Pod -> Node
	Selects  Type = "selects"     // Service, PodDisruptionBudget, NetworkPolicy -> Pods, by selector
	Exposes  Type = "exposes"     // Service -> EndpointSlice -> Pod, as it was
	Scales   Type = "scales"      // HorizontalPodAutoscaler -> target
	Mounts   Type = "mounts"      // Pod -> ConfigMap, Secret, PersistentVolumeClaim
	RunsAs   Type = "runs-as"     // Pod -> ServiceAccount
	Prefers  Type = "prioritizes" // PriorityClass -> Pod
	Binds    Type = "binds"       // PersistentVolumeClaim -> PersistentVolume
	Provides Type = "provides"    // StorageClass -> PersistentVolume, PersistentVolumeClaim
	Routes   Type = "routes"      // Ingress, Gateway routes -> Service; Gateway -> route
	Grants   Type = "grants"      // RoleBinding -> Role and subjects
	Calls    Type = "calls"       // webhook configuration, APIService -> Service
	HeldBy   Type = "held-by"     // Lease -> holder
	Defines  Type = "defines"     // CustomResourceDefinition -> its objects
	Manages  Type = "manages"     // Helm, Argo CD, Flux -> what they installed
)

// Claim is what one state of one object says: it is related to Target. Claims of a state are sorted and each is there once.
type Claim struct {
	Rule   string // the name of the rule, unique among Rules
	Type   Type
	Target Target
	// Up: the target stands above (is the parent); else the object that claims does.
	Up bool
	// Controller marks the one owner that manages the object.
	Controller bool
	// Inferred: a convention says so, not the API; where no such object was recorded, there may be none (so it makes no stub).
	Inferred bool
	// Field is where it stands in the state: "metadata.ownerReferences[0]". Not compared.
	Field string
}

// Target names the object, or by Selector the objects, that a claim is about. With a UID it is that object, whatever else is
// told; else the one that has the name at the moment in question.
type Target struct {
	Cluster   record.Cluster // empty: that of the object that claims
	Group     string
	Version   string // as told; not compared
	Kind      string // as told; not compared where Resource is known
	Resource  string // plural; guessed by record.GuessResource where only the kind is told
	Namespace string // empty: cluster-scoped
	Name      string
	UID       record.UID
	// Selector is a label selector as query.ParseSelector reads it, canonical; Name and UID are then empty. Namespace is where it selects
	// (AllNamespaces: in all). Empty, with no Name and no UID, it selects every object there: see Target.Selects.
	Selector      string
	AllNamespaces bool
}

// Selects reports whether the target is what Selector selects (if that is empty: all), not one object.
func (t Target) Selects() bool { return t.Name == "" && t.UID == "" }

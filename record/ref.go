package record

import "strings"

// Cluster names one Kubernetes API as the operator calls it, for example "prod-eu-1".
type Cluster string

// UID is metadata.uid of an object, for example "4e1cd7ad-d75a-4a67-9ab4-d7b1f71d8f9a".
// It is the object's identity: deleted and made again under one name is two UIDs.
type UID string

// ResourceVersion is metadata.resourceVersion as a number; zero means none. It is comparable only
// within one Storage of one cluster (and one epoch of it).
type ResourceVersion uint64

// GroupResource names a resource whatever its version: {"apps", "deployments"}, {"", "pods"}.
type GroupResource struct {
	Group    string
	Resource string
}

// String gives the form kubectl uses: "deployments.apps", "pods".
func (gr GroupResource) String() string {
	if gr.Group == "" {
		return gr.Resource
	}
	return gr.Resource + "." + gr.Group
}

// ParseGroupResource reads the form of String; everything behind the first dot is the group.
func ParseGroupResource(s string) GroupResource {
	resource, group, _ := strings.Cut(s, ".")
	return GroupResource{Group: group, Resource: resource}
}

// IsEvents reports whether gr is one of the two resources under which Kubernetes Events are served.
func (gr GroupResource) IsEvents() bool {
	return gr.Resource == "events" && (gr.Group == "" || gr.Group == "events.k8s.io")
}

// ObjectRef says which object a record is about, as far as the source told.
// Name is empty for collections and for creates by generateName whose answer was not recorded;
// UID is empty where the source did not tell it.
type ObjectRef struct {
	Cluster     Cluster
	Group       string
	Version     string // API version the source spoke, for example "v1"
	Kind        string // "Deployment", where known
	Resource    string // "deployments", where known
	Subresource string
	Namespace   string
	Name        string
	UID         UID
}

// GroupResource of the object.
func (r ObjectRef) GroupResource() GroupResource {
	return GroupResource{Group: r.Group, Resource: r.Resource}
}

// APIVersion is "apps/v1", or "v1" for the core group.
func (r ObjectRef) APIVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// SplitAPIVersion is the reverse of APIVersion: "apps/v1" gives "apps" and "v1".
func SplitAPIVersion(apiVersion string) (group, version string) {
	if g, v, ok := strings.Cut(apiVersion, "/"); ok {
		return g, v
	}
	return "", apiVersion
}

// Storage names one counter of resourceVersions in a cluster: "" for the main one, "events" for
// Kubernetes Events (they may have an etcd of their own), else the API group of an aggregated API.
type Storage string

// Storages that every cluster has.
const (
	MainStorage   Storage = ""
	EventsStorage Storage = "events"
)

// StorageOf tells the counter that versions gr. Aggregated groups are told apart by name: all
// groups that Kubernetes itself or a CRD serves count in the main storage, so only groups known to
// be served by an aggregated apiserver have one of their own.
func StorageOf(gr GroupResource) Storage {
	if gr.IsEvents() {
		return EventsStorage
	}
	switch gr.Group {
	case "metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io":
		return Storage(gr.Group)
	}
	return MainStorage
}

// Actor is who made a request.
type Actor struct {
	User         string   // whom the apiserver acted for: the impersonated user where there is one
	UserUID      string   // UID of User, where the authenticator gave one
	Groups       []string // groups of User
	Extra        []KeyValue
	Impersonator string // the authenticated user, where it acted as another; else empty
	UserAgent    string
	SourceIPs    []string // client first, then proxies
}

// Authenticated is the user who proved an identity: Impersonator where there is one, else User.
func (a Actor) Authenticated() string {
	if a.Impersonator != "" {
		return a.Impersonator
	}
	return a.User
}

// KeyValue is one entry of a small map kept sorted by Key (then Value), so that equal maps encode equally.
type KeyValue struct {
	Key   string
	Value string
}

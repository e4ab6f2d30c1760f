package enginetest

import (
	"context"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// Links answers with LinksOfWeb().
func (f *Fake) Links(_ context.Context, q query.Links) (*engine.Links, error) {
	return answer(f, q, LinksOfWeb())
}

// Tree answers with TreeOfWeb().
func (f *Fake) Tree(_ context.Context, q query.Tree) (*engine.Tree, error) {
	return answer(f, q, TreeOfWeb())
}

func part(group, kind, resource, name, uid string) engine.Ref {
	return engine.Ref{Cluster: "prod", Group: group, Version: "v1", Kind: kind, Resource: resource, Namespace: "shop", Name: name, UID: uid}
}

func owned() engine.Link {
	return engine.Link{Type: "owns", Rule: "owner", Parent: engine.LinkEnd{Ref: Web()},
		Child:      engine.LinkEnd{Ref: part("apps", "ReplicaSet", "replicasets", "web-1", "u-rs"), Ended: true, EndedAt: At(50_000)},
		Controller: true, Since: &engine.When{At: At(1000), NotBefore: At(900), NotAfter: At(1000)}, Until: &engine.When{At: At(50_000), NotAfter: At(50_000)},
		Field: "metadata.ownerReferences[0]", Certainty: engine.Exact}
}

func mounted() engine.Link {
	return engine.Link{Type: "mounts", Rule: "pod-configmap", Parent: engine.LinkEnd{Ref: part("", "Pod", "pods", "web-1-x", "u-pod")},
		Child: engine.LinkEnd{Ref: part("", "ConfigMap", "configmaps", "settings", ""), Stub: true}, Field: "spec.volumes[0]",
		Certainty: engine.Assumed, Reason: "It is in the first state that was recorded."}
}

// LinksOfWeb are two links, one of them over and one to an object that was never recorded, and an annotation that can not be read.
func LinksOfWeb() *engine.Links {
	return &engine.Links{Object: Web(), Links: []engine.Link{mounted(), owned()},
		Unread: []engine.Unread{{Field: "metadata.annotations[kubewake.io/parent]", Reason: "a parent must have a name, or a uid"}}, Cut: "the limit of 2 links was reached: 1 more were found",
		Pending: "links hold up to write 7 of 9", Coverage: Coverage()}
}

// TreeOfWeb is a tree of three levels.
func TreeOfWeb() *engine.Tree {
	first, pod := owned(), owned()
	pod.Parent, pod.Child = first.Child, engine.LinkEnd{Ref: part("", "Pod", "pods", "web-1-x", "u-pod")}
	other := mounted()
	return &engine.Tree{Object: Web(), Cut: "the limit of 3 objects was reached", Pending: "links hold up to write 7 of 9", Coverage: Coverage(), Nodes: []engine.TreeNode{
		{LinkEnd: engine.LinkEnd{Ref: Web()}, Parent: -1, Asked: true, CreatedAt: At(0), FirstSeen: At(1), LastSeen: At(60_000)},
		{LinkEnd: first.Child, Depth: 1, Via: &first, CreatedAt: At(1000), FirstSeen: At(1000), LastSeen: At(50_000), Left: 4},
		{LinkEnd: pod.Child, Parent: 1, Depth: 2, Via: &pod, Others: []engine.Link{other}, CreatedAt: At(2000), FirstSeen: At(2000), LastSeen: At(60_000)},
	}}
}

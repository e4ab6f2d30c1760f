package link

import (
	"strings"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/record"
)

// manageRules: who installed an object, by what the installer writes on it. Controllers copy labels and annotations to what they make (a Deployment's to its
// ReplicaSets, a Service's to its Endpoints), so objects that another one controls, and Endpoints, are not looked at.
func manageRules() []*rule {
	return []*rule{
		{name: "helm", typ: Manages, marks: []string{`"meta.helm.sh/release-name"`}, read: installed(readHelm)},
		{name: "argocd", typ: Manages, marks: []string{`"argocd.argoproj.io/tracking-id"`}, read: installed(readArgoTracking)},
		{name: "argocd-label", typ: Manages, marks: []string{`"argocd.argoproj.io/instance"`}, read: installed(func(r *reader) {
			const label = "argocd.argoproj.io/instance"
			r.application(r.label(label), "metadata.labels["+label+"]")
		})},
		{name: "flux-kustomization", typ: Manages, marks: []string{`"kustomize.toolkit.fluxcd.io/name"`}, read: installed(flux("kustomize.toolkit.fluxcd.io", "Kustomization"))},
		{name: "flux-helmrelease", typ: Manages, marks: []string{`"helm.toolkit.fluxcd.io/name"`}, read: installed(flux("helm.toolkit.fluxcd.io", "HelmRelease"))},
	}
}

func installed(read func(*reader)) func(*reader) {
	return func(r *reader) {
		if r.isControlled() || (r.ref.Group == "" && r.ref.Resource == "endpoints") {
			return
		}
		read(r)
	}
}

// A Helm release is no object. What stands for it is the Secret in which Helm keeps the release's revision in force: the deployed one, or the one that is
// being installed first or removed last.
func readHelm(r *reader) {
	const name, namespace = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
	release, ns := r.annotation(name), r.annotation(namespace)
	if release == "" || ns == "" {
		return
	}
	// A release's name from outside is put in as a value, never as text of a selector.
	selector, ok := labelSet(object.NewObject(object.Member{Name: "name", Value: object.NewString(release)}))
	if !ok {
		return
	}
	selector += ",owner=helm,status in (deployed,pending-install,uninstalling)"
	r.above(Target{Version: "v1", Kind: "Secret", Resource: "secrets", Namespace: ns, Selector: selector}, "metadata.annotations["+name+"]")
}

// The tracking ID, "shop_web:apps/Deployment:shop/web", names the object that it was written on, so a copy is known as such.
func readArgoTracking(r *reader) {
	const key = "argocd.argoproj.io/tracking-id"
	app, rest, _ := strings.Cut(r.annotation(key), ":")
	groupKind, path, ok := strings.Cut(rest, ":")
	group, kind, _ := strings.Cut(groupKind, "/")
	namespace, name, _ := strings.Cut(path, "/")
	if !ok || group != r.ref.Group || name != r.ref.Name || (namespace != r.ref.Namespace && r.ref.Namespace != "") {
		return
	}
	if r.rules.plural(group, kind) != r.ref.Resource && kind != r.kind() {
		return
	}
	r.application(app, "metadata.annotations["+key+"]")
}

// application claims the Application that a tracking ID or label names: in its own namespace as "namespace_name", else in that of Argo CD, which is not told.
// It may stand in another cluster, too.
func (r *reader) application(app, field string) {
	namespace, name, told := strings.Cut(app, "_")
	if !told {
		namespace, name = "argocd", app
	}
	if name == "" {
		return
	}
	t := Target{Group: "argoproj.io", Version: "v1alpha1", Kind: "Application", Resource: "applications", Namespace: namespace, Name: name}
	r.add(Claim{Target: t, Up: true, Inferred: true, Field: field})
}

func flux(group, kind string) func(*reader) {
	return func(r *reader) {
		name, namespace := r.label(group+"/name"), r.label(group+"/namespace")
		if name == "" || namespace == "" {
			return
		}
		t := Target{Group: group, Kind: kind, Resource: record.GuessResource(kind), Namespace: namespace, Name: name}
		r.above(t, "metadata.labels["+group+"/name]")
	}
}

// kind of the object, as the recorder or the state tells.
func (r *reader) kind() string {
	if r.ref.Kind != "" {
		return r.ref.Kind
	}
	return r.obj.Get("kind").Str()
}

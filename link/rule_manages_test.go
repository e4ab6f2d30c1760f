package link

import "testing"

func installedObject(kind, apiVersion, labels, annotations, owners string) string {
	return `{"apiVersion":"` + apiVersion + `","kind":"` + kind + `","metadata":{"name":"web","namespace":"shop","uid":"u1","labels":{` + labels + `},"annotations":{` + annotations + `},"ownerReferences":[` + owners + `]}}`
}

func TestManages(t *testing.T) { testClaims(t, managesCases()) }

func managesCases() []claimCase {
	const (
		helm     = `"meta.helm.sh/release-name":"front","meta.helm.sh/release-namespace":"releases"`
		release  = "↑manages secrets releases/{name=front,owner=helm,status in (deployed,pending-install,uninstalling)}"
		tracking = `"argocd.argoproj.io/tracking-id":"front:apps/Deployment:shop/web"`
		owner    = `{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"u0","controller":true}`
		owned    = "↑owns deployments.apps shop/web uid=u0 controller"
	)
	return []claimCase{
		{"Helm", installedObject("Deployment", "apps/v1", "", helm, ""), []string{release}},
		{"Helm, friends: copied to a ReplicaSet", installedObject("ReplicaSet", "apps/v1", "", helm, owner), []string{owned}},
		{"Helm, friends: its labels alone", installedObject("Deployment", "apps/v1", `"app.kubernetes.io/managed-by":"Helm","app.kubernetes.io/instance":"front"`, "", ""), nil},
		{"Helm, friends: no namespace", installedObject("Deployment", "apps/v1", "", `"meta.helm.sh/release-name":"front"`, ""), nil},
		{"Helm, friends: no name of a release", installedObject("Deployment", "apps/v1", "", `"meta.helm.sh/release-name":"a,b","meta.helm.sh/release-namespace":"x"`, ""), nil},
		{"Argo CD", installedObject("Deployment", "apps/v1", "", tracking, ""), []string{"↑manages applications.argoproj.io argocd/front inferred"}},
		{"Argo CD, an Application of another namespace", installedObject("Deployment", "apps/v1", "", `"argocd.argoproj.io/tracking-id":"team_front:apps/Deployment:shop/web"`, ""),
			[]string{"↑manages applications.argoproj.io team/front inferred"}},
		{"Argo CD, a core kind", installedObject("Service", "v1", "", `"argocd.argoproj.io/tracking-id":"front:/Service:shop/web"`, ""), []string{"↑manages applications.argoproj.io argocd/front inferred"}},
		{"Argo CD, cluster-scoped", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","annotations":{"argocd.argoproj.io/tracking-id":"front:/Namespace:default/shop"}}}`,
			[]string{"↑manages applications.argoproj.io argocd/front inferred"}},
		{"Argo CD, friends: of another object", installedObject("Deployment", "apps/v1", "", `"argocd.argoproj.io/tracking-id":"front:apps/Deployment:shop/other"`, ""), nil},
		{"Argo CD, friends: of another kind", installedObject("StatefulSet", "apps/v1", "", tracking, ""), nil},
		{"Argo CD, friends: not of its form", installedObject("Deployment", "apps/v1", "", `"argocd.argoproj.io/tracking-id":"front"`, ""), nil},
		{"Argo CD, its own label", installedObject("Deployment", "apps/v1", `"argocd.argoproj.io/instance":"front"`, "", ""), []string{"↑manages applications.argoproj.io argocd/front inferred"}},
		{"Argo CD, friends: the label on Endpoints", installedObject("Endpoints", "v1", `"argocd.argoproj.io/instance":"front"`, "", ""), []string{"↑exposes services shop/web"}},
		{"Argo CD, friends: everybody's label", installedObject("Deployment", "apps/v1", `"app.kubernetes.io/instance":"front"`, "", ""), nil},
		{"Flux", installedObject("Deployment", "apps/v1", `"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"`, "", ""),
			[]string{"↑manages kustomizations.kustomize.toolkit.fluxcd.io flux-system/apps"}},
		{"Flux and Helm", installedObject("Deployment", "apps/v1", `"helm.toolkit.fluxcd.io/name":"front","helm.toolkit.fluxcd.io/namespace":"releases"`, helm, ""),
			[]string{"↑manages helmreleases.helm.toolkit.fluxcd.io releases/front", release}},
		{"Flux, friends: half", installedObject("Deployment", "apps/v1", `"kustomize.toolkit.fluxcd.io/name":"apps"`, "", ""), nil},
		{"Flux, friends: copied to Endpoints", installedObject("Endpoints", "v1", `"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"`, "", ""), []string{"↑exposes services shop/web"}},
		{"Flux, friends: itself", `{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"flux-system","namespace":"flux-system","uid":"u1",
			"labels":{"kustomize.toolkit.fluxcd.io/name":"flux-system","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}}}`,
			[]string{"↑defines customresourcedefinitions.apiextensions.k8s.io kustomizations.kustomize.toolkit.fluxcd.io inferred"}},
	}
}

package link

import "testing"

func TestIngress(t *testing.T) { testClaims(t, ingressCases()) }

func ingressCases() []claimCase {
	return []claimCase{
		{"backends", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i","namespace":"shop"},"spec":{"ingressClassName":"nginx","defaultBackend":{"service":{"name":"fallback","port":{"number":80}}},
			"rules":[{"host":"a","http":{"paths":[{"path":"/","backend":{"service":{"name":"web"}}},{"path":"/static","backend":{"resource":{"apiGroup":"k8s.example.com","kind":"Bucket","name":"icons"}}}]}},{"host":"b"}],
			"tls":[{"secretName":"tls"}]}}`,
			[]string{"↓routes services shop/fallback", "↓routes services shop/web", "↓routes buckets.k8s.example.com shop/icons", "↑routes ingressclasses.networking.k8s.io nginx"}},
		{"v1beta1", `{"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"name":"i","namespace":"shop"},"spec":{"backend":{"serviceName":"web","servicePort":80}}}`, []string{"↓routes services shop/web"}},
		{"friends", `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i","namespace":"shop","annotations":{"backend":"web"}},"spec":{"defaultBackend":null,"rules":[{"http":{"paths":[{"backend":{"service":"web"}}]}}]}}`, nil},
	}
}

func TestGateway(t *testing.T) { testClaims(t, gatewayCases()) }

func gatewayCases() []claimCase {
	const routes = "↑defines customresourcedefinitions.apiextensions.k8s.io httproutes.gateway.networking.k8s.io inferred"
	return []claimCase{
		{"route", `{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"r","namespace":"shop"},"spec":{
			"parentRefs":[{"name":"edge","namespace":"infra","sectionName":"https"},{"name":"local"},{"group":"","kind":"Service","name":"mesh"}],
			"rules":[{"backendRefs":[{"name":"web","port":80,"filters":[{"type":"RequestMirror","requestMirror":{"backendRef":{"name":"copy"}}}]},{"name":"other","namespace":"else"},{"group":"x.y","kind":"Lambda","name":"f"}]},
				{"filters":[{"type":"RequestMirror","requestMirror":{"backendRef":{"name":"copy2"}}},{"type":"RequestRedirect","requestRedirect":{}}]}]}}`,
			[]string{
				routes, "↓routes services else/other", "↓routes services shop/copy", "↓routes services shop/copy2", "↓routes services shop/web", "↓routes lambdas.x.y shop/f",
				"↑routes services shop/mesh", "↑routes gateways.gateway.networking.k8s.io infra/edge", "↑routes gateways.gateway.networking.k8s.io shop/local",
			}},
		{"Gateway", `{"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"edge","namespace":"infra"},"spec":{"gatewayClassName":"nginx"}}`,
			[]string{"↑defines customresourcedefinitions.apiextensions.k8s.io gateways.gateway.networking.k8s.io inferred", "↑routes gatewayclasses.gateway.networking.k8s.io nginx"}},
		{"friends: nameless, and Istio's kind of the same name", `{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{"name":"r","namespace":"shop"},"spec":{"parentRefs":[{"namespace":"infra"}],
			"rules":[{"backendRefs":[{}]}]},"status":{"parents":[{"parentRef":{"name":"edge"}}]}}`, []string{routes}},
		{"friends: Istio's kind of the same name", `{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"edge","namespace":"infra"},"spec":{"gatewayClassName":"nginx"}}`,
			[]string{"↑defines customresourcedefinitions.apiextensions.k8s.io gateways.networking.istio.io inferred"}},
	}
}

func TestGrants(t *testing.T) { testClaims(t, grantsCases()) }

func grantsCases() []claimCase {
	return []claimCase{
		{"RoleBinding", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"shop"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"reader"},
			"subjects":[{"kind":"ServiceAccount","name":"bot","namespace":"ci"},{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"alice"},{"kind":"Group","name":"system:serviceaccounts:ci"},
			{"kind":"ServiceAccount","name":"nowhere"}]}`,
			[]string{"↓grants roles.rbac.authorization.k8s.io shop/reader", "↓grants serviceaccounts ci/bot"}},
		{"RoleBinding to a ClusterRole", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b","namespace":"shop"},"roleRef":{"kind":"ClusterRole","name":"view"}}`,
			[]string{"↓grants clusterroles.rbac.authorization.k8s.io view"}},
		{"ClusterRoleBinding", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"ClusterRole","name":"system:node"},"subjects":null}`,
			[]string{"↓grants clusterroles.rbac.authorization.k8s.io system:node"}},
		{"friends: a subject of another API", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"subjects":[{"kind":"ServiceAccount","apiGroup":"x.y","name":"bot","namespace":"ci"}]}`, nil},
		{"friends", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"x"}}`, nil},
	}
}

func TestCalls(t *testing.T) { testClaims(t, callsCases()) }

func callsCases() []claimCase {
	return []claimCase{
		{"webhooks", `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"v"},"webhooks":[
			{"name":"a","clientConfig":{"service":{"namespace":"sys","name":"hook","path":"/a"}}},{"name":"b","clientConfig":{"service":{"namespace":"sys","name":"hook","path":"/b"}}},{"name":"c","clientConfig":{"url":"https://x"}}]}`,
			[]string{"↓calls services sys/hook"}},
		{"mutating", `{"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration","metadata":{"name":"v"},"webhooks":[{"clientConfig":{"service":{"namespace":"sys","name":"hook"}}}]}`, []string{"↓calls services sys/hook"}},
		{"APIService", `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1beta1.metrics.k8s.io"},"spec":{"service":{"namespace":"kube-system","name":"metrics-server","port":443}}}`,
			[]string{"↓calls services kube-system/metrics-server"}},
		{"friends: a local APIService", `{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.apps"},"spec":{"service":null,"group":"apps"}}`, nil},
		{"conversion", `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"foxes.x.y"},"spec":{"conversion":{"strategy":"Webhook","webhook":{"clientConfig":{"service":{"namespace":"sys","name":"conv"}}}}}}`,
			[]string{"↓calls services sys/conv"}},
		{"friends: no conversion", `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"foxes.x.y"},"spec":{"conversion":{"strategy":"None"}}}`, nil},
	}
}

func TestLease(t *testing.T) { testClaims(t, leaseCases()) }

func leaseCases() []claimCase {
	lease := func(namespace, labels, holder string) string {
		return `{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l","namespace":"` + namespace + `","labels":{` + labels + `}},"spec":{"holderIdentity":` + holder + `}}`
	}
	return []claimCase{
		{"a node's", lease("kube-node-lease", "", `"n1"`), []string{"↓held-by nodes n1"}},
		{"client-go's convention", lease("shop", "", `"web-7f-x_4be2a6a0-9f5e"`), []string{"↓held-by pods shop/web-7f-x inferred"}},
		{"the Pod's name alone", lease("shop", "", `"web-7f-x"`), []string{"↓held-by pods shop/web-7f-x inferred"}},
		{"friends: an apiserver's identity", lease("kube-system", `"apiserver.kubernetes.io/identity":"kube-apiserver"`, `"apiserver-abc_1"`), nil},
		{"friends: no Pod has such a name", lease("shop", "", `"external-Controller"`), nil},
		{"friends: free", lease("shop", "", `""`), nil},
		{"friends: null", lease("shop", "", `null`), nil},
	}
}

func TestDefinition(t *testing.T) { testClaims(t, definitionCases()) }

func definitionCases() []claimCase {
	object := func(apiVersion string) string {
		return `{"apiVersion":"` + apiVersion + `","kind":"Fox","metadata":{"name":"red","namespace":"shop"}}`
	}
	return []claimCase{
		{"custom resource", object("x.y/v1"), []string{"↑defines customresourcedefinitions.apiextensions.k8s.io foxes.x.y inferred"}},
		{"of a group beside Kubernetes's own", object("snapshot.storage.k8s.io/v1"), []string{"↑defines customresourcedefinitions.apiextensions.k8s.io foxes.snapshot.storage.k8s.io inferred"}},
		{"friends: Kubernetes's own group", object("storage.k8s.io/v9"), nil},
		{"friends: no group", object("v1"), nil},
		{"friends: a group without a dot", object("extensions/v1beta1"), nil},
		{"friends: aggregated", object("custom.metrics.k8s.io/v1"), nil},
	}
}

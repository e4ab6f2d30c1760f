package doctor

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/auditpolicy"
	"github.com/kubewake/kubewake/record"
)

// webhookURL is where audit batches of a cluster go.
func (x *examination) webhookURL(cluster string) string {
	if x.WebhookURL != "" {
		return x.WebhookURL
	}
	if cluster == "" {
		cluster = "CLUSTER"
	}
	return "https://KUBEWAKE_HOST:9443/audit/" + url.PathEscape(cluster)
}

// auditFlags make an apiserver send its audit events.
func (x *examination) auditFlags(cluster string) []Paste {
	return []Paste{
		{Into: "flags of each kube-apiserver", Text: `--audit-policy-file=/etc/kubernetes/audit-policy.yaml
--audit-webhook-config-file=/etc/kubernetes/audit-webhook.yaml
--audit-webhook-batch-max-wait=1s
--audit-webhook-truncate-enabled
`},
		{Into: "/etc/kubernetes/audit-webhook.yaml", Text: WebhookKubeconfig(x.webhookURL(cluster))},
		{Into: "a shell, for /etc/kubernetes/audit-policy.yaml", Text: "kubewake audit-policy > /etc/kubernetes/audit-policy.yaml\n"},
	}
}

// WebhookKubeconfig is what --audit-webhook-config-file takes.
func WebhookKubeconfig(url string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
  - name: kubewake
    cluster:
      server: %s
      certificate-authority: /etc/kubernetes/kubewake/ca.crt # the CA of kubewake's certificate
users:
  - name: kubewake
    user:
      tokenFile: /etc/kubernetes/kubewake/token # a token that kubewake's receive.tokens names
contexts:
  - name: kubewake
    context: {cluster: kubewake, user: kubewake}
current-context: kubewake
`, url)
}

// policyFor records the writes to resources with their content.
func policyFor(resources []record.GroupResource) Paste {
	groups := map[string][]string{}
	for _, gr := range resources {
		groups[gr.Group] = append(groups[gr.Group], gr.Resource)
	}
	p := auditpolicy.Policy{APIVersion: auditpolicy.APIVersion, Kind: "Policy", Rules: []auditpolicy.Rule{{Level: "RequestResponse",
		Verbs:   []string{"create", "update", "patch", "delete", "deletecollection"},
		Comment: "Put this rule behind those with level None and that of Secrets, before all others."}}}
	for _, group := range sortedKeys(groups) {
		words := groups[group]
		slices.Sort(words)
		p.Rules[0].Resources = append(p.Rules[0].Resources, auditpolicy.Resources{Group: group, Resources: words})
	}
	_, rules, _ := strings.Cut(p.String(), "rules:\n")
	return Paste{Into: "rules of the audit policy", Text: rules}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// clusterRole lets kubewake read what it records. With denied empty it is for everything.
func clusterRole(user string, denied []Denied) []Paste {
	var b strings.Builder
	b.WriteString(`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: kubewake
rules:
`)
	if len(denied) == 0 {
		b.WriteString("  - apiGroups: [\"*\"]\n    resources: [\"*\"]\n    verbs: [\"get\", \"list\", \"watch\"]\n")
	}
	groups := map[string][]string{}
	for _, d := range denied {
		groups[d.Resource.Group] = append(groups[d.Resource.Group], d.Resource.Resource)
	}
	for _, group := range sortedKeys(groups) {
		fmt.Fprintf(&b, "  - apiGroups: [%q]\n    resources: [\"%s\"]\n    verbs: [\"get\", \"list\", \"watch\"]\n", group, strings.Join(groups[group], `", "`))
	}
	b.WriteString("  - nonResourceURLs: [\"/metrics\"] # what the apiserver dropped of its audit log is told there\n    verbs: [\"get\"]\n")
	b.WriteString(`---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: kubewake
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubewake}
subjects:
` + subject(user))
	return []Paste{{Into: "kubectl apply -f -", Text: b.String()}}
}

// subject of a binding; for nobody in particular it is the service account of the documentation.
func subject(user string) string {
	if parts := strings.Split(user, ":"); len(parts) == 4 && parts[1] == "serviceaccount" {
		return fmt.Sprintf("  - {kind: ServiceAccount, name: %s, namespace: %s}\n", parts[3], parts[2])
	}
	if user != "" {
		return fmt.Sprintf("  - {kind: User, apiGroup: rbac.authorization.k8s.io, name: %q}\n", user)
	}
	return "  - {kind: ServiceAccount, name: kubewake, namespace: kubewake}\n"
}

// leaseRole lets agents elect who watches.
func leaseRole(user string) []Paste {
	return []Paste{{Into: "kubectl apply -f -", Text: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: kubewake-election, namespace: ` + electionNamespace + `}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [get, create, update]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: kubewake-election, namespace: ` + electionNamespace + `}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: kubewake-election}
subjects:
` + subject(user)}}
}

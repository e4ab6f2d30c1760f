// SPDX-License-Identifier: Apache-2.0

package plane

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Audit levels that Audit.Level takes.
const (
	LevelRequestResponse = "RequestResponse"
	LevelRequest         = "Request"
	LevelMetadata        = "Metadata"
	LevelAll             = "All"
)

const tokenIssuer = "https://kubernetes.default.svc.cluster.local"

// stages is how kwok plays nodes and pods.
//
//go:embed stages.yaml
var stages []byte

// files names everything in a cluster's directory.
type files string

func (f files) path(elem ...string) string {
	return filepath.Join(append([]string{string(f)}, elem...)...)
}

func (f files) ca() string                  { return f.path("pki", "ca.crt") }
func (f files) caKey() string               { return f.path("pki", "ca.key") }
func (f files) tokenKey() string            { return f.path("pki", "tokens.key") }
func (f files) tokenPub() string            { return f.path("pki", "tokens.pub") }
func (f files) serverCert() string          { return f.path("pki", "apiserver.crt") }
func (f files) serverKey() string           { return f.path("pki", "apiserver.key") }
func (f files) userCert(user string) string { return f.path("pki", fileName(user)+".crt") }
func (f files) userKey(user string) string  { return f.path("pki", fileName(user)+".key") }
func (f files) policy() string              { return f.path("audit-policy.yaml") }
func (f files) webhook() string             { return f.path("audit-webhook.yaml") }
func (f files) stages() string              { return f.path("stages.yaml") }
func (f files) state() string               { return f.path("cluster.json") }
func (f files) etcdData() string            { return f.path("etcd.data") }
func (f files) kubeconfig(user string) string {
	return f.path("kubeconfig", fileName(user)+".yaml")
}
func (f files) log(component string) string { return f.path("log", component+".log") }
func (f files) work(component string) string {
	return f.path("work", component)
}

// fileName makes one path element of a user's name, such as system:serviceaccount:a:b.
func fileName(user string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '.'
	}, user)
}

func (f files) makeDirs() error {
	for _, dir := range []string{"pki", "kubeconfig", "log", "work"} {
		if err := os.MkdirAll(f.path(dir), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// auditPolicy is what a level means: everything except what clusters say to themselves all day.
func auditPolicy(level string) string {
	if level == LevelAll {
		return "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n"
	}
	return `apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: false
omitStages: [RequestReceived]
rules:
- level: None
  resources: [{group: coordination.k8s.io, resources: [leases]}]
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version*", "/openapi*", "/api", "/api/*", "/apis", "/apis/*", "/metrics*"]
- level: None
  verbs: [watch]
  resources: [{group: "", resources: [events]}, {group: events.k8s.io, resources: [events]}]
- level: ` + level + "\n"
}

// writeAudit leaves the policy and the webhook's kubeconfig. Both may be edited by whoever runs the
// cluster: the apiserver reads them again when it starts again.
func (f files) writeAudit(a Audit) error {
	policy := []byte(auditPolicy(a.Level))
	if a.PolicyFile != "" {
		var err error
		if policy, err = os.ReadFile(a.PolicyFile); err != nil {
			return fmt.Errorf("read the audit policy: %w", err)
		}
	}
	if err := os.WriteFile(f.policy(), policy, 0o600); err != nil {
		return err
	}
	w := a.Webhook
	if w == nil {
		return nil
	}
	cluster := clientcmdapi.NewCluster()
	cluster.Server = w.URL
	if w.CAFile != "" {
		cluster.CertificateAuthority = w.CAFile
	} else if strings.HasPrefix(w.URL, "https:") {
		cluster.InsecureSkipTLSVerify = true
	}
	user := clientcmdapi.NewAuthInfo()
	user.ClientCertificate, user.ClientKey = w.CertFile, w.KeyFile
	if w.TokenFile != "" {
		token, err := os.ReadFile(w.TokenFile)
		if err != nil {
			return fmt.Errorf("read the webhook's token: %w", err)
		}
		user.Token = strings.TrimSpace(string(token))
	}
	return writeKubeconfig(f.webhook(), "receiver", cluster, user)
}

// writeUser leaves a kubeconfig for the apiserver at url. The credentials are embedded, so that the file can be moved.
func (f files) writeUser(path, url string, ca []byte, user *clientcmdapi.AuthInfo) error {
	cluster := clientcmdapi.NewCluster()
	cluster.Server, cluster.CertificateAuthorityData = url, ca
	return writeKubeconfig(path, "testcluster", cluster, user)
}

func writeKubeconfig(path, name string, cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	config := clientcmdapi.NewConfig()
	config.Clusters[name], config.AuthInfos["user"] = cluster, user
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: "user"}
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, path)
}

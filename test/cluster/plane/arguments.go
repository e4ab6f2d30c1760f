// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names of the components. An apiserver's has its number behind it: kube-apiserver-0.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
)

// nodeAnnotation marks the nodes that kwok plays.
const nodeAnnotation = "kwok.x-k8s.io/node"

func apiServerName(n int) string { return APIServer + "-" + strconv.Itoa(n) }

func (c *Cluster) etcdArgs() []string {
	return []string{Etcd,
		"--name=etcd", "--data-dir=" + c.files.etcdData(),
		"--listen-client-urls=" + c.etcdURL(), "--advertise-client-urls=" + c.etcdURL(),
		"--listen-peer-urls=" + c.etcdPeerURL(), "--initial-advertise-peer-urls=" + c.etcdPeerURL(),
		"--initial-cluster=etcd=" + c.etcdPeerURL(),
		// What a killed etcd wrote is still in the page cache; only a power cut would lose it.
		"--unsafe-no-fsync",
		"--quota-backend-bytes=" + strconv.FormatInt(8<<30, 10),
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs(n int) []string {
	compaction := c.config.EtcdCompaction
	if compaction < 0 {
		compaction = 0 // means off to the apiserver
	}
	args := []string{APIServer,
		"--etcd-servers=" + c.etcdURL(),
		"--etcd-compaction-interval=" + compaction.String(),
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(c.ports.apiServers[n]),
		// Loopback is no address for Endpoints, so nothing may try to publish it.
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--tls-cert-file=" + c.files.serverCert(), "--tls-private-key-file=" + c.files.serverKey(),
		"--client-ca-file=" + c.files.ca(),
		"--requestheader-client-ca-file=" + c.files.ca(), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--service-account-issuer=" + tokenIssuer,
		"--service-account-key-file=" + c.files.tokenPub(),
		"--service-account-signing-key-file=" + c.files.tokenKey(),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--audit-policy-file=" + c.files.policy(),
	}
	if path := c.auditLog(n); path != "" {
		// 0 would mean rotation after 100 MB.
		args = append(args, "--audit-log-path="+path, "--audit-log-maxsize=1000000")
	}
	args = append(args, c.webhookArgs()...)
	return append(args, c.config.APIServerArgs...)
}

func (c *Cluster) webhookArgs() []string {
	w := c.config.Audit.Webhook
	if w == nil {
		return nil
	}
	args := []string{"--audit-webhook-config-file=" + c.files.webhook()}
	add := func(flag, value string) { args = append(args, "--audit-webhook-"+flag+"="+value) }
	if w.Mode != "" {
		add("mode", w.Mode)
	}
	if w.BatchMaxSize > 0 {
		add("batch-max-size", strconv.Itoa(w.BatchMaxSize))
	}
	if w.BatchBuffer > 0 {
		add("batch-buffer-size", strconv.Itoa(w.BatchBuffer))
	}
	if w.BatchMaxWait > 0 {
		add("batch-max-wait", w.BatchMaxWait.String())
	}
	if w.InitialBackoff > 0 {
		add("initial-backoff", w.InitialBackoff.String())
	}
	return args
}

// auditLog is the log of the nth apiserver, or empty.
func (c *Cluster) auditLog(n int) string {
	switch path := c.config.Audit.Log; path {
	case "off":
		return ""
	case "":
		return c.files.path(defaultLog(n))
	default:
		return numbered(path, n)
	}
}

func defaultLog(n int) string { return numbered("audit.jsonl", n) }

// numbered puts the number of any apiserver but the first before the extension.
func numbered(path string, n int) string {
	if n == 0 {
		return path
	}
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + strconv.Itoa(n) + ext
}

func (c *Cluster) controllerManagerArgs() []string {
	kubeconfig := c.files.kubeconfig("system:kube-controller-manager")
	return []string{ControllerManager,
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(c.ports.controllerManager),
		"--cert-dir=" + c.files.work(ControllerManager),
		"--client-ca-file=" + c.files.ca(), "--requestheader-client-ca-file=" + c.files.ca(),
		"--root-ca-file=" + c.files.ca(),
		"--cluster-signing-cert-file=" + c.files.ca(), "--cluster-signing-key-file=" + c.files.caKey(),
		"--service-account-private-key-file=" + c.files.tokenKey(),
		"--use-service-account-credentials=true",
		// The tokens of forty controllers at upstream's 20 requests a second would take six seconds.
		"--kube-api-qps=100", "--kube-api-burst=200", "--leader-elect=false",
		"--node-monitor-period=2s", "--node-monitor-grace-period=20s",
	}
}

func (c *Cluster) schedulerArgs() []string {
	kubeconfig := c.files.kubeconfig("system:kube-scheduler")
	return []string{Scheduler,
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(c.ports.scheduler),
		"--cert-dir=" + c.files.work(Scheduler),
		"--client-ca-file=" + c.files.ca(), "--requestheader-client-ca-file=" + c.files.ca(),
		"--kube-api-qps=200", "--kube-api-burst=400", "--leader-elect=false",
	}
}

func (c *Cluster) kwokArgs() []string {
	return []string{Kwok,
		"--kubeconfig=" + c.files.kubeconfig("kwok"),
		"--config=" + c.files.stages(),
		"--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=" + nodeAnnotation + "=fake",
		"--cidr=10.244.0.0/16", "--node-ip=10.0.0.1",
		"--node-lease-duration-seconds=40",
		fmt.Sprintf("--server-address=127.0.0.1:%d", c.ports.kwok),
	}
}

// patience is how long an orderly end may take before it is a kill.
const patience = 30 * time.Second

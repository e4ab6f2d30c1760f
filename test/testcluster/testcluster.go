// SPDX-License-Identifier: Apache-2.0

// Package testcluster gives tests a real Kubernetes control plane on loopback: etcd, one or more apiservers,
// the controller manager, the scheduler, and kwok playing the nodes. It is built from the nested module
// test/cluster, whose dependencies stay out of this module: a cluster is a child process, and this package,
// which needs the standard library only, talks with it over a socket.
//
//	cluster := testcluster.Start(t, testcluster.Config{AuditLevel: testcluster.Metadata})
//	cluster.Kubectl("create", "configmap", "a")
//	cluster.Kill(testcluster.APIServer(0))
//
// Start skips the test unless KUBEWAKE_E2E=1 or KUBEWAKE_TESTCLUSTER names the binary: building it
// cold takes minutes and 4 GiB of memory.
package testcluster

import (
	"fmt"
	"strconv"
	"time"
)

// Names of components. Several apiservers have numbers.
const (
	Etcd              = "etcd"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
)

// APIServer is the name of the nth apiserver, counted from 0.
func APIServer(n int) string { return "kube-apiserver-" + strconv.Itoa(n) }

// Audit levels. All but All leave out leases, discovery, probes, watches of Events and the stage RequestReceived.
const (
	RequestResponse = "RequestResponse"
	Request         = "Request"
	Metadata        = "Metadata"
	All             = "All"
)

// Config says what to run; the zero value is one apiserver, three nodes and an audit log at RequestResponse.
type Config struct {
	// Dir holds keys, logs and data, and stays when the cluster ends; empty: a temporary directory.
	Dir        string
	APIServers int // on one etcd; 0: 1
	Nodes      int // fake ones; 0: 3, negative: none
	// KeepHistory turns etcd's compaction off, so that History reaches back to the beginning and no watch is "too old".
	KeepHistory bool
	// EtcdCompaction is how often etcd forgets old revisions; 0: 5m.
	EtcdCompaction time.Duration
	// NoControllers and NoScheduler leave these components out: a quiet cluster that starts faster.
	NoControllers, NoScheduler bool

	// AuditPolicy is the text of an audit policy; empty: AuditLevel (default RequestResponse).
	AuditPolicy string
	AuditLevel  string
	NoAuditLog  bool
	// Webhook receives audit events too; nil: none.
	Webhook *Webhook

	// Tracing is where the apiservers send their spans; nil: nowhere.
	Tracing *Tracing

	// APIServerArgs are flags for every apiserver, such as --v=4.
	APIServerArgs []string
	// StartTimeout bounds the start; 0: 5m.
	StartTimeout time.Duration
}

// Webhook is an audit webhook that the apiservers send to. Zero values leave the apiserver's defaults:
// batches of 400 events or 30 seconds, first retry after 10 s.
type Webhook struct {
	URL                   string
	CAFile                string // empty: the receiver's certificate is not verified
	CertFile, KeyFile     string // client certificate
	Token                 string // bearer token
	Mode                  string // batch, blocking, blocking-strict
	BatchMaxSize          int
	BatchBufferSize       int
	BatchMaxWait, Backoff time.Duration
}

// Tracing is what the apiservers' --tracing-config-file says.
type Tracing struct {
	Endpoint   string // HOST:PORT of OTLP over gRPC, without TLS: the apiserver knows no other
	PerMillion int    // of the requests that are not traced already
}

func (t *Tracing) text() string {
	return fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: %s\nsamplingRatePerMillion: %d\n", t.Endpoint, t.PerMillion)
}

// args is the command line of testcluster up. Files it needs are written to dir.
func (c Config) args(dir string, write func(name, content string) (path string, err error)) ([]string, error) {
	args := []string{"up", "-child", "-dir", dir}
	add := func(flag, value string) { args = append(args, "-"+flag+"="+value) }
	number := func(flag string, n int) {
		if n != 0 {
			add(flag, strconv.Itoa(n))
		}
	}
	text := func(flag, value string) {
		if value != "" {
			add(flag, value)
		}
	}
	duration := func(flag string, d time.Duration) {
		if d != 0 {
			add(flag, d.String())
		}
	}
	file := func(flag, name, content string) error {
		if content == "" {
			return nil
		}
		path, err := write(name, content)
		add(flag, path)
		return err
	}
	number("apiservers", c.APIServers)
	number("nodes", c.Nodes)
	duration("etcd-compaction", c.EtcdCompaction)
	if c.KeepHistory {
		add("etcd-compaction", "off")
	}
	if c.NoControllers {
		args = append(args, "-no-controller-manager")
	}
	if c.NoScheduler {
		args = append(args, "-no-scheduler")
	}
	text("audit-level", c.AuditLevel)
	if c.NoAuditLog {
		add("audit-log", "off")
	}
	for _, arg := range c.APIServerArgs {
		add("apiserver-arg", arg)
	}
	if c.Tracing != nil {
		path, err := write("tracing.yaml", c.Tracing.text())
		if err != nil {
			return nil, err
		}
		add("apiserver-arg", "--tracing-config-file="+path)
	}
	duration("start-timeout", c.StartTimeout)
	if err := file("audit-policy", "policy-given.yaml", c.AuditPolicy); err != nil {
		return nil, err
	}
	w := c.Webhook
	if w == nil {
		return args, nil
	}
	text("webhook", w.URL)
	text("webhook-ca", w.CAFile)
	text("webhook-client-cert", w.CertFile)
	text("webhook-client-key", w.KeyFile)
	text("webhook-mode", w.Mode)
	number("webhook-batch-max-size", w.BatchMaxSize)
	number("webhook-batch-buffer-size", w.BatchBufferSize)
	duration("webhook-batch-max-wait", w.BatchMaxWait)
	duration("webhook-initial-backoff", w.Backoff)
	return args, file("webhook-token", "webhook-token", w.Token)
}

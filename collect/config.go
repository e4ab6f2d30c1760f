// SPDX-License-Identifier: Apache-2.0

// Package collect wires the sources of one process, whatever it does with what they see: the audit webhook, audit
// files that are followed, and the watches of clusters, with the election that spares clusters needless watchers.
//
// [Config] is the part of a configuration file that agents and the server share. [New] checks it and opens what it
// names, [Collector.Run] blocks until its context ends and everything acknowledged is durable.
package collect

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/kubewake/kubewake/internal/settings"
)

// Config names the sources. The zero value collects nothing.
type Config struct {
	Receive  Receive   `yaml:"receive" doc:"The listener that takes data in: audit webhooks of apiservers at /audit/CLUSTER, and, on a server, agents."`
	Tails    []Tail    `yaml:"tails" doc:"Audit log files to follow, for clusters whose webhook can not be set."`
	Clusters []Cluster `yaml:"clusters" doc:"Clusters to watch: every object, as it changes, and Events."`
	Election Election  `yaml:"election" doc:"Leader election, for several agents that watch the same clusters. It only saves load: what two of them see is stored once."`
}

// Receive is the listener that takes data in.
type Receive struct {
	Listen     string         `yaml:"listen" doc:"HOST:PORT to listen on. Empty: no listener."`
	Cert       string         `yaml:"cert" doc:"PEM file of the certificate, then the intermediates; read again when it changes."`
	Key        string         `yaml:"key" doc:"PEM file of its private key."`
	ClientCA   string         `yaml:"clientCA" doc:"PEM file of the authorities whose client certificates are believed. A certificate speaks for the cluster that its common name names."`
	Tokens     string         `yaml:"tokens" doc:"File of bearer tokens, one a line: TOKEN (or sha256:HEX, or cn:COMMONNAME), then the clusters it may speak for, with * for any text. Read again when it changes."`
	Insecure   bool           `yaml:"insecure" doc:"Plain HTTP, and nobody is asked who they are. On a loopback address only."`
	Addresses  []Address      `yaml:"addresses" doc:"Clusters by the address that a webhook calls from, where the URL names none and the certificate or token does not tell."`
	Forward    []Forward      `yaml:"forward" doc:"Other audit webhooks that get every batch as it was received."`
	Dump       Dump           `yaml:"dump" doc:"Files that every event received is written to as well, redacted."`
	BodyBytes  settings.Bytes `yaml:"bodyBytes" doc:"Longest batch taken. Default 64MiB."`
	EventBytes settings.Bytes `yaml:"eventBytes" doc:"Longest event taken; a longer one is refused alone. Default 8MiB."`
	Memory     settings.Bytes `yaml:"memory" doc:"Bound of what is held that is not yet acknowledged; beyond it senders are told to come again. Default 128MiB."`
}

// Address says which cluster calls from where.
type Address struct {
	CIDR    string `yaml:"cidr" doc:"Address or network, as 10.0.0.7 or 10.0.0.0/24."`
	Cluster string `yaml:"cluster" doc:"The cluster that calls from there."`
}

// Forward is another webhook.
type Forward struct {
	URL    string         `yaml:"url" doc:"Where to post batches; {cluster} stands for the cluster's name."`
	CA     string         `yaml:"ca" doc:"PEM file of the authorities of its certificate. Empty: the system's."`
	Cert   string         `yaml:"cert" doc:"PEM file of a client certificate to show."`
	Key    string         `yaml:"key" doc:"PEM file of its private key."`
	Token  string         `yaml:"token" doc:"File of the bearer token to send."`
	Memory settings.Bytes `yaml:"memory" doc:"Bound of its queue; what does not fit is dropped and counted. Default 32MiB."`
}

// Dump writes what is received to files.
type Dump struct {
	Dir       string         `yaml:"dir" doc:"Directory. Empty: nothing is dumped."`
	FileBytes settings.Bytes `yaml:"fileBytes" doc:"Size at which the next file is begun. Default 100MB."`
	Files     int            `yaml:"files" doc:"Files kept of each cluster. Default 10."`
	Memory    settings.Bytes `yaml:"memory" doc:"Bound of its queue; what does not fit is left out and counted. Default 32MiB."`
}

// Tail follows files.
type Tail struct {
	Cluster string   `yaml:"cluster" doc:"The cluster whose audit log it is."`
	Paths   []string `yaml:"paths" doc:"Files or globs: the file that is written, and those it is rotated to."`
}

// Cluster is watched.
type Cluster struct {
	Name              string   `yaml:"name" doc:"What the cluster is called here. Empty: the context's name."`
	Kubeconfig        string   `yaml:"kubeconfig" doc:"Credentials. Empty: $KUBECONFIG, or ~/.kube/config."`
	Context           string   `yaml:"context" doc:"Context of the kubeconfig. Empty: the current one."`
	InCluster         bool     `yaml:"inCluster" doc:"Use the credentials of the pod that this runs in."`
	Include           []string `yaml:"include" doc:"Resources to watch, as pods, deployments.apps, *.apps, \"*.\" (the core group). Empty: all but noise (leases.coordination.k8s.io)."`
	Exclude           []string `yaml:"exclude" doc:"Resources not to watch. It wins over include."`
	Namespaces        []string `yaml:"namespaces" doc:"Watch in these namespaces only, each on its own: a Role in each is enough. Resources outside namespaces are left out."`
	ExcludeNamespaces []string `yaml:"excludeNamespaces" doc:"Namespaces, as ci-*, whose objects are not recorded."`
	QPS               float64  `yaml:"qps" doc:"Requests a second to the apiserver. Default 50."`
	Burst             int      `yaml:"burst" doc:"Requests at once beyond that. Default 100."`
}

// Election among agents.
type Election struct {
	Enabled   bool              `yaml:"enabled" doc:"Stand for election before watching."`
	Namespace string            `yaml:"namespace" doc:"Namespace of the Leases in each cluster. Default kubewake."`
	Name      string            `yaml:"name" doc:"Prefix of their names. Default kubewake."`
	Objects   int               `yaml:"objects" doc:"Agents that watch objects at once. Default 2: one may die unnoticed."`
	Events    int               `yaml:"events" doc:"Agents that watch Events at once. Default 1."`
	Lease     settings.Duration `yaml:"lease" doc:"How long a dead leader holds its lease. Default 15s."`
	Identity  string            `yaml:"identity" doc:"Who holds a lease. Default: host name and process."`
}

func (e Election) withDefaults() Election {
	def(&e.Namespace, "kubewake")
	def(&e.Name, "kubewake")
	def(&e.Objects, 2)
	def(&e.Events, 1)
	def(&e.Lease, settings.Duration(15*time.Second))
	return e
}

func (e Election) times() leaseTimes {
	lease := time.Duration(e.Lease)
	return leaseTimes{lease: lease, renew: lease * 2 / 3, retry: lease * 2 / 15}
}

func def[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// WithDefaults fills what is not set and has a default of its own here; sources fill in the rest.
func (c Config) WithDefaults() Config {
	def(&c.Receive.BodyBytes, 64<<20)
	def(&c.Receive.EventBytes, 8<<20)
	def(&c.Receive.Memory, 128<<20)
	def(&c.Receive.Dump.FileBytes, 100e6)
	def(&c.Receive.Dump.Files, 10)
	def(&c.Receive.Dump.Memory, 32<<20)
	c.Election = c.Election.withDefaults()
	return c
}

// Check says what is wrong, and where.
func (c Config) Check() error {
	var errs []error
	errs = append(errs, c.Receive.check())
	for i, t := range c.Tails {
		if t.Cluster == "" || len(t.Paths) == 0 {
			errs = append(errs, fmt.Errorf("tails[%d]: a cluster and paths are needed", i))
		}
	}
	names := map[string]bool{}
	for i, k := range c.Clusters {
		if k.Name != "" && names[k.Name] {
			errs = append(errs, fmt.Errorf("clusters[%d]: there is another cluster named %q", i, k.Name))
		}
		names[k.Name] = true
		if k.InCluster && (k.Kubeconfig != "" || k.Context != "") {
			errs = append(errs, fmt.Errorf("clusters[%d]: inCluster, or a kubeconfig: not both", i))
		}
		if k.InCluster && k.Name == "" {
			errs = append(errs, fmt.Errorf("clusters[%d]: inCluster does not tell the cluster's name; give one", i))
		}
	}
	if e := c.Election; e.Lease != 0 && time.Duration(e.Lease) < 2*time.Second {
		errs = append(errs, errors.New("election.lease: at least 2s"))
	}
	return errors.Join(errs...)
}

func (r Receive) check() error {
	if r.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(r.Listen)
	if err != nil {
		return fmt.Errorf("receive.listen: %q: want HOST:PORT", r.Listen)
	}
	switch {
	case r.Insecure && !loopback(host):
		return fmt.Errorf("receive.insecure: %s is reached from other machines; give cert, key and tokens or clientCA instead", r.Listen)
	case r.Insecure:
	case r.Cert == "" || r.Key == "":
		return errors.New("receive: cert and key are needed (or insecure, on a loopback address)")
	case r.Tokens == "" && r.ClientCA == "":
		return errors.New("receive: tokens or clientCA is needed, to know who sends")
	}
	for i, a := range r.Addresses {
		if _, err := parsePrefix(a.CIDR); err != nil || a.Cluster == "" {
			return fmt.Errorf("receive.addresses[%d]: want a network as 10.0.0.0/24, and a cluster", i)
		}
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(s)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

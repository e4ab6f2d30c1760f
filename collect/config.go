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
	"strings"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/tail"
	"github.com/kubewake/kubewake/source/webhook"
)

// Config names the sources. The zero value collects nothing.
type Config struct {
	Receive  Receive   `yaml:"receive" doc:"The listener that takes data in: audit webhooks of apiservers at /audit/CLUSTER, records of custom sources at /api/v1/records, and, on a server, agents."`
	OTLP     OTLP      `yaml:"otlp" doc:"Listeners that take spans and logs over OpenTelemetry's protocol, from kube-apiserver, kubelet, controllers or a collector."`
	Tails    []Tail    `yaml:"tails" doc:"Audit log files to follow, for clusters whose webhook can not be set."`
	Clusters []Cluster `yaml:"clusters" doc:"Clusters to watch: every object, as it changes, and Events."`
	Election Election  `yaml:"election" doc:"Leader election, for several agents that watch the same clusters. It only saves load: what two of them see is stored once."`
}

// Receive is the listener that takes data in.
type Receive struct {
	Listen           string          `yaml:"listen" doc:"HOST:PORT to listen on. Empty: no listener."`
	TLS              tlsfiles.Server `yaml:"tls" doc:"Certificates of the listener; files are read again when they change."`
	Tokens           string          `yaml:"tokens" doc:"File of bearer tokens, one a line: TOKEN (or sha256:HEX, or cn:COMMONNAME), then the clusters it may speak for, with * for any text. Read again when it changes. A client certificate speaks, without any line, for the cluster that its common name names."`
	Insecure         bool            `yaml:"insecure" doc:"Plain HTTP, and nobody is asked who they are. On a loopback address only."`
	webhook.Settings `yaml:",inline"`
}

// Tail follows files.
type Tail struct {
	Cluster       string `yaml:"cluster" doc:"The cluster whose audit log it is."`
	tail.Settings `yaml:",inline"`
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
	c.Election = c.Election.withDefaults()
	return c
}

// maxLeases bounds how many agents may lead at once.
const maxLeases = 100

// Check says what is wrong, and where.
func (c Config) Check() error {
	var errs []error
	errs = append(errs, c.Receive.check(), c.OTLP.check())
	for i, t := range c.Tails {
		if t.Cluster == "" || len(t.Paths) == 0 {
			errs = append(errs, fmt.Errorf("tails[%d]: a cluster and paths are needed", i))
		} else if err := ingest.CheckCluster(record.Cluster(t.Cluster)); err != nil {
			errs = append(errs, fmt.Errorf("tails[%d]: %w", i, err))
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
		if k.Name != "" {
			if err := ingest.CheckCluster(record.Cluster(k.Name)); err != nil {
				errs = append(errs, fmt.Errorf("clusters[%d]: %w", i, err))
			}
		}
		if k.InCluster && k.Name == "" {
			errs = append(errs, fmt.Errorf("clusters[%d]: inCluster does not tell the cluster's name; give one", i))
		}
	}
	if e := c.Election; e.Lease != 0 && time.Duration(e.Lease) < 2*time.Second {
		errs = append(errs, errors.New("election.lease: at least 2s"))
	}
	if e := c.Election; e.Objects < 0 || e.Events < 0 || e.Objects > maxLeases || e.Events > maxLeases {
		errs = append(errs, fmt.Errorf("election: objects and events are numbers from 1 to %d", maxLeases))
	}
	return errors.Join(errs...)
}

func (r Receive) check() error {
	return entrance{setting: "receive", listeners: []listener{{"listen", r.Listen}}, loopback: "a loopback address", tls: r.TLS, tokens: r.Tokens, insecure: r.Insecure}.check()
}

// entrance is listeners that are guarded alike.
type entrance struct {
	setting   string // that holds the others, as receive
	listeners []listener
	loopback  string // what insecure is for, in words
	tls       tlsfiles.Server
	tokens    string
	insecure  bool
}

// listener is an address and the setting that names it; without an address there is none.
type listener struct{ setting, address string }

// check says what is wrong with the addresses and, where there are any, with how senders are known.
func (e entrance) check() error {
	var errs []error
	listens := false
	for _, l := range e.listeners {
		if l.address == "" {
			continue
		}
		listens = true
		if _, _, err := net.SplitHostPort(l.address); err != nil {
			errs = append(errs, fmt.Errorf("%s.%s: %q: want HOST:PORT", e.setting, l.setting, l.address))
		} else if e.insecure && !IsLoopback(l.address) {
			errs = append(errs, fmt.Errorf("%s.insecure: %s is reached from other machines; give cert, key and tokens or clientCA instead", e.setting, l.address))
		}
	}
	identified := e.tokens != "" || e.tls.ClientCA != ""
	switch {
	case !listens:
	case e.insecure && identified:
		errs = append(errs, fmt.Errorf("%s.insecure: nobody is asked who they are, so tokens and clientCA would hold for nobody: give them, with cert and key, or insecure", e.setting))
	case e.insecure:
	case e.tls.Cert == "" || e.tls.Key == "":
		errs = append(errs, fmt.Errorf("%s.tls: cert and key are needed (or insecure, on %s)", e.setting, e.loopback))
	case !identified:
		errs = append(errs, fmt.Errorf("%s: tokens or tls.clientCA is needed, to know who sends", e.setting))
	}
	return errors.Join(errs...)
}

// IsLoopback reports whether a host, or a host and port, is reached from this machine only.
func IsLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}

package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/kubewake/kubewake/internal/tlsfiles"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// Settings are what an operator may say of the webhook.
type Settings struct {
	// Addresses name the cluster of requests to /audit that say nothing of it themselves.
	Addresses []Address `yaml:"addresses" doc:"Which cluster calls /audit from which addresses, where neither path, token nor certificate names one. The narrowest range wins."`
	Limits    Limits    `yaml:"limits" doc:"Bounds of size, time and memory."`
	Forward   []Forward `yaml:"forward" doc:"Other webhooks that get every batch as it was received, not redacted."`
	Dump      Dump      `yaml:"dump" doc:"Files that get every event, redacted, one JSON object a line."`
}

// Address says which cluster calls from a range of addresses. It says who somebody is only for callers that were let in.
type Address struct {
	Range   string         `yaml:"range" doc:"An IP address or a CIDR, for example 10.2.0.0/16."`
	Cluster record.Cluster `yaml:"cluster" doc:"The cluster's name."`
}

// Limits bound what callers may use. A zero field means its default.
type Limits struct {
	BatchBytes    int64         `yaml:"batchBytes" doc:"Largest body, unpacked, in bytes; default 64 MiB. A larger one is answered 413."`
	EventBytes    int64         `yaml:"eventBytes" doc:"Largest event, in bytes; default 16 MiB. A larger one is left out and becomes a Gap."`
	InFlightBytes int64         `yaml:"inFlightBytes" doc:"Bodies read and not yet answered, together, in bytes; default 256 MiB. Above it callers are told to come back (429). The memory needed is about three times that."`
	Requests      int           `yaml:"requests" doc:"Requests that are read or stored at a time; default 256."`
	IdleRead      time.Duration `yaml:"idleRead" doc:"How long a body may stand still while it is read; default 10s."`
	Timeout       time.Duration `yaml:"timeout" doc:"How long a request may take whose caller names no timeout, and the longest that one may name; default 30s."`
	Audit         audit.Limits  `yaml:"-"`
}

func (l Limits) withDefaults() Limits {
	for _, f := range [...]struct {
		field *int64
		value int64
	}{{&l.BatchBytes, 64 << 20}, {&l.EventBytes, 16 << 20}, {&l.InFlightBytes, 256 << 20}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	if l.Requests <= 0 {
		l.Requests = 256
	}
	if l.IdleRead <= 0 {
		l.IdleRead = 10 * time.Second
	}
	if l.Timeout <= 0 {
		l.Timeout = 30 * time.Second
	}
	l.EventBytes = min(l.EventBytes, l.BatchBytes)
	l.InFlightBytes = max(l.InFlightBytes, l.BatchBytes) // else a batch that is allowed could never be read
	l.Audit = l.Audit.WithDefaults()
	return l
}

// Forward is another webhook in the chain. Its queue is in memory and bounded: what does not fit, or is not taken in time, is dropped and counted.
type Forward struct {
	Name       string          `yaml:"name" doc:"Its name in metrics and logs; default: the URL's host."`
	URL        string          `yaml:"url" doc:"Where batches go; {cluster} stands for the cluster's name. https, or http to this machine."`
	TokenFile  string          `yaml:"tokenFile" doc:"File with the bearer token to show; read again when it changes. Empty: none."`
	TLS        tlsfiles.Client `yaml:"tls" doc:"Certificates of the connection."`
	QueueBytes int64           `yaml:"queueBytes" doc:"How much may wait, in bytes; default 64 MiB."`
	Timeout    time.Duration   `yaml:"timeout" doc:"Of one attempt; default 10s."`
	GiveUp     time.Duration   `yaml:"giveUp" doc:"How long a batch is tried before it is dropped; default 5m."`
}

func (f Forward) withDefaults() Forward {
	if f.QueueBytes <= 0 {
		f.QueueBytes = 64 << 20
	}
	if f.Timeout <= 0 {
		f.Timeout = 10 * time.Second
	}
	if f.GiveUp <= 0 {
		f.GiveUp = 5 * time.Minute
	}
	return f
}

// Dump writes events to files, one per cluster, rotated by size.
type Dump struct {
	Directory  string `yaml:"directory" doc:"Where the files lie, CLUSTER.jsonl and older ones; made if missing. Empty: no dump."`
	FileBytes  int64  `yaml:"fileBytes" doc:"A file larger than this is put aside, in bytes; default 100 MiB."`
	Files      int    `yaml:"files" doc:"How many files put aside are kept per cluster; default 10."`
	QueueBytes int64  `yaml:"queueBytes" doc:"How much may wait in memory, in bytes; default 64 MiB. What does not fit is dropped and counted."`
}

func (d Dump) withDefaults() Dump {
	if d.FileBytes <= 0 {
		d.FileBytes = 100 << 20
	}
	if d.Files <= 0 {
		d.Files = 10
	}
	if d.QueueBytes <= 0 {
		d.QueueBytes = 64 << 20
	}
	return d
}

// addresses is the map of Settings.Addresses, the narrowest first.
type addresses []addressRange

type addressRange struct {
	prefix  netip.Prefix
	cluster record.Cluster
}

func parseAddresses(list []Address) (addresses, error) {
	var out addresses
	for _, a := range list {
		prefix, err := netip.ParsePrefix(a.Range)
		if err != nil {
			addr, addrErr := netip.ParseAddr(a.Range)
			if addrErr != nil {
				return nil, fmt.Errorf("addresses: %q is no IP address and no CIDR", a.Range)
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		if err := checkCluster(string(a.Cluster)); err != nil {
			return nil, fmt.Errorf("addresses: %s: %w", a.Range, err)
		}
		out = append(out, addressRange{prefix: prefix.Masked(), cluster: a.Cluster})
	}
	return out, nil
}

func (a addresses) cluster(addr netip.Addr) (record.Cluster, bool) {
	best := -1
	var cluster record.Cluster
	for _, r := range a {
		if r.prefix.Contains(addr.Unmap()) && r.prefix.Bits() > best {
			best, cluster = r.prefix.Bits(), r.cluster
		}
	}
	return cluster, best >= 0
}

// maxClusterBytes bounds a cluster's name.
const maxClusterBytes = 256

func checkCluster(name string) error {
	switch {
	case name == "":
		return errors.New("no cluster name")
	case len(name) > maxClusterBytes:
		return fmt.Errorf("a cluster name longer than %d bytes", maxClusterBytes)
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\ufffd' }):
		return errors.New("a cluster name with a space or a control character")
	}
	return nil
}

package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"path"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// Config of a Watcher. Cluster, REST, Sink and Redactor are required.
type Config struct {
	Cluster  record.Cluster
	REST     *rest.Config // see Targets
	Sink     ingest.Sink
	Redactor *redact.Redactor
	Options  Options
	// Only, where set, leaves the rest to others: resources for which it says no are neither watched nor shown. It must
	// give the same answer every time.
	Only    func(record.GroupResource) bool
	Metrics *Metrics     // nil: none
	Log     *slog.Logger // nil: none
}

// Options are what a user may set. A zero field means its default.
type Options struct {
	// Include names the resources to watch, as "pods", "deployments.apps", "*.apps", "*." (the core group) or "*".
	// Default: all that can be listed and watched, without noise (leases.coordination.k8s.io). Noise is watched
	// where an entry names it in full.
	Include []string `yaml:"include"`
	// Exclude names resources not to watch, in the same way. It wins over Include.
	Exclude []string `yaml:"exclude"`
	// Namespaces, where set, are the only ones watched, each on its own: a Role in each of them is enough. Resources
	// outside namespaces are then left out.
	Namespaces []string `yaml:"namespaces"`
	// ExcludeNamespaces names namespaces whose objects are not recorded: "kube-system", "ci-*". They are read and left out.
	ExcludeNamespaces []string `yaml:"excludeNamespaces"`

	// QPS and Burst limit requests to the apiserver; a watch counts when it is opened. Default 50 per second and 100.
	QPS   float64 `yaml:"qps"`
	Burst int     `yaml:"burst"`
	// ConcurrentLists limits the lists under way. Default 4.
	ConcurrentLists int `yaml:"concurrentLists"`
	// PageItems is how many objects a page of a list holds. Default 500.
	PageItems int `yaml:"pageItems"`
	// PagedLists asks for lists in pages even where the apiserver can stream them. Default false.
	PagedLists bool `yaml:"pagedLists"`
	// WatchFor is how long a watch is asked to last; each lasts between half of it and all of it. Default 10m.
	WatchFor time.Duration `yaml:"watchFor"`
	// DiscoverEvery is how often the cluster is asked what it serves, beside the times when it is seen to
	// change. Default 60s; 20s with Namespaces.
	DiscoverEvery time.Duration `yaml:"discoverEvery"`

	// BodyBytes is the longest manifest kept; longer ones are recorded without it. Default 4 MiB.
	BodyBytes int `yaml:"bodyBytes"`
	// LineBytes is the longest watch event or list item read; a longer one becomes a gap. Default 16 MiB.
	LineBytes int `yaml:"lineBytes"`
	// BatchRecords, BatchBytes and BatchWait say when a batch is delivered: at so many records, so many bytes, or so long after its
	// first. Default 1000, 512 KiB, 100ms.
	BatchRecords int           `yaml:"batchRecords"`
	BatchBytes   int           `yaml:"batchBytes"`
	BatchWait    time.Duration `yaml:"batchWait"`
	// PendingBytes limits what all watches of the cluster hold that is not yet delivered; beyond it each delivers what it
	// has before it reads on. Default 32 MiB.
	PendingBytes int `yaml:"pendingBytes"`

	pingAfter, pingTimeout time.Duration // a connection that is silent for so long is asked whether it lives, and given so long to answer
}

func (o Options) withDefaults() Options {
	set(&o.QPS, 50)
	set(&o.Burst, 100)
	set(&o.ConcurrentLists, 4)
	set(&o.PageItems, 500)
	set(&o.WatchFor, 10*time.Minute)
	if len(o.Namespaces) > 0 {
		set(&o.DiscoverEvery, 20*time.Second)
	}
	set(&o.DiscoverEvery, time.Minute)
	set(&o.BodyBytes, 4<<20)
	set(&o.LineBytes, 16<<20)
	set(&o.BatchRecords, 1000)
	set(&o.BatchBytes, 512<<10)
	set(&o.BatchWait, 100*time.Millisecond)
	set(&o.PendingBytes, 32<<20)
	set(&o.pingAfter, 20*time.Second)
	set(&o.pingTimeout, 15*time.Second)
	return o
}

func set[T int | float64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// Check says what is wrong with the options.
func (o Options) Check() error {
	for _, l := range []struct {
		name     string
		patterns []string
	}{{"include", o.Include}, {"exclude", o.Exclude}, {"excludeNamespaces", o.ExcludeNamespaces}} {
		for _, p := range l.patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%s: %q is no pattern: use * for any text, as in *.apps", l.name, p)
			}
		}
	}
	for _, n := range o.Namespaces {
		if !isName(n) {
			return fmt.Errorf("namespaces: %q is no name of a namespace; patterns are for excludeNamespaces", n)
		}
	}
	for _, n := range []float64{o.QPS, float64(o.Burst), float64(o.ConcurrentLists), float64(o.PageItems), float64(o.WatchFor), float64(o.DiscoverEvery),
		float64(o.BodyBytes), float64(o.LineBytes), float64(o.BatchRecords), float64(o.BatchBytes), float64(o.BatchWait), float64(o.PendingBytes)} {
		if n < 0 {
			return errors.New("limits and times are not negative; leave one out for its default")
		}
	}
	if o.WatchFor != 0 && o.WatchFor < 10*time.Second {
		return fmt.Errorf("watchFor: %s is too short; use at least 10s", o.WatchFor)
	}
	return nil
}

// isName reports whether s can be a namespace's name: it becomes part of a path.
func isName(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

func (c Config) check() error {
	switch {
	case c.Cluster == "":
		return errors.New("watch: the cluster has no name")
	case c.REST == nil:
		return fmt.Errorf("watch %s: no credentials", c.Cluster)
	case c.Sink == nil || c.Redactor == nil:
		return fmt.Errorf("watch %s: no sink or no redactor", c.Cluster)
	}
	if err := c.Options.Check(); err != nil {
		return fmt.Errorf("watch %s: %w", c.Cluster, err)
	}
	return nil
}

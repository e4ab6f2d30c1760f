// SPDX-License-Identifier: Apache-2.0

// Package plane runs a Kubernetes control plane on loopback: etcd, any number
// of apiservers on it, the controller manager, the scheduler, and kwok playing
// the nodes. Every component is a process of its own that can be killed,
// stopped and started again while the others run.
//
// Start with New, then Cluster.Start; Cluster.Serve answers the control socket.
// Nothing here is meant to guard data: etcd does not sync to disk, and the keys
// of the cluster lie beside it.
package plane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Config says what to run. The zero value of each field is its default.
type Config struct {
	// Program is the binary that dispatches on its first argument to the components.
	Program string
	// Dir holds keys, logs and etcd's data. Empty: a temporary directory, removed by Close.
	Dir string
	// APIServers is how many apiservers run on the one etcd (default 1).
	APIServers int
	// Nodes is how many fake nodes exist (default 3; negative: none, and no kwok).
	Nodes int
	// EtcdCompaction is how often the apiservers compact etcd (default 5m, as upstream; negative: never,
	// so that History reaches back to the beginning).
	EtcdCompaction time.Duration
	// Audit says what the apiservers record and where it goes.
	Audit Audit
	// ControllerManagerOff and SchedulerOff leave these two out, for tests that need a quiet apiserver.
	ControllerManagerOff, SchedulerOff bool
	// APIServerArgs are appended to every apiserver's command line.
	APIServerArgs []string
	// StartTimeout bounds Start (default 5m).
	StartTimeout time.Duration
}

// Audit is the audit part of the apiservers' command line.
type Audit struct {
	// PolicyFile is an audit policy; empty: the one that Level names.
	PolicyFile string
	// Level is RequestResponse (default), Request, Metadata, each without leases, discovery, probes and
	// watches of Events; or All: RequestResponse with nothing left out, RequestReceived included.
	Level string
	// Log is the audit log of the first apiserver, DIR/audit.jsonl by default; the others write to
	// the same path with "-1", "-2", ... before the extension. "off" writes none.
	Log string
	// Webhook receives what the log receives; nil: none.
	Webhook *Webhook
}

// Webhook is an audit webhook backend. Zero values leave upstream's defaults.
type Webhook struct {
	URL            string
	CAFile         string // of the receiver's certificate; empty: it is not verified
	CertFile       string // client certificate, with KeyFile
	KeyFile        string
	TokenFile      string // holds a bearer token
	Mode           string // batch, blocking, blocking-strict
	BatchMaxSize   int    // events per batch
	BatchBuffer    int    // events that wait; more are dropped
	BatchMaxWait   time.Duration
	InitialBackoff time.Duration
}

func (c Config) withDefaults() (Config, error) {
	if c.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return c, err
		}
		c.Program = self
	}
	if c.APIServers == 0 {
		c.APIServers = 1
	}
	if c.APIServers < 0 || c.APIServers > 9 {
		return c, fmt.Errorf("%d apiservers: between 1 and 9 can run", c.APIServers)
	}
	if c.Nodes == 0 {
		c.Nodes = 3
	}
	if c.EtcdCompaction == 0 {
		c.EtcdCompaction = 5 * time.Minute
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = 5 * time.Minute
	}
	switch c.Audit.Level {
	case "":
		c.Audit.Level = LevelRequestResponse
	case LevelRequestResponse, LevelRequest, LevelMetadata, LevelAll:
	default:
		return c, fmt.Errorf("audit level %q: want %s, %s, %s or %s", c.Audit.Level, LevelRequestResponse, LevelRequest, LevelMetadata, LevelAll)
	}
	if w := c.Audit.Webhook; w != nil {
		if w.URL == "" {
			return c, errors.New("the audit webhook needs a URL")
		}
		if (w.CertFile == "") != (w.KeyFile == "") {
			return c, errors.New("a webhook's client certificate needs its key, and the key its certificate")
		}
	}
	for _, path := range []*string{&c.Dir, &c.Audit.PolicyFile} {
		if err := makeAbs(path); err != nil {
			return c, err
		}
	}
	if c.Audit.Log != "off" {
		if err := makeAbs(&c.Audit.Log); err != nil {
			return c, err
		}
	}
	return c, nil
}

// makeAbs: the components run in directories of their own.
func makeAbs(path *string) error {
	if *path == "" {
		return nil
	}
	abs, err := filepath.Abs(*path)
	*path = abs
	return err
}

// SPDX-License-Identifier: Apache-2.0

// Package tail follows audit log files as an apiserver writes and rotates them, for clusters where the audit webhook
// can not be set.
//
// [New] takes the paths, [Tail.Run] follows them until its context ends. How far each file was read is a Mark that is stored in
// the same batch as the records: after a restart or a crash it goes on there. A file is known by its inode and by a
// digest of its first bytes, so that it is found again when it was renamed, copied or packed. What was gone before it
// could be read, and what can not be read, becomes a Gap.
package tail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
)

// Settings are what an operator may say of files to follow. A zero field means its default.
type Settings struct {
	Paths     []string      `yaml:"paths" doc:"Files that apiservers write, or patterns of them, for example /var/log/kubernetes/audit.log. Files put aside by rotation are found beside them."`
	Poll      time.Duration `yaml:"poll" doc:"How often the files are looked at; default 250ms."`
	LineBytes int64         `yaml:"lineBytes" doc:"Longest line, in bytes; default 16 MiB. A longer one is left out and becomes a Gap."`
	Machine   string        `yaml:"machine" doc:"What tells these files from those of the same path on other machines of the cluster, as the node's name: how far they were read is remembered by it. Empty: there is one machine."`
	Settle    time.Duration `yaml:"settle" doc:"How long the last line of a file that was put aside may stay without its end before it counts as cut; default 10s."`
}

// Config of a Tail.
type Config struct {
	Settings
	Cluster  record.Cluster   // required: whose logs they are
	Sink     ingest.Sink      // required
	Redactor *redact.Redactor // required; redact.Off() to keep secrets
	Limits   audit.Limits
	Log      *slog.Logger // nil: nothing is logged
	Metrics  *Metrics     // nil: nothing is counted
}

func (c Config) withDefaults() Config {
	if c.Poll <= 0 {
		c.Poll = 250 * time.Millisecond
	}
	if c.LineBytes <= 0 {
		c.LineBytes = 16 << 20
	}
	if c.Settle <= 0 {
		c.Settle = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Tail follows the files of one cluster.
type Tail struct {
	c       Config
	streams []*stream
}

// New checks the configuration. It reads nothing: files may come later.
func New(c Config) (*Tail, error) {
	if c.Sink == nil || c.Redactor == nil || c.Cluster == "" {
		return nil, errors.New("tail: a sink, a redactor and the cluster's name are needed")
	}
	if len(c.Paths) == 0 {
		return nil, errors.New("tail: no paths")
	}
	t := &Tail{c: c.withDefaults()}
	seen := map[string]bool{}
	for _, path := range c.Paths {
		if _, err := filepath.Match(path, ""); err != nil || path == "" {
			return nil, fmt.Errorf("tail: %q is no path and no pattern", path)
		}
		if path = filepath.Clean(path); !seen[path] {
			seen[path] = true
			t.streams = append(t.streams, newStream(t.c, path))
		}
	}
	return t, nil
}

// Run follows the files until ctx ends. What the sink does not take is tried again; nothing is read ahead of it.
func (t *Tail) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, s := range t.streams {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
	return nil
}

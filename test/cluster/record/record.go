// SPDX-License-Identifier: Apache-2.0

// Package record makes recordings of a cluster: it runs one, plays the workload on it, and keeps what an operator could
// have kept (the audit log, the watch of every resource, the Events) beside the ground truth.
//
// The directory it fills holds, all but the policy compressed with zstd:
//
//	audit.jsonl, bootstrap.audit.jsonl   the audit log during the play, and the cluster's own start before it
//	watch/list-GROUP_VERSION_RESOURCE.json, watch/watch-....jsonl   what was there at the start, empty lists too, and what changed
//	events.final.json                    the Events at the end
//	truth.jsonl                          what the driver did: a workload.Action per line
//	audit-policy.yaml
//
// It holds secrets of that cluster as they were: internal/recordings/redact makes a publishable copy.
package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubewake/kubewake/test/cluster/plane"
	"github.com/kubewake/kubewake/test/cluster/workload"
)

// Config says what is recorded.
type Config struct {
	Dir      string // is made; files of an earlier recording are replaced
	Plane    plane.Config
	Workload workload.Config // Cluster and Truth are filled in
	// Calm is how long the controllers have to finish after the play (default 8s).
	Calm time.Duration
}

// Run makes one recording.
func Run(ctx context.Context, c Config) (summary workload.Summary, err error) {
	if c.Calm == 0 {
		c.Calm = 8 * time.Second
	}
	if err := os.RemoveAll(filepath.Join(c.Dir, "watch")); err != nil {
		return summary, err
	}
	if err := os.MkdirAll(filepath.Join(c.Dir, "watch"), 0o755); err != nil {
		return summary, err
	}
	cluster, err := plane.New(c.Plane)
	if err != nil {
		return summary, err
	}
	defer func() { err = errors.Join(err, cluster.Close()) }()
	if err := cluster.Start(ctx); err != nil {
		return summary, err
	}
	state := cluster.State()
	access, err := clientcmd.BuildConfigFromFlags("", state.Kubeconfig)
	if err != nil {
		return summary, err
	}
	access.QPS = -1
	access.UserAgent = "recorder"
	access.WarningHandler = rest.NoWarnings{} // of v1 Endpoints, which belong to a recording as long as there are any

	log := state.APIServers[0].AuditLog
	watches, err := watchAll(ctx, access, filepath.Join(c.Dir, "watch"))
	if err != nil {
		return summary, err
	}
	begin, err := size(log)
	if err != nil {
		return summary, err
	}
	summary, err = c.play(ctx, access)
	if err != nil {
		return summary, err
	}
	select {
	case <-ctx.Done():
		return summary, ctx.Err()
	case <-time.After(c.Calm):
	}
	end, err := size(log)
	if err != nil {
		return summary, err
	}
	if err := watches.stop(); err != nil {
		return summary, err
	}
	return summary, c.keep(ctx, access, state.Policy, log, begin, end)
}

func (c Config) play(ctx context.Context, access *rest.Config) (workload.Summary, error) {
	truth, err := create(filepath.Join(c.Dir, "truth.jsonl"))
	if err != nil {
		return workload.Summary{}, err
	}
	c.Workload.Cluster, c.Workload.Truth = rest.CopyConfig(access), truth
	summary, err := workload.Run(ctx, c.Workload)
	return summary, errors.Join(err, truth.Close())
}

// keep writes what is left over at the end: the parts of the log, the Events, the policy.
func (c Config) keep(ctx context.Context, access *rest.Config, policy, log string, begin, end int64) error {
	client, err := rawClient(access)
	if err != nil {
		return err
	}
	events, err := client.Get().AbsPath("/api/v1/events").DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("list the Events: %w", err)
	}
	text, err := os.ReadFile(policy)
	if err != nil {
		return err
	}
	return errors.Join(
		write(filepath.Join(c.Dir, "events.final.json"), events),
		os.WriteFile(filepath.Join(c.Dir, "audit-policy.yaml"), text, 0o644),
		cut(log, 0, begin, filepath.Join(c.Dir, "bootstrap.audit.jsonl")),
		cut(log, begin, end, filepath.Join(c.Dir, "audit.jsonl")),
	)
}

// size is where the last whole line of a file that is being written ends.
func size(path string) (int64, error) {
	data, err := os.ReadFile(path)
	for i := len(data); i > 0; i-- {
		if data[i-1] == '\n' {
			return int64(i), err
		}
	}
	return 0, err
}

// cut compresses a part of a file into a new one.
func cut(from string, begin, end int64, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, io.NewSectionReader(in, begin, end-begin))
	return errors.Join(err, out.Close())
}

func write(path string, data []byte) error {
	out, err := create(path)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return errors.Join(err, out.Close())
}

// compressed is a zstd file.
type compressed struct {
	*zstd.Encoder
	file *os.File
}

func create(path string) (*compressed, error) {
	file, err := os.Create(path + ".zst")
	if err != nil {
		return nil, err
	}
	// One goroutine each: there are as many as resources.
	encoder, err := zstd.NewWriter(file, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &compressed{encoder, file}, nil
}

func (c *compressed) Close() error { return errors.Join(c.Encoder.Close(), c.file.Close()) }

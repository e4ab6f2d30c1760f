// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func (c *Cluster) etcdURL() string     { return fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcd) }
func (c *Cluster) etcdPeerURL() string { return fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer) }

func (c *Cluster) etcdConfig() clientv3.Config {
	return clientv3.Config{
		Endpoints: []string{c.etcdURL()}, DialTimeout: 10 * time.Second, Logger: zap.NewNop(),
		MaxCallRecvMsgSize: 1 << 30,
	}
}

// Snapshot saves etcd's state, which has to be running, to a new file.
func (c *Cluster) Snapshot(ctx context.Context, path string) error {
	if err := makeAbs(&path); err != nil {
		return err
	}
	if _, err := snapshot.NewV3(zap.NewNop()).Save(ctx, c.etcdConfig(), path); err != nil {
		return fmt.Errorf("save a snapshot of etcd: %w", err)
	}
	return nil
}

// Restore does what an operator does with a backup: it ends etcd and everything above it, gives etcd the
// state of the snapshot, and starts them again. resourceVersions go back to the snapshot's; what happened since is gone.
// A bump above 0 lets them go on at the snapshot's plus bump instead, with all before marked as compacted.
func (c *Cluster) Restore(ctx context.Context, path string, bump uint64) error {
	if err := makeAbs(&path); err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// In order: an apiserver without etcd would answer, and log, errors that are no part of a restore.
	for _, p := range c.components {
		if p.name != Etcd {
			if err := p.end(syscall.SIGKILL, patience); err != nil {
				return err
			}
		}
	}
	etcd, err := c.component(Etcd)
	if err != nil {
		return err
	}
	if err := etcd.end(syscall.SIGKILL, patience); err != nil {
		return err
	}
	if err := os.RemoveAll(c.files.etcdData()); err != nil {
		return err
	}
	err = snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: path, Name: Etcd, OutputDataDir: c.files.etcdData(),
		PeerURLs: []string{c.etcdPeerURL()}, InitialCluster: Etcd + "=" + c.etcdPeerURL(), InitialClusterToken: "etcd-cluster",
		RevisionBump: bump, MarkCompacted: bump > 0,
	})
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return c.startAll(ctx)
}

// Change is one change of one key in etcd: a state of an object, or its end.
type Change struct {
	Revision   int64  `json:"revision"` // the object's resourceVersion
	Type       string `json:"type"`     // create, update, delete
	Key        string `json:"key"`
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name,omitempty"`
	UID        string `json:"uid,omitempty"`
}

// History hands over every change that etcd knows, from revision from on (1: all) up to now, in order of revisions. It fails with
// ErrCompacted if etcd has forgotten that revision; Config.EtcdCompaction < 0 prevents it.
func (c *Cluster) History(ctx context.Context, from int64, yield func(Change) error) error {
	client, err := clientv3.New(c.etcdConfig())
	if err != nil {
		return err
	}
	defer client.Close()
	const prefix = "/registry/"
	now, err := client.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err != nil {
		return fmt.Errorf("ask etcd for its revision: %w", err)
	}
	last := now.Header.Revision
	if from > last {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Every key, because a watch of a part would not say when it has passed the last revision.
	for response := range client.Watch(ctx, "\x00", clientv3.WithFromKey(), clientv3.WithRev(from), clientv3.WithPrevKV()) {
		if response.CompactRevision > 0 {
			return fmt.Errorf("read revision %d: %w up to %d", from, ErrCompacted, response.CompactRevision)
		}
		if err := response.Err(); err != nil {
			return fmt.Errorf("watch etcd: %w", err)
		}
		for _, event := range response.Events {
			if event.Kv.ModRevision > last {
				return nil
			}
			if !strings.HasPrefix(string(event.Kv.Key), prefix) {
				continue
			}
			if err := yield(changeOf(event)); err != nil {
				return err
			}
		}
		if n := len(response.Events); n > 0 && response.Events[n-1].Kv.ModRevision >= last {
			return nil
		}
	}
	return ctx.Err()
}

// ErrCompacted means that etcd no longer has a revision.
var ErrCompacted = errors.New("compacted")

func changeOf(event *clientv3.Event) Change {
	change := Change{Revision: event.Kv.ModRevision, Key: string(event.Kv.Key), Type: "update"}
	value := event.Kv.Value
	switch {
	case event.Type == clientv3.EventTypeDelete:
		change.Type = "delete"
		if event.PrevKv != nil {
			value = event.PrevKv.Value
		}
	case event.IsCreate():
		change.Type = "create"
	}
	change.describe(value)
	return change
}

// describe reads what kind of object a value holds. Custom resources are stored as JSON, the rest as protobuf:
// four magic bytes, then a runtime.Unknown whose raw bytes are a message that has its ObjectMeta in field 1.
// A value that is neither leaves only the key.
func (c *Change) describe(value []byte) {
	if rest, ok := bytes.CutPrefix(value, []byte("k8s\x00")); ok {
		var unknown runtime.Unknown
		var object metav1.PartialObjectMetadata
		if unknown.Unmarshal(rest) == nil && object.Unmarshal(unknown.Raw) == nil {
			object.TypeMeta = metav1.TypeMeta{APIVersion: unknown.APIVersion, Kind: unknown.Kind}
			c.take(&object)
		}
		return
	}
	var object metav1.PartialObjectMetadata
	if json.Unmarshal(value, &object) == nil {
		c.take(&object)
	}
}

func (c *Change) take(o *metav1.PartialObjectMetadata) {
	c.APIVersion, c.Kind, c.Namespace, c.Name, c.UID = o.APIVersion, o.Kind, o.Namespace, o.Name, string(o.UID)
}

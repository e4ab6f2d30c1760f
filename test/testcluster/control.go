// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Credentials are how somebody talks to the cluster.
type Credentials struct {
	Kubeconfigs []string `json:"kubeconfigs"` // one per apiserver
	CertFile    string   `json:"certFile"`
	KeyFile     string   `json:"keyFile"`
	Token       string   `json:"token"`
}

// Kubeconfig is for the first apiserver.
func (c Credentials) Kubeconfig() string { return c.Kubeconfigs[0] }

// Change is one state of one object in etcd's own history, or its end: what a complete recording has to contain.
type Change struct {
	Revision   int64  `json:"revision"` // the object's resourceVersion
	Type       string `json:"type"`     // create, update, delete
	Key        string `json:"key"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

// Do sends one action to the control socket and decodes its answer into out, unless that is nil.
// The methods below do it for tests.
func (c *Cluster) Do(ctx context.Context, action string, query url.Values, out any) error {
	body, err := c.send(ctx, action, query)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("%s: read the answer: %w", action, err)
	}
	return nil
}

func (c *Cluster) send(ctx context.Context, action string, query url.Values) (io.ReadCloser, error) {
	target := url.URL{Scheme: "http", Host: "testcluster", Path: "/" + action, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", c.state.Control)
		},
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", action, err), c.ended())
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer response.Body.Close()
	message, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	return nil, fmt.Errorf("%s: %s", action, strings.TrimSpace(string(message)))
}

func (c *Cluster) ended() error {
	select {
	case <-c.done:
		return errors.Join(errors.New("the cluster has ended"), c.exit)
	default:
		return nil
	}
}

func (c *Cluster) must(action string, query url.Values, out any) {
	c.tb.Helper()
	if err := c.Do(context.Background(), action, query, out); err != nil {
		c.tb.Fatal(err)
	}
}

func named(name string) url.Values { return url.Values{"name": {name}} }

// Kubectl is RunKubectl for tests; it returns standard output.
func (c *Cluster) Kubectl(args ...string) string {
	c.tb.Helper()
	out, err := c.RunKubectl(context.Background(), args...)
	if err != nil {
		c.tb.Fatal(err)
	}
	return out
}

// Refresh returns the present State. It fails the test if a component ended that nobody asked to.
func (c *Cluster) Refresh() State {
	c.tb.Helper()
	var s State
	c.must("state", nil, &s)
	return s
}

// StartComponent starts a component that does not run; etcd and apiservers serve when it returns.
func (c *Cluster) StartComponent(name string) { c.tb.Helper(); c.must("start", named(name), nil) }

// Stop ends a component in order: an apiserver answers what it has begun and sends its last audit batch.
func (c *Cluster) Stop(name string) { c.tb.Helper(); c.must("stop", named(name), nil) }

// Kill ends a component with SIGKILL.
func (c *Cluster) Kill(name string) { c.tb.Helper(); c.must("kill", named(name), nil) }

// Restart is Kill and StartComponent.
func (c *Cluster) Restart(name string) {
	c.tb.Helper()
	c.Kill(name)
	c.StartComponent(name)
}

// Pause stops a component's threads: connections stay, answers do not come.
func (c *Cluster) Pause(name string) { c.tb.Helper(); c.must("pause", named(name), nil) }

// Resume lets a paused component go on.
func (c *Cluster) Resume(name string) { c.tb.Helper(); c.must("resume", named(name), nil) }

// Snapshot saves etcd's state to a new file.
func (c *Cluster) Snapshot(path string) {
	c.tb.Helper()
	c.must("snapshot", url.Values{"path": {path}}, nil)
}

// Restore ends every component, gives etcd the state of a snapshot and starts them again: resourceVersions run
// backwards. A bump above 0 makes them go on that far above the snapshot's instead.
func (c *Cluster) Restore(path string, bump uint64) {
	c.tb.Helper()
	c.must("restore", url.Values{"path": {path}, "bump": {strconv.FormatUint(bump, 10)}}, nil)
}

// Wipe makes it an empty cluster with the same addresses and keys.
func (c *Cluster) Wipe() { c.tb.Helper(); c.must("wipe", nil, nil) }

// User makes a client certificate and kubeconfigs for a user. A negative ttl makes one that has expired.
func (c *Cluster) User(name string, groups []string, ttl time.Duration) Credentials {
	c.tb.Helper()
	var out Credentials
	c.must("user", url.Values{"name": {name}, "group": groups, "ttl": {ttl.String()}}, &out)
	return out
}

// Token makes a token for a service account that exists, and kubeconfigs with it. Any ttl can be had, where
// TokenRequest grants ten minutes at least; a negative one has expired. Apiservers take a token until a minute after its end.
func (c *Cluster) Token(namespace, name string, ttl time.Duration) Credentials {
	c.tb.Helper()
	var out Credentials
	c.must("token", url.Values{"namespace": {namespace}, "name": {name}, "ttl": {ttl.String()}}, &out)
	return out
}

// History is everything that happened in etcd from a revision on (1: from the beginning) until now. It needs
// Config.KeepHistory, unless from is younger than the last compaction.
func (c *Cluster) History(from int64) []Change {
	c.tb.Helper()
	changes, err := c.ReadHistory(context.Background(), from)
	if err != nil {
		c.tb.Fatal(err)
	}
	return changes
}

// ReadHistory is History without a test.
func (c *Cluster) ReadHistory(ctx context.Context, from int64) ([]Change, error) {
	body, err := c.send(ctx, "history", url.Values{"from": {strconv.FormatInt(from, 10)}})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var changes []Change
	lines := json.NewDecoder(bufio.NewReader(body))
	for {
		var line struct {
			Change
			End bool `json:"end"`
		}
		if err := lines.Decode(&line); err != nil {
			return nil, fmt.Errorf("history: the answer was cut off after %d changes: %w", len(changes), err)
		}
		if line.End {
			return changes, nil
		}
		changes = append(changes, line.Change)
	}
}

// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Cluster is a running control plane. Methods with no context and no error are for tests: they fail the test
// that started the cluster.
type Cluster struct {
	tb    testing.TB
	state State
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when the child has ended
	exit  error         // why, once done is closed
}

// State says where everything is. Process IDs are those of the moment it was asked for.
type State struct {
	Dir        string `json:"dir"`
	Control    string `json:"control"`
	Kubeconfig string `json:"kubeconfig"` // the administrator's, for the first apiserver
	Kubectl    string `json:"kubectl"`
	CAFile     string `json:"caFile"`
	CAKeyFile  string `json:"caKeyFile"`
	CertFile   string `json:"certFile"`
	KeyFile    string `json:"keyFile"`
	// AuditPolicy and AuditWebhook (a kubeconfig) may be edited: an apiserver reads them when it starts.
	AuditPolicy  string            `json:"auditPolicy"`
	AuditWebhook string            `json:"auditWebhook"`
	EtcdURL      string            `json:"etcdURL"`
	APIServers   []APIServerState  `json:"apiServers"`
	Components   []ComponentStatus `json:"components"`
}

// APIServerState is one apiserver.
type APIServerState struct {
	Name       string `json:"name"`
	URL        string `json:"url"`
	Kubeconfig string `json:"kubeconfig"`
	AuditLog   string `json:"auditLog"`
}

// ComponentStatus is one process; PID 0: it does not run.
type ComponentStatus struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	Log  string `json:"log"`
}

// Enabled reports whether this run asks for tests against a real control plane.
func Enabled() bool { return os.Getenv(EnvBinary) != "" || os.Getenv("KUBEWAKE_E2E") == "1" }

// Start runs a cluster until the test ends, and skips the test where clusters are not asked for.
// A failed test leaves the ends of the components' logs in the test's output.
func Start(tb testing.TB, config Config) *Cluster {
	tb.Helper()
	if !Enabled() {
		tb.Skip("needs a control plane: set KUBEWAKE_E2E=1 to build and run one, or " + EnvBinary + " to the path of a built one")
	}
	c, err := Open(context.Background(), config)
	if err != nil {
		tb.Fatal(err)
	}
	c.tb = tb
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(c.logs())
		}
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
		if config.Dir == "" {
			if err := os.RemoveAll(c.state.Dir); err != nil {
				tb.Error(err)
			}
		}
	})
	return c
}

// Open is Start without a test: the caller closes the cluster, and removes its directory if config.Dir is empty.
func Open(ctx context.Context, config Config) (_ *Cluster, err error) {
	binary, err := Binary(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	dir := config.Dir
	if dir == "" {
		// Not the test's own: its path would be too long for a socket.
		if dir, err = os.MkdirTemp("", "testcluster-"); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, os.RemoveAll(dir))
			}
		}()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	args, err := config.args(dir, func(name, content string) (string, error) {
		path := filepath.Join(dir, name)
		return path, os.WriteFile(path, []byte(content), 0o600)
	})
	if err != nil {
		return nil, err
	}
	return open(ctx, exec.Command(binary, args...))
}

func open(ctx context.Context, cmd *exec.Cmd) (*Cluster, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start testcluster: %w", err)
	}
	c := &Cluster{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	first := make(chan error, 1)
	go func() {
		defer close(c.done)
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &c.state)
		}
		if err == nil {
			first <- nil
		}
		_, _ = io.Copy(io.Discard, stdout)
		if c.exit = cmd.Wait(); c.exit != nil {
			c.exit = fmt.Errorf("testcluster: %w: %s", c.exit, bytes.TrimSpace(stderr.Bytes()))
		}
		if err != nil {
			first <- errors.Join(c.exit, err)
		}
	}()
	select {
	case err := <-first:
		return c, err
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), c.Close())
	}
}

// Close ends the cluster at once, as kill -9 would, and returns when all its processes are gone.
// What its audit logs hold is whole.
func (c *Cluster) Close() error {
	_ = c.stdin.Close() // which ends the child
	select {
	case <-c.done:
		return c.exit
	case <-time.After(time.Minute):
	}
	_ = c.cmd.Process.Kill() // its children die with it
	<-c.done
	return errors.Join(errors.New("testcluster did not end within a minute"), c.exit)
}

// State is the cluster as it started; Refresh asks again.
func (c *Cluster) State() State { return c.state }

// Kubeconfig is the administrator's, for the first apiserver.
func (c *Cluster) Kubeconfig() string { return c.state.Kubeconfig }

// AuditLog is the first apiserver's.
func (c *Cluster) AuditLog() string { return c.state.APIServers[0].AuditLog }

// Log is the log file of a component; a restarted one goes on in it.
func (c *Cluster) Log(component string) string {
	for _, p := range c.state.Components {
		if p.Name == component {
			return p.Log
		}
	}
	return ""
}

func (c *Cluster) logs() string {
	var out bytes.Buffer
	for _, p := range c.state.Components {
		data, err := os.ReadFile(p.Log)
		if err != nil {
			fmt.Fprintln(&out, err)
		}
		fmt.Fprintf(&out, "--- %s\n%s\n", p.Name, data[max(0, len(data)-2000):])
	}
	return out.String()
}

// RunKubectl runs the cluster's own kubectl as the administrator, or as --kubeconfig among args says.
func (c *Cluster) RunKubectl(ctx context.Context, args ...string) (stdout string, err error) {
	cmd := exec.CommandContext(ctx, c.state.Kubectl, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.state.Kubeconfig, "HOME="+c.state.Dir)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %q: %w: %s", args, err, bytes.TrimSpace(errOut.Bytes()))
	}
	return out.String(), nil
}

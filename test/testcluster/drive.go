// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// DriveConfig says how the workload driver keeps a cluster busy. The zero value plays everything, twenty at once, for a minute.
type DriveConfig struct {
	Seed        uint64        // the same seed makes the same choices
	Duration    time.Duration // how long new scenarios begin; those under way are finished
	Concurrency int
	Scenarios   []string // empty: all
	Each        bool     // every scenario once, instead of Duration
	Kubeconfig  string   // empty: the administrator's for the first apiserver
}

// Driven is what the driver did.
type Driven struct {
	Played   map[string]int `json:"played"` // scenarios that came to their end
	Failed   []string       `json:"failed"` // scenarios that did not, with the reason; to be expected when the cluster is hurt meanwhile
	Requests []Action       `json:"-"`      // in the order in which they were answered
}

// Action is one request of the driver's, with what the apiserver answered.
type Action struct {
	Sent            time.Time `json:"sent"`
	Answered        time.Time `json:"answered"`
	Scenario        string    `json:"scenario"`
	Play            string    `json:"play"` // one performance of the scenario; also its namespace
	Step            string    `json:"step"`
	User            string    `json:"user"` // alice, bob, mallory, admin; gitops, ci, operator-a, operator-b (service accounts in namespace robots); nobody
	Method          string    `json:"method"`
	URI             string    `json:"uri"`
	Patch           string    `json:"patch"` // media type
	Code            int       `json:"code"`  // 0: no answer came
	Error           string    `json:"error"`
	AuditID         string    `json:"auditID"`
	Kind            string    `json:"kind"` // of what was answered, as the rest
	Namespace       string    `json:"namespace"`
	Name            string    `json:"name"`
	UID             string    `json:"uid"`
	ResourceVersion string    `json:"resourceVersion"`
	Reason          string    `json:"reason"`
}

// Drive runs the workload driver to its end. When the context ends, the driver is told to stop, and what it
// did until then is returned.
func (c *Cluster) Drive(ctx context.Context, config DriveConfig) (Driven, error) {
	truth, err := os.CreateTemp(c.state.Dir, "truth-*.jsonl")
	if err != nil {
		return Driven{}, err
	}
	defer truth.Close()
	args := []string{"drive", "-out", truth.Name(), "-seed", strconv.FormatUint(config.Seed, 10)}
	if config.Duration > 0 {
		args = append(args, "-duration", config.Duration.String())
	}
	if config.Concurrency > 0 {
		args = append(args, "-concurrency", strconv.Itoa(config.Concurrency))
	}
	if len(config.Scenarios) > 0 {
		args = append(args, "-scenarios", strings.Join(config.Scenarios, ","))
	}
	if config.Each {
		args = append(args, "-each")
	}
	kubeconfig := config.Kubeconfig
	if kubeconfig == "" {
		kubeconfig = c.state.Kubeconfig
	}
	binary, err := filepath.EvalSymlinks(c.state.Kubectl)
	if err != nil {
		return Driven{}, err
	}
	cmd := exec.CommandContext(ctx, binary, append(args, "-kubeconfig", kubeconfig)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return Driven{}, fmt.Errorf("drive the workload: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var done Driven
	if err := json.Unmarshal(stdout.Bytes(), &done); err != nil && ctx.Err() == nil {
		return done, fmt.Errorf("read the driver's summary: %w", err)
	}
	done.Requests, err = readActions(truth)
	return done, err
}

// readActions ignores a last line that was cut off.
func readActions(r io.Reader) ([]Action, error) {
	var actions []Action
	for lines := json.NewDecoder(r); ; {
		var a Action
		switch err := lines.Decode(&a); {
		case err == nil:
			actions = append(actions, a)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return actions, nil
		default:
			return actions, fmt.Errorf("read the ground truth after %d requests: %w", len(actions), err)
		}
	}
}

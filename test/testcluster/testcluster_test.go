// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestArgs(t *testing.T) {
	for _, tc := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"zero", Config{}, nil},
		{"all", Config{
			APIServers: 2, Nodes: -1, KeepHistory: true, NoControllers: true, NoScheduler: true, NoAuditLog: true,
			AuditPolicy: "kind: Policy", AuditLevel: All, APIServerArgs: []string{"--v=4", "--a=b"}, StartTimeout: time.Minute,
			Webhook: &Webhook{URL: "https://r", CAFile: "ca", CertFile: "c", KeyFile: "k", Token: "t", Mode: "blocking",
				BatchMaxSize: 1, BatchBufferSize: 2, BatchMaxWait: time.Second, Backoff: 2 * time.Second},
		}, []string{
			"-apiservers=2", "-nodes=-1", "-etcd-compaction=off", "-no-controller-manager", "-no-scheduler", "-audit-level=All", "-audit-log=off",
			"-apiserver-arg=--v=4", "-apiserver-arg=--a=b", "-start-timeout=1m0s", "-audit-policy=at/policy-given.yaml",
			"-webhook=https://r", "-webhook-ca=ca", "-webhook-client-cert=c", "-webhook-client-key=k", "-webhook-mode=blocking",
			"-webhook-batch-max-size=1", "-webhook-batch-buffer-size=2", "-webhook-batch-max-wait=1s", "-webhook-initial-backoff=2s",
			"-webhook-token=at/webhook-token",
		}},
	} {
		got, err := tc.config.args("dir", func(name, _ string) (string, error) { return "at/" + name, nil })
		if err != nil {
			t.Fatal(err)
		}
		want := append([]string{"up", "-child", "-dir", "dir"}, tc.want...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", tc.name, diff)
		}
	}
}

func TestReadActions(t *testing.T) {
	const line = `{"user":"alice","code":201,"auditID":"a"}` + "\n"
	for _, tc := range []struct {
		text string
		want int
		ok   bool
	}{
		{"", 0, true}, {line, 1, true}, {line + line, 2, true},
		{line + line[:20], 1, true}, // the driver was killed
		{line + "nonsense\n", 1, false},
	} {
		got, err := readActions(strings.NewReader(tc.text))
		if len(got) != tc.want || (err == nil) != tc.ok {
			t.Errorf("%q: %d actions, %v; want %d", tc.text, len(got), err, tc.want)
		}
	}
}

func FuzzReadActions(f *testing.F) {
	f.Add([]byte(`{"code":200}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		actions, err := readActions(bytes.NewReader(text))
		if err == nil && len(actions) > len(text) {
			t.Errorf("%d actions from %d bytes", len(actions), len(text))
		}
	})
}

// TestOpenFailure: a child that says nothing useful is reported with what it said.
func TestOpenFailure(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	for _, tc := range []struct{ script, want string }{
		{"echo no port is free >&2; exit 1", "no port is free"},
		{"echo not JSON", "invalid character"},
		{"true", "EOF"},
	} {
		if _, err := open(t.Context(), exec.Command(shell, "-c", tc.script)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.script, err, tc.want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := open(ctx, exec.Command(shell, "-c", "read line; exit 0")); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("a start that takes too long: %v", err)
	}
}

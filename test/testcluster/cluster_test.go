// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCluster lives with one cluster: everything a fault test needs is tried once.
func TestCluster(t *testing.T) {
	receiver := newReceiver(t)
	c := Start(t, Config{
		APIServers: 2, Nodes: 2, KeepHistory: true,
		Webhook: &Webhook{URL: receiver.URL, CAFile: receiver.ca, Token: "s3cret", BatchMaxWait: 100 * time.Millisecond},
	})

	t.Run("audit log", func(t *testing.T) {
		c.Kubectl("create", "configmap", "before", "--from-literal=a=1")
		if got := created(t, c.AuditLog(), "before"); got != 1 {
			t.Errorf("the audit log has %d creates of the ConfigMap, want 1", got)
		}
		if s := c.State().APIServers[1]; created(t, s.AuditLog, "before") != 0 {
			t.Error("the second apiserver's log has what the first one did")
		}
		c.Kubectl("--kubeconfig", c.State().APIServers[1].Kubeconfig, "create", "configmap", "other")
		if got := created(t, c.State().APIServers[1].AuditLog, "other"); got != 1 {
			t.Errorf("the second apiserver's log has %d creates, want 1", got)
		}
	})
	t.Run("webhook", func(t *testing.T) {
		eventually(t, "the webhook has received the create", func() bool { return receiver.has(`"name":"before"`) })
		if got := receiver.token(); got != "Bearer s3cret" {
			t.Errorf("the receiver saw %q", got)
		}
	})
	t.Run("users and tokens", func(t *testing.T) { testCredentials(t, c) })
	t.Run("restart an apiserver", func(t *testing.T) {
		c.Kill(APIServer(0))
		if _, err := c.RunKubectl(t.Context(), "get", "--raw", "/readyz"); err == nil {
			t.Error("a killed apiserver answers")
		}
		if got := c.Kubectl("--kubeconfig", c.State().APIServers[1].Kubeconfig, "get", "--raw", "/readyz"); got != "ok" {
			t.Errorf("the other apiserver is not ready: %s", got)
		}
		c.StartComponent(APIServer(0))
		c.Kubectl("get", "configmap", "before")
	})
	t.Run("restore etcd", func(t *testing.T) {
		snapshot := filepath.Join(t.TempDir(), "etcd.db")
		c.Snapshot(snapshot)
		c.Kubectl("create", "configmap", "after")
		if !inHistory(c.History(1), "create", "after") {
			t.Error("etcd's history lacks a create")
		}
		c.Restore(snapshot, 0)
		if _, err := c.RunKubectl(t.Context(), "get", "configmap", "after"); err == nil || !strings.Contains(err.Error(), "not found") {
			t.Errorf("what came after the snapshot: %v, want that it is not found", err)
		}
		c.Kubectl("get", "configmap", "before")
		history := c.History(1)
		if inHistory(history, "create", "after") || !inHistory(history, "create", "before") {
			t.Error("the history after the restore is not the snapshot's")
		}
	})
	t.Run("pause etcd", func(t *testing.T) {
		c.Pause(Etcd)
		if _, err := c.RunKubectl(t.Context(), "create", "configmap", "slow", "--request-timeout=1s"); err == nil {
			t.Error("a create succeeds while etcd stands still")
		}
		c.Resume(Etcd)
		eventually(t, "creates succeed again", func() bool {
			_, err := c.RunKubectl(t.Context(), "create", "configmap", "quick")
			return err == nil
		})
	})
	t.Run("wipe", func(t *testing.T) {
		uid := c.Kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
		c.Wipe()
		if again := c.Kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"); again == uid {
			t.Error("the wiped cluster is the same one")
		}
	})
	t.Run("unknown component", func(t *testing.T) {
		if err := c.Do(t.Context(), "kill", named("kubelet"), nil); err == nil || !strings.Contains(err.Error(), "kube-scheduler") {
			t.Errorf("error %v, want one that names the components", err)
		}
	})
}

func testCredentials(t *testing.T, c *Cluster) {
	ask := func(who Credentials, args ...string) error {
		_, err := c.RunKubectl(t.Context(), append([]string{"--kubeconfig", who.Kubeconfig()}, args...)...)
		return err
	}
	wants := []struct {
		name string
		who  Credentials
		want string // in the error; empty: none
	}{
		{"a master", c.User("root", []string{"system:masters"}, time.Hour), ""},
		{"a user without rights", c.User("eve", []string{"devs"}, time.Hour), `User "eve" cannot list resource "secrets"`},
		{"an expired certificate", c.User("late", []string{"system:masters"}, -time.Hour), "must be logged in"},
		{"a service account", c.Token("default", "default", time.Hour), `User "system:serviceaccount:default:default" cannot list`},
		{"an expired token", c.Token("default", "default", -2*time.Minute), "must be logged in"},
	}
	for _, w := range wants {
		err := ask(w.who, "get", "secrets")
		if w.want == "" && err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
		if w.want != "" && (err == nil || !strings.Contains(err.Error(), w.want)) {
			t.Errorf("%s: error %v, want %q", w.name, err, w.want)
		}
	}
}

// TestCloseEndsEverything: no process of a cluster outlives it.
func TestCloseEndsEverything(t *testing.T) {
	c := Start(t, Config{Nodes: -1, NoControllers: true, NoScheduler: true})
	state := c.Refresh()
	if len(state.Components) != 2 {
		t.Fatalf("%d components, want etcd and an apiserver: %+v", len(state.Components), state.Components)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range state.Components {
		if _, err := os.Stat("/proc/" + strconv.Itoa(p.PID)); err == nil {
			t.Errorf("%s still runs", p.Name)
		}
	}
	if err := c.Do(context.Background(), "state", nil, nil); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a cluster that has ended answers %v", err)
	}
}

func inHistory(changes []Change, kind, name string) bool {
	for _, c := range changes {
		if c.Type == kind && c.Kind == "ConfigMap" && c.Name == name && c.UID != "" && c.Revision > 0 {
			return true
		}
	}
	return false
}

// created counts the successful creates of a ConfigMap in an audit log.
func created(t *testing.T, path, name string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		var event struct {
			Verb      string
			ObjectRef struct{ Resource, Name string }
			Status    struct{ Code int } `json:"responseStatus"`
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if event.Verb == "create" && event.ObjectRef.Resource == "configmaps" && event.ObjectRef.Name == name && event.Status.Code == http.StatusCreated {
			n++
		}
	}
}

type receiver struct {
	URL, ca string

	mu    sync.Mutex // guards the rest
	body  strings.Builder
	bears string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bears = request.Header.Get("Authorization")
		_, _ = io.Copy(&r.body, request.Body)
	}))
	t.Cleanup(server.Close)
	r.URL, r.ca = server.URL, filepath.Join(t.TempDir(), "receiver.crt")
	if err := os.WriteFile(r.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *receiver) has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Contains(r.body.String(), text)
}

func (r *receiver) token() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bears
}

func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if ask() {
			return
		}
	}
	t.Errorf("not in a minute: %s", what)
}

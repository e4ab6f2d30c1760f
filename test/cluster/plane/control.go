// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// State tells everything a client of the cluster needs. It is also in the file cluster.json of its directory.
type State struct {
	Dir        string           `json:"dir"`
	Control    string           `json:"control"` // the socket that Serve listens on
	Kubeconfig string           `json:"kubeconfig"`
	Kubectl    string           `json:"kubectl"`
	CAFile     string           `json:"caFile"`
	CAKeyFile  string           `json:"caKeyFile"`
	CertFile   string           `json:"certFile"` // the administrator's
	KeyFile    string           `json:"keyFile"`
	Policy     string           `json:"auditPolicy"`
	Webhook    string           `json:"auditWebhook,omitempty"`
	EtcdURL    string           `json:"etcdURL"`
	APIServers []APIServerState `json:"apiServers"`
	Components []ComponentState `json:"components"`
}

// APIServerState is one apiserver's part of the State.
type APIServerState struct {
	Name       string `json:"name"`
	URL        string `json:"url"`
	Kubeconfig string `json:"kubeconfig"`
	AuditLog   string `json:"auditLog,omitempty"`
}

// ComponentState is one process.
type ComponentState struct {
	Name string `json:"name"`
	PID  int    `json:"pid"` // 0: it does not run
	Log  string `json:"log"`
}

// Credentials are how somebody may talk to the cluster.
type Credentials struct {
	Kubeconfigs []string `json:"kubeconfigs"` // one per apiserver
	CertFile    string   `json:"certFile,omitempty"`
	KeyFile     string   `json:"keyFile,omitempty"`
	Token       string   `json:"token,omitempty"`
}

func (c *Cluster) apiServerURL(n int) string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.ports.apiServers[n])
}

// State is what runs now.
func (c *Cluster) State() State {
	s := State{
		Dir: string(c.files), Control: c.socket(), Kubeconfig: c.files.kubeconfig("admin"), Kubectl: c.files.path("kubectl"),
		CAFile: c.files.ca(), CAKeyFile: c.files.caKey(), CertFile: c.files.userCert("admin"), KeyFile: c.files.userKey("admin"),
		Policy: c.files.policy(), EtcdURL: c.etcdURL(),
	}
	if c.config.Audit.Webhook != nil {
		s.Webhook = c.files.webhook()
	}
	for n := range c.config.APIServers {
		kubeconfig := c.files.kubeconfig("admin")
		if n > 0 {
			kubeconfig = c.files.kubeconfig(fmt.Sprintf("admin-%d", n))
		}
		s.APIServers = append(s.APIServers, APIServerState{
			Name: apiServerName(n), URL: c.apiServerURL(n), Kubeconfig: kubeconfig, AuditLog: c.auditLog(n),
		})
	}
	for _, p := range c.components {
		s.Components = append(s.Components, ComponentState{Name: p.name, PID: p.pid(), Log: p.log})
	}
	return s
}

// socket lies in the directory unless its path would be too long for a socket's address.
func (c *Cluster) socket() string {
	path := c.files.path("control")
	if len(path) < 100 {
		return path
	}
	return fmt.Sprintf("%s/testcluster-%d.control", os.TempDir(), os.Getpid())
}

// Listen opens the control socket and writes the file cluster.json. Calls wait there until Serve.
func (c *Cluster) Listen() (net.Listener, error) {
	path := c.socket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	state, err := json.MarshalIndent(c.State(), "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.files.state(), append(state, '\n'), 0o600); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for control: %w", err)
	}
	return listener, nil
}

// Serve answers the control socket until the context ends. Every call is a POST whose query names what to do it to;
// it answers when the thing is done: 200 with JSON, or 500 with a sentence.
func (c *Cluster) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: c.routes(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (c *Cluster) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, do func(*http.Request) (any, error)) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			answer, err := do(r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer) // the client has gone: nobody to tell
		})
	}
	named := func(path string, do func(ctx context.Context, name string) error) {
		handle(path, func(r *http.Request) (any, error) {
			err := do(r.Context(), r.FormValue("name"))
			return c.State(), err
		})
	}
	handle("/state", func(*http.Request) (any, error) { return c.State(), c.Failed() })
	named("/start", c.StartComponent)
	named("/stop", func(_ context.Context, name string) error { return c.StopComponent(name) })
	named("/kill", func(_ context.Context, name string) error { return c.KillComponent(name) })
	named("/pause", func(_ context.Context, name string) error { return c.PauseComponent(name) })
	named("/resume", func(_ context.Context, name string) error { return c.ResumeComponent(name) })
	named("/wipe", func(ctx context.Context, _ string) error { return c.Wipe(ctx) })
	handle("/snapshot", func(r *http.Request) (any, error) {
		return struct{}{}, c.Snapshot(r.Context(), r.FormValue("path"))
	})
	handle("/restore", func(r *http.Request) (any, error) {
		bump, err := strconv.ParseUint(r.FormValue("bump"), 10, 63)
		if err != nil && r.FormValue("bump") != "" {
			return nil, err
		}
		return struct{}{}, c.Restore(r.Context(), r.FormValue("path"), bump)
	})
	handle("/user", func(r *http.Request) (any, error) {
		ttl, err := time.ParseDuration(r.FormValue("ttl"))
		if err != nil {
			return nil, err
		}
		return c.MintUser(r.FormValue("name"), r.Form["group"], ttl)
	})
	handle("/token", func(r *http.Request) (any, error) {
		ttl, err := time.ParseDuration(r.FormValue("ttl"))
		if err != nil {
			return nil, err
		}
		return c.MintToken(r.Context(), r.FormValue("namespace"), r.FormValue("name"), ttl)
	})
	mux.HandleFunc("POST /history", c.serveHistory)
	return mux
}

// serveHistory streams JSON lines. Its last line is {"end":true}: without it the answer was cut off.
func (c *Cluster) serveHistory(w http.ResponseWriter, r *http.Request) {
	from, err := strconv.ParseInt(r.FormValue("from"), 10, 64)
	if err != nil {
		from = 1
	}
	lines := json.NewEncoder(w)
	started := false
	err = c.History(r.Context(), from, func(change Change) error {
		started = true
		return lines.Encode(change)
	})
	if err != nil && !started {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if err == nil {
		_ = lines.Encode(map[string]bool{"end": true})
	}
}

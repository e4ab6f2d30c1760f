package watch

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// secure serves h over TLS and HTTP/2 as an apiserver does.
func secure(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func reach(s *httptest.Server, host string) *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return &rest.Config{Host: host, TLSClientConfig: rest.TLSClientConfig{CAData: ca, ServerName: "example.com"}}
}

// watchReally watches until the test ends.
func watchReally(t *testing.T, c *rest.Config, s *sink, o Options) *Watcher {
	t.Helper()
	w, err := New(Config{Cluster: "test", REST: c, Sink: s, Redactor: redact.Off(), Options: o})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return w
}

func until(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ask(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still not: ", what)
		}
	}
}

func (s *sink) knows(uid string, rv uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.facts[record.RevisionID("test", record.UID(uid), record.ResourceVersion(rv))] != nil
}

// hole passes bytes on until it is told to swallow them: the connection stays open and nothing arrives.
type hole struct {
	net.Listener
	to      string
	swallow atomic.Bool
}

func newHole(t *testing.T, to string) *hole {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hole{Listener: l, to: to}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			lost := &atomic.Bool{} // connections of the time of swallowing never come back
			go h.pass(in, out, lost)
			go h.pass(out, in, lost)
		}
	}()
	return h
}

func (h *hole) pass(to, from net.Conn, lost *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if h.swallow.Load() {
			lost.Store(true)
		}
		if !lost.Load() {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// A connection that is open and dead is found, and the watch goes on over another without a gap.
func TestDeadConnection(t *testing.T) {
	a := newAPI(pods(), widgets())
	server := secure(t, a)
	h := newHole(t, server.Listener.Addr().String())
	s := newSink()
	watchReally(t, reach(server, "https://"+h.Addr().String()), s, Options{pingAfter: 200 * time.Millisecond, pingTimeout: 200 * time.Millisecond})
	rv := a.put("pods", "shop", "a", "u-a", "1")
	until(t, "the first revision", func() bool { return s.knows("u-a", rv) })
	h.swallow.Store(true)
	during := a.put("pods", "shop", "a", "u-a", "2")
	time.Sleep(600 * time.Millisecond)
	h.swallow.Store(false)
	after := a.put("pods", "shop", "a", "u-a", "3")
	until(t, "the revisions of the time when nothing arrived", func() bool { return s.knows("u-a", during) && s.knows("u-a", after) })
	if n := len(s.all(record.KindGap)); n != 0 {
		t.Errorf("%d gaps", n)
	}
}

// While the sink is busy the apiserver can not send: what it may send ahead is bounded.
func TestPressureReachesTheServer(t *testing.T) {
	var sent atomic.Int64
	line := `{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"shop","uid":"u-a","resourceVersion":"%d"},"data":"` + strings.Repeat("x", 4000) + "\"}}\n"
	a := newAPI(pods())
	server := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/pods" || r.URL.Query().Get("watch") == "" || r.URL.Query().Get("sendInitialEvents") != "" {
			a.ServeHTTP(w, r)
			return
		}
		for rv := uint64(200); r.Context().Err() == nil; rv++ {
			n, err := fmt.Fprintf(w, line, rv)
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	}))
	s := newSink()
	block := make(chan struct{})
	open := sync.OnceFunc(func() { close(block) })
	defer open()
	a.noStream = true
	w := watchReally(t, reach(server, server.URL), s, Options{BatchBytes: 64 << 10})
	until(t, "events arrive", func() bool { return sent.Load() > 1<<20 })
	s.mu.Lock()
	s.block = block
	s.mu.Unlock()
	var before int64
	until(t, "the server is held back", func() bool {
		now := sent.Load()
		time.Sleep(300 * time.Millisecond)
		before = sent.Load()
		return before == now
	})
	if held := w.delivery.pending.Load(); held > 200<<10 {
		t.Errorf("%d bytes are held", held)
	}
	open()
	until(t, "it goes on", func() bool { return sent.Load() > before+1<<20 })
}

// What is no apiserver at all does not disturb beyond its status.
func TestNoAPIServer(t *testing.T) {
	for name, answer := range map[string]string{"html": "<html>hello</html>", "nothing": "", "list": `{"kind":"List"}`, "huge": strings.Repeat("[", 100_000)} {
		t.Run(name, func(t *testing.T) {
			server := secure(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, answer)
			}))
			s := newSink()
			w := watchReally(t, reach(server, server.URL), s, Options{})
			until(t, "the status says so", func() bool {
				st := w.Status()
				return st.DiscoveryError != "" || !st.DiscoveredAt.IsZero()
			})
			if n := len(w.Status().Resources); n != 0 || len(s.facts) != 0 {
				t.Errorf("%d resources, %d facts", n, len(s.facts))
			}
		})
	}
}

func TestTargets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("HOME", dir)
	config := write("kubeconfig", `{apiVersion: v1, kind: Config, current-context: b,
clusters: [{name: c1, cluster: {server: "https://one:6443"}}, {name: c2, cluster: {server: "https://two:6443"}}],
users: [{name: u, user: {token: secret-token}}],
contexts: [{name: a, context: {cluster: c1, user: u}}, {name: b, context: {cluster: c2, user: u}}]}`)
	t.Setenv("KUBECONFIG", config)
	both := write("clusters.yaml", "- {name: prod, kubeconfig: kubeconfig, context: a}\n- {name: test, kubeconfig: kubeconfig}\n")
	for name, tt := range map[string]struct {
		access Access
		want   string
		fails  string
	}{
		"nothing said":    {Access{}, "b=https://two:6443", ""},
		"named":           {Access{Cluster: "prod"}, "prod=https://two:6443", ""},
		"file":            {Access{Kubeconfig: config, Contexts: []string{"a"}}, "a=https://one:6443", ""},
		"all contexts":    {Access{Kubeconfig: config, Contexts: []string{"*"}}, "a=https://one:6443 b=https://two:6443", ""},
		"clusters file":   {Access{ClustersFile: both}, "prod=https://one:6443 test=https://two:6443", ""},
		"one name of two": {Access{Cluster: "x", Contexts: []string{"a", "b"}}, "", "several"},
		"no such context": {Access{Contexts: []string{"z"}}, "", "z"},
		"no such file":    {Access{Kubeconfig: filepath.Join(dir, "none")}, "", "none"},
		"not in a pod":    {Access{InCluster: true}, "", "service account"},
		"both":            {Access{InCluster: true, Kubeconfig: config}, "", "exclude"},
		"equal names":     {Access{ClustersFile: write("twice.yaml", "- {name: a, kubeconfig: kubeconfig}\n- {name: a, kubeconfig: kubeconfig}\n")}, "", "two clusters"},
		"unknown key":     {Access{ClustersFile: write("wrong.yaml", "- {name: a, kubekonfig: x}\n")}, "", "kubekonfig"},
		"no name":         {Access{ClustersFile: write("anonymous.yaml", "- {kubeconfig: kubeconfig}\n")}, "", "no name"},
		"empty":           {Access{ClustersFile: write("empty.yaml", "[]\n")}, "", "no cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			targets, err := Targets(tt.access)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), "secret-token") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, target := range targets {
				got = append(got, string(target.Cluster)+"="+target.REST.Host)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%s, want %s", s, tt.want)
			}
		})
	}
}

// Credentials and addresses go the way of client-go.
func TestClientSendsCredentials(t *testing.T) {
	var seen atomic.Value
	server := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(fmt.Sprint(r.Proto, " ", r.URL.RequestURI(), " ", r.Header.Get("Authorization"), " ", r.Header.Get("Accept"), " ", r.TLS.Version == tls.VersionTLS13))
		fmt.Fprint(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}`)
	}))
	conf := reach(server, server.URL+"/k8s/clusters/c-1")
	conf.BearerToken = "abc"
	c, err := newClient(conf, Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	rv, err := c.now(t.Context(), servedPods(), "shop")
	if err != nil || rv != 7 {
		t.Fatal(rv, err)
	}
	want := "HTTP/2.0 /k8s/clusters/c-1/api/v1/namespaces/shop/pods?limit=1 Bearer abc " + acceptMetadata + " true"
	if seen.Load() != want {
		t.Errorf("%s\nwant %s", seen.Load(), want)
	}
}

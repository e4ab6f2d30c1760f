package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// oneCluster is an engine that knows one cluster.
type oneCluster struct {
	engine.Engine
	err error
}

func (e oneCluster) Info(context.Context) (*engine.Info, error) {
	last := noon()
	return &engine.Info{Data: "/data", Clusters: []engine.ClusterInfo{{Name: "prod", Last: &last, Incarnations: []string{"uid-1"}}}}, e.err
}

func (e oneCluster) Coverage(_ context.Context, q query.Coverage) (*engine.Coverage, error) {
	if !q.Window.From.Equal(noon().Add(-24 * time.Hour)) {
		return nil, errors.New("another window")
	}
	if q.Kind == "pods" {
		return &engine.Coverage{Gaps: []engine.Gap{{Reason: "not-watched", Scope: engine.Ref{Resource: "pods"}}}}, nil
	}
	return &engine.Coverage{Gaps: []engine.Gap{{Reason: "level", Scope: engine.Ref{Resource: "pods"}}, {Reason: "level", Scope: engine.Ref{Group: "apps", Resource: "deployments"}}}}, nil
}

func (e oneCluster) Search(_ context.Context, q query.Search, emit func(*engine.Hit) error) (*engine.SearchEnd, error) {
	if !q.Newest || q.Limit != 1 || !q.Reads {
		return nil, errors.New("another question")
	}
	return nil, emit(&engine.Hit{Request: &engine.Request{ReceivedAt: noon().Add(-time.Minute)}})
}

func TestLookAtInstance(t *testing.T) {
	mux := http.NewServeMux()
	say := func(path, text string, status int) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		})
	}
	say("/healthz", "ok\n", 200)
	say("/readyz", "not ready: the disk is full\n", 503)
	say("/metrics", "kubewake_ingest_healthy 0\n", 200)
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	i := LookAtInstance(context.Background(), InstanceConfig{URL: server.URL + "/", Client: server.Client(), Engine: oneCluster{}})
	if i.Err != nil || i.Health.Text != "ok" || i.Ready.Status != 503 || !i.Live() || len(i.Certs) != 1 {
		t.Errorf("%+v", i)
	}
	if !i.Clock.Known || (i.Clock.Ahead-time.Hour).Abs() > i.Clock.Error+time.Second {
		t.Errorf("%+v", i.Clock)
	}
	c := i.Clusters[0]
	if !c.LastAudit.Equal(noon().Add(-time.Minute)) || len(c.Gaps) != 2 {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff(map[string]bool{"pods": true, "deployments.apps": false}, c.Unwatched); diff != "" {
		t.Error(diff)
	}

	server.Close()
	if i := LookAtInstance(context.Background(), InstanceConfig{URL: server.URL, Engine: oneCluster{}}); i.Health.Err == nil || i.Info != nil {
		t.Errorf("%+v", i)
	}
	if i := LookAtInstance(context.Background(), InstanceConfig{Engine: oneCluster{err: errors.New("damaged")}}); i.Err == nil {
		t.Errorf("%+v", i)
	}
	if i := LookAtInstance(context.Background(), InstanceConfig{Engine: oneCluster{}, Cluster: "other"}); len(i.Clusters) != 0 {
		t.Errorf("%+v", i)
	}
}

// apiserver answers as one does whose RBAC grants everything but Secrets, and pods to be listed only.
func apiserver(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	say := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(text))
		})
	}
	say("/version", `{"gitVersion":"v1.37.1"}`)
	say("/api/v1/namespaces/kube-system", `{"kind":"Namespace","metadata":{"uid":"uid-1"}}`)
	say("/api", `{"kind":"APIVersions","versions":["v1"]}`)
	say("/apis", `{"kind":"APIGroupList","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},
		{"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}],"preferredVersion":{"groupVersion":"metrics.k8s.io/v1beta1","version":"v1beta1"}}]}`)
	say("/api/v1", `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list","watch"]},{"name":"pods/log","kind":"Pod","verbs":["get"]},
		{"name":"secrets","kind":"Secret","namespaced":true,"verbs":["list","watch"]},{"name":"componentstatuses","kind":"ComponentStatus","verbs":["list"]}]}`)
	say("/apis/apps/v1", `{"kind":"APIResourceList","groupVersion":"apps/v1","resources":[{"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["list","watch"]}]}`)
	mux.HandleFunc("/apis/metrics.k8s.io/v1beta1", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SelfSubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		a := review.Spec.ResourceAttributes
		if a.Resource == "leases" {
			review.Status.Allowed = a.Group == "coordination.k8s.io" && a.Namespace == "kubewake" && a.Verb == "get"
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(review)
			return
		}
		review.Status.Allowed = a.Resource != "*" && a.Resource != "secrets" && (a.Resource != "pods" || a.Verb == "list")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(review)
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		review.Status.Allowed = review.Spec.User == "system:serviceaccount:wake:bot" && strings.Contains(strings.Join(review.Spec.Groups, " "), "system:serviceaccounts:wake")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(review)
	})
	return httptest.NewTLSServer(mux)
}

func TestLookAtCluster(t *testing.T) {
	server := apiserver(t)
	defer server.Close()
	config := &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	c := LookAtCluster(context.Background(), ClusterConfig{Name: "prod", Config: config})
	if c.Err != nil || c.AccessErr != nil || c.Version != "v1.37.1" || c.UID != "uid-1" || len(c.Certs) != 1 || !c.Clock.Known {
		t.Errorf("%+v", c)
	}
	want := []Denied{{record.GroupResource{Resource: "pods"}, []string{"watch"}}, {record.GroupResource{Resource: "secrets"}, []string{"list", "watch"}}}
	if diff := cmp.Diff(want, c.Denied); diff != "" || c.Everything {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"create", "update"}, c.LeasesDenied); diff != "" || c.LeasesErr != nil {
		t.Error(diff, c.LeasesErr)
	}
	if diff := cmp.Diff([]string{"metrics.k8s.io/v1beta1"}, c.Broken); diff != "" {
		t.Error(diff)
	}
	if c.Metrics != nil || c.MetricsErr == nil || !strings.Contains(c.MetricsErr.Error(), "403") {
		t.Errorf("%v", c.MetricsErr)
	}
	if c := LookAtCluster(context.Background(), ClusterConfig{Name: "prod", Config: config, As: "system:serviceaccount:wake:bot"}); !c.Everything || c.AccessErr != nil {
		t.Errorf("%+v", c)
	}
	server.Close()
	if c := LookAtCluster(context.Background(), ClusterConfig{Name: "prod", Config: config}); c.Err == nil {
		t.Errorf("%+v", c)
	}
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("KUBECONFIG", filepath.Join(dir, "none"))
	if _, _, err := (Credentials{}).Load(); !errors.Is(err, ErrNoCluster) {
		t.Errorf("%v", err)
	}
	file := filepath.Join(dir, "config")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],
		"contexts":[{"name":"a","context":{"cluster":"c"}},{"name":"b","context":{"cluster":"c"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		c    Credentials
		want string
	}{{Credentials{Kubeconfig: file}, "a"}, {Credentials{Kubeconfig: file, Context: "b"}, "b"}} {
		config, name, err := tt.c.Load()
		if err != nil || name != tt.want || config.Host != "https://127.0.0.1:1" {
			t.Errorf("%+v: %v %v %s", tt.c, err, config, name)
		}
	}
	for _, c := range []Credentials{{Kubeconfig: filepath.Join(dir, "other")}, {Kubeconfig: file, Context: "z"}, {InCluster: true}} {
		if _, _, err := c.Load(); err == nil {
			t.Errorf("%+v loads", c)
		}
	}
}

func TestLookAtTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	found, err := LookAtTLS(context.Background(), "x", server.URL+"/audit/prod")
	if err != nil || len(found) != 1 || !found[0].NotAfter.Equal(server.Certificate().NotAfter) {
		t.Errorf("%v %v", found, err)
	}
	server.Close()
	if _, err := LookAtTLS(context.Background(), "x", server.URL); err == nil {
		t.Error("a certificate of nobody")
	}
	if found, err := LookAtTLS(context.Background(), "x", "http://127.0.0.1:1"); found != nil || err != nil {
		t.Errorf("%v %v", found, err)
	}
}

func TestLookAtDisk(t *testing.T) {
	if d := LookAtDisk(t.TempDir()); d != nil && (d.Total == 0 || d.Free > d.Total) {
		t.Errorf("%+v", d)
	}
	if d := LookAtDisk(filepath.Join(t.TempDir(), "none")); d != nil {
		t.Errorf("%+v", d)
	}
}

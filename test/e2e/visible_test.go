package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/test/testcluster"
)

// caller sends requests to the first apiserver as the administrator.
type caller struct {
	tb     testing.TB
	url    string
	client *http.Client
}

func newCaller(tb testing.TB, c *testcluster.Cluster) *caller {
	tb.Helper()
	state := c.State()
	certificate, err := tls.LoadX509KeyPair(state.CertFile, state.KeyFile)
	if err != nil {
		tb.Fatal(err)
	}
	pem, err := os.ReadFile(state.CAFile)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &caller{tb: tb, url: state.APIServers[0].URL, client: &http.Client{Timeout: time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}, MaxIdleConnsPerHost: 20}}}
}

// send gives the resourceVersion that was answered.
func (c *caller) send(method, path, contentType, body string) (string, error) {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", contentType)
	a, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		return "", err
	}
	if a.StatusCode >= 300 {
		return "", fmt.Errorf("%s %s: %s: %s", method, path, a.Status, text)
	}
	var object struct {
		Metadata struct{ ResourceVersion string }
	}
	return object.Metadata.ResourceVersion, json.Unmarshal(text, &object)
}

// shows reports whether the history of a ConfigMap, asked over HTTP, holds a resourceVersion.
func (s *server) shows(name, rv string) bool {
	s.tb.Helper()
	q := url.Values{"kind": {"configmaps"}, "namespace": {"default"}, "name": {name}}
	status, text := s.page("/api/v1/history?" + q.Encode())
	if status == http.StatusNotFound {
		return false
	}
	var history engine.History
	if err := json.Unmarshal([]byte(text), &history); status != http.StatusOK || err != nil {
		s.tb.Fatalf("history answers %d, %v: %s", status, err, text)
	}
	return slices.ContainsFunc(history.Entries, func(e engine.Entry) bool { return e.Revision != nil && e.Revision.ResourceVersion == rv })
}

// TestVisibleWithinASecond measures how long after the apiserver's answer a change is in an answer of the history, under load. The audit
// webhook waits for much longer: it is the watch that tells.
func TestVisibleWithinASecond(t *testing.T) {
	const changes, bound = 50, 10 * time.Second
	s := newServer(t)
	hook := s.hook("https://" + s.receive)
	hook.BatchMaxWait = 30 * time.Second
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata, Webhook: hook})
	api := newCaller(t, c)
	work := drive(t, c, 21, 40*time.Second)
	time.Sleep(5 * time.Second)

	var took []time.Duration
	for i := range changes {
		name := fmt.Sprintf("seen-%d", i/5)
		method, path, contentType := http.MethodPatch, "/api/v1/namespaces/default/configmaps/"+name, "application/merge-patch+json"
		if i%5 == 0 {
			method, path, contentType = http.MethodPost, "/api/v1/namespaces/default/configmaps", "application/json"
		}
		rv, err := api.send(method, path, contentType, fmt.Sprintf(`{"metadata":{"name":%q},"data":{"round":"%d"}}`, name, i))
		if err != nil {
			t.Fatal(err)
		}
		answered := time.Now()
		for !s.shows(name, rv) {
			if time.Since(answered) > bound {
				t.Fatalf("resourceVersion %s of %s is not shown after %v", rv, name, bound)
			}
			time.Sleep(2 * time.Millisecond)
		}
		took = append(took, time.Since(answered))
		time.Sleep(300 * time.Millisecond)
	}
	work.wait()
	slices.Sort(took)
	t.Logf("%d changes visible after p50 %v, p99 %v, most %v", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}

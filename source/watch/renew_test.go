package watch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// A token that stands in the kubeconfig itself is taken from there again when the file changes.
func TestTokenOfKubeconfigIsRenewed(t *testing.T) {
	var got string
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	write := func(user string) {
		t.Helper()
		text := fmt.Sprintf(`
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}]
users: [{name: u, user: %s}]
`, server.URL, user)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("{token: first}")
	targets, err := Targets(Access{Kubeconfig: path, Cluster: "c"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	client, err := rest.HTTPClientFor(targets[0].REST)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return got
	}
	for _, step := range []struct {
		user, want string
		wait       time.Duration
	}{
		{"", "Bearer first", 0},
		{"{token: second}", "Bearer first", 0}, // looked at a moment ago
		{"", "Bearer second", renewEvery},
		{"{", "Bearer second", 2 * renewEvery}, // half written
		{"{username: u, password: p}", "Bearer second", 3 * renewEvery},
		{"{token: the-third}", "Bearer the-third", 4 * renewEvery},
	} {
		if step.user != "" {
			write(step.user)
		}
		clockOf(t, targets[0].REST).now = func() time.Time { return now.Add(step.wait) }
		if got := ask(); got != step.want {
			t.Errorf("with %q after %s: %q, want %q", step.user, step.wait, got, step.want)
		}
	}
}

// clockOf is the renewing part of a configuration.
func clockOf(t *testing.T, c *rest.Config) *renewing {
	t.Helper()
	if c.WrapTransport == nil {
		t.Fatal("the configuration does not follow its kubeconfig")
	}
	r, ok := c.WrapTransport(nil).(renewed)
	if !ok {
		t.Fatal("it is wrapped in something else")
	}
	return r.renewing
}

// Credentials that renew themselves, or need not, are left alone.
func TestOtherCredentialsAreLeftAlone(t *testing.T) {
	for name, c := range map[string]*rest.Config{
		"none": {}, "token file": {BearerToken: "t", BearerTokenFile: "/f"}, "certificate": {TLSClientConfig: rest.TLSClientConfig{CertFile: "/c"}},
	} {
		renewToken(c, nil, loading("/nowhere"))
		if c.WrapTransport != nil {
			t.Errorf("%s: wrapped", name)
		}
	}
}

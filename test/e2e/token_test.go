package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// renew replaces a kubeconfig by another one, at once.
func renew(t *testing.T, path, by string) {
	t.Helper()
	text, err := os.ReadFile(by)
	if err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(filepath.Dir(path), "next")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}

// TestExpiredTokenLosesNothing lets the token of the watch expire under load. The watch says so; it goes on when the kubeconfig holds a new
// one, and what it missed is filled from the last resourceVersion.
func TestExpiredTokenLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, AuditLevel: testcluster.Metadata, Webhook: s.hook("https://" + s.receive)})
	c.Kubectl("create", "serviceaccount", "kubewake")
	c.Kubectl("create", "clusterrolebinding", "kubewake", "--clusterrole=cluster-admin", "--serviceaccount=default:kubewake")
	server := c.State().APIServers[0].URL
	api, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	network := newProxy(t, api.Host)
	// Apiservers take a token until a minute after its end, and believe for ten seconds what they have checked.
	ends := time.Now().Add(35 * time.Second)
	kubeconfig := through(t, c.Token("default", "kubewake", -25*time.Second).Kubeconfig(), server, network.address())
	s.args = append(s.args, "--kubeconfig", kubeconfig, "--cluster", string(cluster))
	s.start()
	s.settled()

	time.Sleep(time.Until(ends) - 5*time.Second)
	work := drive(t, c, 5, 30*time.Second)
	time.Sleep(time.Until(ends.Add(12 * time.Second)))
	network.cutOff() // a watch that is open stays open: it is refused when it is opened again
	network.mend()
	within(t, 30*time.Second, "the metrics say that the watches fail", func() bool {
		m := s.metrics()
		return m[`kubewake_watch_resources{cluster="prod",state="failing"}`] > 30 && m[`kubewake_watch_restarts_total{cluster="prod",reason="unauthorized"}`] > 0
	})
	if !strings.Contains(s.log.String(), "401 Unauthorized") {
		t.Error("the log does not say that the apiserver refuses the credentials")
	}
	renew(t, kubeconfig, through(t, c.Token("default", "kubewake", time.Hour).Kubeconfig(), server, network.address()))
	renewed := time.Now()
	s.settled()
	t.Logf("everything is watched %v after the token was renewed", time.Since(renewed).Round(time.Second))
	work.wait()
	stored, missing := stopAndFind(t, s, c)
	missing.none(t)
	if len(stored.gaps) > 0 {
		t.Errorf("%d gaps, though the apiserver still had everything", len(stored.gaps))
	}
}

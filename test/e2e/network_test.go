package e2e

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// through is a copy of a kubeconfig that reaches the apiserver at another address.
func through(t *testing.T, kubeconfig, server, address string) string {
	t.Helper()
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	moved := bytes.ReplaceAll(text, []byte(server), []byte("https://"+address))
	if bytes.Equal(moved, text) {
		t.Fatalf("%s does not name %s", kubeconfig, server)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig.yaml")
	if err := os.WriteFile(path, moved, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCutNetworkLosesNothing cuts the network between kubewake and the control plane, both ways, for a while under load. The
// apiserver sends again what it could not, the watches go on where they were.
func TestCutNetworkLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hook := newProxy(t, s.receive)
	webhook := s.hook("https://" + hook.address())
	webhook.Backoff = 4 * time.Second // five times within about 30 s, as 80 s is by default
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, AuditLevel: testcluster.Metadata, Webhook: webhook})
	api, err := url.Parse(c.State().APIServers[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	watch := newProxy(t, api.Host)
	s.args = append(s.args, "--kubeconfig", through(t, c.Kubeconfig(), c.State().APIServers[0].URL, watch.address()), "--cluster", string(cluster))
	s.start()
	s.settled()

	work := drive(t, c, 4, 25*time.Second)
	time.Sleep(5 * time.Second)
	hook.cutOff()
	watch.cutOff()
	within(t, 15*time.Second, "the metrics say that the watches fail", func() bool {
		return s.metrics()[`kubewake_watch_resources{cluster="prod",state="failing"}`] > 30
	})
	time.Sleep(10 * time.Second)
	hook.mend()
	watch.mend()
	work.wait()
	stored, missing := stopAndFind(t, s, c)
	missing.none(t)
	if missing.told > 0 || len(stored.gaps) > 0 {
		t.Errorf("%d gaps hold %d changes that the apiserver still had", len(stored.gaps), missing.told)
	}
}

// TestStalledServerLosesNothing has kubewake stand still under load, as on a disk that hangs: connections stay open and nobody answers.
func TestStalledServerLosesNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.record(t, testcluster.Config{AuditLevel: testcluster.Metadata})
	work := drive(t, c, 8, 20*time.Second)
	time.Sleep(3 * time.Second)
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(15 * time.Second)
	if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	work.wait()
	stored, missing := stopAndFind(t, s, c)
	missing.none(t)
	if len(stored.gaps) > 0 {
		t.Errorf("%d gaps, though the apiserver still had everything", len(stored.gaps))
	}
}

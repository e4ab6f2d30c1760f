package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/test/testcluster"
)

// agent is kubewake agent; its addresses stay the same over restarts.
type agent struct {
	*process
	tb              testing.TB
	receive, listen string
	args            []string
}

// newAgent prepares an agent that delivers to a server, and takes in webhooks with the server's certificate and tokens.
func newAgent(tb testing.TB, s *server, c *testcluster.Cluster, args ...string) *agent {
	tb.Helper()
	a := &agent{tb: tb, receive: freeAddress(tb), listen: freeAddress(tb)}
	a.args = append([]string{"agent", "--to", "https://" + s.receive, "--to-token", s.pki.token, "--to-ca", s.pki.cert, "--listen", a.listen, "--receive", a.receive,
		"--receive-cert", s.pki.cert, "--receive-key", s.pki.key, "--receive-tokens", s.pki.tokens, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster)}, args...)
	return a
}

func (a *agent) start() {
	a.tb.Helper()
	a.process = start(a.tb, a.args...)
	within(a.tb, 60*time.Second, "the agent is ready", func() bool { return page("http://"+a.listen+"/readyz") != "" })
}

// page gives a page's text, or nothing if it is not answered with 200.
func page(url string) string {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

func (a *agent) leads() bool {
	return strings.Contains(page("http://"+a.listen+"/metrics"), `kubewake_collect_leading{cluster="prod",election="objects"} 1`)
}

// TestLeaderKilled: two agents side by side, by election one watches; it is killed during updates, and the other goes on from
// the last resourceVersion that is durable at the server.
func TestLeaderKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	network := newProxy(t, "127.0.0.1:1")
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, Webhook: s.hook("https://" + network.address())})
	c.Kubectl("create", "namespace", "kubewake")
	s.start()
	config := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(config, []byte("election: {enabled: true, objects: 1, events: 1, lease: 4s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	agents := []*agent{newAgent(t, s, c, "--config", config), newAgent(t, s, c, "--config", config)}
	for _, a := range agents {
		a.start()
	}
	network.turn(agents[0].receive)

	work := drive(t, c, 1, 30*time.Second)
	for range 3 {
		time.Sleep(8 * time.Second)
		within(t, 20*time.Second, "one of two agents leads", func() bool { return agents[0].leads() != agents[1].leads() })
		leader, other := agents[0], agents[1]
		if other.leads() {
			leader, other = other, leader
		}
		leader.kill()
		network.turn(other.receive)
		within(t, 20*time.Second, "the other leads", other.leads)
		leader.start()
	}
	work.wait()
	stored := stopAndCompare(t, s, c)
	for _, g := range stored.gaps {
		if strings.HasPrefix(g.Gap.Detail, "its definition was removed while nobody watched it") {
			continue // it may fall into the seconds in which nobody leads
		}
		t.Errorf("a gap where nothing was lost: %s %s", g.Gap.Reason, g.Gap.Detail)
	}
}

// TestSpoolBridges: the server is away for longer than the apiserver would try, and the agent is killed meanwhile; its spool has it all.
func TestSpoolBridges(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	receive := freeAddress(t)
	hook := s.hook("https://" + receive)
	hook.Backoff = 2 * time.Second // it tries for 16 s
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, Webhook: hook})
	s.start()
	a := newAgent(t, s, c, "--spool", filepath.Join(t.TempDir(), "spool"))
	for i, arg := range a.args {
		if arg == a.receive {
			a.args[i] = receive
		}
	}
	a.receive = receive
	a.start()

	work := drive(t, c, 1, 35*time.Second)
	time.Sleep(8 * time.Second)
	s.kill()
	time.Sleep(10 * time.Second)
	a.kill()
	a.start() // with the server away
	time.Sleep(12 * time.Second)
	s.start()
	work.wait()
	time.Sleep(20 * time.Second) // the spool is emptied
	stopAndCompare(t, s, c)
}

// TestDroppedByApiserver: without a spool the apiserver gives up after some attempts. What it dropped is found in its metrics: a Gap
// covers every request that is missing, and counts no fewer.
func TestDroppedByApiserver(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hook := s.hook("https://" + s.receive)
	hook.Backoff = time.Second // it gives up within 12 s
	c := testcluster.Start(t, testcluster.Config{KeepHistory: true, Webhook: hook})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	s.start()
	work := drive(t, c, 1, 30*time.Second)
	time.Sleep(17 * time.Second) // the apiserver's metrics were looked at before
	s.kill()
	time.Sleep(35 * time.Second)
	s.start()
	work.wait()
	time.Sleep(20 * time.Second) // they are looked at again
	coverage, err := s.ask("coverage")
	if err != nil {
		t.Error(err)
	}
	stored, lost := stopAndFind(t, s, c)
	lost.noStates(t)
	var missing, uncovered []string
	counted := int64(0)
	for _, g := range stored.gaps {
		if g.Gap.Reason == record.GapDropped {
			counted += g.Gap.Count
		}
	}
	for _, r := range lost.requests {
		missing = append(missing, describe(r))
		if !covered(stored.gaps, r) {
			uncovered = append(uncovered, describe(r))
		}
	}
	if len(missing) == 0 {
		t.Fatal("the apiserver dropped nothing: the test shows nothing")
	}
	if len(uncovered) > 0 {
		t.Errorf("%d of %d missing requests are covered by no gap:\n%s", len(uncovered), len(missing), few(uncovered))
	}
	if counted < int64(len(missing)) {
		t.Errorf("the gaps count %d, and %d are missing", counted, len(missing))
	}
	if !strings.Contains(coverage, fmt.Sprint(counted)) && !strings.Contains(coverage, "gave up") {
		t.Errorf("coverage does not tell:\n%s", coverage)
	}
	t.Logf("%d requests were dropped, the gaps count %d", len(missing), counted)
}

// covered reports whether a gap of the audit log covers a request. The apiserver held it for a while before it gave up.
func covered(gaps []*record.Record, r *record.Record) bool {
	const held = 45 * time.Second
	for _, g := range gaps {
		if g.Gap.Reason == record.GapDropped && r.OccurredAt.After(g.OccurredAt.Add(-held)) && r.OccurredAt.Before(g.Gap.Until) {
			return true
		}
	}
	return false
}

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

// status gives a line of a process's /proc/PID/status in bytes.
func (p *process) status(name string) int64 {
	p.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.tb.Skip("needs /proc: ", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				p.tb.Fatal(err)
			}
			return kb << 10
		}
	}
	p.tb.Fatalf("no %s", name)
	return 0
}

// revisions counts what the server made durable.
func (s *server) revisions() (n int) {
	for name, v := range s.metrics() {
		if strings.HasPrefix(name, "kubewake_ingest_records_total{") && strings.Contains(name, `kind="revision"`) {
			n += int(v)
		}
	}
	return n
}

// quickly gives a page's text, or nothing if it is not answered soon.
func quickly(url string) string {
	client := http.Client{Timeout: 500 * time.Millisecond}
	r, err := client.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return ""
	}
	return string(text)
}

// settled reports whether everything is watched.
func (a *agent) settled() bool {
	_ = quickly("http://" + a.listen + "/readyz") // it looks at the states of the watches
	states := map[string]float64{}
	for line := range strings.Lines(quickly("http://" + a.listen + "/metrics")) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), `kubewake_watch_resources{cluster="prod",state="`)
		state, value, _ := strings.Cut(rest, `"} `)
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil {
			states[state] = v
		}
	}
	return states["watching"] > 30 && states["failing"]+states["listing"]+states["waiting"] == 0
}

// TestAgentMemory watches 5,000 pods on kwok nodes, with churn: the whole process of the agent stays below 150 MB resident, and is at
// work within 30 s.
func TestAgentMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 5,000 pods")
	}
	const pods, nodes = 5000, 50
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: nodes, NoAuditLog: true})
	s.start()
	api := newCaller(t, c)
	if _, err := api.send(http.MethodPost, "/api/v1/namespaces/default/serviceaccounts", "application/json", `{"metadata":{"name":"default"}}`); err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(c.Kubectl("get", "nodes", "-o", "name"))
	create := func(i int) error {
		_, err := api.send(http.MethodPost, "/api/v1/namespaces/default/pods", "application/json", fmt.Sprintf(
			`{"metadata":{"name":"p-%d","labels":{"app":"web"},"annotations":{"filler":%q}},"spec":{"nodeName":%q,"automountServiceAccountToken":false,"containers":[{"name":"c","image":"nginx","resources":{"requests":{"cpu":"10m"}}}]}}`,
			i, strings.Repeat("x", 1500), strings.TrimPrefix(names[i%len(names)], "node/")))
		return err
	}
	parallel(t, pods, create)
	within(t, 3*time.Minute, "most pods run", func() bool {
		return strings.Count(c.Kubectl("get", "pods", "--field-selector=status.phase=Running", "--chunk-size=0", "-o", "name"), "\n") > pods*9/10
	})

	a := newAgent(t, s, c)
	began := time.Now()
	a.process = start(t, a.args...)
	within(t, 2*time.Minute, "everything is watched", a.settled)
	started := time.Since(began)
	within(t, time.Minute, "all pods are stored", func() bool { return s.revisions() >= pods })
	delivered := time.Since(began)
	first := a.status("VmHWM")

	parallel(t, pods, func(i int) error {
		_, err := api.send(http.MethodPatch, fmt.Sprintf("/api/v1/namespaces/default/pods/p-%d", i), "application/merge-patch+json", `{"metadata":{"labels":{"round":"1"}}}`)
		return err
	})
	parallel(t, pods/5, func(i int) error {
		_, err := api.send(http.MethodDelete, fmt.Sprintf("/api/v1/namespaces/default/pods/p-%d?gracePeriodSeconds=0", i), "application/json", "")
		if err != nil {
			return err
		}
		return create(i)
	})
	within(t, time.Minute, "the churn is stored", func() bool { return s.revisions() >= 2*pods+pods/5 })
	most, now := a.status("VmHWM"), a.status("VmRSS")
	t.Logf("everything is watched after %v and stored after %v; the agent is resident with %d MB at start-up, %d MB at most with churn, %d MB now; the receiver with %d MB at most",
		started, delivered, first>>20, most>>20, now>>20, s.status("VmHWM")>>20)
	direct := newServer(t, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	began = time.Now()
	direct.start()
	within(t, 2*time.Minute, "all pods are stored by one process", func() bool { return direct.revisions() >= pods })
	t.Logf("one process that watches and stores: after %v, resident with %d MB at most", time.Since(began), direct.status("VmHWM")>>20)

	if most > 150<<20 {
		t.Errorf("%d MB resident", most>>20)
	}
	if started > 30*time.Second {
		t.Errorf("at work after %v", started)
	}
}

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/watch"
	"github.com/kubewake/kubewake/test/testcluster"
)

// A cluster whose etcd is restored from an older snapshot: the past that is no more stays, the hole is said, and what happens
// from then on is recorded, also by the next watcher.
func TestWatchRestoredEtcd(t *testing.T) {
	w := watchCluster(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1, NoAuditLog: true, KeepHistory: true})
	w.start(w.cluster.Kubeconfig())
	w.eventually(30*time.Second, "everything is watched", w.settled)
	w.cluster.Kubectl("create", "configmap", "before")
	snapshot := filepath.Join(t.TempDir(), "etcd.snapshot")
	w.cluster.Snapshot(snapshot)
	for i := range 40 {
		w.cluster.Kubectl("create", "configmap", "lost-"+strconv.Itoa(i))
	}
	w.caughtUp()
	w.cluster.Restore(snapshot, 0)
	w.cluster.Kubectl("create", "configmap", "after")
	recorded := func(name string) func() bool {
		return func() bool {
			return w.sink.has(func(r *record.Record) bool {
				return r.Kind == record.KindRevision && r.Ref.Resource == "configmaps" && r.Ref.Name == name
			})
		}
	}
	took := w.eventually(3*time.Minute, "what happened after the restore is recorded", recorded("after"))
	t.Logf("recorded %s after the restore", took)
	if !w.sink.has(func(r *record.Record) bool {
		return r.Kind == record.KindGap && r.Ref.Resource == "configmaps" && r.Gap.ToRV < r.Gap.FromRV && strings.Contains(r.Gap.Detail, "backwards")
	}) {
		t.Error("no gap says that resourceVersions ran backwards")
	}
	w.stop()
	w.cluster.Kubectl("create", "configmap", "while-away")
	w.start(w.cluster.Kubeconfig())
	w.eventually(time.Minute, "the next watcher goes on in the new epoch", recorded("while-away"))
}

const watcherRole = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: kubewake, namespace: shop}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: kubewake, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: kubewake}
subjects: [{kind: ServiceAccount, name: kubewake, namespace: shop}]
`

// A Role is enough to record a namespace; what no role allows is said to be forbidden, and watched once one does.
func TestWatchWithARole(t *testing.T) {
	w := watchCluster(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1, NoAuditLog: true})
	w.cluster.Kubectl("create", "namespace", "shop")
	w.cluster.Kubectl("create", "serviceaccount", "kubewake", "-n", "shop")
	w.cluster.Kubectl("apply", "-f", manifest(t, watcherRole))
	token := w.cluster.Token("shop", "kubewake", time.Hour)
	w.options.Namespaces = []string{"shop"}
	w.start(token.Kubeconfig())
	w.eventually(30*time.Second, "the namespace is watched", func() bool {
		n := 0
		for _, r := range w.watcher.Status().Resources {
			if r.State == watch.Watching && r.Namespace == "shop" {
				n++
			} else if r.State != watch.Excluded {
				return false
			}
		}
		return n > 20
	})
	w.cluster.Kubectl("create", "configmap", "inside", "-n", "shop")
	w.cluster.Kubectl("create", "configmap", "outside")
	w.eventually(10*time.Second, "the object inside is recorded", func() bool {
		return w.sink.has(func(r *record.Record) bool { return r.Ref.Name == "inside" })
	})
	if w.sink.has(func(r *record.Record) bool { return r.Ref.Namespace != "shop" && r.Kind != record.KindGap }) {
		t.Error("something outside was recorded")
	}
	w.stop()

	w.options.Namespaces = nil
	w.start(token.Kubeconfig())
	w.eventually(30*time.Second, "what it may not is said to be forbidden, and what anyone may is watched", func() bool {
		states := map[watch.State]int{}
		for _, r := range w.watcher.Status().Resources {
			states[r.State]++
		}
		return states[watch.Forbidden] > 30 && states[watch.Waiting]+states[watch.Listing]+states[watch.Failing] == 0
	})
}

// counting is a sink that keeps nothing, as that of an agent whose receiver is well.
type counting struct {
	records atomic.Int64
}

func (c *counting) Deliver(_ context.Context, b ingest.Batch) error {
	c.records.Add(int64(len(b.Records)))
	return nil
}
func (c *counting) Progress(context.Context, record.Cluster) ([]*record.Record, error) {
	return nil, nil
}
func (c *counting) Mark(context.Context, record.Cluster, string) ([]byte, error) { return nil, nil }
func (c *counting) Alive(context.Context, record.Cluster, record.GroupResource, string) iter.Seq2[ingest.Alive, error] {
	return func(func(ingest.Alive, error) bool) {}
}

// parallel calls f for 0 to n-1, some at once.
func parallel(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	var next atomic.Int64
	for range 16 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !t.Failed(); i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// Watching 5,000 pods with churn stays below 150 MB resident and is at work within 30 s.
func TestWatchMemory(t *testing.T) {
	if !testcluster.Enabled() {
		t.Skip("needs a control plane: set KUBEWAKE_E2E=1")
	}
	if testing.Short() {
		t.Skip("makes 5,000 pods")
	}
	const pods = 5000
	c := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1, NoAuditLog: true})
	targets, err := watch.Targets(watch.Access{Kubeconfig: c.Kubeconfig(), Cluster: "e2e"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(targets[0].REST)
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path, contentType, body string) error {
		req, err := http.NewRequest(method, targets[0].REST.Host+path, bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", contentType)
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 300 {
			return fmt.Errorf("%s %s: %s", method, path, resp.Status)
		}
		return nil
	}
	c.Kubectl("create", "serviceaccount", "default", "--dry-run=client") // the apiserver answers
	if err := send("POST", "/api/v1/namespaces/default/serviceaccounts", "application/json", `{"metadata":{"name":"default"}}`); err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat("x", 3000)
	parallel(t, pods, func(i int) error {
		return send("POST", "/api/v1/namespaces/default/pods", "application/json", fmt.Sprintf(
			`{"metadata":{"name":"p-%d","annotations":{"filler":%q}},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"nginx"}]}}`, i, filler))
	})
	client.CloseIdleConnections()
	debug.FreeOSMemory()
	before := resident(t)

	sink := &counting{}
	w, err := watch.New(watch.Config{Cluster: "e2e", REST: targets[0].REST, Sink: sink, Redactor: redact.Off()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- w.Run(ctx) }()
	probe := &watched{T: t, watcher: w}
	probe.eventually(30*time.Second, "everything is watched", probe.settled)
	started := time.Since(began)
	most := resident(t)
	stopLook := make(chan struct{})
	var look sync.WaitGroup
	look.Go(func() {
		for {
			select {
			case <-stopLook:
				return
			case <-time.After(100 * time.Millisecond):
				most = max(most, resident(t))
			}
		}
	})
	parallel(t, pods, func(i int) error {
		return send("PATCH", fmt.Sprintf("/api/v1/namespaces/default/pods/p-%d", i), "application/merge-patch+json", `{"metadata":{"labels":{"round":"1"}}}`)
	})
	probe.eventually(30*time.Second, "all changes were delivered", func() bool { return sink.records.Load() >= 2*pods })
	close(stopLook)
	look.Wait()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	t.Logf("at work after %s; resident %d MB before, %d MB at most, the test's own part included", started, before>>20, most>>20)
	if most > 150<<20 {
		t.Errorf("%d MB resident", most>>20)
	}
}

// resident memory of this process in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("needs /proc: ", err)
	}
	for l := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/watch"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/test/testcluster"
)

// seen is a sink that remembers what the one behind it acknowledged.
type seen struct {
	ingest.Sink
	mu      sync.Mutex
	records map[record.ID]*record.Record
	times   map[record.ID]int
}

func (s *seen) Deliver(ctx context.Context, b ingest.Batch) error {
	if err := s.Sink.Deliver(ctx, b); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Records {
		id := r.ID()
		if old := s.records[id]; old != nil && r.Kind != record.KindRevision {
			r = record.Merge(old, r)
		}
		s.records[id] = r
		s.times[id]++
	}
	return nil
}

func (s *seen) each(f func(r *record.Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.records {
		f(r)
	}
}

// has reports whether some record fits.
func (s *seen) has(fits func(r *record.Record) bool) bool {
	found := false
	s.each(func(r *record.Record) { found = found || fits(r) })
	return found
}

// watched is a cluster, a store and a watcher between them.
type watched struct {
	*testing.T
	cluster *testcluster.Cluster
	sink    *seen
	options watch.Options
	watcher *watch.Watcher
	stop    func()
}

func watchCluster(t *testing.T, config testcluster.Config) *watched {
	t.Helper()
	if !testcluster.Enabled() {
		t.Skip("needs a control plane: set KUBEWAKE_E2E=1")
	}
	c := testcluster.Start(t, config)
	st, err := pebble.Open(t.TempDir(), pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &watched{T: t, cluster: c, sink: &seen{Sink: ingest.NewLocal(st, ingest.LocalConfig{}), records: map[record.ID]*record.Record{}, times: map[record.ID]int{}}}
	t.Cleanup(func() {
		if w.stop != nil {
			w.stop()
		}
	})
	return w
}

func (w *watched) start(kubeconfig string) {
	w.Helper()
	targets, err := watch.Targets(watch.Access{Kubeconfig: kubeconfig, Cluster: "e2e"})
	if err != nil {
		w.Fatal(err)
	}
	w.watcher, err = watch.New(watch.Config{Cluster: targets[0].Cluster, REST: targets[0].REST, Sink: w.sink, Redactor: redact.Off(), Options: w.options,
		Log: slog.New(slog.NewTextHandler(w.Output(), nil))})
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.watcher.Run(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.Errorf("Run: %v", err)
		}
		w.stop = nil
	}
	w.Cleanup(func() {
		if w.Failed() {
			for _, r := range w.watcher.Status().Resources {
				w.Logf("%s %s: %s %s at %d, %d events, %d restarts, %d gaps", r.Resource, r.Namespace, r.State, r.Reason, r.RV, r.Events, r.Restarts, r.Gaps)
			}
		}
	})
}

// eventually waits at most so long.
func (w *watched) eventually(most time.Duration, what string, ask func() bool) time.Duration {
	w.Helper()
	began := time.Now()
	for !ask() {
		if time.Since(began) > most {
			w.Fatalf("after %s still not: %s", most, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

// settled: every resource that can be watched is.
func (w *watched) settled() bool {
	watching := 0
	for _, r := range w.watcher.Status().Resources {
		switch r.State {
		case watch.Watching:
			watching++
		case watch.Excluded:
		default:
			return false
		}
	}
	return watching > 30
}

// caughtUp waits until a change made now, and so every one before it, was seen of each resource that changed.
func (w *watched) caughtUp() {
	w.Helper()
	name := fmt.Sprint("last-", time.Now().UnixNano())
	w.cluster.Kubectl("create", "configmap", name)
	w.eventually(30*time.Second, "the last change was recorded", func() bool {
		return w.sink.has(func(r *record.Record) bool { return r.Ref.Name == name })
	})
	time.Sleep(2 * time.Second)
}

// compare says what etcd's history holds and the recording does not, without being in a gap.
func (w *watched) compare(history []testcluster.Change) {
	w.Helper()
	type key struct {
		uid string
		rv  record.ResourceVersion
	}
	have, ends := map[key]bool{}, map[string]*record.End{}
	type span struct{ from, to record.ResourceVersion }
	gaps, begins, kinds := map[string][]span{}, map[string]record.ResourceVersion{}, map[string]string{}
	w.sink.each(func(r *record.Record) {
		switch r.Kind {
		case record.KindRevision:
			have[key{string(r.Ref.UID), r.Revision.RV}] = true
			kinds[r.Ref.Group+"/"+r.Ref.Kind] = r.Ref.GroupResource().String()
		case record.KindKubeEvent:
			have[key{string(r.Ref.UID), r.KubeEvent.RV}] = true
			kinds["/Event"] = "events"
		case record.KindEnd:
			have[key{string(r.Ref.UID), r.End.RV}] = true
			ends[string(r.Ref.UID)] = r.End
		case record.KindGap:
			if r.Gap.FromRV != 0 {
				gaps[r.Ref.GroupResource().String()] = append(gaps[r.Ref.GroupResource().String()], span{r.Gap.FromRV, r.Gap.ToRV})
			}
		case record.KindProgress:
			gr := r.Ref.GroupResource().String()
			if r.Progress.List && (begins[gr] == 0 || r.Progress.RV < begins[gr]) {
				begins[gr] = r.Progress.RV
			}
		}
	})
	missing, compared, excused := 0, 0, 0
	for _, c := range history {
		group, _ := record.SplitAPIVersion(c.APIVersion)
		if c.Kind == "Event" {
			group = ""
		}
		gr := kinds[group+"/"+c.Kind]
		rv := record.ResourceVersion(c.Revision)
		if gr == "" || rv <= begins[gr] || c.UID == "" || c.Kind == "Event" && c.Type == "delete" {
			continue
		}
		compared++
		if have[key{c.UID, rv}] || c.Type == "delete" && ends[c.UID] != nil {
			continue
		}
		inGap := false
		for _, g := range gaps[gr] {
			inGap = inGap || g.from < rv && rv <= g.to
		}
		if inGap {
			excused++
			continue
		}
		if missing++; missing <= 20 {
			w.Errorf("%s of %s %s/%s (%s) at %d is neither recorded nor in a gap", c.Type, gr, c.Namespace, c.Name, c.UID, c.Revision)
		}
	}
	w.Logf("%d changes compared, %d missing, %d in gaps, of %d in etcd's history", compared, missing, excused, len(history))
	if compared == 0 {
		w.Error("nothing to compare")
	}
}

func manifest(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const widgetCRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: oxen.farm.example}
spec:
  group: farm.example
  scope: Namespaced
  names: {plural: oxen, singular: ox, kind: Ox}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

const ox = `
apiVersion: farm.example/v1
kind: Ox
metadata: {name: bill}
spec: {colour: brown}
`

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`

// What a real control plane does is recorded, all of it: compared with etcd's own history, across a CRD that appears, a restart
// of the watcher, and a restart of the apiserver.
func TestWatchRecordsEverything(t *testing.T) {
	w := watchCluster(t, testcluster.Config{KeepHistory: true, NoAuditLog: true})
	w.start(w.cluster.Kubeconfig())
	took := w.eventually(30*time.Second, "everything is watched", w.settled)
	t.Logf("everything is watched after %s", took)

	w.cluster.Kubectl("apply", "-f", manifest(t, web))
	w.cluster.Kubectl("apply", "-f", manifest(t, widgetCRD))
	w.cluster.Kubectl("wait", "--for=condition=Established", "crd/oxen.farm.example")
	path := manifest(t, ox)
	w.eventually(10*time.Second, "the object could be made", func() bool {
		_, err := w.cluster.RunKubectl(context.Background(), "apply", "-f", path)
		return err == nil
	})
	took = w.eventually(10*time.Second, "the custom object was recorded", func() bool {
		return w.sink.has(func(r *record.Record) bool {
			return r.Kind == record.KindRevision && r.Ref.Resource == "oxen" && r.Ref.Name == "bill"
		})
	})
	t.Logf("the custom object was recorded after %s", took)
	w.cluster.Kubectl("wait", "--for=condition=Available", "--timeout=60s", "deploy/web")
	w.caughtUp()
	w.compare(w.cluster.History(1))

	// Another watcher goes on where this one ended.
	w.stop()
	w.cluster.Kubectl("scale", "deploy/web", "--replicas=2")
	w.cluster.Kubectl("create", "configmap", "short-lived")
	w.cluster.Kubectl("delete", "configmap", "short-lived")
	w.start(w.cluster.Kubeconfig())
	w.eventually(30*time.Second, "everything is watched again", w.settled)
	w.caughtUp()
	if w.sink.has(func(r *record.Record) bool { return r.Kind == record.KindGap }) {
		t.Error("a gap, though the apiserver had everything")
	}
	w.compare(w.cluster.History(1))

	// The apiserver forgets what its cache held when it restarts: what it no longer tells is in gaps.
	w.cluster.Restart(testcluster.APIServer(0))
	w.cluster.Kubectl("scale", "deploy/web", "--replicas=4")
	w.eventually(60*time.Second, "everything is watched after the restart", w.settled)
	w.caughtUp()
	w.compare(w.cluster.History(1))

	w.cluster.Kubectl("delete", "crd", "oxen.farm.example")
	w.eventually(30*time.Second, "the custom object has an end", func() bool {
		return w.sink.has(func(r *record.Record) bool { return r.Kind == record.KindEnd && r.Ref.Resource == "oxen" })
	})
	w.eventually(90*time.Second, "the custom resource is no longer watched", func() bool {
		for _, r := range w.watcher.Status().Resources {
			if strings.HasPrefix(r.Resource.Resource, "oxen") {
				return false
			}
		}
		return true
	})
}

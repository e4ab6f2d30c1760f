package e2e

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
)

func writeFile(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// storyCluster is a control plane that a server records whole, and a real Jaeger that reads the server.
func storyCluster(t *testing.T) (*testcluster.Cluster, *server, asker) {
	t.Helper()
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{Webhook: s.hook("https://" + s.receive)})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	jaeger := jaegerOver(t, s)
	return c, s, jaeger
}

// TestTraceStories plays the ordinary lives of objects, and looks at each through an unmodified Jaeger.
func TestTraceStories(t *testing.T) {
	t.Parallel()
	c, _, jaeger := storyCluster(t)
	t.Run("deployment", func(t *testing.T) { deploymentStory(t, c, asker{t, jaeger.base}) })
	t.Run("statefulset", func(t *testing.T) { statefulSetStory(t, c, asker{t, jaeger.base}) })
	t.Run("cronjob", func(t *testing.T) { cronJobStory(t, c, asker{t, jaeger.base}) })
	t.Run("daemonset", func(t *testing.T) { daemonSetStory(t, c, asker{t, jaeger.base}) })
	t.Run("custom", func(t *testing.T) { customStory(t, c, asker{t, jaeger.base}) })
	t.Run("again", func(t *testing.T) { againStory(t, c, asker{t, jaeger.base}) })
}

// deploymentStory is a Deployment's whole life: create, scale, new image, scale, delete. Then one of its ReplicaSets with its ancestors only.
func deploymentStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	c.Kubectl("create", "deployment", "demo", "--image=nginx:1", "--replicas=2")
	c.Kubectl("rollout", "status", "deployment/demo", "--timeout=60s")
	c.Kubectl("scale", "deployment/demo", "--replicas=3")
	c.Kubectl("rollout", "status", "deployment/demo", "--timeout=60s")
	c.Kubectl("set", "image", "deployment/demo", "*=nginx:2")
	c.Kubectl("rollout", "status", "deployment/demo", "--timeout=60s")
	c.Kubectl("scale", "deployment/demo", "--replicas=1")
	c.Kubectl("rollout", "status", "deployment/demo", "--timeout=60s")
	c.Kubectl("delete", "deployment/demo", "--wait")

	tags := map[string]string{"resource": "deployments", "namespace": "default", "name": "demo"}
	const demo, set = "deployments default/demo", "replicasets default/demo-*"
	s := jaeger.one("tracing", string(cluster), tags, func(s *story) bool {
		return len(s.find(demo, set)) == 2 && len(s.find(demo, set, "pods default/demo-*")) >= 6 && ended(s, demo)
	})
	s.want(1, demo)
	s.want(2, demo, set)
	s.wantLog(demo, map[string]string{"verb": "create", "user": "*"})
	s.wantLog(demo, map[string]string{"verb": "patch", "subresource": "scale"})
	s.wantLog(demo, map[string]string{"verb": "patch", "diff": "*"})
	s.wantLog(demo, map[string]string{"verb": "delete"})
	for _, pod := range s.find(demo, set, "pods default/demo-*") {
		if pod.tags["uid"] == "" || pod.tags["node"] == "" {
			t.Errorf("%s lacks uid or node: %v", pod.path(), pod.tags)
		}
	}
	all := s.find(demo, set)
	one := all[0]
	name := strings.TrimPrefix(one.what, "replicasets default/")
	r := jaeger.one("tracing ancestors", string(cluster), map[string]string{"resource": "replicasets", "namespace": "default", "name": name}, nil)
	r.want(1, demo, one.what)
	if len(r.all) != 2 {
		t.Errorf("a ReplicaSet with its ancestors only has %d spans, want 2:\n%s", len(r.all), r.tree())
	}
}

// ended reports whether a span tells the end of its object.
func ended(s *story, what string) bool {
	for _, span := range s.all {
		for _, l := range span.logs {
			if span.what == what && l["verb"] == "delete" {
				return true
			}
		}
	}
	return false
}

func statefulSetStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	applied(c, t, `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "postgres:16"}]}
`)
	c.Kubectl("rollout", "status", "statefulset/db", "--timeout=60s")
	s := jaeger.one("tracing full tree", string(cluster), map[string]string{"resource": "pods", "namespace": "default", "name": "db-1"}, func(s *story) bool {
		return len(s.find("statefulsets default/db", "pods default/db-*")) == 2
	})
	s.want(1, "statefulsets default/db", "pods default/db-0")
	s.want(1, "statefulsets default/db", "pods default/db-1")
}

func cronJobStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	c.Kubectl("create", "cronjob", "tick", "--image=busybox", "--schedule=0 0 1 1 *", "--", "true")
	c.Kubectl("create", "job", "tick-now", "--from=cronjob/tick")
	s := jaeger.one("tracing full tree", string(cluster), map[string]string{"resource": "jobs", "namespace": "default", "name": "tick-now"}, func(s *story) bool {
		return len(s.find("cronjobs default/tick", "jobs default/tick-now", "pods default/tick-now-*")) == 1
	})
	s.want(1, "cronjobs default/tick", "jobs default/tick-now")
}

func daemonSetStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	applied(c, t, `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: default}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "agent:1"}]}
`)
	s := jaeger.one("tracing owned", string(cluster), map[string]string{"resource": "daemonsets", "namespace": "default", "name": "agent"}, func(s *story) bool {
		return len(s.find("daemonsets default/agent", "pods default/agent-*")) == 3
	})
	s.want(3, "daemonsets default/agent", "pods default/agent-*")
}

func customStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	applied(c, t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.sea.example}
spec:
  group: sea.example
  scope: Namespaced
  names: {kind: Boat, plural: boats, singular: boat}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`)
	c.Kubectl("wait", "--for=condition=Established", "crd/boats.sea.example", "--timeout=30s")
	applied(c, t, "apiVersion: sea.example/v1\nkind: Boat\nmetadata: {name: big, namespace: default}\n")
	uid := strings.TrimSpace(c.Kubectl("get", "boat", "big", "-o", "jsonpath={.metadata.uid}"))
	for _, name := range []string{"dinghy-a", "dinghy-b"} {
		applied(c, t, fmt.Sprintf("apiVersion: sea.example/v1\nkind: Boat\nmetadata:\n  name: %s\n  namespace: default\n  ownerReferences: [{apiVersion: sea.example/v1, kind: Boat, name: big, uid: %s, controller: true}]\n", name, uid))
	}
	applied(c, t, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: log-book\n  namespace: default\n  ownerReferences: [{apiVersion: sea.example/v1, kind: Boat, name: big, uid: %s}]\n", uid))
	s := jaeger.one("tracing", string(cluster), map[string]string{"resource": "boats", "group": "sea.example", "name": "big"}, func(s *story) bool { return len(s.all) == 4 })
	s.want(2, "boats default/big", "boats default/dinghy-*")
	s.want(1, "boats default/big", "configmaps default/log-book")
}

// againStory makes an object again under the same name: two objects, two traces.
func againStory(t *testing.T, c *testcluster.Cluster, jaeger asker) {
	uids := map[string]bool{}
	for range 2 {
		c.Kubectl("create", "configmap", "phoenix")
		uids[strings.TrimSpace(c.Kubectl("get", "configmap", "phoenix", "-o", "jsonpath={.metadata.uid}"))] = true
		c.Kubectl("delete", "configmap", "phoenix")
	}
	if len(uids) != 2 {
		t.Fatalf("%d UIDs", len(uids))
	}
	within(t, time.Minute, "each life has a trace", func() bool {
		found, err := jaeger.search("tracing", string(cluster), map[string]string{"resource": "configmaps", "name": "phoenix"})
		return err == nil && len(found) == 2 && found[0].TraceID != found[1].TraceID
	})
	for uid := range uids {
		s := jaeger.one("tracing", string(cluster), map[string]string{"resource": "configmaps", "name": "phoenix", "uid": uid}, func(s *story) bool {
			return len(s.all) == 1 && slices.ContainsFunc(s.all[0].logs, func(l map[string]string) bool { return l["verb"] == "delete" }) // the audit log comes last
		})
		if len(s.all) != 1 || s.all[0].tags["uid"] != uid {
			t.Errorf("the trace of %s is\n%s", uid, s.tree())
		}
		s.wantLog("configmaps default/phoenix", map[string]string{"verb": "create"})
		s.wantLog("configmaps default/phoenix", map[string]string{"verb": "delete"})
	}
}

// TestTraceAcrossClusters joins objects of two control planes by the annotation kubewake.io/parent.
func TestTraceAcrossClusters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hub := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1})
	edge := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1})
	config := t.TempDir() + "/clusters.yaml"
	writeFile(t, config, fmt.Sprintf("clusters:\n- name: hub\n  kubeconfig: %s\n- name: edge\n  kubeconfig: %s\n", hub.Kubeconfig(), edge.Kubeconfig()))
	s.args = append(s.args, "--config", config)
	jaeger := jaegerOver(t, s)

	hub.Kubectl("create", "configmap", "fleet")
	applied(edge, t, `
apiVersion: v1
kind: ConfigMap
metadata:
  name: member
  namespace: default
  annotations:
    kubewake.io/parent: '{"cluster":"hub","group":"","version":"v1","resource":"configmaps","namespace":"default","name":"fleet"}'
`)
	got := jaeger.one("tracing", "hub", map[string]string{"resource": "configmaps", "name": "fleet"}, func(s *story) bool { return len(s.all) == 2 })
	got.want(1, "configmaps default/fleet", "configmaps default/member")
	for _, span := range got.find("configmaps default/fleet", "configmaps default/member") {
		if span.tags["cluster"] != "edge" {
			t.Errorf("the child's cluster is %q", span.tags["cluster"])
		}
	}
	up := jaeger.one("tracing ancestors", "edge", map[string]string{"resource": "configmaps", "name": "member"}, func(s *story) bool { return len(s.all) == 2 })
	up.want(1, "configmaps default/fleet", "configmaps default/member")
}

// TestTraceOfTenThousand has ten thousand children under one object: the trace is bounded, and says how many it left out.
func TestTraceOfTenThousand(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := testcluster.Start(t, testcluster.Config{NoControllers: true, NoScheduler: true, Nodes: -1})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	jaeger := jaegerOver(t, s)

	const children = 10_000
	c.Kubectl("create", "configmap", "mother")
	uid := strings.TrimSpace(c.Kubectl("get", "configmap", "mother", "-o", "jsonpath={.metadata.uid}"))
	caller := newCaller(t, c)
	names := make(chan int, children)
	for i := range children {
		names <- i
	}
	close(names)
	var making sync.WaitGroup
	for range 16 {
		making.Go(func() {
			for i := range names {
				body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child-%05d","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"mother","uid":%q}]}}`, i, uid)
				if _, err := caller.send(http.MethodPost, "/api/v1/namespaces/default/configmaps", "application/json", body); err != nil {
					t.Error(err)
				}
			}
		})
	}
	making.Wait()
	if t.Failed() {
		return
	}
	got := jaeger.one("tracing", string(cluster), map[string]string{"resource": "configmaps", "name": "mother"}, func(s *story) bool { return len(s.all) >= 1000 })
	drawn := len(got.find("configmaps default/mother", "configmaps default/child-*"))
	said := fmt.Sprint(got.find("configmaps default/mother")[0].tags)
	t.Logf("%d of %d children are drawn; %s", drawn, children, said)
	if drawn != children && !strings.Contains(said, fmt.Sprint(children-drawn)) {
		t.Errorf("%d of %d children are drawn, and the trace does not say that %d are left out: %s", drawn, children, children-drawn, said)
	}
}

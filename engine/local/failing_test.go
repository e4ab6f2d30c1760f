package local

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/timeline"
)

// failingLine is what a person reads of a workload that failed.
func failingLine(o engine.FailingObject) string {
	clock := func(m engine.Moment) string {
		if m == 0 {
			return "now"
		}
		return m.Time().Format("15:04:05.000")
	}
	line := fmt.Sprintf("%s %s/%s %s–%s, %d warnings: %s", o.Namespace, o.Resource, o.Name, clock(o.Since), clock(o.Until), o.Events, o.Text)
	if o.Change != nil {
		line += fmt.Sprintf(" | %s %s: %s", clock(o.Change.At), o.Change.Who, o.Change.Text)
	}
	return line
}

func failingLines(t *testing.T, e *Engine, q query.Failing) []string {
	t.Helper()
	got, err := e.Failing(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, o := range got.Objects {
		lines = append(lines, failingLine(o))
	}
	return lines
}

// TestFailingInTheDemo: the incident that ships with kubewake leads to the change that caused it.
func TestFailingInTheDemo(t *testing.T) {
	ctx := context.Background()
	e := testEngine(t, "deployment")
	want := []string{"shop deployments/web 15:26:20.865–15:26:27.909, 3 warnings: 4 of 5 ready: ImagePullBackOff (web:v3-bad) | 15:26:19.851 system:serviceaccount:robots:ci: " +
		"spec.template.spec.containers[name=main].image registry.example/web:v2 → registry.example/web:v3-bad"}
	if diff := cmp.Diff(want, failingLines(t, e, query.Failing{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err := e.Failing(ctx, query.Failing{Namespace: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Objects) != 1 || !got.Objects[0].Over {
		t.Fatalf("in its namespace: %+v", got.Objects)
	}
	o := got.Objects[0]
	one, err := e.Entry(ctx, query.Entry{Object: query.Object{UID: record.UID(o.UID)}, ID: o.Change.ID})
	if err != nil {
		t.Fatal(err)
	}
	if at := engine.MomentOf(*one.Entry.When.At); at != o.Change.At || one.Entry.Verb != o.Change.Verb || one.Entry.Summary != o.Change.Text {
		t.Errorf("the change %+v is told as %+v", o.Change, one.Entry)
	}
	if lines := failingLines(t, e, query.Failing{Namespace: "kube-system"}); len(lines) > 0 {
		t.Errorf("in another namespace: %v", lines)
	}
}

// TestFailingWindows: before it began nothing failed; in the middle it still does, also where all of it was in force when the window began.
func TestFailingWindows(t *testing.T) {
	e := testEngine(t, "deployment")
	at := func(seconds float64) time.Time {
		return time.Date(2026, 11, 21, 15, 26, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
	}
	for _, tt := range []struct {
		from, to float64
		want     string // "" nothing
	}{
		{0, 20, ""},
		{0, 22, "15:26:20.865–now"},
		{24, 26, "15:26:20.865–now"},
		{25.5, 25.6, "15:26:20.865–now"}, // no state is of the window
		{24, 40, "15:26:20.865–15:26:27.909"},
		{29, 40, ""},
	} {
		lines := failingLines(t, e, query.Failing{Window: query.Window{From: at(tt.from), To: at(tt.to)}})
		switch {
		case tt.want == "" && len(lines) > 0:
			t.Errorf("from %v to %v: %v", tt.from, tt.to, lines)
		case tt.want != "" && (len(lines) != 1 || !strings.Contains(lines[0], "deployments/web "+tt.want)):
			t.Errorf("from %v to %v: %v, want %s", tt.from, tt.to, lines, tt.want)
		}
	}
}

// TestFailingInScenarios lists what the scenarios make fail on purpose: a volume that is not there, a quota, Pods too large for the nodes, preemption, a Job, a
// bad image. Read against the scenarios' own log of what they did.
func TestFailingInScenarios(t *testing.T) {
	want := []string{
		"statefulset-0-22 statefulsets/db 15:32:54.655–15:32:57.240, 1 warnings: 2 of 3 ready: Unschedulable: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims | 15:32:54.635 alice: spec.replicas 2 → 3",
		"quota-0-19 deployments/many 15:32:05.468–15:32:45.317, 0 warnings: 2 of 4 ready: FailedCreate | 15:32:05.412 alice: created",
		"quota-0-19 deployments/huge 15:32:03.476–15:32:10.142, 2 warnings: 0 of 1 ready: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu | 15:32:03.441 alice: created",
		"preemption-0-18 deployments/low 15:31:54.830–15:32:00.924, 6 warnings: 0 of 2 ready: Unschedulable: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector | 15:31:50.712 alice: created",
		"preemption-0-18 deployments/high 15:31:54.784–15:31:55.910, 4 warnings: 0 of 2 ready: Unschedulable: 0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector | 15:31:54.752 alice: created",
		"job-0-15 jobs/failing 15:30:56.989–15:31:17.363, 1 warnings: Failed: BackoffLimitExceeded: Error (import:v2-fail) | 15:30:53.843 system:serviceaccount:robots:ci: created",
		"deployment-0-9 deployments/web 15:30:06.705–15:30:11.704, 2 warnings: 3 of 4 ready: ImagePullBackOff (web:v3-bad) | 15:30:05.665 system:serviceaccount:robots:ci: spec.template.spec.containers[name=main].image registry.example/web:v2 → registry.example/web:v3-bad",
	}
	e := testEngine(t, "scenarios")
	if diff := cmp.Diff(want, failingLines(t, e, query.Failing{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err := e.Failing(context.Background(), query.Failing{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Objects) != 2 || got.Cut != "showing 2 of 7" {
		t.Errorf("%d of them, %q", len(got.Objects), got.Cut)
	}
}

// TestGlancesErrTowardsTrouble: what is skipped at a glance is nothing that room timeline calls bad, or on its way.
func TestGlancesErrTowardsTrouble(t *testing.T) {
	bad, slow := 0, 0
	for _, name := range allRecordings {
		for _, r := range recording(t, name) {
			if r.Kind != record.KindRevision || r.Revision.Partial != record.Whole {
				continue
			}
			v, err := object.Parse(r.Revision.Body)
			if err != nil {
				t.Fatal(err)
			}
			kind := kindIn(r.Revision.Body)
			_, watched := workloads()[r.Ref.Kind]
			if want := r.Ref.Kind; watched && kind != want || !watched && kind != "" {
				t.Fatalf("kind %q of %q: %s", kind, want, r.Revision.Body)
			}
			if kind == "" {
				continue
			}
			class := timeline.Of(r.Ref.Group, r.Ref.Kind, v).Class
			g := glanceAt(r.Revision.Body)
			if g.uid != r.Ref.UID || g.rv != r.Revision.RV {
				t.Fatalf("%s at %d is glanced as %s at %d", r.Ref.UID, r.Revision.RV, g.uid, g.rv)
			}
			switch {
			case class == timeline.Bad && kind == "Pod":
				if bad++; !mayFail(kind, r.Revision.Body) {
					t.Errorf("a bad Pod is skipped: %s", r.Revision.Body)
				}
			case class == timeline.Bad:
				if bad++; !g.bad(kind) || !mayFail(kind, r.Revision.Body) {
					t.Errorf("a bad %s is skipped: %s", kind, r.Revision.Body)
				}
			case class == timeline.Progressing && (kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet"):
				if slow++; g.settled(kind) {
					t.Errorf("a %s on its way is skipped: %s", kind, r.Revision.Body)
				}
			}
		}
	}
	if bad < 20 || slow < 100 {
		t.Errorf("%d bad states and %d on their way: too few to tell", bad, slow)
	}
}

// cluster makes the states of a small cluster, as a recording of its audit log tells them.
type smallCluster struct {
	begin   time.Time
	rv      record.ResourceVersion
	records []*record.Record
	created map[string]string // by UID
}

func (c *smallCluster) write(at time.Duration, user, verb, group, kind, name, uid, rest string) {
	c.rv++
	version, apiVersion := "v1", "v1"
	if group != "" {
		apiVersion = group + "/v1"
	}
	ref := record.ObjectRef{Cluster: "c", Group: group, Version: version, Kind: kind, Resource: record.GuessResource(kind), Namespace: "n", Name: name, UID: record.UID(uid)}
	if c.created == nil {
		c.created = map[string]string{}
	}
	created, known := c.created[uid]
	if !known {
		created = c.begin.Add(at).Format(time.RFC3339)
		c.created[uid] = created
	}
	body := fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{"name":%q,"namespace":"n","uid":%q,"resourceVersion":"%d","creationTimestamp":%q%s`, kind, apiVersion, name, uid, c.rv, created, rest)
	when := c.begin.Add(at)
	code := 200
	if verb == "create" {
		code = 201
	}
	c.records = append(c.records,
		&record.Record{Kind: record.KindRequest, OccurredAt: when, Ref: ref, Request: &record.Request{AuditID: fmt.Sprint("a", c.rv), Stage: record.StageResponseComplete,
			Level: record.LevelRequestResponse, Verb: verb, URI: "/apis/" + kind + "/" + name, Code: code, StageAt: when.Add(time.Millisecond), Actor: record.Actor{User: user},
			Answer: record.BodyObject, AnswerUID: ref.UID, AnswerRV: c.rv}, Provenance: record.Provenance{Sources: record.FromAudit}},
		&record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: c.rv, Body: []byte(body)}, Provenance: record.Provenance{Sources: record.FromAudit}})
}

func owned(kind, uid string) string {
	return fmt.Sprintf(`,"ownerReferences":[{"apiVersion":"apps/v1","kind":%q,"name":"o","uid":%q,"controller":true}]`, kind, uid)
}

// TestFailingKinds: workloads that fail in other ways than the recordings show.
func TestFailingKinds(t *testing.T) {
	deployment := func(generation, replicas, updated, ready int, more string) string {
		return fmt.Sprintf(`,"generation":%d},"spec":{"replicas":%d,"progressDeadlineSeconds":60},"status":{"observedGeneration":%d,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d%s}}`,
			generation, replicas, generation, replicas, updated, ready, ready, more)
	}
	pod := func(owner, state string) string {
		return owner + fmt.Sprintf(`},"spec":{"containers":[{"name":"main","image":"example/app/web:v1"}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[{"name":"main","image":"example/app/web:v1","state":%s}]}}`, state)
	}
	running := `{"running":{}},"ready":true`
	crash := `{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s"}}`
	for _, tt := range []struct {
		name  string
		make  func(c *smallCluster)
		until time.Duration
		want  []string
	}{
		{"stuck without a failing Pod", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 2, 2, ""))
			c.write(10*time.Second, "ci", "patch", "apps", "Deployment", "web", "d", deployment(2, 2, 1, 1, ""))
			c.write(200*time.Second, "system:controller", "update", "apps", "Deployment", "web", "d", deployment(2, 2, 2, 2, ""))
		}, 300 * time.Second, []string{"n deployments/web 12:00:10.001–12:03:20.001, 0 warnings: 1 of 2 updated, 1 ready, not done after 3m10s | 12:00:10.001 ci: status.availableReplicas 2 → 1, status.readyReplicas 2 → 1, status.updatedReplicas 2 → 1 (+1 more)"}},
		{"a rollout that takes its time", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 2, 2, ""))
			c.write(10*time.Second, "ci", "patch", "apps", "Deployment", "web", "d", deployment(2, 2, 1, 1, ""))
			c.write(50*time.Second, "system:controller", "update", "apps", "Deployment", "web", "d", deployment(2, 2, 2, 2, ""))
		}, 300 * time.Second, []string{}},
		{"not done at the end", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 0, 0, ""))
		}, 30 * time.Second, []string{"n deployments/web 12:00:00.001–now, 0 warnings: 0 of 2 updated, 0 ready, not done after 30s | 12:00:00.001 alice: created"}},
		{"just begun at the end", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 0, 0, ""))
		}, 5 * time.Second, []string{}},
		{"it says so itself", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 2, 1, `,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]`))
		}, 30 * time.Second, []string{"n deployments/web 12:00:00.001–now, 0 warnings: 1 of 2 ready: ProgressDeadlineExceeded | 12:00:00.001 alice: created"}},
		{"a Pod that nobody owns, with rests", func(c *smallCluster) {
			c.write(0, "alice", "create", "", "Pod", "lone", "p", pod("", running))
			for i := range 5 {
				c.write(time.Duration(10+20*i)*time.Second, "system:node:a", "patch", "", "Pod", "lone", "p", pod("", crash))
				c.write(time.Duration(18+20*i)*time.Second, "system:node:a", "patch", "", "Pod", "lone", "p", pod("", running))
			}
		}, 300 * time.Second, []string{"n pods/lone 12:00:10.001–12:01:38.001, 0 warnings: CrashLoopBackOff (web:v1) | 12:00:00.001 alice: created"}},
		{"over a ReplicaSet of which nothing else is recorded", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "Deployment", "web", "d", deployment(1, 2, 2, 1, ""))
			c.write(time.Second, "system:controller", "create", "apps", "ReplicaSet", "web-1", "r", owned("Deployment", "d")+"}}")
			c.write(2*time.Second, "system:controller", "create", "", "Pod", "web-1-a", "p", pod(owned("ReplicaSet", "r"), crash))
		}, 9 * time.Second, []string{"n deployments/web 12:00:02.001–now, 0 warnings: 1 of 2 ready: CrashLoopBackOff (web:v1) | 12:00:00.001 alice: created"}},
		{"over what is not recorded", func(c *smallCluster) {
			c.write(2*time.Second, "system:controller", "create", "", "Pod", "web-1-a", "p", pod(owned("ReplicaSet", "r"), crash))
		}, 9 * time.Second, []string{"n pods/web-1-a 12:00:02.001–now, 0 warnings: CrashLoopBackOff (web:v1) | 12:00:02.001 system:controller: created"}},
		{"a Job that fails in the window", func(c *smallCluster) {
			c.write(10*time.Second, "ci", "create", "batch", "Job", "once", "j", `},"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}}`)
		}, 60 * time.Second, []string{"n jobs/once 12:00:10.001–now, 0 warnings: Failed: BackoffLimitExceeded | 12:00:10.001 ci: created"}},
		{"a Job that failed before the window", func(c *smallCluster) {
			c.write(-90*time.Second, "ci", "create", "batch", "Job", "once", "j", `},"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded"}]}}`)
			c.write(10*time.Second, "ci", "create", "", "ConfigMap", "other", "o", `}}`)
		}, 60 * time.Second, []string{}},
		{"an evicted Pod of a workload that is well", func(c *smallCluster) {
			c.write(0, "alice", "create", "apps", "StatefulSet", "db", "s", deployment(1, 1, 1, 1, ""))
			c.write(2*time.Second, "system:node:a", "create", "", "Pod", "db-0", "p", owned("StatefulSet", "s")+`},"status":{"phase":"Failed","reason":"Evicted"}}`)
		}, 60 * time.Second, []string{"n statefulsets/db 12:00:02.001–12:00:02.001, 0 warnings: 1 of 1 ready: Evicted | 12:00:00.001 alice: created"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &smallCluster{begin: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), rv: 10}
			tt.make(c)
			e := engineOver(t, openStore(t), c.records, 3)
			if diff := cmp.Diff(tt.want, failingLines(t, e, query.Failing{Window: query.Window{From: c.begin.Add(-time.Minute), To: c.begin.Add(tt.until)}})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzGlance: a glance takes anything.
func FuzzGlance(f *testing.F) {
	f.Add([]byte(`{"kind":"Deployment","metadata":{"uid":"u","resourceVersion":"7"},"spec":{"replicas":2},"status":{"replicas":2}}`))
	f.Add([]byte(`{"kind":"Pod","status":{"containerStatuses":[{"state":{"waiting":{`))
	f.Fuzz(func(t *testing.T, body []byte) {
		kind := kindIn(body)
		g := glanceAt(body)
		_, _ = g.settled(kind), podMayFail(body)
		if kind != "Pod" && g.bad(kind) && !mayFail(kind, body) {
			t.Errorf("a bad %s is not looked at", kind)
		}
		v, err := object.Parse(body)
		if err != nil {
			return
		}
		s := timeline.Of("", "Pod", v)
		if s.Class == timeline.Bad {
			podFailure(v, s)
		}
		readyText("Deployment", v)
		ownerIn(body)
	})
}

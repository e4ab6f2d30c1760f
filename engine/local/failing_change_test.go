package local

import (
	stdcmp "cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/query"
)

// TestFailingNamesTheBadRoll: three recordings of one story, of more and of less detail, name the same change by the same one, for about the same time.
// Of Metadata only intervals are known: that of the first failure ends with the roll back.
func TestFailingNamesTheBadRoll(t *testing.T) {
	const text = "4 of 5 ready: ImagePullBackOff (web:v3-bad)"
	const change = "spec.template.spec.containers[name=main].image registry.example/web:v2 → registry.example/web:v3-bad"
	for _, name := range []string{"deployment", "deployment-allstages", "deployment-metadata"} {
		got, err := testEngine(t, name).Failing(context.Background(), query.Failing{Namespace: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Objects) != 1 || got.Objects[0].Change == nil {
			t.Errorf("%s: %+v", name, got.Objects)
			continue
		}
		o := got.Objects[0]
		if o.Text != text || o.Change.Text != change || o.Change.Who != "system:serviceaccount:robots:ci" || o.Change.Verb != "patch" {
			t.Errorf("%s: %s", name, failingLine(o))
		}
		if after, long := o.Since-o.Change.At, o.Until-o.Since; after < 0 || after > 2e6 || long < 6e6 || long > 8e6 {
			t.Errorf("%s: it failed %d µs after the change, for %d µs: %s", name, after, long, failingLine(o))
		}
		if o.Events < 2 {
			t.Errorf("%s: %d Warnings", name, o.Events)
		}
	}
}

// TestFailingAsDrawn: a failure is told to begin where its lanes draw it, as far as that is known: it may have from where they are soft, and has from where
// they are not.
func TestFailingAsDrawn(t *testing.T) {
	for _, name := range []string{"deployment", "deployment-allstages", "deployment-metadata"} {
		e := testEngine(t, name)
		got, err := e.Failing(context.Background(), query.Failing{Namespace: "shop"})
		if err != nil || len(got.Objects) != 1 {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		o := got.Objects[0]
		if uncertain := name == "deployment-metadata"; uncertain != (o.Certain != 0) || uncertain && o.Certain-o.Since < 1e6 {
			t.Errorf("%s: since %d, certain at %d", name, o.Since, o.Certain)
		}
		uids, whole := objectsOf(t, e)
		soft, hard := false, false
		for _, l := range lanesOf(t, e, query.Lanes{Window: whole, Bins: maxLaneBins}, uids) {
			for _, b := range l.Bars {
				if b.State != "bad" {
					continue
				}
				soft = soft || b.Early == o.Since || b.From == o.Since
				hard = hard || b.From == stdcmp.Or(o.Certain, o.Since)
			}
		}
		if !soft || !hard {
			t.Errorf("%s: no lane draws a failure that may begin at %d and has begun at %d", name, o.Since, o.Certain)
		}
	}
}

// TestFailingOverInTheWindow: what ended behind the window was there when it ended.
func TestFailingOverInTheWindow(t *testing.T) {
	e := testEngine(t, "deployment")
	for _, tt := range []struct {
		to   time.Time
		over bool
	}{
		{time.Date(2026, 11, 21, 15, 26, 25, 0, time.UTC), false},
		{time.Date(2026, 11, 21, 15, 26, 30, 0, time.UTC), false},
		{time.Time{}, true},
	} {
		got, err := e.Failing(context.Background(), query.Failing{Namespace: "shop", Window: query.Window{To: tt.to}})
		if err != nil || len(got.Objects) != 1 || got.Objects[0].Over != tt.over {
			t.Errorf("until %v: %+v, %v, over is to be %v", tt.to, got, err, tt.over)
		}
	}
}

// TestFailingChange: the change that a failing Pod is of, not the one that somebody made last; none where that can not be told.
func TestFailingChange(t *testing.T) {
	template := func(image string) string {
		return fmt.Sprintf(`"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":%q}]}}`, image)
	}
	deployment := func(generation, replicas, ready int, image string) string {
		return fmt.Sprintf(`,"generation":%d},"spec":{"replicas":%d,"progressDeadlineSeconds":60,%s},"status":{"observedGeneration":%d,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d}}`,
			generation, replicas, template(image), generation, replicas, replicas, ready, ready)
	}
	replicas := func(image string) string {
		labeled := strings.Replace(template(image), `"app":"web"`, `"app":"web","pod-template-hash":"abc"`, 1)
		return owned("Deployment", "d") + `},"spec":{"replicas":1,` + labeled + `}}`
	}
	pod := func(image, state string) string {
		return owned("ReplicaSet", "r") + fmt.Sprintf(`},"spec":{"containers":[{"name":"main","image":%q}]},"status":{"phase":"Pending","containerStatuses":[{"name":"main","image":%q,"state":{"waiting":{"reason":%q}}}]}}`, image, image, state)
	}
	const controller = "system:controller"
	type step struct {
		second int
		who    string
		kind   string // of the Deployment web, its ReplicaSet and the Pod of that
		state  string
	}
	asked := step{0, "alice", "Deployment", deployment(1, 2, 2, "v1")}
	bad := func(ready int) step { return step{10, "ci", "Deployment", deployment(2, 2, ready, "bad")} }
	edited := step{10, "bob", "Deployment", deployment(2, 2, 1, "v2")}
	made := func(second int, state string) step { return step{second, controller, "ReplicaSet", state} }
	starts := step{11, controller, "Pod", pod("bad", "ContainerCreating")}
	fails := func(second int, image string) step { return step{second, "node", "Pod", pod(image, "ErrImagePull")} }
	for _, tt := range []struct {
		name  string
		steps []step
		who   string // "": nobody
	}{
		{"rolled back in the second of the failure", []step{asked, bad(2), made(11, replicas("bad")), starts, {12, "bob", "Deployment", deployment(3, 2, 1, "v1")}, fails(12, "bad")}, "ci"},
		{"scaled before it showed", []step{asked, bad(1), made(11, replicas("bad")), starts, {15, "bob", "Deployment", deployment(3, 3, 1, "bad")}, fails(20, "bad")}, "ci"},
		{"a Pod made anew after an edit that is not rolled out", []step{asked, made(1, replicas("v1")), edited, fails(15, "v1")}, "alice"},
		{"by its images, where the ReplicaSet is not recorded", []step{asked, made(1, owned("Deployment", "d")+"}}"), edited, fails(15, "v1")}, "alice"},
		{"what made its template is not recorded", []step{asked, made(10, replicas("bad")), fails(11, "bad"), {12, "bob", "Deployment", deployment(3, 2, 1, "v1")}}, ""},
		{"a change was lost before the one that is recorded", []step{asked, {10, "bob", "Deployment", deployment(3, 2, 1, "bad")}, made(11, replicas("bad")), fails(11, "bad")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &smallCluster{begin: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), rv: 10}
			names, written := map[string][3]string{"Deployment": {"apps", "web", "d"}, "ReplicaSet": {"apps", "web-1", "r"}, "Pod": {"", "web-1-a", "p"}}, map[string]bool{}
			for _, s := range tt.steps {
				verb := "create"
				if written[s.kind] {
					verb = "patch"
				}
				written[s.kind] = true
				c.write(time.Duration(s.second)*time.Second, s.who, verb, names[s.kind][0], s.kind, names[s.kind][1], names[s.kind][2], s.state)
			}
			e := engineOver(t, openStore(t), c.records, 3)
			got, err := e.Failing(context.Background(), query.Failing{Window: query.Window{From: c.begin.Add(-time.Minute), To: c.begin.Add(time.Minute)}})
			if err != nil || len(got.Objects) != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			o, who := got.Objects[0], ""
			if o.Change != nil {
				who = o.Change.Who
			}
			if o.Kind != "Deployment" || who != tt.who {
				t.Errorf("it is blamed on %q, not on %q: %s", who, tt.who, failingLine(o))
			}
		})
	}
}

func TestBegan(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	for _, tt := range []struct {
		name            string
		at, early, late time.Time
		want            time.Time
	}{
		{"sharp", at(900), at(100), at(900), at(900)},
		{"wide", at(7900), at(100), at(7900), at(100)},
		{"wide, but a watch delivered it", at(300), at(100), at(7900), at(300)},
		{"no beginning is known", at(7900), time.Time{}, at(7900), at(7900)},
		{"no end is known", at(100), at(100), time.Time{}, at(100)},
	} {
		if got := began(tt.at, index.Interval{NotBefore: tt.early, NotAfter: tt.late}); !cmp.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

package local

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/link"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// stage makes the records of a small cluster, one write a second.
type stage struct {
	cluster record.Cluster
	now     time.Time
	rv      record.ResourceVersion
	watched bool // by a watch alone: no request tells a time
	born    map[string]time.Time
	last    map[string]record.ResourceVersion
	out     []*record.Record
}

func newStage(cluster record.Cluster) *stage {
	return &stage{cluster: cluster, now: eventsBegin, rv: 100, born: map[string]time.Time{}, last: map[string]record.ResourceVersion{}}
}

// thing is one object on a stage: "deployments.apps/web", in namespace shop unless it is cluster-scoped.
type thing struct {
	kind, group, version string
	name, uid            string
	anywhere             bool // cluster-scoped
	owners               []string
	labels, spec         string
	annotations          string
}

func (s *stage) ref(o thing) record.ObjectRef {
	ref := record.ObjectRef{Cluster: s.cluster, Group: o.group, Version: o.version, Kind: o.kind, Resource: record.GuessResource(o.kind), Namespace: "shop", Name: o.name, UID: record.UID(o.uid)}
	if ref.Version == "" {
		ref.Version = "v1"
	}
	if o.anywhere {
		ref.Namespace = ""
	}
	return ref
}

// owner is one ownerReference: "Deployment apps/v1 web uid-web controller".
func owner(words string) string {
	f := strings.Fields(words)
	return fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"name":%q,"uid":%q,"controller":%t}`, f[0], f[1], f[2], f[3], len(f) > 4)
}

// write makes a state of an object; the first one creates it.
func (s *stage) write(o thing) {
	s.rv++
	s.now = s.now.Add(time.Second)
	ref, verb, code := s.ref(o), "update", 200
	if _, there := s.born[o.uid]; !there {
		s.born[o.uid] = s.now.Truncate(time.Second)
		verb, code = "create", 201
	}
	var owners []string
	for _, words := range o.owners {
		owners = append(owners, owner(words))
	}
	or := func(text string) string {
		if text == "" {
			return "{}"
		}
		return text
	}
	body := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":%q,"namespace":%q,"uid":%q,"resourceVersion":"%d","creationTimestamp":%q,"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":%q}],"labels":%s,"annotations":%s,"ownerReferences":[%s]},"spec":%s}`,
		ref.APIVersion(), o.kind, o.name, ref.Namespace, o.uid, s.rv, s.born[o.uid].Format(time.RFC3339), s.now.Format(time.RFC3339), or(o.labels), or(o.annotations), strings.Join(owners, ","), or(o.spec))
	from := record.FromAudit
	if s.watched {
		from = record.FromWatch
	}
	s.out = append(s.out, &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: s.rv, Body: []byte(body)}, Provenance: record.Provenance{Sources: from}})
	if !s.watched {
		s.request(ref, verb, code, s.rv)
	}
}

func (s *stage) request(ref record.ObjectRef, verb string, code int, rv record.ResourceVersion) *record.Record {
	q := &record.Request{AuditID: fmt.Sprint("a", s.cluster, s.now.Unix()), Stage: record.StageResponseComplete, Level: record.LevelRequestResponse, Verb: verb, URI: "/" + ref.Name, Code: code,
		StageAt: s.now.Add(10 * time.Millisecond), Answer: record.BodyObject, AnswerUID: ref.UID, AnswerRV: rv}
	if verb != "create" {
		q.NamedUID, q.NamedRV = ref.UID, s.last[string(ref.UID)]
	}
	s.last[string(ref.UID)] = rv
	r := &record.Record{Kind: record.KindRequest, OccurredAt: s.now, Ref: ref, Request: q, Provenance: record.Provenance{Sources: record.FromAudit}}
	s.out = append(s.out, r)
	return r
}

// remove ends an object.
func (s *stage) remove(o thing) {
	s.rv++
	s.now = s.now.Add(time.Second)
	end := &record.End{RV: s.rv}
	if s.watched {
		end.Sources = record.FromWatch
	} else {
		q := s.request(s.ref(o), "delete", 200, s.rv)
		end.Sources = record.FromAudit
		end.Requests = []record.EndRequest{{ID: q.ID(), At: q.OccurredAt, StageAt: q.Request.StageAt}}
	}
	s.out = append(s.out, &record.Record{Kind: record.KindEnd, Ref: s.ref(o), End: end, Provenance: record.Provenance{Sources: end.Sources}})
}

// at is a little behind the n-th write.
func (s *stage) at(n int) time.Time {
	return eventsBegin.Add(time.Duration(n)*time.Second + 500*time.Millisecond)
}

func treeOf(t *testing.T, e *Engine, q query.Tree) string {
	t.Helper()
	tree, err := e.Tree(t.Context(), q)
	if err != nil {
		return fmt.Sprintf("%s: %v", engine.KindOf(err), err)
	}
	var out strings.Builder
	treeText(tree, &out)
	return strings.TrimSpace(out.String())
}

func linksOf(t *testing.T, e *Engine, q query.Links) string {
	t.Helper()
	l, err := e.Links(t.Context(), q)
	if err != nil {
		return fmt.Sprintf("%s: %v", engine.KindOf(err), err)
	}
	var out strings.Builder
	for i := range l.Links {
		fmt.Fprintln(&out, linkText(&l.Links[i]))
	}
	return strings.TrimSpace(out.String() + noted(l.Cut, l.Pending))
}

func compareText(t *testing.T, what, got, want string) {
	t.Helper()
	want = strings.TrimSpace(strings.ReplaceAll(want, "\n\t", "\n"))
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

func byUID(uid string) query.Object { return query.Object{UID: record.UID(uid)} }

// TestAdoption: an object that is orphaned and adopted by another hangs under whoever owned it at the time.
func TestAdoption(t *testing.T) {
	s := newStage("c")
	one := thing{kind: "ReplicaSet", group: "apps", name: "one", uid: "u1"}
	two := thing{kind: "ReplicaSet", group: "apps", name: "two", uid: "u2"}
	pod := thing{kind: "Pod", name: "p", uid: "up", owners: []string{"ReplicaSet apps/v1 one u1 c"}}
	s.write(one) // 1
	s.write(two) // 2
	s.write(pod) // 3
	pod.owners = nil
	s.write(pod) // 4: orphaned
	pod.owners = []string{"ReplicaSet apps/v1 two u2 c"}
	s.write(pod)  // 5: adopted
	s.remove(two) // 6
	e := engineOver(t, openStore(t), s.out, 2)
	up := query.Tree{Object: byUID("up"), Up: query.All}
	for n, want := range map[int]string{
		3: "shop replicasets/one\n  shop pods/p * by owns, controller, until 14:00:04.010\n2 objects",
		4: "shop pods/p *\n1 objects",
		5: "shop replicasets/two (ended 14:00:06.010)\n  shop pods/p * by owns, controller\n2 objects",
		6: "shop replicasets/two (ended 14:00:06.010)\n  shop pods/p * by owns, controller\n2 objects",
	} {
		up.At = s.at(n)
		compareText(t, fmt.Sprint("at ", n), treeOf(t, e, up), want)
	}
	up.At = time.Time{}
	compareText(t, "over all", treeOf(t, e, up), `
	shop replicasets/one
	  shop pods/p * by owns, controller, until 14:00:04.010
	    also owns: shop replicasets/two (ended 14:00:06.010) -> shop pods/p, controller, since 14:00:05.010
	2 objects`)
	compareText(t, "of the first owner, now", linksOf(t, e, query.Links{Object: byUID("u1")}), "")
	compareText(t, "of the first owner, ever", linksOf(t, e, query.Links{Object: byUID("u1"), Window: query.Window{To: s.at(9)}}),
		"owns: shop replicasets/one -> shop pods/p, controller, since 14:00:03.010, until 14:00:04.010")
	compareText(t, "before it was there", linksOf(t, e, query.Links{Object: byUID("up"), At: s.at(1)}),
		"not-found: pods/p -n shop did not exist at 2026-11-20T14:00:01.500Z: it was created at 2026-11-20T14:00:03.000Z")
}

// TestRecreatedName: a name that was deleted and made again means whoever bore it at the time.
func TestRecreatedName(t *testing.T) {
	s := newStage("c")
	first := thing{kind: "ConfigMap", name: "settings", uid: "cm1"}
	second := thing{kind: "ConfigMap", name: "settings", uid: "cm2"}
	pod := thing{kind: "Pod", name: "p", uid: "up", spec: `{"volumes":[{"name":"v","configMap":{"name":"settings"}},{"name":"w","secret":{"secretName":"never"}}]}`}
	s.write(pod)    // 1: it names what is not there yet
	s.write(first)  // 2
	s.remove(first) // 3
	s.write(pod)    // 4
	s.write(second) // 5
	s.remove(pod)   // 6
	e := engineOver(t, openStore(t), s.out, 3)
	of := query.Links{Object: byUID("up"), Types: []string{"mounts"}}
	secret := "\n\tmounts: shop pods/p (ended 14:00:06.010) -> shop secrets/never (stub), since 14:00:01.010, until 14:00:06.010"
	for n, want := range map[int]string{
		1: "mounts: shop pods/p (ended 14:00:06.010) -> shop configmaps/settings (stub), since 14:00:01.010, until 14:00:06.010 [exact] (No object had this name then.)" + secret,
		2: "mounts: shop pods/p (ended 14:00:06.010) -> shop configmaps/settings (ended 14:00:03.010), since 14:00:02.010, until 14:00:05.010" + secret,
		4: "mounts: shop pods/p (ended 14:00:06.010) -> shop configmaps/settings (ended 14:00:03.010), since 14:00:02.010, until 14:00:05.010" + secret,
	} {
		of.At = s.at(n)
		compareText(t, fmt.Sprint("at ", n), linksOf(t, e, of), want)
	}
	compareText(t, "of the second, ever", linksOf(t, e, query.Links{Object: byUID("cm2"), Window: query.Window{From: s.at(0)}}),
		"mounts: shop pods/p (ended 14:00:06.010) -> shop configmaps/settings, since 14:00:05.010, until 14:00:06.010")
	compareText(t, "of the first, ever", linksOf(t, e, query.Links{Object: byUID("cm1")}),
		"mounts: shop pods/p (ended 14:00:06.010) -> shop configmaps/settings (ended 14:00:03.010), since 14:00:02.010, until 14:00:05.010")
}

// TestOddOwners: several owners, a cycle, owners of another API version, without a namespace, and never recorded.
func TestOddOwners(t *testing.T) {
	s := newStage("c")
	s.write(thing{kind: "Fleet", group: "x.io", version: "v1beta1", name: "f", uid: "uf", anywhere: true}) // cluster-scoped
	s.write(thing{kind: "Ship", group: "x.io", name: "a", uid: "ua", owners: []string{"Fleet x.io/v1alpha1 f uf", "Port x.io/v1 lost ulost c"}})
	s.write(thing{kind: "Ship", group: "x.io", name: "b", uid: "ub", owners: []string{"Ship x.io/v1 a ua c", "Fleet x.io/v1 f uf", "Ship x.io/v1 c uc"}})
	s.write(thing{kind: "Ship", group: "x.io", name: "c", uid: "uc", owners: []string{"Ship x.io/v1 b ub c"}})
	e := engineOver(t, openStore(t), s.out, 1)
	compareText(t, "from the middle", treeOf(t, e, query.Tree{Object: byUID("ub"), Up: query.All, Down: query.All}), `
	shop ports/lost (stub)
	  shop ships/a by owns, controller
	    also owns: fleets/f -> shop ships/a, since 14:00:02.010
	    shop ships/b * by owns, controller
	      also owns: fleets/f -> shop ships/b, since 14:00:03.010
	      also owns: shop ships/c -> shop ships/b, since 14:00:03.010
	      shop ships/c by owns, controller
	4 objects`)
	compareText(t, "from the fleet", treeOf(t, e, query.Tree{Object: byUID("uf"), Down: query.All}), `
	fleets/f *
	  shop ships/a by owns
	    shop ships/b by owns, controller
	      also owns: fleets/f -> shop ships/b, since 14:00:03.010
	      also owns: shop ships/c -> shop ships/b, since 14:00:03.010
	      shop ships/c by owns, controller
	4 objects`)
	compareText(t, "one level", treeOf(t, e, query.Tree{Object: byUID("ub"), Up: 1, Siblings: true}), `
	shop ships/a
	  shop ships/b * by owns, controller
	    also owns: fleets/f -> shop ships/b, since 14:00:03.010
	    also owns: shop ships/c -> shop ships/b, since 14:00:03.010
	2 objects`)
	compareText(t, "cut", treeOf(t, e, query.Tree{Object: byUID("uf"), Down: query.All, Limit: 2}), `
	fleets/f *, 1 left out
	  shop ships/a by owns, 1 left out
	2 objects (the limit of 2 objects was reached: at least 2 more were left out, see left of each)`)
	for _, types := range [][]string{{"own"}, {"owns", ""}} {
		if _, err := e.Links(t.Context(), query.Links{Object: byUID("ub"), Types: types}); engine.KindOf(err) != engine.KindBadQuestion {
			t.Errorf("links of types %q: %v", types, err)
		}
		if _, err := e.Tree(t.Context(), query.Tree{Object: byUID("ub"), Types: types}); engine.KindOf(err) != engine.KindBadQuestion {
			t.Errorf("a tree of types %q: %v", types, err)
		}
	}
	compareText(t, "cut above", treeOf(t, e, query.Tree{Object: byUID("uc"), Up: query.All, Limit: 2}), `
	shop ships/b
	  also owns: fleets/f -> shop ships/b, since 14:00:03.010
	  also owns: shop ships/c -> shop ships/b, since 14:00:03.010
	  shop ships/c * by owns, controller
	2 objects (the limit of 2 objects was reached: ships.x.io/a -n shop and what is above it were left out)`)
}

// TestSelectors: what a Service selects follows the labels and the selector over time.
func TestSelectors(t *testing.T) {
	s := newStage("c")
	pod := thing{kind: "Pod", name: "p", uid: "up", labels: `{"app":"web","tier":"front"}`}
	other := thing{kind: "Pod", name: "q", uid: "uq", labels: `{"app":"db"}`}
	svc := thing{kind: "Service", name: "s", uid: "us", spec: `{"selector":{"app":"web"}}`}
	policy := thing{kind: "NetworkPolicy", group: "networking.k8s.io", name: "n", uid: "un", spec: `{"podSelector":{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}}`}
	s.write(pod)    // 1
	s.write(other)  // 2
	s.write(svc)    // 3
	s.write(policy) // 4
	pod.labels = `{"app":"web"}`
	s.write(pod) // 5: other labels, selected all the same
	pod.labels = `{"app":"old"}`
	s.write(pod) // 6: the policy's now
	svc.spec = `{"selector":{"app":"db"}}`
	s.write(svc)    // 7
	s.remove(other) // 8
	e := engineOver(t, openStore(t), s.out, 2)
	window := query.Window{From: s.at(0)}
	compareText(t, "of the service", linksOf(t, e, query.Links{Object: byUID("us"), Window: window}), `
	selects: shop services/s -> shop pods/p, since 14:00:03.010, until 14:00:06.010
	selects: shop services/s -> shop pods/q (ended 14:00:08.010), since 14:00:07.010, until 14:00:08.010`)
	compareText(t, "of the pod", linksOf(t, e, query.Links{Object: byUID("up"), Window: window}), `
	selects: shop services/s -> shop pods/p, since 14:00:03.010, until 14:00:06.010
	selects: shop networkpolicies/n -> shop pods/p, since 14:00:06.010`)
	compareText(t, "of the policy at 5", linksOf(t, e, query.Links{Object: byUID("un"), At: s.at(5)}),
		"selects: shop networkpolicies/n -> shop pods/q (ended 14:00:08.010), since 14:00:04.010, until 14:00:08.010")
	compareText(t, "of the service now", linksOf(t, e, query.Links{Object: byUID("us")}), "")
}

// TestLinksAfterRestore: where etcd was restored from a backup, a resourceVersion stands for two states, and their links hold each in its time.
func TestLinksAfterRestore(t *testing.T) {
	s := newStage("c")
	s.write(thing{kind: "ReplicaSet", group: "apps", name: "one", uid: "u1"}) // 101
	s.write(thing{kind: "ReplicaSet", group: "apps", name: "two", uid: "u2"}) // 102
	pod := thing{kind: "Pod", name: "p", uid: "up", owners: []string{"ReplicaSet apps/v1 one u1 c"}}
	s.write(pod) // 103
	pod.owners = []string{"ReplicaSet apps/v1 two u2 c"}
	s.write(pod) // 104
	for i := range 9 {
		s.write(thing{kind: "ConfigMap", name: fmt.Sprint("lost", i), uid: fmt.Sprint("lost", i)})
	}
	s.rv, s.last["up"], s.now = 103, 103, s.now.Add(time.Hour)
	pod.owners = []string{"ReplicaSet apps/v1 one u1 c", "ReplicaSet apps/v1 two u2"}
	s.write(pod) // 104 again
	restored := s.now
	for i := range 9 {
		s.write(thing{kind: "ConfigMap", name: fmt.Sprint("new", i), uid: fmt.Sprint("new", i)})
	}
	e := engineOver(t, openStore(t), s.out, 3)
	info, err := e.Info(t.Context())
	if err != nil || info.Clusters[0].Epochs != 2 {
		t.Fatalf("%d epochs, %v", info.Clusters[0].Epochs, err)
	}
	up := query.Tree{Object: byUID("up"), Up: query.All, At: s.at(3)}
	compareText(t, "first", treeOf(t, e, up), "shop replicasets/one\n  shop pods/p * by owns, controller, until 14:00:04.010\n2 objects")
	up.At = s.at(5)
	compareText(t, "before the restore", treeOf(t, e, up), "shop replicasets/two\n  shop pods/p * by owns, controller, until 15:00:14.010\n2 objects")
	up.At = restored.Add(time.Second)
	compareText(t, "after it", treeOf(t, e, up), `
	shop replicasets/one
	  shop pods/p * by owns, controller
	    also owns: shop replicasets/two -> shop pods/p, since 15:00:14.010
	2 objects`)
	of := query.Links{Object: byUID("u1"), Window: query.Window{From: s.at(0)}}
	compareText(t, "of the owner", linksOf(t, e, of), `
	owns: shop replicasets/one -> shop pods/p, controller, since 14:00:03.010, until 14:00:04.010
	owns: shop replicasets/one -> shop pods/p, controller, since 15:00:14.010`)
}

// TestLinksWithoutTimes: where a watch alone recorded, links are there, and say that nobody knows when.
func TestLinksWithoutTimes(t *testing.T) {
	s := newStage("c")
	s.watched = true
	rs := thing{kind: "ReplicaSet", group: "apps", name: "r", uid: "ur"}
	pod := thing{kind: "Pod", name: "p", uid: "up", owners: []string{"ReplicaSet apps/v1 r ur c"}}
	gone := thing{kind: "Pod", name: "q", uid: "uq", owners: []string{"ReplicaSet apps/v1 r ur c"}}
	s.write(rs)
	s.write(pod)
	s.write(gone)
	pod.owners = nil
	s.write(pod)
	s.remove(gone)
	e := engineOver(t, openStore(t), s.out, 2)
	compareText(t, "ever", treeOf(t, e, query.Tree{Object: byUID("ur"), Down: query.All}), `
	shop replicasets/r *
	  shop pods/p by owns, controller, until time not known
	  shop pods/q (ended) by owns, controller, until time not known
	3 objects`)
	compareText(t, "now", linksOf(t, e, query.Links{Object: byUID("ur")}), "")
	l, err := e.Links(t.Context(), query.Links{Object: byUID("ur"), At: s.at(30)})
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Links) != 2 {
		t.Fatalf("%d links, want both", len(l.Links))
	}
	for _, link := range l.Links {
		if link.Certainty == engine.Exact || link.Reason == "" {
			t.Errorf("to %s: %s, %q", link.Child.Name, link.Certainty, link.Reason)
		}
	}
	if l, err := e.Links(t.Context(), query.Links{Object: byUID("up"), At: s.at(1)}); engine.KindOf(err) != engine.KindNotFound {
		t.Errorf("before its creation: %v, %v", l, err)
	}
}

// TestLinksReceived: a live watch tells when it delivered what began and ended a link.
func TestLinksReceived(t *testing.T) {
	s := newStage("c")
	s.watched = true
	one := thing{kind: "ReplicaSet", group: "apps", name: "one", uid: "u1"}
	pod := thing{kind: "Pod", name: "p", uid: "up"}
	s.write(one)
	s.write(pod)
	pod.owners = []string{"ReplicaSet apps/v1 one u1 c"}
	s.write(pod)
	s.remove(pod)
	for i, r := range s.out {
		r.Provenance.ReceivedAt = eventsBegin.Add(time.Duration(i+1)*time.Second + 200*time.Millisecond)
	}
	s.out = append(s.out, &record.Record{Kind: record.KindProgress, Ref: record.ObjectRef{Cluster: "c", Resource: "pods"}, Progress: &record.Progress{From: 100, RV: 110}})
	e := engineOver(t, openStore(t), s.out, 2)
	l, err := e.Links(t.Context(), query.Links{Object: byUID("u1"), Window: query.Window{To: s.at(60)}})
	if err != nil || len(l.Links) != 1 {
		t.Fatal(l, err)
	}
	for what, w := range map[string]*engine.When{"14:00:03.200": l.Links[0].Since, "14:00:04.200": l.Links[0].Until} {
		if w == nil || moment(*w) != what || w.Basis != "received" {
			t.Errorf("got %+v, want %s as received", w, what)
		}
	}
}

// TestParentElsewhere: the annotation hangs an object under one of another cluster.
func TestParentElsewhere(t *testing.T) {
	hub, edge := newStage("hub"), newStage("edge")
	hub.write(thing{kind: "Fleet", group: "x.io", name: "f", uid: "uf"})
	edge.write(thing{kind: "ConfigMap", name: "copy", uid: "uc", annotations: `{"kubewake.io/parent":"{\"cluster\":\"hub\",\"group\":\"x.io\",\"version\":\"v1\",\"resource\":\"fleets\",\"namespace\":\"shop\",\"name\":\"f\"}"}`})
	e := engineOver(t, openStore(t), append(hub.out, edge.out...), 2)
	compareText(t, "from the child", treeOf(t, e, query.Tree{Object: query.Object{Cluster: "edge", UID: "uc"}, Up: query.All}),
		"shop fleets/f\n  shop configmaps/copy * by parent\n2 objects")
	compareText(t, "from the parent", treeOf(t, e, query.Tree{Object: query.Object{Cluster: "hub", UID: "uf"}, Down: query.All}),
		"shop fleets/f *\n  shop configmaps/copy by parent\n2 objects")
}

// TestUnreadParent: an annotation that can not be read is told as of the time asked for, and makes no link.
func TestUnreadParent(t *testing.T) {
	s := newStage("c")
	s.write(thing{kind: "Pod", name: "p", uid: "up"})
	s.write(thing{kind: "ConfigMap", name: "copy", uid: "uc"})                                                                                        // 2
	s.write(thing{kind: "ConfigMap", name: "copy", uid: "uc", annotations: `{"kubewake.io/parent":"{\"kind\":\"Pod\"}"}`})                            // 3
	s.write(thing{kind: "ConfigMap", name: "copy", uid: "uc", annotations: `{"kubewake.io/parent":"pods/p"}`})                                        // 4
	s.write(thing{kind: "ConfigMap", name: "copy", uid: "uc", annotations: `{"kubewake.io/parent":"{\"kind\":\"Pod\",\"name\":\"p\"}"}`, spec: "{}"}) // 5
	e := engineOver(t, openStore(t), s.out, 2)
	for _, c := range []struct {
		q      query.Links
		links  int
		unread string
	}{
		{query.Links{At: s.at(2)}, 0, ""},
		{query.Links{At: s.at(3)}, 0, "a parent must have a name, or a uid"},
		{query.Links{Window: query.Window{To: s.at(4)}}, 0, "not a JSON document"},
		{query.Links{At: s.at(4), Types: []string{"owns"}}, 0, ""},
		{query.Links{At: s.at(5)}, 1, ""},
		{query.Links{}, 1, ""},
	} {
		c.q.Object = byUID("uc")
		got, err := e.Links(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		reason := ""
		for _, u := range got.Unread {
			if reason += u.Reason; u.Field != "metadata.annotations[kubewake.io/parent]" {
				t.Errorf("%+v: %s", c.q, u.Field)
			}
		}
		if len(got.Links) != c.links || !strings.HasPrefix(reason, c.unread) || (reason == "") != (c.unread == "") {
			t.Errorf("%+v: %d links, unread %q, want %d, %q", c.q, len(got.Links), reason, c.links, c.unread)
		}
	}
}

// TestManyChildren: thousands of children are all there, or counted.
func TestManyChildren(t *testing.T) {
	s := newStage("c")
	s.write(thing{kind: "Job", group: "batch", name: "j", uid: "uj"})
	for i := range 3000 {
		s.write(thing{kind: "Pod", name: fmt.Sprintf("p%04d", i), uid: fmt.Sprint("u", i), owners: []string{"Job batch/v1 j uj c"}})
	}
	e := engineOver(t, openStore(t), s.out, 500)
	tree, err := e.Tree(t.Context(), query.Tree{Object: byUID("uj"), Down: query.All})
	if err != nil || len(tree.Nodes) != 3001 || tree.Cut != "" {
		t.Fatalf("%d objects, cut %q, %v", len(tree.Nodes), tree.Cut, err)
	}
	tree, err = e.Tree(t.Context(), query.Tree{Object: byUID("uj"), Down: query.All, Limit: 100})
	if err != nil || len(tree.Nodes) != 100 || tree.Nodes[0].Left != 2901 || tree.Cut == "" {
		t.Fatalf("%d objects, %d left, cut %q, %v", len(tree.Nodes), tree.Nodes[0].Left, tree.Cut, err)
	}
	l, err := e.Links(t.Context(), query.Links{Object: byUID("uj"), Limit: 10})
	if err != nil || len(l.Links) != 10 || !strings.Contains(l.Cut, "2990 more") {
		t.Fatalf("%d links, cut %q, %v", len(l.Links), l.Cut, err)
	}
}

// TestRulesChange: a rule of the operator links what was recorded before it came.
func TestRulesChange(t *testing.T) {
	s := newStage("c")
	s.write(thing{kind: "Fleet", group: "x.io", name: "f", uid: "uf"})
	s.write(thing{kind: "ConfigMap", name: "chart", uid: "uc", labels: `{"fleet":"f"}`})
	e := engineOver(t, openStore(t), s.out, 2)
	of := query.Tree{Object: byUID("uf"), Down: query.All}
	compareText(t, "before", treeOf(t, e, of), "shop fleets/f *\n1 objects")
	custom, err := link.Load([]byte(`rules:
- name: chart-of-fleet
  type: charts
  child: {kind: ConfigMap}
  parent: {group: x.io, kind: Fleet}
  cel: '{"namespace": object.metadata.namespace, "name": object.metadata.labels.fleet}'
`))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := link.New(custom...)
	if err != nil {
		t.Fatal(err)
	}
	e.LinkIndex().Use(rules)
	compareText(t, "with the rule", treeOf(t, e, of), "shop fleets/f *\n  shop configmaps/chart by charts\n2 objects")
	found, err := CheckLinks(t.Context(), e.st, rules, LinkCheck{})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Rules) != 1 || found.Rules[0].Total != 1 || found.Rules[0].Objects != 1 || found.Rules[0].Links[0].Child.Name != "chart" {
		t.Errorf("the check says %+v", found)
	}
	e.LinkIndex().Use(link.Builtin())
	compareText(t, "without", treeOf(t, e, of), "shop fleets/f *\n1 objects")
}

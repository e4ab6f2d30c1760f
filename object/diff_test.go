package object

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told prints changes as "op path from to match note".
func tell(changes []Change) []string {
	out := []string{}
	for _, c := range changes {
		words := []string{string(c.Op), c.Path.String(), c.From.string(), c.To.string(), c.Match, c.Note}
		out = append(out, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return out
}

// string is the compact JSON, empty for a value that is not there.
func (v *Value) string() string { return string(v.JSON()) }

func TestDiff(t *testing.T) {
	deploy := func(spec string) string {
		return `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":` + spec + `}}}`
	}
	for _, c := range []struct {
		name, a, b string
		want       []string
	}{
		{"scalar", `{"spec":{"replicas":2}}`, `{"spec":{"replicas":4}}`, []string{"change spec.replicas 2 4"}},
		{"number written otherwise", `{"spec":{"replicas":2}}`, `{"spec":{"replicas":2.0}}`, []string{}},
		{"null is missing", `{"metadata":{"creationTimestamp":null}}`, `{"metadata":{}}`, []string{}},
		{"subtree added at its top", `{}`, `{"status":{"a":{"b":1}}}`, []string{`add status {"a":{"b":1}}`}},
		{"members of an empty object", `{"a":{}}`, `{"a":{"b":1}}`, []string{"add a.b 1"}},
		{"type changes", `{"a":{"b":1}}`, `{"a":[1]}`, []string{`change a {"b":1} [1]`}},
		{"container by name, moved", deploy(`{"containers":[{"name":"a","image":"x"},{"name":"b"}]}`), deploy(`{"containers":[{"name":"b"},{"name":"a","image":"y"}]}`), []string{
			`move spec.template.spec.containers [{"image":"x","name":"a"},{"name":"b"}] [{"name":"b"},{"image":"y","name":"a"}]`,
			`change spec.template.spec.containers[name=a].image "x" "y"`}},
		{"container added", deploy(`{"containers":[{"name":"a"}]}`), deploy(`{"containers":[{"name":"s"},{"name":"a"}]}`), []string{
			`add spec.template.spec.containers[name=s] {"name":"s"}`}},
		{"ports by number and protocol", deploy(`{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"TCP"},{"containerPort":53,"protocol":"UDP"}]}]}`),
			deploy(`{"containers":[{"name":"a","ports":[{"containerPort":53,"protocol":"UDP","name":"dns"},{"containerPort":53}]}]}`), []string{
				`add spec.template.spec.containers[name=a].ports[containerPort=53,protocol=UDP].name "dns"`,
				`remove spec.template.spec.containers[name=a].ports[containerPort=53,protocol=TCP].protocol "TCP"`}},
		{"doubled env falls back to position", deploy(`{"containers":[{"name":"a","env":[{"name":"E","value":"1"},{"name":"E","value":"2"}]}]}`),
			deploy(`{"containers":[{"name":"a","env":[{"name":"E","value":"1"},{"name":"E","value":"3"}]}]}`), []string{
				`change spec.template.spec.containers[name=a].env[1].value "2" "3" position`}},
		{"mounts by path", deploy(`{"containers":[{"name":"a","volumeMounts":[{"name":"v","mountPath":"/a"},{"name":"v","mountPath":"/b"}]}]}`),
			deploy(`{"containers":[{"name":"a","volumeMounts":[{"name":"v","mountPath":"/b","readOnly":true},{"name":"v","mountPath":"/a"}]}]}`), []string{
				`add spec.template.spec.containers[name=a].volumeMounts[mountPath=/b].readOnly true`}},
		{"quantities", deploy(`{"containers":[{"name":"a","resources":{"limits":{"cpu":"1","memory":"1Gi"}}}]}`),
			deploy(`{"containers":[{"name":"a","resources":{"limits":{"cpu":"1000m","memory":"1024M"}}}]}`), []string{
				`change spec.template.spec.containers[name=a].resources.limits.memory "1Gi" "1024M"`}},
		{"tolerations as a set", deploy(`{"tolerations":[{"key":"a"},{"key":"b"}]}`), deploy(`{"tolerations":[{"key":"b"},{"key":"c"}]}`), []string{
			`remove spec.template.spec.tolerations[={"key":"a"}] {"key":"a"} value`, `add spec.template.spec.tolerations[={"key":"c"}] {"key":"c"} value`}},
		{"args by position", deploy(`{"containers":[{"name":"a","args":["x","y"]}]}`), deploy(`{"containers":[{"name":"a","args":["x","z","w"]}]}`), []string{
			`change spec.template.spec.containers[name=a].args[1] "y" "z" position`, `add spec.template.spec.containers[name=a].args[2] "w" position`}},
		{"args reordered", deploy(`{"containers":[{"name":"a","args":["x","y"]}]}`), deploy(`{"containers":[{"name":"a","args":["y","x"]}]}`), []string{
			`move spec.template.spec.containers[name=a].args ["x","y"] ["y","x"] position`}},
		{"finalizers as a set", `{"metadata":{"finalizers":["a.b/c","d"]}}`, `{"metadata":{"finalizers":["d","e"]}}`, []string{
			`remove metadata.finalizers[="a.b/c"] "a.b/c"`, `add metadata.finalizers[="e"] "e"`}},
		{"sets have no order", `{"metadata":{"finalizers":["a","b"]}}`, `{"metadata":{"finalizers":["b","a"]}}`, []string{}},
		{"owners by UID", `{"metadata":{"ownerReferences":[{"uid":"u1","name":"n"}]}}`, `{"metadata":{"ownerReferences":[{"uid":"u2","name":"n"},{"uid":"u1","name":"n","controller":true}]}}`, []string{
			`add metadata.ownerReferences[uid=u2] {"name":"n","uid":"u2"}`, `add metadata.ownerReferences[uid=u1].controller true`}},
		{"conditions by type", `{"apiVersion":"v1","kind":"Pod","status":{"conditions":[{"type":"Ready","status":"False"},{"type":"Init","status":"True"}]}}`,
			`{"apiVersion":"v1","kind":"Pod","status":{"conditions":[{"type":"Init","status":"True"},{"type":"Ready","status":"True"}]}}`, []string{
				`change status.conditions[type=Ready].status "False" "True"`}},
		{"service ports", `{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":80}]}}`,
			`{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":80,"protocol":"TCP","targetPort":"http"}]}}`, []string{
				`change spec.ports[port=80,protocol=TCP].targetPort 80 "http"`}},
		{"endpoints by address", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","endpoints":[{"addresses":["1.1.1.1"]},{"addresses":["2.2.2.2"],"conditions":{"ready":false}}]}`,
			`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","endpoints":[{"addresses":["2.2.2.2"],"conditions":{"ready":true}}]}`, []string{
				`remove endpoints[addresses=["1.1.1.1"]] {"addresses":["1.1.1.1"]} addresses`, `change endpoints[addresses=["2.2.2.2"]].conditions.ready false true addresses`}},
		{"timestamps", `{"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z","annotations":{"at":"2026-01-01T00:00:00Z"}}}`,
			`{"metadata":{"creationTimestamp":"2026-01-01T01:00:00.000+01:00","annotations":{"at":"2026-01-01T00:00:00.0Z"}}}`, []string{
				`change metadata.annotations.at "2026-01-01T00:00:00Z" "2026-01-01T00:00:00.0Z"`}},
		{"unknown kind: by name", `{"spec":{"nodes":[{"name":"a","v":1},{"name":"b"}]}}`, `{"spec":{"nodes":[{"name":"a","v":2},{"name":"b"}]}}`, []string{`change spec.nodes[name=a].v 1 2 name`}},
		{"unknown kind: by position", `{"spec":{"nodes":[{"name":"a"},{"name":"a"}]}}`, `{"spec":{"nodes":[{"name":"a"},{"name":"c"}]}}`, []string{`change spec.nodes[1].name "a" "c" position`}},
		{"unknown kind: limits", `{"spec":{"limits":{"cpu":"500m"}}}`, `{"spec":{"limits":{"cpu":0.5}}}`, []string{}},
		{"no object before", `null`, `{"a":1}`, []string{`add {"a":1}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := parse(t, c.a), parse(t, c.b)
			s := SchemaOf(b)
			d := Diff(a, b, DiffOptions{Schema: s})
			if diff := cmp.Diff(c.want, tell(d.Changes)); diff != "" {
				t.Error(diff)
			}
			if got := apply(t, a, d, s); !Equal(got, b, s) {
				t.Errorf("applied: %s", got)
			}
			if Equal(a, b, s) != (len(c.want) == 0) {
				t.Error("Equal says otherwise")
			}
		})
	}
}

func TestDiffRedacted(t *testing.T) {
	secret := func(value string) *Value {
		return parse(t, `{"apiVersion":"v1","kind":"Secret","data":{"p":"`+value+`"}}`)
	}
	for _, c := range []struct {
		a, b             string
		changes, unknown []string
	}{
		{"redacted:k1:aa", "redacted:k1:aa", []string{}, []string{}},
		{"redacted:k1:aa", "redacted:k1:bb", []string{`change data.p "redacted:k1:aa" "redacted:k1:bb"`}, []string{}},
		{"redacted:k1:aa", "redacted:k2:bb", []string{}, []string{`change data.p "redacted:k1:aa" "redacted:k2:bb" ` + NoteOtherKey}},
		{"plain", "redacted:k2:bb", []string{}, []string{`change data.p "plain" "redacted:k2:bb" ` + NoteOneRedacted}},
	} {
		d := Diff(secret(c.a), secret(c.b), DiffOptions{})
		if diff := cmp.Diff(c.changes, tell(d.Changes)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(c.unknown, tell(d.Incomparable)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDiffFoldsNoise(t *testing.T) {
	a := parse(t, `{"metadata":{"resourceVersion":"1","generation":1,"managedFields":[{"manager":"m","operation":"Update","time":"2026-01-01T00:00:00Z"}]}}`)
	b := parse(t, `{"metadata":{"resourceVersion":"2","generation":2,"managedFields":[{"manager":"m","operation":"Update","time":"2026-01-01T00:00:01Z"}]},"x":1}`)
	d := Diff(a, b, DiffOptions{Schema: SchemaOf(a)})
	if len(d.Changes) != 1 || d.Folded != 3 {
		t.Errorf("%v, folded %d", tell(d.Changes), d.Folded)
	}
	d = Diff(a, b, DiffOptions{Schema: SchemaOf(a), Noise: true})
	if len(d.Changes) != 4 || d.Folded != 0 {
		t.Errorf("with noise: %v, folded %d", tell(d.Changes), d.Folded)
	}
}

func TestCRDSchema(t *testing.T) {
	crd := parse(t, `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","spec":{"group":"x.y","versions":[
	 {"name":"v1beta1","schema":{"openAPIV3Schema":{"type":"object"}}},
	 {"name":"v1","storage":true,"subresources":{"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.now.ready"}},
	  "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{
	   "users":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["realm","id"],"items":{"type":"object","properties":{"seen":{"type":"string","format":"date-time"}}}},
	   "tags":{"type":"array","x-kubernetes-list-type":"set"},
	   "memory":{"x-kubernetes-int-or-string":true,"pattern":"^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"},
	   "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
	   "byZone":{"type":"object","additionalProperties":{"type":"array","x-kubernetes-list-type":"set"}}}}}}}}]}}`)
	s, ok := CRDSchema(crd, "v1")
	if !ok {
		t.Fatal("no schema")
	}
	a := parse(t, `{"metadata":{"finalizers":["a","b"]},"spec":{"memory":"1Gi","tags":["a","b"],"byZone":{"z":["1","2"]},"free":{"limits":{"cpu":"1"}},"users":[{"realm":"r","id":1,"seen":"2026-01-01T00:00:00Z"},{"realm":"r","id":2}]}}`)
	b := parse(t, `{"metadata":{"finalizers":["b","a"]},"spec":{"memory":"1024Mi","tags":["b","a"],"byZone":{"z":["2","3"]},"free":{"limits":{"cpu":"1000m"}},"users":[{"realm":"r","id":2,"x":1},{"realm":"r","id":1,"seen":"2026-01-01T00:00:00.0Z"}]}}`)
	want := []string{`remove spec.byZone.z[="1"] "1"`, `add spec.byZone.z[="3"] "3"`, `add spec.users[realm=r,id=2].x 1`}
	if diff := cmp.Diff(want, tell(Diff(a, b, DiffOptions{Schema: s}).Changes)); diff != "" {
		t.Error(diff)
	}
	if keys, set, known := s.ListKeys(Fields("spec", "users")); set || !known || fmt.Sprint(keys) != "[realm id]" {
		t.Error(keys, set, known)
	}
	if _, set, known := s.ListKeys(Fields("spec", "tags")); !set || !known {
		t.Error("tags are a set")
	}
	if _, _, known := s.ListKeys(Fields("spec", "free", "list")); known {
		t.Error("nothing is known of a free-form field")
	}
	if s, ok := CRDSchema(crd, "v9"); !ok || s.scale == nil || fmt.Sprint(s.scale.status) != "[status now ready]" {
		t.Error("an unknown version is described by the storage version")
	}
	if _, ok := CRDSchema(a, "v1"); ok {
		t.Error("not every object is a definition")
	}
	if builtinNodes[plainNode].open || len(builtinNodes[quantityNode].fields) > 0 {
		t.Error("the built-in table was written to")
	}
}

func TestRecordedCRD(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "crd.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, ok := CRDSchema(parse(t, string(b)), "v1")
	if !ok || s.scale == nil || fmt.Sprint(s.scale.spec, s.scale.status) != "[spec size] [status ready]" {
		t.Errorf("%v %+v", ok, s.scale)
	}
}

func TestBuiltinListKeys(t *testing.T) {
	for _, c := range []struct {
		group, version, kind, path, keys string
		set                              bool
	}{
		{"", "v1", "Pod", "spec.containers", "name", false},
		{"apps", "v1", "Deployment", "spec.template.spec.initContainers", "name", false},
		{"apps", "v1", "Deployment", "spec.template.spec.containers[0].ports", "containerPort,protocol", false},
		{"apps", "v1", "Deployment", "spec.template.spec.volumes", "name", false},
		{"apps", "v1", "Deployment", "spec.template.spec.imagePullSecrets", "name", false},
		{"apps", "v1", "Deployment", "spec.template.spec.hostAliases", "ip", false},
		{"apps", "v1", "Deployment", "spec.template.spec.topologySpreadConstraints", "topologyKey,whenUnsatisfiable", false},
		{"batch", "v1", "CronJob", "spec.jobTemplate.spec.template.spec.containers[0].env", "name", false},
		{"batch", "v1", "Job", "status.conditions", "type", false},
		{"", "v1", "Service", "spec.ports", "port,protocol", false},
		{"", "v1", "Pod", "status.podIPs", "ip", false},
		{"", "v1", "Node", "status.conditions", "type", false},
		{"", "v1", "ServiceAccount", "secrets", "name", false},
		{"x.example", "v1", "Anything", "metadata.ownerReferences", "uid", false},
		{"x.example", "v1", "Anything", "metadata.finalizers", "", true},
		{"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "webhooks", "name", false},
		{"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "subjects", "kind,namespace,name", false},
		{"apps", "v1beta9", "Deployment", "spec.template.spec.containers", "name", false},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		keys, set, known := Builtin(c.group, c.version, c.kind).ListKeys(p)
		if strings.Join(keys, ",") != c.keys || set != c.set || !known {
			t.Errorf("%s %s: %v %v %v", c.kind, c.path, keys, set, known)
		}
	}
}

// TestDiffOfRandomEdits edits a real manifest at random: the diff applied gives the edited one.
func TestDiffOfRandomEdits(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	a := parse(t, string(deployment(t)))
	s := SchemaOf(a)
	for range 500 {
		b := a
		for range 1 + random.IntN(5) {
			b = edit(b, random)
		}
		d := Diff(a, b, DiffOptions{Schema: s, Noise: true})
		if got := apply(t, a, d, s); !Equal(got, b, s) {
			t.Fatalf("%v\n%s\n%s", tell(d.Changes), got, b)
		}
		if d.Empty() != Equal(a, b, s) {
			t.Fatalf("Diff and Equal disagree: %v", tell(d.Changes))
		}
	}
}

// edit removes, replaces, doubles or shuffles something in v.
func edit(v *Value, random *rand.Rand) *Value {
	switch {
	case v.leaf() || random.IntN(12) == 0:
		return [...]*Value{NewString("edited"), {kind: Number, text: "7"}, NewObject(), NewArray(), NewObject(Member{"name", NewString("n")})}[random.IntN(5)]
	case v.kind == Object:
		m := v.Members()[random.IntN(len(v.Members()))]
		if random.IntN(8) == 0 {
			return v.With(nil, m.Name)
		}
		return v.With(edit(m.Value, random), m.Name)
	}
	items := append([]*Value(nil), v.Items()...)
	i := random.IntN(len(items))
	switch random.IntN(5) {
	case 0:
		items = append(items[:i], items[i+1:]...)
	case 1:
		items = append(items, items[i])
	case 2:
		random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	default:
		items[i] = edit(items[i], random)
	}
	return NewArray(items...)
}

package object

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/record"
)

func TestSentBody(t *testing.T) {
	response := `{"metadata":{"name":"n","uid":"u","labels":{"a/b":"1"}},"spec":{"replicas":1,"l":["a","b","c"],"d":"TCP"}}`
	for _, c := range []struct{ delta, want string }{
		{`{}`, response},
		{`{"set":{"/spec/replicas":3},"unset":["/spec/d","/metadata/uid"]}`, `{"metadata":{"name":"n","labels":{"a/b":"1"}},"spec":{"replicas":3,"l":["a","b","c"]}}`},
		{`{"set":{"/metadata/labels/a~1b":"2","/metadata/annotations/x~0y":"z"}}`, `{"metadata":{"name":"n","uid":"u","labels":{"a/b":"2"},"annotations":{"x~y":"z"}},"spec":{"replicas":1,"l":["a","b","c"],"d":"TCP"}}`},
		{`{"unset":["/spec/l/1","/spec/l/2"]}`, `{"metadata":{"name":"n","uid":"u","labels":{"a/b":"1"}},"spec":{"replicas":1,"l":["a"],"d":"TCP"}}`},
		{`{"set":{"/spec/l/0":"x","/spec/l/3":"d","/spec/l/4":{"e":1}}}`, `{"metadata":{"name":"n","uid":"u","labels":{"a/b":"1"}},"spec":{"replicas":1,"l":["x","b","c","d",{"e":1}],"d":"TCP"}}`},
	} {
		got, err := SentBody(parse(t, response), parse(t, c.delta))
		if err != nil || got.String() != parse(t, c.want).String() {
			t.Errorf("%s: got %s (%v)", c.delta, got, err)
		}
	}
	for _, bad := range []string{`[]`, `{"set":{"/spec/l/9":1}}`, `{"set":{"/spec/d/x":1}}`, `{"unset":["/spec/l/x"]}`, `{"unset":[""]}`, `{"unset":["/spec/l/3"]}`} {
		if got, err := SentBody(parse(t, response), parse(t, bad)); err == nil {
			t.Errorf("%s: gave %s", bad, got)
		}
	}
}

func FuzzSentBody(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,2]}}`), []byte(`{"set":{"/a/b/2":3},"unset":["/a/b/0"]}`))
	f.Fuzz(func(t *testing.T, response, delta []byte) {
		r, errR := Parse(response)
		d, errD := Parse(delta)
		if errR != nil || errD != nil {
			return
		}
		if v, err := SentBody(r, d); err == nil {
			v.JSON()
		}
	})
}

func TestWebhookChanges(t *testing.T) {
	state := parse(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"injected":"yes"}},"spec":{"containers":[{"name":"app","image":"a"},{"name":"proxy","image":"p"}]}}`)
	annotations := []record.KeyValue{
		{Key: "authorization.k8s.io/decision", Value: "allow"},
		{Key: "mutation.webhook.admission.k8s.io/round_0_index_1", Value: `{"configuration":"mesh","webhook":"inject.mesh","mutated":true}`},
		{Key: "mutation.webhook.admission.k8s.io/round_0_index_2", Value: `{"configuration":"idle","webhook":"idle.x","mutated":false}`},
		{Key: "mutation.webhook.admission.k8s.io/round_1_index_0", Value: `{"configuration":"late","webhook":"late.x","mutated":true}`},
		{Key: "patch.webhook.admission.k8s.io/round_0_index_1", Value: `{"configuration":"mesh","webhook":"inject.mesh","patch":[{"op":"add","path":"/spec/containers/-","value":{"name":"proxy","image":"p"}},{"op":"add","path":"/metadata/labels/injected","value":"yes"}],"patchType":"JSONPatch"}`},
		{Key: "patch.webhook.admission.k8s.io/round_x", Value: `{"broken`},
	}
	var got []string
	changes := WebhookChanges(annotations, state, SchemaOf(state))
	for _, c := range changes {
		got = append(got, c.Configuration+" "+c.Webhook+" "+c.Op+" "+c.Path.String())
	}
	want := []string{"mesh inject.mesh add spec.containers[name=proxy]", "mesh inject.mesh add metadata.labels.injected", "late late.x  "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	image, _ := ParsePath("spec.containers[name=proxy].image")
	if c, ok := WebhookOf(changes, image); !ok || c.Webhook != "inject.mesh" {
		t.Errorf("%+v %v", c, ok)
	}
	image, _ = ParsePath("spec.containers[name=app].image")
	if c, ok := WebhookOf(changes, image); ok {
		t.Errorf("the application's image was not changed by %+v", c)
	}
}

func TestMetaOf(t *testing.T) {
	m := MetaOf(parse(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"u","resourceVersion":"77","generation":3,
	 "creationTimestamp":"2026-01-01T01:00:00+01:00","deletionTimestamp":null,"labels":{"b":"2","a":"1"},"finalizers":["f"],
	 "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"ru","controller":true}]}}`))
	want := Meta{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p", UID: "u", RV: 77, Generation: 3,
		CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Labels: []record.KeyValue{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}},
		Owners: []OwnerRef{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "r", UID: "ru", Controller: true}}, Finalizers: []string{"f"}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Meta{}, MetaOf(parse(t, `{"metadata":[1]}`))); diff != "" {
		t.Error(diff)
	}
}

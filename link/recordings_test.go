package link

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubewake/kubewake/object"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// state is one state of a recording.
type state struct {
	ref  record.ObjectRef
	body []byte
	obj  *object.Value
}

// states reads what a recording's audit logs answered and its watches saw: objects, apart from the program's own decoders.
func states(tb testing.TB, recording string) []state {
	tb.Helper()
	dir := os.Getenv("KUBEWAKE_RECORDINGS")
	if dir == "" {
		dir = "../testdata/recordings"
	}
	files, err := filepath.Glob(filepath.Join(dir, recording, "*audit.jsonl.zst"))
	if err != nil {
		tb.Fatal(err)
	}
	watches, err := filepath.Glob(filepath.Join(dir, recording, "watch", "watch-*.jsonl.zst"))
	if err != nil {
		tb.Fatal(err)
	}
	var all []state
	for _, name := range append(files, watches...) {
		packed, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		z, err := zstd.NewReader(bytes.NewReader(packed))
		if err != nil {
			tb.Fatal(err)
		}
		scanner := bufio.NewScanner(z)
		scanner.Buffer(nil, 64<<20)
		for scanner.Scan() {
			var e struct {
				Object, ResponseObject json.RawMessage
				ObjectRef              struct{ Resource, Subresource string }
			}
			if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
				tb.Fatal(err)
			}
			body := e.Object
			if body == nil && (e.ObjectRef.Subresource == "" || e.ObjectRef.Subresource == "status") {
				body = e.ResponseObject
			}
			if s, ok := stateOf(tb, body, e.ObjectRef.Resource); ok {
				all = append(all, s)
			}
		}
		if err := scanner.Err(); err != nil {
			tb.Fatal(err)
		}
		z.Close()
	}
	if len(all) == 0 {
		tb.Skip("no recording")
	}
	return all
}

func stateOf(tb testing.TB, body []byte, resource string) (state, bool) {
	tb.Helper()
	if len(body) == 0 {
		return state{}, false
	}
	v, err := object.Parse(body)
	if err != nil {
		tb.Fatal(err)
	}
	ref := refOf(v)
	if resource != "" {
		ref.Resource = resource
	}
	if ref.UID == "" || ref.Group == "meta.k8s.io" || ref.Kind == "Event" || strings.HasSuffix(ref.Kind, "List") {
		return state{}, false
	}
	return state{ref, slices.Clone(body), v}, true
}

// TestRecordings holds the claims of real states against what the API's own types say.
func TestRecordings(t *testing.T) {
	all := states(t, "scenarios")
	rules := Builtin()
	known := map[record.UID]record.ObjectRef{}
	for _, s := range all {
		known[s.ref.UID] = s.ref
	}
	made, wanted, named := map[string]int{}, 0, 0
	for _, s := range all {
		got := rules.Read(s.ref, s.obj)
		if got.Cut > 0 || len(got.Failed) > 0 {
			t.Errorf("%v: cut %d, failed %v", s.ref, got.Cut, got.Failed)
		}
		if rules.Wants(s.ref.GroupResource(), s.body) {
			wanted++
		} else if len(got.Claims) > 0 {
			t.Errorf("%v: Wants says no, there are %v", s.ref, lines(got.Claims))
		}
		for _, c := range got.Claims {
			made[c.Rule]++
			if is, recorded := known[c.Target.UID]; recorded && c.Target.UID != "" {
				named++
				want := Target{Group: is.Group, Resource: is.Resource, Namespace: is.Namespace, Name: is.Name, UID: is.UID}
				if compareTargets(c.Target, want) != 0 {
					t.Errorf("%v claims %s, which is %v", s.ref, line(c), is)
				}
			}
		}
		compareTyped(t, s, got.Claims)
	}
	t.Logf("%d states, Wants says yes to %d; %d claims name recorded objects by UID; by rule: %v", len(all), wanted, named, made)
	for _, rule := range []string{"owner", "pod-node", "pod-serviceaccount", "pod-volumes", "service-pods", "endpointslice-service", "endpointslice-targets", "hpa-target", "definition", "binding-role", "pdb-pods"} {
		if made[rule] == 0 {
			t.Errorf("no claim by %s: the recording says little about it", rule)
		}
	}
	if named == 0 || wanted == len(all) {
		t.Errorf("%d claims by UID, %d of %d states wanted", named, wanted, len(all))
	}
}

// compareTyped says of some kinds, with the API's own Go types, what they relate to.
func compareTyped(t *testing.T, s state, claims []Claim) {
	t.Helper()
	want := map[string]bool{}
	add := func(kind, namespace, name string) {
		if name != "" {
			want[kind+" "+namespace+"/"+name] = true
		}
	}
	var meta metav1.PartialObjectMetadata
	decode(t, s, &meta)
	for _, o := range meta.OwnerReferences {
		want["owner "+string(o.UID)] = true
	}
	switch s.ref.GroupResource() {
	case gr("", "pods"):
		typedPod(t, s, add)
	case gr("discovery.k8s.io", "endpointslices"):
		var slice discovery.EndpointSlice
		decode(t, s, &slice)
		add("services", slice.Namespace, slice.Labels[discovery.LabelServiceName])
		for _, e := range slice.Endpoints {
			if e.TargetRef != nil {
				add("pods", e.TargetRef.Namespace, e.TargetRef.Name)
			}
		}
	case gr("policy", "poddisruptionbudgets"):
		var pdb policyv1.PodDisruptionBudget
		decode(t, s, &pdb)
		compareSelector(t, s, claims, pdb.Spec.Selector)
		return
	default:
		return
	}
	got := map[string]bool{}
	for _, c := range claims {
		switch {
		case c.Type == Owns:
			got["owner "+string(c.Target.UID)] = true
		case c.Target.Name != "":
			got[c.Target.Resource+" "+c.Target.Namespace+"/"+c.Target.Name] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v: -want +got\n%s", s.ref, diff)
	}
}

func decode(t *testing.T, s state, into any) {
	t.Helper()
	if err := json.Unmarshal(s.body, into); err != nil {
		t.Fatalf("%v: %v", s.ref, err)
	}
}

func typedPod(t *testing.T, s state, add func(kind, namespace, name string)) {
	t.Helper()
	var p corev1.Pod
	decode(t, s, &p)
	add("nodes", "", p.Spec.NodeName)
	add("serviceaccounts", p.Namespace, p.Spec.ServiceAccountName)
	add("priorityclasses", "", p.Spec.PriorityClassName)
	for _, v := range p.Spec.Volumes {
		switch {
		case v.ConfigMap != nil:
			add("configmaps", p.Namespace, v.ConfigMap.Name)
		case v.Secret != nil:
			add("secrets", p.Namespace, v.Secret.SecretName)
		case v.PersistentVolumeClaim != nil:
			add("persistentvolumeclaims", p.Namespace, v.PersistentVolumeClaim.ClaimName)
		case v.Projected != nil:
			for _, source := range v.Projected.Sources {
				if source.ConfigMap != nil {
					add("configmaps", p.Namespace, source.ConfigMap.Name)
				}
				if source.Secret != nil {
					add("secrets", p.Namespace, source.Secret.Name)
				}
			}
		}
	}
	for _, c := range slices.Concat(p.Spec.Containers, p.Spec.InitContainers) {
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.ConfigMapKeyRef != nil {
				add("configmaps", p.Namespace, e.ValueFrom.ConfigMapKeyRef.Name)
			}
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				add("secrets", p.Namespace, e.ValueFrom.SecretKeyRef.Name)
			}
		}
		for _, e := range c.EnvFrom {
			if e.ConfigMapRef != nil {
				add("configmaps", p.Namespace, e.ConfigMapRef.Name)
			}
			if e.SecretRef != nil {
				add("secrets", p.Namespace, e.SecretRef.Name)
			}
		}
	}
}

func compareSelector(t *testing.T, s state, claims []Claim, selector *metav1.LabelSelector) {
	t.Helper()
	want, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(claims, func(c Claim) bool { return c.Type == Selects })
	if i < 0 {
		t.Errorf("%v claims no selector", s.ref)
		return
	}
	got, err := query.ParseSelector(claims[i].Target.Selector)
	if err != nil || got.String() != want.String() {
		t.Errorf("%v: %q, %v, want %q", s.ref, got, err, want)
	}
}

// TestOrderAndManagedFieldsPlayNoPart writes real states anew, members shuffled and managedFields replaced.
func TestOrderAndManagedFieldsPlayNoPart(t *testing.T) {
	rules := rulesWith(t, Custom{
		Name: "mine", Type: "labelled", Child: KindRef{Kind: "Pod"}, Parent: KindRef{Kind: "Namespace"},
		CEL: `object.metadata.labels.map(k, {"name": k.replace("/", "-")}) + [{"name": string(object.metadata.size())}]`,
	})
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // not a secret
	claims := 0
	for i, s := range states(t, "scenarios") {
		if i%5 != 0 {
			continue
		}
		managed, err := object.Parse([]byte(`[{"manager":"x","fieldsV1":{"f:metadata":{"f:ownerReferences":{}}}}]`))
		if err != nil {
			t.Fatal(err)
		}
		changed, err := object.Parse(shuffled(nil, s.obj.With(managed, "metadata", "managedFields"), r))
		if err != nil {
			t.Fatal(err)
		}
		want, got := rules.Read(s.ref, s.obj), rules.Read(s.ref, changed)
		claims += len(want.Claims)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v: -want +got\n%s", s.ref, diff)
		}
		if !slices.IsSortedFunc(got.Claims, compareClaims) || len(slices.CompactFunc(slices.Clone(got.Claims), sameClaim)) != len(got.Claims) {
			t.Errorf("%v: not sorted, or one twice: %v", s.ref, lines(got.Claims))
		}
	}
	if claims < 100 {
		t.Errorf("%d claims: the comparison says little", claims)
	}
}

// shuffled writes a value with members in any order.
func shuffled(dst []byte, v *object.Value, r *rand.Rand) []byte {
	switch v.Kind() {
	case object.Object:
		dst = append(dst, '{')
		for i, at := range r.Perm(len(v.Members())) {
			if i > 0 {
				dst = append(dst, ',')
			}
			m := v.Members()[at]
			dst = append(object.NewString(m.Name).Append(dst), ':')
			dst = shuffled(dst, m.Value, r)
		}
		return append(dst, '}')
	case object.Array:
		dst = append(dst, '[')
		for i, item := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = shuffled(dst, item, r)
		}
		return append(dst, ']')
	}
	return v.Append(dst)
}

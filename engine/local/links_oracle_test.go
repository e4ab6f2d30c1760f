package local

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// seenObject is what encoding/json reads of a manifest.
type seenObject struct {
	Metadata struct {
		UID, Name, Namespace string
		Labels               map[string]string
		OwnerReferences      []struct{ UID string }
	}
	Spec struct {
		NodeName string
		Type     string
		Selector json.RawMessage
	}
	resource string
	exact    bool
}

type pair struct{ typ, parent, child string }

// TestLinksOracle compares the links at random moments with what the manifests of those moments say: these come from the question for a state, which
// knows nothing of the index, and are read with encoding/json.
func TestLinksOracle(t *testing.T) {
	for _, name := range []string{"deployment", "scenarios"} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "scenarios" {
				t.Skip("takes a while")
			}
			e := testEngine(t, name)
			random := rand.New(rand.NewPCG(3, uint64(len(name))))
			var pods []*store.Entry
			for entry, err := range e.st.Objects(t.Context(), store.ObjectScan{Resource: &record.GroupResource{Resource: "pods"}}) {
				if err != nil {
					t.Fatal(err)
				}
				if !entry.CreatedAt.IsZero() && entry.Ref.Namespace != "kube-system" {
					pods = append(pods, entry)
				}
			}
			checked := 0
			for range 3 { // a little behind the creation of some pod, where there is much to see
				at := pods[random.IntN(len(pods))].CreatedAt.Add(time.Duration(random.Int64N(int64(4 * time.Second))))
				checked += checkLinksAt(t, e, at)
			}
			if checked < 50 {
				t.Errorf("only %d links were checked", checked)
			}
			t.Logf("%d links are as the manifests say", checked)
		})
	}
}

func checkLinksAt(t *testing.T, e *Engine, at time.Time) (checked int) {
	t.Helper()
	seen := map[string]*seenObject{}
	for entry, err := range e.st.Objects(t.Context(), store.ObjectScan{NoEvents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		o := query.Object{Cluster: entry.Ref.Cluster, UID: entry.Ref.UID}
		state, err := e.State(t.Context(), query.State{Object: o, Point: query.Point{At: at}})
		if engine.KindOf(err) != "" {
			continue // it was not there, or nobody knows
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &seenObject{resource: state.Object.Resource, exact: state.Certainty == engine.Exact}
		_ = json.Unmarshal(state.Manifest, s) // a member of another form is left empty
		seen[string(entry.Ref.UID)] = s
	}
	want := told(seen)
	got := map[pair]*engine.Link{}
	for uid, s := range seen {
		l, err := e.Links(t.Context(), query.Links{Object: query.Object{UID: record.UID(uid)}, At: at, Types: []string{"owns", "runs-on", "selects"}})
		if err != nil {
			t.Fatalf("links of %s %s at %s: %v", s.resource, s.Metadata.Name, at, err)
		}
		for i := range l.Links {
			link := &l.Links[i]
			if link.Type == "selects" && link.Rule != "service-pods" {
				continue
			}
			p := pair{link.Type, link.Parent.UID, link.Child.UID}
			got[p] = link
			both := seen[p.parent] != nil && seen[p.child] != nil && seen[p.parent].exact && seen[p.child].exact
			if link.Certainty == engine.Exact && both && !want[p] {
				t.Errorf("at %s: %s %s/%s to %s/%s (%s, %s) is not what the manifests say", at.UTC().Format(time.RFC3339Nano), link.Type, link.Parent.Resource, link.Parent.Name,
					link.Child.Resource, link.Child.Name, link.Rule, moment(*orNoWhen(link.Since)))
			}
		}
	}
	for p := range want {
		if got[p] == nil {
			t.Errorf("at %s: %s %s %s is in the manifests, and no link", at.UTC().Format(time.RFC3339Nano), p.typ, p.parent, p.child)
			continue
		}
		checked++
	}
	return checked
}

func orNoWhen(w *engine.When) *engine.When {
	if w == nil {
		return &engine.When{}
	}
	return w
}

// told gives the pairs that manifests name, where both ends were there.
func told(seen map[string]*seenObject) map[pair]bool {
	want := map[pair]bool{}
	nodes := map[string]string{}
	var pods []string
	for uid, s := range seen {
		switch s.resource {
		case "nodes":
			nodes[s.Metadata.Name] = uid
		case "pods":
			pods = append(pods, uid)
		}
	}
	for uid, s := range seen {
		for _, o := range s.Metadata.OwnerReferences {
			if seen[o.UID] != nil {
				want[pair{"owns", o.UID, uid}] = true
			}
		}
		if node := nodes[s.Spec.NodeName]; s.resource == "pods" && node != "" {
			want[pair{"runs-on", uid, node}] = true
		}
		var selector map[string]string
		if s.resource != "services" || json.Unmarshal(s.Spec.Selector, &selector) != nil || len(selector) == 0 || s.Spec.Type == "ExternalName" {
			continue
		}
		for _, pod := range pods {
			p := seen[pod]
			all := p.Metadata.Namespace == s.Metadata.Namespace
			for k, v := range selector {
				all = all && p.Metadata.Labels[k] == v
			}
			if all {
				want[pair{"selects", uid, pod}] = true
			}
		}
	}
	return want
}

// TestTreeHoldsAll: over all of time the tree of an object holds every object that any manifest ever put below it.
func TestTreeHoldsAll(t *testing.T) {
	e := testEngine(t, "scenarios")
	o := readOracle(t, recordings(t)+"/scenarios")
	children := map[string][]string{}
	for uid, states := range o.states {
		for _, body := range states {
			meta, _ := body["metadata"].(map[string]any)
			owners, _ := meta["ownerReferences"].([]any)
			for _, owner := range owners {
				ref, _ := owner.(map[string]any)
				parent, _ := ref["uid"].(string)
				if body["kind"] != "Event" && parent != "" && !slices.Contains(children[parent], uid) {
					children[parent] = append(children[parent], uid)
				}
			}
		}
	}
	if len(children) < 5 {
		t.Fatalf("only %d objects own others", len(children))
	}
	for parent := range children {
		if o.states[parent] == nil {
			continue // never recorded: it has no name to ask for
		}
		want := map[string]bool{}
		var below func(uid string)
		below = func(uid string) {
			if want[uid] {
				return
			}
			want[uid] = true
			for _, c := range children[uid] {
				below(c)
			}
		}
		below(parent)
		tree, err := e.Tree(t.Context(), query.Tree{Object: query.Object{UID: record.UID(parent)}, Down: query.All, Types: []string{"owns"}})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for i := range tree.Nodes {
			n := &tree.Nodes[i]
			if got[n.UID] {
				t.Errorf("%s %s stands in the tree twice", n.Resource, n.Name)
			}
			got[n.UID] = true
			if n.Parent >= i || n.Depth > 0 && tree.Nodes[n.Parent].Depth != n.Depth-1 {
				t.Errorf("%s %s does not stand below its parent", n.Resource, n.Name)
			}
		}
		for uid := range want {
			if !got[uid] {
				t.Errorf("the tree of %s lacks %s", parent, uid)
			}
		}
		if len(got) != len(want) {
			t.Errorf("the tree of %s has %d objects, want %d", parent, len(got), len(want))
		}
	}
}

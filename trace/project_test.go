package trace

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/internal/golden"
	"github.com/kubewake/kubewake/record"
)

var update = flag.Bool("update", false, "write the stories anew")

func id(n int) (out record.ID) {
	binary.BigEndian.PutUint64(out[:], uint64(n))
	return out
}

func anObject(uid, resource, name string, parent int) Object {
	return Object{Parent: parent, Ref: record.ObjectRef{Cluster: "east", Version: "v1", Resource: resource, Namespace: "shop", Name: name, UID: record.UID(uid)}}
}

// shop is a Deployment with a ReplicaSet and two pods, of which one had a failure and one ended.
func shop() *Input {
	begin := at("2026-11-20T14:03:05Z")
	sec := func(n float64) time.Time { return begin.Add(time.Duration(n * float64(time.Second))) }
	deploy, rs, one, two, idle := anObject("d", "deployments", "web", -1), anObject("r", "replicasets", "web-1", 0), anObject("p1", "pods", "web-1-a", 1),
		anObject("p2", "pods", "web-1-b", 1), anObject("p3", "pods", "web-1-c", 1)
	deploy.Asked, rs.Link = true, "owns"
	deploy.Created = begin
	deploy.Records = []Record{
		{ID: id(2), Kind: "revision", Source: "audit", Start: sec(4), End: sec(4.02), Name: "patch scale", Verb: "patch", User: "jane", Code: 200,
			Summary: "spec.replicas 1 → 2", Changes: []Change{{Path: "spec.replicas", Op: "change", From: []byte("1"), To: []byte("2")},
				{Path: "metadata.labels.tier", Op: "add", To: []byte(`"front"`)}},
			Verbose: []Change{{Path: "metadata.resourceVersion", Op: "change", From: []byte(`"7"`), To: []byte(`"9"`)}}},
		{ID: id(1), Kind: "revision", Source: "audit", Start: sec(0), End: sec(0.01), Name: "create", Verb: "create", User: "jane", Code: 201, Summary: "created"},
		{ID: id(3), Kind: "event", Source: "events", Start: sec(5), End: sec(5), Name: "ScalingReplicaSet", Summary: "Scaled up"},
	}
	rs.Records = []Record{{ID: id(4), Kind: "revision", Source: "watch", Start: sec(1), End: sec(1), Name: "changed", Summary: "first recorded state"}}
	one.Records = []Record{{ID: id(5), Kind: "request", Source: "audit", Start: sec(2), End: sec(2.5), Name: "update", Verb: "update", User: "kubelet", Code: 409,
		Failed: true, Status: "409 Conflict: the object has been modified"}}
	one.Records[0].Spans = []Record{{ID: id(20), Kind: "span", Source: "spans", Start: sec(2.1), End: sec(2.4), Name: "etcd.Txn", Spans: []Record{
		{ID: id(21), Kind: "span", Source: "spans", Start: sec(2.2), End: sec(2.3), Name: "compare"}}}}
	two.Records = []Record{{ID: id(6), Kind: "end", Source: "watch", Start: sec(9), End: sec(9), Name: "delete", Summary: "deleted"}}
	two.Ended, two.Manifest = sec(9), []byte(`{"kind":"Pod"}`)
	two.Others = []Relation{{Type: "runs-on", Parent: true, Another: true, Other: record.ObjectRef{Cluster: "east", Resource: "nodes", Name: "n1", UID: "n"}}}
	return &Input{Question: Question{Mode: 1, Window: Grid(begin, sec(600)), Object: HashOf("east", "d")}, Objects: []Object{deploy, rs, one, two, idle}}
}

// draw writes a trace as text.
func draw(t *Trace) string {
	var b strings.Builder
	depth := map[SpanID]int{}
	begin := time.Time{}
	for i := range t.Spans {
		s := &t.Spans[i]
		if begin.IsZero() || s.Start.Before(begin) {
			begin = s.Start
		}
	}
	for i := range t.Spans {
		s := &t.Spans[i]
		depth[s.ID] = depth[s.Parent] + 1
		in := strings.Repeat("  ", depth[s.ID]-1)
		fmt.Fprintf(&b, "%s%s %s  +%s %s", in, s.Service, s.Name, s.Start.Sub(begin), s.End.Sub(s.Start))
		if s.Failed {
			fmt.Fprintf(&b, "  FAILED %s", s.Status)
		}
		b.WriteByte('\n')
		tags := func(list []Attr, lead string) {
			for _, a := range list {
				switch a.Key {
				case "cluster", "version", "resource", "namespace", "name", "uid", "id", "created":
					continue
				}
				fmt.Fprintf(&b, "%s%s: %s\n", lead, a.Key, strings.ReplaceAll(fmt.Sprint(a.Value), "\n", " | "))
			}
		}
		tags(s.Attrs, in+"    ")
		for _, l := range s.Links {
			fmt.Fprintf(&b, "%s    link %v other trace: %v\n", in, l.Attrs[0].Value, l.Trace != t.ID)
		}
		for _, e := range s.Events {
			fmt.Fprintf(&b, "%s    * %s +%s\n", in, e.Name, e.At.Sub(begin))
			tags(e.Attrs, in+"        ")
		}
	}
	for _, n := range t.Notes {
		b.WriteString("note: " + n + "\n")
	}
	return b.String()
}

func find(t testing.TB, m *Modes, mode, modifier string) *Mode {
	t.Helper()
	found, _, err := m.Find(mode, modifier)
	if err != nil {
		t.Fatal(err)
	}
	return &found
}

func TestStories(t *testing.T) {
	modes := Builtin()
	failures, err := Load("mine.yaml", []byte(`
modes:
  - name: failures
    number: 8
    steps: [{do: keep, failed: true}, {do: group, by: user}]
`))
	if err != nil {
		t.Fatal(err)
	}
	long := shop()
	for i := range 40 {
		r := Record{ID: id(100 + i), Kind: "revision", Source: "audit", Name: "patch status", Verb: "patch", User: "kubelet", Start: at("2026-11-20T14:04:00Z").Add(time.Duration(i) * time.Second),
			Changes: []Change{{Path: "status.x", Op: "change", From: []byte("1"), To: []byte("2")}}}
		r.End = r.Start
		long.Objects[2].Records = append(long.Objects[2].Records, r)
		r.ID, r.Name = id(200+i), fmt.Sprint("verb ", i)
		long.Objects[0].Records = append(long.Objects[0].Records, r)
	}
	for _, tc := range []struct {
		name string
		mode *Mode
		in   *Input
		opt  Options
	}{
		{"tracing", find(t, modes, "", ""), shop(), Options{}},
		{"grouped", find(t, modes, "grouped", ""), shop(), Options{}},
		{"tree", find(t, modes, "tree", ""), shop(), Options{}},
		{"timeline", find(t, modes, "timeline", ""), shop(), Options{}},
		{"full-life", find(t, modes, "tracing", ""), shop(), Options{FullLife: true}},
		{"failures", find(t, failures, "failures", ""), shop(), Options{}},
		{"limit", find(t, modes, "tree", ""), long, Options{Limit: 20}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := draw(Project(tc.in, tc.mode, tc.opt))
			golden.Equal(t, filepath.Join("testdata", tc.name+".txt"), got, *update)
		})
	}
}

// TestWellFormed holds every mode to what Trace promises, over random inputs in random order.
func TestWellFormed(t *testing.T) {
	modes := Builtin()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 7))
		in := randomInput(random, 1+random.IntN(12), 60)
		for _, name := range []string{"tracing", "grouped", "tree", "timeline"} {
			mode := find(t, modes, name, "")
			opt := Options{Limit: random.IntN(60), FullLife: random.IntN(3) == 0}
			if opt.Limit != 0 {
				opt.Limit += len(in.Objects)
			}
			got := Project(in, mode, opt)
			checkTrace(t, got)
			items := 0
			for i := range got.Spans {
				items += 1 + len(got.Spans[i].Events)
			}
			if opt.Limit != 0 && name == "tree" && items > opt.Limit {
				t.Errorf("seed %d, %s: %d spans and logs, limit %d", seed, name, items, opt.Limit)
			}
			for i := range in.Objects {
				list := in.Objects[i].Records
				random.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(Project(in, mode, opt))
			if !bytes.Equal(a, b) {
				t.Errorf("seed %d, %s: another trace after the records were shuffled", seed, name)
			}
		}
	}
}

func checkTrace(t *testing.T, tr *Trace) {
	t.Helper()
	seen := map[SpanID]bool{{}: true}
	for i := range tr.Spans {
		s := &tr.Spans[i]
		switch {
		case seen[s.ID]:
			t.Errorf("span ID %s is zero or there twice", s.ID)
		case !seen[s.Parent]:
			t.Errorf("%s %s stands before its parent", s.Service, s.Name)
		case s.End.Before(s.Start):
			t.Errorf("%s %s ends before it begins", s.Service, s.Name)
		case s.Start.IsZero():
			t.Errorf("%s %s has no begin", s.Service, s.Name)
		}
		seen[s.ID] = true
		for k := range s.Events {
			if k > 0 && s.Events[k].At.Before(s.Events[k-1].At) {
				t.Errorf("logs of %s are not in time order", s.Name)
			}
		}
		if !slices.IsSortedFunc(s.Attrs, func(a, b Attr) int { return strings.Compare(a.Key, b.Key) }) {
			t.Errorf("tags of %s are not sorted", s.Name)
		}
	}
}

func randomInput(random *rand.Rand, objects, records int) *Input {
	begin := at("2026-11-20T14:00:00Z")
	in := &Input{Question: Question{Mode: 1, Window: Grid(begin, begin.Add(time.Hour)), Object: HashOf("east", "u0")}}
	next := 0
	for i := range objects {
		o := anObject(fmt.Sprint("u", i), "pods", fmt.Sprint("o", i), random.IntN(i+1)-1)
		o.Asked = i == 0
		for range random.IntN(records) {
			next++
			start := begin.Add(time.Duration(random.IntN(3600)) * time.Second)
			r := Record{ID: id(next / (1 + random.IntN(2))), Kind: recordKinds()[random.IntN(5)], Source: "audit", Name: fmt.Sprint("verb", random.IntN(4)),
				Start: start, End: start.Add(time.Duration(random.IntN(3)) * time.Millisecond), Summary: "x", Failed: random.IntN(5) == 0,
				Changes: []Change{{Path: "spec.x", Op: "change", From: []byte("1"), To: []byte("2")}}}
			o.Records = append(o.Records, r)
		}
		in.Objects = append(in.Objects, o)
	}
	return in
}

func TestLines(t *testing.T) {
	for _, tc := range []struct {
		in   Change
		want string
	}{
		{Change{Path: "status.observedGeneration", Op: "change", From: []byte("1"), To: []byte("2")}, "status.observedGeneration 1 -> 2"},
		{Change{Path: "metadata.labels.app", Op: "add", To: []byte(`"web"`)}, "+ metadata.labels.app web"},
		{Change{Path: "spec.paused", Op: "remove", From: []byte("true")}, "- spec.paused true"},
		{Change{Path: "x", Op: "change", From: []byte(`"a b"`), To: []byte(`""`)}, `x "a b" -> ""`},
		{Change{Path: "l", Op: "move", From: []byte(`[1]`), To: []byte(`[2]`), Note: "n"}, "l reordered (n)"},
		{Change{Path: "data.k", Op: "change", From: []byte(`"redacted:1:ab"`), To: []byte(`"redacted:1:cd"`)}, "data.k (redacted) -> (redacted)"},
		{Change{Path: "x", Op: "add", To: []byte(strings.Repeat("é", 400))}, "+ x " + strings.Repeat("é", 118) + "…"},
	} {
		if got := tc.in.Line(); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.in, got, tc.want)
		}
	}
}

func BenchmarkProject(b *testing.B) {
	in := randomInput(rand.New(rand.NewPCG(1, 2)), 1000, 40)
	mode := find(b, Builtin(), "tracing", "")
	b.ReportAllocs()
	for b.Loop() {
		Project(in, mode, Options{Limit: 50_000})
	}
}

package local

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// answers asks everything about every object that is wanted, and the whole, and keeps a digest of each answer.
func answers(t *testing.T, e *Engine, wanted func(uid string) bool) map[string]string {
	t.Helper()
	ctx := context.Background()
	out := map[string]string{}
	keep := func(question string, answer any, err error) {
		if err != nil && engine.KindOf(err) == "" {
			t.Fatalf("%s: %v", question, err)
		}
		if err != nil {
			answer = err
		}
		b, err := json.Marshal(answer)
		if err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		out[question] = fmt.Sprintf("%x", sha256.Sum256(b))
	}
	objects, err := e.Objects(ctx, query.Objects{Limit: 100_000})
	keep("objects", objects, err)
	var uids []record.UID
	for _, o := range objects.Objects {
		if !wanted(o.UID) {
			continue
		}
		one := query.Object{UID: record.UID(o.UID)}
		uids = append(uids, one.UID)
		words := fmt.Sprintf("%s/%s -n %s %s", o.Resource, o.Name, o.Namespace, o.UID)
		h, err := e.History(ctx, query.History{Object: one, AllLife: true, Reads: true, Limit: 100_000})
		keep("history "+words, h, err)
		s, err := e.State(ctx, query.State{Object: one})
		keep("state "+words, s, err)
		b, err := e.Blame(ctx, query.Blame{Object: one, Noise: true})
		keep("blame "+words, b, err)
		if o.FirstSeen != nil && o.LastSeen != nil {
			mid := o.FirstSeen.Add(o.LastSeen.Sub(*o.FirstSeen) / 2)
			s, err := e.State(ctx, query.State{Object: one, Point: query.Point{At: mid}})
			keep("state in the middle of "+words, s, err)
			d, err := e.Diff(ctx, query.Diff{Object: one, From: query.Point{At: mid}, Noise: true})
			keep("diff "+words, d, err)
		}
		traceAnswers(ctx, e, one, words, keep)
		c, err := e.Coverage(ctx, query.Coverage{Object: one})
		keep("coverage "+words, c, err)
	}
	for _, filter := range []string{``, `kind == "request" && request.code >= 400`, `object.spec.replicas > 3`, `oldObject.spec.replicas != object.spec.replicas && request.user != ""`} {
		for _, newest := range []bool{false, true} {
			var hits []*engine.Hit
			end, err := e.Search(ctx, query.Search{Filter: filter, Newest: newest, Reads: true, Limit: 500}, func(h *engine.Hit) error {
				hits = append(hits, h)
				return nil
			})
			keep(fmt.Sprintf("search %q newest=%v", filter, newest), []any{hits, end}, err)
		}
	}
	tracesAnswers(ctx, e, keep)
	lanesAnswers(ctx, t, e, uids, keep)
	timelineAnswers(ctx, t, e, keep)
	c, err := e.Coverage(ctx, query.Coverage{})
	keep("coverage", c, err)
	stat, err := e.Stat(ctx, query.Stat{Top: 1000})
	if err == nil { // what is on disk depends on compaction
		stat.Disk, stat.OnDisk = nil, 0
	}
	keep("stat", stat, err)
	return out
}

func compareAnswers(t *testing.T, want, got map[string]string) {
	t.Helper()
	shown := 0
	for _, q := range slices.Sorted(maps.Keys(want)) {
		if want[q] != got[q] {
			if shown++; shown <= 10 {
				t.Errorf("another answer to: %s", q)
			}
		}
	}
	if len(want) != len(got) || shown > 10 {
		t.Errorf("%d of %d answers differ, %d were given", shown, len(want), len(got))
	}
}

var everything = flag.Bool("everything", false, "ask about every object, not only about one of sixteen and those with two bodies for a revision")

// TestSameFactsSameAnswers delivers the records of a recording in other orders and batches, twice, from one source after
// the other, and seals: every answer stays the same. Both bodies of every revision that has two are among them.
func TestSameFactsSameAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("asks everything about everything, several times")
	}
	for _, name := range allRecordings {
		t.Run(name, func(t *testing.T) {
			records := recording(t, name)
			paired := pairs(records)
			wanted := func(uid string) bool { return *everything || paired[uid] || uid[0] == '0' }
			st := openStore(t)
			want := answers(t, engineOver(t, st, records, 1000), wanted)
			t.Logf("%d records, %d objects with two bodies for one revision, %d answers", len(records), len(paired), len(want))
			if err := st.Seal(context.Background(), func(int, int) {}); err != nil {
				t.Fatal(err)
			}
			t.Run("sealed", func(t *testing.T) { compareAnswers(t, want, answers(t, New(st, Config{Version: "test"}), wanted)) })
			random := rand.New(rand.NewPCG(11, 12))
			shuffled := slices.Clone(records)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			watchFirst := slices.Clone(records)
			slices.Reverse(watchFirst)
			for _, order := range []struct {
				name    string
				records []*record.Record
				batch   int
			}{
				{"shuffled in batches of 7, twice", slices.Concat(shuffled, records), 7},
				{"backwards: watch, then audit", watchFirst, 20_000},
			} {
				t.Run(order.name, func(t *testing.T) {
					compareAnswers(t, want, answers(t, engineOver(t, openStore(t), order.records, order.batch), wanted))
				})
			}
		})
	}
}

// pairs names the objects of which a revision was recorded with two different bodies.
func pairs(records []*record.Record) map[string]bool {
	bodies := map[record.ID]string{}
	out := map[string]bool{}
	for _, r := range records {
		if r.Kind != record.KindRevision {
			continue
		}
		id := r.ID()
		if body, seen := bodies[id]; seen && body != string(r.Revision.Body) {
			out[string(r.Ref.UID)] = true
		}
		bodies[id] = string(r.Revision.Body)
	}
	return out
}

// TestReference compares the driver's answers with those over the plainest store there can be.
func TestReference(t *testing.T) {
	records := recording(t, "deployment")
	var few []*record.Record // the plain store looks at everything for everything
	for _, r := range records {
		if r.Ref.Namespace == "shop" && (r.Ref.Resource == "deployments" || r.Ref.Resource == "services" || r.Kind == record.KindKubeEvent) {
			few = append(few, r)
		}
	}
	if len(few) == 0 {
		t.Fatal("nothing left to compare")
	}
	all := func(string) bool { return true }
	compareAnswers(t, answers(t, engineOver(t, newMemStore(), few, 100), all), answers(t, engineOver(t, openStore(t), few, 100), all))
}

var (
	_ store.Store = (*memStore)(nil)
)

package local

import (
	"context"
	"crypto/sha256"
	"encoding/json"
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

// answers asks everything about everything and keeps a digest of each answer.
func answers(t *testing.T, e *Engine) map[string]string {
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
	for _, o := range objects.Objects {
		one := query.Object{UID: record.UID(o.UID)}
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

// TestSameFactsSameAnswers delivers the records of a recording in other orders and batches, twice, from one source after
// the other, and seals: every answer stays the same. Both bodies of every revision that has two are among them.
func TestSameFactsSameAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("asks everything about everything, several times")
	}
	for _, name := range allRecordings {
		t.Run(name, func(t *testing.T) {
			records := recording(t, name)
			st := openStore(t)
			want := answers(t, engineOver(t, st, records, 1000))
			t.Logf("%d records, %d revisions with two bodies, %d answers", len(records), pairs(records), len(want))
			if err := st.Seal(context.Background(), func(int, int) {}); err != nil {
				t.Fatal(err)
			}
			t.Run("sealed", func(t *testing.T) { compareAnswers(t, want, answers(t, New(st, Config{Version: "test"}))) })
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
					compareAnswers(t, want, answers(t, engineOver(t, openStore(t), order.records, order.batch)))
				})
			}
		})
	}
}

// pairs counts the revisions of which two different bodies were recorded.
func pairs(records []*record.Record) int {
	bodies := map[record.ID]map[string]bool{}
	for _, r := range records {
		if r.Kind == record.KindRevision {
			id := r.ID()
			if bodies[id] == nil {
				bodies[id] = map[string]bool{}
			}
			bodies[id][string(r.Revision.Body)] = true
		}
	}
	n := 0
	for _, b := range bodies {
		if len(b) > 1 {
			n++
		}
	}
	return n
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
	compareAnswers(t, answers(t, engineOver(t, newMemStore(), few, 100)), answers(t, engineOver(t, openStore(t), few, 100)))
}

var (
	_ store.Store = (*memStore)(nil)
)

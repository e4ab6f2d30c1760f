package object

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubewake/kubewake/record"
)

// sortedUIDs makes walks over a recording repeatable.
func sortedUIDs(all map[record.UID][]*record.Record) []record.UID {
	var uids []record.UID
	for uid := range all {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	return uids
}

func TestRecordings(t *testing.T) {
	for _, dir := range recordings(t) {
		all := revisionsOf(t, dir)
		t.Run(filepath.Base(dir)+"/variants", func(t *testing.T) { checkVariants(t, all) })
		t.Run(filepath.Base(dir)+"/diffs", func(t *testing.T) { checkDiffs(t, all) })
		t.Run(filepath.Base(dir)+"/blame", func(t *testing.T) { checkBlame(t, all) })
	}
}

// checkVariants: no two bodies of one revision differ in any recording, and the choice does not depend on their order.
func checkVariants(t *testing.T, all map[record.UID][]*record.Record) {
	pairs, conflicts := 0, 0
	for _, uid := range sortedUIDs(all) {
		for _, variants := range byRV(all[uid]) {
			if len(variants) < 2 {
				continue
			}
			pairs++
			want := Choose(slices.Clone(variants))
			slices.Reverse(variants)
			if got := Choose(variants); got.Best() != want.Best() || got.Conflict != want.Conflict {
				t.Errorf("%s: the choice depends on the order", uid)
			}
			if want.Conflict {
				conflicts++
				a, _ := Parse(want.Records[0].Revision.Body)
				b, _ := Parse(want.Records[1].Revision.Body)
				t.Errorf("%s %s %d: %s", want.Best().Ref.Kind, want.Best().Ref.Name, want.RV, Summarize(Diff(a, b, DiffOptions{Schema: SchemaOf(a), Noise: true})))
			}
		}
	}
	t.Logf("%d revisions with several bodies, %d in conflict", pairs, conflicts)
}

// checkDiffs: every diff applied to a state gives the next, its paths read back, no state differs from itself.
func checkDiffs(t *testing.T, all map[record.UID][]*record.Record) {
	diffs := 0
	for _, uid := range sortedUIDs(all) {
		states := statesOf(all[uid])
		for i := 1; i < len(states); i++ {
			a, b := states[i-1].Value, states[i].Value
			s := SchemaOf(b)
			d := Diff(a, b, DiffOptions{Schema: s, Noise: true})
			if got := apply(t, a, d, s); !Equal(got, b, s) {
				t.Fatalf("%s %d: diff applied is not the next state:\n%s", uid, states[i].RV, Summarize(Diff(got, b, DiffOptions{Schema: s, Noise: true})))
			}
			if d := Diff(b, b, DiffOptions{Schema: s, Noise: true}); !d.Empty() {
				t.Fatalf("%s: a state differs from itself", uid)
			}
			for _, c := range d.Changes {
				back, err := ParsePath(c.Path.String())
				if err != nil || !back.Equal(c.Path) {
					t.Fatalf("path %s does not read back: %v", c.Path, err)
				}
			}
			diffs++
		}
	}
	t.Logf("%d diffs", diffs)
}

// leavesOf flattens a state, list items named by their keys, without the code under test for blame.
func leavesOf(v *Value, s Schema, path Path, out map[string]string) {
	switch {
	case v.leaf():
		out[path.String()] = v.String()
	case v.kind == Object:
		for _, m := range v.Members() {
			leavesOf(m.Value, s.field(m.Name), path.Field(m.Name), out)
		}
	default:
		by, _, _ := identify(s, v.Items())
		for i, item := range v.Items() {
			leavesOf(item, s.item(), path.with(by.step(item, i)), out)
		}
	}
}

// checkBlame asks 200 random questions and compares with a replay.
func checkBlame(t *testing.T, all map[record.UID][]*record.Record) {
	uids := sortedUIDs(all)
	random := rand.New(rand.NewPCG(1, 2))
	for asked := 0; asked < 200; {
		states := statesOf(all[uids[random.IntN(len(uids))]])
		upto := 1 + random.IntN(len(states))
		states = states[:upto]
		s := SchemaOf(states[upto-1].Value)
		fields := Blame(states, BlameOptions{Schema: s, Noise: true})
		if len(fields) == 0 {
			t.Fatalf("no fields")
		}
		for range min(10, len(fields)) {
			f := fields[random.IntN(len(fields))]
			if want := lastChange(states, f.Path.String(), s); f.Index != want {
				t.Errorf("%s at %d: blamed on state %d, replay says %d (%s)", f.Path, states[upto-1].RV, f.Index, want, f.Value)
			}
			asked++
		}
	}
}

// lastChange replays: the last state in which the leaf's value is not what it was in the state before.
func lastChange(states []State, path string, s Schema) int {
	at, last := Before, ""
	for i := range states {
		leaves := map[string]string{}
		leavesOf(states[i].Value, s, nil, leaves)
		if i > 0 && leaves[path] != last {
			at = i
		}
		last = leaves[path]
	}
	return at
}

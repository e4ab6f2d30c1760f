package local

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/index"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
)

// TestTellAgreesWithLives: what is told of single records is what whole lives tell of them, whichever are asked for together.
func TestTellAgreesWithLives(t *testing.T) {
	e := testEngine(t, "deployment")
	random := rand.New(rand.NewPCG(1, 2))
	type known struct {
		life *index.Life
		n    int // state; -1: the end
	}
	var records []*record.Record
	var want []known
	for entry, err := range e.st.Objects(t.Context(), store.ObjectScan{NoEvents: true}) {
		if err != nil {
			t.Fatal(err)
		}
		life, err := e.life(t.Context(), entry, index.Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		for n := range life.States {
			records = append(records, &record.Record{Kind: record.KindRevision, Ref: entry.Ref, Revision: &record.Revision{RV: life.States[n].RV, Partial: record.PartialMoved}})
			want = append(want, known{life, n})
		}
		if life.End != nil {
			records = append(records, &record.Record{Kind: record.KindEnd, Ref: entry.Ref, End: &record.End{}})
			want = append(want, known{life, -1})
		}
	}
	random.Shuffle(len(records), func(i, j int) {
		records[i], records[j] = records[j], records[i]
		want[i], want[j] = want[j], want[i]
	})
	exact, changed := 0, 0
	for len(records) > 0 {
		n := min(1+random.IntN(200), len(records))
		told, err := e.Tell(t.Context(), records[:n])
		if err != nil {
			t.Fatal(err)
		}
		for i := range told {
			w := want[i]
			when := w.life.EndWhen
			if w.n >= 0 {
				when = w.life.When[w.n]
				revision, _ := revisionOf(w.life, w.n)
				if diff := cmp.Diff(revision.Changes[:min(len(revision.Changes), toldChanges)], nonNilChanges(told[i].Changes)); diff != "" && w.life.Schema.Known() {
					t.Errorf("%s at %d: changes: %s", entryWords(w.life.Entry), w.life.States[w.n].RV, diff)
				}
				if told[i].First != (w.n == 0) || len(told[i].Changes)+told[i].MoreChanges != len(revision.Changes) && w.life.Schema.Known() {
					t.Errorf("%s at %d: %+v", entryWords(w.life.Entry), w.life.States[w.n].RV, told[i])
				}
				changed += min(len(revision.Changes), 1)
			}
			if told[i].Gone || told[i].Object.UID != w.life.Entry.Ref.UID || told[i].At.IsZero() || told[i].At.Before(when.NotBefore) {
				t.Errorf("%s: told %+v, its time is %v", entryWords(w.life.Entry), told[i], when)
			}
			if told[i].At.Equal(shown(when)) {
				exact++
			}
		}
		records, want = records[n:], want[n:]
	}
	if exact < 300 || changed < 200 {
		t.Errorf("%d times as in lives, %d with changes", exact, changed)
	}
}

func nonNilChanges(list []engine.Change) []engine.Change {
	if list == nil {
		return []engine.Change{}
	}
	return list
}

// TestTellOfRequestsAndEvents: they are about an object with a UID, where one is known, also if they name it alone.
func TestTellOfRequestsAndEvents(t *testing.T) {
	e := testEngine(t, "deployment-metadata")
	var records []*record.Record
	for _, r := range recording(t, "deployment-metadata") {
		if r.Kind == record.KindKubeEvent || (r.Kind == record.KindRequest && r.Ref.Name != "" && !r.Request.IsRead()) {
			records = append(records, r)
		}
	}
	told, err := e.Tell(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	named, found := 0, 0
	for i, r := range records {
		if !told[i].At.Equal(r.OccurredAt) {
			t.Errorf("%s: at %v", recordWords(r), told[i].At)
		}
		if told[i].Object.Subresource != "" {
			t.Errorf("%s: %+v", recordWords(r), told[i].Object)
		}
		if r.Kind == record.KindRequest && namedUID(r) == "" {
			named++
			if told[i].Object.UID != "" {
				found++
			}
		}
		if r.Kind == record.KindKubeEvent && told[i].Object.Resource == "pods" && told[i].Object.UID == "" {
			t.Errorf("an Event of pod %s has no UID", told[i].Object.Name)
		}
	}
	if named < 20 || found*2 < named {
		t.Errorf("of %d requests that name no UID %d found theirs", named, found)
	}
	gone, err := e.Tell(t.Context(), []*record.Record{{Kind: record.KindRevision, Ref: record.ObjectRef{Cluster: "local", UID: "nobody"}, Revision: &record.Revision{RV: 5}}})
	if err != nil || !gone[0].Gone {
		t.Errorf("%+v %v", gone, err)
	}
}

func TestNotes(t *testing.T) {
	e := New(openStore(t), Config{})
	n := e.Notes("test")
	if err := n.Set(t.Context(), []engine.Note{{Key: []byte("a"), Value: []byte{}}, {Key: []byte("ab"), Value: []byte("1")}, {Key: []byte("b"), Value: []byte("2")}}); err != nil {
		t.Fatal(err)
	}
	if err := n.Set(t.Context(), []engine.Note{{Key: []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	values, err := n.Values(t.Context(), [][]byte{[]byte("ab"), []byte("a"), []byte("b"), []byte("abc"), {}})
	if err != nil || !bytes.Equal(values[0], []byte("1")) || values[1] == nil || values[2] != nil || values[3] != nil || values[4] != nil {
		t.Errorf("%q %v", values, err)
	}
	var keys []string
	for note, err := range n.Scan(t.Context(), []byte("a")) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, string(note.Key))
		if err := n.Set(t.Context(), []engine.Note{{Key: note.Key}, {Key: []byte("a" + string(note.Key)), Value: []byte("new")}}); err != nil { // it sees what there was
			t.Fatal(err)
		}
	}
	if !slices.Equal(keys, []string{"a", "ab"}) {
		t.Errorf("%q", keys)
	}
}

package pebble

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store/storetest"
)

// TestRecordings: whatever the order, the batches, the repetitions and the moment of sealing, the records of a real cluster make the same store.
// KUBEWAKE_RECORDINGS names other recordings than the repository's.
func TestRecordings(t *testing.T) {
	root := os.Getenv("KUBEWAKE_RECORDINGS")
	if root == "" {
		root = "../../testdata/recordings"
	}
	names := []string{"deployment", "scenarios"}
	if testing.Short() {
		names = names[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			list := recorded(t, filepath.Join(root, name))
			if pairs := differingBodies(list); pairs == 0 {
				t.Error("no resourceVersion has two bodies: the recording does not test variants")
			}
			anyOrder(t, list)
		})
	}
}

func recorded(t *testing.T, dir string) (list []*record.Record) {
	t.Helper()
	key, err := redact.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	_, err = input.Read(t.Context(), []string{dir}, input.Options{Redactor: redactor, ReceivedAt: time.Unix(1_800_000_000, 0)}, func(_ context.Context, batch []*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// differingBodies counts the revisions that were delivered with more than one body.
func differingBodies(list []*record.Record) (n int) {
	first, counted := map[record.ID]*record.Record{}, map[record.ID]bool{}
	for _, r := range list {
		if r.Kind != record.KindRevision {
			continue
		}
		id := r.ID()
		have := first[id]
		if have == nil {
			first[id] = r
			continue
		}
		if !counted[id] && !bytes.Equal(have.Revision.Body, r.Revision.Body) {
			counted[id] = true
			n++
		}
	}
	return n
}

func anyOrder(t *testing.T, list []*record.Record) {
	watchFirst := slices.Clone(list)
	slices.SortStableFunc(watchFirst, func(a, b *record.Record) int { return int(b.Provenance.Sources) - int(a.Provenance.Sources) })
	auditFirst := slices.Clone(watchFirst)
	slices.Reverse(auditFirst)
	shuffled := append(slices.Clone(list), list...)
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var want []string
	for _, way := range []struct {
		name  string
		list  []*record.Record
		batch int
		o     Options
		seal  bool
	}{
		{"as read", list, 1000, Options{Bulk: true}, false},
		{"watch before audit", watchFirst, 97, Options{NoSync: true}, true},
		{"audit before watch", auditFirst, 5000, Options{NoSync: true}, false},
		{"twice, shuffled, sealed", shuffled, 333, Options{NoSync: true, BlockBytes: 4 << 10}, true},
	} {
		s := openMem(t, way.o)
		if err := storetest.Fill(t.Context(), s, way.list, way.batch); err != nil {
			t.Fatal(err)
		}
		if way.seal {
			if err := s.Seal(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		got, err := storetest.Dump(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		closeStore(t, s)
		if want == nil {
			want = got
		}
		if !slices.Equal(want, got) {
			for i := range want {
				if i >= len(got) || want[i] != got[i] {
					t.Fatalf("%s: line %d of %d tells otherwise:\n%.1000s\n%.1000s", way.name, i, len(want), want[i], got[min(i, len(got)-1)])
				}
			}
		}
	}
}

package index

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/join"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/audit"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

const recordings = "../testdata/recordings"

// TestAttributionAtMetadata reads a recording whole, and again with the audit events stripped to what level Metadata keeps. The
// makers found with bodies (held against an independent truth in package join) are what the stripped ones must name: none wrong,
// the actor for 99.5 %, the one request for 97 %, else candidates that hold it.
func TestAttributionAtMetadata(t *testing.T) {
	for _, name := range []string{"deployment", "scenarios"} {
		whole := makersOf(t, storeOf(t, false, name))
		stripped := makersOf(t, storeOf(t, true, name))
		var total, single, actor int
		for at, want := range whole {
			if want.Certainty != join.Exact && want.Certainty != join.Inferred {
				continue
			}
			got, known := stripped[at]
			if !known {
				continue // a state that only an answer's body told
			}
			total++
			is := func(r *record.Record) bool { return r.Request.AuditID == want.Request.Request.AuditID }
			switch got.Certainty {
			case join.Exact, join.Inferred:
				if !is(got.Request) {
					t.Errorf("%s: %v is said to be made by %s, and was by %s", name, at, got.Request.Request.AuditID, want.Request.Request.AuditID)
					continue
				}
				single, actor = single+1, actor+1
			case join.Candidates:
				if !slices.ContainsFunc(got.Candidates, is) {
					t.Errorf("%s: the candidates for %v lack %s", name, at, want.Request.Request.AuditID)
				}
				other := func(r *record.Record) bool { return r.Request.Actor.User != want.Request.Request.Actor.User }
				if !slices.ContainsFunc(got.Candidates, other) {
					actor++
				}
			default:
				t.Errorf("%s: %v has no maker", name, at)
			}
		}
		share := func(n int) float64 { return 100 * float64(n) / float64(total) }
		t.Logf("%s: %d states and ends; single request %.2f %%, actor %.2f %%", name, total, share(single), share(actor))
		if total < 500 || share(single) < 97 || share(actor) < 99.5 {
			t.Errorf("%s: below the bars", name)
		}
	}
}

// TestEndsLieInTheirEpoch gives two clusters one name, as a rebuilt one has: the resourceVersions of both are used twice, and an
// end must be bounded by the clock of its own time.
func TestEndsLieInTheirEpoch(t *testing.T) {
	ctx, st := context.Background(), storeOf(t, false, "deployment", "scenarios")
	clocks := NewClocks(st)
	clock, err := clocks.Of(ctx, input.DefaultCluster, record.MainStorage)
	if err != nil {
		t.Fatal(err)
	}
	if clock.Epochs() != 2 {
		t.Fatalf("got %d epochs, want 2", clock.Epochs())
	}
	second := clock.EpochStarts()[0]
	ends := 0
	for entry, err := range st.Objects(ctx, store.ObjectScan{Namespace: "shop"}) {
		if err != nil {
			t.Fatal(err)
		}
		life, err := ReadLife(ctx, st, clocks, entry, Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		if life.End == nil || len(life.Epochs) == 0 || entry.CreatedAt.After(second) {
			continue
		}
		ends++
		if !life.EndWhen.NotAfter.Before(second) {
			t.Errorf("%s/%s ended by %v, in another epoch than it lived", entry.Ref.Kind, entry.Ref.Name, life.EndWhen.NotAfter)
		}
	}
	if ends < 20 {
		t.Errorf("only %d ends in the first epoch", ends)
	}
}

// made is one state of one object; its end where end is set.
type made struct {
	uid record.UID
	rv  record.ResourceVersion
	end bool
}

func makersOf(t *testing.T, st store.Store) map[made]join.Maker {
	t.Helper()
	ctx, clocks := context.Background(), NewClocks(st)
	out := map[made]join.Maker{}
	for entry, err := range st.Objects(ctx, store.ObjectScan{}) {
		if err != nil {
			t.Fatal(err)
		}
		life, err := ReadLife(ctx, st, clocks, entry, Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range life.States {
			if life.States[i].Chosen.Best().Provenance.Sources.Has(record.FromWatch) && i < len(life.Makers) {
				out[made{entry.Ref.UID, life.States[i].RV, false}] = life.Makers[i]
			}
		}
		if life.End != nil && life.End.End.Sources.Has(record.FromWatch) {
			out[made{entry.Ref.UID, 0, true}] = life.EndMaker
		}
	}
	return out
}

func storeOf(t *testing.T, strip bool, names ...string) store.Store {
	t.Helper()
	var paths []string
	for _, name := range names {
		dir := filepath.Join(recordings, name)
		paths = append(paths, filepath.Join(dir, "watch"))
		for _, file := range []string{"bootstrap.audit.jsonl.zst", "audit.jsonl.zst"} {
			path := filepath.Join(dir, file)
			if strip {
				path = stripped(t, path, 1)
			}
			paths = append(paths, path)
		}
	}
	st, err := pebble.Open(t.TempDir(), pebble.Options{Bulk: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	write := func(ctx context.Context, records []*record.Record) error {
		_, err := st.Append(ctx, records)
		return err
	}
	if _, err := input.Read(context.Background(), paths, input.Options{Redactor: redact.Off(), Limits: audit.Limits{}}, write); err != nil {
		t.Fatal(err)
	}
	if err := st.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	return st
}

// stripped writes what an apiserver logs at level Metadata, no bodies, of every n-th event.
func stripped(t testing.TB, path string, n int) string {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	z, err := zstd.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(path)+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 64<<20)
	for i := 0; lines.Scan(); i++ {
		if i%n > 0 {
			if _, err := out.Write(append(lines.Bytes(), '\n')); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var event map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		delete(event, "requestObject")
		delete(event, "responseObject")
		event["level"] = json.RawMessage(`"Metadata"`)
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

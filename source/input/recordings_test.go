package input

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
)

// recordings is the directory of the recordings: real ones where KUBEWAKE_RECORDINGS names them, else the
// repository's redacted copies.
func recordings(tb testing.TB, name ...string) string {
	tb.Helper()
	dir := os.Getenv("KUBEWAKE_RECORDINGS")
	if dir == "" {
		dir = "../../testdata/recordings"
	}
	path := filepath.Join(append([]string{dir}, name...)...)
	if _, err := os.Stat(path); err != nil {
		tb.Skip("no recordings:", err)
	}
	return path
}

// read collects all records of the paths.
func read(tb testing.TB, o Options, paths ...string) ([]*record.Record, *Report) {
	tb.Helper()
	if o.Redactor == nil {
		o.Redactor = redact.Off()
	}
	var mu sync.Mutex
	var all []*record.Record
	report, err := Read(context.Background(), paths, o, func(_ context.Context, records []*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, records...)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all, report
}

// Every DELETED of the watch must have the End evidence that its request gave, and no request may claim the end of
// an object that the watch saw living on.
func TestEndsAgreeWithTheWatch(t *testing.T) {
	for _, name := range []string{"deployment", "scenarios", "deployment-allstages"} {
		t.Run(name, func(t *testing.T) {
			watched, _ := read(t, Options{}, recordings(t, name, "watch"))
			audited, _ := read(t, Options{}, recordings(t, name, "audit.jsonl.zst"), recordings(t, name, "bootstrap.audit.jsonl.zst"))
			ended := map[record.UID]*record.Record{}
			last := map[record.UID]record.ResourceVersion{}
			for _, r := range watched {
				switch r.Kind {
				case record.KindEnd:
					ended[r.Ref.UID] = r
				case record.KindRevision:
					last[r.Ref.UID] = max(last[r.Ref.UID], r.Revision.RV)
				}
			}
			claimed := map[record.UID][]*record.Record{}
			unwatched := 0
			for _, r := range audited {
				if r.Kind != record.KindEnd {
					continue
				}
				claimed[r.Ref.UID] = append(claimed[r.Ref.UID], r)
				end, ok := ended[r.Ref.UID]
				if !ok {
					if _, seen := last[r.Ref.UID]; seen {
						t.Errorf("%s %s/%s: a request ended it, the watch did not see that", r.Ref.Resource, r.Ref.Namespace, r.Ref.Name)
					}
					unwatched++
					continue
				}
				if r.End.RV != 0 && r.End.RV != end.End.RV {
					t.Errorf("%s %s/%s: End.RV %d by audit, %d by watch", r.Ref.Resource, r.Ref.Namespace, r.Ref.Name, r.End.RV, end.End.RV)
				}
				if a, b := r.Ref.GroupResource(), end.Ref.GroupResource(); a != b || r.Ref.Name != end.Ref.Name || r.Ref.Namespace != end.Ref.Namespace {
					t.Errorf("audit names %v, watch %v", r.Ref, end.Ref)
				}
			}
			without, doubled := 0, 0
			for uid, end := range ended {
				switch len(claimed[uid]) {
				case 0:
					without++
					t.Errorf("%s %s/%s: no request ended it", end.Ref.Resource, end.Ref.Namespace, end.Ref.Name)
				case 1:
				default:
					doubled++
					for _, r := range claimed[uid] {
						t.Logf("%s %s: one of several: %s", r.Ref.Resource, r.Ref.Name, r.End.Requests[0].At)
					}
				}
			}
			t.Logf("%d DELETED, %d without a request, %d with more than one; %d ends of unwatched resources", len(ended), without, doubled, unwatched)
		})
	}
}

// A revision that audit and watch both tell of must be the same, byte for byte where the API version is the same.
func TestRevisionsAgreeWithTheWatch(t *testing.T) {
	for _, name := range []string{"deployment", "scenarios", "deployment-allstages"} {
		t.Run(name, func(t *testing.T) {
			watched, _ := read(t, Options{}, recordings(t, name, "watch"))
			audited, _ := read(t, Options{}, recordings(t, name, "audit.jsonl.zst"), recordings(t, name, "bootstrap.audit.jsonl.zst"))
			type key struct {
				uid record.UID
				rv  record.ResourceVersion
			}
			states := map[key]*record.Record{}
			objects := map[record.UID]bool{}
			ends := map[key]bool{}
			began := map[record.GroupResource]record.ResourceVersion{}
			for _, r := range watched {
				if r.Kind == record.KindProgress {
					began[r.Ref.GroupResource()] = r.Progress.RV
				}
				if r.Kind == record.KindRevision {
					states[key{r.Ref.UID, r.Revision.RV}] = r
					objects[r.Ref.UID] = true
				}
				if r.Kind == record.KindEnd {
					ends[key{r.Ref.UID, r.End.RV}] = true
				}
			}
			counts := map[string]int{}
			for _, r := range audited {
				if r.Kind != record.KindRevision {
					continue
				}
				k := key{r.Ref.UID, r.Revision.RV}
				w, ok := states[k]
				switch {
				case ends[k]:
					t.Errorf("%s %s: revision %d is its end", r.Ref.Resource, r.Ref.Name, r.Revision.RV)
				case !objects[r.Ref.UID]:
					counts["object not watched"]++
				case !ok && r.Revision.RV < began[r.Ref.GroupResource()]:
					counts["before the watch"]++
				case !ok:
					counts["not watched"]++
					if r.Revision.Partial == record.Whole {
						t.Errorf("%s %s: revision %d was not seen by the watch", r.Ref.Resource, r.Ref.Name, r.Revision.RV)
					}
				case r.Revision.Partial != record.Whole:
					counts[r.Revision.Partial.String()]++
				case r.Ref.GroupResource() != w.Ref.GroupResource() || r.Ref.Kind != w.Ref.Kind || r.Ref.Namespace != w.Ref.Namespace || r.Ref.Name != w.Ref.Name:
					t.Errorf("audit names %+v, watch %+v", r.Ref, w.Ref)
				case string(r.Revision.Body) == string(w.Revision.Body):
					counts["equal"]++
				case r.Ref.Version != w.Ref.Version:
					counts["other API version"]++
				default:
					t.Errorf("%s %s: revision %d differs:\n%s\n%s", r.Ref.Resource, r.Ref.Name, r.Revision.RV, r.Revision.Body, w.Revision.Body)
				}
			}
			t.Log(counts)
		})
	}
}

// Both shapes of one state of an Event must give one and the same record, whichever stream brought it.
func TestEventsHaveOneForm(t *testing.T) {
	type key struct {
		uid record.UID
		rv  record.ResourceVersion
	}
	for _, name := range []string{"deployment", "deployment-metadata", "deployment-allstages", "scenarios"} {
		t.Run(name, func(t *testing.T) {
			seen := map[key][]*record.Record{}
			sources := map[string][]string{
				"core":   {recordings(t, name, "watch", "watch-v1_events.jsonl.zst"), recordings(t, name, "watch", "list-v1_events.json.zst")},
				"events": {recordings(t, name, "watch", "watch-events.k8s.io_v1_events.jsonl.zst"), recordings(t, name, "watch", "list-events.k8s.io_v1_events.json.zst")},
				"audit":  {recordings(t, name, "audit.jsonl.zst"), recordings(t, name, "bootstrap.audit.jsonl.zst")},
				"final":  {recordings(t, name, "events.final.json.zst")},
			}
			counts := map[string]int{}
			for source, paths := range sources {
				records, _ := read(t, Options{}, paths...)
				for _, r := range records {
					if r.Ref.GroupResource().IsEvents() && (r.Kind == record.KindRevision || r.Kind == record.KindEnd) {
						t.Errorf("an Event made a %s", r.Kind)
					}
					if r.Kind == record.KindKubeEvent {
						bare := *r
						bare.Provenance = record.Provenance{}
						k := key{r.Ref.UID, r.KubeEvent.RV}
						seen[k] = append(seen[k], &bare)
						counts[source]++
					}
				}
			}
			compared := 0
			for _, states := range seen {
				for _, r := range states[1:] {
					compared++
					if diff := cmp.Diff(states[0], r); diff != "" {
						t.Fatal(diff)
					}
				}
			}
			if counts["core"] == 0 || counts["events"] == 0 {
				t.Error("a source gave no Events")
			}
			t.Log(counts, "states:", len(seen), "compared:", compared)
		})
	}
}

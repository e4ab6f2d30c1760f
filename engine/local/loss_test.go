package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

// damaged removes one of twenty lines of a recording at random. The lists, which are one line each, stay.
func damaged(t *testing.T, name string, random *rand.Rand) (dir string, removed int) {
	t.Helper()
	dir = t.TempDir()
	from := filepath.Join(recordings(t), name)
	files, err := filepath.Glob(filepath.Join(from, "watch", "*.zst"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(from, "bootstrap.audit.jsonl.zst"), filepath.Join(from, "audit.jsonl.zst"))
	for _, file := range files {
		lines := rawLines(t, file)
		if len(lines) > 1 {
			before := len(lines)
			lines = slices.DeleteFunc(lines, func([]byte) bool { return random.IntN(20) == 0 })
			removed += before - len(lines)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".zst")
		if err := os.WriteFile(filepath.Join(dir, name), append(bytes.Join(lines, []byte("\n")), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, removed
}

// TestRandomLoss removes 5 % of the lines and compares every object's answers with those of the whole recording: an answer
// that has become another one should say that something is missing. What the remaining records show to be missing must
// be said; what they can not show is counted and printed.
func TestRandomLoss(t *testing.T) {
	ctx := context.Background()
	names := []string{"deployment-metadata", "scenarios"}
	if *everything {
		names = allRecordings
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(5, 20))
			dir, removed := damaged(t, name, random)
			whole := testEngine(t, name)
			part := engineOver(t, openStore(t), readRecords(t, dir), 1000)
			evident := evidentLosses(t, dir)
			objects, err := whole.Objects(ctx, query.Objects{Limit: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			asked, changed, flagged, unseen, exactWrong := 0, 0, 0, 0, 0
			for _, o := range objects.Objects {
				one := query.Object{UID: record.UID(o.UID)}
				want, err := whole.History(ctx, query.History{Object: one})
				if err != nil {
					t.Fatal(err)
				}
				got, err := part.History(ctx, query.History{Object: one})
				if engine.KindOf(err) == engine.KindNotFound {
					unseen++ // nothing at all is left of it
					asked, changed = asked+1, changed+1
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				asked++
				says := saysLoss(got.Coverage)
				if why := evident[o.UID]; why != "" && !says {
					t.Errorf("%s/%s -n %s %s: %s, and the history does not say so", o.Resource, o.Name, o.Namespace, o.UID, why)
				}
				if got.Coverage.Complete {
					t.Errorf("%s/%s -n %s calls itself complete", o.Resource, o.Name, o.Namespace)
				}
				if shape(want) == shape(got) {
					continue
				}
				changed++
				if says {
					flagged++
					continue
				}
				unseen++
				exactWrong += wrongBlame(ctx, whole, part, one)
			}
			t.Logf("%d lines removed; of %d histories %d changed, %d of them say that something is missing, %d can not be seen (%.1f %% of the changed); %d fields blamed as exact are wrong in those",
				removed, asked, changed, flagged, unseen, 100*float64(unseen)/float64(max(1, changed)), exactWrong)
		})
	}
}

func saysLoss(c *engine.Coverage) bool {
	return slices.ContainsFunc(c.Gaps, func(g engine.Gap) bool { return strings.HasPrefix(g.Reason, "missing-") })
}

// shape is what a history tells, without what coverage and display add.
func shape(h *engine.History) string {
	var b strings.Builder
	for _, e := range h.Entries {
		if e.Kind != "gap" {
			fmt.Fprintln(&b, e.Kind, e.ID, e.Summary, who(e.Actor))
		}
	}
	return b.String()
}

// wrongBlame counts the fields whose blame claims to be exact and names another revision than that of the whole recording.
func wrongBlame(ctx context.Context, whole, part *Engine, o query.Object) int {
	got, err := part.Blame(ctx, query.Blame{Object: o})
	if err != nil {
		return 0
	}
	rv, _ := strconv.ParseUint(got.Revision, 10, 64)
	want, err := whole.Blame(ctx, query.Blame{Object: o, Point: query.Point{RV: record.ResourceVersion(rv)}})
	if err != nil {
		return 0
	}
	right := map[string]string{}
	for _, f := range want.Fields {
		right[f.Path] = f.ResourceVersion
	}
	wrong := 0
	for _, f := range got.Fields {
		if f.Certainty == engine.Exact && f.Since != nil && right[f.Path] != f.ResourceVersion {
			wrong++
		}
	}
	return wrong
}

// evidentLosses looks at the lines that are left, with nothing of ours, for states that must have been: an update that
// names a state which is not there, and generations that jump.
func evidentLosses(t *testing.T, dir string) map[string]string {
	t.Helper()
	o := &oracle{states: map[string]map[uint64]map[string]any{}, watch: map[string]bool{}, users: map[string][]string{}}
	named := map[string][]uint64{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(content, []byte("\n")) {
			if !strings.Contains(filepath.Base(file), "audit") {
				o.watched(line)
				continue
			}
			o.audit(line)
			var ev struct {
				Verb, Stage    string
				ObjectRef      struct{ UID, ResourceVersion, Resource string }
				ResponseStatus struct{ Code int }
			}
			if json.Unmarshal(line, &ev) == nil && ev.Verb == "update" && ev.Stage == "ResponseComplete" && ev.ResponseStatus.Code == 200 && ev.ObjectRef.UID != "" {
				if rv, err := strconv.ParseUint(ev.ObjectRef.ResourceVersion, 10, 64); err == nil {
					named[ev.ObjectRef.UID] = append(named[ev.ObjectRef.UID], rv)
				}
			}
		}
	}
	out := map[string]string{}
	for uid, states := range o.states {
		rvs := sortedKeys(states)
		if states[rvs[0]]["kind"] == "Event" {
			continue
		}
		for i, rv := range rvs[1:] {
			if before, after := generationOf(states[rvs[i]]), generationOf(states[rv]); before > 0 && after > before+1 {
				out[uid] = fmt.Sprintf("generation %v at %d, %v at %d", before, rvs[i], after, rv)
			}
		}
		for _, rv := range named[uid] {
			answered := len(o.users[uid+"/"+strconv.FormatUint(rv, 10)]) > 0 // by a Scale, say
			if rv > rvs[0] && states[rv] == nil && !answered {
				out[uid] = fmt.Sprintf("an update names %d", rv)
			}
		}
	}
	return out
}

func generationOf(body map[string]any) float64 {
	meta, _ := body["metadata"].(map[string]any)
	n, _ := meta["generation"].(float64)
	return n
}

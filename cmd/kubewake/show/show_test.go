package show_test

import (
	"bytes"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kubewake/kubewake/cmd/kubewake/show"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/internal/golden"
	"github.com/kubewake/kubewake/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

func answers() map[string]func(io.Writer, show.Style) error {
	return map[string]func(io.Writer, show.Style) error{
		"objects":  func(w io.Writer, s show.Style) error { return show.Objects(w, enginetest.Objects(), s) },
		"history":  func(w io.Writer, s show.Style) error { return show.History(w, enginetest.History(), s) },
		"state":    func(w io.Writer, s show.Style) error { return show.State(w, enginetest.State(), s, false) },
		"diff":     func(w io.Writer, s show.Style) error { return show.Diff(w, enginetest.Diff(), s) },
		"blame":    func(w io.Writer, s show.Style) error { return show.Blame(w, enginetest.Blame(), s) },
		"coverage": func(w io.Writer, s show.Style) error { return show.Coverage(w, enginetest.Coverage(), s) },
		"stat":     func(w io.Writer, s show.Style) error { return show.Stat(w, enginetest.Stat(), s) },
		"search": func(w io.Writer, s show.Style) error {
			hits := show.NewHits(w, s)
			for _, hit := range enginetest.Hits() {
				if err := hits.Add(hit); err != nil {
					return err
				}
			}
			return hits.Flush()
		},
		"trace": func(w io.Writer, s show.Style) error { return show.Trace(w, enginetest.Trace(), s) },
		"notes": func(w io.Writer, s show.Style) error {
			h := enginetest.History()
			return show.Notes(w, show.Note{Cut: h.Cut, Cursor: h.Cursor, Coverage: h.Coverage, Marks: show.HistoryMarks(h, s), Ask: "kubewake coverage deploy/web"}, s)
		},
	}
}

func TestGolden(t *testing.T) {
	styles := map[string]show.Style{"plain": {}, "wide": {Wide: true}, "terminal": {Width: 100, Color: true}}
	for style, s := range styles {
		for name, write := range answers() {
			t.Run(name+" "+style, func(t *testing.T) {
				var got bytes.Buffer
				if err := write(&got, s); err != nil {
					t.Fatal(err)
				}
				golden.Equal(t, filepath.Join("testdata", name+"."+style+".txt"), got.String(), *update)
			})
		}
	}
}

// Tables keep within the terminal, unless it is too narrow for anything.
func TestWidth(t *testing.T) {
	for _, width := range []int{80, 100, 140} {
		for _, name := range []string{"history", "objects", "trace"} {
			var got bytes.Buffer
			if err := answers()[name](&got, show.Style{Width: width}); err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(got.String(), "\n") {
				if n := utf8.RuneCountInString(line); i > 0 && n > max(width, 110) {
					t.Errorf("%s at %d: %d columns: %s", name, width, n, line)
				}
			}
		}
	}
}

// What a cluster's users wrote must not act on the terminal of whoever reads it.
func TestControlCharacters(t *testing.T) {
	evil := "\x1b[2J\x1b]0;owned\a\u202eback\nforged line\r\x9b31m"
	h := enginetest.History()
	h.Object.Name = evil
	for i := range h.Entries {
		h.Entries[i].Summary, h.Entries[i].Verb, h.Entries[i].Actor = evil, evil, &engine.Actor{User: evil, UserAgent: evil}
	}
	b := enginetest.Blame()
	b.Fields[0].Path, b.Fields[0].Reason, b.Fields[0].Manager = evil, evil, evil
	d := enginetest.Diff()
	d.Changes = []engine.Change{{Path: evil, Op: "change", From: []byte(`"\u001b[2J\nx"`), To: []byte(`"\u009b31m"`)}}
	c := enginetest.Coverage()
	c.Gaps[0].Sentence, c.Gaps[0].Reason = evil, evil
	st := enginetest.State()
	st.Reason, st.Manifest = evil, []byte(`{"metadata":{"annotations":{"a":"\u001b[2J\u202e"}}}`)
	tr := enginetest.Trace()
	tr.Spans[0].Name, tr.Spans[0].Events[0].Name, tr.Modifier = evil, evil, evil
	tr.Spans[1].Attrs = []trace.Attr{{Key: "record", Value: "request"}, {Key: "summary", Value: evil}, {Key: "user", Value: evil}}
	for name, write := range map[string]func(io.Writer) error{
		"trace":    func(w io.Writer) error { return show.Trace(w, tr, show.Style{Wide: true}) },
		"history":  func(w io.Writer) error { return show.History(w, h, show.Style{Wide: true}) },
		"blame":    func(w io.Writer) error { return show.Blame(w, b, show.Style{Wide: true}) },
		"diff":     func(w io.Writer) error { return show.Diff(w, d, show.Style{}) },
		"coverage": func(w io.Writer) error { return show.Coverage(w, c, show.Style{}) },
		"state":    func(w io.Writer) error { return show.State(w, st, show.Style{Width: 100}, true) },
		"notes":    func(w io.Writer) error { return show.Notes(w, show.Note{Coverage: c, Cut: evil}, show.Style{}) },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(got.String(), func(r rune) bool { return r != '\n' && (r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0x202e) }); i >= 0 {
			t.Errorf("%s: control character at %d: %q", name, i, got.String()[i:min(i+20, got.Len())])
		}
		if strings.Contains(got.String(), "\nforged line") {
			t.Errorf("%s: a line was forged", name)
		}
	}
}

// Times are shown in the zone asked for; the date goes to the heading where all lie on one day there.
func TestZones(t *testing.T) {
	h := enginetest.History()
	h.Entries = h.Entries[:2]
	h.Entries[0].When = engine.When{At: enginetest.At(-14 * 3600 * 1000)} // midnight in UTC
	for zone, want := range map[string]string{"UTC": " 2026-11-20", "America/New_York": " TIME (America/New_York)"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Skip(err)
		}
		var got bytes.Buffer
		if err := show.History(&got, h, show.Style{Zone: location}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.String(), "\n"+want) {
			t.Errorf("%s: no heading %q:\n%s", zone, want, got.String())
		}
	}
}

// Many lives of one name are told apart.
func TestLives(t *testing.T) {
	h := enginetest.History()
	h.Lives = append(h.Lives, engine.Life{UID: "u-2", CreatedAt: enginetest.At(61_000), Revisions: 1})
	h.Entries = append(h.Entries, engine.Entry{ID: "8", Kind: "revision", UID: "u-2", Summary: "created", When: engine.When{At: enginetest.At(61_000)}})
	var got bytes.Buffer
	if err := show.History(&got, h, show.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nlife 1 of 2 · uid 4e1cd7ad", "\nlife 2 of 2 · uid u-2 · created 2026-11-20 14:01:01"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no line %q:\n%s", want, got.String())
		}
	}
}

// As kubectl does, get leaves managedFields out unless asked.
func TestManagedFields(t *testing.T) {
	st := enginetest.State()
	st.Manifest = []byte(`{"metadata":{"managedFields":[{"manager":"kubectl"}],"name":"web"},"kind":"Deployment"}`)
	for managed, want := range map[bool]string{false: "kind: Deployment\nmetadata:\n  name: web\n", true: "kind: Deployment\nmetadata:\n  managedFields:\n  - manager: kubectl\n  name: web\n"} {
		var got bytes.Buffer
		if err := show.State(&got, st, show.Style{}, managed); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(got.String(), want) {
			t.Errorf("managed %v: %s", managed, got.String())
		}
	}
}

func TestCandidatesWithoutACommonActorAreNamed(t *testing.T) {
	t.Parallel()
	of := func(user string) *engine.Request { return &engine.Request{Actor: engine.Actor{User: user}} }
	several := &engine.Maker{Certainty: engine.Candidate, Candidates: []*engine.Request{
		of("kubernetes-admin"), of("system:serviceaccount:kube-system:namespace-controller"), of("kubernetes-admin")}}
	unknown := &engine.Maker{Certainty: engine.Unknown}
	for name, tc := range map[string]struct {
		entry engine.Entry
		want  string
	}{
		"one actor":   {engine.Entry{Actor: &engine.Actor{User: "alice"}, Certainty: engine.Candidate, End: &engine.End{Maker: several}}, "?alice "},
		"an end":      {engine.Entry{Certainty: engine.Candidate, End: &engine.End{Maker: several}}, "?kubernetes-admin or namespace-controller"},
		"a revision":  {engine.Entry{Certainty: engine.Candidate, Revision: &engine.Revision{Maker: several}}, "?kubernetes-admin or namespace-controller"},
		"no request":  {engine.Entry{Certainty: engine.Unknown, End: &engine.End{Maker: unknown}}, " (not recorded) "},
		"not a state": {engine.Entry{Request: &engine.Request{}}, " (not recorded)"},
	} {
		var out bytes.Buffer
		if err := show.History(&out, &engine.History{Entries: []engine.Entry{tc.entry}}, show.Style{Zone: time.UTC}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), tc.want) {
			t.Errorf("%s: %q is not in\n%s", name, tc.want, out.String())
		}
	}
}

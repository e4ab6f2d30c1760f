package timeline

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/kubewake/kubewake/object"
)

var update = flag.Bool("update", false, "write the pictures of the story tests anew")

// TestStories reads testdata/*.txtar: the states of one object, in files named "at 12s", and pictures of them. The words behind the moment of
// a state are "early 9s", "assumed" or "fragment"; "end at 40s" ends the object, "more" says that later states are left out. A state is YAML; of a second one only what
// changed is written: members are merged, lists replaced. A file "draw 0s 60s 1s" is a picture of that frame in columns of that size; "rows" behind it asks for the derived
// ones. With -update pictures are drawn anew; read the difference.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { tell(t, file) })
	}
}

func tell(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := &Object{}
	state := map[string]any{}
	changed := false
	for i, f := range archive.Files {
		words := strings.Fields(f.Name)
		switch words[0] {
		case "at":
			var change map[string]any
			if err := yaml.Unmarshal(f.Data, &change); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			state = merged(state, change)
			o.States = append(o.States, stateOf(t, words, state))
			o.Kind, _ = state["kind"].(string)
			version, _ := state["apiVersion"].(string)
			o.Group = ""
			if group, _, ok := strings.Cut(version, "/"); ok {
				o.Group = group
			}
		case "end":
			o.End = &End{At: seconds(t, words[2]), ID: "end"}
		case "more":
			o.More = true
		case "draw":
			frame := Frame{From: seconds(t, words[1]), To: seconds(t, words[2]), Bin: seconds(t, words[3])}
			got := []byte(picture(Draw(o, frame, len(words) > 4)))
			if bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(f.Data)) {
				continue
			}
			if !*update {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", f.Name, got, f.Data)
			}
			archive.Files[i].Data, changed = got, true
		default:
			t.Fatalf("no file is called %q", f.Name)
		}
	}
	if changed && *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func seconds(t *testing.T, word string) int64 {
	t.Helper()
	s, err := strconv.ParseFloat(strings.TrimSuffix(word, "s"), 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(s * 1e6)
}

func merged(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		below, is := v.(map[string]any)
		before, was := out[k].(map[string]any)
		switch {
		case v == nil:
			delete(out, k)
		case is && was:
			out[k] = merged(before, below)
		default:
			out[k] = v
		}
	}
	return out
}

func stateOf(t *testing.T, words []string, state map[string]any) State {
	t.Helper()
	b, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	v, err := object.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	s := State{At: seconds(t, words[1]), Value: v, ID: "state " + words[1]}
	for i := 2; i < len(words); i++ {
		switch words[i] {
		case "early":
			i++
			s.Early = seconds(t, words[i])
		case "assumed":
			s.Assumed = true
		case "fragment":
			s.Fragment = true
		}
	}
	return s
}

// picture tells a drawing in plain lines.
func picture(d *Drawing) string {
	var out strings.Builder
	bars := func(indent string, list []Bar) {
		for _, b := range list {
			to := "…"
			if b.To != 0 {
				to = moment(b.To)
			}
			line := fmt.Sprintf("%s%s to %s %s", indent, moment(b.From), to, b.Class)
			if b.Text != "" {
				line += " " + b.Text
			}
			if b.N > 0 {
				line += fmt.Sprintf(" (worst of %d)", b.N)
			}
			if b.Early != 0 {
				line += ", or since " + moment(b.Early)
			}
			if b.Soft != "" {
				line += ", " + b.Soft
			}
			fmt.Fprintf(&out, "%s, by %s\n", line, b.ID)
		}
	}
	bars("", d.Bars)
	for _, r := range d.Derived {
		fmt.Fprintf(&out, "%s %s", r.Group, r.Name)
		for _, s := range r.Steps {
			fmt.Fprintf(&out, ", %s: %d", moment(s.At), s.Value)
			if s.Wanted != nil {
				fmt.Fprintf(&out, " of %d", *s.Wanted)
			}
		}
		if len(r.Steps) > 0 {
			fmt.Fprintf(&out, "; at most %d", r.Max)
		}
		fmt.Fprintln(&out)
		bars("  ", r.Bars)
	}
	if d.Cut != "" {
		fmt.Fprintln(&out, d.Cut)
	}
	return out.String()
}

func moment(at int64) string { return strconv.FormatFloat(float64(at)/1e6, 'f', -1, 64) + "s" }

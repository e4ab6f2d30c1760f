package local

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// TestStories reads testdata/*.txtar. A story is an archive of what was recorded (files named *.jsonl or *.json: audit
// events, watch lines, Lists; or a file "recording" that names a whole one) and of questions with their answers (every other file: its name is the question).
// With -update the answers are written anew; read the difference.
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
	dir := t.TempDir()
	paths := []string{dir}
	for _, f := range archive.Files {
		if f.Name == "recording" { // a whole one of the repository's
			paths = recordingPaths(t, strings.TrimSpace(string(f.Data)))
			continue
		}
		if isInput(f.Name) {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := engineOver(t, openStore(t), readRecords(t, paths...), 1000)
	changed := false
	for i, f := range archive.Files {
		if isInput(f.Name) {
			continue
		}
		got := ask(t, e, f.Name)
		if bytes.Equal(bytes.TrimSpace(f.Data), bytes.TrimSpace([]byte(got))) {
			continue
		}
		if !*update {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", f.Name, got, f.Data)
			continue
		}
		archive.Files[i].Data, changed = []byte(got), true
	}
	if changed {
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func isInput(name string) bool {
	return name == "recording" || strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".json")
}

// ask reads a question as the command line takes it, and tells the answer in a few plain lines.
func ask(t *testing.T, e *Engine, question string) string {
	t.Helper()
	words := strings.Fields(question)
	verb, words := words[0], words[1:]
	if verb == "search" {
		return searchText(t, e, strings.TrimSpace(strings.TrimPrefix(question, "search")))
	}
	var plain []string
	flags := map[string]string{}
	for len(words) > 0 {
		name, value, hasValue := strings.Cut(words[0], "=")
		switch {
		case !strings.HasPrefix(name, "-"):
			plain = append(plain, words[0])
		case hasValue:
			flags[strings.TrimLeft(name, "-")] = value
		case name == "-n":
			flags["n"], words = words[1], words[1:]
		default:
			flags[strings.TrimLeft(name, "-")] = "true"
		}
		words = words[1:]
	}
	var out strings.Builder
	if err := answerText(e, verb, plain, flags, &out); err != nil {
		fmt.Fprintf(&out, "%s: %v\n", engine.KindOf(err), err)
	}
	return out.String()
}

func answerText(e *Engine, verb string, plain []string, flags map[string]string, out *strings.Builder) error {
	ctx := context.Background()
	if verb == "objects" {
		listing, err := query.ParseListing(plain)
		if err != nil {
			return err
		}
		listing.Namespace, listing.Selector = flags["n"], flags["l"]
		list, err := e.Objects(ctx, listing)
		if err != nil {
			return err
		}
		for _, o := range list.Objects {
			fmt.Fprintf(out, "%s/%s -n %q revisions %d (%s to %s) ended %v\n", o.Resource, o.Name, o.Namespace, o.Revisions, o.FirstRV, o.LastRV, o.Ended)
		}
		return nil
	}
	point := func(flag string) query.Point {
		p, err := query.ParsePoint(flags[flag], time.Time{}, time.UTC)
		if err != nil {
			fmt.Fprintln(out, err)
		}
		return p
	}
	if verb == "lanes" {
		return lanesText(e, plain, flags, point, out)
	}
	object, err := query.ParseObject(plain)
	if err != nil {
		return err
	}
	object.Namespace = flags["n"]
	switch verb {
	case "history":
		h, err := e.History(ctx, query.History{Object: object, Folds: true, AllLife: flags["all"] != "", Reads: flags["reads"] != ""})
		if err == nil {
			historyText(h, out)
		}
		return err
	case "get":
		s, err := e.State(ctx, query.State{Object: object, Point: point("at")})
		if err == nil {
			stateText(s, out)
			coverageText(s.Coverage, out)
		}
		return err
	case "diff":
		d, err := e.Diff(ctx, query.Diff{Object: object, From: point("from"), To: point("to")})
		if err == nil {
			for _, c := range d.Changes {
				fmt.Fprintf(out, "%s %s %s -> %s%s\n", c.Op, c.Path, c.From, c.To, noted(c.Match, c.Note))
			}
			fmt.Fprintf(out, "%d folded, makers: %s\n", d.Folded, makersText(d.Makers))
			coverageText(d.Coverage, out)
		}
		return err
	case "blame":
		b, err := e.Blame(ctx, query.Blame{Object: object, Point: point("at"), Path: flags["path"]})
		if err == nil {
			blameText(b, out)
			coverageText(b.Coverage, out)
		}
		return err
	case "links":
		l, err := e.Links(ctx, query.Links{Object: object, At: point("at").At, Window: query.Window{From: point("from").At, To: point("to").At}, Types: list(flags["types"])})
		if err == nil {
			linksText(l, out)
			coverageText(l.Coverage, out)
		}
		return err
	case "tree":
		q := query.Tree{Object: object, At: point("at").At, Window: query.Window{From: point("from").At, To: point("to").At}, Up: query.All, Down: query.All,
			Siblings: flags["siblings"] != "", Types: list(flags["types"])}
		if flags["up"] != "" {
			q.Up, _ = strconv.Atoi(flags["up"])
		}
		if flags["down"] != "" {
			q.Down, _ = strconv.Atoi(flags["down"])
		}
		q.Limit, _ = strconv.Atoi(flags["limit"])
		tree, err := e.Tree(ctx, q)
		if err == nil {
			treeText(tree, out)
			coverageText(tree.Coverage, out)
		}
		return err
	case "coverage":
		c, err := e.Coverage(ctx, query.Coverage{Object: object})
		if err == nil {
			coverageText(c, out)
		}
		return err
	}
	return fmt.Errorf("no question %q", verb)
}

func list(words string) []string {
	if words == "" {
		return nil
	}
	return strings.Split(words, ",")
}

func endText(n engine.LinkEnd) string {
	text := cmp.Or(n.Resource, n.Kind) + "/" + n.Name
	if n.Namespace != "" {
		text = n.Namespace + " " + text
	}
	if n.Stub {
		text += " (stub)"
	}
	if n.Ended {
		text += " (ended"
		if n.EndedAt != nil {
			text += " " + n.EndedAt.Format("15:04:05.000")
		}
		text += ")"
	}
	return text
}

func linkText(l *engine.Link) string {
	text := fmt.Sprintf("%s: %s -> %s", l.Type, endText(l.Parent), endText(l.Child))
	if l.Controller {
		text += ", controller"
	}
	if l.Since != nil {
		text += ", since " + moment(*l.Since)
	}
	if l.Until != nil {
		text += ", until " + moment(*l.Until)
	}
	if l.Certainty != engine.Exact || l.Reason != "" {
		text += fmt.Sprintf(" [%s] (%s)", l.Certainty, l.Reason)
	}
	return text
}

func linksText(l *engine.Links, out *strings.Builder) {
	for i := range l.Links {
		fmt.Fprintln(out, linkText(&l.Links[i]))
	}
	fmt.Fprintf(out, "%d links%s\n", len(l.Links), noted(l.Cut, l.Pending))
}

func treeText(tree *engine.Tree, out *strings.Builder) {
	for i := range tree.Nodes {
		n := &tree.Nodes[i]
		line := strings.Repeat("  ", n.Depth) + endText(n.LinkEnd)
		if n.Asked {
			line += " *"
		}
		if n.Via != nil {
			line += " by " + n.Via.Type
			if n.Via.Controller {
				line += ", controller"
			}
			if n.Via.Until != nil && (n.EndedAt == nil || n.Via.Until.At == nil || !n.Via.Until.At.Equal(*n.EndedAt)) {
				line += ", until " + moment(*n.Via.Until)
			}
		}
		if n.Left > 0 {
			line += fmt.Sprintf(", %d left out", n.Left)
		}
		fmt.Fprintln(out, line)
		for k := range n.Others {
			fmt.Fprintln(out, strings.Repeat("  ", n.Depth)+"  also "+linkText(&n.Others[k]))
		}
	}
	fmt.Fprintf(out, "%d objects%s\n", len(tree.Nodes), noted(tree.Cut, tree.Pending))
}

func noted(words ...string) string {
	text := strings.Join(words, " ")
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return " (" + strings.TrimSpace(text) + ")"
}

func moment(w engine.When) string {
	if w.At == nil {
		return "time not known"
	}
	return w.At.Format("15:04:05.000")
}

func who(a *engine.Actor) string {
	if a == nil {
		return "?"
	}
	user := a.User
	if a.Impersonator != "" {
		user = a.Impersonator + " as " + user
	}
	return strings.TrimPrefix(user, "system:serviceaccount:kube-system:")
}

func historyText(h *engine.History, out *strings.Builder) {
	for i, l := range h.Lives {
		ended := ""
		if l.Ended != nil {
			ended = ", ended " + moment(*l.Ended)
		}
		fmt.Fprintf(out, "life %d: %d revisions%s\n", i+1, l.Revisions, ended)
	}
	for _, e := range h.Entries {
		life := ""
		for i, l := range h.Lives {
			if l.UID == e.UID && len(h.Lives) > 1 {
				life = fmt.Sprintf("%d ", i+1)
			}
		}
		line := fmt.Sprintf("%s%s %-8s ", life, moment(e.When), e.Kind)
		if e.Kind != "event" && e.Kind != "gap" {
			actor := who(e.Actor)
			if e.Actor == nil && (e.Revision != nil && e.Revision.Maker.NotAudited() || e.End != nil && e.End.Maker.NotAudited()) {
				actor = "actor not audited"
			}
			line += fmt.Sprintf("%s %s", actor, e.Verb)
			if e.Subresource != "" {
				line += " " + e.Subresource
			}
			if e.Code != 0 {
				line += fmt.Sprintf(" %d", e.Code)
			}
			if e.Certainty != "" {
				line += " [" + string(e.Certainty) + "]"
			}
			line += ": "
		}
		fmt.Fprintln(out, line+e.Summary)
	}
	coverageText(h.Coverage, out)
}

func stateText(s *engine.State, out *strings.Builder) {
	fmt.Fprintf(out, "revision %s, %s, %s%s\n", s.Revision, moment(s.When), s.Certainty, noted(s.Reason))
	if s.Next != nil {
		fmt.Fprintf(out, "next: revision %s, %s\n", s.Next.ResourceVersion, moment(s.Next.When))
	}
	var manifest map[string]any
	if json.Unmarshal(s.Manifest, &manifest) == nil {
		if meta, ok := manifest["metadata"].(map[string]any); ok {
			delete(meta, "managedFields")
		}
		b, _ := json.MarshalIndent(manifest, "", " ")
		fmt.Fprintf(out, "%s\n", b)
	}
}

func blameText(b *engine.Blame, out *strings.Builder) {
	for _, f := range b.Fields {
		when := "?"
		switch {
		case f.Since != nil:
			when = moment(*f.Since) + " rv " + f.ResourceVersion
		case f.Before != nil:
			when = "before " + moment(*f.Before)
		}
		value := string(f.Value)
		if len(value) > 60 {
			value = value[:60] + "…"
		}
		fmt.Fprintf(out, "%s = %s | %s | %s %s %s | %s %s | %s%s\n", f.Path, value, when, who(f.Actor), f.Verb, f.Subresource, f.Manager, f.Operation, f.Certainty, noted(f.Webhook))
	}
}

func makersText(list []engine.Maker) string {
	var words []string
	for _, m := range list {
		words = append(words, who(m.Actor))
	}
	return strings.Join(words, ", ")
}

func coverageText(c *engine.Coverage, out *strings.Builder) {
	fmt.Fprintf(out, "coverage: complete %v\n", c.Complete)
	for _, g := range c.Gaps {
		fmt.Fprintf(out, "  %s: %s\n", g.Reason, g.Sentence)
	}
}

func searchText(t *testing.T, e *Engine, filter string) string {
	t.Helper()
	var out strings.Builder
	end, err := e.Search(context.Background(), query.Search{Filter: filter}, func(h *engine.Hit) error {
		fmt.Fprintf(&out, "%s %s %s/%s %s: %s\n", moment(h.When), h.Kind, h.Object.Resource, h.Object.Name, who(h.Actor), h.Summary)
		return nil
	})
	if err != nil {
		return fmt.Sprintf("%s: %v\n", engine.KindOf(err), err)
	}
	fmt.Fprintf(&out, "%d hits, %d unknown, %d failed\n", end.Hits, end.Unknown, end.Failed)
	return out.String()
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/internal/golden"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// kubewake runs one command line against a server of fixed answers.
func kubewake(t *testing.T, fake *enginetest.Fake, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBEWAKE_DATA", "")
	server := httptest.NewServer(native.New(native.Config{Engine: fake}))
	defer server.Close()
	t.Setenv("KUBEWAKE_SERVER", server.URL)
	var out, errs bytes.Buffer
	status = run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs})
	return status, out.String(), errs.String()
}

// questions are one command line per question.
var questions = map[string][]string{
	"objects":  {"objects", "deploy"},
	"history":  {"history", "deploy/web", "-n", "shop"},
	"get":      {"get", "deploy/web", "-n", "shop"},
	"diff":     {"diff", "deploy/web", "-n", "shop"},
	"blame":    {"blame", "deploy", "web", "-n", "shop"},
	"links":    {"links", "deploy/web", "-n", "shop"},
	"tree":     {"tree", "deploy/web", "-n", "shop"},
	"trace":    {"trace", "deploy/web", "-n", "shop"},
	"search":   {"search", "request.code >= 400"},
	"coverage": {"coverage", "deploy/web", "-n", "shop"},
	"stat":     {"stat"},
}

// The golden files are the documented forms of every answer.
func TestForms(t *testing.T) {
	for name, args := range questions {
		for _, form := range []string{"json", "jsonl", "yaml", "table", "wide"} {
			t.Run(name+" "+form, func(t *testing.T) {
				status, out, errs := kubewake(t, new(enginetest.Fake), append(args, "--utc", "-o", form)...)
				if status != statusFine {
					t.Fatalf("status %d: %s", status, errs)
				}
				if form == "table" {
					out += "--- stderr\n" + errs
				}
				golden.Equal(t, filepath.Join("testdata", "forms", name+"."+form), out, *update)
			})
		}
	}
}

// -o json is the answer itself, member for member.
func TestJSONIsTheAnswer(t *testing.T) {
	_, out, _ := kubewake(t, new(enginetest.Fake), "history", "deploy/web", "-o", "json")
	got := new(engine.History)
	if err := json.Unmarshal([]byte(out), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(enginetest.History(), got, cmp.Comparer(func(a, b json.RawMessage) bool { return compact(a) == compact(b) })); diff != "" {
		t.Errorf("(-answer +printed):\n%s", diff)
	}
}

func compact(raw json.RawMessage) string {
	var buf bytes.Buffer
	if len(raw) == 0 || json.Compact(&buf, raw) != nil {
		return string(raw)
	}
	return buf.String()
}

// The words of the command line become the questions they say.
func TestQuestions(t *testing.T) {
	end := enginetest.Newest()
	web := query.Object{Kind: "deploy", Namespace: "shop", Name: "web"}
	cases := map[string]any{
		"objects":                            query.Objects{},
		"objects deploy,sts w* -n shop -A=0": nil, // -n and -A exclude each other
		"objects deploy,sts w* -n shop -l app=web --limit 5 --at 2026-11-20T14:00:30Z": query.Objects{Kind: "deploy,sts", Name: "w*", Namespace: "shop",
			Selector: "app=web", Limit: 5, At: end.Add(-30 * time.Second)},
		"history deploy/web -n shop --since 15s --reads --all-lives --all-event-states": query.History{Object: web, Window: query.Window{From: end.Add(-15 * time.Second)}, Reads: true, AllLife: true},
		"history deploy web -n shop --from -1m --to -5s --cluster prod": query.History{Object: query.Object{Cluster: "prod", Kind: "deploy", Namespace: "shop", Name: "web"},
			Window: query.Window{From: end.Add(-time.Minute), To: end.Add(-5 * time.Second)}, Folds: true},
		"history --uid u-1":                                               query.History{Object: query.Object{UID: "u-1"}, Folds: true},
		"history uid:u-1":                                                 query.History{Object: query.Object{UID: "u-1"}, Folds: true},
		"get deploy/web -n shop --at rv:12":                               query.State{Object: web, Point: query.Point{RV: 12}},
		"get deploy/web -n shop --at @{-2}":                               query.State{Object: web, Point: query.Point{Back: 2}},
		"get deploy/web -n shop --at 14:00:30 --utc":                      query.State{Object: web, Point: query.Point{At: end.Add(-30 * time.Second)}},
		"diff deploy/web -n shop --from -30s --noise":                     query.Diff{Object: web, From: query.Point{At: end.Add(-30 * time.Second)}, Noise: true},
		"blame deploy/web -n shop --path spec --at -30s":                  query.Blame{Object: web, Path: "spec", Point: query.Point{At: end.Add(-30 * time.Second)}},
		"links deploy/web -n shop --type owns,mounts --at -30s --limit 4": query.Links{Object: web, At: end.Add(-30 * time.Second), Types: []string{"owns", "mounts"}, Limit: 4},
		"links deploy/web -n shop --since 1m":                             query.Links{Object: web, Window: query.Window{From: end.Add(-time.Minute)}},
		"links deploy/web --at -1m --since 1m":                            nil,
		"tree deploy/web -n shop":                                         query.Tree{Object: web, Up: query.All, Down: query.All},
		"tree deploy/web -n shop --up 0 --down 2 --siblings --type owns --from -1m": query.Tree{Object: web, Down: 2, Siblings: true, Types: []string{"owns"},
			Window: query.Window{From: end.Add(-time.Minute)}},
		"tree deploy/web --up some": nil,
		"trace deploy/web -n shop":  query.Trace{Object: web},
		"trace deploy/web -n shop --mode tree --modifier owned --full-life --verbose --reads --limit 9 --from -1m": query.Trace{Object: web, Mode: "tree", Modifier: "owned",
			FullLife: true, Verbose: true, Reads: true, Limit: 9, Window: query.Window{From: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)}},
		"trace deploy/web --window 1m --since 2m":    nil,
		"links deploy/web --link-rules no-such-file": nil, // a server has its own
		"coverage":                                   query.Coverage{},
		"coverage secrets":                           query.Coverage{Kind: "secrets"},
		"coverage deploy/web -n shop":                query.Coverage{Kind: "deploy", Object: web},
		"stat --top 3 --since 1m":                    query.Stat{Top: 3, Window: query.Window{From: end.Add(-time.Minute)}},
		"search true --limit 0 --newest":             query.Search{Filter: "true", Newest: true},
		"search --record end,gap --reads":            query.Search{Kinds: []record.Kind{record.KindEnd, record.KindGap}, Reads: true, Limit: searchLimit},
		"search true --record wish":                  nil,
		"history deploy":                             nil,
		"history":                                    nil,
		"history deploy/web --uid u":                 nil,
		"history a b c":                              nil,
		"history deploy/web -o xml":                  nil,
		"history deploy/web --since noon?":           nil,
		"history deploy/web --from 14:30 --to 14:10": nil,
		"get deploy/web --at rv:x":                   nil,
		"stat extra":                                 nil,
		"stat --wish":                                nil,
		"wish":                                       nil,
		"stat --data a --server b":                   nil,
		"import x":                                   nil,
		"open":                                       nil,
	}
	for line, want := range cases {
		t.Run(line, func(t *testing.T) {
			fake := new(enginetest.Fake)
			status, _, errs := kubewake(t, fake, strings.Fields(line)...)
			asked := fake.Questions()
			if want == nil {
				if status != statusUsage || !strings.HasPrefix(errs, "kubewake: ") || len(asked) > 0 {
					t.Errorf("status %d, asked %v, %s; want a usage error", status, asked, errs)
				}
				return
			}
			if diff := cmp.Diff([]any{want}, asked); status != statusFine || diff != "" {
				t.Errorf("status %d %s (-want +got):\n%s", status, errs, diff)
			}
		})
	}
}

// Errors say what to do, and have their status.
func TestComplaints(t *testing.T) {
	cases := map[string]struct {
		err    *engine.Error
		args   []string
		status int
		want   []string
	}{
		"filter":      {&engine.Error{Kind: engine.KindBadQuestion, Message: "undeclared reference to 'wish'", Line: 1, Column: 4}, []string{"search", "1==wish"}, statusUsage, []string{"  1==wish\n     ^\n"}},
		"ambiguous":   {&engine.Error{Kind: engine.KindAmbiguous, Message: "2 objects are called web", Candidates: []string{"deploy/web -n a", "deploy/web -n b"}}, []string{"get", "deploy/web"}, statusError, []string{"  deploy/web -n b\n", "--uid"}},
		"not found":   {engine.Errorf(engine.KindNotFound, "no deployment is called wbe"), []string{"get", "deploy/wbe"}, statusError, []string{"kubewake objects"}},
		"not covered": {&engine.Error{Kind: engine.KindNotCovered, Message: "nothing before 14:00", Coverage: enginetest.Coverage()}, []string{"get", "deploy/web"}, statusError, []string{"kubewake coverage", "Writes to secrets"}},
		"too much":    {engine.Errorf(engine.KindTooMuch, "cost"), []string{"stat"}, statusError, []string{"--from"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, out, errs := kubewake(t, &enginetest.Fake{Err: c.err}, c.args...)
			if status != c.status || out != "" || !strings.HasPrefix(errs, "kubewake: "+c.err.Message) {
				t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
			}
			for _, want := range c.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%q lacks %q", errs, want)
				}
			}
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBEWAKE_DATA", "")
	t.Setenv("KUBEWAKE_SERVER", "")
	for line, want := range map[string]string{
		"stat":                              "kubewake open audit.log",
		"stat --data /does/not/exist":       "there is no data directory",
		"stat --server http://127.0.0.1:1/": "is kubewake still serving there?",
		"stat --server ftp://x":             "want http://HOST:PORT",
	} {
		var out, errs bytes.Buffer
		if status := run(t.Context(), strings.Fields(line), streams{out: &out, err: &errs}); status == statusFine || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: status %d, %q lacks %q", line, status, errs.String(), want)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := httptest.NewServer(native.New(native.Config{Engine: new(enginetest.Fake)}))
	defer server.Close()
	var out, errs bytes.Buffer
	if status := run(ctx, []string{"stat", "--server", server.URL}, streams{out: &out, err: &errs}); status != statusInterrupted {
		t.Errorf("status %d: %s", status, errs.String())
	}
}

// What a shell completes comes from the recording.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"history |dep":               "deployments/\n",
		"history |deployments/":      "deployments/old\ndeployments/web\n",
		"history deployments |w":     "web\n",
		"get deploy/web --cluster |": "prod\n",
		"objects |":                  "deployments\n",
		"stat -o |js":                "json\njsonl\n",
		"search --record |ev":        "event\n",
		"trace --modifier |ow":       "owned\n",
		"links --type |run":          "runs-as\nruns-on\n",
		"tree --type |owns,sel":      "owns,selects\n",
	} {
		t.Run(line, func(t *testing.T) {
			before, last, _ := strings.Cut(line, "|")
			args := append(append([]string{"__complete"}, strings.Fields(before)...), last)
			status, out, errs := kubewake(t, new(enginetest.Fake), args...)
			got, _, _ := strings.Cut(out, ":")
			if status != statusFine || got != want {
				t.Errorf("status %d, %q, want %q; %s", status, got, want, errs)
			}
		})
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if status, out, _ := kubewake(t, new(enginetest.Fake), "completion", shell); status != statusFine || !strings.Contains(out, "kubewake") {
			t.Errorf("completion %s: status %d", shell, status)
		}
	}
}

// Every command has help with examples, and every example is a command line that parses.
func TestExamples(t *testing.T) {
	a := &app{}
	for _, command := range a.root().Commands() {
		if command.Name() == "completion" || command.Name() == "help" || command.Name() == "version" {
			continue
		}
		if command.Example == "" || command.Short == "" {
			t.Errorf("%s has no example", command.Name())
		}
		for _, line := range strings.Split(command.Example, "\n") {
			if !strings.Contains(line, "kubewake "+command.Name()) && !strings.Contains(line, "kubewake history deploy/web") {
				t.Errorf("%s: example %q", command.Name(), line)
			}
		}
	}
}

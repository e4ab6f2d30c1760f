package native_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/api/native"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest/recorded"
	"github.com/kubewake/kubewake/internal/golden"
)

// unstable is what differs from one run to the next.
var unstable = regexp.MustCompile(`"(diskBytes|rawBytes)": [0-9]+`)

// TestDemo asks a real incident everything that the UI asks, and holds the answers in web/testdata/answers, where the UI's own tests
// read them: what one side calls an answer the other can draw.
func TestDemo(t *testing.T) {
	h := native.New(native.Config{Engine: recorded.Demo(t)})
	get := func(target string) []byte {
		t.Helper()
		r := ask(t, h, native.Prefix+target)
		body := text(t, r)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", target, r.StatusCode, body)
		}
		return []byte(body)
	}
	targets := targets(t, get)
	for _, name := range sorted(targets) {
		t.Run(name, func(t *testing.T) {
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, get(targets[name]), "", " "); err != nil {
				t.Fatal(err)
			}
			shared(t, name+".json", unstable.ReplaceAllString(pretty.String(), `"$1": 0`))
		})
	}
	questions, err := json.MarshalIndent(targets, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	questions = bytes.ReplaceAll(questions, []byte(`\u0026`), []byte(`&`))
	shared(t, "questions.json", string(questions)+"\n")
	files, err := filepath.Glob(filepath.Join(answers, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if _, asked := targets[name]; !asked && name != "questions" {
			t.Errorf("%s is an answer to nothing", file)
		}
	}
}

// answers is the folder that both sides' tests read.
var answers = filepath.Join("..", "..", "web", "testdata", "answers")

func sorted(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// targets are the questions by the name of the file that holds the answer. Times are those of the incident's story.
func targets(t *testing.T, get func(string) []byte) map[string]string {
	t.Helper()
	var rows engine.Rows
	if err := json.Unmarshal(get("rows?cluster=demo&namespace=shop"), &rows); err != nil {
		t.Fatal(err)
	}
	var uids []string
	for _, row := range rows.Rows {
		if row.UID != "" && len(uids) < engine.MaxLanes {
			uids = append(uids, row.UID)
		}
	}
	web := "cluster=demo&kind=deployments.apps&namespace=shop&name=web"
	var bad engine.History // the rollout of the image that does not exist
	if err := json.Unmarshal(get("history?"+web+"&from=2026-11-21T15:26:19.8Z&to=2026-11-21T15:26:19.9Z"), &bad); err != nil {
		t.Fatal(err)
	}
	one := slices.IndexFunc(bad.Entries, func(e engine.Entry) bool { return e.Revision != nil && strings.Contains(e.Summary, "v3-bad") })
	if one < 0 {
		t.Fatalf("nobody asked for v3-bad: %d entries", len(bad.Entries))
	}
	whole := "&from=2026-11-21T15:26:00Z&to=2026-11-21T15:27:00Z"
	near := "&from=2026-11-21T15:26:19.5Z&to=2026-11-21T15:26:21Z"
	some := func(n int) string { return url.Values{"uid": uids[:min(n, len(uids))]}.Encode() }
	return map[string]string{
		"info":          "info",
		"objects":       "objects?cluster=demo&namespace=shop&kind=deploy,rs,pods",
		"history":       "history?" + web + "&limit=25",
		"state":         "state?" + web + "&at=2026-11-21T15:26:25Z",
		"diff":          "diff?" + web + "&fromAt=2026-11-21T15:26:19Z&toAt=2026-11-21T15:26:20Z",
		"blame":         "blame?" + web + "&at=2026-11-21T15:26:25Z",
		"links":         "links?" + web,
		"tree":          "tree?" + web + whole,
		"trace":         "trace?" + web + whole + "&mode=tracing&limit=60",
		"services":      "services",
		"dependencies":  "dependencies?cluster=demo",
		"search":        "search?cluster=demo&newest=true&limit=12&filter=" + url.QueryEscape(`request.code >= 400 && namespace == "shop"`),
		"coverage":      "coverage?cluster=demo",
		"stat":          "stat?cluster=demo&top=5",
		"fields":        "fields",
		"rows":          "rows?cluster=demo&namespace=shop" + whole,
		"rows-tree":     "rows?cluster=demo&namespace=shop&object=deploy/web" + whole,
		"entry":         "entry?" + web + "&id=" + bad.Entries[one].ID,
		"activity":      "activity?cluster=demo&bins=120" + whole,
		"activity-shop": "activity?cluster=demo&namespace=shop&kind=pods&bins=60&top=3" + whole,
		"failing":       "failing?cluster=demo" + whole,
		"failing-then":  "failing?cluster=demo&namespace=shop&from=2026-11-21T15:26:00Z&to=2026-11-21T15:26:25Z",
		"rows-cut":      "rows?cluster=demo&limit=10",
		"lanes":         "lanes?cluster=demo&bins=300&" + some(16) + whole,
		"lanes-derived": "lanes?cluster=demo&bins=600&derived=true&" + some(8) + whole,
		"lanes-near":    "lanes?cluster=demo&bins=1500&derived=true&reads=true&" + some(8) + near,
		"lanes-far":     "lanes?cluster=demo&bins=12&derived=true&" + some(8) + whole,
		"lanes-unknown": "lanes?cluster=demo&bins=60&uid=00000000-0000-0000-0000-000000000000" + whole,
	}
}

func shared(t *testing.T, name, got string) {
	t.Helper()
	golden.Equal(t, filepath.Join(answers, name), got, *update)
}

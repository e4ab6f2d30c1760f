package native_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
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

// object is how every object is named in these tests.
const object = "cluster=prod&kind=deploy&namespace=shop&name=web"

// calls are one per route, with every parameter it knows.
var calls = map[string]string{
	"info":         "",
	"objects":      "cluster=prod&kind=deploy,sts&namespace=shop&name=web*&uid=u&selector=app%3Dweb&at=2026-11-20T14:00:01Z&from=-30s&to=2026-11-20T14:01:00Z&limit=2&cursor=c",
	"history":      object + "&uid=u&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&reads=true&fold=true&allLives=true&limit=7&cursor=c",
	"state":        object + "&uid=u&at=2026-11-20T14:00:01.5Z",
	"diff":         object + "&uid=u&fromResourceVersion=811&toBack=1&noise=true",
	"blame":        object + "&uid=u&resourceVersion=835&path=spec&noise=true",
	"search":       "filter=request.code+%3E%3D+400&cluster=prod&from=-30s&to=2026-11-20T14:01:00Z&record=request,event&reads=true&newest=true&limit=4&cursor=c",
	"coverage":     object + "&uid=u&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z",
	"links":        object + "&uid=u&at=2026-11-20T14:00:01Z&types=owns,mounts&limit=2&from=&to=",
	"tree":         object + "&uid=u&at=&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&up=0&down=2&siblings=true&types=owns&limit=3",
	"trace":        object + "&uid=u&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&at=2026-11-20T14:00:30Z&ts=&window=&group=&resource=&mode=tree&modifier=owned&fullLife=true&verbose=true&reads=true&limit=3",
	"traces":       "cluster=prod&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&mode=tree&modifier=owned&tag=resource=pods&tag=cel=a==b&minDuration=1s&maxDuration=1m&limit=2",
	"services":     "",
	"dependencies": "cluster=prod&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z",
	"stat":         "cluster=prod&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&top=5",
	"rows":         set + "&object=rs/web-1&up=1&down=3&siblings=true&types=owns,mounts&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&limit=3",
	"lanes":        "cluster=prod&uid=u1&uid=u2&from=2026-11-20T14:00:00.000001Z&to=2026-11-20T14:01:00Z&bins=900&derived=true&reads=true",
	"entry":        object + "&uid=u&id=2",
	"activity":     set + "&object=&siblings=false&from=-30s&to=2026-11-20T14:01:00Z&bins=60&top=5",
	"failing":      "cluster=prod&namespace=shop&from=2026-11-20T14:00:00Z&to=2026-11-20T14:01:00Z&limit=2",
	"fields":       "",
}

// set is how every set of objects is named in these tests.
const set = "cluster=prod&kind=deploy,pods&namespace=shop&name=web*&selector=app%3Dweb&filter=request.code+%3E%3D+400"

func ask(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every answer is the engine's, in the form that the golden files fix.
func TestAnswers(t *testing.T) {
	h := native.New(native.Config{Engine: new(enginetest.Fake)})
	for name, values := range calls {
		t.Run(name, func(t *testing.T) {
			got := ask(t, h, native.Prefix+name+"?"+values)
			if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d, %s: %s", got.StatusCode, got.Header.Get("Content-Type"), text(t, got))
			}
			var doc any
			if err := json.NewDecoder(got.Body).Decode(&doc); err != nil {
				t.Fatal(err)
			}
			pretty, err := json.MarshalIndent(doc, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, filepath.Join("testdata", name+".json"), string(pretty)+"\n", *update)
		})
	}
}

// The parameters make the questions they say.
func TestQuestions(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	web := query.Object{Cluster: "prod", Kind: "deploy", Namespace: "shop", Name: "web", UID: "u"}
	all := query.Window{From: at("2026-11-20T14:00:00Z"), To: at("2026-11-20T14:01:00Z")}
	late := query.Window{From: at("2026-11-20T14:00:30Z"), To: at("2026-11-20T14:01:00Z")} // -30s before the newest fact
	want := map[string]any{
		"objects": query.Objects{Cluster: "prod", Kind: "deploy,sts", Namespace: "shop", Name: "web*", UID: "u", Selector: "app=web",
			At: at("2026-11-20T14:00:01Z"), Alive: late, Limit: 2, Cursor: "c"},
		"history": query.History{Object: web, Window: all, Reads: true, Folds: true, AllLife: true, Limit: 7, Cursor: "c"},
		"state":   query.State{Object: web, Point: query.Point{At: at("2026-11-20T14:00:01.5Z")}},
		"diff":    query.Diff{Object: web, From: query.Point{RV: 811}, To: query.Point{Back: 1}, Noise: true},
		"blame":   query.Blame{Object: web, Point: query.Point{RV: 835}, Path: "spec", Noise: true},
		"search": query.Search{Filter: "request.code >= 400", Cluster: "prod", Window: late, Kinds: []record.Kind{record.KindRequest, record.KindKubeEvent},
			Reads: true, Newest: true, Limit: 4, Cursor: "c"},
		"coverage": query.Coverage{Cluster: "prod", Kind: "deploy", Object: web, Window: all},
		"links":    query.Links{Object: web, At: at("2026-11-20T14:00:01Z"), Types: []string{"owns", "mounts"}, Limit: 2},
		"tree":     query.Tree{Object: web, Window: all, Down: 2, Siblings: true, Types: []string{"owns"}, Limit: 3},
		"trace":    query.Trace{Object: web, Window: all, At: at("2026-11-20T14:00:30Z"), Mode: "tree", Modifier: "owned", FullLife: true, Verbose: true, Reads: true, Limit: 3},
		"traces": query.Traces{Cluster: "prod", Window: all, Mode: "tree", Modifier: "owned", Tags: map[string]string{"resource": "pods", "cel": "a==b"},
			MinDuration: time.Second, MaxDuration: time.Minute, Limit: 2},
		"dependencies": query.Dependencies{Cluster: "prod", Window: all},
		"stat":         query.Stat{Cluster: "prod", Window: all, Top: 5},
		"rows": query.Rows{Set: query.Set{Cluster: "prod", Kind: "deploy,pods", Name: "web*", Selector: "app=web", Filter: "request.code >= 400",
			Object: query.Object{Cluster: "prod", Kind: "rs", Namespace: "shop", Name: "web-1"}, Up: 1, Down: 3, Siblings: true, Types: []string{"owns", "mounts"}}, Window: all, Limit: 3},
		"lanes": query.Lanes{Cluster: "prod", UIDs: []record.UID{"u1", "u2"}, Window: query.Window{From: all.From.Add(time.Microsecond), To: all.To}, Bins: 900, Derived: true, Reads: true},
		"entry": query.Entry{Object: web, ID: "2"},
		"activity": query.Activity{Set: query.Set{Cluster: "prod", Kind: "deploy,pods", Namespace: "shop", Name: "web*", Selector: "app=web", Filter: "request.code >= 400"},
			Window: late, Bins: 60, Top: 5},
		"failing": query.Failing{Cluster: "prod", Namespace: "shop", Window: all, Limit: 2},
	}
	for name, q := range want {
		t.Run(name, func(t *testing.T) {
			fake := new(enginetest.Fake)
			got := ask(t, native.New(native.Config{Engine: fake}), native.Prefix+name+"?"+calls[name])
			if got.StatusCode != http.StatusOK {
				t.Fatal(text(t, got))
			}
			if diff := cmp.Diff([]any{q}, fake.Questions()); diff != "" {
				t.Errorf("question (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	coverage := enginetest.Coverage()
	cases := map[string]struct {
		err    error
		target string
		status int
		want   string // in the body
	}{
		"bad question": {&engine.Error{Kind: engine.KindBadQuestion, Message: "no such word", Column: 3, Line: 1}, "stat", 400, `"column":3`},
		"not found":    {engine.Errorf(engine.KindNotFound, "no deployment web"), "history?" + object, 404, `"kind":"not-found"`},
		"ambiguous":    {&engine.Error{Kind: engine.KindAmbiguous, Message: "2 objects", Candidates: []string{"a", "b"}}, "state?" + object, 409, `"candidates":["a","b"]`},
		"not covered":  {&engine.Error{Kind: engine.KindNotCovered, Message: "before", Coverage: coverage}, "diff?" + object, 404, `"coverage":{`},
		"too much":     {engine.Errorf(engine.KindTooMuch, "cost"), "search", 422, `"kind":"too-much"`},
		"ours":         {errors.New("disk /var/secret is broken"), "stat", 500, `"title":"Internal error"`},
		"no object":    {nil, "history?kind=deploy", 400, "which object"},
		"unknown":      {nil, "stat?limt=3", 400, `there is no parameter \"limt\" here; there are: cluster, from, to, top`},
		"twice":        {nil, "stat?top=3&top=4", 400, "given 2 times"},
		"number":       {nil, "stat?top=-3", 400, "not a number"},
		"bool":         {nil, "diff?" + object + "&noise=maybe", 400, "neither true nor false"},
		"time":         {nil, "stat?from=noonish", 400, "from: "},
		"window":       {nil, "stat?from=2026-11-20T14:00:00Z&to=2026-11-20T13:00:00Z", 400, "to lies before from"},
		"point":        {nil, "state?" + object + "&at=-5s&back=1", 400, "give one of at, resourceVersion and back"},
		"at and from":  {nil, "links?" + object + "&at=-5s&from=-10s", 400, "give at, or from and to, not both"},
		"rv":           {nil, "state?" + object + "&resourceVersion=0", 400, "not a resourceVersion"},
		"record":       {nil, "search?record=wish", 400, "none of request"},
		"encoding":     {nil, "stat?top=%zz", 400, "can not be read"},
		"no route":     {nil, "wishes", 404, "openapi.json"},
		"no lanes":     {nil, "lanes?from=-10s&to=-5s", 400, "which lanes"},
		"empty lane":   {nil, "lanes?uid=&from=-10s&to=-5s", 400, "uid: empty"},
		"open window":  {nil, "lanes?uid=u&from=-10s", 400, "give from and to"},
		"bins twice":   {nil, "lanes?uid=u&uid=v&from=-10s&to=-5s&bins=1&bins=2", 400, "given 2 times"},
		"no entry":     {nil, "entry?" + object, 400, "which entry"},
		"no tree":      {nil, "rows?down=2", 400, "give its object"},
		"no root":      {nil, "rows?object=web", 400, "object: "},
		"other limit":  {nil, "activity?limit=3", 400, `there is no parameter \"limit\" here`},
		"follow":       {nil, "follow?from=-1h", 400, `there is no parameter \"from\" here; there are: cluster, pause`},
		"follow pause": {nil, "follow?pause=soon", 400, "pause: "},
		"short pause":  {nil, "follow?pause=1ns", 400, "100ms is the least"},
		"follow fails": {engine.Errorf(engine.KindNotFound, "no cluster"), "follow?cluster=x", 404, `"kind":"not-found"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := ask(t, native.New(native.Config{Engine: &enginetest.Fake{Err: c.err}}), native.Prefix+c.target)
			body := text(t, got)
			if got.StatusCode != c.status || got.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, c.want) {
				t.Errorf("status %d, %s, body %s; want %d and %s", got.StatusCode, got.Header.Get("Content-Type"), body, c.status, c.want)
			}
			if strings.Contains(body, "/var/secret") {
				t.Errorf("an internal error shows: %s", body)
			}
		})
	}
}

func TestOnlyReads(t *testing.T) {
	h := native.New(native.Config{Engine: new(enginetest.Fake)})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, native.Prefix+"info", nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, native.Prefix+"info", nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// Lines come as they are found; an error after the first is the last line.
func TestLines(t *testing.T) {
	broken := &enginetest.Fake{Err: engine.Errorf(engine.KindTooMuch, "cost"), FailAfter: 2}
	cases := map[string]struct {
		fake  *enginetest.Fake
		lines int
		last  string
	}{
		"whole":  {new(enginetest.Fake), 5, `{"end":{"hits":4,`},
		"broken": {broken, 3, `{"error":{"type":"about:blank","title":"A limit was reached","status":422,`},
	}
	for name, c := range cases {
		for _, encoding := range []string{"identity", "gzip"} {
			t.Run(name+" "+encoding, func(t *testing.T) {
				h := native.New(native.Config{Engine: c.fake})
				got := ask(t, h, native.Prefix+"search", "Accept", "application/x-ndjson", "Accept-Encoding", encoding)
				body := io.Reader(got.Body)
				if encoding == "gzip" {
					z, err := gzip.NewReader(body)
					if err != nil {
						t.Fatal(err)
					}
					body = z
				}
				all, err := io.ReadAll(body)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(strings.TrimSuffix(string(all), "\n"), "\n")
				if len(lines) != c.lines || !strings.HasPrefix(lines[len(lines)-1], c.last) {
					t.Errorf("%d lines, last %s", len(lines), lines[len(lines)-1])
				}
				for _, line := range lines {
					if !json.Valid([]byte(line)) {
						t.Errorf("no JSON: %s", line)
					}
				}
			})
		}
	}
}

// A refused search has its status even where lines were asked for.
func TestLinesRefused(t *testing.T) {
	h := native.New(native.Config{Engine: &enginetest.Fake{Err: engine.Errorf(engine.KindBadQuestion, "no such word")}})
	got := ask(t, h, native.Prefix+"search?filter=wish", "Accept", "application/x-ndjson")
	if got.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d: %s", got.StatusCode, text(t, got))
	}
}

func TestGzip(t *testing.T) {
	h := native.New(native.Config{Engine: new(enginetest.Fake)})
	for accept, want := range map[string]string{"gzip": "gzip", "br, gzip;q=0.5": "gzip", "gzip;q=0": "", "": ""} {
		got := ask(t, h, native.Prefix+"history?"+object, "Accept-Encoding", accept)
		if got.Header.Get("Content-Encoding") != want {
			t.Errorf("%q: %q", accept, got.Header.Get("Content-Encoding"))
		}
	}
}

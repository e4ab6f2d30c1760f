package jaeger_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/internal/golden"
	"github.com/kubewake/kubewake/query"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestRequests answers what Jaeger UI and Grafana's data source ask, as they ask it. testdata/requests.txt lists the requests, each with
// the name of the golden file of its answer.
func TestRequests(t *testing.T) {
	h := serving(t, jaeger.Config{Engine: newFake(story(1), story(2)), UI: "http://jaeger.example:16686/base"})
	f, err := os.Open("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ran := 0
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		name, target, ok := strings.Cut(scanner.Text(), " ")
		if !ok || name == "#" {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			status, body := get(t, h, strings.ReplaceAll(strings.TrimSpace(target), "{id}", idOf(1).String()))
			golden.Equal(t, filepath.Join("testdata", name+".json"), fmt.Sprintf("%d\n%s", status, indented(t, body)), *update)
		})
	}
	if ran < 10 {
		t.Errorf("only %d requests were tried", ran)
	}
}

func indented(t *testing.T, body string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func TestStatuses(t *testing.T) {
	for _, tc := range []struct {
		name, target string
		err          error
		status       int
		want         string // in the body
	}{
		{"no service", "/api/traces?limit=3", nil, 400, `"msg":"parameter 'service' is required"`},
		{"no service, operations", "/api/operations", nil, 400, `"code":400`},
		{"unknown service", "/api/traces?service=deployments", nil, 400, `there are: tracing, timeline`},
		{"unknown service, operations", "/api/services/x/operations", nil, 200, `"data":[]`},
		{"unknown cluster", "/api/traces?service=tracing&operation=nowhere", nil, 200, `"data":[]`},
		{"bad tags", "/api/traces?service=tracing&tags=%7B", nil, 400, `malformed 'tags' parameter`},
		{"bad tag", "/api/traces?service=tracing&tag=x", nil, 400, `malformed 'tag' parameter`},
		{"bad start", "/api/traces?service=tracing&start=now", nil, 400, `unable to parse param 'start'`},
		{"bad duration", "/api/traces?service=tracing&minDuration=3", nil, 400, `unable to parse param 'minDuration'`},
		{"durations", "/api/traces?service=tracing&minDuration=3s&maxDuration=1s", nil, 400, `should be greater`},
		{"backwards", "/api/traces?service=tracing&start=1700000000000000&end=1600000000000000", nil, 400, `before it begins`},
		{"bad ID", "/api/traces/xyz", nil, 400, `"errors":[{"code":400`},
		{"long ID", "/api/traces/" + strings.Repeat("a", 33), nil, 400, `cannot be longer than 32`},
		{"unknown ID", "/api/traces/abc", nil, 404, `"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"trace not found`},
		{"not ours", "/api/traces/" + strings.Repeat("f", 32), engine.Errorf(engine.KindBadQuestion, "not an ID of ours"), 404, `trace not found`},
		{"v3 unknown ID", "/api/v3/traces/abc", nil, 404, `{"error":{"httpCode":404,"message":"trace not found`},
		{"v3 bad ID", "/api/v3/traces/xyz", nil, 400, `malformed parameter trace_id`},
		{"v3 no times", "/api/v3/traces?query.serviceName=tracing", nil, 400, `"message":"query.startTimeMin and query.startTimeMax are required"`},
		{"v3 bad time", "/api/v3/trace-summaries?query.startTimeMin=1&query.startTimeMax=2", nil, 400, `malformed parameter query.startTimeMin`},
		{"v3 filter", "/api/v3/trace-summaries?query.filter=%7B%7D", nil, 400, `cel takes an expression`},
		{"v3 nothing", "/api/v3/traces?query.operationName=nowhere&query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-02T00:00:00Z", nil, 404, `No traces found`},
		{"too much", "/api/traces?service=tracing", engine.Errorf(engine.KindTooMuch, "cost"), 422, `"msg":"cost"`},
		{"ours", "/api/services", errors.New("disk /var/secret is broken"), 500, `internal error; the server's log says more`},
		{"slow", "/api/services", context.DeadlineExceeded, 504, `took too long`},
		{"no redirect", "/redirect?name=web", nil, 404, `No Jaeger UI is configured`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(story(1))
			f.err = tc.err
			status, body := get(t, serving(t, jaeger.Config{Engine: f}), tc.target)
			if status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s\nwant %d %s", status, body, tc.status, tc.want)
			}
			if strings.Contains(body, "secret") {
				t.Error("an error of ours is shown to the asker")
			}
		})
	}
}

// Also where a page at / takes every path that nobody else does, as in serve.
func TestOtherMethods(t *testing.T) {
	face, err := jaeger.New(jaeger.Config{Engine: newFake(story(1))})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	face.Register(mux)
	mux.Handle("/", http.NotFoundHandler())
	for target, want := range map[string]string{"/api/traces": `"code":405`, "/api/traces/abc": `"code":405`, "/api/v3/traces": `"httpCode":405`} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, target, http.NoBody))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" || !strings.Contains(w.Body.String(), want) {
			t.Errorf("POST %s: %d %s", target, w.Code, w.Body)
		}
	}
}

// What the two dialects ask becomes one question.
func TestQuestions(t *testing.T) {
	want := query.Traces{Cluster: "prod", Mode: "tracing", Modifier: "full tree", Window: query.Window{From: at(0), To: at(60_000)},
		Tags: map[string]string{"resource": "deployments", "label.app": "web", "cel": "request.code >= 400", "error": "true"}, MinDuration: 1500 * time.Millisecond, MaxDuration: time.Hour, Limit: 7}
	tags := `{"resource":"deployments","label.app":"web","cel":"request.code >= 400","error":"true"}`
	v1 := url.Values{"service": {"tracing full tree"}, "operation": {"prod"}, "tags": {tags}, "minDuration": {"1.5s"}, "maxDuration": {"1h"},
		"limit": {"7"}, "start": {fmt.Sprint(at(0).UnixMicro())}, "end": {fmt.Sprint(at(60_000).UnixMicro())}, "lookback": {"custom"}}
	one := url.Values{"service": {"tracing full tree"}, "operation": {"prod"}, "tag": {"resource:deployments", "label.app:web", "cel:request.code >= 400", "error:true"},
		"minDuration": {"1.5s"}, "maxDuration": {"1h"}, "limit": {"7"}, "start": v1["start"], "end": v1["end"]}
	v3 := func(names ...string) url.Values {
		return url.Values{names[0]: {"tracing full tree"}, names[1]: {"prod"}, "query.attributes": {tags}, names[2]: {at(0).Format(time.RFC3339Nano)},
			names[3]: {at(60_000).Format(time.RFC3339Nano)}, names[4]: {"1500ms"}, names[5]: {"60m"}, names[6]: {"7"}}
	}
	camel := v3("query.serviceName", "query.operationName", "query.startTimeMin", "query.startTimeMax", "query.durationMin", "query.durationMax", "query.searchDepth")
	snake := v3("query.service_name", "query.operation_name", "query.start_time_min", "query.start_time_max", "query.duration_min", "query.duration_max", "query.num_traces")
	for name, target := range map[string]string{
		"v1": "/api/traces?" + v1.Encode(), "v1, single tags": "/api/traces?" + one.Encode(),
		"v3": "/api/v3/traces?" + camel.Encode(), "v3, older names": "/api/v3/traces?" + snake.Encode(), "v3 summaries": "/api/v3/trace-summaries?" + camel.Encode(),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(story(1))
			if status, body := get(t, serving(t, jaeger.Config{Engine: f}), target); status != http.StatusOK {
				t.Fatal(status, body)
			}
			if diff := cmp.Diff(any(want), f.asked[0]); diff != "" {
				t.Errorf("question (-want +got):\n%s", diff)
			}
		})
	}
}

// Trace IDs are found with and without their leading zeros, in any case.
func TestShortIDs(t *testing.T) {
	short := story(1)
	short.ID = [16]byte{5: 0xab, 15: 1}
	h := serving(t, jaeger.Config{Engine: newFake(short)})
	for _, id := range []string{short.ID.String(), strings.TrimLeft(short.ID.String(), "0"), strings.ToUpper(short.ID.String())} {
		for _, path := range []string{"/api/traces/", "/api/v3/traces/"} {
			if status, body := get(t, h, path+id); status != http.StatusOK {
				t.Errorf("%s%s: %d %s", path, id, status, body)
			}
		}
	}
}

// A search ends in its time and within its spans; what it does not draw it says, and it is there by its ID.
func TestSearchIsBounded(t *testing.T) {
	f := newFake(story(1), story(2), story(3))
	f.wait = 100 * time.Millisecond
	slow := serving(t, jaeger.Config{Engine: f, SearchFor: 150 * time.Millisecond})
	large := serving(t, jaeger.Config{Engine: newFake(story(1), story(2), story(3)), SearchSpans: 3})
	for name, h := range map[string]http.Handler{"time": slow, "spans": large} {
		t.Run(name, func(t *testing.T) {
			_, body := get(t, h, "/api/traces?service=tracing")
			var answer struct {
				Data []struct {
					TraceID  string
					Spans    []struct{ Warnings []string }
					Warnings []string
				}
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatal(err)
			}
			if len(answer.Data) != 3 || len(answer.Data[0].Spans) != 3 {
				t.Fatalf("want three results, the first one drawn: %s", body)
			}
			last := answer.Data[2]
			if len(last.Spans) != 1 || len(last.Spans[0].Warnings) != 1 || !strings.HasPrefix(last.Spans[0].Warnings[0], "Not drawn: ") || last.TraceID != idOf(3).String() {
				t.Errorf("the last is %+v", last)
			}
		})
	}
}

// Too many questions at once wait, and are told so.
func TestTurns(t *testing.T) {
	f := newFake(story(1))
	f.wait = time.Second
	h := serving(t, jaeger.Config{Engine: f, Concurrent: 1, Timeout: 100 * time.Millisecond})
	codes := make(chan int)
	for range 2 {
		go func() { // ends with the answer
			status, _ := get(t, h, "/api/traces/"+idOf(1).String())
			codes <- status
		}()
	}
	got := map[int]int{<-codes: 1}
	got[<-codes]++
	if got[http.StatusGatewayTimeout] == 0 {
		t.Errorf("answered %v", got)
	}
}

func TestRedirect(t *testing.T) {
	object := "cluster=prod&group=apps&resource=deployments&namespace=shop&name=web"
	want := query.Trace{Object: query.Object{Cluster: "prod", Kind: "deployments.apps", Namespace: "shop", Name: "web"},
		Window: query.Window{From: at(0).Add(-30 * time.Minute), To: at(0).Add(30 * time.Minute)}, At: at(0), Limit: 1}
	for _, tc := range []struct {
		query  string
		status int
		body   string
	}{
		{object + "&ts=" + at(0).Format(time.RFC3339), 302, ""},
		{object + "&ts=" + fmt.Sprint(at(0).Unix()), 302, ""},
		{object + "&ts=" + fmt.Sprint(at(0).UnixMilli()), 302, ""},
		{object + "&ts=" + fmt.Sprint(at(0).UnixMicro()), 302, ""},
		{object + "&ts=" + fmt.Sprint(at(0).UnixNano()), 302, ""},
		{object + "&ts=yesterday", 400, "neither a time"},
		{object + "&ts=2026-11-20T14:00:00Z&window=-3m", 400, "no duration"},
		{"name=web", 400, "which object?"},
	} {
		f := newFake(story(1))
		status, body := get(t, serving(t, jaeger.Config{Engine: f, UI: "http://jaeger.example/ui/"}), "/redirect?"+tc.query)
		if status != tc.status || !strings.Contains(body, tc.body) {
			t.Errorf("%s: %d %s", tc.query, status, body)
			continue
		}
		if status == http.StatusFound {
			if diff := cmp.Diff(any(want), f.asked[0]); diff != "" {
				t.Errorf("%s: question (-want +got):\n%s", tc.query, diff)
			}
			if target := "http://jaeger.example/ui/trace/" + idOf(1).String(); !strings.Contains(body, target) {
				t.Errorf("%s leads to %s, not to %s", tc.query, body, target)
			}
		}
	}
	status, body := get(t, serving(t, jaeger.Config{Engine: newFake(), UI: "http://jaeger.example"}), "/redirect?"+object)
	if status != http.StatusNotFound || !strings.Contains(body, "nothing recorded") {
		t.Errorf("of an object without trace: %d %s", status, body)
	}
}

// A script in a browser is told where to, and why not.
func TestRedirectIsTold(t *testing.T) {
	const object = "/redirect?cluster=prod&group=apps&resource=deployments&namespace=shop&name=web"
	for _, tc := range []struct {
		target, ui, kind, body string
		status                 int
	}{
		{object, "http://jaeger.example/ui/", "application/json", `{"location":"http://jaeger.example/ui/trace/` + idOf(1).String() + `"}`, 200},
		{object + "&ts=yesterday", "http://jaeger.example", "application/problem+json", `"detail":"ts: \"yesterday\" is neither a time`, 400},
		{object, "", "application/problem+json", `"detail":"No Jaeger UI is configured here`, 404},
	} {
		r := httptest.NewRequest(http.MethodGet, tc.target, nil)
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		serving(t, jaeger.Config{Engine: newFake(story(1)), UI: tc.ui}).ServeHTTP(w, r)
		if w.Code != tc.status || w.Header().Get("Content-Type") != tc.kind || w.Header().Get("Vary") != "Accept" || !strings.Contains(w.Body.String(), tc.body) {
			t.Errorf("%s: %d %v %s", tc.target, w.Code, w.Header(), w.Body)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, ui := range []string{"jaeger:16686", "ftp://x", "://"} {
		if _, err := jaeger.New(jaeger.Config{Engine: newFake(), UI: ui}); err == nil {
			t.Errorf("%q was taken as the address of a UI", ui)
		}
	}
}

// No parameter may end the server.
func FuzzRequests(f *testing.F) {
	for _, path := range []string{"/api/traces", "/api/traces/1f", "/api/v3/traces", "/api/v3/trace-summaries", "/api/dependencies", "/redirect", "/api/services/tracing/operations"} {
		f.Add(path, "service=tracing&tags=%7B%22a%22%3A%22b%22%7D&start=1&end=-1&limit=9&minDuration=1s&query.startTimeMin=2026-01-01T00:00:00Z&ts=1&name=a&resource=b&lookback=99999999999999")
	}
	f.Fuzz(func(t *testing.T, path, params string) {
		u := &url.URL{Path: "/" + strings.TrimLeft(path, "/"), RawQuery: params}
		if _, err := url.ParseRequestURI(u.String()); err != nil {
			t.Skip()
		}
		r, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			t.Skip()
		}
		h := serving(t, jaeger.Config{Engine: newFake(story(1)), UI: "http://jaeger.example"})
		h.ServeHTTP(&discard{}, r)
	})
}

type discard struct{ head http.Header }

func (d *discard) Header() http.Header {
	if d.head == nil {
		d.head = http.Header{}
	}
	return d.head
}
func (*discard) Write(b []byte) (int, error) { return len(b), nil }
func (*discard) WriteHeader(int)             {}

package jaeger_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/engine/enginetest/recorded"
	"github.com/kubewake/kubewake/test/testjaeger"
)

// summaries asks the newer dialect for what has a trace.
func summaries(t *testing.T, h http.Handler, service, tags string) (ids []string) {
	t.Helper()
	q := url.Values{"query.serviceName": {service}, "query.attributes": {tags}, "query.startTimeMin": {"2020-01-01T00:00:00Z"}, "query.startTimeMax": {"2030-01-01T00:00:00Z"}, "query.searchDepth": {"3"}}
	status, body := get(t, h, "/api/v3/trace-summaries?"+q.Encode())
	var answer struct {
		Summaries []struct{ TraceID, RootOperationName string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v: %.300s", status, err, body)
	}
	for _, s := range answer.Summaries {
		ids = append(ids, s.TraceID)
	}
	return ids
}

// TestRecording searches a real recording in both dialects and finds one trace by its ID in each.
func TestRecording(t *testing.T) {
	h := serving(t, jaeger.Config{Engine: recorded.Recording(t, "deployment"), UI: "http://jaeger.example"})
	ids := summaries(t, h, "tracing", `{"resource":"deployments","namespace":"shop","name":"web"}`)
	if len(ids) != 1 {
		t.Fatalf("the Deployment has %d traces", len(ids))
	}
	status, body := get(t, h, "/api/traces/"+ids[0])
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	spans := tree(t, body)
	services := map[string]int{}
	for id, s := range spans {
		services[s.Service]++
		if s.Parents != "" {
			parent := strings.Fields(s.Parents)[2]
			if _, ok := spans[strings.TrimSuffix(parent, ";")]; !ok {
				t.Errorf("span %s has a parent that is not in the trace: %s", id, s.Parents)
			}
		}
	}
	if services["deployments"] != 1 || services["replicasets"] < 2 || services["pods"] < 4 {
		t.Errorf("spans by service: %v", services)
	}
	_, newer := get(t, h, "/api/v3/traces/"+ids[0])
	for id, line := range otlpTree(t, newer) {
		if s, ok := spans[id]; !ok || !strings.Contains(line, s.Operation) {
			t.Errorf("the newer dialect has another span %s: %s", id, line)
		}
	}
	status, body = get(t, h, "/redirect?group=apps&resource=deployments&namespace=shop&name=web")
	if status != http.StatusFound || !strings.Contains(body, "http://jaeger.example/trace/") {
		t.Errorf("redirect: %d %s", status, body)
	}
	status, body = get(t, h, "/redirect?group=apps&resource=deployments&namespace=shop&name=nobody")
	if status != http.StatusNotFound {
		t.Errorf("redirect to what is not there: %d %s", status, body)
	}
	status, body = get(t, h, fmt.Sprintf("/api/dependencies?endTs=%d&lookback=%d", 1893456000000, 315360000000))
	if status != http.StatusOK || !strings.Contains(body, `{"parent":"replicasets","child":"pods","callCount":`) {
		t.Errorf("dependencies: %d %s", status, body)
	}
}

// TestRedirectToAnEarlierLife: of a name that was made again, a moment leads to the object that had it then.
func TestRedirectToAnEarlierLife(t *testing.T) {
	h := serving(t, jaeger.Config{Engine: recorded.Recording(t, "scenarios"), UI: "http://jaeger.example"})
	_, body := get(t, h, "/api/traces?service=tracing+alone&limit=9&start=1&end=1893456000000000&tags="+url.QueryEscape(`{"resource":"pods","namespace":"statefulset-0-22","name":"db-0"}`))
	var lives uiAnswer
	if err := json.Unmarshal([]byte(body), &lives); err != nil || len(lives.Data) != 2 {
		t.Fatalf("want two lives (%v): %.500s", err, body)
	}
	led := map[string]bool{}
	for _, life := range lives.Data {
		uid := ""
		for _, tag := range life.Spans[0].Tags {
			if tag.Key == "uid" {
				uid = fmt.Sprint(tag.Value)
			}
		}
		status, body := get(t, h, fmt.Sprintf("/redirect?resource=pods&namespace=statefulset-0-22&name=db-0&mode=tracing&modifier=alone&ts=%d", life.Spans[0].StartTime+1_000_000))
		if status != http.StatusFound {
			t.Fatal(status, body)
		}
		_, id, _ := strings.Cut(body, "/trace/")
		id, _, _ = strings.Cut(id, `"`)
		if _, body := get(t, h, "/api/traces/"+id); !strings.Contains(body, uid) {
			t.Errorf("in the life of %s it leads to %s, which is of another", uid, id)
		}
		led[id] = true
	}
	if len(led) != 2 {
		t.Errorf("both lives lead to %v", led)
	}
}

// TestRealJaegerOverRecording: a real Jaeger shows the same trees of a real recording as our own query API, in every display mode.
func TestRealJaegerOverRecording(t *testing.T) {
	config := jaeger.Config{Engine: recorded.Recording(t, "deployment")}
	real := testjaeger.Start(t, testjaeger.Config{Storage: storing(t, config)})
	ours := serving(t, config)
	_, body := get(t, ours, "/api/services")
	var services struct{ Data []string }
	if err := json.Unmarshal([]byte(body), &services); err != nil || len(services.Data) < 4 {
		t.Fatal(err, body)
	}
	for _, service := range services.Data {
		for _, id := range summaries(t, ours, service, `{"namespace":"shop","error":"true"}`) {
			status, body := fetch(t, real.URL+"/api/traces/"+id)
			_, want := get(t, ours, "/api/traces/"+id)
			if status != http.StatusOK {
				t.Fatalf("%s %s: %d %.300s", service, id, status, body)
			}
			if diff := cmp.Diff(tree(t, want), tree(t, body)); diff != "" {
				t.Fatalf("%s %s (-ours +Jaeger's):\n%.4000s", service, id, diff)
			}
		}
	}
	// A tag narrows the search, and Jaeger's own answer holds the same IDs as ours.
	q := url.Values{"service": {"tracing"}, "tags": {`{"namespace":"shop","user":"alice","resource":"deployments"}`}, "start": {"1577836800000000"}, "end": {"1893456000000000"}}
	_, mine := get(t, ours, "/api/traces?"+q.Encode())
	_, theirs := fetch(t, real.URL+"/api/traces?"+q.Encode())
	if a, b := traceIDs(t, mine), traceIDs(t, theirs); len(a) == 0 || !cmp.Equal(a, b) {
		t.Errorf("a search by tags finds %v, through Jaeger %v", a, b)
	}
}

func traceIDs(t *testing.T, body string) map[string]int {
	t.Helper()
	var answer uiAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	out := map[string]int{}
	for _, trace := range answer.Data {
		out[trace.TraceID] = len(trace.Spans)
	}
	return out
}

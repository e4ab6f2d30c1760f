package jaeger_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/test/testjaeger"
)

// uiAnswer is what Jaeger's older dialect answers about traces.
type uiAnswer struct {
	Data []struct {
		TraceID   string
		Spans     []uiSpan
		Processes map[string]struct{ ServiceName string }
	}
	Errors []struct {
		Code int
		Msg  string
	}
}

type uiSpan struct {
	TraceID, SpanID, OperationName, ProcessID string
	StartTime, Duration                       int64
	References                                []struct{ RefType, TraceID, SpanID string }
	Tags                                      []uiTag
	Logs                                      []struct {
		Timestamp int64
		Fields    []uiTag
	}
	Warnings []string
}

type uiTag struct {
	Key, Type string
	Value     any
}

// seen is what a reader sees of a span, in a form that does not depend on the order of tags.
type seen struct {
	Service, Operation, Parents string
	Start, Duration             int64
	Tags, Logs                  []string
	Warnings                    []string
}

// tree gives what is seen of a trace, by span ID.
func tree(t *testing.T, body string) map[string]seen {
	t.Helper()
	var answer uiAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data) != 1 {
		t.Fatalf("want one trace (%v): %.500s", err, body)
	}
	out := map[string]seen{}
	for _, s := range answer.Data[0].Spans {
		one := seen{Service: answer.Data[0].Processes[s.ProcessID].ServiceName, Operation: s.OperationName, Start: s.StartTime, Duration: s.Duration, Tags: words(s.Tags), Warnings: s.Warnings}
		for _, r := range s.References {
			one.Parents += r.RefType + " " + r.TraceID + " " + r.SpanID + "; "
		}
		for _, l := range s.Logs {
			one.Logs = append(one.Logs, fmt.Sprint(l.Timestamp, words(l.Fields)))
		}
		out[s.SpanID] = one
	}
	if len(out) != len(answer.Data[0].Spans) {
		t.Error("a span ID is there twice")
	}
	return out
}

// words leaves out what Jaeger adds on its own account.
func words(tags []uiTag) []string {
	var list []string
	for _, tag := range tags {
		if tag.Key == "span.kind" || strings.HasPrefix(tag.Key, "otel.scope") {
			continue
		}
		list = append(list, fmt.Sprintf("%s %s %v", tag.Key, tag.Type, tag.Value))
	}
	slices.Sort(list)
	return list
}

func fetch(t *testing.T, target string) (int, string) {
	t.Helper()
	response, err := (&http.Client{Timeout: time.Minute}).Get(target)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// A real Jaeger shows what our own query API answers: trees by ID alone, small and large, searches, names, errors.
func TestRealJaeger(t *testing.T) {
	f := newFake(story(1), story(2))
	for _, extra := range []*engine.Trace{large(10_000, 600)} {
		f.traces[extra.ID.String()] = extra
	}
	config := jaeger.Config{Engine: f}
	ours := serving(t, config)
	real := testjaeger.Start(t, testjaeger.Config{Storage: storing(t, config)})

	for name, id := range map[string]string{"a story": idOf(1).String(), "10,000 spans": idOf(11_000).String()} {
		t.Run(name, func(t *testing.T) {
			status, body := fetch(t, real.URL+"/api/traces/"+id)
			if status != http.StatusOK {
				t.Fatal(status, body)
			}
			_, want := get(t, ours, "/api/traces/"+id)
			if diff := cmp.Diff(tree(t, want), tree(t, body)); diff != "" {
				t.Errorf("of %s (-ours +Jaeger's):\n%.5000s", name, diff)
			}
			v3status, v3body := fetch(t, real.URL+"/api/v3/traces/"+id)
			_, v3want := get(t, ours, "/api/v3/traces/"+id)
			if diff := cmp.Diff(otlpTree(t, v3want), otlpTree(t, v3body)); v3status != http.StatusOK || diff != "" {
				t.Errorf("newer dialect, of %s: %d (-ours +Jaeger's):\n%.5000s", name, v3status, diff)
			}
		})
	}
	t.Run("names", func(t *testing.T) {
		for _, target := range []string{"/api/services", "/api/services/tracing%20owned/operations", "/api/operations?service=tracing", "/api/v3/services", "/api/v3/operations?service=tracing"} {
			status, body := fetch(t, real.URL+target)
			ourStatus, want := get(t, ours, target)
			inAnyOrder := cmp.Transformer("sorted", func(list []any) []string { // Jaeger gives the operations in a random one
				var out []string
				for _, v := range list {
					out = append(out, fmt.Sprint(v))
				}
				slices.Sort(out)
				return out
			})
			if diff := cmp.Diff(jsonOf(t, want), jsonOf(t, body), inAnyOrder); status != ourStatus || diff != "" {
				t.Errorf("%s: %d, ours %d (-ours +Jaeger's):\n%s", target, status, ourStatus, diff)
			}
		}
	})
	t.Run("dependencies", func(t *testing.T) {
		target := fmt.Sprintf("/api/dependencies?endTs=%d&lookback=3600000", at(60_000).UnixMilli())
		_, body := fetch(t, real.URL+target)
		for _, want := range []string{`{"parent":"deployments","child":"replicasets","callCount":3}`, `{"parent":"replicasets","child":"pods","callCount":14}`} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in %s", want, body)
			}
		}
	})
	t.Run("search", func(t *testing.T) {
		f.asked = nil
		q := url.Values{"service": {"tracing owned"}, "operation": {"prod"}, "tags": {`{"resource":"deployments","label.app":"web","error":"true"}`}, "limit": {"7"},
			"start": {fmt.Sprint(at(0).UnixMicro())}, "end": {fmt.Sprint(at(60_000).UnixMicro())}, "minDuration": {"1s"}}
		status, body := fetch(t, real.URL+"/api/traces?"+q.Encode())
		var answer uiAnswer
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || len(answer.Data) != 2 {
			t.Fatalf("%d %v: %.500s", status, err, body)
		}
		asked := f.asked[0]
		f.asked = nil
		get(t, ours, "/api/traces?"+q.Encode())
		if diff := cmp.Diff(f.asked[0], asked); diff != "" {
			t.Errorf("question (-ours +Jaeger's):\n%s", diff)
		}
		v3 := url.Values{"query.service_name": {"tracing"}, "query.start_time_min": {at(0).Format(time.RFC3339Nano)}, "query.start_time_max": {at(60_000).Format(time.RFC3339Nano)}}
		if status, body := fetch(t, real.URL+"/api/v3/traces?"+v3.Encode()); status != http.StatusOK || strings.Count(body, `"name":"shop/web"`) != 2 {
			t.Errorf("newer dialect: %d %.500s", status, body)
		}
	})
	t.Run("errors", func(t *testing.T) {
		for _, target := range []string{"/api/traces/abc", "/api/traces/xyz", "/api/traces/" + strings.Repeat("f", 33), "/api/traces?limit=3", "/api/operations", "/api/traces?service=tracing&start=x",
			"/api/traces?service=tracing&tag=x", "/api/traces?service=tracing&minDuration=2s&maxDuration=1s", "/api/dependencies?endTs=x",
			"/api/v3/traces/abc", "/api/v3/traces/xyz", "/api/v3/traces", "/api/v3/traces?query.start_time_min=x&query.start_time_max=y"} {
			status, body := fetch(t, real.URL+target)
			ourStatus, our := get(t, ours, target)
			if status != ourStatus {
				t.Errorf("%s: %d %s\nours %d %s", target, status, body, ourStatus, our)
			}
			if diff := cmp.Diff(keys(jsonOf(t, our)), keys(jsonOf(t, body))); diff != "" {
				t.Errorf("%s: members (-ours +Jaeger's):\n%s", target, diff)
			}
		}
		status, body := fetch(t, real.URL+"/api/traces?service=deployments")
		if status != http.StatusInternalServerError || !strings.Contains(body, "there is no display mode") {
			t.Errorf("our sentence about an unknown service does not reach the user: %d %s", status, body)
		}
	})
}

func jsonOf(t *testing.T, body string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v: %.500s", err, body)
	}
	return v
}

// keys gives the shape of a document: its members without what they say.
func keys(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			out[name] = keys(member)
		}
		return out
	case []any:
		out := []any{}
		for _, member := range v {
			out = append(out, keys(member))
		}
		return out
	}
	return fmt.Sprintf("%T", v)
}

// otlpTree gives what the newer dialect says of each span.
func otlpTree(t *testing.T, body string) map[string]string {
	t.Helper()
	type span struct {
		SpanID, ParentSpanID, TraceID, Name, StartTimeUnixNano, EndTimeUnixNano string
		Attributes, Events, Links                                               []any
		Status                                                                  struct{ Message string }
	}
	var answer struct {
		Result struct {
			ResourceSpans []struct {
				Resource struct {
					Attributes []struct {
						Key   string
						Value any
					}
				}
				ScopeSpans []struct{ Spans []span }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v: %.500s", err, body)
	}
	out := map[string]string{}
	for _, r := range answer.Result.ResourceSpans {
		var service any
		for _, a := range r.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value
			}
		}
		for _, s := range r.ScopeSpans {
			for _, s := range s.Spans {
				out[s.SpanID] = fmt.Sprint(service, s.ParentSpanID, s.TraceID, s.Name, s.StartTimeUnixNano, s.EndTimeUnixNano, len(s.Attributes), len(s.Events), len(s.Links), s.Status.Message)
			}
		}
	}
	return out
}

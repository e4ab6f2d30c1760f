package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/engine/extend"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/trace"
)

// TestExtensions: a running server shows what a Jaeger has of a recorded request, by its audit ID, in every face; without the Jaeger the trace
// is there and says so.
func TestExtensions(t *testing.T) {
	dir := t.TempDir()
	lines := auditLines(t, 1)
	var broken atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("audit")
		if broken.Load() || id == "" || !strings.Contains(string(lines[0]), id) {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"data":[{"traceID":"5","processes":{"p1":{"serviceName":"apiserver"}},"spans":[{"traceID":"5","spanID":"6","operationName":"Create of the apiserver","processID":"p1","startTime":1,"duration":2}]}]}`)
	}))
	defer other.Close()
	s := Settings{Data: filepath.Join(dir, "data"), Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}}
	text := "extensions:\n  from:\n    - {name: apiserver, for: requests, format: jaeger, url: '" + other.URL + "/api/traces?audit={auditID}'}\n"
	if err := settings.Read("x.yaml", []byte(text), &s); err != nil {
		t.Fatal(err)
	}
	l, serving := startLive(t, s)
	appendTo(t, filepath.Join(dir, "a.log"), lines)
	until(t, "the request", func() bool { return len(l.requests(t, "one")) == 1 })
	const span, warning = "Create of the apiserver", "extension apiserver: 1 of 1 questions failed"
	var id string
	until(t, "the trace", func() bool {
		_, body := get(t, serving.url+"/tempo/api/search?q=%7B.resource%3D%22namespaces%22%7D", "")
		_, rest, _ := strings.Cut(body, `"traceID":"`)
		id, _, _ = strings.Cut(rest, `"`)
		return id != ""
	})
	faces := []string{"/api/v1/trace?id=" + id, "/api/traces/" + id, "/tempo/api/v2/traces/" + id}
	for _, face := range faces {
		if status, body := get(t, serving.url+face, ""); status != http.StatusOK || !strings.Contains(body, span) || strings.Contains(body, warning) {
			t.Errorf("%s: %d %s", face, status, body)
		}
	}
	broken.Store(true)
	for _, face := range faces {
		if status, body := get(t, serving.url+face, ""); status != http.StatusOK || strings.Contains(body, span) || !strings.Contains(body, warning) {
			t.Errorf("%s: %d %s", face, status, body)
		}
	}
}

// TestExtensionsRefused: a server does not start with an extension that can not be asked.
func TestExtensionsRefused(t *testing.T) {
	s := Settings{Data: t.TempDir()}
	text := "extensions:\n  from:\n    - {name: x, for: requests, format: jaeger, url: 'http://{node}/x'}\n"
	if err := settings.Read("x.yaml", []byte(text), &s); err != nil {
		t.Fatal(err)
	}
	if _, err := NewLive(s, LiveOptions{}); err == nil || !strings.Contains(err.Error(), "extensions.from[0]: url: scheme and host are fixed") {
		t.Error(err)
	}
}

// TestExtensionsOfFaces: what one kubewake answers as a Jaeger, in both dialects, and as a Tempo, another one takes into its traces: here the
// records as spans of their own, which its own display mode shows as logs.
func TestExtensionsOfFaces(t *testing.T) {
	dir := t.TempDir()
	lines := auditLines(t, 1)
	appendTo(t, filepath.Join(dir, "a.log"), lines)
	start := func(name string, e extend.Settings) running {
		l, serving := startLive(t, Settings{Data: filepath.Join(dir, name), Extensions: e,
			Config: collect.Config{Tails: []collect.Tail{auditTail("one", filepath.Join(dir, "a.log"))}}})
		until(t, "the request", func() bool { return len(l.requests(t, "one")) == 1 })
		return serving
	}
	other := start("other", extend.Settings{}).url
	for _, from := range []extend.Source{
		{Name: "v1", Format: "jaeger", URL: other + `/api/traces?service=tree&tags={"uid":"{uid}"}&start={start.us}&end={end.us}`},
		{Name: "v3", Format: "otlp", URL: other + `/api/v3/traces?query.serviceName=tree&query.attributes={"uid":"{uid}"}&query.startTimeMin={start.rfc3339}&query.startTimeMax={end.rfc3339}`},
		{Name: "tempo", Format: "tempo", URL: other + `/tempo/api/search?q={ .uid="{uid}" %26%26 resource.kubewake.mode="tree" }&start={start.s}&end={end.s}`, Trace: other + "/tempo/api/v2/traces/{traceID}"},
	} {
		t.Run(from.Name, func(t *testing.T) {
			from.For = "objects"
			one := start(from.Name, extend.Settings{From: []extend.Source{from}}).url
			var answer struct {
				Spans []trace.Span
				Notes []string
			}
			until(t, "the trace", func() bool {
				status, body := get(t, one+"/api/v1/trace?resource=namespaces&name=robots", "")
				if status != http.StatusOK {
					return false
				}
				if err := json.Unmarshal([]byte(body), &answer); err != nil {
					t.Fatal(err)
				}
				return true
			})
			if len(answer.Spans) < 2 || answer.Spans[1].Parent != answer.Spans[0].ID || !slices.Contains(answer.Spans[1].Attrs, trace.Attr{Key: "kubewake.extension", Value: from.Name}) ||
				answer.Spans[1].Name != "create" || answer.Spans[1].Service != "namespaces" {
				t.Errorf("%+v, notes %q", answer.Spans, answer.Notes)
			}
		})
	}
}

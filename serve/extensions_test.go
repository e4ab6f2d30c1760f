package serve

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/internal/settings"
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

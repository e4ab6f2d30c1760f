package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/web"
)

func get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	web.New(web.Config{Engine: new(enginetest.Fake)}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestPage(t *testing.T) {
	r, body := get(t, "/")
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		"<h3>prod</h3>", "2026-11-20 14:00:00", "2026-11-20 14:01:00", "60 seconds", "1\u2009234", "1.5 MB", "2 clusters were recorded under this name", "2 epochs",
		"kubewake history deployments/web -n shop", "/api/v1/history?cluster=prod&amp;kind=deployments.apps&amp;name=web&amp;namespace=shop",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
	if strings.Contains(body, "<script") || strings.Contains(body, " style=") {
		t.Error("the page has scripts or inline styles, which its policy forbids")
	}
}

func TestFiles(t *testing.T) {
	for path, want := range map[string]string{"/style.css": "text/css", "/icon.svg": "image/svg+xml"} {
		r, _ := get(t, path)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), want) {
			t.Errorf("%s: %d %s", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
	}
	if r, _ := get(t, "/page/index.html"); r.StatusCode != http.StatusNotFound {
		t.Errorf("the template itself is served: %d", r.StatusCode)
	}
}

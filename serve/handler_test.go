package serve

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/internal/tokens"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/web"
)

// CallersOf are those of a file of tokens.
func CallersOf(t *testing.T, lines string) *tokens.Callers {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := tokens.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return &tokens.Callers{Tokens: file}
}

// The files of the UI are for everybody; what is recorded is not, whatever path leads to it.
func TestUIWithoutToken(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	server, err := New(Config{Engine: new(enginetest.Fake), Callers: CallersOf(t, token+" *\n"), Version: "v1", Live: true})
	if err != nil {
		t.Fatal(err)
	}
	whole := server.Handler(true)
	ui := web.New(web.Config{Engine: new(enginetest.Fake), Files: fstest.MapFS{"index.html": {Data: []byte("<title>kubewake")}, "assets/a-1.js": {Data: []byte("1")}}})
	built := exceptFor(ui, onlyFor(*server.config.Callers, ui, http.NotFoundHandler()))
	for _, tc := range []struct {
		handler http.Handler
		target  string
		status  int
	}{
		{whole, "/ui/config.json", 200}, {whole, "/api/v1/info", 401}, {whole, "/api/v1/follow", 401}, {whole, "/metrics", 401}, {whole, "/redirect", 401},
		{whole, "/api/traces/abc", 401}, {whole, "/object/../api/v1/info", 307}, {whole, "/ui/../api/v1/info", 307}, {whole, "/wish", 401},
		{built, "/", 200}, {built, "/timeline", 200}, {built, "/object/a%2Fb/pods/shop/web", 200}, {built, "/assets/a-1.js", 200}, {built, "/assets/a-2.js", 404}, {built, "/assets/../api/v1/info", 404},
		{built, "/api/v1/info", 401}, {built, "/object/..%2f..%2fapi/v1/info", 200}, {built, "/timeline/../api/v1/info", 401},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, tc.target, nil)
		r.Host = "localhost"
		tc.handler.ServeHTTP(w, r)
		if w.Code != tc.status || strings.Contains(w.Body.String(), `"prod"`) {
			t.Errorf("%s: %d, want %d: %.100s", tc.target, w.Code, tc.status, w.Body)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+token)
	if whole.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Errorf("with a token: %d", w.Code)
	}
}

// Who opens an address that needs a token in a browser reads what to do; programs, as the UI, read a problem document.
func TestRefusedInABrowser(t *testing.T) {
	server, err := New(Config{Engine: new(enginetest.Fake), Callers: CallersOf(t, "0123456789abcdef0123456789abcdef *\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ accept, token, kind, text string }{
		{"text/html,application/xhtml+xml,*/*;q=0.8", "", "text/html; charset=utf-8", "<title>kubewake · a token is needed"},
		{"text/html", "another", "text/html; charset=utf-8", "is not known here"},
		{"*/*", "", "application/problem+json", `"status":401`},
		{"application/json", "another", "application/problem+json", `"status":401`},
		{"", "", "application/problem+json", `"status":401`},
	} {
		for _, target := range []string{"/api/v1/info?name=<script>", "/api/v1/trace", "/metrics"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, target, nil)
			r.Header.Set("Accept", tc.accept)
			if tc.token != "" {
				r.Header.Set("Authorization", "Bearer "+tc.token)
			}
			server.Handler(false).ServeHTTP(w, r)
			body, header := w.Body.String(), w.Header()
			if w.Code != http.StatusUnauthorized || header.Get("Content-Type") != tc.kind || !strings.Contains(body, tc.text) || strings.Contains(body, "<script") {
				t.Errorf("%s, Accept %q: %d %v %.300s", target, tc.accept, w.Code, header, body)
			}
			if !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer ") || header.Get("Vary") != "Accept" {
				t.Errorf("%s, Accept %q: %v", target, tc.accept, header)
			}
		}
	}
}

// A page of another site may lead here, and nothing else, whatever dialect it speaks.
func TestOtherSites(t *testing.T) {
	server, err := New(Config{Engine: new(enginetest.Fake)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		site, mode string
		status     int
	}{
		{"cross-site", "no-cors", 403}, {"cross-site", "cors", 403}, {"cross-site", "", 403}, {"cross-site", "navigate", 200},
		{"same-origin", "cors", 200}, {"same-site", "cors", 200}, {"none", "navigate", 200}, {"", "", 200},
	} {
		for _, target := range []string{"/api/v1/info", "/api/services", "/api/v3/services", "/tempo/api/echo", "/ui/config.json"} {
			for _, loopback := range []bool{true, false} {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, target, nil)
				r.Host = "localhost"
				r.Header.Set("Sec-Fetch-Site", tc.site)
				r.Header.Set("Sec-Fetch-Mode", tc.mode)
				server.Handler(loopback).ServeHTTP(w, r)
				if w.Code != tc.status {
					t.Errorf("%s from %s, %s: %d, want %d", target, tc.site, tc.mode, w.Code, tc.status)
				}
			}
		}
	}
}

// still follows until it is left.
type still struct {
	enginetest.Fake
	left chan struct{}
}

func (s *still) Follow(ctx context.Context, _ query.Follow, emit func(*engine.Tick) error) error {
	if err := emit(enginetest.Ticks()[0]); err != nil {
		return err
	}
	<-ctx.Done()
	close(s.left)
	return ctx.Err()
}

// Those who follow do not hold up a stop.
func TestFollowersDoNotHoldUpAStop(t *testing.T) {
	ready, e := make(chan string, 1), &still{left: make(chan struct{})}
	server, err := New(Config{Engine: e, Listen: "127.0.0.1:0", Ready: func(url string) error { ready <- url; return nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	r, err := http.Get(<-ready + "/api/v1/follow")
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", r, err)
	}
	defer func() { _ = r.Body.Close() }()
	begin := time.Now()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > stopFor/2 {
		t.Errorf("the stop took %s", took)
	}
	<-e.left
}

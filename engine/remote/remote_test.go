package remote_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/remote"
	"github.com/kubewake/kubewake/query"
)

func TestNew(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:7575": "http://127.0.0.1:7575", "http://h:1/": "http://h:1", "https://h/wake/?x#y": "https://h/wake", "ftp://h": "", "http://": "", "http://%zz": "",
	} {
		e, err := remote.New(address, nil)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: no error", address)
		case want != "" && (err != nil || e.Server() != want):
			t.Errorf("%q: %v %v, want %s", address, e, err, want)
		}
	}
}

func server(t *testing.T, status int, contentType, body string) *remote.Engine {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	e, err := remote.New(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What is not a kubewake, or breaks off, is an error with advice, never a panic or a half answer.
func TestStrangeServers(t *testing.T) {
	cases := map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"another server":  {404, "text/html", "<html>", "no kubewake"},
		"broken problem":  {400, "application/problem+json", "{", "no kubewake"},
		"unknown problem": {418, "application/problem+json", `{"title":"Teapot","detail":"short and stout"}`, "short and stout"},
		"no JSON":         {200, "application/json", "<html>", "read the answer"},
		"cut":             {200, "application/json", `{"kubewake":`, "read the answer"},
		"empty":           {200, "application/json", "", "read the answer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := server(t, c.status, c.contentType, c.body)
			if _, err := e.Stat(t.Context(), query.Stat{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if _, err := e.Search(t.Context(), query.Search{}, func(*engine.Hit) error { return nil }); err == nil {
				t.Error("search: no error")
			}
		})
	}
}

// A stream without its last line is no answer.
func TestTornSearch(t *testing.T) {
	hits := 0
	e := server(t, 200, "application/x-ndjson", `{"id":"1","kind":"request"}`+"\n")
	_, err := e.Search(t.Context(), query.Search{}, func(*engine.Hit) error { hits++; return nil })
	if err == nil || hits != 1 || !strings.Contains(err.Error(), "ends in the middle") {
		t.Errorf("%d hits, %v", hits, err)
	}
}

func TestNobodyThere(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	e, err := remote.New(s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "still serving") {
		t.Errorf("got %v; want advice", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Info(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

package serve_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/serve"
)

// start runs a server until the test ends and gives its address.
func start(t *testing.T, c serve.Config) (url string, stop func() error) {
	t.Helper()
	url, _, stop = startBoth(t, c)
	return url, stop
}

// startBoth gives where a Jaeger finds its storage besides.
func startBoth(t *testing.T, c serve.Config) (url, storage string, stop func() error) {
	t.Helper()
	ready := make(chan string, 1)
	c.Engine = new(enginetest.Fake)
	c.Ready = func(url string) error { ready <- url; return nil }
	server, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	stop = func() error { cancel(); return <-done }
	select {
	case url = <-ready:
		return url, server.JaegerAddr(), stop
	case err := <-done:
		t.Fatalf("Run ended: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("not ready")
	}
	return "", "", nil
}

func TestRun(t *testing.T) {
	url, stop := start(t, serve.Config{Listen: "127.0.0.1:0"})
	for path, want := range map[string]string{"/healthz": "ok", "/api/v1/info": `"prod"`, "/": "<title>kubewake"} {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s %v", path, r.StatusCode, body, err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := http.Get(url + "/healthz"); err == nil {
		t.Error("it still answers after Run returned")
	}
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	address := taken.Addr().String()
	server, err := serve.New(serve.Config{Engine: new(enginetest.Fake), Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("got %v; want advice", err)
	}
	url, stop := start(t, serve.Config{Listen: address, AnyPort: true})
	if strings.HasSuffix(url, address) {
		t.Errorf("%s is taken", url)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestReadyFails(t *testing.T) {
	broken := errors.New("no space left")
	server, err := serve.New(serve.Config{Engine: new(enginetest.Fake), Listen: "127.0.0.1:0", Ready: func(string) error { return broken }})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// A name that somebody else can give out must not reach a server on loopback (DNS rebinding).
func TestHost(t *testing.T) {
	server, err := serve.New(serve.Config{Engine: new(enginetest.Fake)})
	if err != nil {
		t.Fatal(err)
	}
	for host, local := range map[string]bool{
		"127.0.0.1:7575": true, "127.0.0.1": true, "localhost:1": true, "LOCALHOST": true, "[::1]:7575": true, "[::1]": true, "kubewake.localhost:7575": true, "127.9.9.9": true,
		"evil.example": false, "evil.example:7575": false, "127.0.0.1.evil.example": false, "192.0.2.1": false, "": false, "localhost.evil.example": false, "[::2]": false,
	} {
		for _, loopback := range []bool{true, false} {
			for _, path := range []string{"/", "/api/v1/info", "/healthz"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Host = host
				w := httptest.NewRecorder()
				server.Handler(loopback).ServeHTTP(w, r)
				want := http.StatusOK
				if loopback && !local {
					want = http.StatusMisdirectedRequest
				}
				if w.Code != want {
					t.Errorf("%s%s, loopback %v: %d, want %d", host, path, loopback, w.Code, want)
				}
			}
		}
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]serve.Config{"no engine": {}, "no port": {Engine: new(enginetest.Fake), Listen: "localhost"}} {
		if _, err := serve.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for listen, want := range map[string]bool{"127.0.0.1:0": true, "localhost:80": true, "[::1]:0": true, ":80": false, "0.0.0.0:80": false, "example.com:80": false} {
		if serve.Loopback(listen) != want {
			t.Errorf("Loopback(%q) is not %v", listen, want)
		}
	}
}

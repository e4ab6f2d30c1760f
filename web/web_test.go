package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/web"
)

// unbuilt is a binary without the UI; built one with it, as the build leaves it.
func unbuilt() fs.FS { return fstest.MapFS{} }

func built() fs.FS {
	return fstest.MapFS{
		"index.html.gz":            {Data: packed(`<!doctype html><script type="module" src="/assets/index-Ab12.js"></script>`)},
		"theme.js.gz":              {Data: packed("document.title='kubewake'")},
		"icon.svg.gz":              {Data: packed("<svg/>")},
		"assets/index-Ab12.js.gz":  {Data: packed(strings.Repeat("export {};\n", 200))},
		"assets/index-Cd34.css.gz": {Data: packed("body{}")},
		"licences.txt":             {Data: []byte("MIT")}, // left plain: it is packed when read
	}
}

func packed(text string) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return buf.Bytes()
}

func handler(files fs.FS) *web.Handler {
	return web.New(web.Config{Engine: new(enginetest.Fake), Version: "v1", Jaeger: "http://jaeger.example", Live: true, Files: files})
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

// Without the UI there is a plain page, which says how it is built.
func TestPage(t *testing.T) {
	r, body := ask(t, handler(unbuilt()), http.MethodGet, "/")
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		"<h3>prod</h3>", "2026-11-20 14:00:00", "2026-11-20 14:01:00", "60 seconds", "1\u2009234", "1.5 MB", "2 clusters were recorded under this name", "2 epochs",
		"kubewake history deployments/web -n shop", "/api/v1/history?cluster=prod&amp;kind=deployments.apps&amp;name=web&amp;namespace=shop", "<code>make ui</code>",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, " style=") {
		t.Error("the page has scripts or inline styles, which it does without")
	}
}

func TestFiles(t *testing.T) {
	h := handler(unbuilt())
	for path, want := range map[string]string{"/style.css": "text/css", "/icon.svg": "image/svg+xml"} {
		if r, _ := ask(t, h, http.MethodGet, path); r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), want) {
			t.Errorf("%s: %d %s", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/timeline", "/object/demo/pods/shop/web"} {
		if r, body := ask(t, h, http.MethodGet, path); r.StatusCode != http.StatusNotFound || !strings.Contains(body, "make ui") {
			t.Errorf("%s without the UI: %d %s", path, r.StatusCode, body)
		}
	}
	for _, path := range []string{"/page/index.html", "/dist/README", "/README", "/wish"} {
		if r, _ := ask(t, h, http.MethodGet, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s is served: %d", path, r.StatusCode)
		}
	}
}

// What is embedded can be read, whether the UI was built or not.
func TestEmbedded(t *testing.T) {
	if r, body := ask(t, handler(nil), http.MethodGet, "/"); r.StatusCode != http.StatusOK || !strings.Contains(body, "<title>kubewake") {
		t.Errorf("%d %s", r.StatusCode, body)
	}
}

// A build that did not end is none.
func TestHalfBuilt(t *testing.T) {
	h := handler(fstest.MapFS{"assets/index-Ab12.js": {Data: []byte("x")}})
	if r, _ := ask(t, h, http.MethodGet, "/assets/index-Ab12.js"); r.StatusCode != http.StatusNotFound {
		t.Errorf("%d", r.StatusCode)
	}
}

// Every page of the UI is its index, whatever stands in the address; names may hold slashes.
func TestPagesOfTheUI(t *testing.T) {
	h := handler(built())
	mux := http.NewServeMux() // as the server has it
	mux.Handle("/", h)
	for path, want := range map[string]int{
		"/": 200, "/timeline": 200, "/timeline?cluster=a%2Fb&sel=x": 200, "/trace": 200, "/graph": 200, "/search": 200, "/coverage": 200,
		"/object/demo/deployments.apps/shop/web": 200, "/object/a%2Fb/deployments.apps/shop/web": 200, "/object/demo/nodes/-/worker-1": 200,
		"/object/a%2F%2Fb/pods/%2E%2E/x%3Fy": 200, "/object/demo/pods/shop/a%20b": 200,
		"/object": 404, "/object/": 404, "/timeline/": 404, "/timelines": 404, "/index.html": 404, "/index.html.gz": 404, "/assets": 404, "/assets/": 404, "/style.css": 404,
		"/assets/index-Old.js": 404, "/theme.js.gz": 404, "/ui": 404, "/ui/": 404, "/timeline%2F": 404,
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r, body := ask(t, mux, method, path)
			if r.StatusCode != want {
				t.Errorf("%s %s: %d, want %d", method, path, r.StatusCode, want)
			}
			if want != http.StatusOK || method == http.MethodHead {
				continue
			}
			if !strings.Contains(body, "/assets/index-Ab12.js") || r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s: %v %s", path, r.Header, body)
			}
		}
	}
	for _, path := range []string{"/", "/timeline", "/theme.js", "/ui/config.json"} {
		if r, _ := ask(t, mux, http.MethodPost, path); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %d", path, r.StatusCode)
		}
	}
}

// A person who is lost gets a page that leads back; a program a line of text.
func TestNowhere(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for name, want := range map[string]struct {
		files fs.FS
		text  string
	}{
		"built": {built(), "/assets/index-Ab12.js"}, "not built": {unbuilt(), `<a href="/">`},
	} {
		h := handler(want.files)
		r, body := ask(t, h, http.MethodGet, "/wish", "Accept", browser, "If-None-Match", "*")
		if r.StatusCode != http.StatusNotFound || r.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(body, want.text) {
			t.Errorf("%s: %d %v %s", name, r.StatusCode, r.Header, body)
		}
		if r.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(r.Header.Get("Vary"), "Accept") {
			t.Errorf("%s: %v", name, r.Header)
		}
		if r, body := ask(t, h, http.MethodHead, "/wish", "Accept", browser); r.StatusCode != http.StatusNotFound || name == "built" && body != "" {
			t.Errorf("%s, HEAD: %d %s", name, r.StatusCode, body)
		}
		for _, accept := range []string{"", "*/*", "application/json", "text/html;q=0", "image/svg+xml,text/htmlx"} {
			r, body := ask(t, h, http.MethodGet, "/wish", "Accept", accept)
			if r.StatusCode != http.StatusNotFound || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" || body != "There is no page here.\n" || r.Header.Get("Vary") != "Accept" {
				t.Errorf("%s, Accept %q: %d %v %s", name, accept, r.StatusCode, r.Header, body)
			}
		}
		if r, _ := ask(t, h, http.MethodPost, "/wish", "Accept", browser); r.StatusCode != http.StatusNotFound || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s, POST: %d %v", name, r.StatusCode, r.Header)
		}
	}
}

// Who is refused in a browser is told whether the UI can ask for a token here.
func TestRefuse(t *testing.T) {
	const said = "<p>Who &lt;are&gt; you?</p>"
	for _, tc := range []struct {
		files              fs.FS
		path, accept, text string
		said               bool
	}{
		{built(), "/metrics", "text/html", `<a href="/">The UI</a> asks for one`, true},
		{unbuilt(), "/metrics", "text/html", "make ui", true},
		{built(), "/metrics", "*/*", "", false},
		{built(), "/redirect", "text/html", "/assets/index-Ab12.js", false},
		{unbuilt(), "/redirect", "text/html", "make ui", true},
		{built(), "/redirect", "application/json", "", false},
	} {
		h := handler(tc.files)
		page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.Refuse(w, r, http.StatusUnauthorized, "Who <are> you?")
		})
		r, body := ask(t, page, http.MethodGet, tc.path, "Accept", tc.accept)
		if tc.text == "" {
			if body != "" {
				t.Errorf("who reads no pages got one: %s", body)
			}
			continue
		}
		if r.StatusCode != http.StatusUnauthorized || !strings.Contains(body, tc.text) || strings.Contains(body, said) != tc.said || r.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v %s", tc.path, r.StatusCode, r.Header, body)
		}
	}
}

func TestFilesOfTheUI(t *testing.T) {
	h := handler(built())
	for path, want := range map[string]struct{ kind, cache string }{
		"/theme.js":              {"text/javascript; charset=utf-8", "no-cache"},
		"/icon.svg":              {"image/svg+xml", "no-cache"},
		"/licences.txt":          {"text/plain; charset=utf-8", "no-cache"},
		"/assets/index-Ab12.js":  {"text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/assets/index-Cd34.css": {"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		plain, text := ask(t, h, http.MethodGet, path)
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != want.kind || plain.Header.Get("Cache-Control") != want.cache {
			t.Errorf("%s: %d %v", path, plain.StatusCode, plain.Header)
		}
		small, body := ask(t, h, http.MethodGet, path, "Accept-Encoding", "br, gzip")
		if small.Header.Get("Content-Encoding") != "gzip" || small.Header.Get("Vary") != "Accept-Encoding" || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", path, small.Header)
		}
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if unpacked, err := io.ReadAll(z); err != nil || string(unpacked) != text || text == "" {
			t.Errorf("%s: %q unpacked, %q plain, %v", path, unpacked, text, err)
		}
		tag := plain.Header.Get("ETag")
		for _, value := range []string{tag, `"other", ` + tag, strings.TrimPrefix(tag, "W/"), "*"} {
			if r, body := ask(t, h, http.MethodGet, path, "If-None-Match", value); r.StatusCode != http.StatusNotModified || body != "" || r.Header.Get("ETag") != tag {
				t.Errorf("%s, If-None-Match %s: %d", path, value, r.StatusCode)
			}
		}
		if r, _ := ask(t, h, http.MethodGet, path, "If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
			t.Errorf("%s changed: %d", path, r.StatusCode)
		}
	}
	broken := handler(fstest.MapFS{"index.html.gz": {Data: []byte("no gzip")}})
	if r, _ := ask(t, broken, http.MethodGet, "/"); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("a broken file: %d", r.StatusCode)
	}
}

// Nothing may be loaded from elsewhere, and nobody may frame what is here, whatever is answered.
func TestProtected(t *testing.T) {
	for _, files := range []fs.FS{built(), unbuilt()} {
		for _, path := range []string{"/", "/timeline", "/theme.js", "/ui/config.json", "/wish"} {
			r, _ := ask(t, handler(files), http.MethodGet, path)
			csp := r.Header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "worker-src 'self' blob:"} {
				if !strings.Contains(csp, want) {
					t.Errorf("%s: the policy lacks %s: %s", path, want, csp)
				}
			}
			if strings.Count(csp, "unsafe") != 1 || !strings.Contains(csp, "style-src 'self' 'unsafe-inline'") || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" ||
				r.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
				t.Errorf("%s: %v", path, r.Header)
			}
		}
	}
}

func TestConfig(t *testing.T) {
	r, body := ask(t, handler(built()), http.MethodGet, "/ui/config.json")
	if want := `{"version":"v1","jaeger":"http://jaeger.example","live":true}` + "\n"; body != want || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", r.Header, body)
	}
}

// Public is what may be had without saying who asks: everything but the plain page, which tells what is recorded.
func TestPublic(t *testing.T) {
	public := func(files fs.FS, target string) bool {
		return handler(files).Public(httptest.NewRequest(http.MethodGet, target, nil))
	}
	for target, want := range map[string][2]bool{ // built, not built
		"/": {true, false}, "/timeline": {true, true}, "/object/a%2Fb/pods/x/y": {true, true}, "/ui/config.json": {true, true}, "/icon.svg": {true, true},
		"/assets/index-Ab12.js": {true, true}, "/assets/index-Old.js": {true, true}, "/style.css": {false, true}, "/api/v1/info": {false, false}, "/metrics": {false, false}, "/debug/pprof/": {false, false},
		"/object/": {false, false}, "/redirect": {false, false}, "/tempo/api/echo": {false, false}, "/x/../assets/../api/v1/info": {false, false},
	} {
		if got := [2]bool{public(built(), target), public(unbuilt(), target)}; got != want {
			t.Errorf("%s: %v, want %v", target, got, want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

// Package web is what a browser gets: the interactive UI, as it was built from src into dist and embedded, or, where this binary was
// built without it, one plain page at "/" that says what is recorded and how to ask.
//
// [New] gives the handler. The UI is files only, the same for everybody; what it shows it asks /api/v1 for.
package web

import (
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/kubewake/kubewake/engine"
)

//go:embed page
var files embed.FS

// dist is where the UI is built to, in its folder ui; nothing but a note while it is not.
//
//go:embed all:dist
var dist embed.FS

// Config of what a browser gets.
type Config struct {
	Engine  engine.Engine
	Version string // of kubewake
	Jaeger  string // address of a Jaeger UI, which traces are opened in; empty: none
	Live    bool   // recording goes on: there are news to follow
	// Files are the built UI, index.html and what it loads, plain or as NAME.gz. Nil: those that are embedded.
	Files fs.FS
	Log   *slog.Logger // errors that visitors are not shown; nil: they are dropped
}

// Handler serves the UI, or the page. Make one with New.
type Handler struct {
	built  built
	config []byte // of the UI
	page   *page
}

// New makes the handler. It panics if an embedded file is not what it was built as, which a test rules out.
func New(c Config) *Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Files == nil {
		c.Files = embedded()
	}
	ui, err := readBuilt(c.Files)
	if err != nil {
		panic("web: " + err.Error())
	}
	config, err := json.Marshal(struct {
		Version string `json:"version"`
		Jaeger  string `json:"jaeger"`
		Live    bool   `json:"live"`
	}{c.Version, c.Jaeger, c.Live})
	if err != nil {
		panic("web: " + err.Error()) // not of strings
	}
	return &Handler{built: ui, config: append(config, '\n'), page: newPage(c)}
}

func embedded() fs.FS {
	sub, err := fs.Sub(dist, "dist/ui")
	if err != nil {
		panic("web: " + err.Error()) // the path is valid
	}
	return sub
}

// pages are the paths of the UI itself, which reads them from the address bar; those of objects begin with objectPrefix.
var pages = []string{"/", "/timeline", "/trace", "/graph", "/search", "/coverage"}

const (
	objectPrefix = "/object/"
	assetPrefix  = "/assets/" // of files that are named by their content
)

func isPage(path string) bool {
	return slices.Contains(pages, path) || strings.HasPrefix(path, objectPrefix) && len(path) > len(objectPrefix)
}

// Public reports whether what ServeHTTP answers to r is the same wherever this kubewake runs, or its version: nothing that is recorded, so
// that a browser may have it before it can say who asks.
func (h *Handler) Public(r *http.Request) bool {
	path := r.URL.Path
	switch {
	case path == "/ui/config.json" || strings.HasPrefix(path, assetPrefix): // of an older build too: that is gone, not forbidden
		return true
	case isPage(path):
		return h.built.index != nil || path != "/"
	case h.built.index == nil:
		return h.page.has(path)
	}
	return h.built.files[path] != nil
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	path := r.URL.Path
	answer := h.answer(path)
	if answer == nil {
		h.nowhere(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Pages are only read: use GET.", http.StatusMethodNotAllowed)
		return
	}
	answer(w, r)
}

// answer finds what stands at a path; nil: nothing.
func (h *Handler) answer(path string) http.HandlerFunc {
	switch {
	case path == "/ui/config.json":
		return h.sayConfig
	case isPage(path) && h.built.index != nil:
		return h.built.index.serve
	case path == "/":
		return h.page.index
	case isPage(path):
		return h.page.missing
	case h.built.index == nil && h.page.has(path):
		return h.page.file
	}
	if f := h.built.files[path]; f != nil {
		return f.serve
	}
	return nil
}

// nowhere answers where nothing stands: people with a page that leads back, which with the UI is its own, programs with a line of text.
func (h *Handler) nowhere(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !reads || !takes(r.Header.Get("Accept"), "text/html"):
		http.Error(w, "There is no page here.", http.StatusNotFound)
	case h.built.index != nil:
		h.built.index.serveAs(w, r, http.StatusNotFound)
	default:
		h.page.nowhere(w, r)
	}
}

// leadsOn is the path of api/jaeger that the UI follows for who can show no token there: it asks for one, then where to.
const leadsOn = "/redirect"

// Refuse answers a person in a browser who may not have what was asked for with a page that says why, and what to do, or where the UI can do
// it, with the UI; it holds nothing else. It gives false, and answers nothing, where who asks reads no pages.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, detail string) bool {
	w.Header().Add("Vary", "Accept")
	if r.Method != http.MethodGet || !takes(r.Header.Get("Accept"), "text/html") {
		return false
	}
	protect(w.Header())
	if r.URL.Path == leadsOn && h.built.index != nil {
		h.built.index.serveAs(w, r, status)
		return true
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	says := struct {
		Detail string
		Built  bool
	}{detail, h.built.index != nil}
	if err := h.page.refused.Execute(w, says); err != nil {
		h.page.log.Debug("page", "error", err)
	}
	return true
}

// protect sets what holds for all that a browser gets: only our own scripts run, nothing is loaded from elsewhere or sent there, and no
// other page frames or holds ours. Styles may be inline, for editors and React place elements with them.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "+
		"connect-src 'self'; worker-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
}

// sayConfig tells the UI what is not in its files.
func (h *Handler) sayConfig(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(h.config) // the visitor may have gone
}

func parse(name string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"time": showTime, "span": showSpan, "bytes": showBytes, "count": showCount,
	}).ParseFS(files, "page/"+name, "page/frame.html"))
}

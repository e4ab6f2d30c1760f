package web

import (
	"bytes"
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/query"
)

// examples bounds the objects that the page shows commands for.
const examples = 3

// page stands in for a UI that is not built. It is rendered per call from the engine's answers, without scripts.
type page struct {
	engine   engine.Engine
	log      *slog.Logger
	template *template.Template
	notBuilt *template.Template
	lost     *template.Template
	refused  *template.Template
}

func newPage(c Config) *page {
	return &page{engine: c.Engine, log: c.Log, template: parse("index.html"), notBuilt: parse("missing.html"), lost: parse("lost.html"), refused: parse("refused.html")}
}

// has reports whether a file belongs to the page.
func (p *page) has(path string) bool { return path == "/style.css" || path == "/icon.svg" }

func (p *page) file(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "page"+r.URL.Path)
}

// missing says at the addresses of the UI how it is built.
func (p *page) missing(w http.ResponseWriter, _ *http.Request) { p.notFound(w, p.notBuilt) }

// nowhere says that nothing stands at an address.
func (p *page) nowhere(w http.ResponseWriter, _ *http.Request) { p.notFound(w, p.lost) }

func (p *page) notFound(w http.ResponseWriter, says *template.Template) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	if err := says.Execute(w, nil); err != nil {
		p.log.Debug("page", "error", err)
	}
}

// view is what the template shows.
type view struct {
	Info     *engine.Info
	Examples []example
	// Cluster is set where there are several, for questions have to name one then.
	Cluster string
	Server  string
}

// Title names the first of the clusters.
func (v view) Title() string {
	title := "kubewake"
	for _, c := range v.Info.Clusters[:min(3, len(v.Info.Clusters))] {
		title += " · " + c.Name
	}
	return title
}

// example is an object that the page shows how to ask about.
type example struct {
	Word, Namespace, Name string
	Query                 template.URL
}

func (p *page) index(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 15*time.Second)
	defer cancel()
	info, err := p.engine.Info(ctx)
	if err != nil {
		p.log.Error("page", "error", err)
		http.Error(w, "What is recorded can not be read at the moment; the server's log says why.", http.StatusInternalServerError)
		return
	}
	v := view{Info: info, Server: "http://" + r.Host}
	if len(info.Clusters) > 1 {
		v.Cluster = info.Clusters[0].Name
	}
	v.Examples = p.examples(ctx, info)
	var buf bytes.Buffer
	if err := p.template.Execute(&buf, v); err != nil {
		p.log.Error("page", "error", err)
		http.Error(w, "The page can not be shown; the server's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := w.Write(buf.Bytes()); err != nil {
		p.log.Debug("page", "error", err)
	}
}

// examples picks objects worth asking about: workloads if there are any. None is no error.
func (p *page) examples(ctx context.Context, info *engine.Info) []example {
	if len(info.Clusters) == 0 {
		return nil
	}
	cluster := info.Clusters[0].Name
	for _, kind := range []string{"deployments", "statefulsets", "pods", ""} {
		q := query.Objects{Kind: kind, Limit: 50}
		q.Cluster = recordCluster(cluster)
		found, err := p.engine.Objects(ctx, q)
		if err != nil || len(found.Objects) == 0 {
			continue
		}
		return pick(found.Objects)
	}
	return nil
}

// pick takes the objects with the most revisions, whose histories have most to tell; in the order listed.
func pick(objects []engine.ObjectEntry) []example {
	var list []example
	for least := 1 << 30; len(list) < examples && least > 0; least /= 2 {
		for _, o := range objects {
			if o.Revisions < least || o.Revisions >= least*2 || len(list) == examples || o.Name == "" {
				continue
			}
			word := o.Resource
			if o.Group != "" {
				word += "." + o.Group
			}
			values := url.Values{"cluster": {o.Cluster}, "kind": {word}, "name": {o.Name}}
			if o.Namespace != "" {
				values.Set("namespace", o.Namespace)
			}
			list = append(list, example{Word: o.Resource, Namespace: o.Namespace, Name: o.Name, Query: template.URL(values.Encode())})
		}
	}
	return list
}

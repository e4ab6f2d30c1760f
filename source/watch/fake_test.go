package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubewake/kubewake/record"
)

// object of the fake cluster.
type object struct {
	resource        string // "pods", "widgets.x.io"
	namespace, name string
	uid             string
	rv              uint64
	data            string
}

func (o *object) json(kind, apiVersion string) string {
	head := ""
	if kind != "" {
		head = fmt.Sprintf(`"kind":%q,"apiVersion":%q,`, kind, apiVersion)
	}
	return fmt.Sprintf(`{%s"metadata":{"name":%q,"namespace":%q,"uid":%q,"resourceVersion":"%d"},"data":{"v":%q}}`, head, o.name, o.namespace, o.uid, o.rv, o.data)
}

// change is one entry of the fake cluster's history.
type change struct {
	kind  string // ADDED, MODIFIED, DELETED
	epoch int
	object
}

// fakeKind is a resource that the fake serves.
type fakeKind struct {
	group, version, name, kind string
	cluster                    bool // outside namespaces
	verbs                      []string
}

func (k fakeKind) key() string {
	return record.GroupResource{Group: k.group, Resource: k.name}.String()
}

func (k fakeKind) apiVersion() string {
	return record.ObjectRef{Group: k.group, Version: k.version}.APIVersion()
}

// api is an apiserver with one etcd behind it, as far as a watcher can tell.
type api struct {
	mu        sync.Mutex
	kinds     []fakeKind
	rv        uint64
	epoch     int
	objects   map[string]*object // by UID
	history   []change           // of all times
	since     int                // where the present epoch's history that is still known begins
	forgotten uint64             // changes up to it are gone
	wake      chan struct{}      // closed at each change and cut
	cuts      int                // watches of an earlier number end
	requests  []string

	noStream  bool
	noMarks   bool                 // sends no bookmarks
	streamOld bool                 // does not know sendInitialEvents, and ignores it
	snaps     map[string][]*object // what continue tokens stand for
	tokens    int                  // continue tokens of an earlier number are expired
	broken    map[string]int       // group/version -> status of its discovery
	status    map[string]int       // resource key -> status of lists and watches
	garbage   map[string]string    // resource key -> sent once instead of the next line
	down      bool
	maxPage   int
}

func newAPI(kinds ...fakeKind) *api {
	all := []string{"list", "watch"}
	for i := range kinds {
		if kinds[i].verbs == nil {
			kinds[i].verbs = all
		}
	}
	return &api{kinds: kinds, objects: map[string]*object{}, wake: make(chan struct{}), rv: 100, forgotten: 100,
		snaps: map[string][]*object{}, broken: map[string]int{}, status: map[string]int{}, garbage: map[string]string{}}
}

// with changes the fake under its lock and wakes all watches.
func (a *api) with(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
	close(a.wake)
	a.wake = make(chan struct{})
}

func (a *api) put(resource, namespace, name, uid, data string) (rv uint64) {
	a.with(func() {
		a.rv++
		kind := "MODIFIED"
		if a.objects[uid] == nil {
			kind = "ADDED"
		}
		o := &object{resource, namespace, name, uid, a.rv, data}
		a.objects[uid] = o
		a.history = append(a.history, change{kind, a.epoch, *o})
		rv = a.rv
	})
	return rv
}

func (a *api) remove(uid string) {
	a.with(func() {
		a.rv++
		o := *a.objects[uid]
		o.rv = a.rv
		delete(a.objects, uid)
		a.history = append(a.history, change{"DELETED", a.epoch, o})
	})
}

// restart is that of an apiserver: watches end, and its cache begins with what is.
func (a *api) restart() { a.with(func() { a.cuts++; a.forgotten = a.rv }) }

// snapshot and restore are those of etcd; restore ends all watches.
func (a *api) snapshot() (uint64, map[string]*object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]*object{}
	for k, v := range a.objects {
		o := *v
		out[k] = &o
	}
	return a.rv, out
}

func (a *api) restore(rv uint64, objects map[string]*object) {
	a.with(func() {
		a.rv, a.forgotten, a.objects = rv, rv, objects
		a.epoch++
		a.since = len(a.history)
		a.cuts++
	})
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	down := a.down
	a.requests = append(a.requests, r.URL.RequestURI())
	a.mu.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/api" || r.URL.Path == "/apis":
		a.groups(w, path[0] == "api")
	case len(path) == 2 && path[0] == "api":
		a.resources(w, "", path[1])
	case len(path) == 3 && path[0] == "apis":
		a.resources(w, path[1], path[2])
	default:
		group, rest := "", path[2:]
		if path[0] == "apis" {
			group, rest = path[1], path[3:]
		}
		namespace := ""
		if rest[0] == "namespaces" && len(rest) == 3 {
			namespace, rest = rest[1], rest[2:]
		}
		a.collection(w, r, record.GroupResource{Group: group, Resource: rest[0]}.String(), namespace)
	}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func deny(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, code)
}

func (a *api) groups(w http.ResponseWriter, core bool) {
	if core {
		reply(w, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var groups []map[string]any
	seen := map[string]map[string]any{}
	for _, k := range a.kinds {
		if k.group == "" {
			continue
		}
		gv := map[string]any{"groupVersion": k.apiVersion(), "version": k.version}
		if g := seen[k.group]; g != nil {
			g["versions"] = append(g["versions"].([]any), gv)
			continue
		}
		g := map[string]any{"name": k.group, "versions": []any{gv}, "preferredVersion": gv}
		seen[k.group] = g
		groups = append(groups, g)
	}
	reply(w, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

func (a *api) resources(w http.ResponseWriter, group, version string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []map[string]any
	gv := record.ObjectRef{Group: group, Version: version}.APIVersion()
	if code := a.broken[gv]; code != 0 {
		deny(w, code, "ServiceUnavailable")
		return
	}
	for _, k := range a.kinds {
		if k.group == group && k.version == version {
			list = append(list, map[string]any{"name": k.name, "kind": k.kind, "namespaced": !k.cluster, "verbs": k.verbs},
				map[string]any{"name": k.name + "/status", "kind": k.kind, "namespaced": !k.cluster, "verbs": []string{"get", "patch"}})
		}
	}
	reply(w, map[string]any{"kind": "APIResourceList", "groupVersion": gv, "resources": list})
}

func (a *api) collection(w http.ResponseWriter, r *http.Request, key, namespace string) {
	a.mu.Lock()
	i := slices.IndexFunc(a.kinds, func(k fakeKind) bool { return k.key() == key })
	code := a.status[key]
	a.mu.Unlock()
	switch {
	case i < 0:
		http.NotFound(w, r)
	case code != 0:
		deny(w, code, http.StatusText(code))
	case r.URL.Query().Get("watch") != "":
		a.watch(w, r, a.kinds[i], namespace)
	default:
		a.list(w, r, a.kinds[i], namespace)
	}
}

// present lists the objects of a resource, sorted; a.mu is held.
func (a *api) present(key, namespace string) []*object {
	var out []*object
	for _, o := range a.objects {
		if o.resource == key && (namespace == "" || o.namespace == namespace) {
			c := *o
			out = append(out, &c)
		}
	}
	slices.SortFunc(out, func(x, y *object) int { return strings.Compare(x.uid, y.uid) })
	return out
}

func (a *api) list(w http.ResponseWriter, r *http.Request, k fakeKind, namespace string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	objects, from, rv := a.present(k.key(), namespace), 0, a.rv
	if token := q.Get("continue"); token != "" {
		var issue int
		_, _ = fmt.Sscanf(token, "%d.%d.%d", &issue, &from, &rv)
		objects = a.snaps[token]
		if issue < a.tokens {
			deny(w, http.StatusGone, "Expired")
			return
		}
	}
	limit, _ := strconv.Atoi(q.Get("limit"))
	var items []string
	next := ""
	for i := from; i < len(objects); i++ {
		if limit > 0 && i-from == limit {
			next = fmt.Sprintf("%d.%d.%d.%d", a.tokens, i, rv, len(a.snaps))
			a.snaps[next] = objects
			break
		}
		items = append(items, objects[i].json("", ""))
	}
	a.maxPage = max(a.maxPage, len(items))
	fmt.Fprintf(w, `{"kind":"%sList","apiVersion":%q,"metadata":{"resourceVersion":"%d","continue":%q},"items":[%s]}`, k.kind, k.apiVersion(), rv, next, strings.Join(items, ","))
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, k fakeKind, namespace string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	begin, _ := strconv.ParseUint(q.Get("resourceVersion"), 10, 64)
	stream := q.Get("sendInitialEvents") == "true"
	if stream && a.noStream {
		deny(w, http.StatusUnprocessableEntity, "Invalid")
		return
	}
	cuts := a.cuts
	var out []string
	event := func(kind, object string) { out = append(out, fmt.Sprintf(`{"type":%q,"object":%s}`, kind, object)) }
	if begin == 0 {
		for _, o := range a.present(k.key(), namespace) {
			event("ADDED", o.json(k.kind, k.apiVersion()))
		}
		begin = a.rv
		if stream && !a.streamOld {
			event("BOOKMARK", fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"%d","annotations":{"k8s.io/initial-events-end":"true"}}}`, k.kind, k.apiVersion(), begin))
		}
	} else if begin < a.forgotten {
		if begin%2 == 0 { // an apiserver answers so or so
			deny(w, http.StatusGone, "Expired")
			return
		}
		event("ERROR", `{"kind":"Status","status":"Failure","reason":"Expired","code":410}`)
		cuts = -1
	}
	w.Header().Set("Content-Type", "application/json")
	at := a.since
	seconds, _ := strconv.Atoi(q.Get("timeoutSeconds"))
	timeout := time.After(time.Duration(seconds) * time.Second)
	bookmarks := time.NewTicker(time.Minute)
	defer bookmarks.Stop()
	for {
		for ; at < len(a.history) && cuts == a.cuts; at++ {
			if c := a.history[at]; c.resource == k.key() && c.rv > begin && (namespace == "" || c.namespace == namespace) {
				event(c.kind, c.json(k.kind, k.apiVersion()))
			}
		}
		if g := a.garbage[k.key()]; g != "" && len(out) > 0 {
			out = []string{g}
			delete(a.garbage, k.key())
		}
		wake, lines := a.wake, out
		out = nil
		over := cuts != a.cuts
		a.mu.Unlock()
		if len(lines) > 0 {
			_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n")
		}
		w.(http.Flusher).Flush()
		book := false
		if !over {
			select {
			case <-wake:
			case <-bookmarks.C:
				book = true
			case <-timeout:
				over = true
			case <-r.Context().Done():
				over = true
			}
		}
		a.mu.Lock()
		if over {
			return
		}
		if book && a.rv >= begin && !a.noMarks {
			event("BOOKMARK", fmt.Sprintf(`{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"%d"}}`, k.kind, k.apiVersion(), a.rv))
		}
	}
}

// direct is a transport that calls a handler, without a network: it works under a fake clock.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, begun: make(chan struct{})}
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(ctx, func() { pr.CloseWithError(ctx.Err()) })
	go func() {
		defer cancel()
		defer stop()
		defer func() {
			err := error(nil)
			if recover() != nil {
				err = io.ErrUnexpectedEOF
			}
			w.once.Do(func() { w.code, w.failed = http.StatusOK, err; close(w.begun) })
			pw.CloseWithError(err)
		}()
		d.h.ServeHTTP(w, r.WithContext(ctx))
	}()
	<-w.begun
	if w.failed != nil {
		return nil, w.failed
	}
	return &http.Response{StatusCode: w.code, Header: w.header, Body: pr, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	begun  chan struct{}
	code   int
	failed error
}

func (w *pipeWriter) begin(code int) {
	w.once.Do(func() { w.code = code; close(w.begun) })
}
func (w *pipeWriter) Header() http.Header  { return w.header }
func (w *pipeWriter) WriteHeader(code int) { w.begin(code) }
func (w *pipeWriter) Flush()               { w.begin(http.StatusOK) }
func (w *pipeWriter) Write(b []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.body.Write(b)
}

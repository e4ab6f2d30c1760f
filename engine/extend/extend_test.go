package extend

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/internal/settings"
	"github.com/kubewake/kubewake/query"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/trace"
)

// inner answers with one trace.
type inner struct {
	*enginetest.Fake
	trace engine.Trace
	err   error
}

func (f *inner) Trace(context.Context, query.Trace) (*engine.Trace, error) {
	if f.err != nil {
		return nil, f.err
	}
	t := f.trace
	return &t, nil
}

func at(ms int) time.Time {
	return time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
}

func attrs(pairs ...string) (out []trace.Attr) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, trace.Attr{Key: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func objectSpan(uid string) trace.SpanID {
	return trace.ObjectSpan(record.ObjectID("prod", record.UID(uid)))
}

// story is a Deployment with requests as events, a pod, and a request that is a span.
func story() engine.Trace {
	return engine.Trace{Trace: trace.Trace{ID: trace.ID{16, 6}, Notes: []string{"a hole"}, Spans: []trace.Span{
		{ID: objectSpan("u1"), Service: "deployments", Name: "shop/web", Start: at(0), End: at(60_000),
			Attrs: attrs("cluster", "prod", "resource", "deployments", "namespace", "shop", "name", "web", "uid", "u1"),
			Events: []trace.Event{
				{At: at(1000), Name: "update", Attrs: attrs("auditID", "a-1", "verb", "update", "took", "6ms")},
				{At: at(1500), Name: "ScalingReplicaSet", Attrs: attrs("record", "event")},
				{At: at(2000), Name: "update", Attrs: attrs("auditID", "a-2", "verb", "update")},
				{At: at(2000), Name: "update", Attrs: attrs("auditID", "a-1", "verb", "update")},
			}},
		{ID: objectSpan("u2"), Parent: objectSpan("u1"), Service: "pods", Name: "shop/web-1", Start: at(500), End: at(50_000),
			Attrs: attrs("cluster", "prod", "resource", "pods", "namespace", "shop", "name", "web-1", "uid", "u2", "node", "node-1")},
		{ID: trace.SpanID{7}, Parent: objectSpan("u2"), Service: "pods", Name: "delete", Start: at(40_000), End: at(40_010),
			Attrs: attrs("auditID", "a-3", "cluster", "prod", "uid", "u2", "verb", "delete")},
	}}}
}

// served gives the trace that an engine with these settings answers.
func served(t *testing.T, s Settings) *engine.Trace {
	t.Helper()
	e, err := New(&inner{trace: story()}, s)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.Trace(t.Context(), query.Trace{})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// added gives what is behind the spans of the story, one a line: parent, service, name.
func added(t *testing.T, a *engine.Trace) []string {
	t.Helper()
	ours := story().Spans
	if diff := cmp.Diff(ours, a.Spans[:len(ours)]); diff != "" {
		t.Errorf("spans of ours changed:\n%s", diff)
	}
	names := map[trace.SpanID]string{}
	var out []string
	for i, s := range a.Spans {
		if names[s.ID] != "" {
			t.Errorf("span %s stands twice", s.ID)
		}
		names[s.ID] = s.Name
		if i < len(ours) {
			continue
		}
		if names[s.Parent] == "" {
			t.Errorf("the parent of %s does not stand before it", s.Name)
		}
		out = append(out, names[s.Parent]+" > "+s.Service+" "+s.Name)
	}
	return out
}

// asked keeps what a fake endpoint was asked.
type asked struct {
	mu   sync.Mutex
	list []string // guarded by mu
}

func (a *asked) add(s string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, s)
}

func (a *asked) sorted() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(slices.Values(a.list))
}

func endpoint(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

const jaegerBody = `{"data":[{"traceID":"0af7651916cd43dd8448eb211c80319c","processes":{"p1":{"serviceName":"apiserver"},"p2":{"serviceName":"etcd"}},"spans":[
 {"traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"%[1]s2","operationName":"etcd txn","processID":"p2","startTime":1795183201003000,"duration":1500,
  "references":[{"refType":"CHILD_OF","traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"%[1]s1"}],"tags":[{"key":"error","type":"bool","value":true},{"key":"n","type":"int64","value":7}]},
 {"traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"%[1]s1","operationName":"Update","processID":"p1","startTime":1795183201000000,"duration":6000,
  "references":[{"refType":"CHILD_OF","traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"b7ad6b7169203331"}],
  "tags":[{"key":"audit-id","type":"string","value":"a-1"}],"logs":[{"timestamp":1795183201001000,"fields":[{"key":"event","value":"Object stored"}]}]}]}],"errors":null}`

// TestJaeger asks about requests in the way that kube-apiserver's tracing can be found by.
func TestJaeger(t *testing.T) {
	var questions asked
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		questions.add(q.Get("service") + " " + q.Get("tags") + " " + q.Get("start") + " " + q.Get("end"))
		if !strings.Contains(q.Get("tags"), "a-1") {
			fmt.Fprint(w, `{"data":[],"errors":null}`)
			return
		}
		z := gzip.NewWriter(w)
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprintf(z, jaegerBody, "f")
		z.Close()
	})
	a := served(t, Settings{From: []Source{{Name: "apiserver", For: "requests", Format: "jaeger", Around: settings.Duration(time.Second),
		URL: url + `/api/traces?service=apiserver&tags={"audit-id":"{auditID}"}&start={start.us}&end={end.us}`}}})
	if diff := cmp.Diff([]string{
		`apiserver {"audit-id":"a-1"} 1795183200000000 1795183202006000`,
		`apiserver {"audit-id":"a-1"} 1795183201000000 1795183203000000`,
		`apiserver {"audit-id":"a-2"} 1795183201000000 1795183203000000`,
		`apiserver {"audit-id":"a-3"} 1795183239000000 1795183241010000`}, questions.sorted()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop/web > apiserver Update", "Update > etcd etcd txn"}, added(t, a)); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a hole"}, a.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	update, txn := a.Spans[3], a.Spans[4]
	if diff := cmp.Diff(trace.Span{ID: trace.SpanID{7: 0xf1}, Parent: objectSpan("u1"), Service: "apiserver", Name: "Update", Start: at(1000), End: at(1006),
		Attrs:  attrs("audit-id", "a-1", "kubewake.extension", "apiserver", "kubewake.traceID", "0af7651916cd43dd8448eb211c80319c"),
		Events: []trace.Event{{At: at(1001), Name: "Object stored", Attrs: attrs("event", "Object stored")}}}, update); diff != "" {
		t.Errorf("span (-want +got):\n%s", diff)
	}
	if !txn.Failed || !slices.Contains(txn.Attrs, trace.Attr{Key: "n", Value: int64(7)}) {
		t.Errorf("%+v", txn)
	}
}

// TestOTLP asks about objects of one kind, on their node, and shows a header.
func TestOTLP(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "header")
	if err := os.WriteFile(secret, []byte("Bearer abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var questions asked
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		questions.add(r.URL.EscapedPath() + " " + r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"kubelet"}}]},"scopeSpans":[{"spans":[
		 {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"syncPod","startTimeUnixNano":"1795183200600000000","endTimeUnixNano":1795183200700000000,
		  "attributes":[{"key":"b","value":{"boolValue":true}},{"key":"a","value":{"intValue":"9"}},{"key":"a","value":{"intValue":8}},{"key":"l","value":{"arrayValue":{"values":[]}}},{"key":"d","value":{"doubleValue":1.5}},{"key":"n","value":{"doubleValue":"NaN"}}],
		  "events":[{"timeUnixNano":"5","name":"late"},{"timeUnixNano":"1","name":""}],"status":{"code":2,"message":"no image"}},
		 {"traceId":"","spanId":"eee19b7ec3c1b175","name":"without an ID"}]}]}]}}`)
	})
	a := served(t, Settings{From: []Source{{Name: "kubelet", For: "objects", Format: "otlp", URL: url + "/nodes/{node}/pods/{namespace}%2F{name}",
		Where: []Condition{{Tag: "resource", Values: []string{"pods", "deployments"}}}, Header: Header{Name: "Authorization", File: secret}}}})
	if diff := cmp.Diff([]string{"/nodes/node-1/pods/shop%2Fweb-1 Bearer abc"}, questions.sorted()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop/web-1 > kubelet syncPod"}, added(t, a)); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	got := a.Spans[3]
	if diff := cmp.Diff(trace.Span{ID: trace.SpanID{0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74}, Parent: objectSpan("u2"), Service: "kubelet", Name: "syncPod", Start: at(600), End: at(700),
		Failed: true, Status: "no image",
		Attrs: []trace.Attr{{Key: "a", Value: int64(9)}, {Key: "b", Value: true}, {Key: "d", Value: 1.5}, {Key: "kubewake.extension", Value: "kubelet"},
			{Key: "kubewake.traceID", Value: "5b8efff798038103d269b633813fc60c"}, {Key: "l", Value: `{"values":[]}`}, {Key: "n", Value: "NaN"}},
		Events: []trace.Event{{At: time.Unix(0, 1).UTC(), Name: "event"}, {At: time.Unix(0, 5).UTC(), Name: "late"}}}, got); diff != "" {
		t.Errorf("span (-want +got):\n%s", diff)
	}
}

// TestTempo searches, and asks for the traces found.
func TestTempo(t *testing.T) {
	var questions asked
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		questions.add(r.URL.Path + " " + r.URL.Query().Get("q"))
		switch r.URL.Path {
		case "/tempo/api/search":
			fmt.Fprint(w, `{"traces":[{"traceID":"2f3e0cee77ae5dc9c17ade3689eb2e54"},{"traceID":"abc"}],"metrics":{}}`)
		case "/tempo/api/traces/abc":
			fmt.Fprint(w, `{"batches":[{"resource":{},"scopeSpans":[{"spans":[{"traceId":"AAAAAAAAAAAAAAAAAAAKvA==","spanId":"AQIDBAUGBwg=","name":"second","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1","endTimeUnixNano":"0","status":{"code":"STATUS_CODE_ERROR"}}]}]}]}`)
		case "/tempo/api/traces/2f3e0cee77ae5dc9c17ade3689eb2e54":
			fmt.Fprint(w, `{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"Lz4M7neuXcnBet42iesuVA==","spanId":"AQIDBAUGBwk=","parentSpanId":"AQIDBAUGBwg=","name":"first"}]}]}]}}`)
		default:
			http.NotFound(w, r)
		}
	})
	a := served(t, Settings{From: []Source{{Name: "tempo", For: "requests", Format: "tempo", Where: []Condition{{Tag: "verb", Values: []string{"delete"}}},
		URL: url + `/tempo/api/search?q={ .audit-id="{auditID}" }&start={start.s}&end={end.s}`, Trace: url + "/tempo/api/traces/{traceID}"}}})
	if diff := cmp.Diff([]string{"/tempo/api/search { .audit-id=\"a-3\" }", "/tempo/api/traces/2f3e0cee77ae5dc9c17ade3689eb2e54 ", "/tempo/api/traces/abc "}, questions.sorted()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"delete > tempo second", "second > tempo first"}, added(t, a)); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if s := a.Spans[3]; !s.Failed || s.End.Before(s.Start) {
		t.Errorf("%+v", s)
	}
}

// TestPartial: what does not answer as it should leaves its spans out and is named; all else is there.
func TestPartial(t *testing.T) {
	elsewhere := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		t.Error("the question went to another host")
		fmt.Fprintf(w, jaegerBody, "e")
	})
	release := make(chan struct{})
	defer close(release)
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc // to a-2
		note   string
	}{
		{"fails", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", http.StatusInternalServerError) },
			"extension x: 1 of 3 questions failed, the first one because it answers 500 Internal Server Error"},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 5000)) },
			"extension x: 1 of 3 questions failed, the first one because its answer is larger than 4000 bytes"},
		{"large when unpacked", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, strings.Repeat(" ", 1<<20))
			z.Close()
		}, "extension x: 1 of 3 questions failed, the first one because its answer is larger than 4000 bytes"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			"extension x: 1 of 3 questions failed, the first one because its answer can not be read: "},
		{"an error of its own", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"data":null,"errors":[{"code":500,"msg":"no index"}]}`)
		},
			"extension x: 1 of 3 questions failed, the first one because it says: no index"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, "extension x: 1 of 3 questions were not answered in time"},
		{"slow to send", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "{")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "extension x: 1 of 3 questions were not answered in time"},
		{"leads away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere+"/x", http.StatusFound) },
			"extension x: 1 of 3 questions failed, the first one because it redirects to another host"},
		{"leads in circles", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?id=a-2", http.StatusFound)
		},
			"extension x: 1 of 3 questions failed, the first one because it redirects again and again"},
		{"hangs up", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
			"extension x: 1 of 3 questions failed, the first one because "},
		{"has nothing", http.NotFound, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Query().Get("id") {
				case "a-1":
					fmt.Fprintf(w, jaegerBody, "f")
				case "a-2":
					tc.answer(w, r)
				default:
					fmt.Fprint(w, `{"data":[]}`)
				}
			})
			limit := time.Minute
			if strings.HasPrefix(tc.name, "slow") {
				limit = 2 * time.Second
			}
			begun := time.Now()
			a := served(t, Settings{Timeout: settings.Duration(limit), From: []Source{{Name: "x", For: "requests", Format: "jaeger", Bytes: 4000, URL: url + "/x?id={auditID}"}}})
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
			if got := added(t, a); len(got) != 2 {
				t.Errorf("what came is not shown: %q", got)
			}
			notes := a.Notes[1:]
			if tc.note == "" && len(notes) > 0 || tc.note != "" && (len(notes) != 1 || !strings.HasPrefix(notes[0], tc.note)) {
				t.Errorf("notes %q, want %q", notes, tc.note)
			}
			if strings.Contains(strings.Join(notes, ""), "secret") || strings.Contains(strings.Join(notes, ""), url) {
				t.Errorf("notes tell too much: %q", notes)
			}
		})
	}
}

// TestBounds: questions, those at once, and spans are bounded, and what is left out is said.
func TestBounds(t *testing.T) {
	var now, most, n atomic.Int32
	url := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		time.Sleep(20 * time.Millisecond)
		fmt.Fprintf(w, jaegerBody, fmt.Sprint(n.Add(1)))
	})
	from := []Source{{Name: "x", For: "requests", Format: "jaeger", URL: url + "/x?id={auditID}"}, {Name: "y", For: "objects", Format: "jaeger", URL: url + "/y?{uid}"}}
	a := served(t, Settings{Concurrent: 1, Questions: 3, Spans: 5, From: from})
	if got := added(t, a); len(got) != 5 || most.Load() != 1 || n.Load() != 3 {
		t.Errorf("%d questions, %d at once, gave %q", n.Load(), most.Load(), got)
	}
	if diff := cmp.Diff([]string{"a hole", "extensions: 2 questions were not asked, 3 at most for one trace", "extensions: 1 spans are left out, 5 at most for one trace"}, a.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestUnspoken: a tag that could change the meaning of a question is in none.
func TestUnspoken(t *testing.T) {
	url := endpoint(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	f := &inner{trace: story()}
	f.trace.Spans = f.trace.Spans[2:]
	f.trace.Spans[0].Attrs = attrs("auditID", `x"} || {true`)
	e, err := New(f, Settings{From: []Source{{Name: "x", For: "requests", Format: "jaeger", URL: url + "/x?q={auditID}"}}})
	if err != nil {
		t.Fatal(err)
	}
	a, err := e.Trace(t.Context(), query.Trace{})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Spans) != 1 || !strings.Contains(strings.Join(a.Notes, "\n"), "1 questions were not asked, they hold quotes") {
		t.Errorf("notes %q", a.Notes)
	}
}

// TestNotAsked: nothing is asked where nobody would see it, and the inner engine's errors stay what they are.
func TestNotAsked(t *testing.T) {
	url := endpoint(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	s := Settings{From: []Source{{Name: "x", For: "requests", Format: "jaeger", URL: url + "/x?id={auditID}"}}}
	f := &inner{trace: story()}
	e, err := New(f, s)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := e.Trace(t.Context(), query.Trace{Limit: 1}); err != nil || len(a.Spans) != 3 {
		t.Error(a, err)
	}
	f.err = engine.Errorf(engine.KindNotFound, "nothing")
	if _, err := e.Trace(t.Context(), query.Trace{}); !errors.Is(err, f.err) {
		t.Error(err)
	}
	if same, err := New(f, Settings{}); err != nil || same != engine.Engine(f) {
		t.Errorf("without sources it is another engine: %v", err)
	}
}

// TestAskerGoes: who asked may go; then there is no answer.
func TestAskerGoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	e, err := New(&inner{trace: story()}, Settings{Timeout: settings.Duration(time.Minute), From: []Source{{Name: "x", For: "requests", Format: "jaeger", URL: url + "/x?id={auditID}"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Trace(ctx, query.Trace{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestGraft: whatever parents the spans name, each stands once, behind its parent; the answer's order does not matter.
func TestGraft(t *testing.T) {
	span := func(id, parent byte) foreign {
		return foreign{span: trace.Span{ID: trace.SpanID{1, id}, Parent: trace.SpanID{1, parent}, Name: fmt.Sprint(id), Start: at(int(id)), End: at(int(id))}}
	}
	list := []foreign{span(5, 4), span(4, 3), span(3, 9), span(6, 6), span(7, 8), span(8, 7), span(2, 3), span(4, 6), {span: trace.Span{Name: "without an ID"}}}
	var want []trace.Span
	for n := range len(list) {
		found := append(slices.Clone(list[n:8]), list[:min(n, 8)]...)
		if n > 0 { // of two with one ID the first is taken: keep their order
			found = slices.DeleteFunc(found, func(f foreign) bool { return f.span.ID == trace.SpanID{1, 4} && f.span.Parent == trace.SpanID{1, 6} })
		}
		found = append(found, list[8])
		g := graft{spans: story().Spans, room: 100}
		g.begin()
		g.add(&question{source: &source{settings: Source{Name: "x"}}, span: objectSpan("u1"), found: found})
		a := &engine.Trace{Trace: trace.Trace{Spans: g.spans}}
		if got := added(t, a); len(got) != 7 {
			t.Errorf("%q", got)
		}
		if n == 0 {
			want = g.spans
		} else if diff := cmp.Diff(want[:7], g.spans[:7]); diff != "" {
			t.Errorf("in another order (-want +got):\n%s", diff)
		}
	}
}

func TestTemplate(t *testing.T) {
	v := values{tags: map[string]string{"name": "a b/c", "path": "..", "q": `x"y`, "long": strings.Repeat("x", 600), "é": "é", "empty": "", "ctl": "a\nb", "label.a/b": "ü&="}, start: at(1), end: at(2)}
	for _, tc := range []struct{ template, want string }{
		{"http://h/x?n={name}", "http://h/x?n=a%20b%2Fc"},
		{"https://h:1/{name}/{start.ms}-{end.ns}", "https://h:1/a%20b%2Fc/1795183200001-1795183200002000000"},
		{"http://h?q={label.a/b}&s={start.s}&u={start.us}", "http://h?q=%C3%BC%26%3D&s=1795183200&u=1795183200001000"},
		{`http://h/?tags={"k":"{name}"}`, "http://h/?tags=%7B%22k%22:%22a%20b%2Fc%22%7D"},
		{`http://h/?q={ .a = 1 } %7B&{end.rfc3339}`, "http://h/?q=%7B%20.a%20=%201%20%7D%20%7B&2026-11-20T14%3A00%3A00.002Z"},
		{"http://h/{absent}", "missing"}, {"http://h/{empty}", "missing"}, {"http://h/{path}", "unspoken"}, {"http://h/{q}", "unspoken"}, {"http://h/{long}", "unspoken"}, {"http://h/{ctl}", "unspoken"},
		{"http://h/" + strings.Repeat("x", 9000), "unspoken"},
	} {
		tmpl, err := parseTemplate(tc.template)
		if err != nil {
			t.Errorf("%s: %v", tc.template, err)
			continue
		}
		got, err := tmpl.expand(v)
		switch {
		case errors.Is(err, errMissing):
			got = "missing"
		case errors.Is(err, errUnspoken):
			got = "unspoken"
		}
		if got != tc.want {
			t.Errorf("%.80s: %.200s, want %s", tc.template, got, tc.want)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Source{Name: "x", For: "requests", Format: "jaeger", URL: "https://h/{auditID}"}
	for _, tc := range []struct {
		change func(*Source)
		want   string
	}{
		{func(*Source) {}, ""},
		{func(s *Source) { s.Name = "a b" }, "name: "},
		{func(s *Source) { s.For = "pods" }, `for: "pods" is neither`},
		{func(s *Source) { s.Format = "zipkin" }, `format: "zipkin"`},
		{func(s *Source) { s.URL = "" }, "url: an address is needed"},
		{func(s *Source) { s.URL = "ftp://h/x" }, "url: want an address that begins with http"},
		{func(s *Source) { s.URL = "file:///etc/passwd" }, "url: want an address that begins with http"},
		{func(s *Source) { s.URL = "http://{node}/x" }, "url: scheme and host are fixed"},
		{func(s *Source) { s.URL = "http://h{node}" }, "url: scheme and host are fixed"},
		{func(s *Source) { s.URL = "http:///x" }, "url: want http(s)://HOST:PORT/"},
		{func(s *Source) { s.URL = "http://u:p@h/x" }, "without a password"},
		{func(s *Source) { s.URL = "http://h/x#y" }, "without #"},
		{func(s *Source) { s.URL = "http://h/%zz" }, "can not be read"},
		{func(s *Source) { s.URL = "http://h/{start}" }, "{start}: write {start.UNIT}"},
		{func(s *Source) { s.URL = "http://h/{end.min}" }, "{end.min}: write {end.UNIT}"},
		{func(s *Source) { s.URL = "http://h/{traceID}" }, "known in trace only"},
		{func(s *Source) { s.Trace = "https://h/{traceID}" }, "trace: format tempo needs it"},
		{func(s *Source) { s.Format = "tempo" }, "trace: format tempo needs it"},
		{func(s *Source) { s.Format, s.Trace = "tempo", "https://h/x" }, "it says nowhere {traceID}"},
		{func(s *Source) { s.Format, s.Trace = "tempo", "https://other/{traceID}" }, "on another host"},
		{func(s *Source) { s.Format, s.Trace = "tempo", "gopher://h/{traceID}" }, "trace: want an address that begins with http"},
		{func(s *Source) { s.Format, s.Trace = "tempo", "https://h/{traceID}" }, ""},
		{func(s *Source) { s.Header.Name = "Authorization" }, "header: name and file"},
		{func(s *Source) { s.Header, s.URL = Header{"A", "f"}, "http://h/x" }, "plain text"},
		{func(s *Source) { s.Header, s.URL, s.Insecure = Header{"A", "f"}, "http://h/x", true }, ""},
		{func(s *Source) { s.Header, s.URL = Header{"A", "f"}, "http://127.0.0.1/x" }, ""},
		{func(s *Source) { s.Header, s.URL = Header{"A", "f"}, "http://localhost:3/x" }, ""},
		{func(s *Source) { s.Where = []Condition{{Tag: "verb"}} }, "where: "},
		{func(s *Source) { s.Bytes = -1 }, "bytes: "},
	} {
		s := good
		tc.change(&s)
		err := Settings{From: []Source{s}}.WithDefaults().Check()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: %v, want %s", s, err, tc.want)
		}
	}
	err := Settings{Spans: -1, From: []Source{good, good}}.Check()
	if err == nil || !strings.Contains(err.Error(), "given twice") || !strings.Contains(err.Error(), "extensions.spans") {
		t.Error(err)
	}
	for _, s := range []Source{{Header: Header{"A", "/nowhere/at/all"}}, {}} {
		s.Name, s.For, s.Format, s.URL = good.Name, good.For, good.Format, good.URL
		s.TLS.CA = "/nowhere/either"
		if _, err := New(&inner{}, Settings{From: []Source{s}}); err == nil || !strings.Contains(err.Error(), "extensions: x: ") {
			t.Errorf("a file that is not there: %v", err)
		}
	}
}

// FuzzDecode: whatever answers, what becomes of it can stand in a trace.
func FuzzDecode(f *testing.F) {
	f.Add(fmt.Sprintf(jaegerBody, "f"))
	f.Add(`{"batches":[{"scopeSpans":[{"spans":[{"traceId":"Lz4M7neuXcnBet42iesuVA==","spanId":"AQIDBAUGBwk=","parentSpanId":"AQIDBAUGBwg=","startTimeUnixNano":"9","attributes":[{"key":"a","value":{"intValue":"x"}}]}]}]}]}`)
	f.Add(`{"data":[{"spans":[{"traceID":"1","spanID":"1","startTime":-9223372036854775808,"duration":9223372036854775807}]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, decode := range []func([]byte) ([]foreign, error){decodeJaeger, decodeOTLP} {
			found, err := decode([]byte(body))
			if err != nil {
				continue
			}
			g := graft{spans: story().Spans, room: 1000}
			g.begin()
			g.add(&question{source: &source{settings: Source{Name: "x"}}, span: objectSpan("u1"), found: found})
			seen := map[trace.SpanID]bool{{}: true}
			for _, s := range g.spans {
				if !seen[s.Parent] || s.End.Before(s.Start) || s.Start.Year() < 1970 || s.End.Year() > 9999 {
					t.Errorf("%+v", s)
				}
				seen[s.ID] = true
				for _, a := range s.Attrs {
					switch a.Value.(type) {
					case string, int64, float64, bool:
					default:
						t.Errorf("%T", a.Value)
					}
				}
				if !slices.IsSortedFunc(s.Attrs, func(a, b trace.Attr) int { return strings.Compare(a.Key, b.Key) }) && s.Service != "deployments" && s.Service != "pods" {
					t.Errorf("%+v", s.Attrs)
				}
			}
		}
	})
}

// FuzzExpand: a value stays where its name stands: it changes neither host nor the parts of the URL around it.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"web", "../x", "a&b=c", "x#y", "%2e%2e", "@evil", "é"} {
		f.Add(s)
	}
	tmpl, err := parseTemplate("http://h.example/a/{v}/b?x={v}&y=z")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		text, err := tmpl.expand(values{tags: map[string]string{"v": value}})
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if u.Scheme != "http" || u.Host != "h.example" || u.User != nil || u.Fragment != "" || len(q) != 2 || q.Get("x") != value || q.Get("y") != "z" || u.Path != "/a/"+value+"/b" {
			t.Errorf("%q: %s", value, text)
		}
	})
}

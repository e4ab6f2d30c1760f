package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubewake/kubewake/test/testcluster"
	"github.com/kubewake/kubewake/test/testjaeger"
)

// jaegerTrace is a trace as Jaeger's query API gives it, the part that stories look at.
type jaegerTrace struct {
	TraceID string `json:"traceID"`
	Spans   []struct {
		SpanID        string `json:"spanID"`
		OperationName string `json:"operationName"`
		ProcessID     string `json:"processID"`
		StartTime     int64  `json:"startTime"` // microseconds
		Duration      int64  `json:"duration"`
		References    []struct {
			RefType string `json:"refType"`
			TraceID string `json:"traceID"`
			SpanID  string `json:"spanID"`
		} `json:"references"`
		Tags []jaegerTag `json:"tags"`
		Logs []struct {
			Timestamp int64       `json:"timestamp"`
			Fields    []jaegerTag `json:"fields"`
		} `json:"logs"`
	} `json:"spans"`
	Processes map[string]struct {
		ServiceName string `json:"serviceName"`
	} `json:"processes"`
}

type jaegerTag struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// storySpan is one span with what it stands under.
type storySpan struct {
	what   string // "deployments default/demo"
	parent *storySpan
	under  []*storySpan
	tags   map[string]string
	logs   []map[string]string
	start  time.Time
	end    time.Time
}

// path names a span by all that it stands under: "deployments default/demo > replicasets default/demo-1 > ...".
func (s *storySpan) path() string {
	if s.parent == nil {
		return s.what
	}
	return s.parent.path() + " > " + s.what
}

// story is a trace as a tree.
type story struct {
	tb    testing.TB
	id    string
	roots []*storySpan
	all   []*storySpan
}

// tree draws the story, for failures.
func (s *story) tree() string {
	var b strings.Builder
	var draw func(at *storySpan, depth int)
	draw = func(at *storySpan, depth int) {
		fmt.Fprintf(&b, "%s%s (%d logs)\n", strings.Repeat("  ", depth), at.what, len(at.logs))
		for _, u := range at.under {
			draw(u, depth+1)
		}
	}
	for _, r := range s.roots {
		draw(r, 0)
	}
	return b.String()
}

// find gives the spans whose path fits: names may end in "*".
func (s *story) find(path ...string) []*storySpan {
	var found []*storySpan
	for _, at := range s.all {
		n := len(path)
		p := at
		for p != nil && n > 0 && fits(path[n-1], p.what) {
			p, n = p.parent, n-1
		}
		if p == nil && n == 0 {
			found = append(found, at)
		}
	}
	return found
}

func fits(pattern, what string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(what, prefix)
	}
	return pattern == what
}

// want holds how many spans stand at a path.
func (s *story) want(n int, path ...string) {
	s.tb.Helper()
	if got := len(s.find(path...)); got != n {
		s.tb.Errorf("%d spans at %s, want %d; the trace is\n%s", got, strings.Join(path, " > "), n, s.tree())
	}
}

// wantLog holds that some log of the span at a path has all fields; a value may end in "*".
func (s *story) wantLog(at string, fields map[string]string) {
	s.tb.Helper()
	for _, span := range s.all {
		if !fits(at, span.what) {
			continue
		}
		for _, l := range span.logs {
			ok := true
			for k, v := range fields {
				ok = ok && fits(v, l[k])
			}
			if ok {
				return
			}
		}
		s.tb.Errorf("no log of %s has %v; it has", at, fields)
		for _, l := range span.logs {
			s.tb.Logf("%v", l)
		}
		return
	}
	s.tb.Errorf("no span %s; the trace is\n%s", at, s.tree())
}

// storyOf makes a tree of Jaeger's answer, and holds what is true of every trace: a parent for every child, no ID twice, times in order.
func storyOf(tb testing.TB, t *jaegerTrace) *story {
	tb.Helper()
	s := &story{tb: tb, id: t.TraceID}
	byID := map[string]*storySpan{}
	for _, j := range t.Spans {
		if byID[j.SpanID] != nil {
			tb.Errorf("span %s is there twice", j.SpanID)
		}
		span := &storySpan{what: t.Processes[j.ProcessID].ServiceName + " " + j.OperationName, tags: texts(j.Tags), start: time.UnixMicro(j.StartTime)}
		span.end = span.start.Add(time.Duration(j.Duration) * time.Microsecond)
		for _, l := range j.Logs {
			span.logs = append(span.logs, texts(l.Fields))
		}
		byID[j.SpanID] = span
		s.all = append(s.all, span)
	}
	for i, j := range t.Spans {
		span := s.all[i]
		for _, r := range j.References {
			if r.RefType == "CHILD_OF" && (r.TraceID == t.TraceID || r.TraceID == "") {
				if span.parent = byID[r.SpanID]; span.parent == nil {
					tb.Errorf("%s stands under %s, which is not there", span.what, r.SpanID)
				}
			}
		}
		if span.parent == nil {
			s.roots = append(s.roots, span)
		} else {
			span.parent.under = append(span.parent.under, span)
		}
	}
	return s
}

func texts(tags []jaegerTag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[t.Key] = fmt.Sprint(t.Value)
	}
	return m
}

// asker asks one Jaeger query API, or kubewake's own in the same words.
type asker struct {
	tb   testing.TB
	base string
}

func (a asker) get(path string, out any) error {
	client := http.Client{Timeout: 30 * time.Second}
	r, err := client.Get(a.base + path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %.500s", path, r.Status, body)
	}
	return json.Unmarshal(body, out)
}

// search finds traces: service is the display mode, operation the cluster.
func (a asker) search(service, operation string, tags map[string]string) ([]*jaegerTrace, error) {
	encoded, err := json.Marshal(tags)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	q := url.Values{"service": {service}, "operation": {operation}, "tags": {string(encoded)}, "limit": {"20"},
		"start": {fmt.Sprint(now.Add(-time.Hour).UnixMicro())}, "end": {fmt.Sprint(now.Add(time.Minute).UnixMicro())}}
	var out struct{ Data []*jaegerTrace }
	return out.Data, a.get("/api/traces?"+q.Encode(), &out)
}

// trace gives a trace by its ID alone.
func (a asker) trace(id string) (*jaegerTrace, error) {
	var out struct{ Data []*jaegerTrace }
	if err := a.get("/api/traces/"+id, &out); err != nil {
		return nil, err
	}
	if len(out.Data) != 1 {
		return nil, fmt.Errorf("trace %s: %d traces", id, len(out.Data))
	}
	return out.Data[0], nil
}

// one searches until there is one trace that ready accepts, then takes it by its ID alone.
func (a asker) one(service, operation string, tags map[string]string, ready func(*story) bool) *story {
	a.tb.Helper()
	var last string
	deadline := time.Now().Add(60 * time.Second)
	for ; time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		found, err := a.search(service, operation, tags)
		if err != nil || len(found) != 1 {
			last = fmt.Sprintf("%d traces, %v", len(found), err)
			continue
		}
		t, err := a.trace(found[0].TraceID)
		if err != nil {
			last = err.Error()
			continue
		}
		s := storyOf(a.tb, t)
		if ready == nil || ready(s) {
			return s
		}
		last = s.tree()
	}
	a.tb.Fatalf("no such trace of %s %s %v: %s", service, operation, slices.Sorted(maps.Keys(tags)), last)
	return nil
}

// applied makes objects with kubectl.
func applied(c *testcluster.Cluster, tb testing.TB, manifest string) {
	tb.Helper()
	path := tb.TempDir() + "/manifest.yaml"
	writeFile(tb, path, manifest)
	c.Kubectl("apply", "-f", path)
}

// jaegerOver starts the server with its storage API, and a real Jaeger that reads it.
func jaegerOver(tb testing.TB, s *server) asker {
	tb.Helper()
	if !testjaeger.Enabled() {
		tb.Skip("needs a Jaeger: set KUBEWAKE_E2E=1")
	}
	storage := freeAddress(tb)
	s.args = append(s.args, "--jaeger-grpc", storage)
	s.start()
	return asker{tb: tb, base: testjaeger.Start(tb, testjaeger.Config{Storage: storage}).URL}
}

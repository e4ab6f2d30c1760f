package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/ingest/spool"
	"github.com/kubewake/kubewake/record"
)

// noon of the day of the tests.
func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

// memNotes are notes in memory.
type memNotes struct {
	mu  sync.Mutex
	all map[string][]byte
}

func newNotes() *memNotes { return &memNotes{all: map[string][]byte{}} }

func (n *memNotes) Scan(_ context.Context, prefix []byte) iter.Seq2[engine.Note, error] {
	return func(yield func(engine.Note, error) bool) {
		n.mu.Lock()
		keys := slices.Sorted(maps.Keys(n.all))
		n.mu.Unlock()
		for _, key := range keys {
			if strings.HasPrefix(key, string(prefix)) && !yield(engine.Note{Key: []byte(key), Value: n.all[key]}, nil) {
				return
			}
		}
	}
}

func (n *memNotes) Values(_ context.Context, keys [][]byte) ([][]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = n.all[string(key)]
	}
	return out, nil
}

func (n *memNotes) Set(_ context.Context, change []engine.Note) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range change {
		if c.Value == nil {
			delete(n.all, string(c.Key))
		} else {
			n.all[string(c.Key)] = c.Value
		}
	}
	return nil
}

func (n *memNotes) count(kind byte) (count int) {
	for key := range n.all {
		if key[0] == kind {
			count++
		}
	}
	return count
}

// fakeFacts tell the time of a revision from its resourceVersion; with drift they tell another one each time they are asked.
type fakeFacts struct {
	drift bool
	asked int
}

func (f *fakeFacts) Tell(_ context.Context, records []*record.Record) ([]engine.Told, error) {
	f.asked++
	out := make([]engine.Told, len(records))
	for i, r := range records {
		told := engine.Told{Object: r.Ref, At: r.OccurredAt}
		told.Object.Subresource = ""
		switch r.Kind {
		case record.KindRevision:
			told.At, told.Words = noon().Add(time.Duration(r.Revision.RV)*time.Millisecond), "spec.replicas 1 → 2"
			told.Changes = []engine.Change{{Path: "spec.replicas", Op: "change", From: []byte("1"), To: []byte("2")}}
			told.Owners = []engine.Owner{{Kind: "ReplicaSet", Name: "web-1", UID: "owner-" + r.Ref.UID, Controller: true}}
			told.OwnerUIDs = []record.UID{"owner-" + r.Ref.UID}
		case record.KindEnd:
			told.At = noon().Add(time.Hour)
		case record.KindKubeEvent:
			told.Object = record.ObjectRef{Cluster: r.Ref.Cluster, Kind: "Pod", Resource: "pods", Namespace: r.Ref.Namespace, UID: r.KubeEvent.Regarding.UID, Name: r.KubeEvent.Regarding.Name}
		}
		if f.drift {
			told.At = told.At.Add(-time.Duration(f.asked) * time.Microsecond)
		}
		out[i] = told
	}
	return out, nil
}

func pod(n int) record.ObjectRef {
	return record.ObjectRef{Cluster: "test", Version: "v1", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: fmt.Sprint("web-", n), UID: record.UID(fmt.Sprint("uid-", n))}
}

func audited(n int, ref record.ObjectRef, code int) *record.Record {
	at := noon().Add(time.Duration(n) * time.Second)
	r := &record.Record{Kind: record.KindRequest, OccurredAt: at, Ref: ref, Request: &record.Request{AuditID: fmt.Sprint("audit-", n), Verb: "update",
		Stage: record.StageResponseComplete, Level: record.LevelMetadata, URI: "/api/v1/x?fieldManager=kubectl", Code: code, StageAt: at.Add(5 * time.Millisecond),
		Actor: record.Actor{User: "alice", UserAgent: "kubectl/1.37", SourceIPs: []string{"10.0.0.1"}}}}
	if code >= 400 {
		r.Request.Reason, r.Request.Message = "Conflict", "the object has been modified"
	}
	return r
}

func revision(rv int, ref record.ObjectRef) *record.Record {
	return &record.Record{Kind: record.KindRevision, Ref: ref, Revision: &record.Revision{RV: record.ResourceVersion(rv), Body: []byte(`{"kind":"Pod"}`)},
		Provenance: record.Provenance{ReceivedAt: noon(), Sources: record.FromWatch}}
}

func kubeEvent(n int, about record.ObjectRef) *record.Record {
	return &record.Record{Kind: record.KindKubeEvent, OccurredAt: noon().Add(time.Duration(n) * time.Second),
		Ref: record.ObjectRef{Cluster: "test", Kind: "Event", Resource: "events", Namespace: "shop", Name: fmt.Sprint("ev-", n), UID: record.UID(fmt.Sprint("ev-uid-", n))},
		KubeEvent: &record.KubeEvent{RV: record.ResourceVersion(n), Type: "Warning", Reason: "BackOff", Note: "restarting", Count: 3,
			Regarding: record.EventObject{Kind: "Pod", APIVersion: "v1", Namespace: "shop", Name: about.Name, UID: about.UID}}}
}

func end(ref record.ObjectRef) *record.Record {
	return &record.Record{Kind: record.KindEnd, Ref: ref, End: &record.End{RV: 999, LastBody: []byte(`{}`)}}
}

// scene is some records of some pods.
func scene(pods int) (all []*record.Record) {
	for i := range pods {
		p := pod(i)
		all = append(all, audited(100*i, p, 200), audited(100*i+1, p, 409), revision(1000*i+1, p), revision(1000*i+2, p), kubeEvent(100*i+3, p))
		if i%3 == 0 {
			all = append(all, end(p))
		}
	}
	return all
}

// fakeClock is the real one and what it was advanced by: the queue's frames have real times.
type fakeClock struct {
	mu sync.Mutex
	by time.Duration
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.by)
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}

func config(dir string, notes Notes, clock *fakeClock) Config {
	s := Settings{OTLP: OTLP{Target: Target{Endpoint: "http://localhost:4318", Protocol: protocolHTTP, BatchBytes: 16 << 10}}}.WithDefaults()
	s.OTLP.Queue.Bytes = 8 << 20
	return Config{Settings: s, Dir: dir, Facts: &fakeFacts{}, Notes: notes, Now: clock.now}
}

func open(t testing.TB, c Config) *Exporter {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func enqueue(t testing.TB, e *Exporter, records ...*record.Record) {
	t.Helper()
	if err := e.enqueue(ingest.Batch{Cluster: "test", Records: records}); err != nil {
		t.Fatal(err)
	}
}

// rounds makes all spans that can be made, and days' too.
func rounds(t testing.TB, e *Exporter) {
	t.Helper()
	for {
		did, _, err := e.round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !did {
			break
		}
	}
	e.maker.daysAt = time.Time{}
	if err := e.tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// waiting is what lies in the outgoing queue: by span, its bytes.
func waiting(t testing.TB, e *Exporter) *received {
	t.Helper()
	got := newReceived()
	for p := e.out.Begin(); ; {
		fr, ok, err := e.out.Next(p)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return got
		}
		f, err := e.packer.decode(fr.Payload)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range f.requests {
			if err := got.add(r.body); err != nil {
				t.Fatal(err)
			}
		}
		p = fr.End
	}
}

// received are spans by trace and span ID, their bytes, and how often each came.
type received struct {
	mu    sync.Mutex
	spans map[string]string // guarded by mu, as is the rest
	times map[string]int
	torn  []string // spans that came with other bytes
	names map[string]int
}

func newReceived() *received {
	return &received{spans: map[string]string{}, times: map[string]int{}, names: map[string]int{}}
}

func (g *received) add(body []byte) error {
	var all collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &all); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, rs := range all.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				b, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
				if err != nil {
					return err
				}
				service := rs.Resource.Attributes[0].Value.GetStringValue()
				key, value := fmt.Sprintf("%x/%x", s.TraceId, s.SpanId), service+"\x00"+string(b)
				if was, known := g.spans[key]; known && was != value {
					g.torn = append(g.torn, key+" "+s.Name)
				}
				if g.times[key]++; g.times[key] == 1 {
					g.names[s.Name]++
				}
				g.spans[key] = value
			}
		}
	}
	return nil
}

func (g *received) same(t testing.TB, what string, other *received) {
	t.Helper()
	if len(g.torn)+len(other.torn) > 0 {
		t.Errorf("%s: spans changed: %v %v", what, g.torn, other.torn)
	}
	if !maps.Equal(g.spans, other.spans) {
		t.Errorf("%s: %d spans and %d, or others", what, len(g.spans), len(other.spans))
	}
}

// httpReceiver takes OTLP over HTTP; answer may decide otherwise.
func httpReceiver(t testing.TB, got *received, answer func(w http.ResponseWriter, r *http.Request, body []byte) bool) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, err = io.ReadAll(z)
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if answer != nil && answer(w, r, body) {
			return
		}
		if err := got.add(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(s.Close)
	return s
}

var errDead = errors.New("killed")

// power counts durable operations and fails at one, before or after its effect, and ever after.
type power struct {
	mu     sync.Mutex
	ops    int
	killAt int
	after  bool
	dead   bool
	last   string
	cut    context.CancelFunc
}

func (p *power) op(what string, f func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	if p.ops++; p.ops == p.killAt {
		p.dead, p.last = true, what
		p.cut()
		if p.after {
			if err := f(); err != nil {
				return err
			}
		}
		return errDead
	}
	return f()
}

type frailQueue struct {
	queue
	name string
	p    *power
}

func (q *frailQueue) Add(payload []byte) error {
	return q.p.op(q.name+".Add", func() error { return q.queue.Add(payload) })
}

func (q *frailQueue) Done(at spool.Position, n int) error {
	return q.p.op(q.name+".Done", func() error { return q.queue.Done(at, n) })
}

func (q *frailQueue) Save(at spool.Position) error {
	return q.p.op(q.name+".Save", func() error { return q.queue.Save(at) })
}

type frailNotes struct {
	Notes
	p *power
}

func (n *frailNotes) Set(ctx context.Context, change []engine.Note) error {
	return n.p.op("notes.Set", func() error { return n.Notes.Set(context.WithoutCancel(ctx), change) })
}

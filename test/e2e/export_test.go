package e2e

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
	"github.com/kubewake/kubewake/test/testcluster"
)

// spanCatcher takes OTLP over HTTP and keeps each record's span: its bytes, by the record's ID.
type spanCatcher struct {
	away atomic.Bool

	mu      sync.Mutex // guards all below
	spans   map[string]string
	changed []string
	again   int
}

func (c *spanCatcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var all collectorpb.ExportTraceServiceRequest
	z, err := gzip.NewReader(r.Body)
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(z); err == nil {
			err = proto.Unmarshal(body, &all)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range all.ResourceSpans {
		for _, s := range rs.ScopeSpans[0].Spans {
			id := ""
			for _, a := range s.Attributes {
				if a.Key == "id" {
					id = a.Value.GetStringValue()
				}
			}
			b, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if was, known := c.spans[id]; known && was != string(b) {
				c.changed = append(c.changed, id+" "+s.Name)
			} else if known {
				c.again++
			}
			c.spans[id] = string(b)
		}
	}
	if c.away.Load() { // it took them, and does not say so
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// TestExportOfKilledServer: a server that is killed again and again, beside a receiver that is away again and again, exports every record that it
// stored, once, in the same bytes whenever it sends again.
func TestExportOfKilledServer(t *testing.T) {
	t.Parallel()
	caught := &spanCatcher{spans: map[string]string{}}
	receiver := httptest.NewServer(caught)
	defer receiver.Close()
	config := filepath.Join(t.TempDir(), "serve.yaml")
	writeFile(t, config, fmt.Sprintf("export: {otlp: {endpoint: %q, settle: 3s}}\n", receiver.URL+"/v1/traces"))
	s := newServer(t, "--config", config)
	c := testcluster.Start(t, testcluster.Config{Webhook: s.hook("https://" + s.receive)})
	s.args = append(s.args, "--kubeconfig", c.Kubeconfig(), "--cluster", string(cluster))
	s.start()
	driven := make(chan error, 1)
	go func() {
		_, err := c.Drive(t.Context(), testcluster.DriveConfig{Seed: 3, Duration: 25 * time.Second})
		driven <- err
	}()
	for n := range 4 {
		time.Sleep(5 * time.Second)
		caught.away.Store(n%2 == 0)
		s.kill()
		s.start()
	}
	if err := <-driven; err != nil {
		t.Error(err)
	}
	caught.away.Store(false)
	time.Sleep(15 * time.Second)     // a batch that was refused is sent again after some seconds
	c.Kill(testcluster.APIServer(0)) // nothing more comes
	within(t, 2*time.Minute, "the export's queues are empty", func() bool {
		text := metricsOf(t, s.url()+"/metrics")
		return strings.Contains(text, "kubewake_export_queue_frames{queue=\"in\"} 0\n") && strings.Contains(text, "kubewake_export_queue_frames{queue=\"out\"} 0\n")
	})
	s.terminate(30 * time.Second)
	compareExported(t, s.dir, caught)
}

func metricsOf(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// compareExported holds the spans against the store: one for each record that is exported without further settings.
func compareExported(t *testing.T, dir string, caught *spanCatcher) {
	t.Helper()
	st, err := pebble.Open(dir, pebble.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	want := map[string]string{}
	kinds := []record.Kind{record.KindRequest, record.KindRevision, record.KindEnd, record.KindKubeEvent}
	for r, err := range st.Window(context.Background(), store.WindowScan{Kinds: kinds, Reads: true, HeadsOnly: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if isExported(r) {
			want[r.ID().String()] = fmt.Sprint(r.Kind, " ", r.Ref.Resource, " ", r.Ref.Name)
		}
	}
	var missing, more []string
	for id, what := range want {
		if caught.spans[id] == "" {
			missing = append(missing, what)
		}
	}
	for id := range caught.spans {
		if want[id] == "" {
			more = append(more, id)
		}
	}
	if len(want) < 500 || len(missing) > 0 || len(more) > 0 || len(caught.changed) > 0 {
		t.Errorf("of %d records %d have no span:\n%s\n%d spans of no record:\n%s\n%d spans changed:\n%s", len(want), len(missing), few(missing), len(more), few(more),
			len(caught.changed), few(caught.changed))
	}
	t.Logf("%d records, %d spans sent again", len(want), caught.again)
}

func isExported(r *record.Record) bool {
	gr := r.Ref.GroupResource()
	if gr.Resource == "leases" {
		return false
	}
	switch r.Kind {
	case record.KindRequest:
		q := r.Request
		last := q.Stage == record.StageResponseComplete || q.Stage == record.StagePanic || q.Stage == record.StageResponseStarted && q.Code == 401
		return last && (!q.IsRead() || q.Code >= 400 || q.Stage == record.StagePanic) && !(gr.IsEvents() && q.Succeeded())
	case record.KindKubeEvent:
		return r.KubeEvent.Regarding.Kind != "Lease"
	}
	return true
}

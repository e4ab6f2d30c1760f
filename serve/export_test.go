package serve

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/collect"
	"github.com/kubewake/kubewake/export"
	"github.com/kubewake/kubewake/internal/settings"
)

// otlpReceiver counts the spans that come, by ID.
type otlpReceiver struct {
	mu    sync.Mutex
	away  bool
	spans map[string]int
}

func (o *otlpReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(z)
	var all collectorpb.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &all) != nil {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, rs := range all.ResourceSpans {
		for _, s := range rs.ScopeSpans[0].Spans {
			o.spans[string(s.SpanId)]++
		}
	}
}

func (o *otlpReceiver) set(away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
}

func (o *otlpReceiver) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.spans)
}

// TestExport: what is recorded comes to the receiver, also what was recorded while it was away and the server stopped.
func TestExport(t *testing.T) {
	receiver := &otlpReceiver{spans: map[string]int{}}
	to := httptest.NewServer(receiver)
	defer to.Close()
	lines := auditLines(t, 400)
	log := filepath.Join(t.TempDir(), "audit.log")
	s := Settings{Data: t.TempDir(), API: API{Listen: "127.0.0.1:0"}, Config: collect.Config{Tails: []collect.Tail{auditTail("prod", log)}},
		Export: export.Settings{OTLP: export.OTLP{Target: export.Target{Endpoint: to.URL + "/v1/traces"}, Settle: settings.Duration(10 * time.Millisecond)}}}
	appendTo(t, log, lines[:200])
	_, r := startLive(t, s)
	until(t, "the first spans came", func() bool { return receiver.count() > 20 })
	receiver.set(true)
	appendTo(t, log, lines[200:])
	until(t, "the queue has what came", func() bool {
		_, text := get(t, r.url+"/metrics", "")
		return slices.ContainsFunc(strings.Split(text, "\n"), func(l string) bool {
			return strings.HasPrefix(l, `kubewake_export_queue_frames{queue="out"}`) && !strings.HasSuffix(l, " 0")
		})
	})
	before := receiver.count()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	receiver.set(false)
	l, _ := startLive(t, s)
	until(t, "the rest came", func() bool { return receiver.count() > before })
	other := s
	other.Export.OTLP.Records.Exclude = []string{"*"}
	if restart, err := l.Reload(other); err != nil || len(restart) > 0 {
		t.Errorf("another selection: %q %v", restart, err)
	}
	other.Export = export.Settings{}
	if restart, err := l.Reload(other); err != nil || strings.Join(restart, " ") != "export" {
		t.Errorf("no export any more: %q %v", restart, err)
	}
}

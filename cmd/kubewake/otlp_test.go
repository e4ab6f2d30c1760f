package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kubewake/kubewake/engine/enginetest"
)

// TestTraceIntoReceiver: --otlp sends the trace that would be shown, with the header that a file holds.
func TestTraceIntoReceiver(t *testing.T) {
	spans, authorization := 0, ""
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		var all collectorpb.ExportTraceServiceRequest
		z, err := gzip.NewReader(r.Body)
		if err == nil {
			var body []byte
			if body, err = io.ReadAll(z); err == nil {
				err = proto.Unmarshal(body, &all)
			}
		}
		if err != nil || authorization == "Bearer wrong" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		for _, rs := range all.ResourceSpans {
			spans += len(rs.ScopeSpans[0].Spans)
		}
	}))
	defer receiver.Close()
	token := filepath.Join(t.TempDir(), "token")
	for text, want := range map[string]int{"Bearer right": statusFine, "Bearer wrong": statusError} {
		if err := os.WriteFile(token, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		spans = 0
		status, out, errs := kubewake(t, new(enginetest.Fake), "trace", "deploy/web", "-n", "shop", "--otlp", receiver.URL+"/v1/traces", "--otlp-header", "Authorization="+token)
		if status != want || authorization != text || (want == statusFine) != strings.HasPrefix(out, "sent ") || (want == statusFine) != (spans > 0) {
			t.Errorf("%s: status %d, %d spans, %q %q", text, status, spans, out, errs)
		}
		if strings.Contains(out+errs, text) {
			t.Error("the header's value is shown")
		}
	}
	for _, args := range [][]string{{"--otlp", "ftp://h:1"}, {"--otlp", "h:4317", "--otlp-header", "x"}} {
		if status, _, errs := kubewake(t, new(enginetest.Fake), append([]string{"trace", "deploy/web"}, args...)...); status != statusUsage {
			t.Errorf("%q: status %d %s", args, status, errs)
		}
	}
}

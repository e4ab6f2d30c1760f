package testjaeger

import (
	"os"
	"path/filepath"
	"testing"
)

// Receiver is a Jaeger that keeps in memory what it receives.
type Receiver struct {
	*Jaeger
	GRPC string // HOST:PORT where it takes OTLP over gRPC
	HTTP string // http://HOST:PORT where it takes it over HTTP
}

const memory = `service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
    logs: {level: warn}
extensions:
  jaeger_storage:
    backends:
      kept: {memory: {max_traces: 100000}}
  jaeger_query:
    storage: {traces: kept}
    max_clock_skew_adjust: 0s
    http: {endpoint: "${env:JAEGER_HTTP}"}
    grpc: {endpoint: "${env:JAEGER_GRPC}"}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "${env:OTLP_GRPC}"}
      http: {endpoint: "${env:OTLP_HTTP}"}
exporters:
  jaeger_storage_exporter: {trace_storage: kept}
`

// StartReceiver runs one until the test ends; it is skipped as Start is.
func StartReceiver(tb testing.TB) *Receiver {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "memory.yaml")
	if err := os.WriteFile(file, []byte(memory), 0o600); err != nil {
		tb.Fatal(err)
	}
	grpc, http := freeAddress(tb), freeAddress(tb)
	j := launch(tb, []string{"--config", file}, "JAEGER_GRPC="+freeAddress(tb), "OTLP_GRPC="+grpc, "OTLP_HTTP="+http)
	return &Receiver{Jaeger: j, GRPC: grpc, HTTP: "http://" + http}
}

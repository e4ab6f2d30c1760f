package jaeger_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kubewake/kubewake/api/jaeger"
	"github.com/kubewake/kubewake/api/jaeger/storagepb"
	"github.com/kubewake/kubewake/engine"
	"github.com/kubewake/kubewake/trace"
)

// busy is a trace of 1,000 objects with 20 records each.
func busy() *engine.Trace {
	t := &engine.Trace{Trace: trace.Trace{ID: idOf(5)}}
	for i := range 1000 {
		s := trace.Span{ID: spanID(i + 1), Service: "pods", Name: fmt.Sprintf("shop/web-%d", i), Start: at(i), End: at(i + 60_000)}
		for _, key := range []string{"cluster", "created", "group", "kind", "name", "namespace", "node", "resource", "uid", "version"} {
			s.Attrs = append(s.Attrs, trace.Attr{Key: key, Value: "a value of ordinary length"})
		}
		if i > 0 {
			s.Parent = spanID(1 + (i-1)/10)
		}
		for j := range 20 {
			e := trace.Event{At: at(i + j), Name: "update status"}
			for _, key := range []string{"auditID", "diff", "id", "record", "resourceVersion", "sourceIP", "summary", "took", "user", "userAgent", "verb"} {
				e.Attrs = append(e.Attrs, trace.Attr{Key: key, Value: "status.observedGeneration 1 -> 2"})
			}
			s.Events = append(s.Events, e)
		}
		t.Spans = append(t.Spans, s)
	}
	return t
}

// BenchmarkTrace is what this face adds to a trace of 1,000 objects and 20,000 records, from the engine's answer to the last byte.
func BenchmarkTrace(b *testing.B) {
	big := busy()
	face, err := jaeger.New(jaeger.Config{Engine: newFake(big)})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	face.Register(mux)
	for _, path := range []string{"/api/traces/", "/api/v3/traces/"} {
		b.Run("http"+path, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, path+big.ID.String(), http.NoBody)
				r.Header.Set("Accept-Encoding", "gzip")
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
				b.ReportMetric(float64(w.Body.Len()), "wire-bytes")
			}
		})
	}
	b.Run("grpc", func(b *testing.B) {
		conn, err := grpc.NewClient(storing(b, jaeger.Config{Engine: newFake(big)}), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		client := storagepb.NewTraceReaderClient(conn)
		for b.Loop() {
			stream, err := client.GetTraces(context.Background(), &storagepb.GetTracesRequest{Query: []*storagepb.GetTraceParams{{TraceId: big.ID[:]}}})
			if err != nil {
				b.Fatal(err)
			}
			for {
				if _, err := stream.Recv(); err == io.EOF { //nolint:errorlint // a stream's end is bare
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

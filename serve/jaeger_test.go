package serve_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kubewake/kubewake/api/jaeger/storagepb"
	"github.com/kubewake/kubewake/engine/enginetest"
	"github.com/kubewake/kubewake/serve"
)

func reader(t *testing.T, address string) storagepb.TraceReaderClient {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return storagepb.NewTraceReaderClient(conn)
}

// TestJaeger: both of Jaeger's ways in are there while the server runs, and gone behind it.
func TestJaeger(t *testing.T) {
	url, address, stop := startBoth(t, serve.Config{Listen: "127.0.0.1:0", Jaeger: serve.Jaeger{GRPC: "127.0.0.1:0", UI: "http://jaeger.example"}})
	client := reader(t, address)
	for _, option := range []grpc.CallOption{grpc.EmptyCallOption{}, grpc.UseCompressor("gzip")} {
		if _, err := client.GetServices(t.Context(), &storagepb.GetServicesRequest{}, option); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"/api/services", "/api/v3/services", "/api/dependencies", "/redirect?name=x"} {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if kind := r.Header.Get("Content-Type"); path != "/redirect?name=x" && kind != "application/json" || strings.Contains(kind, "html") {
			t.Errorf("%s: %s, %s", path, r.Status, kind)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := client.GetServices(t.Context(), &storagepb.GetServicesRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("it still answers after Run returned: %v", err)
	}
}

// TestJaegerPortInUse: the server does not start without what it was told to listen on.
func TestJaegerPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server, err := serve.New(serve.Config{Engine: new(enginetest.Fake), Listen: "127.0.0.1:0", Jaeger: serve.Jaeger{GRPC: l.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "--jaeger-grpc") {
		t.Errorf("Run: %v", err)
	}
	for _, j := range []serve.Jaeger{{GRPC: "17271"}, {UI: "jaeger:16686"}} {
		if _, err := serve.New(serve.Config{Engine: new(enginetest.Fake), Jaeger: j}); err == nil {
			t.Errorf("%+v was taken", j)
		}
	}
}

// TestWhoMayAskForJaeger: the tokens of the API hold for Jaeger's storage too.
func TestWhoMayAskForJaeger(t *testing.T) {
	const all, some = "a-token-for-everything", "a-token-for-a-cluster"
	_, address, stop := startBoth(t, serve.Config{Listen: "127.0.0.1:0", Jaeger: serve.Jaeger{GRPC: "127.0.0.1:0"}, Callers: serve.CallersOf(t, all+" *\n"+some+" prod\n")})
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	client := reader(t, address)
	for token, want := range map[string]codes.Code{"": codes.Unauthenticated, "unknown-token-0123456789": codes.Unauthenticated, some: codes.PermissionDenied, all: codes.OK} {
		ctx := t.Context()
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		}
		_, err := client.FindTraceIDs(ctx, &storagepb.FindTraceIDsRequest{})
		stream, streamErr := client.FindTraces(ctx, &storagepb.FindTracesRequest{})
		if streamErr != nil {
			t.Fatal(streamErr)
		}
		_, streamErr = stream.Recv()
		for _, err := range []error{err, streamErr} {
			refused := status.Code(err) == codes.Unauthenticated || status.Code(err) == codes.PermissionDenied
			if want == codes.OK && refused || want != codes.OK && status.Code(err) != want {
				t.Errorf("as %q: %v, want %s", token, err, want)
			}
			if token != "" && strings.Contains(status.Convert(err).Message(), token) {
				t.Error("the token is in the error")
			}
		}
	}
}

package testjaeger

import (
	"context"
	"io"
	"os"

	"github.com/kubewake/kubewake/test/nested"
)

// EnvBinary names a jaeger binary that is used as it is.
const EnvBinary = "KUBEWAKE_JAEGER"

// Enabled reports whether this run asks for tests against a real Jaeger.
func Enabled() bool { return os.Getenv(EnvBinary) != "" || os.Getenv("KUBEWAKE_E2E") == "1" }

// Binary returns the path of a Jaeger: the one that KUBEWAKE_JAEGER names, else the one in the cache that was built from test/jaeger as it
// is, else it builds that one, which takes 8 minutes of one core. Progress goes to out.
func Binary(ctx context.Context, out io.Writer) (string, error) {
	return nested.Program{Name: "jaeger", Module: "test/jaeger", Package: "github.com/jaegertracing/jaeger/cmd/jaeger", Ldflags: "-s -w", Env: EnvBinary}.Binary(ctx, out)
}

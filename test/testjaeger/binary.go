package testjaeger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// EnvBinary names a jaeger binary that is used as it is.
const EnvBinary = "KUBEWAKE_JAEGER"

// Enabled reports whether this run asks for tests against a real Jaeger.
func Enabled() bool { return os.Getenv(EnvBinary) != "" || os.Getenv("KUBEWAKE_E2E") == "1" }

// Binary returns the path of a Jaeger: the one that KUBEWAKE_JAEGER names, else the one in the cache that was built from test/jaeger as it
// is, else it builds that one, which takes 8 minutes of one core. Progress goes to out.
func Binary(ctx context.Context, out io.Writer) (string, error) {
	if path := os.Getenv(EnvBinary); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	root, err := repository()
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "test", "jaeger")
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", err
		}
		sum.Write(content)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "kubewake-jaeger", hex.EncodeToString(sum.Sum(nil))[:16])
	binary := filepath.Join(dir, "jaeger")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	fmt.Fprintln(out, "building Jaeger; the first time takes minutes")
	return binary, build(ctx, source, binary, out)
}

// build writes to a name of its own first: a binary that is there is whole, whoever builds it at the same time.
func build(ctx context.Context, source, binary string, out io.Writer) error {
	unfinished := fmt.Sprintf("%s.unfinished.%d", binary, os.Getpid())
	defer os.Remove(unfinished)
	cmd := exec.CommandContext(ctx, "go", "-C", source, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", unfinished,
		"github.com/jaegertracing/jaeger/cmd/jaeger")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build Jaeger from %s: %w", source, err)
	}
	return os.Rename(unfinished, binary)
}

// repository finds the folder of this repository from the working directory upwards: tests run in their package's folder.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "test", "jaeger", "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no test/jaeger above the working directory: run this inside the repository, or name a built binary in " + EnvBinary)
		}
		dir = parent
	}
}

// SPDX-License-Identifier: Apache-2.0

package testcluster

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
	"strings"
)

// EnvBinary names a testcluster binary that is used as it is.
const EnvBinary = "KUBEWAKE_TESTCLUSTER"

// version is what the components call themselves; the nested module's go.mod decides what they are.
const version = "v1.37.1"

// Binary returns the path of the testcluster binary: the one that KUBEWAKE_TESTCLUSTER names, else the one in the cache
// that was built from these sources, else it builds that one. A cold build takes 6 to 10 minutes of two cores, and
// the linker 3.3 GiB of memory; later ones take seconds. Progress goes to out.
func Binary(ctx context.Context, out io.Writer) (string, error) {
	if path := os.Getenv(EnvBinary); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	sum, err := hashSources(source)
	if err != nil {
		return "", fmt.Errorf("hash the sources of testcluster: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "kubewake-testcluster", sum)
	binary := filepath.Join(dir, "testcluster")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("wait for another build of testcluster: %w", err)
	}
	defer unlock()
	if _, err := os.Stat(binary); err == nil {
		return binary, nil // somebody else has built it while we waited
	}
	fmt.Fprintln(out, "building the test control plane; the first time takes minutes")
	return binary, build(ctx, source, binary, out)
}

// build writes to another name first: a binary that is there is whole.
func build(ctx context.Context, source, binary string, out io.Writer) error {
	const component, client = "k8s.io/component-base/version", "k8s.io/client-go/pkg/version"
	ldflags := "-s -w"
	for _, stamp := range []string{
		component + ".gitVersion=" + version, component + ".gitMajor=1", component + ".gitMinor=" + strings.Split(version, ".")[1],
		component + ".gitCommit=" + version, component + ".gitTreeState=clean",
		// Without these two, audit logs say "kubectl/v0.0.0 (linux/amd64) kubernetes/$Format".
		client + ".gitVersion=" + version, client + ".gitCommit=" + version,
	} {
		ldflags += " -X " + stamp
	}
	unfinished := binary + ".unfinished"
	cmd := exec.CommandContext(ctx, "go", "-C", source, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", ldflags, "-o", unfinished, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build testcluster from %s: %w", source, err)
	}
	return os.Rename(unfinished, binary)
}

// sourceDir finds test/cluster from the working directory upwards: tests run in their package's folder.
func sourceDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		source := filepath.Join(dir, "test", "cluster")
		if _, err := os.Stat(filepath.Join(source, "go.mod")); err == nil {
			return source, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no test/cluster above the working directory: run this inside the repository, or name a built binary in " + EnvBinary)
		}
		dir = parent
	}
}

// hashSources is the same for the same sources, dependencies and compiler.
func hashSources(source string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH, version)
	err := filepath.WalkDir(source, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if !isSource && name != "go.mod" && name != "go.sum" && !strings.HasSuffix(name, ".yaml") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, path)
		fmt.Fprintf(sum, "%s %d\n", filepath.ToSlash(rel), len(content))
		sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil))[:16], err
}

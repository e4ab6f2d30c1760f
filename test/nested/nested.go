// SPDX-License-Identifier: Apache-2.0

// Package nested builds the programs that tests run beside kubewake from the nested modules of this repository, whose dependencies stay out of
// the main one. It needs the standard library only.
//
// A binary is kept in the user's cache, in a folder named by its sources, so it is built once however many tests ask.
package nested

import (
	"cmp"
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

// Program is what to build.
type Program struct {
	Name    string // of the binary and, after "kubewake-", of the folder in the cache
	Module  string // folder of the nested module, from the repository's root: "test/cluster"
	Modfile string // of the module instead of go.mod, with its .sum: "kubernetes-1.36.mod"; empty: go.mod
	Package string // to build, in the module or one that it requires
	Ldflags string
	Version string // what else the binary depends on
	Env     string // variable that names a binary that is used as it is
}

// Binary returns the path of the program: the one that Env names, else the one in the cache that was built from these sources, else it builds
// that one. Who asks while another process builds it waits for that. Progress goes to out.
func (p Program) Binary(ctx context.Context, out io.Writer) (string, error) {
	if path := os.Getenv(p.Env); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	source, err := p.source()
	if err != nil {
		return "", err
	}
	modfile := cmp.Or(p.Modfile, "go.mod")
	sum, err := Hash(source, modfile, p.Version)
	if err != nil {
		return "", fmt.Errorf("hash the sources of %s: %w", p.Name, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "kubewake-"+p.Name, sum)
	binary := filepath.Join(dir, p.Name)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", fmt.Errorf("wait for another build of %s: %w", p.Name, err)
	}
	defer unlock()
	if _, err := os.Stat(binary); err == nil {
		return binary, nil // somebody else has built it while we waited
	}
	fmt.Fprintf(out, "building %s; the first time takes minutes\n", p.Name)
	return binary, p.build(ctx, source, modfile, binary, out)
}

// build writes to another name first: a binary that is there is whole.
func (p Program) build(ctx context.Context, source, modfile, binary string, out io.Writer) error {
	unfinished := binary + ".unfinished"
	cmd := exec.CommandContext(ctx, "go", "-C", source, "build", "-modfile="+modfile, "-trimpath", "-buildvcs=false", "-ldflags", p.Ldflags, "-o", unfinished, p.Package)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s from %s: %w", p.Name, source, err)
	}
	return os.Rename(unfinished, binary)
}

func (p Program) source() (string, error) {
	root, err := Root(p.Module)
	if err != nil {
		return "", fmt.Errorf("%w, or name a built binary in %s", err, p.Env)
	}
	return filepath.Join(root, filepath.FromSlash(p.Module)), nil
}

// Root finds the folder of this repository, which has a module, from the working directory upwards: tests run in their package's folder.
func Root(module string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(module), "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no " + module + " above the working directory: run this inside the repository")
		}
		dir = parent
	}
}

// Hash is the same for the same sources, dependencies and compiler.
func Hash(source, modfile, version string) (string, error) {
	modsum := strings.TrimSuffix(modfile, ".mod") + ".sum"
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH, version)
	err := filepath.WalkDir(source, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		isSource := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
		if !isSource && name != modfile && name != modsum && !strings.HasSuffix(name, ".yaml") {
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

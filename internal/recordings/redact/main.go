// SPDX-License-Identifier: Apache-2.0

// Command redact copies recordings of a control plane with every secret in them replaced by a synthetic one of the
// same shape, so that they can be published and still have something in them that leak tests can look for.
//
//	go run ./internal/recordings/redact -in DIR -out DIR
//
// Every file below -in is copied to the same place below -out. Values of Secrets, tokens and private keys are
// replaced wherever they stand, in every encoding; equal values by equal ones, also across files. All other
// bytes stay. The same seed gives the same copy. It fails, and says where, if anything of a secret is left.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/kubewake/kubewake/internal/leak"
)

func main() {
	in := flag.String("in", "", "directory with the recordings as made")
	out := flag.String("out", "", "directory to write the copies to; may exist")
	seed := flag.String("seed", "kubewake test data", "what the synthetic secrets are derived from")
	flag.Parse()
	if err := run(*in, *out, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "redact:", err)
		os.Exit(1)
	}
}

func run(in, out, seed string) error {
	if in == "" || out == "" {
		return fmt.Errorf("both -in and -out are needed")
	}
	secrets := leak.NewSet()
	if err := secrets.ReadDir(in); err != nil {
		return fmt.Errorf("collect secrets: %w", err)
	}
	swap := newSwap(secrets, seed)
	files := 0
	err := filepath.WalkDir(in, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") {
			return err
		}
		rel, err := filepath.Rel(in, path)
		if err != nil {
			return err
		}
		files++
		return copyFile(path, filepath.Join(out, rel), secrets, swap)
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d files, %d secrets replaced\n", files, len(secrets.Secrets()))
	return nil
}

func copyFile(from, to string, secrets *leak.Set, swap *swap) error {
	plain, err := read(from)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	plain = swap.apply(plain, secrets)
	if hits := secrets.Search(plain); len(hits) > 0 {
		return fmt.Errorf("%s: %d secrets are left, the first one: %v", from, len(hits), hits[0])
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return write(to, plain)
}

func read(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".zst") {
		return raw, err
	}
	z, err := zstd.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return io.ReadAll(z)
}

func write(path string, plain []byte) error {
	if strings.HasSuffix(path, ".zst") {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(zstd.MaxWindowSize>>3))
		if err != nil {
			return err
		}
		plain = z.EncodeAll(plain, nil)
		if err := z.Close(); err != nil {
			return err
		}
	}
	return os.WriteFile(path, plain, 0o644)
}

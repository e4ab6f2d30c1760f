// SPDX-License-Identifier: Apache-2.0

package record

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestCut(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	text := "one\ntwo\nthree\nfo"
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	end, err := size(log)
	if err != nil || end != int64(len("one\ntwo\nthree\n")) {
		t.Fatalf("the last whole line ends at %d, %v", end, err)
	}
	for _, tc := range []struct {
		begin, end int64
		want       string
	}{{0, 4, "one\n"}, {4, end, "two\nthree\n"}, {end, end, ""}} {
		to := filepath.Join(dir, "part")
		if err := cut(log, tc.begin, tc.end, to); err != nil {
			t.Fatal(err)
		}
		if got, err := read(to + ".zst"); err != nil || string(got) != tc.want {
			t.Errorf("%d to %d: %q, %v, want %q", tc.begin, tc.end, got, err, tc.want)
		}
	}
	if _, err := size(filepath.Join(dir, "none")); err == nil {
		t.Error("a log that is not there has a size")
	}
}

func TestKeepStream(t *testing.T) {
	for _, tc := range []struct{ stream, want string }{
		{"a\nb\n", "a\nb\n"},
		{"a\nb", "a\n"}, // cut off
	} {
		path := filepath.Join(t.TempDir(), "watch")
		if err := keepStream(io.NopCloser(strings.NewReader(tc.stream)), path); err != nil {
			t.Fatal(err)
		}
		if got, err := read(path + ".zst"); err != nil || string(got) != tc.want {
			t.Errorf("%q: %q, %v", tc.stream, got, err)
		}
	}
	path := filepath.Join(t.TempDir(), "watch")
	if err := keepStream(io.NopCloser(strings.NewReader("")), path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".zst"); err == nil {
		t.Error("an empty stream left a file")
	}
}

func TestFileName(t *testing.T) {
	for r, want := range map[schema.GroupVersionResource]string{
		{Version: "v1", Resource: "pods"}:                       "v1_pods",
		{Group: "apps", Version: "v1", Resource: "deployments"}: "apps_v1_deployments",
	} {
		if got := fileName(r); got != want {
			t.Errorf("%v: %s, want %s", r, got, want)
		}
	}
}

func read(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	return decoder.DecodeAll(packed, nil)
}

// SPDX-License-Identifier: Apache-2.0

// Package recorded gives tests a real engine over the recordings that the repository ships. For fakes see enginetest.
package recorded

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/engine/local"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store/pebble"
)

// Recording is an engine over a folder of testdata/recordings: its audit log and its watch, without what came before. The cluster is "local".
func Recording(tb testing.TB, name string) *local.Engine {
	tb.Helper()
	dir := filepath.Join(testdata(tb), "recordings", name)
	return over(tb, input.Options{}, local.Config{Version: "test"}, filepath.Join(dir, "audit.jsonl.zst"), filepath.Join(dir, "watch"))
}

// Demo is an engine over the incident that ships with the repository, as kubewake demo opens it: the cluster is "demo".
func Demo(tb testing.TB) *local.Engine {
	tb.Helper()
	dir := filepath.Join(testdata(tb), "demo")
	paths, err := filepath.Glob(filepath.Join(dir, "*.zst"))
	if err != nil || len(paths) == 0 {
		tb.Fatal("no recording: ", err)
	}
	return over(tb, input.Options{Cluster: "demo"}, local.Config{Version: "test", Data: "demo"}, append(paths, filepath.Join(dir, "watch"))...)
}

// over reads files into a store in memory, which is closed when the test ends. Links are derived when it gives the engine.
func over(tb testing.TB, options input.Options, config local.Config, paths ...string) *local.Engine {
	tb.Helper()
	st, err := pebble.Open("store", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	options.Redactor = redact.Off()
	sink := func(ctx context.Context, list []*record.Record) error { _, err := st.Append(ctx, list); return err }
	if _, err := input.Read(tb.Context(), paths, options, sink); err != nil {
		tb.Fatal(err)
	}
	e := local.New(st, config)
	if _, err := e.LinkIndex().View(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return e
}

// testdata is the repository's own, found from the folder that a test runs in.
func testdata(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata")
		}
		above := filepath.Dir(dir)
		if above == dir {
			tb.Fatal("no go.mod above the test's folder")
		}
		dir = above
	}
}

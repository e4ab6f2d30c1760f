package local

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/record"
	"github.com/kubewake/kubewake/source/input"
	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/pebble"
)

var update = flag.Bool("update", false, "write the answers of the story tests anew")

// recordings is where the recordings lie: the repository's redacted copies, or those that the environment names.
func recordings(t testing.TB) string {
	if dir := os.Getenv("KUBEWAKE_RECORDINGS"); dir != "" {
		return dir
	}
	dir := filepath.Join("..", "..", "testdata", "recordings")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no recordings: ", err)
	}
	return dir
}

var allRecordings = []string{"deployment", "deployment-metadata", "deployment-allstages", "scenarios"}

// readRecords decodes files of a recording in order, one record after the other.
func readRecords(t testing.TB, paths ...string) []*record.Record {
	t.Helper()
	var mu sync.Mutex
	var out []*record.Record
	_, err := input.Read(context.Background(), paths, input.Options{Redactor: redact.Off(), Workers: 1}, func(_ context.Context, list []*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range list {
			decoded, err := record.Decode(record.Append(nil, r)) // the sink's slices are used again
			if err != nil {
				return err
			}
			out = append(out, decoded)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// recording decodes everything in one recording: its audit logs, its watch and its Events.
func recording(t testing.TB, name string) []*record.Record {
	t.Helper()
	return readRecords(t, recordingPaths(t, name)...)
}

func recordingPaths(t testing.TB, name string) []string {
	dir := filepath.Join(recordings(t), name)
	return []string{filepath.Join(dir, "bootstrap.audit.jsonl.zst"), filepath.Join(dir, "audit.jsonl.zst"),
		filepath.Join(dir, "watch"), filepath.Join(dir, "events.final.json.zst")}
}

func engineOver(t testing.TB, st store.Store, records []*record.Record, batch int) *Engine {
	t.Helper()
	for len(records) > 0 {
		n := min(batch, len(records))
		if _, err := st.Append(context.Background(), records[:n]); err != nil {
			t.Fatal(err)
		}
		records = records[n:]
	}
	return New(st, Config{Version: "test"})
}

// testEngine is an Engine over one whole recording.
func testEngine(t testing.TB, name string) *Engine {
	t.Helper()
	return engineOver(t, openStore(t), recording(t, name), 1000)
}

// openStore opens an empty store that lies in memory.
func openStore(t testing.TB) *pebble.Store {
	t.Helper()
	st, err := pebble.Open("store", pebble.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

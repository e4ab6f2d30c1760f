package pebble

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lsm "github.com/cockroachdb/pebble/v2"

	"github.com/kubewake/kubewake/ingest"
	"github.com/kubewake/kubewake/internal/leak"
	"github.com/kubewake/kubewake/object/redact"
	"github.com/kubewake/kubewake/source/input"
)

// leakInputs end with the planted files, which are then still in the log: they are made up, in the shape of real audit and
// watch events, one for each way in which a secret can come.
var leakInputs = [][]string{
	{"../../testdata/recordings/scenarios"},
	{"testdata/planted.audit.jsonl", "testdata/planted.watch.jsonl", "testdata/planted.list.json"},
}

func TestNoSecretReachesTheDisk(t *testing.T) {
	secrets := leak.NewSet()
	for _, path := range []string{"testdata", "../../testdata/recordings/scenarios"} {
		if err := secrets.ReadDir(path); err != nil {
			t.Fatal(err)
		}
	}
	secrets.Add(leak.Secret{Where: "the command of an exec", Value: []byte("planted-exec-password"), Sent: "planted-exec-password"})
	key, err := redact.NewKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		t.Fatal(err)
	}
	redactor, err := redact.New(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := leaks(t, secrets, redactor)
	for place, hits := range found {
		for _, h := range hits[:min(len(hits), 5)] {
			t.Errorf("%s: %s", place, h)
		}
	}
	if t.Failed() {
		return
	}
	// The test must be able to fail: without redaction the same search finds them in the values and in the log.
	bare := leaks(t, secrets, redact.Off())
	for _, place := range []string{"values", "log"} {
		if len(bare[place]) == 0 {
			t.Errorf("with redaction off, nothing was found in the %s: the search finds nothing at all", place)
		}
	}
	planted := map[string]bool{}
	for _, h := range bare["values"] {
		planted[string(h.Secret.Value)] = true
	}
	for _, want := range []string{"planted-hunter2-first", "planted-merge-patch-value", "planted-json-patch-value", "planted-invalid-update", "planted-watched-value", "planted-watched-last", "planted-listed-value", "planted-webhook-added", "planted-exec-password"} {
		if !planted[want] {
			t.Errorf("with redaction off, %q was not found in the values: this way in is not tested", want)
		}
	}
}

// leaks stores the inputs and searches every decoded key and value, the write-ahead log, and every file as it is.
func leaks(t *testing.T, secrets *leak.Set, redactor *redact.Redactor) map[string][]leak.Hit {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	st, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, paths := range leakInputs {
		w := ingest.NewWriter(ctx, st, ingest.Config{})
		_, err := input.Read(ctx, paths, input.Options{Redactor: redactor, ReceivedAt: time.Unix(1_800_000_000, 0)}, w.Write)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string][]leak.Hit{}
	it, err := st.db.NewIter(&lsm.IterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		found["keys"] = append(found["keys"], secrets.Search(it.Key())...)
		found["values"] = append(found["values"], secrets.Search(it.Value())...)
		if plain, err := appendPlain(nil, it.Value()); err == nil { // what stands there in phrases
			found["values"] = append(found["values"], secrets.Search(plain)...)
		}
	}
	if err := it.Close(); err != nil {
		t.Fatal(err)
	}
	searchFiles(t, dir, secrets, found)
	if err := st.Seal(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	searchFiles(t, dir, secrets, found)
	return found
}

func searchFiles(t *testing.T, dir string, secrets *leak.Set, found map[string][]leak.Hit) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // compacted away meanwhile; its successor is searched once the store is closed
		}
		if err != nil {
			return err
		}
		place := "files"
		if strings.HasSuffix(path, ".log") {
			place = "log"
		}
		found[place] = append(found[place], secrets.Search(b)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

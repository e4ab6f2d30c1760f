package pebble

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubewake/kubewake/store"
	"github.com/kubewake/kubewake/store/storetest"
)

func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteAddress(dir, "127.0.0.1:4711"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, addressFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("address file: %v, %v", info, err)
	}
	for _, o := range []Options{{}, {ReadOnly: true}} {
		_, err := Open(dir, o)
		if !errors.Is(err, store.ErrLocked) {
			t.Fatalf("%+v: %v", o, err)
		}
		for _, word := range []string{dir, "process", "127.0.0.1:4711"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not tell %q", err, word)
			}
		}
	}
	closeStore(t, s)
	if address, err := ReadAddress(dir); err != nil || address != "" {
		t.Errorf("the address outlived its store: %q, %v", address, err)
	}
}

func TestReaders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := Open(dir, Options{ReadOnly: true}); !errors.Is(err, store.ErrFormat) {
		t.Fatalf("reading nothing: %v", err)
	}
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	list := storetest.History(storetest.Config{Seed: 1, Objects: 5})
	if err := storetest.Fill(t.Context(), s, list, 50); err != nil {
		t.Fatal(err)
	}
	want, err := storetest.Dump(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	var readers []*Store
	for range 2 {
		r, err := Open(dir, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
		got, err := storetest.Dump(t.Context(), r)
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("a reader sees %d lines of %d: %v", len(got), len(want), err)
		}
		if _, err := r.Append(t.Context(), list[:1]); !errors.Is(err, ErrReadOnly) {
			t.Errorf("append: %v", err)
		}
		if _, err := r.Size(t.Context()); err != nil {
			t.Errorf("size: %v", err)
		}
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("writing beside readers: %v", err)
	}
	for _, r := range readers {
		closeStore(t, r)
	}
	s, err = Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
}

func TestFormat(t *testing.T) {
	write := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "holiday.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, advice string }{
		"newer":       {write("kubewake store 99 16\n"), "release that wrote it"},
		"foreign":     {write("hello"), "restore the file"},
		"no bits":     {write("kubewake store 1 x\n"), "bucket size"},
		"other files": {other, "empty directory"},
	} {
		_, err := Open(c.dir, Options{})
		if !errors.Is(err, store.ErrFormat) || !strings.Contains(err.Error(), c.advice) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBucketBits: the size of buckets is the directory's, whoever opens it.
func TestBucketBits(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []Options{{BucketBits: 9}, {}, {BucketBits: 20}} {
		s, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.opts.BucketBits != 9 {
			t.Errorf("bucket bits are %d", s.opts.BucketBits)
		}
		closeStore(t, s)
	}
}

// TestDamage flips bytes in the tables: reading says that the store is damaged, and never gives a wrong answer or panics.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := storetest.Fill(t.Context(), s, storetest.History(storetest.Config{Seed: 2, Objects: 60}), 50); err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	tables, err := filepath.Glob(filepath.Join(dir, dataDir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables: %v, %v", tables, err)
	}
	for _, name := range tables {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 100; i < len(b)/2; i += 3000 {
			b[i] ^= 0xff
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err = Open(dir, Options{})
	if err == nil {
		_, err = storetest.Dump(t.Context(), s)
		closeStore(t, s)
	}
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a damaged store gave %v", err)
	}
}

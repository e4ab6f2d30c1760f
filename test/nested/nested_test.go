package nested

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestHash(t *testing.T) {
	dir := t.TempDir()
	hash := func() string {
		t.Helper()
		sum, err := Hash(dir, "go.mod", "v1")
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	seen := []string{hash()}
	for _, step := range []struct {
		file, text string
		changes    bool
	}{
		{"main.go", "package main", true},
		{"main.go", "package main // edited", true},
		{"go.sum", "a", true},
		{"stages.yaml", "a", true},
		{"other.mod", "a", false},
		{"main_test.go", "package main", false},
		{"README.md", "words", false},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.file), []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		sum := hash()
		if changed := !slices.Contains(seen, sum); changed != step.changes {
			t.Errorf("%s: changed the hash: %t, want %t", step.file, changed, step.changes)
		}
		seen = append(seen, sum)
	}
}
